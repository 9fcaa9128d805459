//! The embedded store: a folder → [`SqliteStore`]. SQLite in WAL mode, one writing connection, a few that read.
//!
//! `synchronous=FULL`: a commit is on the disk when it returns. NORMAL would survive the death of the process, but may
//! forget the last commits when power fails, and a forgotten "sent" is a mail that goes out twice. Write transactions
//! begin as IMMEDIATE: one that began as a reader cannot become a writer once somebody else wrote.

use super::AlertEvidence;
use super::AlertFilter;
use super::AlertRow;
use super::Claim;
use super::DeliveryAccount;
use super::DeliveryFilter;
use super::DeliveryRow;
use super::EndpointRow;
use super::FeedbackRow;
use super::Finds;
use super::HeldRow;
use super::Inquiry;
use super::LanePlan;
use super::Lease;
use super::Ledger;
use super::Lookback;
use super::LookedBack;
use super::MergeRow;
use super::MutedRow;
use super::Page;
use super::PollJob;
use super::Registration;
use super::Replay;
use super::Said;
use super::Status;
use super::Store;
use super::StoreError;
use super::ToldTo;
use super::Trimmed;
use super::Untold;
use super::Wanted;
use super::Way;
use super::Work;
use crate::backtest::Archived;
use crate::channel::Frozen;
use crate::evidence::Retention;
use crate::evidence::chain::Link;
use crate::evidence::pack::Packed;
use crate::look::Decision as LookDecision;
use crate::look::Look;
use crate::model::AlertId;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Digest;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::poll;
use crate::poll::early::Standing;
use crate::push::Push;
use crate::read;
use crate::route::Silence;
use crate::route::Subscription;
use crate::route::gather;
use crate::route::gather::Account;
use crate::route::gather::Lane;
use crate::route::gather::Waiting;
use crate::schedule::habits::Habits;
use crate::send;
use crate::send::Delivery;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::Timestamp;
use sqlx::Sqlite;
use sqlx::SqlitePool;
use sqlx::Transaction;
use std::collections::HashMap;
use std::collections::HashSet;

mod account;
mod archive;
mod digest;
mod doubt;
mod endpoint;
mod events;
mod evidence;
mod feedback;
mod item;
mod ledger;
mod look;
mod lookalike;
mod lookback;
mod notice;
mod open;
mod outbox;
mod pause;
mod push;
mod queue;
mod search;
mod settle;
mod silence;
mod soon;
mod source;
mod status;
mod together;
mod value;
mod way;
mod work;

/// A store in one file of one folder.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    settling: together::Queue<settle::Row>,
    reading: together::Queue<item::Reading>,
}

impl SqliteStore {
    /// Begins a transaction that may write.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Begins a transaction that sees one state of the database, whatever is written meanwhile.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn register_sources(&self, sources: &[Registration], now: Timestamp) -> Result<(), StoreError> {
        source::register(self, sources, now).await
    }

    async fn habits(&self) -> Result<HashMap<SourceName, Habits>, StoreError> {
        source::all_habits(self).await
    }

    async fn spread_overdue(&self, now: Timestamp) -> Result<usize, StoreError> {
        source::spread_overdue(self, now).await
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<(String, Timestamp)>, StoreError> {
        pause::all(self, now).await
    }

    async fn pause(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        pause::write(&mut transaction, key, until, now).await?;
        Ok(transaction.commit().await?)
    }

    async fn claim_polls(&self, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError> {
        source::claim(self, claim).await
    }

    async fn known_entries(&self, source: &SourceName, ids: &[String]) -> Result<HashSet<String>, StoreError> {
        source::known_entries(self, source, ids).await
    }

    async fn commit_poll(
        &self,
        lease: Lease<PollJob>,
        decision: &poll::Decision,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        source::commit(self, &lease, decision, now).await
    }

    async fn put_back_poll(&self, lease: Lease<PollJob>, at: Timestamp) -> Result<(), StoreError> {
        source::put_back(self, &lease, at).await
    }

    async fn standing(&self, source: &SourceName, now: Timestamp) -> Result<Option<Standing>, StoreError> {
        soon::standing(self, source, now).await
    }

    async fn hasten(&self, source: &SourceName, at: Timestamp, seen: &Standing) -> Result<bool, StoreError> {
        soon::hasten(self, source, at, seen).await
    }

    async fn claim_reads(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Item>>, StoreError> {
        item::claim(self, claim).await
    }

    async fn put_back_read(&self, lease: Lease<Item>, at: Timestamp) -> Result<(), StoreError> {
        item::put_back(self, &lease, at).await
    }

    async fn article_at(&self, address_key: &str) -> Result<Option<(ItemId, Article, String)>, StoreError> {
        lookalike::article_at(self, address_key).await
    }

    async fn repeated(&self, item: &Item, text_hash: &str) -> Result<usize, StoreError> {
        lookalike::repeated(self, item, text_hash).await
    }

    async fn doubt(&self, item: &Item, text_hash: &str, others: usize, now: Timestamp) -> Result<usize, StoreError> {
        doubt::doubt(self, item, text_hash, others, now).await
    }

    async fn note_tries(&self, lease: &Lease<Item>, tries: &[(Timestamp, Reason)]) -> Result<(), StoreError> {
        lookalike::note_tries(self, lease, tries).await
    }

    async fn lookalikes(
        &self,
        fingerprint: &Fingerprint,
        told: bool,
        since: Timestamp,
    ) -> Result<Vec<Lookalike>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        lookalike::find(&mut connection, fingerprint, told, since).await
    }

    async fn commit_read(
        &self,
        lease: Lease<Item>,
        decision: &read::Decision,
        seen: &[Lookalike],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), (StoreError, Option<Lease<Item>>)> {
        let reading = item::Reading::new(&lease, decision, seen, since, now);
        match self.reading.write(self, reading).await.and_then(|committed| committed) {
            Ok(()) => Ok(()),
            Err(StoreError::LeaseLost) => Err((StoreError::LeaseLost, None)),
            Err(error) => Err((error, Some(lease))),
        }
    }

    async fn claim_looks(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Look>>, StoreError> {
        look::claim(self, claim).await
    }

    async fn put_back_look(&self, lease: Lease<Look>, at: Timestamp) -> Result<(), StoreError> {
        look::put_back(self, &lease, at).await
    }

    async fn commit_look(
        &self,
        lease: Lease<Look>,
        decision: &LookDecision,
        now: Timestamp,
    ) -> Result<(), (StoreError, Option<Lease<Look>>)> {
        match look::commit(self, &lease, decision, now).await {
            Ok(()) => Ok(()),
            Err(StoreError::LeaseLost) => Err((StoreError::LeaseLost, None)),
            Err(error) => Err((error, Some(lease))),
        }
    }

    async fn has_evidence(&self, item: ItemId) -> Result<bool, StoreError> {
        evidence::has(self, item).await
    }

    async fn evidence_length(&self) -> Result<usize, StoreError> {
        evidence::length(self).await
    }

    async fn evidence_chain(&self, after: i64, most: usize) -> Result<Vec<Link>, StoreError> {
        evidence::chain(self, after, most).await
    }

    async fn evidence_body(&self, name: &Digest) -> Result<Option<Packed>, StoreError> {
        evidence::body(self, name).await
    }

    async fn alerts(&self, filter: &AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
        evidence::alerts(self, filter).await
    }

    async fn evidence_of(&self, alert: AlertId) -> Result<Option<AlertEvidence>, StoreError> {
        evidence::of_alert(self, alert).await
    }

    async fn trim_evidence(&self, retention: &Retention, now: Timestamp) -> Result<Trimmed, StoreError> {
        evidence::trim(self, retention, now).await
    }

    async fn gather_notices(
        &self,
        receivers: &[(ChannelName, String)],
        along: SignedDuration,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        notice::gather(self, receivers, along, now).await
    }

    async fn fall_back(&self, receivers: &[(ChannelName, String)], now: Timestamp) -> Result<usize, StoreError> {
        notice::fall_back(self, receivers, now).await
    }

    async fn claim_sends(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Delivery>>, StoreError> {
        outbox::claim(self, claim).await
    }

    async fn begin_attempt(&self, lease: &Lease<Delivery>, frozen: &Frozen, now: Timestamp) -> Result<(), StoreError> {
        outbox::begin_attempt(self, lease, frozen, now).await
    }

    async fn commit_send(
        &self,
        lease: Lease<Delivery>,
        decision: &send::Decision,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        outbox::commit(self, &lease, decision, now).await
    }

    async fn commit_call(
        &self,
        lease: Lease<Delivery>,
        decision: &send::Decision,
        call: &send::Call,
        operators: &[(ChannelName, String)],
        now: Timestamp,
    ) -> Result<Option<send::endpoint::Change>, StoreError> {
        endpoint::commit(self, &lease, decision, call, operators, now).await
    }

    async fn endpoints(&self) -> Result<Vec<EndpointRow>, StoreError> {
        endpoint::all(self).await
    }

    async fn endpoint(&self, channel: &ChannelName) -> Result<Option<send::endpoint::Endpoint>, StoreError> {
        endpoint::one(self, channel).await
    }

    async fn replay(&self, replay: &Replay, now: Timestamp) -> Result<usize, StoreError> {
        endpoint::replay(self, replay, now).await
    }

    async fn told_after(
        &self,
        channel: &ChannelName,
        after: u64,
        most: usize,
    ) -> Result<(Vec<Delivery>, u64), StoreError> {
        events::after(self, channel, after, most).await
    }

    async fn next_due(&self, work: Work) -> Result<Option<Timestamp>, StoreError> {
        work::next_due(self, work).await
    }

    async fn register_lanes(&self, lanes: &[LanePlan], now: Timestamp) -> Result<(), StoreError> {
        digest::register(self, lanes, now).await
    }

    async fn claim_lanes(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Lane>>, StoreError> {
        digest::claim(self, claim).await
    }

    async fn lane(
        &self,
        channel: &ChannelName,
        receiver: &str,
        subscription: Option<&SubscriptionName>,
    ) -> Result<Option<Lane>, StoreError> {
        digest::look(self, channel, receiver, subscription).await
    }

    async fn material(
        &self,
        lane: &Lane,
        digest: Option<&Subscription>,
        now: Timestamp,
    ) -> Result<(Vec<Waiting>, Account), StoreError> {
        digest::material(self, lane, digest, now).await
    }

    async fn commit_gather(
        &self,
        lease: Lease<Lane>,
        decision: &gather::Decision,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        digest::commit(self, &lease, decision, now).await
    }

    async fn held(&self, most: usize) -> Result<Vec<HeldRow>, StoreError> {
        digest::held(self, most).await
    }

    async fn add_silence(&self, silence: &Silence, now: Timestamp) -> Result<Silence, StoreError> {
        silence::add(self, silence, now).await
    }

    async fn silences(&self, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
        silence::in_force(self, now).await
    }

    async fn end_silence(&self, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        silence::end(self, name, now).await
    }

    async fn muted(&self, silence: Option<&str>, most: usize) -> Result<Vec<MutedRow>, StoreError> {
        silence::muted(self, silence, most).await
    }

    async fn push_of(&self, source: &SourceName) -> Result<Option<Push>, StoreError> {
        push::of(self, source).await
    }

    async fn push_by_token(&self, token: &str) -> Result<Option<Push>, StoreError> {
        push::by_token(self, token).await
    }

    async fn claim_pushes(&self, now: Timestamp, again: Timestamp, limit: usize) -> Result<Vec<Push>, StoreError> {
        push::claim(self, now, again, limit).await
    }

    async fn save_push(&self, push: &Push) -> Result<(), StoreError> {
        push::save(self, push).await
    }

    async fn hurry(&self, source: &SourceName, now: Timestamp, gap: SignedDuration) -> Result<bool, StoreError> {
        push::hurry(self, source, now, gap).await
    }

    async fn renew(&self, owner: &str, until: Timestamp) -> Result<(), StoreError> {
        work::renew(self, owner, until).await
    }

    async fn release(&self, owner: &str) -> Result<(), StoreError> {
        work::release(self, owner).await
    }

    async fn ping(&self, now: Timestamp) -> Result<(), StoreError> {
        work::ping(self, now).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn index(&self, most: usize) -> Result<usize, StoreError> {
        search::index(self, most).await
    }

    async fn search(&self, inquiry: &Inquiry<'_>) -> Result<Finds, StoreError> {
        search::search(self, inquiry).await
    }

    async fn archive(&self, page: &Page, most: usize) -> Result<Vec<Archived>, StoreError> {
        archive::page(self, page, most).await
    }

    async fn archive_size(&self, since: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        archive::size(self, since, until).await
    }

    async fn begin_lookbacks(
        &self,
        wanted: &[Wanted],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Lookback>, StoreError> {
        lookback::begin(self, wanted, until, now).await
    }

    async fn commit_lookback(&self, lookback: &Lookback, found: &LookedBack) -> Result<bool, StoreError> {
        lookback::commit(self, lookback, found).await
    }

    async fn untold_lookbacks(&self) -> Result<Option<Untold>, StoreError> {
        lookback::untold(self).await
    }

    async fn tell_lookbacks(
        &self,
        untold: &Untold,
        alert: Option<&read::NewAlert>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        lookback::tell(self, untold, alert, now).await
    }

    async fn secret(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
        feedback::secret(self, name, fresh).await
    }

    async fn told_to(&self, delivery: &DeliveryId) -> Result<Option<ToldTo>, StoreError> {
        feedback::told_to(self, delivery).await
    }

    async fn rules_of(&self, alert: AlertId) -> Result<Option<Vec<RuleName>>, StoreError> {
        feedback::rules_of(self, alert).await
    }

    async fn give_feedback(&self, said: &Said) -> Result<usize, StoreError> {
        feedback::give(self, said).await
    }

    async fn feedback(&self, most: usize) -> Result<Vec<FeedbackRow>, StoreError> {
        feedback::list(self, most).await
    }

    async fn ledger(&self) -> Result<Ledger, StoreError> {
        ledger::ledger(self).await
    }

    async fn status(&self, now: Timestamp) -> Result<Status, StoreError> {
        status::status(self, now).await
    }

    async fn ways(&self, url: &str, address_key: &str) -> Result<Vec<Way>, StoreError> {
        way::ways(self, url, address_key).await
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        outbox::list(self, filter).await
    }

    async fn delivery(&self, id: &str) -> Result<Option<DeliveryAccount>, StoreError> {
        outbox::account(self, id).await
    }

    async fn retry(&self, id: &str, now: Timestamp) -> Result<usize, StoreError> {
        outbox::retry(self, id, now).await
    }

    async fn merges_after(&self, after: i64) -> Result<Vec<MergeRow>, StoreError> {
        way::merges_after(self, after).await
    }
}
