//! Claims deliveries, renders each once, hands it over, and commits what `send::decide` says.

use super::Shared;
use super::work;
use super::work::Pulse;
use crate::channel::Answer;
use crate::channel::Wire;
use crate::clock;
use crate::model::ChannelName;
use crate::model::EndpointTrouble;
use crate::model::Fault;
use crate::model::Reason;
use crate::send;
use crate::send::Call;
use crate::send::Decision;
use crate::send::Delivery;
use crate::send::Pace;
use crate::send::Told;
use crate::send::endpoint::Change;
use crate::send::endpoint::Heard;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use crate::story::hexadecimal;
use crate::web::signed::Purpose;
use crate::web::signed::Signed;
use std::sync::Arc;
use tracing::error;
use tracing::info;
use tracing::warn;

/// Deliveries under way at once.
const SLOTS: usize = 64;

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
    let (decision, call) = match hand_over(&shared, &lease).await {
        Ok(done) => done,
        Err(error) => return error!(%error, delivery = %lease.job().id, "a try could not be begun"),
    };
    let delivery = lease.job().clone();
    let now = clock::now();
    let committed = match &call {
        Some(call) => {
            let operators = others(&shared, &delivery.channel);
            shared.store.commit_call(lease, &decision, call, &operators, now).await
        }
        None => shared.store.commit_send(lease, &decision, now).await.map(|()| None),
    };
    match committed {
        Ok(change) => {
            tell(&delivery, &decision);
            if let Some(change) = change {
                tell_change(&delivery.channel, change);
                // A notice may wait to be sent.
                shared.nudges.send.notify_one();
            }
        }
        Err(StoreError::LeaseLost) => warn!(delivery = %delivery.id, "the try took longer than its lease"),
        Err(error) => error!(%error, delivery = %delivery.id, "a try could not be committed"),
    }
}

/// The operators who are reached by another channel than the one that there is something to say of.
fn others(shared: &Shared, channel: &ChannelName) -> Vec<(ChannelName, String)> {
    let tower = shared.tower.load();
    tower.operators().into_iter().filter(|(other, _)| other != channel).collect()
}

/// Freezes the message, notes the try, sends.
async fn hand_over(shared: &Shared, lease: &Lease<Delivery>) -> Result<(Decision, Option<Call>), StoreError> {
    let delivery = lease.job();
    let tower = shared.tower.load_full();
    let Some(plan) = tower.channel(&delivery.channel) else {
        return Ok((Decision::GivenUp { reason: Reason::ChannelGone }, None));
    };
    let letterhead = &tower.config.letterhead;
    let frozen = match &delivery.frozen {
        Some(frozen) => frozen.clone(),
        None => {
            match send::render(plan, delivery, letterhead, feedback_link(shared, delivery).as_deref(), clock::now()) {
                Ok(frozen) => frozen,
                Err(detail) => return Ok((Decision::GivenUp { reason: Reason::NotHandedOver { detail } }, None)),
            }
        }
    };
    match plan.channel.wire(&delivery.receiver, &frozen, letterhead, clock::now()) {
        Wire::Mail { from, to } => {
            shared.store.begin_attempt(lease, &frozen, clock::now()).await?;
            let answer = match &tower.smtp {
                Some(smtp) => smtp.send(&from, &to, &frozen.bytes).await,
                None => Answer::Failed {
                    fault: Fault::Transient,
                    text: "the configuration has no [mail] table".into(),
                    in_doubt: false,
                },
            };
            Ok((send::decide(delivery, &answer, &Pace::MAIL, clock::now()), None))
        }
        Wire::Post { method, url, headers } => {
            let address = hexadecimal(url.as_str().as_bytes(), 16);
            let endpoint = shared.store.endpoint(&delivery.channel).await?;
            let off = |endpoint: &send::endpoint::Endpoint| {
                endpoint.trouble == Some(EndpointTrouble::Off) && endpoint.address == address
            };
            if endpoint.as_ref().is_some_and(off) {
                return Ok((Decision::GivenUp { reason: Reason::EndpointOff }, None));
            }
            shared.store.begin_attempt(lease, &frozen, clock::now()).await?;
            let begun = clock::now();
            let posted = tower.poster.send(method, &url, &headers, &frozen.bytes).await;
            let now = clock::now();
            let (answer, status, body, gone) = match posted {
                Ok(http) => {
                    (plan.channel.answer(&http, now), Some(http.status), http.body.clone(), plan.channel.gone(&http))
                }
                Err(error) => {
                    let (fault, in_doubt) = (error.fault(), error.in_doubt());
                    (Answer::Failed { fault, text: error.to_string(), in_doubt }, None, String::new(), false)
                }
            };
            let heard = match &answer {
                Answer::Accepted { .. } => Heard::Taken,
                Answer::Failed { .. } if gone => Heard::Gone,
                Answer::Failed { fault: Fault::Throttled { until }, .. } => Heard::Failed { until: *until },
                Answer::Failed { .. } => Heard::Failed { until: None },
            };
            let call = Call { address, heard, status, answer: body, took: now.duration_since(begun) };
            Ok((send::decide(delivery, &answer, &Pace::WEBHOOK, now), Some(call)))
        }
    }
}

/// Logs what has changed about an endpoint.
fn tell_change(channel: &ChannelName, change: Change) {
    match change {
        Change::Trouble(trouble @ EndpointTrouble::Failing) => warn!(%channel, "the endpoint {}", trouble.says()),
        Change::Trouble(trouble @ EndpointTrouble::Off) => error!(%channel, "the endpoint {}", trouble.says()),
        Change::Over(_, since) => info!(%channel, %since, "the endpoint takes what is posted again"),
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
