//! (a match, the silences) → whether somebody muted it. A silence has an author, a reason and an end.

use crate::model::EntityName;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// One silence. It covers a match when each of its lists that is not empty names something of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name in the configuration, or the number that the store gave it.
    pub name: String,
    /// Who is responsible for it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When it begins; none for from ever.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Timestamp,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<RuleName>,
    /// The entities: those that the rule found.
    #[serde(default)]
    pub entities: Vec<EntityName>,
    /// The sources.
    #[serde(default)]
    pub sources: Vec<SourceName>,
    /// The stories, by their keys.
    #[serde(default)]
    pub stories: Vec<String>,
}

/// What a silence is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The rule that matched.
    pub rule: &'a RuleName,
    /// The entities that it found.
    pub entities: &'a [EntityName],
    /// The item's source.
    pub source: &'a SourceName,
    /// The story's identity.
    pub story: &'a str,
}

impl Silence {
    /// Whether it holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && now < self.until
    }

    /// Whether it says nothing of what it covers: such a silence would mute everything.
    pub fn is_boundless(&self) -> bool {
        self.rules.is_empty() && self.entities.is_empty() && self.sources.is_empty() && self.stories.is_empty()
    }

    /// Whether it covers a match. A boundless one covers none.
    pub fn covers(&self, found: &Match<'_>) -> bool {
        !self.is_boundless()
            && (self.rules.is_empty() || self.rules.contains(found.rule))
            && (self.entities.is_empty() || self.entities.iter().any(|entity| found.entities.contains(entity)))
            && (self.sources.is_empty() || self.sources.contains(found.source))
            && (self.stories.is_empty() || self.stories.iter().any(|story| story == found.story))
    }
}

/// The reason for which a match is muted at `now`, if it is; of several silences the one that lasts longest.
pub fn muted(silences: &[Silence], found: &Match<'_>, now: Timestamp) -> Option<Reason> {
    let silence = silences.iter().filter(|it| it.holds(now) && it.covers(found)).max_by_key(|it| it.until)?;
    Some(Reason::Silenced {
        silence: silence.name.clone(),
        by: silence.author.clone(),
        because: silence.reason.clone(),
        until: silence.until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence() -> Silence {
        Silence {
            name: "trial".into(),
            author: "Ana".into(),
            reason: "we are in the room".into(),
            from: Some(Timestamp::from_second(100).expect("a time")),
            until: Timestamp::from_second(200).expect("a time"),
            rules: Vec::new(),
            entities: Vec::new(),
            sources: Vec::new(),
            stories: Vec::new(),
        }
    }

    #[test]
    fn a_silence_covers_what_all_of_its_lists_name_and_while_it_holds() {
        let (court, press) = (RuleName::new("court"), RuleName::new("press"));
        let entities = [EntityName::new("prosecutor")];
        let herald = SourceName::new("herald");
        let found = |rule| Match { rule, entities: &entities, source: &herald, story: "https://a.example/1" };
        let by_rule = Silence { rules: vec![court.clone()], ..silence() };
        let by_entity = Silence { entities: vec![EntityName::new("prosecutor")], ..silence() };
        let by_source = Silence { sources: vec![SourceName::new("herald")], ..silence() };
        let by_story = Silence { stories: vec!["https://a.example/1".into()], ..silence() };
        let by_both = Silence { rules: vec![press.clone()], ..by_source.clone() };
        for (silence, rule, covers) in [
            (&by_rule, &court, true),
            (&by_rule, &press, false),
            (&by_entity, &press, true),
            (&by_source, &press, true),
            (&by_story, &press, true),
            (&by_both, &court, false),
            (&by_both, &press, true),
            (&silence(), &court, false),
        ] {
            assert_eq!(silence.covers(&found(rule)), covers, "{silence:?} {rule}");
        }
        for (second, holds) in [(99, false), (100, true), (199, true), (200, false)] {
            let now = Timestamp::from_second(second).expect("a time");
            assert_eq!(muted(std::slice::from_ref(&by_rule), &found(&court), now).is_some(), holds, "{second}");
        }
    }
}
