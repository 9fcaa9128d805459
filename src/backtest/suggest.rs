//! (a rule, the articles that were called relevant or not) → words that might be added to it or to its entities. Nothing is
//! applied here: a proposal is shown with what it would do.

use super::Archived;
use super::odds;
use super::odds::Counts;
use super::odds::Term;
use crate::model::EntityName;
use crate::model::Field;
use crate::model::Verdict;
use crate::rule;
use crate::rule::EntitySpec;
use crate::rule::RuleSpec;
use crate::rule::entity;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// Judged articles that a rule needs before anything is proposed for it, and of either side.
pub const FEWEST: usize = 8;
/// See [`FEWEST`].
pub const FEWEST_OF_A_SIDE: usize = 3;

/// From how many standard deviations on a word is proposed: one in ten by chance alone. That is little, since a word that
/// stands in four of four articles and in none of four others has 1.4; what it would do is shown beside it.
const STANDS_OUT: f64 = 1.28;

/// Proposals of one kind for one rule.
const MOST: usize = 5;

/// What is done with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// It goes to `near` of this entity.
    Near(EntityName),
    /// It goes to `against` of this entity.
    Against(EntityName),
    /// The query excludes it.
    Not,
}

/// A word, and what to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What to do.
    pub remedy: Remedy,
    /// With which word, and what speaks for it.
    pub term: Term,
}

impl fmt::Display for Proposal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = &self.term.word;
        match &self.remedy {
            Remedy::Near(entity) => write!(formatter, "near = [\"{word}\"] in [entity.{entity}]"),
            Remedy::Against(entity) => write!(formatter, "against = [\"{word}\"] in [entity.{entity}]"),
            Remedy::Not => write!(formatter, "NOT {word} in `match`"),
        }
    }
}

/// The articles of one rule that were judged by people, as they are read.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    whole: [Counts; 2],
    near: BTreeMap<EntityName, [Counts; 2]>,
    named: BTreeSet<String>,
}

impl Evidence {
    /// Takes an article that the rule matches.
    pub fn add(
        &mut self,
        rule: &RuleSpec,
        entities: &[EntitySpec],
        article: &Archived,
        verdict: &Verdict,
        relevant: bool,
    ) {
        let side = usize::from(!relevant);
        let (title, body) = (&article.article.title, &article.article.text);
        for mention in &verdict.mentions {
            self.named.extend(odds::words(&mention.text, None));
        }
        let mut all = odds::words(title, None);
        all.extend(odds::words(body, None));
        self.whole[side].add(&all);
        let asked: BTreeSet<EntityName> = rule.query.entities().into_iter().map(|(name, _)| name).collect();
        for name in asked {
            let of_field = |field| -> Vec<Range<usize>> {
                let mentions = verdict.mentions.iter();
                let mentions = mentions.filter(|it| it.field == field && it.entity.as_ref() == Some(&name));
                mentions.map(|mention| mention.start..mention.end).collect()
            };
            let window = entities.iter().find(|spec| spec.name.as_ref() == Some(&name)).and_then(|spec| spec.window);
            let window = window.unwrap_or(entity::WINDOW);
            let mut words = odds::words(title, Some((&of_field(Field::Title), window)));
            words.extend(odds::words(body, Some((&of_field(Field::Body), window))));
            self.near.entry(name).or_default()[side].add(&words);
        }
    }

    /// How many relevant articles and how many others there are.
    pub fn articles(&self) -> (usize, usize) {
        (self.whole[0].articles() as usize, self.whole[1].articles() as usize)
    }

    /// Whether there are enough of them to say anything.
    pub fn is_enough(&self) -> bool {
        let (relevant, irrelevant) = self.articles();
        relevant + irrelevant >= FEWEST && relevant.min(irrelevant) >= FEWEST_OF_A_SIDE
    }

    /// What might help, the strongest of each kind first. Words that the rule rests on are left out.
    pub fn proposals(&self, entities: &[EntitySpec], background: &Counts) -> Vec<Proposal> {
        let mut proposals = Vec::new();
        for (name, [relevant, irrelevant]) in &self.near {
            let terms = odds::terms(relevant, irrelevant, background);
            let known: BTreeSet<String> = entities
                .iter()
                .filter(|spec| spec.name.as_ref() == Some(name))
                .flat_map(|spec| [&spec.near, &spec.far, &spec.against, &spec.strong, &spec.weak])
                .flatten()
                .flat_map(|known| odds::words(known, None))
                .collect();
            for (sign, remedy) in [(-1.0, Remedy::Against(name.clone())), (1.0, Remedy::Near(name.clone()))] {
                let chosen = terms.iter().filter(|term| term.z * sign >= STANDS_OUT && !known.contains(&term.word));
                proposals.extend(self.chosen(chosen, &remedy));
            }
        }
        let terms = odds::terms(&self.whole[0], &self.whole[1], background);
        // What excludes one relevant article already is no way to be rid of others.
        let only = terms.iter().filter(|term| term.z <= -STANDS_OUT && term.relevant == 0);
        proposals.extend(self.chosen(only, &Remedy::Not));
        proposals
    }

    fn chosen<'a>(&self, terms: impl Iterator<Item = &'a Term>, remedy: &Remedy) -> Vec<Proposal> {
        terms
            .filter(|term| !self.named.contains(&term.word))
            .take(MOST)
            .map(|term| Proposal { remedy: remedy.clone(), term: term.clone() })
            .collect()
    }
}

/// Entities and rule with a proposal applied, for trying it; `None` when that makes no query.
pub fn applied(entities: &[EntitySpec], rule: &RuleSpec, proposal: &Proposal) -> Option<(Vec<EntitySpec>, RuleSpec)> {
    let (mut entities, mut rule) = (entities.to_vec(), rule.clone());
    let word = proposal.term.word.clone();
    match &proposal.remedy {
        Remedy::Not => rule.query = rule::parse(&format!("({}) NOT {word}", rule.query)).ok()?,
        Remedy::Near(name) => spec(&mut entities, name)?.near.push(word),
        Remedy::Against(name) => spec(&mut entities, name)?.against.push(word),
    }
    Some((entities, rule))
}

fn spec<'a>(entities: &'a mut [EntitySpec], name: &EntityName) -> Option<&'a mut EntitySpec> {
    entities.iter_mut().find(|spec| spec.name.as_ref() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::super::odds;
    use super::super::odds::Counts;
    use super::super::samples;
    use super::Evidence;
    use super::Remedy;
    use super::applied;
    use crate::model::EntityName;
    use crate::model::Language;
    use crate::model::RuleName;
    use crate::rule::EntitySpec;
    use crate::rule::RuleSet;
    use crate::rule::RuleSpec;
    use crate::rule::Text;
    use crate::rule::parse;

    fn rule(query: &str) -> RuleSpec {
        RuleSpec {
            name: RuleName::new("r"),
            label: None,
            query: parse(query).expect("a query"),
            languages: Vec::<Language>::new(),
            min_score: None,
            hit: Vec::new(),
            miss: Vec::new(),
        }
    }

    const RELEVANT: [&str; 5] = [
        "The ICC opened an inquiry in the harbour.",
        "An inquiry of the ICC goes on.",
        "The inquiry that the ICC began.",
        "Before the ICC the inquiry stands.",
        "The ICC and its inquiry.",
    ];
    const OTHERS: [&str; 5] = [
        "The ICC named the wicket of the year.",
        "A wicket fell, the ICC says.",
        "The ICC on the wicket.",
        "No wicket for the ICC.",
        "The ICC looks at the wicket.",
    ];

    fn evidence(rule: &RuleSpec, entities: &[EntitySpec], count: usize) -> (Evidence, Counts) {
        let rules = RuleSet::compile(entities.to_vec(), vec![rule.clone()]);
        let (mut evidence, mut background) = (Evidence::default(), Counts::default());
        for (relevant, texts) in [(true, RELEVANT), (false, OTHERS)] {
            for (number, text) in texts.iter().take(count).enumerate() {
                let article = samples::archived(number as i64, number as i64, 0, text);
                let verdict = rules.matches(&article.text()).remove(0);
                evidence.add(rule, entities, &article, &verdict, relevant);
                background.add(&odds::words(text, None));
            }
        }
        (evidence, background)
    }

    #[test]
    fn words_around_a_name_are_proposed_for_its_entity_and_work_when_applied() {
        let court = EntitySpec {
            name: Some(EntityName::new("court")),
            strong: Vec::new(),
            weak: vec!["ICC".into()],
            threshold: Some(0.0),
            ..EntitySpec::default()
        };
        let (rule, entities) = (rule("@court"), vec![court]);
        let (evidence, background) = evidence(&rule, &entities, 5);
        let proposals = evidence.proposals(&entities, &background);
        let said: Vec<String> = proposals.iter().map(ToString::to_string).collect();
        assert!(said.contains(&"against = [\"wicket\"] in [entity.court]".to_owned()), "{said:#?}");
        assert!(said.contains(&"near = [\"inquiry\"] in [entity.court]".to_owned()), "{said:#?}");
        let against = proposals.iter().find(|it| matches!(it.remedy, Remedy::Against(_))).expect("one");
        let (entities, rule) = applied(&entities, &rule, against).expect("it makes a query");
        let rules = RuleSet::compile(entities, vec![rule]);
        assert!(rules.matches(&Text::of("", OTHERS[0], None)).is_empty());
        assert!(!rules.matches(&Text::of("", RELEVANT[0], None)).is_empty());
    }

    #[test]
    fn a_query_of_words_alone_is_offered_exclusions() {
        let rule = rule("icc OR tribunal");
        let (evidence, background) = evidence(&rule, &[], 5);
        let proposals = evidence.proposals(&[], &background);
        assert_eq!(proposals[0].to_string(), "NOT wicket in `match`");
        let (_, better) = applied(&[], &rule, &proposals[0]).expect("it makes a query");
        assert_eq!(better.query.to_string(), parse("(icc OR tribunal) NOT wicket").expect("a query").to_string());
    }

    #[test]
    fn too_few_articles_or_all_of_one_side_are_not_enough() {
        let rule = rule("icc");
        assert!(evidence(&rule, &[], 5).0.is_enough());
        assert!(!evidence(&rule, &[], 2).0.is_enough());
        assert_eq!(evidence(&rule, &[], 2).0.articles(), (2, 2));
    }
}
