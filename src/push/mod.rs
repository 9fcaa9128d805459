//! WebSub: (what is known of a subscription, what a hub says, now) → its next state. Pure.
//!
//! A push is a nudge with a signature: what a hub delivers only makes the source due, and the ordinary poll reads it.
//! So a hub can neither slip in entries nor keep any back, and polling goes on slowly all the same.
//! Source of the rules: W3C WebSub, 23 January 2018; sections are named where they are used.

use crate::model::SourceName;
use aws_lc_rs::hmac;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use url::form_urlencoded;

mod find;

pub use find::Hub;
pub use find::find;

/// The lease that is asked for. Hubs grant what they like.
const LEASE: SignedDuration = SignedDuration::from_hours(24 * 10);

/// How long a hub may take to verify before it is asked again.
const VERIFICATION: SignedDuration = SignedDuration::from_hours(1);

/// The longest pause after a hub refused or did not answer.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// The shortest lease that is honoured: a hub that grants a minute would be asked all day.
const SHORTEST_LEASE: SignedDuration = SignedDuration::from_mins(5);

/// One subscription at a hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The source that is made due.
    pub source: SourceName,
    /// Where it is subscribed.
    pub hub: String,
    /// What is subscribed to: the feed's own name for itself.
    pub topic: String,
    /// The last part of the callback's path: nobody can guess it.
    pub token: String,
    /// Signs what the hub delivers.
    pub secret: String,
    /// Where it stands.
    pub stage: Stage,
    /// When the hub is to be asked (again).
    pub next_at: Timestamp,
    /// Until when the hub delivers.
    pub lease_end: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u32,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The hub is to be asked.
    Wanted,
    /// It was asked and has not verified yet.
    Asked,
    /// It verified: it delivers.
    Active,
    /// It denied (§5.2). Asked again after a day.
    Denied,
}

/// The subscription that is to be kept when a feed names `hub`. `None` when the one that is `known` is the same.
/// `chance` makes token and secret.
pub fn wanted(known: Option<&Push>, source: &SourceName, hub: &Hub, chance: &[u8; 48], now: Timestamp) -> Option<Push> {
    if known.is_some_and(|known| known.hub == hub.hub && known.topic == hub.topic) {
        return None;
    }
    let digits = |bytes: &[u8]| crate::story::hexadecimal(bytes, 20);
    Some(Push {
        source: source.clone(),
        hub: hub.hub.clone(),
        topic: hub.topic.clone(),
        token: digits(&chance[..24]),
        secret: digits(&chance[24..]),
        stage: Stage::Wanted,
        next_at: now,
        lease_end: None,
        failures: 0,
    })
}

impl Push {
    /// The form that asks the hub (§5.1). `callback` is the public address of our web server without a path.
    pub fn request(&self, callback: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.callback", &format!("{}/websub/{}", callback.trim_end_matches('/'), self.token))
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", &self.topic)
            .append_pair("hub.lease_seconds", &LEASE.as_secs().to_string())
            .append_pair("hub.secret", &self.secret)
            .finish()
    }

    /// The state in which the request goes out: a hub may verify before it answers.
    pub fn asking(&self) -> Self {
        let stage = if self.stage == Stage::Active { Stage::Active } else { Stage::Asked };
        Self { stage, ..self.clone() }
    }

    /// What follows from the hub's answer to the request: any 2xx is a promise to verify (§5.1). `self` is the state
    /// behind the answer, which the hub may have verified already.
    pub fn answered(&self, status: Option<u16>, now: Timestamp) -> Self {
        let accepted = status.is_some_and(|status| (200..300).contains(&status));
        // A subscription that is active stays so while it is renewed.
        let stage = match self.stage {
            Stage::Active if self.is_active(now) => Stage::Active,
            _ if accepted => Stage::Asked,
            stage => stage,
        };
        let failures = if accepted { 0 } else { self.failures.saturating_add(1) };
        let next_at = match (accepted, stage) {
            // Verified in the meantime: renewed when that lease wants it.
            (true, Stage::Active) => self.next_at.max(later(now, VERIFICATION)),
            (true, _) => later(now, VERIFICATION),
            (false, _) => later(now, pause(failures)),
        };
        Self { stage, failures, next_at, ..self.clone() }
    }

    /// Whether the hub delivers now, so that polling may be slow.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.stage == Stage::Active && self.lease_end.is_none_or(|end| now < end)
    }
}

/// What our callback answers to a hub's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// 200 with this text; the subscription becomes this.
    Echo {
        /// The challenge.
        challenge: String,
        /// The new state.
        push: Box<Push>,
    },
    /// 200; the hub denied, and the subscription becomes this.
    Denied {
        /// The new state.
        push: Box<Push>,
    },
    /// 404: we asked for nothing of the kind (§5.3).
    NotFound,
}

/// Verification of intent (§5.3): the hub asks whether it was really us. `query` is the query of its request.
pub fn confirm(push: &Push, query: &str, now: Timestamp) -> Confirmation {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    if value("hub.topic").as_deref() != Some(&push.topic) {
        return Confirmation::NotFound;
    }
    match value("hub.mode").as_deref() {
        Some("denied") => {
            let push =
                Push { stage: Stage::Denied, lease_end: None, next_at: later(now, LONGEST_PAUSE), ..push.clone() };
            Confirmation::Denied { push: Box::new(push) }
        }
        Some("subscribe") => {
            let (Some(challenge), true) = (value("hub.challenge"), push.stage != Stage::Wanted) else {
                return Confirmation::NotFound;
            };
            let granted =
                value("hub.lease_seconds").and_then(|seconds| seconds.parse().ok()).map(SignedDuration::from_secs);
            let lease = granted.unwrap_or(LEASE).clamp(SHORTEST_LEASE, SignedDuration::from_hours(24 * 365));
            let push = Push {
                stage: Stage::Active,
                lease_end: Some(later(now, lease)),
                // Renewed when four fifths are over: a hub that is away for a while is found again in time.
                next_at: later(now, lease * 4 / 5),
                failures: 0,
                ..push.clone()
            };
            Confirmation::Echo { challenge, push: Box::new(push) }
        }
        // We never unsubscribe: a hub that says so was asked by somebody else.
        _ => Confirmation::NotFound,
    }
}

/// What our callback does with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// 2xx, and the source is due.
    Taken,
    /// 2xx, and nothing: a wrong signature must not tell its maker that it is wrong (§7.1.2).
    Ignored,
    /// 403: a hub that was given a secret signs.
    Refused,
}

/// Judges a delivery (§7.1) by its `X-Hub-Signature` header, in constant time.
pub fn delivered(push: &Push, signature: Option<&str>, body: &[u8]) -> Delivered {
    let Some((method, digest)) = signature.and_then(|signature| signature.trim().split_once('=')) else {
        return Delivered::Refused;
    };
    let algorithm = match method {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Delivered::Ignored,
    };
    let Some(tag) = bytes(digest) else { return Delivered::Ignored };
    let key = hmac::Key::new(algorithm, push.secret.as_bytes());
    if hmac::verify(&key, body, &tag).is_ok() { Delivered::Taken } else { Delivered::Ignored }
}

/// Bytes of their hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

fn pause(failures: u32) -> SignedDuration {
    (SignedDuration::from_mins(5) * (1 << failures.saturating_sub(1).min(10))).min(LONGEST_PAUSE)
}

fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn hub() -> Hub {
        Hub { hub: "https://hub.example/".into(), topic: "https://paper.example/feed".into() }
    }

    fn push(stage: Stage) -> Push {
        let chance = std::array::from_fn(|index| u8::try_from(index).expect("48 bytes"));
        let push = wanted(None, &SourceName::new("paper"), &hub(), &chance, at(NOW)).expect("none is known");
        Push { stage, ..push }
    }

    fn question(mode: &str, topic: &str) -> String {
        format!("hub.mode={mode}&hub.topic={topic}&hub.challenge=c%20h&hub.lease_seconds=1000")
    }

    #[test]
    fn a_known_subscription_is_kept_and_another_hub_or_topic_gets_a_new_token() {
        let known = push(Stage::Active);
        assert_eq!(wanted(Some(&known), &known.source, &hub(), &[8; 48], at(NOW)), None);
        let other = Hub { topic: "https://paper.example/new".into(), ..hub() };
        let new = wanted(
            Some(&known),
            &known.source,
            &other,
            &std::array::from_fn(|index| u8::try_from(200 - index).expect("a byte")),
            at(NOW),
        )
        .expect("the topic is another");
        assert_ne!(new.token, known.token);
        assert_ne!(new.secret, new.token);
        assert_eq!(new.token.len(), 40);
    }

    #[test]
    fn the_challenge_of_the_right_topic_is_echoed_and_the_lease_is_renewed_before_it_ends() {
        let asked = push(Stage::Wanted).answered(Some(202), at(NOW));
        assert_eq!(asked.stage, Stage::Asked);
        let topic = "https%3A%2F%2Fpaper.example%2Ffeed";
        let Confirmation::Echo { challenge, push } = confirm(&asked, &question("subscribe", topic), at(NOW)) else {
            panic!("it is confirmed");
        };
        assert_eq!(challenge, "c h");
        assert!(push.is_active(at(NOW)));
        let end = push.lease_end.expect("a lease");
        assert_eq!(end, at("2026-11-24T12:16:40Z"));
        assert!(push.next_at < end);
        assert!(!push.is_active(end), "behind its end polling is quick again");
    }

    #[test]
    fn a_wrong_topic_and_a_question_that_we_did_not_cause_are_not_found() {
        let topic = "https%3A%2F%2Fpaper.example%2Ffeed";
        for (push, query) in [
            (push(Stage::Asked), question("subscribe", "https%3A%2F%2Felse.example%2F")),
            (push(Stage::Asked), question("unsubscribe", topic)),
            (push(Stage::Wanted), question("subscribe", topic)),
            (push(Stage::Asked), String::new()),
        ] {
            assert_eq!(confirm(&push, &query, at(NOW)), Confirmation::NotFound, "{query}");
        }
    }

    #[test]
    fn a_denial_is_kept_and_asked_about_again_a_day_later() {
        let query = "hub.mode=denied&hub.topic=https%3A%2F%2Fpaper.example%2Ffeed&hub.reason=no";
        let Confirmation::Denied { push } = confirm(&push(Stage::Active), query, at(NOW)) else {
            panic!("it is denied")
        };
        assert!(!push.is_active(at(NOW)));
        assert_eq!(push.next_at, at("2026-11-25T12:00:00Z"));
    }

    #[test]
    fn only_a_right_signature_makes_the_source_due() {
        let push = push(Stage::Active);
        let sign = |algorithm, secret: &str| {
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), b"body");
            tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let good = sign(hmac::HMAC_SHA256, &push.secret);
        for (signature, expected) in [
            (Some(format!("sha256={good}")), Delivered::Taken),
            (Some(format!("sha1={}", sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &push.secret))), Delivered::Taken),
            (Some(format!("sha256={}", sign(hmac::HMAC_SHA256, "guessed"))), Delivered::Ignored),
            (Some(format!("sha512={good}")), Delivered::Ignored),
            (Some("sha256=zz".into()), Delivered::Ignored),
            (Some("sha256=é".into()), Delivered::Ignored),
            (Some("md5=00".into()), Delivered::Ignored),
            (Some(String::new()), Delivered::Refused),
            (None, Delivered::Refused),
        ] {
            assert_eq!(delivered(&push, signature.as_deref(), b"body"), expected, "{signature:?}");
        }
        assert_eq!(delivered(&push, Some(&format!("sha256={good}")), b"other"), Delivered::Ignored);
    }

    #[test]
    fn a_hub_that_fails_is_asked_again_with_growing_pauses_and_an_active_one_stays_active() {
        let mut push = push(Stage::Wanted);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            push = push.answered(None, at(NOW));
            pauses.push(push.next_at.duration_since(at(NOW)));
        }
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
        let active = Push { stage: Stage::Active, lease_end: Some(at("2026-11-25T00:00:00Z")), ..push };
        assert!(active.answered(Some(500), at(NOW)).is_active(at(NOW)));
    }

    #[test]
    fn the_request_names_callback_topic_and_secret() {
        let push = push(Stage::Wanted);
        let form = push.request("https://tower.example/");
        assert!(form.starts_with(&format!("hub.callback=https%3A%2F%2Ftower.example%2Fwebsub%2F{}&", push.token)));
        assert!(form.contains("hub.topic=https%3A%2F%2Fpaper.example%2Ffeed"));
        assert!(form.contains(&format!("hub.secret={}", push.secret)));
    }
}
