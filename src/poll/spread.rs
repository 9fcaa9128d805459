//! (name, how many, now) → when each of many overdue sources is asked, so that a long sleep does not end in a burst.

use jiff::SignedDuration;
use jiff::Timestamp;

/// The mean distance between two overdue sources.
const DISTANCE: SignedDuration = SignedDuration::from_millis(50);

/// When one of `count` overdue sources is asked: 50 ms apart on average, and within its own usual `wait`.
pub fn overdue(name: &str, count: usize, wait: SignedDuration, now: Timestamp) -> Timestamp {
    let width = DISTANCE.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX)).min(wait);
    now.saturating_add(part(width, name, now.as_second())).unwrap_or(now)
}

/// The part of `width` that falls to a name and a salt: even over many names, the same on every machine (FNV-1a and a
/// last mixing, since its high bits hardly see the last letters).
pub(super) fn part(width: SignedDuration, name: &str, salt: i64) -> SignedDuration {
    let hash = name
        .bytes()
        .chain(salt.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32;
    SignedDuration::from_nanos_i128(width.as_nanos() * i128::from(mixed) / (1_i128 << 32))
}

#[cfg(test)]
mod tests {
    use super::overdue;
    use jiff::SignedDuration;
    use jiff::Timestamp;

    #[test]
    fn line_14_a_thousand_overdue_sources_are_spread_and_none_waits_longer_than_usual() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let wait = SignedDuration::from_mins(15);
        let mut waits: Vec<_> =
            (0..1000).map(|n| overdue(&format!("source-{n}"), 1000, wait, now).duration_since(now)).collect();
        waits.sort();
        assert!(waits[0] < SignedDuration::from_secs(1), "the first is asked at once");
        assert!(waits[999] > SignedDuration::from_secs(45) && waits[999] <= SignedDuration::from_secs(50));
        let most = (0..50).map(|second| {
            let second = SignedDuration::from_secs(second);
            waits.iter().filter(|wait| **wait >= second && **wait < second + SignedDuration::from_secs(1)).count()
        });
        assert!(most.max() < Some(45), "no second is crowded");
        let short = SignedDuration::from_secs(2);
        assert!(overdue("a", 1000, short, now).duration_since(now) <= short);
    }
}
