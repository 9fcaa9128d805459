//! An answer whose headers have come → its body, unpacked, within bounds of length, time and pace.
//!
//! gzip is unpacked here and not by the library, which takes the first of several members (RFC 1952 §2.2) for the whole.
//! All other codings are the library's.

use super::failure::FetchError;
use super::failure::Stage;
use super::transport;
use flate2::write::GzDecoder;
use reqwest::header;
use std::io;
use std::io::Write;
use std::time::Duration;
use tokio::time::Instant;

/// What is asked for: gzip, which is unpacked here, and what the library unpacks.
pub(super) const CODINGS: &str = "gzip, br, zstd, deflate";

/// The one that is unpacked here: then what came over the wire is seen.
pub(super) const OWN_CODING: &str = "gzip";

/// A body that has begun brings this many bytes in each `egress.stall`: a kibibyte.
pub const LEAST: usize = 1024;

/// What is announced need not come: no more is set aside than a usual page needs.
const SET_ASIDE: u64 = 256 * 1024;

/// How much of a body is taken, and how long that may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Longest body in bytes, unpacked.
    pub limit: u64,
    pub surplus: Surplus,
    pub deadline: Instant,
    /// The time in which [`LEAST`] must come.
    pub stall: Duration,
}

/// What becomes of a body that is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surplus {
    /// It is no answer.
    Refused,
    /// Its beginning is the answer.
    CutOff,
}

/// The body to its end. `wire` gets it as it came, no more than the limit of it.
pub(super) async fn read(
    mut response: reqwest::Response,
    host: &str,
    bounds: Bounds,
    mut wire: Option<&mut Vec<u8>>,
) -> Result<Vec<u8>, FetchError> {
    let Bounds { limit, surplus, deadline, stall } = bounds;
    let too_large = || FetchError::TooLarge { host: host.to_owned(), limit };
    let broken = |cause| FetchError::Broken { host: host.to_owned(), during: Stage::Reading, cause };
    // Known beforehand only for answers that the library does not unpack.
    let announced = response.content_length().unwrap_or(0);
    if announced > limit && surplus == Surplus::Refused {
        return Err(too_large());
    }
    let mut body = Body::of(&response, limit);
    // Of the time before the first byte nobody says that it is slow: the server is at work.
    let mut window: Option<(Instant, usize)> = None;
    loop {
        let until = window.map_or(deadline, |(end, _)| end.min(deadline));
        let chunk = match tokio::time::timeout_at(until, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| broken(transport::innermost(&error)))?,
            Err(_) if until == deadline => {
                return Err(FetchError::TimedOut { host: host.to_owned(), during: Stage::Reading });
            }
            Err(_) => {
                let (_, came) = window.unwrap_or((until, 0));
                if came < LEAST {
                    return Err(FetchError::TooSlow { host: host.to_owned(), within: stall });
                }
                window = Some((until + stall, 0));
                continue;
            }
        };
        let Some(chunk) = chunk else { break };
        let (end, came) = window.unwrap_or((Instant::now() + stall, 0));
        window = Some((end, came.saturating_add(chunk.len())));
        if let Some(wire) = &mut wire
            && (wire.len() + chunk.len()) as u64 <= limit
        {
            wire.extend_from_slice(&chunk);
        }
        match body.take(&chunk) {
            Ok(()) => {}
            Err(_) if body.is_over() && surplus == Surplus::Refused => return Err(too_large()),
            Err(_) if body.is_over() => return Ok(body.beginning()),
            Err(error) => return Err(broken(error.to_string())),
        }
    }
    match body.end() {
        Ok(bytes) => Ok(bytes),
        Err(End::Over(bytes)) if surplus == Surplus::CutOff => Ok(bytes),
        Err(End::Over(_)) => Err(too_large()),
        Err(End::Broken(error)) => Err(broken(error.to_string())),
    }
}

/// The start of a refusal's page: as much as comes soon. A refusal is one without it, too.
pub(super) async fn read_start(mut response: reqwest::Response, most: u64, deadline: Instant) -> Vec<u8> {
    let mut body = Body::of(&response, most);
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout_at(deadline, response.chunk()).await {
        if body.take(&chunk).is_err() {
            break;
        }
    }
    body.beginning()
}

/// What has come of a body.
enum Body {
    Plain(Capped),
    /// One member after the other, with the bytes of all before it.
    Packed {
        member: Box<GzDecoder<Capped>>,
        state: Packing,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    NotBegun,
    Within,
    /// What follows the last member is no member: padding, and not looked at.
    Padding,
}

enum End {
    /// The limit, with what is within it.
    Over(Vec<u8>),
    Broken(io::Error),
}

impl Body {
    fn of(response: &reqwest::Response, limit: u64) -> Self {
        let announced = response.content_length().unwrap_or(0);
        let room = usize::try_from(announced.min(SET_ASIDE).min(limit)).unwrap_or(0);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let capped = Capped { bytes: Vec::with_capacity(room), limit, over: false };
        let coding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        match coding.map(|coding| coding.trim().to_ascii_lowercase()).as_deref() {
            // RFC 9110 §8.4.1.3.
            Some("gzip" | "x-gzip") => {
                Self::Packed { member: Box::new(GzDecoder::new(capped)), state: Packing::NotBegun }
            }
            _ => Self::Plain(capped),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let (member, state) = match self {
            Self::Plain(capped) => return capped.write_all(bytes),
            Self::Packed { member, state } => (member, state),
        };
        while !bytes.is_empty() && *state != Packing::Padding {
            *state = Packing::Within;
            match member.write(bytes)? {
                // This member has ended, and its length and sum were seen.
                0 if bytes[0] == MAGIC => {
                    let before = std::mem::replace(&mut **member, GzDecoder::new(Capped::none())).finish()?;
                    **member = GzDecoder::new(before);
                }
                0 => *state = Packing::Padding,
                taken => bytes = &bytes[taken..],
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        match self {
            Self::Plain(capped) => capped.over,
            Self::Packed { member, .. } => member.get_ref().over,
        }
    }

    /// What has come, whether or not it is whole.
    fn beginning(self) -> Vec<u8> {
        match self {
            Self::Plain(capped) => capped.bytes,
            Self::Packed { mut member, .. } => {
                // What is unpacked stands in the decoder until it is asked for; when that fails there is less of it.
                let _kept = member.flush();
                std::mem::take(&mut member.get_mut().bytes)
            }
        }
    }

    /// The whole, checked by its sum where it has one.
    fn end(self) -> Result<Vec<u8>, End> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes),
            Self::Packed { state: Packing::NotBegun, .. } => Ok(Vec::new()),
            Self::Packed { mut member, .. } => match member.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut member.get_mut().bytes)),
                Err(_) if member.get_ref().over => Err(End::Over(std::mem::take(&mut member.get_mut().bytes))),
                Err(error) => Err(End::Broken(error)),
            },
        }
    }
}

/// How every member of a gzip body begins.
const MAGIC: u8 = 0x1f;

/// Bytes up to a limit.
struct Capped {
    bytes: Vec<u8>,
    limit: usize,
    over: bool,
}

impl Capped {
    const fn none() -> Self {
        Self { bytes: Vec::new(), limit: 0, over: false }
    }
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if bytes.len() > room {
            self.over = true;
            return Err(io::Error::other("longer than the limit"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
