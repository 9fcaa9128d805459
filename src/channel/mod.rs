//! Channel kinds: alert → message, answer → fault. A kind is one file and two lines here: `mod` and [`KINDS`].

use crate::model::Alert;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::Notice;
use crate::model::RuleName;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use jiff::Timestamp;
use std::sync::Arc;
use url::Url;

pub mod alertmanager;
mod chat;
pub mod discord;
pub mod email;
pub mod matrix;
pub mod mattermost;
pub mod ntfy;
pub mod pagerduty;
pub mod slack;
pub mod teams;
pub mod telegram;
pub mod template;
pub mod webhook;

/// Every kind of channel. The kind's name is the key that chooses it: `[channel.NAME]` with `email = "…"`.
pub static KINDS: &[&Kind] = &[
    &email::KIND,
    &webhook::KIND,
    &slack::KIND,
    &discord::KIND,
    &teams::KIND,
    &mattermost::KIND,
    &matrix::KIND,
    &ntfy::KIND,
    &telegram::KIND,
    &pagerduty::KIND,
    &alertmanager::KIND,
    &template::KIND,
];

/// One kind of channel.
pub struct Kind {
    /// The key that chooses it and names its receivers.
    pub name: &'static str,
    /// One or two sentences for the manual.
    pub doc: &'static str,
    /// What its table takes, the key `name` first.
    pub keys: &'static [Key],
    /// Whole `[channel.NAME]` tables; a test loads each.
    pub examples: &'static [&'static str],
    /// Whether it needs the `[mail]` table.
    pub needs_mail: bool,
    /// Builds a channel from a table whose types were checked.
    pub build: fn(&Settings) -> Built,
}

/// A channel, or all that is wrong with its table.
pub type Built = Result<Arc<dyn Channel>, Vec<Complaint>>;

/// One configured channel. Pure: it says what is to be sent and what an answer means; `deliver` does the sending.
pub trait Channel: Send + Sync {
    /// One delivery is made for each: a mail address; for a webhook its address without anything secret.
    fn receivers(&self) -> Vec<String>;
    /// Renders once; the result is stored and every try sends the same bytes.
    ///
    /// # Errors
    /// What could not be rendered, for the operator.
    fn message(&self, telling: &Telling<'_>) -> Result<Frozen, String>;
    /// [`Channel::message`] for operators.
    ///
    /// # Errors
    /// What could not be rendered, for the operator.
    fn notice(&self, announcement: &Announcement<'_>) -> Result<Frozen, String>;
    /// [`Channel::message`] for many alerts at once. A kind that says nothing of it cannot carry any, and a delivery says
    /// so.
    ///
    /// # Errors
    /// What could not be rendered, for the operator.
    fn bulletin(&self, roundup: &Roundup<'_>) -> Result<Frozen, String> {
        Err(format!("this kind of channel carries no digests ({} alerts)", roundup.bulletin.alerts()))
    }
    /// What goes over the wire now: the frozen bytes and what is renewed at each try.
    fn wire(&self, receiver: &str, frozen: &Frozen, letterhead: &Letterhead, now: Timestamp) -> Wire;
    /// What an answer over HTTP means; never asked by channels that send mail.
    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer;
    /// Whether an answer says that the endpoint wants no more calls at all.
    fn gone(&self, answer: &HttpAnswer) -> bool {
        answer.status == 410
    }
    /// A message that tells nothing but that messages arrive.
    ///
    /// # Errors
    /// When the kind has none, or it could not be rendered.
    fn test(&self, _test: &Test<'_>) -> Result<Frozen, String> {
        Err("this kind of channel has no test message".into())
    }
    /// Whether whoever shows this token may fetch what the channel was told. Takes the same time for every token of a
    /// length.
    fn opens(&self, _token: &str) -> bool {
        false
    }
}

/// Everything that a test message is made of.
#[derive(Clone, Copy)]
pub struct Test<'a> {
    /// The channel.
    pub channel: &'a ChannelName,
    /// The message's identity.
    pub id: &'a str,
    /// Who tells it.
    pub letterhead: &'a Letterhead,
    /// The time of rendering.
    pub now: Timestamp,
}

/// Everything that a message is made of.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// What is told.
    pub alert: &'a Alert,
    /// Which of the alert's rules this receiver subscribed to.
    pub rules: &'a [RuleName],
    /// Who is told, one of [`Channel::receivers`].
    pub receiver: &'a str,
    /// The identity of message and delivery.
    pub id: &'a DeliveryId,
    /// The delivery's number among all of its channel, from 1 and without gaps.
    pub sequence: u64,
    /// Who tells it.
    pub letterhead: &'a Letterhead,
    /// Where the receiver says that it was not relevant, if there is such a place.
    pub feedback: Option<&'a str>,
    /// The time of rendering.
    pub now: Timestamp,
}

/// Everything that a message to operators is made of.
#[derive(Clone, Copy)]
pub struct Announcement<'a> {
    /// What is told.
    pub notice: &'a Notice,
    /// Who is told, one of [`Channel::receivers`].
    pub receiver: &'a str,
    /// The identity of message and delivery.
    pub id: &'a DeliveryId,
    /// The delivery's number among all of its channel, from 1 and without gaps.
    pub sequence: u64,
    /// Who tells it.
    pub letterhead: &'a Letterhead,
    /// The time of rendering.
    pub now: Timestamp,
}

/// Everything that a message about many alerts is made of.
#[derive(Clone, Copy)]
pub struct Roundup<'a> {
    /// What is told.
    pub bulletin: &'a Bulletin,
    /// Who is told, one of [`Channel::receivers`].
    pub receiver: &'a str,
    /// The identity of message and delivery.
    pub id: &'a DeliveryId,
    /// Who tells it.
    pub letterhead: &'a Letterhead,
    /// The time of rendering.
    pub now: Timestamp,
}

/// Who sends: from the `[mail]` table, or a neutral one where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letterhead {
    /// The From header, such as `Atalaya <alerts@example.org>`.
    pub from: String,
    /// The envelope sender's address.
    pub envelope_from: String,
    /// The domain of Message-IDs.
    pub domain: String,
}

impl Default for Letterhead {
    fn default() -> Self {
        Self {
            from: "Atalaya <atalaya@localhost>".into(),
            envelope_from: "atalaya@localhost".into(),
            domain: "localhost".into(),
        }
    }
}

/// A rendered message: the same bytes at every try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The Message-ID with its angle brackets, or the webhook-id.
    pub id: String,
    /// The whole mail (headers and body, CRLF), or the webhook's body.
    pub bytes: Vec<u8>,
}

/// What goes over the wire at one try.
#[derive(Clone, Debug, PartialEq)]
pub enum Wire {
    /// Over SMTP, one envelope for one receiver.
    Mail {
        /// The envelope sender.
        from: String,
        /// The one recipient.
        to: String,
    },
    /// Over HTTP. `headers` hold signatures: they never go into a log.
    Post {
        /// How.
        method: Method,
        /// Where to; may hold a secret.
        url: Url,
        /// Name and value.
        headers: Vec<(&'static str, String)>,
    },
}

/// How a message goes over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// As nearly all take it.
    #[default]
    Post,
    /// For an address that is the message's own: a second call changes nothing.
    Put,
}

/// An HTTP answer, as far as a channel judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The Retry-After header.
    pub retry_after: Option<String>,
    /// The first kilobyte of the body, as text.
    pub body: String,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The receiver has it.
    Accepted {
        /// What the receiver said.
        text: String,
    },
    /// It has not, or nobody knows.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened, without anything secret.
        text: String,
        /// True when the receiver may have it all the same: the connection broke behind the last byte.
        in_doubt: bool,
    },
}

/// One `[channel.NAME]` of the configuration, checked.
#[derive(Clone)]
pub struct ChannelPlan {
    /// Its name.
    pub name: ChannelName,
    /// Its kind's name.
    pub kind: &'static str,
    /// What it says and understands.
    pub channel: Arc<dyn Channel>,
}
