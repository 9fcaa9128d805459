use super::KIND;
use super::SignedHeaders;
use super::VerifyError;
use super::verify;
use crate::channel::Answer;
use crate::channel::Built;
use crate::channel::Channel;
use crate::channel::HttpAnswer;
use crate::channel::Letterhead;
use crate::channel::Telling;
use crate::channel::Wire;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::RuleName;
use crate::model::setting::Settings;
use crate::model::setting::Value;
use crate::render::sample;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::sync::Arc;

/// The example that the Standard Webhooks libraries are tested with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECONDS: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const OTHER: &str = "whsec_dGhlLW9sZC1zZWNyZXQtZm9yLXRoZS1tYW51YWw=";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn build(url: &str, secrets: &[(&'static str, &str)]) -> Built {
    let mut settings = Settings::default();
    settings.0.insert("webhook", Value::Text(url.into()));
    for (key, secret) in secrets {
        let value = if *key == "format" { Value::Text((*secret).into()) } else { Value::Secret((*secret).into()) };
        settings.0.insert(key, value);
    }
    (KIND.build)(&settings)
}

fn channel(url: &str) -> Arc<dyn Channel> {
    build(url, &[("secret", SECRET)]).map_err(|complaints| format!("{complaints:?}")).expect("a channel")
}

fn post(channel: &dyn Channel, now: Timestamp) -> (url::Url, Vec<(&'static str, String)>, crate::channel::Frozen) {
    let alert = sample::alert();
    let receivers = channel.receivers();
    let telling = Telling {
        alert: &alert,
        rules: &[RuleName::new("detention")],
        receiver: &receivers[0],
        id: &DeliveryId("0123456789abcdef0123456789abcdef".into()),
        sequence: 7,
        letterhead: &Letterhead::default(),
        feedback: None,
        now,
    };
    let frozen = channel.message(&telling).expect("a message");
    match channel.wire(&receivers[0], &frozen, &Letterhead::default(), now) {
        Wire::Post { url, headers, .. } => (url, headers, frozen),
        Wire::Mail { .. } => panic!("a webhook posts"),
    }
}

fn header<'a>(headers: &'a [(&'static str, String)], name: &str) -> &'a str {
    let mut found = headers.iter().filter(|(key, _)| *key == name);
    let value = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "{name} twice");
    &value.1
}

#[test]
fn signatures_are_those_of_the_published_example() {
    let key = super::key(SECRET).expect("a key");
    assert_eq!(super::signature(&key, ID, SECONDS, BODY), SIGNATURE);
    let headers = SignedHeaders { id: ID, timestamp: "1614265330", signature: SIGNATURE };
    let tolerance = SignedDuration::from_mins(5);
    assert_eq!(verify(SECRET, headers, BODY, at(SECONDS + 300), tolerance), Ok(()));
}

#[test]
fn a_call_that_was_touched_is_not_believed() {
    let tolerance = SignedDuration::from_mins(5);
    let good = SignedHeaders { id: ID, timestamp: "1614265330", signature: SIGNATURE };
    let now = at(SECONDS);
    for (secret, headers, body, now, error) in [
        (SECRET, good, &b"{\"test\": 2432232315}"[..], now, VerifyError::Signature),
        (SECRET, SignedHeaders { id: "msg_other", ..good }, BODY, now, VerifyError::Signature),
        (SECRET, SignedHeaders { timestamp: "1614265331", ..good }, BODY, now, VerifyError::Signature),
        (SECRET, SignedHeaders { signature: "", ..good }, BODY, now, VerifyError::Signature),
        (SECRET, SignedHeaders { signature: "v1,", ..good }, BODY, now, VerifyError::Signature),
        (
            SECRET,
            SignedHeaders { signature: "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..good },
            BODY,
            now,
            VerifyError::Signature,
        ),
        (OTHER, good, BODY, now, VerifyError::Signature),
        ("whsec_short", good, BODY, now, VerifyError::Secret),
        (SECRET, SignedHeaders { timestamp: "yesterday", ..good }, BODY, now, VerifyError::Timestamp),
        (SECRET, SignedHeaders { timestamp: "-9223372036854775808", ..good }, BODY, now, VerifyError::TooFar),
        (SECRET, good, BODY, at(SECONDS + 301), VerifyError::TooFar),
        (SECRET, good, BODY, at(SECONDS - 301), VerifyError::TooFar),
    ] {
        assert_eq!(verify(secret, headers, body, now, tolerance), Err(error), "{headers:?}");
    }
    let several = format!("v1a,AAAA v1,AAAA {SIGNATURE}");
    assert_eq!(verify(SECRET, SignedHeaders { signature: &several, ..good }, BODY, now, tolerance), Ok(()));
}

#[test]
fn each_try_signs_the_same_bytes_under_the_same_id_with_its_own_time() {
    let channel = channel("https://desk.example.org/atalaya");
    let (_, first, frozen) = post(&*channel, at(1_000_000));
    let (url, second, again) = post(&*channel, at(1_000_600));
    assert_eq!(frozen, again);
    assert_eq!(frozen.id, "msg_0123456789abcdef0123456789abcdef");
    assert_eq!(url.as_str(), "https://desk.example.org/atalaya");
    assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
    assert_eq!(header(&second, "webhook-timestamp"), "1000600");
    assert_ne!(header(&first, "webhook-signature"), header(&second, "webhook-signature"));
    assert_eq!(header(&second, "content-type"), "application/json");
    assert!(header(&second, "user-agent").starts_with("Atalaya/"));
    let headers = SignedHeaders {
        id: header(&second, "webhook-id"),
        timestamp: header(&second, "webhook-timestamp"),
        signature: header(&second, "webhook-signature"),
    };
    assert_eq!(verify(SECRET, headers, &frozen.bytes, at(1_000_700), SignedDuration::from_mins(5)), Ok(()));
}

#[test]
fn while_the_secret_changes_both_receivers_believe_it() {
    let secrets = [("secret", SECRET), ("previous_secret", OTHER)];
    let channel = build("https://desk.example.org/", &secrets).map_err(|_| ()).expect("a channel");
    let (_, headers, frozen) = post(&*channel, at(1_000_000));
    let signature = header(&headers, "webhook-signature");
    assert_eq!(signature.split(' ').count(), 2);
    for secret in [SECRET, OTHER] {
        let headers = SignedHeaders { id: &frozen.id, timestamp: "1000000", signature };
        assert_eq!(verify(secret, headers, &frozen.bytes, at(1_000_000), SignedDuration::ZERO), Ok(()));
    }
}

#[test]
fn nothing_secret_of_an_address_is_shown() {
    for (url, shown) in [
        ("https://desk.example.org/atalaya", "https://desk.example.org/atalaya"),
        ("https://desk.example.org", "https://desk.example.org/"),
        ("http://127.0.0.1:9000/alerts?token=abc", "http://127.0.0.1:9000/alerts"),
        ("https://ana:pass@desk.example.org/in", "https://desk.example.org/in"),
        (
            "https://hooks.example.org/services/T0001/B0002/abcdefghijklmnopqrstuvwx",
            "https://hooks.example.org/services/…",
        ),
        ("https://hooks.example.org/abcdefghijklmnopqrstuvwx", "https://hooks.example.org/…"),
        ("https://hooks.example.org/a/bcdefghijk/lmnopqrstu/vwxyzabcde/fghijk", "https://hooks.example.org/a/…"),
    ] {
        assert_eq!(channel(url).receivers(), [shown], "{url}");
    }
}

#[test]
fn a_name_and_password_in_the_address_become_a_header() {
    let (url, headers, _) = post(&*channel("https://ana:p%40ss@desk.example.org/in?a=1"), at(0));
    assert_eq!(url.as_str(), "https://desk.example.org/in?a=1");
    assert_eq!(header(&headers, "authorization"), format!("Basic {}", STANDARD.encode("ana:p@ss")));
}

#[test]
fn what_cannot_work_is_refused_with_a_remedy() {
    let good = [("secret", SECRET)];
    for (url, secrets, key, says) in [
        ("desk.example.org/in", &good[..], "webhook", "is not an address"),
        ("ftp://desk.example.org/", &good, "webhook", "not a web address"),
        ("http://desk.example.org/in", &good, "webhook", "open internet"),
        ("http://8.8.8.8/in", &good, "webhook", "open internet"),
        ("http://[2001:db8::1]/in", &good, "webhook", "open internet"),
        ("http://[::ffff:8.8.8.8]/in", &good, "webhook", "open internet"),
        ("https://desk.example.org/in#x", &good, "webhook", "`#`"),
        ("https://desk.example.org/", &[("secret", "hunter2")], "secret", "does not begin"),
        ("https://desk.example.org/", &[("secret", "whsec_***")], "secret", "not base64"),
        ("https://desk.example.org/", &[("secret", "whsec_c2hvcnQ=")], "secret", "5 bytes"),
        (
            "https://desk.example.org/",
            &[("secret", SECRET), ("previous_secret", "x")],
            "previous_secret",
            "does not begin",
        ),
    ] {
        let complaints = build(url, secrets).err().unwrap_or_else(|| panic!("{url} was taken"));
        assert_eq!(complaints.len(), 1, "{url}");
        assert_eq!(complaints[0].key, key);
        assert!(complaints[0].message.contains(says), "{}", complaints[0].message);
        assert!(!complaints[0].help.is_empty());
        assert!(!complaints[0].message.contains("hunter2"), "a secret is not repeated");
    }
    assert_eq!(build("ftp://x/", &[("secret", "x")]).err().map(|complaints| complaints.len()), Some(2), "all at once");
    for inside in [
        "http://localhost:1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.2.3.4/",
        "http://desk.internal/",
        "http://desk/",
    ] {
        assert!(build(inside, &good).is_ok(), "{inside}");
    }
}

#[test]
fn answers_mean_what_the_manual_says() {
    let channel = channel("https://desk.example.org/in");
    let now = at(1_000_000);
    let transient = Fault::Transient;
    let until = |seconds: i64| Fault::Throttled { until: Some(at(1_000_000 + seconds)) };
    let table = [
        (301, None, transient, false),
        (400, None, transient, false),
        (401, None, transient, false),
        (404, None, transient, false),
        (410, None, Fault::Permanent, false),
        (429, None, Fault::Throttled { until: None }, false),
        (429, Some("120"), until(120), false),
        (429, Some("0"), Fault::Throttled { until: None }, false),
        (503, None, transient, false),
        (503, Some("120"), until(120), false),
        (503, Some("999999999999999999999999"), until(48 * 3600), false),
        (503, Some("Mon, 12 Jan 1970 14:46:40 GMT"), until(3600), false),
        (503, Some("Mon, 12 Jan 1970 12:46:40 GMT"), transient, false),
        (503, Some("soon"), transient, false),
        (502, None, transient, true),
        (504, Some("5"), until(5), true),
        (500, None, transient, false),
    ];
    for (status, retry_after, fault, in_doubt) in table {
        let answer = HttpAnswer { status, retry_after: retry_after.map(Into::into), body: "no\nway".into() };
        match channel.answer(&answer, now) {
            Answer::Failed { fault: got, text, in_doubt: doubt } => {
                assert_eq!((got, doubt), (fault, in_doubt), "{status} {retry_after:?}");
                assert!(text.contains(&status.to_string()), "{text}");
            }
            Answer::Accepted { .. } => panic!("{status} is no success"),
        }
    }
    for status in [200, 202, 204, 299] {
        let answer = HttpAnswer { status, retry_after: None, body: String::new() };
        assert_eq!(channel.answer(&answer, now), Answer::Accepted { text: format!("answered {status}") });
    }
}

#[test]
fn a_cloud_event_is_signed_as_it_is_sent() {
    let channel = build("https://desk.example.org/", &[("secret", SECRET), ("format", "cloudevents")]);
    let channel = channel.map_err(|complaints| format!("{complaints:?}")).expect("a channel");
    let (_, headers, frozen) = post(&*channel, at(SECONDS));
    assert_eq!(header(&headers, "content-type"), "application/cloudevents+json");
    let signed = SignedHeaders {
        id: header(&headers, "webhook-id"),
        timestamp: header(&headers, "webhook-timestamp"),
        signature: header(&headers, "webhook-signature"),
    };
    assert_eq!(verify(SECRET, signed, &frozen.bytes, at(SECONDS), SignedDuration::from_mins(5)), Ok(()));
    let event: serde_json::Value = serde_json::from_slice(&frozen.bytes).expect("JSON");
    assert_eq!((&event["id"], &event["sequence"]), (&frozen.id.as_str().into(), &"7".into()));
}

#[test]
fn only_the_token_opens() {
    let token = "a-token-that-the-tests-invented";
    let with = build("https://desk.example.org/", &[("secret", SECRET), ("pull_token", token)]);
    let with = with.map_err(|complaints| format!("{complaints:?}")).expect("a channel");
    assert!(with.opens(token));
    for wrong in ["", "a", "a-token-that-the-tests-inventeD", "a-token-that-the-tests-invented "] {
        assert!(!with.opens(wrong), "{wrong}");
    }
    assert!(!channel("https://desk.example.org/").opens(""), "without a token nothing opens");
}

#[test]
fn a_wrong_format_token_or_key_is_said() {
    for (key, value, expected) in [
        ("format", "xml", "no format"),
        ("pull_token", "too short", "24 to 512"),
        ("pull_token", "long enough but with a space in it", "24 to 512"),
        ("signing_key", "whsk_AAAA", "3 bytes"),
    ] {
        let complaints =
            build("https://desk.example.org/", &[("secret", SECRET), (key, value)]).err().expect("refused");
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].key == key && complaints[0].message.contains(expected), "{complaints:?}");
    }
}
