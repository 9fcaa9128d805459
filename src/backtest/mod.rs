//! (archived articles, a configuration) → what it would have told: the daemon's own judging, stories and routes over what
//! was read before. Pure. [`replay`] retells, [`difference`] compares two configurations, [`volume`] holds a
//! configuration against a budget.

use crate::config::Config;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::StoryId;
use crate::model::Verdict;
use crate::read;
use crate::route;
use crate::route::People;
use crate::route::Route;
use crate::route::Subscription;
use crate::rule;
use crate::rule::RuleSet;
use crate::story::Thresholds;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;

pub mod difference;
pub mod earlier;
pub mod odds;
pub mod replay;
pub mod suggest;
pub mod volume;

pub use difference::Change;
pub use difference::Difference;
pub use difference::Turn;
pub use replay::Figures;
pub use replay::Replay;
pub use replay::Tally;
pub use volume::Excess;

/// An article as it was judged, out of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Archived {
    /// Its item. Of the entry only what rules see, what people are shown and the dates are filled in.
    pub item: Item,
    /// Whether it is the feed's own text of a page that could not be read: then only a yes is certain.
    pub unread: bool,
    /// What was read.
    pub article: Article,
    /// The address that answered.
    pub final_url: String,
    /// The story that it belongs to.
    pub story: StoryId,
    /// The item with which it shares its address or its text, if that was there before it.
    pub copy_of: Option<ItemId>,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// What copies with other words around them are found by.
    pub sketch: Option<Vec<u8>>,
}

impl Archived {
    /// What rules see of it: the same as at the first judging.
    pub fn text(&self) -> rule::Text<'_> {
        read::judged(&self.item, &self.article, &self.final_url)
    }

    /// Where a reader finds it.
    pub fn url(&self) -> &str {
        let entry = &self.item.entry;
        entry.link.as_deref().or(entry.place.as_deref()).unwrap_or_default()
    }
}

/// What of a configuration decides who is told of what.
#[derive(Clone)]
pub struct Standing {
    /// The rules.
    pub rules: RuleSet,
    subscriptions: Vec<Subscription>,
    people: People,
    receivers: HashMap<ChannelName, Vec<String>>,
    by_mail: Vec<ChannelName>,
    stories: Thresholds,
    copies_within: SignedDuration,
    places: HashMap<RuleName, usize>,
}

impl Standing {
    /// Compiles the rules.
    pub fn of(config: &Config) -> Self {
        Self::with(config, RuleSet::compile(config.entities.clone(), config.rules.clone()))
    }

    /// The same with rules that were compiled already.
    pub fn with(config: &Config, rules: RuleSet) -> Self {
        let mails = |kind: &str| crate::channel::KINDS.iter().any(|it| it.name == kind && it.needs_mail);
        Self {
            subscriptions: config.subscriptions.clone(),
            people: config.people.clone(),
            receivers: config.channels.iter().map(|plan| (plan.name.clone(), plan.channel.receivers())).collect(),
            by_mail: config.channels.iter().filter(|plan| mails(plan.kind)).map(|plan| plan.name.clone()).collect(),
            stories: config.stories,
            copies_within: config.reading.copies_within,
            places: rules.rules().iter().enumerate().map(|(place, rule)| (rule.name.clone(), place)).collect(),
            rules,
        }
    }

    /// The verdicts that say yes, in the order of the rules.
    pub fn matches(&self, article: &Archived) -> Vec<Verdict> {
        self.rules.matches(&article.text())
    }

    /// Why a rule says no; `None` when there is no such rule or it says yes.
    pub fn reason_of_no(&self, rule: &RuleName, article: &Archived) -> Option<Reason> {
        let verdict = self.rules.judge_rule(*self.places.get(rule)?, &article.text())?;
        (!verdict.matched).then_some(verdict.reason)
    }

    /// How long before the first article of a replay others matter to it: copies of what was told then are not told.
    pub fn reaches_back(&self) -> SignedDuration {
        self.copies_within
    }

    /// Who is told of these rules that an article matched, and when.
    fn routes(&self, article: &Archived, rules: &[RuleName]) -> Vec<Route> {
        let language = article.article.language.as_ref();
        let subject = route::Subject { rules, source: &article.item.source, language };
        let receivers = |name: &ChannelName| self.receivers.get(name).cloned().unwrap_or_default();
        route::route(&subject, &self.subscriptions, &self.people, receivers, article.judged_at)
    }
}

/// Puts copies behind their originals. Readings are judged at once and committed one after the other, so that the one that
/// was judged first may be the copy. Returns places in `articles`.
pub fn in_order(articles: &[Archived]) -> Vec<usize> {
    let places: HashMap<ItemId, usize> =
        articles.iter().enumerate().map(|(place, article)| (article.item.id, place)).collect();
    let mut order: Vec<usize> = (0..articles.len()).collect();
    // A copy's original is no copy that waits for it: one look is enough, and equal keys keep their order.
    order.sort_by_key(|&place| {
        let original = articles[place].copy_of.and_then(|original| places.get(&original)).copied();
        original.map_or((place, false), |original| (place.max(original), original > place))
    });
    order
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests {
    use super::in_order;
    use super::samples;
    use crate::model::ItemId;

    #[test]
    fn a_copy_that_was_judged_first_comes_behind_its_original() {
        let mut articles: Vec<_> = (0..5).map(|number| samples::archived(number, 1, 0, "")).collect();
        articles[1].copy_of = Some(ItemId(3));
        articles[4].copy_of = Some(ItemId(0));
        articles[2].copy_of = Some(ItemId(77));
        assert_eq!(in_order(&articles), [0, 2, 3, 1, 4]);
    }
}
