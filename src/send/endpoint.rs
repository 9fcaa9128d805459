//! (how an endpoint stands, what became of a call, now) → how it stands then, and what operators are told. Pure.
//!
//! A circuit breaker: after [`FAILURES`] calls in a row that were not taken the endpoint rests, and one call at a time
//! tries whether it is back. Nothing is lost meanwhile: deliveries wait, and receivers may fetch them.

use crate::model::EndpointRemark;
use crate::model::EndpointTrouble;
use crate::model::Reason;
use jiff::SignedDuration;
use jiff::Timestamp;

/// Calls in a row that are not taken before an endpoint rests.
pub const FAILURES: u32 = 5;

/// The pause before each call that tries whether it is back; the last one repeats.
const PROBES: [SignedDuration; 6] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(2),
];

/// How long an endpoint may fail before it is switched off: longer than any delivery is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long an endpoint may put us off before that is trouble.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(6);

/// How an endpoint stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// A digest of its address: at another address it begins anew.
    pub address: String,
    /// `None` when all is well.
    pub trouble: Option<EndpointTrouble>,
    /// When the first of the calls in a row failed; while all is well, when it last began to be so.
    pub since: Timestamp,
    /// Calls in a row that were not taken.
    pub failures: u32,
    /// Until then nothing is posted, and behind it one call at a time.
    pub rests_until: Option<Timestamp>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heard {
    /// It was taken.
    Taken,
    /// It was not; the endpoint may have asked for a pause.
    Failed {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// The endpoint wants no more.
    Gone,
}

/// What operators are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Trouble began, or became worse.
    Trouble(EndpointTrouble),
    /// It is over: what it was, and when it had begun.
    Over(EndpointTrouble, Timestamp),
}

impl Endpoint {
    /// One that was never called.
    pub fn new(address: &str, now: Timestamp) -> Self {
        Self { address: address.to_owned(), trouble: None, since: now, failures: 0, rests_until: None }
    }

    /// What is told of it. `last` is what happened last.
    pub fn remark(
        &self,
        channel: &crate::model::ChannelName,
        receiver: &str,
        change: Change,
        last: &Reason,
        now: Timestamp,
    ) -> EndpointRemark {
        let (trouble, since, until) = match change {
            Change::Trouble(trouble) => (trouble, self.since, None),
            Change::Over(trouble, since) => (trouble, since, Some(now)),
        };
        EndpointRemark {
            channel: channel.clone(),
            receiver: receiver.to_owned(),
            trouble,
            since,
            failures: self.failures,
            reason: last.clone(),
            until,
        }
    }
}

/// How the endpoint at `address` stands after a call, and what has changed by it.
pub fn step(before: Option<&Endpoint>, address: &str, heard: Heard, now: Timestamp) -> (Endpoint, Option<Change>) {
    let fresh = Endpoint::new(address, now);
    let before = before.filter(|before| before.address == address).unwrap_or(&fresh);
    match heard {
        Heard::Taken => {
            let over = before.trouble.map(|trouble| Change::Over(trouble, before.since));
            let since = if before.failures > 0 || over.is_some() { now } else { before.since };
            (Endpoint { since, ..fresh }, over)
        }
        Heard::Gone => {
            let change =
                (before.trouble != Some(EndpointTrouble::Off)).then_some(Change::Trouble(EndpointTrouble::Off));
            let since = if change.is_some() && before.trouble.is_none() { now } else { before.since };
            let failures = before.failures.saturating_add(1);
            (Endpoint { trouble: Some(EndpointTrouble::Off), since, failures, ..fresh }, change)
        }
        Heard::Failed { until } => failed(before, until, now),
    }
}

fn failed(before: &Endpoint, until: Option<Timestamp>, now: Timestamp) -> (Endpoint, Option<Change>) {
    let mut after = before.clone();
    if before.trouble == Some(EndpointTrouble::Off) {
        return (after, None);
    }
    if let Some(until) = until {
        // It listens and says when: that is no failure, unless it says nothing else for hours.
        if before.failures == 0 && before.rests_until.is_none() {
            after.since = now;
        }
        after.rests_until = before.rests_until.max(Some(until));
        let lasted = now.duration_since(after.since);
        return match before.trouble {
            _ if lasted >= PATIENCE => off(after),
            None if lasted >= PUT_OFF => {
                after.trouble = Some(EndpointTrouble::Failing);
                (after, Some(Change::Trouble(EndpointTrouble::Failing)))
            }
            _ => (after, None),
        };
    }
    let late = before.rests_until.is_some_and(|rest| rest > now);
    if late && before.trouble.is_some() {
        // The answer to a call that was under way when the rest began says nothing new.
        return (after, None);
    }
    if before.failures == 0 {
        after.since = now;
    }
    after.failures = before.failures.saturating_add(1);
    if before.trouble.is_none() && after.failures < FAILURES {
        return (after, None);
    }
    let probe = after.failures.saturating_sub(FAILURES);
    if now.duration_since(after.since) >= PATIENCE {
        return off(after);
    }
    let pause = PROBES[(probe as usize).min(PROBES.len() - 1)];
    after.rests_until = Some(now.saturating_add(pause + jitter(pause, &after.address)).unwrap_or(Timestamp::MAX));
    after.trouble = Some(EndpointTrouble::Failing);
    let change = before.trouble.is_none().then_some(Change::Trouble(EndpointTrouble::Failing));
    (after, change)
}

fn off(mut endpoint: Endpoint) -> (Endpoint, Option<Change>) {
    endpoint.trouble = Some(EndpointTrouble::Off);
    endpoint.rests_until = None;
    (endpoint, Some(Change::Trouble(EndpointTrouble::Off)))
}

/// Up to a tenth, different for each address: endpoints of one host that fell together are not asked together.
fn jitter(pause: SignedDuration, address: &str) -> SignedDuration {
    let seed = address.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(0);
    pause * i32::from(seed % 100) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "00ff";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn fails(times: u32) -> (Endpoint, Vec<Change>) {
        let mut endpoint = Endpoint::new(ADDRESS, at(0));
        let mut changes = Vec::new();
        for second in 0..i64::from(times) {
            let (after, change) = step(Some(&endpoint), ADDRESS, Heard::Failed { until: None }, at(second));
            endpoint = after;
            changes.extend(change);
        }
        (endpoint, changes)
    }

    #[test]
    fn it_rests_after_five_failures_in_a_row_and_operators_are_told_once() {
        let (endpoint, changes) = fails(FAILURES - 1);
        assert_eq!((endpoint.trouble, endpoint.rests_until, changes.len()), (None, None, 0));
        let (endpoint, changes) = fails(FAILURES);
        assert_eq!(changes, [Change::Trouble(EndpointTrouble::Failing)]);
        assert_eq!(endpoint.since, at(0));
        let rest = endpoint.rests_until.expect("it rests");
        assert!(rest >= at(4 + 60) && rest <= at(4 + 66), "{rest}");
        // Others that were under way when it broke change nothing.
        assert_eq!(fails(FAILURES + 3), (endpoint, changes));
    }

    #[test]
    fn a_success_between_begins_the_count_anew() {
        let (endpoint, _) = fails(FAILURES - 1);
        let (endpoint, change) = step(Some(&endpoint), ADDRESS, Heard::Taken, at(9));
        assert_eq!((endpoint.failures, change), (0, None));
    }

    #[test]
    fn each_failed_probe_waits_longer_and_a_success_ends_it() {
        let (mut endpoint, _) = fails(FAILURES);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let now = endpoint.rests_until.expect("it rests");
            let (after, change) = step(Some(&endpoint), ADDRESS, Heard::Failed { until: None }, now);
            assert_eq!(change, None, "it was told already");
            pauses.push(after.rests_until.expect("it rests").duration_since(now));
            endpoint = after;
        }
        assert!(pauses.is_sorted() && pauses[0] >= SignedDuration::from_mins(5), "{pauses:?}");
        assert!(pauses[8] <= SignedDuration::from_mins(132), "{pauses:?}");
        let (after, change) = step(Some(&endpoint), ADDRESS, Heard::Taken, at(90_000));
        assert_eq!(change, Some(Change::Over(EndpointTrouble::Failing, at(0))));
        assert_eq!((after.trouble, after.failures, after.rests_until), (None, 0, None));
    }

    #[test]
    fn an_endpoint_that_fails_for_five_days_is_switched_off() {
        let (mut endpoint, _) = fails(FAILURES);
        let mut changes = Vec::new();
        while let Some(now) = endpoint.rests_until {
            let (after, change) = step(Some(&endpoint), ADDRESS, Heard::Failed { until: None }, now);
            changes.extend(change.map(|change| (change, now)));
            endpoint = after;
        }
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].0, Change::Trouble(EndpointTrouble::Off));
        assert!(changes[0].1.duration_since(at(0)) >= PATIENCE);
    }

    #[test]
    fn gone_switches_off_at_once_and_another_address_begins_anew() {
        let (endpoint, change) = step(None, ADDRESS, Heard::Gone, at(0));
        assert_eq!((endpoint.trouble, change.is_some()), (Some(EndpointTrouble::Off), true));
        let (again, change) = step(Some(&endpoint), ADDRESS, Heard::Gone, at(5));
        assert_eq!((again.trouble, change), (Some(EndpointTrouble::Off), None));
        let (other, change) = step(Some(&endpoint), "ff00", Heard::Failed { until: None }, at(9));
        assert_eq!((other.trouble, other.failures, change), (None, 1, None));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_and_is_no_failure() {
        let (endpoint, change) = step(None, ADDRESS, Heard::Failed { until: Some(at(600)) }, at(0));
        assert_eq!((endpoint.trouble, endpoint.failures, change), (None, 0, None));
        assert_eq!(endpoint.rests_until, Some(at(600)));
        let (shorter, _) = step(Some(&endpoint), ADDRESS, Heard::Failed { until: Some(at(300)) }, at(1));
        assert_eq!(shorter.rests_until, Some(at(600)));
        let (taken, _) = step(Some(&shorter), ADDRESS, Heard::Taken, at(601));
        assert_eq!(taken.rests_until, None);
    }

    #[test]
    fn an_endpoint_that_puts_us_off_for_hours_is_told_and_for_days_is_switched_off() {
        let hour = |number: i64| at(number * 3600);
        let mut endpoint = None;
        let mut changes = Vec::new();
        for number in 0..130 {
            let heard = Heard::Failed { until: Some(hour(number + 1)) };
            let (after, change) = step(endpoint.as_ref(), ADDRESS, heard, hour(number));
            changes.extend(change.map(|change| (change, number)));
            endpoint = Some(after);
        }
        assert_eq!(
            changes,
            [(Change::Trouble(EndpointTrouble::Failing), 6), (Change::Trouble(EndpointTrouble::Off), 120)]
        );
    }
}
