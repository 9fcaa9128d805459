//! The third decision: (delivery, answer, now) → done, again at, or given up. Pure.

use crate::channel::Announcement;
use crate::channel::Answer;
use crate::channel::ChannelPlan;
use crate::channel::Frozen;
use crate::channel::Letterhead;
use crate::channel::Roundup;
use crate::channel::Telling;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::Notice;
use crate::model::Reason;
use crate::model::RuleName;
use jiff::SignedDuration;
use jiff::Timestamp;

pub mod endpoint;

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its identity.
    pub id: DeliveryId,
    /// What is told.
    pub told: Told,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// Its number among all of its channel, from 1 and without gaps.
    pub sequence: u64,
    /// Tries that were begun before this one.
    pub attempts: u32,
    /// When it was committed.
    pub created_at: Timestamp,
    /// The rendered message, once a first try was begun.
    pub frozen: Option<Frozen>,
}

/// What a delivery tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A story, to readers.
    Alert {
        /// The alert's row.
        id: AlertId,
        /// The alert.
        alert: Box<Alert>,
        /// Which of its rules.
        rules: Vec<RuleName>,
    },
    /// Trouble with sources, or its end, to operators.
    Notice(Notice),
    /// Many alerts, to a reader.
    Bulletin(Box<Bulletin>),
}

/// The message, to be stored and sent as it is at every try. `feedback` is where the receiver can answer.
///
/// # Errors
/// What could not be rendered, for the operator.
pub fn render(
    plan: &ChannelPlan,
    delivery: &Delivery,
    letterhead: &Letterhead,
    feedback: Option<&str>,
    now: Timestamp,
) -> Result<Frozen, String> {
    let (receiver, id, sequence) = (delivery.receiver.as_str(), &delivery.id, delivery.sequence);
    match &delivery.told {
        Told::Alert { alert, rules, .. } => {
            plan.channel.message(&Telling { alert, rules, receiver, id, sequence, letterhead, feedback, now })
        }
        Told::Notice(notice) => plan.channel.notice(&Announcement { notice, receiver, id, sequence, letterhead, now }),
        Told::Bulletin(bulletin) => plan.channel.bulletin(&Roundup { bulletin, receiver, id, letterhead, now }),
    }
}

/// What was heard at one try over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// A digest of the address.
    pub address: String,
    /// What it says of the endpoint.
    pub heard: endpoint::Heard,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The first kilobyte of the answer.
    pub answer: String,
    /// From the connection to the end of the answer.
    pub took: SignedDuration,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, now or after a pause.
    Waiting,
    /// A sender holds a lease on it.
    Sending,
    /// The receiver has it.
    Done,
    /// No more tries; `outbox retry` begins anew.
    GivenUp,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sending, Self::Done, Self::GivenUp];

    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::GivenUp => "given_up",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What follows from one try.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The receiver has it.
    Done {
        /// Its answer.
        reason: Reason,
    },
    /// Another try.
    Again {
        /// When.
        at: Timestamp,
        /// What happened.
        reason: Reason,
    },
    /// No more tries.
    GivenUp {
        /// What happened.
        reason: Reason,
    },
}

/// How long, and how often, a kind of transport is tried.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause after the first try, the second …; the last one repeats.
    pauses: &'static [SignedDuration],
    /// From the alert's commit to the last try.
    expiry: SignedDuration,
}

impl Pace {
    /// Mail: RFC 5321 §4.5.4.1 asks for at least 30 minutes between tries and 4 to 5 days in all, and allows the first
    /// two to follow sooner.
    pub const MAIL: Self = Self {
        pauses: &[
            SignedDuration::from_secs(30),
            SignedDuration::from_mins(5),
            SignedDuration::from_mins(30),
            SignedDuration::from_hours(1),
            SignedDuration::from_hours(2),
            SignedDuration::from_hours(4),
        ],
        expiry: SignedDuration::from_hours(96),
    };

    /// Webhooks: the example schedule of Standard Webhooks 1.0.0, over three days. All pauses at their longest are
    /// 78.8 hours, so that no delivery loses its last try by its jitter.
    pub const WEBHOOK: Self = Self {
        pauses: &[
            SignedDuration::from_secs(5),
            SignedDuration::from_mins(5),
            SignedDuration::from_mins(30),
            SignedDuration::from_hours(2),
            SignedDuration::from_hours(5),
            SignedDuration::from_hours(10),
            SignedDuration::from_hours(14),
            SignedDuration::from_hours(20),
            SignedDuration::from_hours(20),
        ],
        expiry: SignedDuration::from_hours(80),
    };

    /// The pause behind try number `attempts` (from 1), lengthened by up to a tenth, different for each delivery.
    fn pause(&self, attempts: u32, id: &DeliveryId) -> SignedDuration {
        let index = (attempts.max(1) as usize - 1).min(self.pauses.len() - 1);
        let seed = id.as_str().get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(0);
        let pause = self.pauses[index];
        pause + pause * i32::from(seed % 100) / 1000
    }
}

/// Decides what follows from a try. `delivery.attempts` counts the tries begun before this one.
pub fn decide(delivery: &Delivery, answer: &Answer, pace: &Pace, now: Timestamp) -> Decision {
    let (fault, text, in_doubt) = match answer {
        Answer::Accepted { text } => return Decision::Done { reason: Reason::Accepted { answer: text.clone() } },
        Answer::Failed { fault, text, in_doubt } => (*fault, text, *in_doubt),
    };
    let detail = if in_doubt { format!("{text} (the receiver may have it all the same)") } else { text.clone() };
    let regular = now.saturating_add(pace.pause(delivery.attempts + 1, &delivery.id)).unwrap_or(Timestamp::MAX);
    let at = match fault {
        Fault::Permanent => return Decision::GivenUp { reason: Reason::Rejected { answer: detail } },
        Fault::Throttled { until: Some(until) } => regular.max(until),
        Fault::Throttled { until: None } | Fault::Transient => regular,
    };
    let reason = Reason::NotHandedOver { detail };
    let last = delivery.created_at.saturating_add(pace.expiry).unwrap_or(Timestamp::MAX);
    if at > last {
        return Decision::GivenUp {
            reason: Reason::GaveUp { attempts: delivery.attempts + 1, last: Box::new(reason) },
        };
    }
    Decision::Again { at, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn delivery(attempts: u32) -> Delivery {
        Delivery {
            id: DeliveryId("00ff00ff00ff00ff00ff00ff00ff00ff".into()),
            told: Told::Alert {
                id: AlertId(1),
                alert: Box::new(Alert {
                    story_key: "https://a.example/1".into(),
                    revision: 1,
                    rules: Vec::new(),
                    entities: Vec::new(),
                    excerpts: Vec::new(),
                    title: "Title".into(),
                    url: "https://a.example/1".into(),
                    source: SourceName::new("paper"),
                    site_name: None,
                    byline: None,
                    language: None,
                    published: None,
                    listed_at: at("2026-11-24T12:00:00Z"),
                    judged_at: at("2026-11-24T12:00:00Z"),
                    unread: None,
                    basis: crate::model::Basis::Page,
                    copy_of: None,
                    update: None,
                    earlier: None,
                }),
                rules: Vec::new(),
            },
            channel: ChannelName::new("mail"),
            receiver: "ana@example.org".into(),
            sequence: 1,
            attempts,
            created_at: at("2026-11-24T12:00:00Z"),
            frozen: None,
        }
    }

    fn failed(fault: Fault) -> Answer {
        Answer::Failed { fault, text: "451 try later".into(), in_doubt: false }
    }

    #[test]
    fn a_passing_failure_is_tried_again_with_growing_pauses_until_it_expires() {
        let mut now = at("2026-11-24T12:00:00Z");
        let mut attempts = 0;
        let mut pauses = Vec::new();
        let reason = loop {
            match decide(&delivery(attempts), &failed(Fault::Transient), &Pace::WEBHOOK, now) {
                Decision::Again { at, .. } => {
                    pauses.push(at.duration_since(now));
                    now = at;
                    attempts += 1;
                }
                Decision::GivenUp { reason } => break reason,
                Decision::Done { .. } => panic!("a failure is not done"),
            }
        };
        assert!(pauses.is_sorted(), "{pauses:?}");
        assert!(now.duration_since(at("2026-11-24T12:00:00Z")) > SignedDuration::from_hours(48), "{now}");
        assert_eq!(reason.code(), "gave_up");
    }

    #[test]
    fn a_refusal_for_good_is_not_tried_again() {
        let decision = decide(&delivery(0), &failed(Fault::Permanent), &Pace::MAIL, at("2026-11-24T12:00:00Z"));
        assert_eq!(decision, Decision::GivenUp { reason: Reason::Rejected { answer: "451 try later".into() } });
    }

    #[test]
    fn the_receivers_wish_for_a_pause_is_kept() {
        let until = at("2026-11-25T12:00:00Z");
        let answer = failed(Fault::Throttled { until: Some(until) });
        let Decision::Again { at, .. } = decide(&delivery(0), &answer, &Pace::MAIL, at("2026-11-24T12:00:00Z")) else {
            panic!("it is tried again");
        };
        assert_eq!(at, until);
    }
}
