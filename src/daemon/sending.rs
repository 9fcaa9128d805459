//! Claims deliveries, renders each once, hands it over, and commits what `send::decide` says.

use super::Shared;
use super::work;
use super::work::Pulse;
use crate::channel::Announcement;
use crate::channel::Answer;
use crate::channel::ChannelPlan;
use crate::channel::Frozen;
use crate::channel::Letterhead;
use crate::channel::Roundup;
use crate::channel::Telling;
use crate::channel::Wire;
use crate::clock;
use crate::model::Fault;
use crate::model::Reason;
use crate::send;
use crate::send::Decision;
use crate::send::Delivery;
use crate::send::Pace;
use crate::send::Told;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use crate::web::signed::Purpose;
use crate::web::signed::Signed;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::error;
use tracing::info;
use tracing::warn;

/// Deliveries under way at once.
const SLOTS: usize = 32;

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Send,
        |_| SLOTS,
        claim,
        |_, _: &Delivery| None,
        // A delivery asks no site, so it finds no gate.
        |shared, lease, _| Box::pin(send(shared, lease)),
    )
    .await;
}

/// Puts the notices together that are due, then takes due deliveries.
async fn claim(shared: &Shared, claim: &Claim<'_>) -> Result<Vec<Lease<Delivery>>, StoreError> {
    let tower = shared.tower.load_full();
    if let Err(error) = shared.store.gather_notices(&tower.operators(), tower.gather_along(), claim.now).await {
        // Alerts go out all the same.
        error!(%error, "the notices to operators could not be put together");
    }
    match shared.store.fall_back(&tower.fallback(), claim.now).await {
        Ok(0) => {}
        Ok(made) => warn!(deliveries = made, "operators were not reached, and are told by the fallback"),
        Err(error) => error!(%error, "the fallback of notices could not be looked up"),
    }
    shared.store.claim_sends(claim).await
}

/// One try, from lease to commit.
async fn send(shared: Arc<Shared>, lease: Lease<Delivery>) {
    let decision = match hand_over(&shared, &lease).await {
        Ok(decision) => decision,
        Err(error) => return error!(%error, delivery = %lease.job().id, "a try could not be begun"),
    };
    let delivery = lease.job().clone();
    match shared.store.commit_send(lease, &decision, clock::now()).await {
        Ok(()) => tell(&delivery, &decision),
        Err(StoreError::LeaseLost) => warn!(delivery = %delivery.id, "the try took longer than its lease"),
        Err(error) => error!(%error, delivery = %delivery.id, "a try could not be committed"),
    }
}

/// Freezes the message, notes the try, sends.
async fn hand_over(shared: &Shared, lease: &Lease<Delivery>) -> Result<Decision, StoreError> {
    let delivery = lease.job();
    let tower = shared.tower.load_full();
    let Some(plan) = tower.channel(&delivery.channel) else {
        return Ok(Decision::GivenUp { reason: Reason::ChannelGone });
    };
    let letterhead = &tower.config.letterhead;
    let frozen = match &delivery.frozen {
        Some(frozen) => frozen.clone(),
        None => match render(shared, plan, delivery, letterhead, clock::now()) {
            Ok(frozen) => frozen,
            Err(detail) => return Ok(Decision::GivenUp { reason: Reason::NotHandedOver { detail } }),
        },
    };
    shared.store.begin_attempt(lease, &frozen, clock::now()).await?;
    let (answer, pace) = match plan.channel.wire(&delivery.receiver, &frozen, letterhead, clock::now()) {
        Wire::Mail { from, to } => {
            let answer = match &tower.smtp {
                Some(smtp) => smtp.send(&from, &to, &frozen.bytes).await,
                None => Answer::Failed {
                    fault: Fault::Transient,
                    text: "the configuration has no [mail] table".into(),
                    in_doubt: false,
                },
            };
            (answer, Pace::MAIL)
        }
        Wire::Post { url, headers } => {
            let answer = match tower.poster.post(&url, &headers, &frozen.bytes).await {
                Ok(answer) => plan.channel.answer(&answer, clock::now()),
                Err(error) => {
                    Answer::Failed { fault: error.fault(), text: error.to_string(), in_doubt: error.in_doubt() }
                }
            };
            (answer, Pace::WEBHOOK)
        }
    };
    Ok(send::decide(delivery, &answer, &pace, clock::now()))
}

/// The message, to be stored and sent as it is at every try.
fn render(
    shared: &Shared,
    plan: &ChannelPlan,
    delivery: &Delivery,
    letterhead: &Letterhead,
    now: Timestamp,
) -> Result<Frozen, String> {
    let (receiver, id) = (delivery.receiver.as_str(), &delivery.id);
    match &delivery.told {
        Told::Alert { alert, rules, .. } => {
            let feedback = feedback_link(shared, delivery);
            let feedback = feedback.as_deref();
            plan.channel.message(&Telling { alert, rules, receiver, id, letterhead, feedback, now })
        }
        Told::Notice(notice) => plan.channel.notice(&Announcement { notice, receiver, id, letterhead, now }),
        Told::Bulletin(bulletin) => plan.channel.bulletin(&Roundup { bulletin, receiver, id, letterhead, now }),
    }
}

/// Where the receiver says that the alert was not relevant, if the world reaches our web server.
fn feedback_link(shared: &Shared, delivery: &Delivery) -> Option<String> {
    // A list is not relevant or irrelevant as a whole.
    if matches!(&delivery.told, Told::Alert { alert, .. } if alert.earlier.is_some()) {
        return None;
    }
    let tower = shared.tower.load();
    let public = tower.config.web.as_ref()?.public.as_deref()?;
    let signed = Signed { purpose: Purpose::FEEDBACK, subject: delivery.id.as_str().to_owned() };
    Some(format!("{}/feedback/{}", public.trim_end_matches('/'), shared.signer.text(&signed)))
}

/// Logs what was committed.
fn tell(delivery: &Delivery, decision: &Decision) {
    let (id, channel, receiver) = (&delivery.id, &delivery.channel, &delivery.receiver);
    let attempt = delivery.attempts + 1;
    match decision {
        Decision::Done { reason } => info!(delivery = %id, %channel, receiver, attempt, "delivered: {reason}"),
        Decision::Again { at, reason } => {
            warn!(delivery = %id, %channel, receiver, attempt, %at, code = reason.code(), "not delivered yet: {reason}");
        }
        Decision::GivenUp { reason } => {
            error!(delivery = %id, %channel, receiver, attempt, code = reason.code(), "not delivered: {reason}");
        }
    }
}
