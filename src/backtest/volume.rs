//! (figures, a budget) → the receivers who would get more mails on a day than they shall, and which rules did it.

use super::Figures;
use crate::config::Volume;
use crate::model::ChannelName;
use crate::model::RuleName;
use jiff::civil::Date;
use std::fmt;

/// A receiver's busiest day, which is above the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// The busiest day, in UTC.
    pub day: Date,
    /// Its mails.
    pub mails: u64,
    /// The rules that are in most of them, the first the most.
    pub rules: Vec<(RuleName, u64)>,
}

/// How many rules an excess names.
const MOST_RULES: usize = 5;

/// What no receiver's day may exceed.
pub fn limit(budget: &Volume) -> u64 {
    budget.mails_per_day.max(budget.accept)
}

/// Every receiver of mail whose busiest day is above the budget, in the order of channels and receivers.
pub fn exceeded(budget: &Volume, figures: &Figures) -> Vec<Excess> {
    let of_mail = figures.messages.iter().filter(|((channel, _), _)| figures.by_mail.contains(channel));
    of_mail
        .filter_map(|((channel, receiver), days)| {
            // Of days that are equally busy the latest.
            let (day, messages) = days.iter().max_by_key(|(_, messages)| messages.count)?;
            let mut rules: Vec<(RuleName, u64)> =
                messages.by_rule.iter().map(|(rule, count)| (rule.clone(), *count)).collect();
            rules.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            rules.truncate(MOST_RULES);
            (messages.count > limit(budget)).then(|| Excess {
                channel: channel.clone(),
                receiver: receiver.clone(),
                day: *day,
                mails: messages.count,
                rules,
            })
        })
        .collect()
}

/// What is said to an operator whose configuration is above the budget: the figures, the rules, and the way out.
pub fn refusal(budget: &Volume, exceeded: &[Excess]) -> String {
    let most = exceeded.iter().map(|excess| excess.mails).max().unwrap_or(0);
    let all: Vec<String> = exceeded.iter().map(ToString::to_string).collect();
    format!(
        "more mail than [volume] allows ({} a day): {}; write `accept = {most}` in [volume] if you mean it",
        limit(budget),
        all.join("; ")
    )
}

impl fmt::Display for Excess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, receiver, day, mails, rules } = self;
        write!(formatter, "{receiver} ({channel}) would have got {mails} mails on {day}: ")?;
        for (place, (rule, count)) in rules.iter().enumerate() {
            write!(formatter, "{}{rule} {count}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Replay;
    use super::super::samples;
    use super::exceeded;
    use crate::config::Volume;
    use jiff::SignedDuration;
    use std::sync::Arc;

    #[test]
    fn the_busiest_day_counts_and_what_was_accepted_is_allowed() {
        let standing = Arc::new(samples::standing(&[("torture", "torture"), ("jail", "prison")], &["torture", "jail"]));
        let mut replay = Replay::new(Arc::clone(&standing), samples::day(0));
        for (number, day, text) in
            [(1, 0, "Torture."), (2, 1, "Torture."), (3, 1, "Torture in prison."), (4, 1, "Prison.")]
        {
            let article = samples::archived(number, number, day, text);
            let verdicts = standing.matches(&article);
            replay.take(&article, &verdicts);
        }
        let figures = replay.finish();
        let budget = |mails_per_day, accept| Volume { mails_per_day, accept, back: SignedDuration::from_hours(24) };
        let said: Vec<String> = exceeded(&budget(2, 0), &figures).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["ana@example.org (desk) would have got 3 mails on 2025-03-02: jail 2, torture 2"]);
        assert!(exceeded(&budget(3, 0), &figures).is_empty());
        assert!(exceeded(&budget(1, 3), &figures).is_empty());
    }
}
