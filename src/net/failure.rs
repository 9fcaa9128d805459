//! What went wrong with a request → which kind of failure that is, what helps, and what goes into the ledger.

use super::body;
use super::guard::Refusal;
use super::redirect::BadRedirect;
use super::transport;
use crate::model::Fault;
use crate::model::Reason;
use crate::schedule::retry_after;
use jiff::Timestamp;
use std::time::Duration;

/// Why there is no answer. Texts name hosts, never whole addresses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The guard refused the address, what its name resolves to, or the other end of the connection.
    #[error("{host}: {refusal}")]
    Refused {
        /// Of the address.
        host: String,
        /// Why.
        refusal: Refusal,
    },
    /// This machine knows no certificate authority, so that nobody's https can be trusted.
    #[error(
        "{host} cannot be asked over https: {detail}; install the ca-certificates package or set `egress.extra_ca`"
    )]
    NoAuthorities {
        /// Of the address.
        host: String,
        /// What was missing.
        detail: String,
    },
    /// The way to the proxy cannot be made ready.
    #[error("{detail}")]
    NoWay {
        /// What was wrong.
        detail: String,
    },
    /// The deadline passed.
    #[error("{host}: no end of {during} in time")]
    TimedOut {
        /// Of the address that was asked when it passed.
        host: String,
        /// What was under way.
        during: Stage,
    },
    /// No connection: name, route, TLS.
    #[error("{host}: {cause}")]
    Unreachable {
        /// Of the address.
        host: String,
        /// What the network said.
        cause: String,
    },
    /// A certificate that is not to be trusted: expired, for another name, by an unknown authority.
    #[error("{host}: {cause}")]
    Certificate {
        /// Of the address.
        host: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The body came, but so slowly that it would hold a place for long.
    #[error("{host}: less than {} bytes of the answer's body within {within:?}", body::LEAST)]
    TooSlow {
        /// Of the address.
        host: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error("{host}: broken off during {during}: {cause}")]
    Broken {
        /// Of the address.
        host: String,
        /// What was under way.
        during: Stage,
        /// What was wrong.
        cause: String,
    },
    /// A status that is no success.
    #[error("{host} answered {status}")]
    Status {
        /// Of the address that answered.
        host: String,
        /// The status code.
        status: u16,
        /// The Retry-After header.
        retry_after: Option<String>,
        /// The Date header, by which a date in Retry-After is read.
        date: Option<String>,
        /// By what the answer was recognised as a wall against robots, if it is one.
        wall: Option<String>,
    },
    /// The body is longer than the limit.
    #[error("{host}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// Of the address.
        host: String,
        /// The limit, after decompression.
        limit: u64,
    },
    /// A redirect that is not followed.
    #[error(transparent)]
    Redirect(#[from] BadRedirect),
    /// A redirect to another host, whose door stayed shut.
    #[error("redirected: {reason}")]
    NotAdmitted {
        /// What helps.
        fault: Fault,
        /// Why.
        reason: Reason,
    },
}

/// What a request is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Name, connection, TLS.
    Connecting,
    /// From the request's first byte to the end of the answer's headers.
    Waiting,
    /// The answer's body.
    Reading,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Connecting => "the connecting",
            Self::Waiting => "the waiting for an answer",
            Self::Reading => "the answer's body",
        })
    }
}

impl FetchError {
    /// What helps. A page that is refused or missing (401, 403, 404, 410, 451) may be a wall that passes or an article
    /// that is published late, so it is tried again; how often, the caller's list of retries says.
    pub fn fault(&self, now: Timestamp) -> Fault {
        match self {
            // Who wants a pause is not who was asked for.
            Self::NotAdmitted { fault: Fault::Throttled { .. }, .. } => Fault::Transient,
            Self::NotAdmitted { fault, .. } => *fault,
            Self::Refused { .. } | Self::TooLarge { .. } => Fault::Permanent,
            Self::NoAuthorities { .. }
            | Self::NoWay { .. }
            | Self::TimedOut { .. }
            | Self::TooSlow { .. }
            | Self::Unreachable { .. }
            | Self::Certificate { .. }
            | Self::Broken { .. }
            | Self::Redirect(_) => Fault::Transient,
            Self::Status { status, retry_after, date, .. } => {
                let until = retry_after.as_deref().and_then(|text| retry_after::until(text, date.as_deref(), now));
                match status {
                    429 => Fault::Throttled { until },
                    503 if until.is_some() => Fault::Throttled { until },
                    401 | 403 | 404 | 408 | 410 | 421 | 423 | 425 | 451 => Fault::Transient,
                    400..=499 => Fault::Permanent,
                    _ => Fault::Transient,
                }
            }
        }
    }

    /// What goes into the ledger.
    pub fn reason(&self) -> Reason {
        let detail = self.to_string();
        match self {
            Self::Refused { .. } => Reason::AddressRefused { detail },
            Self::TimedOut { .. } | Self::TooSlow { .. } => Reason::TimedOut { detail },
            Self::Certificate { .. } => Reason::Certificate { detail },
            Self::NoAuthorities { .. } | Self::NoWay { .. } | Self::Unreachable { .. } | Self::Broken { .. } => {
                Reason::ConnectionFailed { detail }
            }
            Self::Status { status, wall: Some(sign), .. } => {
                Reason::Wall { detail: format!("answered {status}, and {sign}") }
            }
            Self::Status { status, .. } => Reason::Status { status: *status },
            Self::TooLarge { limit, .. } => Reason::TooLarge { limit: *limit },
            Self::Redirect(_) => Reason::BadRedirect { detail },
            Self::NotAdmitted { reason, .. } => reason.clone(),
        }
    }
}

/// Why a request got no answer, from what the library says of it.
pub(super) fn unanswered(host: &str, error: &reqwest::Error) -> FetchError {
    let host = host.to_owned();
    if let Some(refused) = transport::refusal(error) {
        return FetchError::Refused { host, refusal: refused.refusal.clone() };
    }
    if let Some(cause) = transport::bad_certificate(error) {
        return FetchError::Certificate { host, cause };
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => FetchError::TimedOut { host, during: Stage::Connecting },
        (true, false) => FetchError::Unreachable { host, cause: transport::innermost(error) },
        (false, true) => FetchError::TimedOut { host, during: Stage::Waiting },
        (false, false) => FetchError::Broken { host, during: Stage::Waiting, cause: transport::innermost(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::FetchError;
    use crate::model::Fault;
    use jiff::Timestamp;

    #[test]
    fn a_status_tells_what_helps() {
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().expect("a time");
        let in_a_minute: Timestamp = "2026-03-04T10:01:00Z".parse().expect("a time");
        for (status, retry_after, fault) in [
            (429, Some("60"), Fault::Throttled { until: Some(in_a_minute) }),
            (429, None, Fault::Throttled { until: None }),
            (429, Some("later"), Fault::Throttled { until: None }),
            (503, Some("60"), Fault::Throttled { until: Some(in_a_minute) }),
            (503, None, Fault::Transient),
            (500, None, Fault::Transient),
            (502, Some("60"), Fault::Transient),
            (401, None, Fault::Transient),
            (403, None, Fault::Transient),
            (404, None, Fault::Transient),
            (410, None, Fault::Transient),
            (451, None, Fault::Transient),
            (400, None, Fault::Permanent),
            (405, None, Fault::Permanent),
            (406, None, Fault::Permanent),
            (414, None, Fault::Permanent),
            (304, None, Fault::Transient),
        ] {
            let retry_after = retry_after.map(str::to_owned);
            let error =
                FetchError::Status { host: "paper.example".into(), status, retry_after, date: None, wall: None };
            assert_eq!(error.fault(now), fault, "{status}");
        }
    }
}
