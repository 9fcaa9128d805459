//! The second decision: (item, reply, rules, subscriptions, look-alikes, now) → article, verdicts, story, alerts and
//! deliveries, or another try, or an honest "could not read". Pure.

use crate::model::Alert;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::Judgement;
use crate::model::Outcome;
use crate::model::Reason;
use crate::model::RuleName;
use crate::story::Fingerprint;
use crate::story::Relation;
use jiff::Timestamp;

/// What the world answered to the reading of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The page was read.
    Article {
        /// What it says.
        article: Box<Article>,
        /// The address that answered, after redirects.
        url: String,
    },
    /// It was not.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// All that one reading changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The item was judged.
    Judged(Box<Judged>),
    /// The page is asked for again later.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed this time.
        reason: Reason,
    },
    /// All tries are used up. If the feed's own text satisfies a rule, people are told all the same: `judged` then
    /// holds that text as the article, and only its positive verdicts.
    Unreadable {
        /// Why.
        reason: Reason,
        /// What the feed's own text was enough for.
        judged: Option<Box<Judged>>,
    },
}

/// An article with everything that follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What was read.
    pub article: Article,
    /// The address that answered, after redirects.
    pub final_url: String,
    /// How later copies find it.
    pub fingerprint: Fingerprint,
    /// The story that it belongs to.
    pub relation: Relation,
    /// One verdict per rule.
    pub judgement: Judgement,
    /// One per rule that matched.
    pub outcomes: Vec<Outcome>,
    /// At most one at present: all rules of the item that are told now.
    pub alert: Option<NewAlert>,
}

/// An alert to be written together with its deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAlert {
    /// What is told.
    pub alert: Alert,
    /// Who is told.
    pub deliveries: Vec<NewDelivery>,
}

/// One alert to one receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// Its identity, made by `route::delivery_id`.
    pub id: DeliveryId,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver, one of the channel's.
    pub receiver: String,
    /// The rules that this receiver subscribed to.
    pub rules: Vec<RuleName>,
}
