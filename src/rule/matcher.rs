//! (rule set, article) → [`Judgement`]. One pass over the words finds everything that any rule or entity names; then only
//! entities with a name in the text are weighed and only rules with a word in it are judged. Cost follows what is found,
//! not how many rules there are.

use super::EntitySpec;
use super::RuleSpec;
use super::Text;
use super::account;
use super::account::Account;
use super::cases;
use super::cases::TestFailure;
use super::compile::Compiled;
use super::excerpt;
use super::explain;
use super::explain::RuleAccount;
use super::scan::Scan;
use super::verdict;
use crate::model::EntityName;
use crate::model::Excerpt;
use crate::model::Judgement;
use crate::model::Mention;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::Verdict;
use std::sync::Arc;

/// Compiled entities and rules. Cloning it is cheap, and it can be used from many threads.
#[derive(Clone, Debug)]
pub struct RuleSet {
    inner: Arc<Compiled>,
}

impl RuleSet {
    /// Compiles entities and rules. Verdicts come in the order of `rules`. An `@entity` that is not among `entities` is
    /// never found (`config` refuses such a query before).
    pub fn compile(entities: Vec<EntitySpec>, rules: Vec<RuleSpec>) -> Self {
        Self { inner: Arc::new(Compiled::of(entities, rules)) }
    }

    /// The rules, in the order of the verdicts.
    pub fn rules(&self) -> &[RuleSpec] {
        &self.inner.rules
    }

    /// The entities.
    pub fn entities(&self) -> &[EntitySpec] {
        &self.inner.entities
    }

    /// A rule's title for people; its name when it has none.
    pub fn label_of_rule<'a>(&'a self, name: &'a RuleName) -> &'a str {
        let rule = self.inner.rule_index.get(name).map(|&index| &self.inner.rules[index]);
        rule.and_then(|rule| rule.label.as_deref()).unwrap_or(name.as_str())
    }

    /// An entity's title for people; its name when it has none.
    pub fn label_of_entity<'a>(&'a self, name: &'a EntityName) -> &'a str {
        let entity = self.inner.entity_index.get(name).map(|&index| &self.inner.entities[index]);
        entity.and_then(|entity| entity.label.as_deref()).unwrap_or(name.as_str())
    }

    /// Judges an article against every rule. Offsets of mentions are bytes of title and body as given. A rule for certain
    /// languages is applied when the language is not known: a no needs a ground.
    pub fn judge(&self, text: &Text<'_>) -> Judgement {
        let inner = &*self.inner;
        let scan = Scan::of(inner, text);
        let touched = touched(inner, &scan);
        let verdicts = inner.rules.iter().zip(touched).enumerate().map(|(index, (rule, touched))| {
            let (matched, reason, mentions) =
                if touched { decide(inner, index, &scan) } else { (false, Reason::NothingFound, Vec::new()) };
            Verdict { rule: rule.name.clone(), matched, reason, mentions }
        });
        let verdicts = verdicts.collect();
        Judgement { language: text.language.cloned(), mentions: entity_mentions(inner, &scan), verdicts }
    }

    /// The verdicts of those rules only that match: what a search through many articles needs.
    pub fn matches(&self, text: &Text<'_>) -> Vec<Verdict> {
        let inner = &*self.inner;
        let scan = Scan::of(inner, text);
        let touched = touched(inner, &scan);
        let indices = touched.iter().enumerate().filter_map(|(index, &touched)| touched.then_some(index));
        indices
            .filter(|&index| inner.rule_plans[index].holds(&scan))
            .filter_map(|index| {
                let (matched, reason, mentions) = decide(inner, index, &scan);
                matched.then(|| Verdict { rule: inner.rules[index].name.clone(), matched, reason, mentions })
            })
            .collect()
    }

    /// The verdict of one rule by its place among the rules; `None` when there is no such place.
    pub fn judge_rule(&self, index: usize, text: &Text<'_>) -> Option<Verdict> {
        let inner = &*self.inner;
        let rule = inner.rules.get(index)?;
        let scan = Scan::of(inner, text);
        let (matched, reason, mentions) = if touched(inner, &scan)[index] {
            decide(inner, index, &scan)
        } else {
            (false, Reason::NothingFound, Vec::new())
        };
        Some(Verdict { rule: rule.name.clone(), matched, reason, mentions })
    }

    /// How every rule came out of which the article has anything: what it found, what was missing, what excluded it.
    pub fn explain_rules(&self, text: &Text<'_>) -> Vec<RuleAccount> {
        let inner = &*self.inner;
        let scan = Scan::of(inner, text);
        let touched = touched(inner, &scan);
        let indices = touched.iter().enumerate().filter_map(|(index, &touched)| touched.then_some(index));
        indices
            .map(|index| match other_language(inner, index, text) {
                Some(reason) => RuleAccount { reason, matched: false, ..explain::of(inner, index, &scan) },
                None => explain::of(inner, index, &scan),
            })
            .collect()
    }

    /// How an entity is decided in an article: which names, which words, which veto. `None` for an unknown entity.
    pub fn explain_entity(&self, entity: &EntityName, text: &Text<'_>) -> Option<Account> {
        let index = *self.inner.entity_index.get(entity)?;
        Some(account(&self.inner, index, &Scan::of(&self.inner, text)))
    }

    /// How every entity is decided of which the article has a name, in the order of the entities.
    pub fn explain_entities(&self, text: &Text<'_>) -> Vec<Account> {
        let scan = Scan::of(&self.inner, text);
        scan.weighed.keys().map(|&index| account(&self.inner, index, &scan)).collect()
    }

    /// The sentences that `verdicts` rest on, matched words marked: at most four, each rule at least once where that
    /// fits, in the order of the article.
    pub fn excerpts<'a>(
        &self,
        title: &str,
        body: &str,
        verdicts: impl IntoIterator<Item = &'a Verdict>,
    ) -> Vec<Excerpt> {
        excerpt::excerpts(title, body, verdicts)
    }

    /// Runs every `hit` and `miss` text of entities and rules; returns those that come out the other way.
    pub fn test_cases(&self) -> Vec<TestFailure> {
        cases::run(self)
    }
}

/// By rule: whether anything that it asks for occurs.
fn touched(compiled: &Compiled, scan: &Scan<'_>) -> Vec<bool> {
    let mut touched = vec![false; compiled.rules.len()];
    for group in scan.hits.chunk_by(|one, other| one.pattern == other.pattern) {
        compiled.term_rules.get(group[0].pattern).iter().for_each(|&rule| touched[rule as usize] = true);
    }
    for (&entity, names) in &scan.weighed {
        if names.iter().any(|name| name.accepted) {
            compiled.entity_rules.get(entity as u32).iter().for_each(|&rule| touched[rule as usize] = true);
        }
    }
    touched
}

fn decide(compiled: &Compiled, index: usize, scan: &Scan<'_>) -> (bool, Reason, Vec<Mention>) {
    match other_language(compiled, index, &scan.text) {
        Some(reason) => (false, reason, Vec::new()),
        None => verdict::of(compiled, &compiled.rule_plans[index], compiled.rules[index].min_score, scan),
    }
}

fn other_language(compiled: &Compiled, index: usize, text: &Text<'_>) -> Option<Reason> {
    let languages = &compiled.rules[index].languages;
    let other = text.language.filter(|&code| !languages.is_empty() && !languages.contains(code))?;
    Some(Reason::OtherLanguage { language: other.to_string() })
}

fn entity_mentions(compiled: &Compiled, scan: &Scan<'_>) -> Vec<Mention> {
    let mut mentions = Vec::new();
    for &entity in scan.weighed.keys() {
        let name = &compiled.entity_plans[entity].name;
        mentions.extend(scan.names(entity).filter_map(|found| scan.mention(Some(name), &found.hit)));
    }
    mentions.sort_by_key(|mention| (mention.field, mention.start, mention.end));
    mentions
}

fn account(compiled: &Compiled, index: usize, scan: &Scan<'_>) -> Account {
    let weighed = scan.weighed.get(&index).map_or(&[][..], Vec::as_slice);
    Account {
        entity: compiled.entity_plans[index].name.clone(),
        accepted: weighed.iter().any(|name| name.accepted),
        threshold: compiled.entity_plans[index].threshold,
        names: weighed.iter().map(|name| account::of(name, &compiled.patterns, scan)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::RuleSet;
    use super::Text;
    use crate::model::EntityName;
    use crate::model::Field;
    use crate::model::Language;
    use crate::model::Reason;
    use crate::model::RuleName;
    use crate::rule::EntitySpec;
    use crate::rule::RuleSpec;
    use crate::rule::parse;
    use proptest::prelude::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    fn court() -> EntitySpec {
        EntitySpec {
            name: Some(EntityName::new("court")),
            label: Some("The Court".to_owned()),
            strong: texts(&["Corte Penal Internacional"]),
            weak: texts(&["CPI"]),
            near: texts(&["fiscal"]),
            ..EntitySpec::default()
        }
    }

    fn rule(name: &str, query: &str) -> RuleSpec {
        RuleSpec {
            name: RuleName::new(name),
            label: None,
            query: parse(query).expect("a query"),
            languages: Vec::new(),
            min_score: None,
            hit: Vec::new(),
            miss: Vec::new(),
        }
    }

    fn reason(query: &str, title: &str, body: &str) -> String {
        let judgement = RuleSet::compile(vec![court()], vec![rule("r", query)]).judge(&Text::of(title, body, None));
        let verdict = &judgement.verdicts[0];
        format!("{}: {}", verdict.reason.code(), verdict.reason)
    }

    #[test]
    fn every_verdict_says_why() {
        for (query, title, body, expected) in [
            (
                "@court tortura",
                "",
                "El fiscal de la CPI oyó de Torturas y tortura",
                "matched: @court (\"CPI\") and \"tortura\"",
            ),
            ("tortura OR maltrato", "", "maltrato", "matched: \"maltrato\""),
            (
                "title:@court",
                "Corte Penal\n Internacional",
                "",
                "matched: @court (\"Corte Penal Internacional\") in the title",
            ),
            ("@court tortura", "", "El fiscal de la CPI", "not_enough: missing: \"tortura\""),
            ("@court (tortura OR maltrato)", "", "Hubo maltrato", "not_enough: missing: @court"),
            ("a (b OR c OR d OR e OR f OR g)", "", "a", "not_enough: missing: \"b\", \"c\", \"d\" or 3 more"),
            ("a AND (b OR (c d))", "", "a c", "not_enough: missing: \"b\" or (\"c\" and \"d\")"),
            ("b OR (c d)", "", "c", "not_enough: missing: \"b\" or (\"c\" and \"d\")"),
            ("@court tortura", "", "Nada", "nothing_found: nothing that the rule asks for occurs"),
            ("tortura", "", "", "nothing_found: nothing that the rule asks for occurs"),
            ("tortura -novela", "", "La novela de la tortura", "excluded: excluded by \"novela\""),
            ("tortura -(novela OR cine)", "", "El cine y la tortura", "excluded: excluded by \"cine\""),
            ("tortura -(novela AND cine)", "", "El cine y la tortura", "matched: \"tortura\""),
            ("tortura -title:cine", "", "El cine y la tortura", "matched: \"tortura\""),
            ("@nobody OR tortura", "", "tortura", "matched: \"tortura\""),
            ("@nobody tortura", "", "tortura", "not_enough: missing: @nobody"),
        ] {
            assert_eq!(reason(query, title, body), expected, "{query}");
        }
    }

    #[test]
    fn a_verdict_over_distances_and_counts_says_why_too() {
        for (query, title, body, expected) in [
            ("tortura NEAR/2 presos", "", "Tortura de los presos", "matched: \"Tortura\" … \"presos\""),
            (
                "tortura NEAR/1 presos",
                "",
                "Tortura de los presos",
                "not_enough: missing: \"tortura\" within 1 words of \"presos\"",
            ),
            (
                "tortura SENT (cine OR novela)",
                "",
                "Tortura. El cine.",
                "not_enough: missing: \"tortura\" in one sentence with (\"cine\" or \"novela\")",
            ),
            (
                "tortura NOTNEAR/1 cine",
                "",
                "El cine",
                "not_enough: missing: \"tortura\" without \"cine\" within 1 words",
            ),
            ("tortura NEAR/1 cine", "", "Nada", "nothing_found: nothing that the rule asks for occurs"),
            ("tortura{2}", "", "Tortura y tortura", "matched: \"Tortura\" 2 times"),
            ("tortura{2}", "", "Tortura", "not_enough: missing: \"tortura\" 2 times"),
            ("@court{2}", "", "La Corte Penal Internacional", "not_enough: missing: @court 2 times"),
            (
                "2 OF (tortura, cine, @court)",
                "",
                "La tortura",
                "not_enough: missing: 2 of \"tortura\", \"cine\" and @court",
            ),
            ("2 OF (tortura, cine, @court)", "", "La tortura del cine", "matched: \"tortura\" and \"cine\""),
            ("a NOT 2 OF (b, c, d)", "", "a b c", "excluded: excluded by \"b\" and \"c\""),
            ("tortura author:paz", "", "La tortura", "not_enough: missing: \"paz\" in the authors"),
            ("tortura lang:es", "", "La tortura", "not_enough: missing: language es"),
            ("tortura OR lang:es AND cine", "", "Nada", "nothing_found: nothing that the rule asks for occurs"),
            ("tortur*", "", "Los torturadores", "matched: \"torturadores\""),
            ("/tortur(a|as)\\b/", "", "Las torturas", "matched: \"torturas\""),
            ("\"los presos\"~1", "", "Presos de los", "matched: \"Presos\" … \"los\""),
            ("title:(a NEAR/1 b)", "", "a b", "nothing_found: nothing that the rule asks for occurs"),
        ] {
            assert_eq!(reason(query, title, body), expected, "{query}");
        }
    }

    #[test]
    fn matches_are_the_verdicts_that_match() {
        let queries =
            ["tortura", "tortura cine", "@court OR cine", "2 OF (tortura, cine, @court)", "tortura NEAR/2 cpi"];
        let rules = queries.iter().map(|query| rule(query, query)).collect();
        let rules = RuleSet::compile(vec![court()], rules);
        for body in ["", "tortura", "La CPI, tortura", "El fiscal de la CPI, cine y tortura"] {
            let text = Text::of("", body, None);
            let expected: Vec<_> = rules.judge(&text).verdicts.into_iter().filter(|verdict| verdict.matched).collect();
            assert_eq!(rules.matches(&text), expected, "{body}");
        }
    }

    #[test]
    fn a_rule_with_a_score_needs_enough_places_or_weight() {
        for (query, title, body, matched) in [
            ("tortura", "", "tortura", false),
            ("tortura", "", "tortura y tortura", true),
            ("tortura", "tortura", "", true),
            ("tortura^2", "", "tortura", true),
            ("tortura OR cine^0.5", "", "tortura y cine", false),
            ("(tortura OR cine)^2", "", "cine", true),
        ] {
            let rule = RuleSpec { min_score: Some(2.0), ..rule("r", query) };
            let judgement = RuleSet::compile(Vec::new(), vec![rule]).judge(&Text::of(title, body, None));
            assert_eq!(judgement.verdicts[0].matched, matched, "{query} in {title} {body}");
        }
    }

    #[test]
    fn what_nearly_matched_is_told_with_what_it_found() {
        let rules = vec![rule("near", "tortura cine"), rule("out", "tortura -prisi\u{f3}n"), rule("no", "novela")];
        let rules = RuleSet::compile(vec![court()], rules);
        let text = Text::of("", "La tortura en prisi\u{f3}n, dice la CPI", None);
        let accounts = rules.explain_rules(&text);
        let told: Vec<(&str, bool, String, String)> = accounts
            .iter()
            .map(|account| {
                (account.rule.as_str(), account.is_near(), account.found.concat(), account.excluded.concat())
            })
            .collect();
        let expected = [("near", true, "\"tortura\"", ""), ("out", true, "\"tortura\"", "\"prisi\u{f3}n\"")];
        assert_eq!(told, expected.map(|(rule, near, found, by)| (rule, near, found.to_owned(), by.to_owned())));
        let entities = rules.explain_entities(&text);
        assert!(!entities[0].accepted && entities[0].names[0].score == Some(0.0));
        assert_eq!(rules.matches(&text), []);
    }

    #[test]
    fn verdicts_come_in_the_order_of_the_rules_one_each() {
        let rules = vec![rule("b", "x"), rule("a", "y"), rule("c", "x y")];
        let judgement = RuleSet::compile(Vec::new(), rules).judge(&Text::of("", "x", None));
        let found: Vec<(&str, bool)> =
            judgement.verdicts.iter().map(|verdict| (verdict.rule.as_str(), verdict.matched)).collect();
        assert_eq!(found, [("b", true), ("a", false), ("c", false)]);
    }

    #[test]
    fn a_rule_for_a_language_passes_over_others_but_not_over_an_unknown_one() {
        let spanish = Language::parse("es").expect("a code");
        let english = Language::parse("en").expect("a code");
        let rules = RuleSet::compile(Vec::new(), vec![RuleSpec { languages: vec![spanish.clone()], ..rule("r", "x") }]);
        assert!(rules.judge(&Text::of("", "x", Some(&spanish))).verdicts[0].matched);
        assert!(rules.judge(&Text::of("", "x", None)).verdicts[0].matched);
        let other = &rules.judge(&Text::of("", "x", Some(&english))).verdicts[0];
        assert_eq!(other.reason, Reason::OtherLanguage { language: "en".to_owned() });
    }

    #[test]
    fn a_mention_is_the_very_slice_of_the_original() {
        let rules = RuleSet::compile(vec![court()], vec![rule("r", "@court prisi\u{f3}n")]);
        let title = "\u{feff}La Corte&nbsp;Penal Inter\u{ad}nacional";
        let body = "Una prisio\u{301}n, la pris-\ni&oacute;n y la CPI";
        let judgement = rules.judge(&Text::of(title, body, None));
        let found: Vec<(Field, &str)> =
            judgement.verdicts[0].mentions.iter().map(|mention| (mention.field, mention.text.as_str())).collect();
        let expected = [
            (Field::Title, "Corte&nbsp;Penal Inter\u{ad}nacional"),
            (Field::Body, "prisio\u{301}n"),
            (Field::Body, "pris-\ni&oacute;n"),
            (Field::Body, "CPI"),
        ];
        assert_eq!(found, expected);
        assert_eq!(judgement.mentions.len(), 2);
    }

    #[test]
    fn labels_fall_back_to_names() {
        let rules = RuleSet::compile(vec![court()], vec![rule("r", "x")]);
        assert_eq!(rules.label_of_entity(&EntityName::new("court")), "The Court");
        assert_eq!(rules.label_of_entity(&EntityName::new("other")), "other");
        assert_eq!(rules.label_of_rule(&RuleName::new("r")), "r");
    }

    #[test]
    fn hit_and_miss_texts_that_come_out_the_other_way_are_told() {
        let entity = EntitySpec {
            hit: texts(&["la Corte Penal Internacional", "la CPI"]),
            miss: texts(&["el fiscal de la CPI"]),
            ..court()
        };
        let rule = RuleSpec { hit: texts(&["x", "y"]), miss: texts(&["x"]), ..rule("r", "x") };
        let found: Vec<(&str, usize, String)> = RuleSet::compile(vec![entity], vec![rule])
            .test_cases()
            .into_iter()
            .map(|failure| (failure.kind.as_str(), failure.index, failure.text))
            .collect();
        let expected = [("hit", 1, "la CPI"), ("miss", 0, "el fiscal de la CPI"), ("hit", 1, "y"), ("miss", 0, "x")];
        assert_eq!(found, expected.map(|(kind, index, text)| (kind, index, text.to_owned())));
    }

    #[test]
    fn a_rule_set_is_cheap_to_clone_and_shared_between_threads() {
        fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
        let rules = RuleSet::compile(vec![court()], Vec::new());
        is_shared(&rules);
        assert!(std::sync::Arc::ptr_eq(&rules.inner, &rules.clone().inner));
    }

    proptest! {
        #[test]
        fn mentions_of_any_hostile_text_are_slices_of_it(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,6}", Just("Corte Penal Internacional".to_owned()), Just("C.P.I.".to_owned()),
                Just("fiscal".to_owned()), Just("Corte&nbsp;Pen\u{ad}al\u{200b} Inter-\nnacional".to_owned()),
                Just("co\u{301}rte".to_owned()), Just("\u{fb01}scal".to_owned()), Just(" ".to_owned()), Just("\n\n".to_owned()),
                Just("&amp;".to_owned()), Just("\u{301}".to_owned()), Just("-\n".to_owned()), Just(". A".to_owned()),
            ], 0..20),
            cut in 0_usize..20
        ) {
            let cut = cut.min(parts.len());
            let (title, body) = (parts[..cut].concat(), parts[cut..].concat());
            let rules = RuleSet::compile(vec![court()], vec![rule("r", "@court OR fiscal OR a OR corte")]);
            let judgement = rules.judge(&Text::of(&title, &body, None));
            for mention in judgement.mentions.iter().chain(&judgement.verdicts[0].mentions) {
                let text = if mention.field == Field::Title { &title } else { &body };
                prop_assert_eq!(text.get(mention.start..mention.end), Some(mention.text.as_str()));
            }
            for excerpt in rules.excerpts(&title, &body, &judgement.verdicts) {
                let mut behind = 0;
                for (start, end) in excerpt.marks {
                    prop_assert!(start >= behind && end > start);
                    prop_assert!(excerpt.text.get(start..end).is_some());
                    behind = end;
                }
            }
        }
    }
}
