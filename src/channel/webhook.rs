//! `webhook`: alerts to programs, by Standard Webhooks 1.0.0 (`docs/webhook.md` is the receiver's page).
//!
//! The body is rendered once; each try signs it anew with its own timestamp. A redirect is never followed.

use super::Announcement;
use super::Answer;
use super::Built;
use super::Channel;
use super::Frozen;
use super::HttpAnswer;
use super::Kind;
use super::Letterhead;
use super::Method;
use super::Roundup;
use super::Telling;
use super::Test;
use super::Wire;
use crate::model::Fault;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::render::digest as bulletin;
use crate::render::line::clean;
use crate::render::notice;
use crate::render::payload;
use crate::schedule::retry_after;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use std::sync::Arc;
use url::Host;
use url::Url;

pub mod asymmetric;

/// The kind.
pub static KIND: Kind = Kind {
    name: "webhook",
    doc: "Posts each alert as JSON to an address, signed by Standard Webhooks 1.0.0.",
    keys: &[
        Key {
            name: "webhook",
            takes: Takes::Text,
            required: true,
            doc: "Where to post: an `https` address; `http` only inside a private network.",
        },
        Key {
            name: "secret",
            takes: Takes::Secret,
            required: true,
            doc: "The key that signs, shared with the receiver: `whsec_` and 24 to 64 bytes in base64.",
        },
        Key {
            name: "previous_secret",
            takes: Takes::Secret,
            required: false,
            doc: "The key before the last change: while it is given, both signatures are sent.",
        },
        Key {
            name: "signing_key",
            takes: Takes::Secret,
            required: false,
            doc: "A private Ed25519 key, `whsk_…`: each call is signed with it, too (`v1a`), for receivers that hold only the public one. `atalaya webhook keys` makes a pair.",
        },
        Key {
            name: "format",
            takes: Takes::Text,
            required: false,
            doc: "`standard`, which is the default, or `cloudevents`: the same data as CloudEvents 1.0, structured.",
        },
        Key {
            name: "pull_token",
            takes: Takes::Secret,
            required: false,
            doc: "With it the receiver may fetch what it missed from `/v1/events`, where `[web]` listens: 24 characters or more.",
        },
    ],
    examples: &[
        "[channel.desk]\nwebhook = \"https://desk.example.org/atalaya\"\nsecret = \"whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs\"\n",
        "[channel.archive]\nwebhook = \"http://127.0.0.1:9000/alerts\"\nsecret = \"whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs\"\n\
         previous_secret = \"whsec_dGhlLW9sZC1zZWNyZXQtZm9yLXRoZS1tYW51YWw=\"\nformat = \"cloudevents\"\n\
         pull_token = \"invented-token-for-the-manual\"\n",
    ],
    needs_mail: false,
    build,
};

/// The shortest token that fetches: what nobody guesses.
const SHORTEST_TOKEN: usize = 24;

struct Webhook {
    /// Without userinfo.
    url: Url,
    /// What the userinfo asked for.
    authorization: Option<SecretString>,
    /// What people and the store see of the address.
    shown: String,
    /// The current key first.
    keys: Vec<hmac::Key>,
    /// For `v1a`.
    pair: Option<asymmetric::Pair>,
    format: Format,
    /// The SHA-256 of the token that fetches.
    pull: Option<Vec<u8>>,
}

/// How the body is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// As Standard Webhooks advises.
    Standard,
    /// As CloudEvents 1.0 has it, structured.
    CloudEvents,
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Self::Standard => "application/json",
            Self::CloudEvents => "application/cloudevents+json",
        }
    }
}

impl Webhook {
    fn frozen(&self, id: String, body: Vec<u8>, letterhead: &Letterhead) -> Result<Frozen, String> {
        let bytes = match self.format {
            Format::Standard => body,
            Format::CloudEvents => {
                payload::cloud_event(&body, &id, &letterhead.domain).map_err(|error| error.to_string())?
            }
        };
        Ok(Frozen { id, bytes })
    }
}

impl Channel for Webhook {
    fn receivers(&self) -> Vec<String> {
        vec![self.shown.clone()]
    }

    fn message(&self, telling: &Telling<'_>) -> Result<Frozen, String> {
        let body = payload::json(telling.alert, telling.rules, telling.sequence, telling.feedback)
            .map_err(|error| error.to_string())?;
        self.frozen(format!("msg_{}", telling.id), body, telling.letterhead)
    }

    fn notice(&self, announcement: &Announcement<'_>) -> Result<Frozen, String> {
        let body = notice::json(announcement.notice, announcement.sequence).map_err(|error| error.to_string())?;
        self.frozen(format!("msg_{}", announcement.id), body, announcement.letterhead)
    }

    fn bulletin(&self, roundup: &Roundup<'_>) -> Result<Frozen, String> {
        let body = bulletin::payload::json(roundup.bulletin).map_err(|error| error.to_string())?;
        self.frozen(format!("msg_{}", roundup.id), body, roundup.letterhead)
    }

    fn wire(&self, _receiver: &str, frozen: &Frozen, _letterhead: &Letterhead, now: Timestamp) -> Wire {
        let seconds = now.as_second();
        let asymmetric = self.pair.iter().map(|pair| pair.signature(&signed_text(&frozen.id, seconds, &frozen.bytes)));
        let signatures: Vec<String> =
            self.keys.iter().map(|key| signature(key, &frozen.id, seconds, &frozen.bytes)).chain(asymmetric).collect();
        let mut headers = vec![
            ("content-type", self.format.content_type().to_owned()),
            ("user-agent", concat!("Atalaya/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("webhook-id", frozen.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        if let Some(authorization) = &self.authorization {
            headers.push(("authorization", authorization.expose_secret().to_owned()));
        }
        Wire::Post { method: Method::Post, url: self.url.clone(), headers }
    }

    fn test(&self, test: &Test<'_>) -> Result<Frozen, String> {
        let body = payload::test(test.channel.as_str(), test.now).map_err(|error| error.to_string())?;
        self.frozen(test.id.to_owned(), body, test.letterhead)
    }

    fn opens(&self, token: &str) -> bool {
        let given = digest::digest(&digest::SHA256, token.as_bytes());
        // Digests are of one length, so that the comparison tells nothing of the token's.
        self.pull.as_ref().is_some_and(|pull| verify_slices_are_equal(given.as_ref(), pull).is_ok())
    }

    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        meaning(answer, now)
    }
}

/// What an answer means by Standard Webhooks 1.0.0: only 2xx is success, a redirect is never followed, 410 is for good,
/// and what asks for a pause gets it.
pub(super) fn meaning(answer: &HttpAnswer, now: Timestamp) -> Answer {
    let said = match clean(&answer.body, 200) {
        body if body.is_empty() => format!("answered {}", answer.status),
        body => format!("answered {}: {body}", answer.status),
    };
    let failed = |fault, text, in_doubt| Answer::Failed { fault, text, in_doubt };
    match answer.status {
        200..=299 => Answer::Accepted { text: format!("answered {}", answer.status) },
        300..=399 => failed(
            Fault::Transient,
            format!("answered {}: redirects are not followed, configure the final address", answer.status),
            false,
        ),
        410 => failed(Fault::Permanent, format!("{said} (gone: the endpoint wants no more)"), false),
        status @ (429 | 502 | 503 | 504) => {
            let until = answer.retry_after.as_deref().and_then(|text| retry_after::until(text, None, now));
            let fault = match until {
                None if status != 429 => Fault::Transient,
                until => Fault::Throttled { until },
            };
            // Behind a gateway that lost the answer, the endpoint may have the message.
            failed(fault, said, matches!(status, 502 | 504))
        }
        _ => failed(Fault::Transient, said, false),
    }
}
/// The three headers of a signed call.
#[derive(Clone, Copy, Debug)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Why a call is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The receiver's own secret is none.
    #[error("the secret is not `whsec_` and 24 to 64 bytes in base64, nor the public key `whpk_` and 32")]
    Secret,
    /// The timestamp is no number of seconds.
    #[error("webhook-timestamp is not a number of seconds")]
    Timestamp,
    /// The call is too old, or from the future.
    #[error("webhook-timestamp is too far from now")]
    TooFar,
    /// None of the signatures was made with the secret.
    #[error("no signature fits")]
    Signature,
}

/// What a receiver does with a call: checks the signature over id, timestamp and `body` (the exact bytes) against
/// `secret`, in constant time (or, for `v1a`, against a public key, `whpk_…`), and that it was made at most `tolerance` before or after `now`.
///
/// # Errors
/// What does not fit. A receiver answers 401 and looks at nothing.
pub fn verify(
    secret: &str,
    headers: SignedHeaders<'_>,
    body: &[u8],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<(), VerifyError> {
    let public = match secret.trim().strip_prefix("whpk_") {
        Some(public) => Some(asymmetric::public_key(public).ok_or(VerifyError::Secret)?),
        None => None,
    };
    let key = if public.is_some() { None } else { Some(key(secret).map_err(|_| VerifyError::Secret)?) };
    let seconds: i64 = headers.timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    if i128::from(seconds.abs_diff(now.as_second())) > i128::from(tolerance.as_secs()) {
        return Err(VerifyError::TooFar);
    }
    let signed = signed_text(headers.id, seconds, body);
    if let Some(public) = public {
        let mut tags = headers.signature.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1a,")?).ok());
        return if tags.any(|tag| public.fits(&signed, &tag)) { Ok(()) } else { Err(VerifyError::Signature) };
    }
    let Some(key) = key else { return Err(VerifyError::Secret) };
    let fits = headers
        .signature
        .split(' ')
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .any(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    if fits { Ok(()) } else { Err(VerifyError::Signature) }
}

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let address = settings.text("webhook").unwrap_or_default();
    let url = match checked("webhook", address) {
        Ok(url) => Some(url),
        Err(complaint) => {
            complaints.push(complaint);
            None
        }
    };
    let mut keys = Vec::new();
    for name in ["secret", "previous_secret"] {
        if let Some(secret) = settings.secret(name) {
            match key(secret.expose_secret()) {
                Ok(key) => keys.push(key),
                Err(wrong) => complaints.push(Complaint::new(
                    name,
                    wrong,
                    "make one with: echo \"whsec_$(openssl rand -base64 32)\"; give the receiver the same",
                )),
            }
        }
    }
    let pair = settings.secret("signing_key").and_then(|text| match asymmetric::Pair::read(text.expose_secret()) {
        Ok(pair) => pair,
        Err(wrong) => {
            complaints.push(Complaint::new("signing_key", wrong, "make one with: atalaya webhook keys"));
            None
        }
    });
    let format = match settings.text("format").map(str::trim) {
        None | Some("standard") => Format::Standard,
        Some("cloudevents") => Format::CloudEvents,
        Some(other) => {
            let message = format!("`{other}` is no format of a body");
            complaints.push(Complaint::new("format", message, "write `standard` or `cloudevents`"));
            Format::Standard
        }
    };
    let pull = settings.secret("pull_token").map(|token| token.expose_secret().trim());
    if pull.is_some_and(|token| {
        !(SHORTEST_TOKEN..=512).contains(&token.len()) || !token.bytes().all(|it| it.is_ascii_graphic())
    }) {
        complaints.push(Complaint::new(
            "pull_token",
            "is not 24 to 512 visible ASCII characters",
            "make one with: openssl rand -hex 32",
        ));
    }
    let pull = pull.map(|token| digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec());
    match url {
        Some(url) if complaints.is_empty() => {
            let shown = shown(&url);
            let authorization = basic(&url);
            let mut bare = url;
            // Only addresses without a host refuse these, and `checked` let none through.
            if bare.set_username("").is_err() || bare.set_password(None).is_err() {
                return Err(vec![Complaint::new("webhook", "is not an address", "write `https://host/path`")]);
            }
            Ok(Arc::new(Webhook { url: bare, authorization, shown, keys, pair, format, pull }))
        }
        _ => Err(complaints),
    }
}

/// An address that alerts may be posted to, given for `key`.
pub(super) fn checked(key: &'static str, address: &str) -> Result<Url, Complaint> {
    let complain = |message: String, help: &str| Complaint::new(key, message, help);
    let url = Url::parse(address.trim())
        .map_err(|error| complain(format!("is not an address: {error}"), "write `https://host/path`"))?;
    let Some(host) = url.host() else {
        return Err(complain("has no host".into(), "write `https://host/path`"));
    };
    match url.scheme() {
        "https" => {}
        "http" if inside(&host) => {}
        "http" => {
            return Err(complain(
                "`http` would send alerts over the open internet for all to read".into(),
                "write `https`; `http` is for private addresses and for names such as `localhost` or `desk.internal`",
            ));
        }
        scheme => return Err(complain(format!("`{scheme}` is not a web address"), "write `https://host/path`")),
    }
    if url.fragment().is_some() {
        return Err(complain("has a `#` part, which is never sent".into(), "leave out `#` and what follows"));
    }
    Ok(url)
}

/// Whether a host is one that the open internet does not know: RFC 1918 and the like, and special-use names (RFC 6761).
fn inside(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let last = name.rsplit('.').next().unwrap_or(name);
            !name.contains('.')
                || matches!(last, "localhost" | "test" | "internal" | "local" | "lan" | "intranet")
                || name.ends_with(".home.arpa")
        }
        Host::Ipv4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Host::Ipv6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => inside(&Host::Ipv4(mapped)),
            None => address.is_loopback() || address.is_unique_local(),
        },
    }
}

/// The address without userinfo and query, and without such a path as may be a password.
pub(super) fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let secret = |segment: &str| segment.len() >= 16;
    if url.path().len() <= 40 && !segments.iter().any(|segment| secret(segment)) {
        return format!("{origin}{}", url.path());
    }
    match segments.first() {
        Some(first) if !secret(first) => format!("{origin}/{first}/…"),
        _ => format!("{origin}/…"),
    }
}

fn basic(url: &Url) -> Option<SecretString> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    let pair = [user.as_slice(), b":", password.as_slice()].concat();
    Some(SecretString::from(format!("Basic {}", STANDARD.encode(pair))))
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match escaped {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes
}

fn key(secret: &str) -> Result<hmac::Key, String> {
    let Some(text) = secret.trim().strip_prefix("whsec_") else {
        return Err("does not begin with `whsec_`".into());
    };
    let Ok(bytes) = STANDARD.decode(text) else {
        return Err("is not base64 behind `whsec_`".into());
    };
    if !(24..=64).contains(&bytes.len()) {
        return Err(format!("holds {} bytes, and Standard Webhooks asks for 24 to 64", bytes.len()));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn signature(key: &hmac::Key, id: &str, seconds: i64, body: &[u8]) -> String {
    let tag = hmac::sign(key, &signed_text(id, seconds, body));
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

fn signed_text(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{seconds}.").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests;
