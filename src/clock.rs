//! The only place that reads the clock. Everything else takes `now`.

use jiff::Timestamp;

/// The time.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    Timestamp::now()
}
