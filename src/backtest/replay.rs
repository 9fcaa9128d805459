//! (articles in the order of their judging, verdicts) → outcomes and figures. The state is what a store would know: which
//! story was told for which rules, and what was told of late.

use super::Archived;
use super::Standing;
use crate::model::ChannelName;
use crate::model::Field;
use crate::model::OutcomeKind;
use crate::model::RuleName;
use crate::model::StoryId;
use crate::model::SubscriptionName;
use crate::model::Verdict;
use crate::read;
use crate::route::Route;
use crate::route::When;
use crate::story;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use crate::story::Relation;
use crate::story::Resemblance;
use crate::story::Sketch;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

/// What became of the matches of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Articles that it matched.
    pub matched: u64,
    /// Of them told.
    pub alerted: u64,
    /// Of them copies of what was told.
    pub merged: u64,
    /// Of them those that nobody subscribes to.
    pub held: u64,
}

/// One receiver's messages of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// How many.
    pub count: u64,
    /// How many of them each rule is in.
    pub by_rule: BTreeMap<RuleName, u64>,
}

/// What a configuration would have told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Articles replayed.
    pub articles: u64,
    /// By rule, also those that matched nothing.
    pub rules: BTreeMap<RuleName, Tally>,
    /// By receiver and day in UTC.
    pub messages: BTreeMap<(ChannelName, String), BTreeMap<Date, Messages>>,
    /// The channels that send mail.
    pub by_mail: Vec<ChannelName>,
}

/// A replay under way.
pub struct Replay {
    standing: Arc<Standing>,
    since: Timestamp,
    told: HashMap<StoryId, Vec<RuleName>>,
    same_as: HashMap<StoryId, StoryId>,
    recent: VecDeque<Lookalike>,
    figures: Figures,
    /// By receiver and lane: when what waits there is told.
    waiting: HashMap<Lane, Timestamp>,
    /// By receiver and lane: the message that was counted last.
    counted: HashMap<Lane, Timestamp>,
}

/// A receiver, and what it is told with: see [`When::Later`].
type Lane = ((ChannelName, String), Option<SubscriptionName>);

impl Replay {
    /// Articles judged before `since` count only as what was told before (see [`Standing::reaches_back`]).
    pub fn new(standing: Arc<Standing>, since: Timestamp) -> Self {
        let rules = standing.rules.rules().iter().map(|rule| (rule.name.clone(), Tally::default())).collect();
        let figures = Figures { rules, by_mail: standing.by_mail.clone(), ..Figures::default() };
        Self {
            standing,
            since,
            told: HashMap::new(),
            same_as: HashMap::new(),
            recent: VecDeque::new(),
            figures,
            waiting: HashMap::new(),
            counted: HashMap::new(),
        }
    }

    /// What is replayed.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Takes the next article with the verdicts that say yes. Returns what becomes of each, in their order.
    pub fn take(&mut self, article: &Archived, verdicts: &[Verdict]) -> Vec<OutcomeKind> {
        let counts = article.judged_at >= self.since;
        self.figures.articles += u64::from(counts);
        if verdicts.is_empty() {
            return Vec::new();
        }
        self.forget(article.judged_at);
        let mut story = self.same_as.get(&article.story).copied().unwrap_or(article.story);
        let mut routes = self.routes(article, story, verdicts);
        if !routes.is_empty()
            && article.copy_of.is_none()
            && let Some(other) = self.resembles(article, verdicts)
        {
            // The daemon put them together for what it told; for other rules it may not have compared them.
            self.same_as.insert(article.story, other);
            story = other;
            routes = self.routes(article, story, verdicts);
        }
        let outcomes: Vec<OutcomeKind> = verdicts
            .iter()
            .map(|verdict| {
                if self.was_told(story, &verdict.rule) {
                    OutcomeKind::Merged
                } else {
                    read::what_becomes(&verdict.rule, &routes).0
                }
            })
            .collect();
        if counts {
            self.count(article.judged_at, verdicts, &outcomes, &routes);
        }
        if !routes.is_empty() {
            self.remember(article, story, verdicts, &routes);
        }
        outcomes
    }

    /// The figures so far.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The figures at the end.
    pub fn finish(self) -> Figures {
        self.figures
    }

    fn was_told(&self, story: StoryId, rule: &RuleName) -> bool {
        self.told.get(&story).is_some_and(|told| told.contains(rule))
    }

    /// Who is told of what of this story is not told yet.
    fn routes(&self, article: &Archived, story: StoryId, verdicts: &[Verdict]) -> Vec<Route> {
        let rules = verdicts.iter().map(|verdict| &verdict.rule);
        let untold: Vec<RuleName> = rules.filter(|rule| !self.was_told(story, rule)).cloned().collect();
        if untold.is_empty() { Vec::new() } else { self.standing.routes(article, &untold) }
    }

    /// What was told of late and is a copy of this article by its passages: its story.
    fn resembles(&mut self, article: &Archived, verdicts: &[Verdict]) -> Option<StoryId> {
        let sketch = Sketch::from_bytes(article.sketch.as_deref()?)?;
        let said = self.standing.rules.excerpts(&article.article.title, &article.article.text, verdicts);
        let resemblance = Resemblance {
            sketch: &sketch,
            language: article.article.language.as_ref(),
            source: &article.item.source,
            now: article.judged_at,
            thresholds: &self.standing.stories,
            said: &said,
        };
        // Whether it has an address or the text in common with another is known from the store.
        match story::relate(&Fingerprint::default(), Some(resemblance), self.recent.make_contiguous(), String::new()) {
            Relation::New { .. } => None,
            Relation::Copy { story, .. } => Some(story),
        }
    }

    fn count(&mut self, at: Timestamp, verdicts: &[Verdict], outcomes: &[OutcomeKind], routes: &[Route]) {
        for (verdict, outcome) in verdicts.iter().zip(outcomes) {
            let tally = self.figures.rules.entry(verdict.rule.clone()).or_default();
            tally.matched += 1;
            match outcome {
                OutcomeKind::Alerted => tally.alerted += 1,
                OutcomeKind::Merged => tally.merged += 1,
                OutcomeKind::Held | OutcomeKind::Muted => tally.held += 1,
            }
        }
        for route in routes {
            let receiver = (route.channel.clone(), route.receiver.clone());
            let sent = match &route.when {
                When::Now => at,
                When::Later { lane, due, .. } => {
                    // What waits already takes this along.
                    let waits = self.waiting.entry((receiver.clone(), lane.clone())).or_insert(*due);
                    if *waits < at {
                        *waits = *due;
                    }
                    *waits
                }
            };
            let days = self.figures.messages.entry(receiver.clone()).or_default();
            let messages = days.entry(TimeZone::UTC.to_datetime(sent).date()).or_default();
            let is_new = match &route.when {
                When::Now => true,
                When::Later { lane, .. } => self.counted.insert((receiver, lane.clone()), sent) != Some(sent),
            };
            messages.count += u64::from(is_new);
            for rule in &route.rules {
                *messages.by_rule.entry(rule.clone()).or_default() += 1;
            }
        }
    }

    fn remember(&mut self, article: &Archived, story: StoryId, verdicts: &[Verdict], routes: &[Route]) {
        // What is held for later is told for certain.
        let is_told = |verdict: &&Verdict| routes.iter().any(|route| route.rules.contains(&verdict.rule));
        let told: Vec<&Verdict> = verdicts.iter().filter(is_told).collect();
        let of_story = self.told.entry(story).or_default();
        of_story.extend(told.iter().map(|verdict| verdict.rule.clone()));
        for lookalike in self.recent.iter_mut().filter(|lookalike| lookalike.story == story) {
            lookalike.told.clone_from(of_story);
        }
        let excerpts = self.standing.rules.excerpts(&article.article.title, &article.article.text, told);
        let said = excerpts.into_iter().filter(|excerpt| excerpt.field == Field::Body);
        self.recent.push_back(Lookalike {
            item: article.item.id,
            story,
            story_key: String::new(),
            fingerprint: Fingerprint::default(),
            judged_at: article.judged_at,
            told: of_story.clone(),
            title: article.article.title.clone(),
            source: article.item.source.clone(),
            language: article.article.language.clone(),
            sketch: article.sketch.clone(),
            said: said.map(|excerpt| excerpt.text).collect(),
        });
    }

    /// What was told too long ago to have copies now.
    fn forget(&mut self, now: Timestamp) {
        let reach = self.standing.copies_within;
        while self.recent.front().is_some_and(|oldest| now.duration_since(oldest.judged_at) >= reach) {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::Replay;
    use crate::model::OutcomeKind;
    use std::sync::Arc;

    #[test]
    fn a_copy_is_told_once_and_what_nobody_subscribes_to_is_held() {
        let standing = Arc::new(samples::standing(&[("torture", "torture"), ("art", "museum")], &["torture"]));
        let mut replay = Replay::new(Arc::clone(&standing), samples::day(0));
        let mut outcomes = Vec::new();
        for (number, story, text) in [(1, 1, "Torture in a museum."), (2, 1, "Torture again."), (3, 3, "Nothing.")] {
            let article = samples::archived(number, story, 0, text);
            let verdicts = standing.matches(&article);
            outcomes.push(replay.take(&article, &verdicts));
        }
        let expected = [vec![OutcomeKind::Held, OutcomeKind::Alerted], vec![OutcomeKind::Merged], Vec::new()];
        assert_eq!(outcomes, expected);
        let figures = replay.finish();
        assert_eq!(figures.articles, 3);
        let mails: Vec<_> = figures.messages.values().flat_map(|days| days.values().map(|day| day.count)).collect();
        assert_eq!(mails, [1]);
    }

    #[test]
    fn what_was_told_before_the_period_is_not_told_again_and_not_counted() {
        let standing = Arc::new(samples::standing(&[("torture", "torture")], &["torture"]));
        let mut replay = Replay::new(Arc::clone(&standing), samples::day(1));
        for (number, day) in [(1, 0), (2, 1)] {
            let article = samples::archived(number, 1, day, "Torture.");
            let verdicts = standing.matches(&article);
            replay.take(&article, &verdicts);
        }
        let figures = replay.finish();
        let tally = figures.rules.values().next().expect("a rule");
        assert_eq!((tally.matched, tally.merged, figures.articles), (1, 1, 1));
        assert!(figures.messages.is_empty());
    }
}
