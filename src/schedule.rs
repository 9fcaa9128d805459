//! (policy, history, reply, now) → next check. Pure; the only place that says when a source is asked again.

use croner::Cron;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When a source is asked.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// At this interval.
    Every(SignedDuration),
    /// At the times of a cron expression, in a time zone.
    Cron {
        /// The expression.
        cron: Box<Cron>,
        /// The zone that its fields are in.
        zone: TimeZone,
    },
}
