//! (an article, the verdicts and outcomes of two configurations) → the alerts gained and lost, and by which words.

use super::Archived;
use super::Replay;
use super::Standing;
use crate::model::Excerpt;
use crate::model::ItemId;
use crate::model::OutcomeKind;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Verdict;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a new configuration does to one match of one article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is told and was not.
    Gained,
    /// It was told and is not.
    Lost,
    /// It matches and did not, and nobody is told.
    MatchGained,
    /// It matched and does not, and nobody was told.
    MatchLost,
}

/// One alert that comes or goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which way.
    pub turn: Turn,
    /// The rule.
    pub rule: RuleName,
    /// The article's item.
    pub item: ItemId,
    /// Its source.
    pub source: SourceName,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// Its headline.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// The words on which the yes rests, as they stand in the article, each once.
    pub words: Vec<String>,
    /// The sentence that says most of them.
    pub excerpt: Option<Excerpt>,
    /// Why the one configuration says yes.
    pub yes: String,
    /// Why the other says no, or does not tell.
    pub no: String,
}

/// Two replays side by side.
pub struct Difference {
    since: Timestamp,
    /// The old configuration's.
    pub before: Replay,
    /// The new configuration's.
    pub after: Replay,
}

impl Difference {
    /// See [`Replay::new`].
    pub fn new(before: Arc<Standing>, after: Arc<Standing>, since: Timestamp) -> Self {
        Self { since, before: Replay::new(before, since), after: Replay::new(after, since) }
    }

    /// Takes the next article with both configurations' matches. Returns what changes, in the order of the rules' names.
    pub fn take(&mut self, article: &Archived, before: &[Verdict], after: &[Verdict]) -> Vec<Change> {
        let was = self.before.take(article, before);
        let is = self.after.take(article, after);
        if article.judged_at < self.since {
            return Vec::new();
        }
        let mut rules: BTreeMap<&RuleName, [Option<(&Verdict, OutcomeKind)>; 2]> = BTreeMap::new();
        for (side, verdicts, outcomes) in [(0, before, &was), (1, after, &is)] {
            for (verdict, outcome) in verdicts.iter().zip(outcomes) {
                rules.entry(&verdict.rule).or_default()[side] = Some((verdict, *outcome));
            }
        }
        rules.into_iter().filter_map(|(rule, sides)| self.change(article, rule, sides)).collect()
    }

    fn change(
        &self,
        article: &Archived,
        rule: &RuleName,
        [was, is]: [Option<(&Verdict, OutcomeKind)>; 2],
    ) -> Option<Change> {
        let told = |side: Option<(&Verdict, OutcomeKind)>| side.is_some_and(|(_, kind)| kind == OutcomeKind::Alerted);
        let turn = match (told(was), told(is)) {
            (false, true) => Turn::Gained,
            (true, false) => Turn::Lost,
            _ if was.is_none() && is.is_some() => Turn::MatchGained,
            _ if was.is_some() && is.is_none() => Turn::MatchLost,
            _ => return None,
        };
        let gains = matches!(turn, Turn::Gained | Turn::MatchGained);
        let ((verdict, _), other, yes_side, no_side) = match gains {
            true => (is?, was, self.after.standing(), self.before.standing()),
            false => (was?, is, self.before.standing(), self.after.standing()),
        };
        let no = match other {
            Some((_, OutcomeKind::Merged)) => "it matches too, and its story was told for the rule already".to_owned(),
            Some(_) => "it matches too, and no subscription covers the rule".to_owned(),
            None => match no_side.reason_of_no(rule, article) {
                Some(reason) => reason.to_string(),
                None => "there is no such rule".to_owned(),
            },
        };
        let mut words: Vec<String> = Vec::new();
        for mention in &verdict.mentions {
            if !words.contains(&mention.text) {
                words.push(mention.text.clone());
            }
        }
        let excerpts = yes_side.rules.excerpts(&article.article.title, &article.article.text, [verdict]);
        Some(Change {
            turn,
            rule: rule.clone(),
            item: article.item.id,
            source: article.item.source.clone(),
            judged_at: article.judged_at,
            title: article.article.title.clone(),
            url: article.url().to_owned(),
            words,
            excerpt: excerpts.into_iter().max_by_key(|excerpt| excerpt.marks.len()),
            yes: verdict.reason.to_string(),
            no,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::Difference;
    use super::Turn;
    use std::sync::Arc;

    #[test]
    fn each_alert_that_comes_or_goes_names_its_words_and_what_is_missing() {
        let before = Arc::new(samples::standing(&[("torture", "torture"), ("art", "museum")], &["torture"]));
        let after = Arc::new(samples::standing(
            &[("torture", "torture prison"), ("jail", "prison"), ("art", "novel")],
            &["torture", "jail"],
        ));
        let mut difference = Difference::new(Arc::clone(&before), Arc::clone(&after), samples::day(0));
        let mut told = Vec::new();
        for (number, text) in [(1, "Torture in a museum."), (2, "Torture in a prison."), (3, "Nothing.")] {
            let article = samples::archived(number, number, 0, text);
            let (was, is) = (before.matches(&article), after.matches(&article));
            for change in difference.take(&article, &was, &is) {
                told.push(format!("{number} {:?} {} {:?}: {}", change.turn, change.rule, change.words, change.no));
            }
        }
        let expected = [
            "1 MatchLost art [\"museum\"]: nothing that the rule asks for occurs",
            "1 Lost torture [\"Torture\"]: missing: \"prison\"",
            "2 Gained jail [\"prison\"]: there is no such rule",
        ];
        assert_eq!(told, expected);
        assert!(matches!(Turn::Gained.cmp(&Turn::Lost), std::cmp::Ordering::Less));
    }

    #[test]
    fn the_same_configuration_changes_nothing() {
        let standing = Arc::new(samples::standing(&[("torture", "torture")], &["torture"]));
        let mut difference = Difference::new(Arc::clone(&standing), Arc::clone(&standing), samples::day(0));
        let article = samples::archived(1, 1, 0, "Torture.");
        let verdicts = standing.matches(&article);
        assert!(difference.take(&article, &verdicts, &verdicts).is_empty());
        assert_eq!(difference.before.finish(), difference.after.finish());
    }
}
