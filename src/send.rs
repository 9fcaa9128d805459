//! The third decision: (delivery, answer, now) → done, again at, or given up. Pure.

use crate::channel::Frozen;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Reason;
use crate::model::RuleName;
use jiff::Timestamp;

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its identity.
    pub id: DeliveryId,
    /// The alert's row.
    pub alert_id: AlertId,
    /// What is told.
    pub alert: Alert,
    /// Which of the alert's rules.
    pub rules: Vec<RuleName>,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// Tries that were begun before this one.
    pub attempts: u32,
    /// When it was committed.
    pub created_at: Timestamp,
    /// The rendered message, once a first try was begun.
    pub frozen: Option<Frozen>,
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
