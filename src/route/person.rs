//! People: where each is reached, in which language and zone, when not, and how often at most.

use super::rhythm::Quiet;
use super::rhythm::Zone;
use crate::model::ChannelName;
use crate::model::Level;
use crate::model::PersonName;
use crate::model::RuleName;
use crate::model::Tongue;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One `[person.NAME]` of the configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: PersonName,
    /// The channel by which they are reached: one of their own.
    pub channel: ChannelName,
    /// The one receiver of that channel.
    pub receiver: String,
    /// The language of our own words to them.
    pub tongue: Tongue,
    /// Where their clock hangs.
    pub zone: Zone,
    /// Whether they want text alone.
    pub plain: bool,
    /// When they are left alone.
    pub quiet: Vec<Quiet>,
    /// How much they get at most.
    pub caps: Caps,
}

impl Person {
    /// When the quiet hours end, if `now` is within any.
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.quiet.iter().filter_map(|quiet| quiet.ends(&self.zone.zone, now)).max()
    }
}

/// How many messages a person gets at most; what is more is folded into one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Within any minute.
    pub minute: Option<u32>,
    /// Within any hour.
    pub hour: Option<u32>,
}

impl Caps {
    /// The longest time over which anything is counted.
    pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self.minute.is_none() && self.hour.is_none()
    }

    /// In words, such as `10 a minute`.
    pub fn words(self) -> String {
        let minute = self.minute.map(|most| format!("{most} a minute"));
        let hour = self.hour.map(|most| format!("{most} an hour"));
        minute.into_iter().chain(hour).collect::<Vec<_>>().join(" and ")
    }

    /// How many more may go out at `now`, and when the next may when none may. `sent` are the times of those that went
    /// out, in any order.
    pub fn room(self, sent: &[Timestamp], now: Timestamp) -> (usize, Timestamp) {
        let mut free = usize::MAX;
        let mut opens = now;
        for (most, window) in [(self.minute, SignedDuration::from_mins(1)), (self.hour, Self::WINDOW)] {
            let Some(most) = most else { continue };
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let ends = |at: &Timestamp| at.saturating_add(window).unwrap_or(Timestamp::MAX);
            let mut within: Vec<Timestamp> = sent.iter().map(ends).filter(|end| *end > now).collect();
            within.sort_unstable();
            free = free.min(most.saturating_sub(within.len()));
            if within.len() >= most && most > 0 {
                opens = opens.max(within[within.len() - most]);
            }
        }
        (free, opens)
    }
}

/// Everybody who is known by name, and what is known of rules besides their queries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// `[person.NAME]`, in the order of their names.
    pub persons: Vec<Person>,
    /// Rules that are not of the normal level.
    pub levels: BTreeMap<RuleName, Level>,
}

impl People {
    /// The person of that name.
    pub fn person(&self, name: &PersonName) -> Option<&Person> {
        self.persons.iter().find(|person| person.name == *name)
    }

    /// Whoever is reached so.
    pub fn reached(&self, channel: &ChannelName) -> Option<&Person> {
        self.persons.iter().find(|person| person.channel == *channel)
    }

    /// The level of the most pressing of these rules.
    pub fn level(&self, rules: &[RuleName]) -> Level {
        let level = |rule| self.levels.get(rule).copied().unwrap_or_default();
        rules.iter().map(level).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    #[test]
    fn a_cap_counts_every_window_and_says_when_it_opens() {
        let caps = Caps { minute: Some(3), hour: Some(5) };
        let sent: Vec<Timestamp> = [0, 10, 20].map(at).into();
        assert_eq!(caps.room(&sent[..2], at(30)), (1, at(30)));
        assert_eq!(caps.room(&sent, at(30)), (0, at(60)));
        // The first is a minute old: there is room for one more.
        assert_eq!(caps.room(&sent, at(60)), (1, at(60)));
        let five: Vec<Timestamp> = [0, 10, 20, 70, 80].map(at).into();
        assert_eq!(caps.room(&five, at(200)), (0, at(3600)));
        assert_eq!(Caps::default().room(&five, at(80)).0, usize::MAX);
        // A cap that was lowered meanwhile: two must leave the window before one may enter it.
        assert_eq!(Caps { minute: Some(2), hour: None }.room(&sent, at(30)), (0, at(70)));
    }
}
