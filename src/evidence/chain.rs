//! Records in the order in which they were kept → links, each over its record and the link before. Who changes or
//! removes one breaks every later link, and a day's last link, written down elsewhere, holds all days up to it.

use crate::model::Digest;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// So that a link is the hash of nothing else.
const PREFIX: &[u8] = b"atalaya evidence link 1\n";

/// The link before the first.
pub fn origin() -> Digest {
    Digest::of(PREFIX)
}

/// The link of a record that follows `before`.
pub fn link(before: &Digest, record: &Digest) -> Digest {
    Digest::of_parts(&[PREFIX, before.as_bytes(), record.as_bytes()])
}

/// The day of a moment, in UTC: the same wherever the tower stands.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// A row of the chain as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its number; they grow by one.
    pub number: i64,
    /// When it was kept.
    pub at: Timestamp,
    /// The record's JSON; `None` after retention removed it.
    pub record: Option<String>,
    /// The SHA-256 of that JSON, which stays.
    pub digest: Digest,
    /// Over `digest` and the link before.
    pub link: Digest,
    /// Whether an alert rests on it: then retention never removes it.
    pub told: bool,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Numbers are missing.
    #[error("record {from} to {until} are missing")]
    Missing {
        /// The first.
        from: i64,
        /// The last.
        until: i64,
    },
    /// The record is not what was hashed.
    #[error("record {number} was changed: its SHA-256 is {found}, kept was {kept}")]
    Changed {
        /// Its number.
        number: i64,
        /// Of what stands there now.
        found: Digest,
        /// Of what was kept.
        kept: Digest,
    },
    /// The link does not follow from the one before.
    #[error("record {number} does not follow from the one before: a record was changed, put in or taken out here")]
    Unlinked {
        /// Its number.
        number: i64,
    },
    /// An alert rests on a record that is gone.
    #[error("record {number} was removed, and an alert rests on it")]
    Removed {
        /// Its number.
        number: i64,
    },
    /// The body that a record names is gone.
    #[error("record {number}: the body {digest} is missing")]
    NoBody {
        /// The record's number.
        number: i64,
        /// The body's name.
        digest: Digest,
    },
    /// The body is not what was hashed.
    #[error("record {number}: the body {digest} was changed: {detail}")]
    BadBody {
        /// The record's number.
        number: i64,
        /// The body's name.
        digest: Digest,
        /// How.
        detail: String,
    },
}

/// Walks a chain from its beginning.
#[derive(Debug)]
pub struct Walk {
    next: i64,
    before: Digest,
    /// The last link of each day, in order.
    pub roots: Vec<(Date, Digest)>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { next: 1, before: origin(), roots: Vec::new() }
    }
}

impl Walk {
    /// What is wrong with the next row. After a flaw the walk goes on from the stored link, so that one change is one
    /// flaw and not as many as rows follow.
    pub fn step(&mut self, kept: &Link) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let number = kept.number;
        if number > self.next {
            flaws.push(Flaw::Missing { from: self.next, until: number - 1 });
        }
        match &kept.record {
            Some(record) => {
                let found = Digest::of(record.as_bytes());
                if found != kept.digest {
                    flaws.push(Flaw::Changed { number, found, kept: kept.digest });
                }
            }
            None if kept.told => flaws.push(Flaw::Removed { number }),
            None => {}
        }
        if link(&self.before, &kept.digest) != kept.link {
            flaws.push(Flaw::Unlinked { number });
        }
        let day = day(kept.at);
        match self.roots.last_mut() {
            Some((last, root)) if *last == day => *root = kept.link,
            _ => self.roots.push((day, kept.link)),
        }
        self.next = number + 1;
        self.before = kept.link;
        flaws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(records: &[&str]) -> Vec<Link> {
        let mut before = origin();
        let at: Timestamp = "2026-03-05T22:00:00Z".parse().expect("a time");
        let mut kept = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let digest = Digest::of(record.as_bytes());
            before = link(&before, &digest);
            let number = i64::try_from(index).expect("few") + 1;
            let at = at + jiff::SignedDuration::from_hours(number);
            kept.push(Link { number, at, record: Some((*record).into()), digest, link: before, told: true });
        }
        kept
    }

    fn flaws(chain: &[Link]) -> Vec<Flaw> {
        let mut walk = Walk::default();
        chain.iter().flat_map(|kept| walk.step(kept)).collect()
    }

    #[test]
    fn an_untouched_chain_has_no_flaw_and_a_root_per_day() {
        let chain = chain(&["a", "b", "c"]);
        let mut walk = Walk::default();
        assert!(chain.iter().all(|kept| walk.step(kept).is_empty()));
        let days: Vec<String> = walk.roots.iter().map(|(day, _)| day.to_string()).collect();
        assert_eq!(days, ["2026-03-05", "2026-03-06"]);
        assert_eq!((walk.roots[0].1, walk.roots[1].1), (chain[0].link, chain[2].link));
    }

    #[test]
    fn a_single_changed_letter_is_named() {
        let mut chain = chain(&["a", "b", "c"]);
        chain[1].record = Some("B".into());
        assert!(matches!(flaws(&chain)[..], [Flaw::Changed { number: 2, .. }]));
        // Who hashes the changed record anew breaks the link, and who mends that one breaks the next.
        chain[1].digest = Digest::of(b"B");
        assert_eq!(flaws(&chain), [Flaw::Unlinked { number: 2 }]);
        chain[1].link = link(&chain[0].link, &chain[1].digest);
        assert_eq!(flaws(&chain), [Flaw::Unlinked { number: 3 }]);
    }

    #[test]
    fn what_was_taken_out_is_missed_even_when_the_rest_is_numbered_anew() {
        let mut chain = chain(&["a", "b", "c", "d"]);
        chain.drain(1..3);
        assert_eq!(flaws(&chain), [Flaw::Missing { from: 2, until: 3 }, Flaw::Unlinked { number: 4 }]);
        chain[1].number = 2;
        assert_eq!(flaws(&chain), [Flaw::Unlinked { number: 2 }]);
    }

    #[test]
    fn retention_leaves_the_chain_whole_but_may_not_take_what_was_told() {
        let mut chain = chain(&["a", "b", "c"]);
        chain[1].record = None;
        assert_eq!(flaws(&chain), [Flaw::Removed { number: 2 }]);
        chain[1].told = false;
        assert_eq!(flaws(&chain), []);
    }

    #[test]
    fn a_chain_with_a_cut_end_is_seen_by_its_root() {
        let whole = chain(&["a", "b", "c"]);
        let mut walk = Walk::default();
        whole[..2].iter().for_each(|kept| assert!(walk.step(kept).is_empty()));
        assert_ne!(walk.roots.last().map(|(_, root)| *root), whole.last().map(|kept| kept.link));
    }
}
