//! What Atalaya remembers. Each method is one transaction; what was not claimed cannot be committed.
//!
//! A [`Lease`] is handed out by a `claim_*` method and spent by the commit that belongs to it. When its end passes
//! without a commit, the work is due again; whoever comes back late finds a newer fence and is told
//! [`StoreError::LeaseLost`]. There is no recovery code: what a dead process held becomes due by itself.

use crate::backtest::Archived;
use crate::channel::Frozen;
use crate::evidence::Retention;
use crate::evidence::chain::Link;
use crate::evidence::pack::Packed;
use crate::health::Health;
use crate::look;
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
use crate::poll::SourceState;
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
use crate::send::Call;
use crate::send::Delivery;
use crate::send::endpoint::Change;
use crate::send::endpoint::Endpoint;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::PathBuf;

mod archive;
mod feedback;
mod lookback;
mod report;
mod search;
pub mod sqlite;

pub use archive::*;
pub use feedback::*;
pub use lookback::*;
pub use report::*;
pub use search::*;

/// Work that one process holds until a time. Only the store makes one.
#[derive(Debug)]
pub struct Lease<T> {
    job: T,
    owner: String,
    fence: i64,
    until: Timestamp,
}

impl<T> Lease<T> {
    /// What is to be done.
    pub fn job(&self) -> &T {
        &self.job
    }

    /// When it becomes due for others.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

/// How work is claimed.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Who claims: unique per process.
    pub owner: &'a str,
    /// The time.
    pub now: Timestamp,
    /// How long the lease lasts.
    pub lease: SignedDuration,
    /// At most this many.
    pub limit: usize,
    /// At most this many of one host in this claim. A delivery's host is its channel, as one relay or endpoint stands
    /// behind each; of a channel no more than this are under way at once, so that a slow one leaves room for others.
    pub per_host: usize,
    /// Hosts (of deliveries: channels) that must not be asked at present. One that begins with a dot stands for a domain
    /// and all hosts below it.
    pub busy_hosts: &'a [String],
}

/// A source that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct PollJob {
    /// Which.
    pub source: SourceName,
    /// What is remembered of it.
    pub state: SourceState,
    /// What is known of its health.
    pub health: Health,
    /// Its subscription at a hub.
    pub push: Option<Push>,
    /// Sources that ask the same: they are held by the same claim and share its fetch.
    pub riders: Vec<Rider>,
}

/// A source that shares the fetch of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Rider {
    /// Which.
    pub source: SourceName,
    /// What is remembered of it.
    pub state: SourceState,
    /// What is known of its health.
    pub health: Health,
    /// Its subscription at a hub.
    pub push: Option<Push>,
    fence: i64,
}

impl Lease<PollJob> {
    /// A lease for each source that shares this one's fetch, to be committed like this one.
    pub fn riders(&self) -> Vec<Self> {
        let lease = |rider: &Rider| Self {
            job: PollJob {
                source: rider.source.clone(),
                state: rider.state.clone(),
                health: rider.health.clone(),
                push: rider.push.clone(),
                riders: Vec::new(),
            },
            owner: self.owner.clone(),
            fence: rider.fence,
            until: self.until,
        };
        self.job.riders.iter().map(lease).collect()
    }
}

/// A source as the configuration has it, for [`Store::register_sources`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub name: SourceName,
    /// Its address: when it changes, validators are forgotten.
    pub address: String,
    /// The host of its address: the key of politeness.
    pub host: String,
    /// When it is first due if the store does not know it yet.
    pub first_due: Timestamp,
    /// All that makes its request differ from another's. Sources with the same share one fetch.
    pub asks: String,
    /// How long it waits between two polls before a poll has said so: what a process that dies at the first one waits.
    pub wait: SignedDuration,
}

/// A digest of one receiver as the configuration has it, for [`Store::register_lanes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanePlan {
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// The subscription.
    pub subscription: SubscriptionName,
    /// By what expression and zone its time is reckoned.
    pub rhythm: String,
    /// When it is due next by these.
    pub next_at: Timestamp,
}

/// The kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sources to be polled.
    Poll,
    /// Items to be read.
    Read,
    /// Deliveries to be sent.
    Send,
    /// Pages that were told, to be looked at again.
    Look,
    /// What waits to be told together.
    Gather,
}

impl Work {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Poll, Self::Read, Self::Send, Self::Look, Self::Gather];
}

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease ended and somebody else holds the work: the result is thrown away.
    #[error("the lease ended before the result was ready")]
    LeaseLost,
    /// The look-alikes changed since they were asked for: decide again.
    #[error("a copy was judged in the meantime")]
    Stale,
    /// The database was written by a newer Atalaya.
    #[error("the database has schema {found}, this program knows {known}: use a newer atalaya")]
    NewerSchema {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A report was asked of a database that an older Atalaya wrote; reports change nothing, so they cannot bring it up
    /// to date.
    #[error("the database has schema {found}, this program needs {known}: start the daemon once")]
    OlderSchema {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A report was asked where no database is.
    #[error("there is no database at {path}: has the daemon run yet, and with this state folder?")]
    NoDatabase {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder of the database cannot be made or written in.
    #[error("the state folder {path} cannot be made or written in: {error}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A shortened id fits more than one delivery.
    #[error("more than one delivery begins with {prefix}")]
    Ambiguous {
        /// What was given.
        prefix: String,
    },
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this program cannot read.
    #[error("the database holds something unreadable in {place}: {detail}")]
    Corrupt {
        /// Table and column.
        place: &'static str,
        /// What was found.
        detail: String,
    },
}

/// The store, in the words of the design.
///
/// A `claim_*` hands out the longest due first. Claimed work that cannot be read back ([`StoreError::Corrupt`]) stops
/// nothing else: it is logged, stays leased, and is the claim's error only when there is nothing else to hand out.
#[async_trait]
pub trait Store: Send + Sync {
    // ── sources ──
    /// Makes the watched sources those of the configuration. State of known ones is kept, new ones are due at their
    /// `first_due`, absent ones are no longer claimed but keep their history. One that had answered 410 is asked again
    /// when its address changed or it comes back after having been absent.
    async fn register_sources(&self, sources: &[Registration], now: Timestamp) -> Result<(), StoreError>;

    /// What is remembered of each watched source's own time: the budget of requests is shared out by it.
    async fn habits(&self) -> Result<HashMap<SourceName, Habits>, StoreError>;
    /// After a long sleep, a stop or a clock that jumped: spreads the overdue sources out, and brings back those that a
    /// clock in the future put too far ahead. Returns how many were overdue.
    async fn spread_overdue(&self, now: Timestamp) -> Result<usize, StoreError>;
    /// Pauses that servers asked for and that have not ended: host or, with a dot in front, domain, and the end.
    async fn pauses(&self, now: Timestamp) -> Result<Vec<(String, Timestamp)>, StoreError>;
    /// Remembers such a pause; a longer one that is there stays.
    async fn pause(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    // ── poll ──
    /// Takes due sources, each with those that share its fetch. The next poll of each is put ahead by its usual wait in
    /// the same transaction, before anything is asked: a process that dies asking causes no early request.
    async fn claim_polls(&self, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError>;
    /// Which of these entry ids the source has listed before.
    async fn known_entries(&self, source: &SourceName, ids: &[String]) -> Result<HashSet<String>, StoreError>;
    /// Writes new items and the source's state. Returns how many items are waiting to be read because of it.
    async fn commit_poll(
        &self,
        lease: Lease<PollJob>,
        decision: &poll::Decision,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Ends a lease that was not made use of, as if it had never been: nothing was asked. The source is due at `at`.
    async fn put_back_poll(&self, lease: Lease<PollJob>, at: Timestamp) -> Result<(), StoreError>;
    /// How a watched source stands for whoever wishes it polled; `None` when it is not watched.
    async fn standing(&self, source: &SourceName, now: Timestamp) -> Result<Option<Standing>, StoreError>;
    /// Makes a source due at `at`, if it would be later. Returns false, and changes nothing, when it was claimed since
    /// `seen` was: whoever wishes it polled looks again.
    async fn hasten(&self, source: &SourceName, at: Timestamp, seen: &Standing) -> Result<bool, StoreError>;

    // ── read ──
    /// Takes items whose page is to be read.
    async fn claim_reads(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Item>>, StoreError>;
    /// Ends a lease that was not made use of: nothing was asked. The item is due at `at`.
    async fn put_back_read(&self, lease: Lease<Item>, at: Timestamp) -> Result<(), StoreError>;
    /// The article of a judged item whose listed, answering or declared address has this canonical form, with the
    /// address that answered: there is no need to ask the site again.
    async fn article_at(&self, address_key: &str) -> Result<Option<(ItemId, Article, String)>, StoreError>;
    /// How many other entries of an item's source, each with another title, gave the text of this hash, as far as is
    /// known or was ever known ([`Store::doubt`]).
    async fn repeated(&self, item: &Item, text_hash: &str) -> Result<usize, StoreError>;
    /// Notes that this text stands in the place of the source's articles, as so many `others` show, and has it no longer
    /// decide anything: items that were judged on it are due again, those that were told are unreadable from then on and
    /// keep what was told. Does so once for each item that gave it. Returns how many items became undecided.
    async fn doubt(&self, item: &Item, text_hash: &str, others: usize, now: Timestamp) -> Result<usize, StoreError>;
    /// Writes down what was tried in place of an item's page, and when. Nothing happens when the lease was lost.
    async fn note_tries(&self, lease: &Lease<Item>, tries: &[(Timestamp, Reason)]) -> Result<(), StoreError>;
    /// Judged items that share an address (at any time) or the text (judged after `since`), oldest first; and where `told`,
    /// all that were told after `since`, with their sketches.
    async fn lookalikes(
        &self,
        fingerprint: &Fingerprint,
        told: bool,
        since: Timestamp,
    ) -> Result<Vec<Lookalike>, StoreError>;
    /// Writes article, verdicts, story, alert and deliveries. `seen` is what [`Store::lookalikes`] gave for the
    /// decision's fingerprint, what it was `weighed` against, and the same `since`; when that is no longer so, nothing is written and the lease comes
    /// back with [`StoreError::Stale`]. It comes back with every other error too but [`StoreError::LeaseLost`]: the
    /// same commit may be tried again.
    async fn commit_read(
        &self,
        lease: Lease<Item>,
        decision: &read::Decision,
        seen: &[Lookalike],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), (StoreError, Option<Lease<Item>>)>;

    // ── look again ──
    /// Takes pages that were told and are to be looked at again.
    async fn claim_looks(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Look>>, StoreError>;
    /// Ends a lease that was not made use of: nothing was asked. The look is due at `at`.
    async fn put_back_look(&self, lease: Lease<Look>, at: Timestamp) -> Result<(), StoreError>;
    /// Writes what was found, what is kept of it, the update and its deliveries. The lease comes back with every error
    /// but [`StoreError::LeaseLost`]; with [`StoreError::Stale`] when the story was told anew since the claim.
    async fn commit_look(
        &self,
        lease: Lease<Look>,
        decision: &look::Decision,
        now: Timestamp,
    ) -> Result<(), (StoreError, Option<Lease<Look>>)>;

    // ── evidence ──
    /// Whether a reading of the item is kept.
    async fn has_evidence(&self, item: ItemId) -> Result<bool, StoreError>;
    /// How many links the chain has.
    async fn evidence_length(&self) -> Result<usize, StoreError>;
    /// The links behind a number, in order.
    async fn evidence_chain(&self, after: i64, most: usize) -> Result<Vec<Link>, StoreError>;
    /// A body as it is stored.
    async fn evidence_body(&self, name: &Digest) -> Result<Option<Packed>, StoreError>;
    /// Alerts, newest first.
    async fn alerts(&self, filter: &AlertFilter) -> Result<Vec<AlertRow>, StoreError>;
    /// What an alert rests on.
    async fn evidence_of(&self, alert: AlertId) -> Result<Option<AlertEvidence>, StoreError>;
    /// Forgets what no alert rests on: what is older than the age, then the oldest until the rest is small enough. A few
    /// hundred records a call.
    async fn trim_evidence(&self, retention: &Retention, now: Timestamp) -> Result<Trimmed, StoreError>;

    // ── send ──
    /// Folds the remarks on sources that are due into notices, with a delivery to each receiver. Nothing happens until
    /// one may go out alone; then all go along that are due within `along`. Without receivers they are dropped. Returns
    /// how many deliveries were made.
    async fn gather_notices(
        &self,
        receivers: &[(ChannelName, String)],
        along: SignedDuration,
        now: Timestamp,
    ) -> Result<usize, StoreError>;
    /// Notices that nobody took within `health::UNHEARD`, and that some channel failed to hand over, go to these receivers
    /// too. Returns how many deliveries were made.
    async fn fall_back(&self, receivers: &[(ChannelName, String)], now: Timestamp) -> Result<usize, StoreError>;
    /// Takes due deliveries.
    async fn claim_sends(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Delivery>>, StoreError>;
    /// Notes that a try begins, and freezes the message if this is the first. Committed before the first byte goes
    /// out, so that a crash behind it is known to be in doubt.
    async fn begin_attempt(&self, lease: &Lease<Delivery>, frozen: &Frozen, now: Timestamp) -> Result<(), StoreError>;
    /// Writes what became of the try.
    async fn commit_send(
        &self,
        lease: Lease<Delivery>,
        decision: &send::Decision,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    // ── gather ──
    /// Makes the digests those of the configuration. One that is known keeps its time, also one that has passed, unless
    /// another expression or zone says otherwise; one that is new tells from now on.
    async fn register_lanes(&self, lanes: &[LanePlan], now: Timestamp) -> Result<(), StoreError>;
    /// Takes lanes in which something is due.
    async fn claim_lanes(&self, claim: &Claim<'_>) -> Result<Vec<Lease<Lane>>, StoreError>;
    /// A lane as it stands, without taking it.
    async fn lane(
        &self,
        channel: &ChannelName,
        receiver: &str,
        subscription: Option<&SubscriptionName>,
    ) -> Result<Option<Lane>, StoreError>;
    /// What waits in a lane, up to `gather::MOST`, and what happened beside it since its last message; the latter in full
    /// only for a `digest`.
    async fn material(
        &self,
        lane: &Lane,
        digest: Option<&Subscription>,
        now: Timestamp,
    ) -> Result<(Vec<Waiting>, Account), StoreError>;
    /// Writes the messages of a lane and what they settle, and when it is due again. Returns how many deliveries were made.
    async fn commit_gather(
        &self,
        lease: Lease<Lane>,
        decision: &gather::Decision,
        now: Timestamp,
    ) -> Result<usize, StoreError>;
    /// What waits for receivers, the first due first.
    async fn held(&self, most: usize) -> Result<Vec<HeldRow>, StoreError>;
    /// Writes a silence down. Returns it with the name that it got.
    async fn add_silence(&self, silence: &Silence, now: Timestamp) -> Result<Silence, StoreError>;
    /// Silences made so that have not ended.
    async fn silences(&self, now: Timestamp) -> Result<Vec<Silence>, StoreError>;
    /// Ends one. Returns whether it was in force.
    async fn end_silence(&self, name: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// What silences muted, newest first; of one silence, if it is named.
    async fn muted(&self, silence: Option<&str>, most: usize) -> Result<Vec<MutedRow>, StoreError>;
    /// Writes what became of a try over HTTP: [`Store::commit_send`], the answer, how the endpoint stands now, and, when
    /// that changed, a notice to `operators`, who must not be told by this very channel. Returns what changed.
    async fn commit_call(
        &self,
        lease: Lease<Delivery>,
        decision: &send::Decision,
        call: &Call,
        operators: &[(ChannelName, String)],
        now: Timestamp,
    ) -> Result<Option<Change>, StoreError>;
    /// Every endpoint that was ever called, in the order of names.
    async fn endpoints(&self) -> Result<Vec<EndpointRow>, StoreError>;
    /// How the endpoint of a channel stands; `None` when it was never called.
    async fn endpoint(&self, channel: &ChannelName) -> Result<Option<Endpoint>, StoreError>;
    /// Sends again what was settled, under the same ids. Endpoints that are meant are called anew, also those that rest
    /// or are switched off. Returns how many.
    async fn replay(&self, replay: &Replay, now: Timestamp) -> Result<usize, StoreError>;
    /// What a channel was told behind a number, in order, at most so many; and its last number of all.
    async fn told_after(
        &self,
        channel: &ChannelName,
        after: u64,
        most: usize,
    ) -> Result<(Vec<Delivery>, u64), StoreError>;

    // ── push ──
    /// The subscription of a source at a hub.
    async fn push_of(&self, source: &SourceName) -> Result<Option<Push>, StoreError>;
    /// The subscription whose callback has this token, if its source is still watched.
    async fn push_by_token(&self, token: &str) -> Result<Option<Push>, StoreError>;
    /// Subscriptions whose hub is to be asked now; they are not due again before `again`, so that two processes do not
    /// ask at once and a dead one's are asked for later.
    async fn claim_pushes(&self, now: Timestamp, again: Timestamp, limit: usize) -> Result<Vec<Push>, StoreError>;
    /// Writes a subscription, in the place of the one that its source had.
    async fn save_push(&self, push: &Push) -> Result<(), StoreError>;
    /// Makes a watched source due now, or `gap` behind the time when it was last heard, if it would be later. One that is
    /// being polled is due again `gap` behind that poll, unless it fails: the push may tell of what its answer has not
    /// yet. Returns whether it did.
    async fn hurry(&self, source: &SourceName, now: Timestamp, gap: SignedDuration) -> Result<bool, StoreError>;

    // ── all work ──
    /// When the next work of that kind is due, leases that end included; `None` when there is none.
    async fn next_due(&self, work: Work) -> Result<Option<Timestamp>, StoreError>;
    /// Lengthens every lease of this owner to `until`: a process that lives keeps what it is busy with.
    async fn renew(&self, owner: &str, until: Timestamp) -> Result<(), StoreError>;
    /// Gives back every lease of this owner, so that a clean stop leaves nothing to wait for.
    async fn release(&self, owner: &str) -> Result<(), StoreError>;
    /// A trivial read and write: is the store alive?
    async fn ping(&self, now: Timestamp) -> Result<(), StoreError>;
    /// Ends all connections after what is under way.
    async fn close(&self);

    // ── full-text index ──
    /// Moves up to `most` articles that wait for it into the index, in one transaction of its own. Returns how many; 0
    /// when none waits.
    async fn index(&self, most: usize) -> Result<usize, StoreError>;
    /// Articles that answer a search, be they in the index or still waiting for it.
    async fn search(&self, inquiry: &Inquiry<'_>) -> Result<Finds, StoreError>;

    // ── archive ──
    /// Judged articles behind a place, in the order of their judging.
    async fn archive(&self, page: &Page, most: usize) -> Result<Vec<Archived>, StoreError>;
    /// How many articles were judged from `since` to before `until`.
    async fn archive_size(&self, since: Timestamp, until: Timestamp) -> Result<u64, StoreError>;

    // ── look back ──
    /// Begins the rules that are new or changed, at their `since`, and forgets those that are not wanted any more. Returns
    /// those under way. A new one judges what was judged before `until`.
    async fn begin_lookbacks(
        &self,
        wanted: &[Wanted],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Lookback>, StoreError>;
    /// Writes a batch of verdicts, with outcomes that wait to be told. Returns false, and writes nothing, when another
    /// process was faster or the rule was changed.
    async fn commit_lookback(&self, lookback: &Lookback, found: &LookedBack) -> Result<bool, StoreError>;
    /// What all finished rules found; `None` when there is none, or one is still under way.
    async fn untold_lookbacks(&self) -> Result<Option<Untold>, StoreError>;
    /// Writes the one alert of it with its deliveries; without one nobody is told. Returns false when it was told before.
    async fn tell_lookbacks(
        &self,
        untold: &Untold,
        alert: Option<&read::NewAlert>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    // ── feedback ──
    /// The installation's secret of that name, made of `fresh` if there is none yet.
    async fn secret(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError>;
    /// What a delivery told to whom; `None` for an unknown id and for notices to operators.
    async fn told_to(&self, delivery: &DeliveryId) -> Result<Option<ToldTo>, StoreError>;
    /// The rules for which an alert was told; `None` when it is unknown.
    async fn rules_of(&self, alert: AlertId) -> Result<Option<Vec<RuleName>>, StoreError>;
    /// Writes what somebody says of an alert, for each rule in the place of what the same person said before. Returns for
    /// how many rules; rules that are not the alert's are left out.
    async fn give_feedback(&self, said: &Said) -> Result<usize, StoreError>;
    /// What was said, the newest first.
    async fn feedback(&self, most: usize) -> Result<Vec<FeedbackRow>, StoreError>;

    // ── reports ──
    /// The sums.
    async fn ledger(&self) -> Result<Ledger, StoreError>;
    /// One paragraph of numbers, and the sources in trouble.
    async fn status(&self, now: Timestamp) -> Result<Status, StoreError>;
    /// The ways of all items that were listed, answered or declared under this address (canonical form or as given).
    async fn ways(&self, url: &str, address_key: &str) -> Result<Vec<Way>, StoreError>;
    /// Deliveries, newest first.
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError>;
    /// One delivery with its tries and its frozen message; `id` may be shortened as long as it is unique.
    async fn delivery(&self, id: &str) -> Result<Option<DeliveryAccount>, StoreError>;
    /// Makes a delivery due now, `id` shortened as in [`Store::delivery`]; `all` means every one. One that was given up
    /// begins anew, one that is waiting need not wait longer; one that is being sent or done is left alone. Returns how
    /// many.
    async fn retry(&self, id: &str, now: Timestamp) -> Result<usize, StoreError>;
    /// Merges since a row number: for a display that follows along. Returns (row number, copy's URL, story's title,
    /// rules, reason) in order.
    async fn merges_after(&self, after: i64) -> Result<Vec<MergeRow>, StoreError>;
}
