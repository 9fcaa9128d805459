//! (entities, rules) → [`RuleSet`]; (rule set, article) → [`Judgement`]. One pass over the words finds everything that any
//! rule or entity names; then only entities with a name in the text are weighed and only rules with a word in it are
//! judged. Cost follows what is found, not how many rules there are.

use super::EntitySpec;
use super::RuleSpec;
use super::account;
use super::account::Account;
use super::cases;
use super::cases::TestFailure;
use super::entity;
use super::entity::EntityPlan;
use super::entity::Found;
use super::entity::Name;
use super::entity::Role;
use super::entity::Setting;
use super::entity::Weighed;
use super::excerpt;
use super::plan::Leaf;
use super::plan::Plan;
use super::plan::Sought;
use super::plan::list;
use super::trie::Hit;
use super::trie::PatternId;
use super::trie::Trie;
use super::trie::is_acronym;
use crate::model::EntityName;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Judgement;
use crate::model::Language;
use crate::model::Mention;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::Verdict;
use crate::text::Shape;
use crate::text::Words;
use crate::text::fold;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Compiled entities and rules. Cloning it is cheap, and it can be used from many threads.
#[derive(Clone, Debug)]
pub struct RuleSet {
    inner: Arc<Inner>,
}

/// How many places of one word or entity a verdict names; more prove nothing more.
const MOST_MENTIONS: usize = 100;

#[derive(Debug)]
struct Inner {
    entities: Vec<EntitySpec>,
    rules: Vec<RuleSpec>,
    entity_index: HashMap<EntityName, usize>,
    rule_index: HashMap<RuleName, usize>,
    entity_plans: Vec<EntityPlan>,
    rule_plans: Vec<Plan>,
    trie: Trie,
    /// By pattern: what it is to which entity.
    roles: Vec<Vec<(usize, Role)>>,
    /// By pattern: the rules that name it.
    term_rules: Vec<Vec<usize>>,
    /// By entity: the rules that name it.
    entity_rules: Vec<Vec<usize>>,
    /// By pattern: as it was first written, for accounts.
    spelling: Vec<String>,
}

/// What one article holds of a rule set's patterns.
struct Scan {
    title: Words,
    body: Words,
    /// Sorted by pattern, then by place.
    hits: Vec<Hit>,
    /// By entity that has a name in the text.
    weighed: BTreeMap<usize, Vec<Weighed>>,
}

impl RuleSet {
    /// Compiles entities and rules. Verdicts come in the order of `rules`. An `@entity` that is not among `entities` is
    /// never found (`config` refuses such a query before).
    pub fn compile(entities: Vec<EntitySpec>, rules: Vec<RuleSpec>) -> Self {
        let mut inner = Inner {
            entity_index: HashMap::new(),
            rule_index: rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect(),
            entity_plans: Vec::with_capacity(entities.len()),
            rule_plans: Vec::with_capacity(rules.len()),
            trie: Trie::default(),
            roles: Vec::new(),
            term_rules: Vec::new(),
            entity_rules: vec![Vec::new(); entities.len()],
            spelling: Vec::new(),
            entities,
            rules,
        };
        inner.add_entities();
        inner.add_rules();
        Self { inner: Arc::new(inner) }
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

    /// Judges an article in `language` against every rule. Offsets of mentions are bytes of `title` and `body` as given.
    /// A rule for certain languages is applied when the language is not known: a no needs a ground.
    pub fn judge(&self, title: &str, body: &str, language: Option<&Language>) -> Judgement {
        let inner = &*self.inner;
        let scan = inner.scan(title, body, language);
        let texts = Texts { scan: &scan, title, body };
        let mut touched = vec![false; inner.rules.len()];
        for group in scan.hits.chunk_by(|one, other| one.pattern == other.pattern) {
            inner.term_rules[group[0].pattern as usize].iter().for_each(|&rule| touched[rule] = true);
        }
        for (&entity, names) in &scan.weighed {
            if names.iter().any(|name| name.accepted) {
                inner.entity_rules[entity].iter().for_each(|&rule| touched[rule] = true);
            }
        }
        let verdicts = inner.rules.iter().enumerate().map(|(index, rule)| {
            let (matched, reason, mentions) = if !touched[index] {
                (false, Reason::NothingFound, Vec::new())
            } else if let Some(other) =
                language.filter(|&code| !rule.languages.is_empty() && !rule.languages.contains(code))
            {
                (false, Reason::OtherLanguage { language: other.to_string() }, Vec::new())
            } else {
                inner.verdict(&inner.rule_plans[index], &texts)
            };
            Verdict { rule: rule.name.clone(), matched, reason, mentions }
        });
        let verdicts = verdicts.collect();
        let mut mentions: Vec<Mention> =
            scan.weighed.keys().flat_map(|&entity| inner.entity_mentions(entity, None, &texts)).collect();
        mentions.sort_by_key(|mention| (mention.field, mention.start, mention.end));
        Judgement { language: language.cloned(), mentions, verdicts }
    }

    /// How an entity is decided in an article: which names, which words, which veto. `None` for an unknown entity.
    pub fn explain_entity(
        &self,
        entity: &EntityName,
        title: &str,
        body: &str,
        language: Option<&Language>,
    ) -> Option<Account> {
        let inner = &*self.inner;
        let index = *inner.entity_index.get(entity)?;
        let scan = inner.scan(title, body, language);
        let texts = Texts { scan: &scan, title, body };
        let weighed = scan.weighed.get(&index).map_or(&[][..], Vec::as_slice);
        Some(Account {
            entity: entity.clone(),
            accepted: weighed.iter().any(|name| name.accepted),
            threshold: inner.entity_plans[index].threshold,
            names: weighed.iter().map(|name| account::of(name, &inner.spelling, |hit| texts.slice(hit))).collect(),
        })
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

impl Inner {
    fn add_entities(&mut self) {
        let names = self.entities.iter().enumerate();
        self.entity_index = names.filter_map(|(index, spec)| Some((spec.name.clone()?, index))).collect();
        for index in 0..self.entities.len() {
            let spec = self.entities[index].clone();
            self.entity_plans.push(EntityPlan {
                name: spec.name.unwrap_or_else(|| EntityName::new("")),
                window: spec.window.map_or(entity::WINDOW, |window| window.min(10_000)) as u32,
                threshold: spec.threshold.unwrap_or(entity::THRESHOLD),
                languages: spec.languages,
                given: spec.given.iter().flat_map(|given| fold_words(given)).collect(),
                with: spec.with.iter().filter_map(|name| self.entity_index.get(name).copied()).collect(),
            });
            for (terms, strong) in [(&spec.strong, true), (&spec.weak, false)] {
                for term in terms {
                    let capital = is_proper_name(term);
                    self.add_role(term, index, Role::Name { strong, capital });
                }
            }
            for (terms, role) in [
                (&spec.near, Role::Near),
                (&spec.far, Role::Far),
                (&spec.against, Role::Against),
                (&spec.veto, Role::Veto),
            ] {
                terms.iter().for_each(|term| self.add_role(term, index, role));
            }
        }
    }

    fn add_rules(&mut self) {
        for index in 0..self.rules.len() {
            let root = self.rules[index].query.root.clone();
            let entity_index = std::mem::take(&mut self.entity_index);
            let plan = Plan::of(&root, &mut |term| self.pattern(term), &|name| entity_index.get(name).copied());
            self.entity_index = entity_index;
            plan.leaves(&mut |leaf| match leaf.sought {
                Sought::Term(pattern) => self.term_rules[pattern as usize].push(index),
                Sought::Entity(entity) => self.entity_rules[entity].push(index),
                Sought::Nothing => {}
            });
            self.rule_plans.push(plan);
        }
        for rules in self.term_rules.iter_mut().chain(&mut self.entity_rules) {
            rules.dedup();
        }
    }

    fn pattern(&mut self, term: &str) -> Option<PatternId> {
        let pattern = self.trie.add(term)?;
        self.remember(term);
        Some(pattern)
    }

    /// Makes room for what belongs to a pattern that was just added.
    fn remember(&mut self, term: &str) {
        if self.trie.len() > self.roles.len() {
            self.roles.push(Vec::new());
            self.term_rules.push(Vec::new());
            self.spelling.push(term.to_owned());
        }
    }

    fn add_role(&mut self, term: &str, entity: usize, role: Role) {
        let pattern = match role {
            Role::Name { .. } => self.trie.add_name(term),
            _ => self.trie.add(term),
        };
        if let Some(pattern) = pattern {
            self.remember(term);
            self.roles[pattern as usize].push((entity, role));
        }
    }

    fn scan(&self, title: &str, body: &str, language: Option<&Language>) -> Scan {
        let (title, body) = (Words::of(title), Words::of(body));
        let mut hits = Vec::new();
        self.trie.scan(&title, Field::Title, &mut hits);
        self.trie.scan(&body, Field::Body, &mut hits);
        hits.sort_by_key(|hit| hit.pattern);
        let found = self.found(&hits);
        let setting = Setting { title: &title, body: &body, language, companions: 0 };
        let mut weighed: BTreeMap<usize, Vec<Weighed>> = BTreeMap::new();
        for (&index, found) in &found {
            weighed.insert(index, entity::weigh(&self.entity_plans[index], found.clone(), setting));
        }
        // Who is mentioned by itself speaks for its companions; once, so that no two entities can hold each other up.
        let alone: Vec<usize> =
            weighed.iter().filter(|(_, names)| is_mentioned(names)).map(|(&index, _)| index).collect();
        for (index, found) in found {
            let plan = &self.entity_plans[index];
            let companions = plan.with.iter().filter(|companion| alone.contains(companion)).count();
            if companions > 0 {
                weighed.insert(index, entity::weigh(plan, found, Setting { companions, ..setting }));
            }
        }
        Scan { title, body, hits, weighed }
    }

    /// By entity with a name among `hits`: all its words.
    fn found(&self, hits: &[Hit]) -> BTreeMap<usize, Found> {
        let mut found: BTreeMap<usize, Found> = BTreeMap::new();
        let groups = || hits.chunk_by(|one, other| one.pattern == other.pattern);
        for group in groups() {
            for &(index, role) in &self.roles[group[0].pattern as usize] {
                if let Role::Name { strong, capital } = role {
                    let names = group.iter().map(|&hit| Name { hit, strong, capital });
                    found.entry(index).or_default().names.extend(names);
                }
            }
        }
        if found.is_empty() {
            return found;
        }
        for group in groups() {
            for &(index, role) in &self.roles[group[0].pattern as usize] {
                let Some(found) = found.get_mut(&index) else { continue };
                match role {
                    Role::Name { .. } => {}
                    Role::Near => found.near.extend(group),
                    Role::Far => found.far.push(group[0].pattern),
                    Role::Against => found.against.extend(group),
                    Role::Veto => found.veto.extend(group),
                }
            }
        }
        found
    }

    fn verdict(&self, plan: &Plan, texts: &Texts<'_>) -> (bool, Reason, Vec<Mention>) {
        let finding = plan.judge(&|leaf| self.occurs(leaf, texts));
        if finding.holds {
            let because = list(finding.evidence.iter().map(|leaf| self.evidence(leaf, texts)), "and");
            let mut mentions: Vec<Mention> =
                finding.evidence.iter().flat_map(|leaf| self.mentions(leaf, texts).take(MOST_MENTIONS)).collect();
            mentions.sort_by(|one, other| {
                (one.field, one.start, one.end, &one.entity).cmp(&(other.field, other.start, other.end, &other.entity))
            });
            mentions.dedup();
            return (true, Reason::Matched { because }, mentions);
        }
        let reason = if finding.would_hold {
            let mut by: Vec<String> = finding.excluded.iter().map(|leaf| self.evidence(leaf, texts)).collect();
            by.dedup();
            Reason::Excluded { by: list(by.into_iter(), "and") }
        } else if finding.evidence.is_empty() {
            Reason::NothingFound
        } else {
            // Alternatives beside something else stand in brackets, so that it is clear what belongs together.
            let several = finding.missing.len() > 1;
            let parts = finding.missing.iter().map(|part| match part {
                Plan::Any(..) if several => format!("({})", part.describe()),
                _ => part.describe(),
            });
            Reason::NotEnough { missing: list(parts, "and") }
        };
        (false, reason, Vec::new())
    }

    fn occurs(&self, leaf: &Leaf, texts: &Texts<'_>) -> bool {
        let in_field = |hit: &Hit| leaf.field.is_none_or(|field| field == hit.field);
        match leaf.sought {
            Sought::Term(pattern) => texts.hits(pattern).iter().any(in_field),
            Sought::Entity(entity) => texts.names(entity).any(|name| in_field(&name.hit)),
            Sought::Nothing => false,
        }
    }

    /// A leaf that occurs, in people's words with the form found: `@court ("ICC")`, `"torture"`.
    fn evidence(&self, leaf: &Leaf, texts: &Texts<'_>) -> String {
        let first = self.mentions(leaf, texts).next();
        let form = first.map(|mention| mention.text.split_whitespace().collect::<Vec<_>>().join(" "));
        let place = leaf.field.map_or(String::new(), |field| format!(" in the {}", field.as_str()));
        match (leaf.sought, form) {
            (Sought::Entity(_), Some(form)) => format!("{} (\"{form}\"){place}", leaf.printed),
            (_, Some(form)) => format!("\"{form}\"{place}"),
            (_, None) => leaf.describe(),
        }
    }

    fn mentions<'a>(&'a self, leaf: &'a Leaf, texts: &'a Texts<'a>) -> Box<dyn Iterator<Item = Mention> + 'a> {
        match leaf.sought {
            Sought::Entity(entity) => Box::new(self.entity_mentions(entity, leaf.field, texts)),
            Sought::Term(pattern) => Box::new(
                texts
                    .hits(pattern)
                    .iter()
                    .filter(|hit| leaf.field.is_none_or(|field| field == hit.field))
                    .map(|hit| texts.mention(None, hit)),
            ),
            Sought::Nothing => Box::new(std::iter::empty()),
        }
    }

    fn entity_mentions<'a>(
        &'a self,
        entity: usize,
        field: Option<Field>,
        texts: &'a Texts<'a>,
    ) -> impl Iterator<Item = Mention> + 'a {
        texts
            .names(entity)
            .filter(move |name| field.is_none_or(|field| field == name.hit.field))
            .map(move |name| texts.mention(Some(&self.entity_plans[entity].name), &name.hit))
    }
}

/// The article with what was found in it.
struct Texts<'a> {
    scan: &'a Scan,
    title: &'a str,
    body: &'a str,
}

impl Texts<'_> {
    fn hits(&self, pattern: PatternId) -> &[Hit] {
        let hits = &self.scan.hits;
        let start = hits.partition_point(|hit| hit.pattern < pattern);
        let length = hits[start..].partition_point(|hit| hit.pattern == pattern);
        &hits[start..start + length]
    }

    fn names(&self, entity: usize) -> impl Iterator<Item = &Weighed> {
        self.scan.weighed.get(&entity).into_iter().flatten().filter(|name| name.accepted)
    }

    fn range(&self, hit: &Hit) -> Range<usize> {
        let words = match hit.field {
            Field::Title => self.scan.title.words(),
            Field::Body => self.scan.body.words(),
        };
        words[hit.first as usize].start..words[hit.behind as usize - 1].end
    }

    fn slice(&self, hit: &Hit) -> (usize, &str) {
        let range = self.range(hit);
        let text = match hit.field {
            Field::Title => self.title,
            Field::Body => self.body,
        };
        (range.start, &text[range])
    }

    fn mention(&self, entity: Option<&EntityName>, hit: &Hit) -> Mention {
        let (start, text) = self.slice(hit);
        Mention { entity: entity.cloned(), field: hit.field, start, end: start + text.len(), text: text.to_owned() }
    }
}

fn is_mentioned(names: &[Weighed]) -> bool {
    names.iter().any(|name| name.accepted)
}

/// One or two words with a capital each, no acronym: such a name written small is doubtful.
fn is_proper_name(term: &str) -> bool {
    let words = Words::of(term);
    let short = matches!(words.words().len(), 1 | 2);
    short && !is_acronym(term) && words.words().iter().all(|word| word.shape != Shape::Lower)
}

fn fold_words(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::RuleSet;
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
            hit: Vec::new(),
            miss: Vec::new(),
        }
    }

    fn reason(query: &str, title: &str, body: &str) -> String {
        let judgement = RuleSet::compile(vec![court()], vec![rule("r", query)]).judge(title, body, None);
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
    fn verdicts_come_in_the_order_of_the_rules_one_each() {
        let rules = vec![rule("b", "x"), rule("a", "y"), rule("c", "x y")];
        let judgement = RuleSet::compile(Vec::new(), rules).judge("", "x", None);
        let found: Vec<(&str, bool)> =
            judgement.verdicts.iter().map(|verdict| (verdict.rule.as_str(), verdict.matched)).collect();
        assert_eq!(found, [("b", true), ("a", false), ("c", false)]);
    }

    #[test]
    fn a_rule_for_a_language_passes_over_others_but_not_over_an_unknown_one() {
        let spanish = Language::parse("es").expect("a code");
        let english = Language::parse("en").expect("a code");
        let rules = RuleSet::compile(Vec::new(), vec![RuleSpec { languages: vec![spanish.clone()], ..rule("r", "x") }]);
        assert!(rules.judge("", "x", Some(&spanish)).verdicts[0].matched);
        assert!(rules.judge("", "x", None).verdicts[0].matched);
        let other = &rules.judge("", "x", Some(&english)).verdicts[0];
        assert_eq!(other.reason, Reason::OtherLanguage { language: "en".to_owned() });
    }

    #[test]
    fn a_mention_is_the_very_slice_of_the_original() {
        let rules = RuleSet::compile(vec![court()], vec![rule("r", "@court prisi\u{f3}n")]);
        let title = "\u{feff}La Corte&nbsp;Penal Inter\u{ad}nacional";
        let body = "Una prisio\u{301}n, la pris-\ni&oacute;n y la CPI";
        let judgement = rules.judge(title, body, None);
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
            let judgement = rules.judge(&title, &body, None);
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
