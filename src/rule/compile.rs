//! (entities, rules) → [`Compiled`]: every name and term in one structure that is searched once per article, and from each
//! of them back to the entities and rules that use it.

use super::EntitySpec;
use super::RuleSpec;
use super::entity;
use super::entity::EntityPlan;
use super::entity::Role;
use super::expression;
use super::expression::Expression;
use super::lists::Lists;
use super::lists::Marked;
use super::plan::Plan;
use super::prefix::Prefixes;
use super::query::Kind;
use super::query::Scope;
use super::sought::Sought;
use super::trie::PatternId;
use super::trie::Trie;
use super::trie::is_acronym;
use crate::model::EntityName;
use crate::model::RuleName;
use crate::text::Normal;
use crate::text::Shape;
use crate::text::Words;
use crate::text::fold;
use crate::text::language;
use aho_corasick::AhoCorasick;
use std::collections::HashMap;

/// Everything that judging needs.
#[derive(Debug)]
pub struct Compiled {
    /// As they were given.
    pub entities: Vec<EntitySpec>,
    /// As they were given.
    pub rules: Vec<RuleSpec>,
    /// Name → place in `entities`.
    pub entity_index: HashMap<EntityName, usize>,
    /// Name → place in `rules`.
    pub rule_index: HashMap<RuleName, usize>,
    /// By entity.
    pub entity_plans: Vec<EntityPlan>,
    /// By rule.
    pub rule_plans: Vec<Plan>,
    /// Every pattern.
    pub patterns: Patterns,
    /// By pattern: the entities of which it is a name, as `name_of` reads them.
    pub names: Lists<Marked>,
    /// By entity: the patterns of what else speaks for or against it, rising, each with its role.
    pub words: Lists<Marked>,
    /// By pattern: the rules that ask for it.
    pub term_rules: Lists<u32>,
    /// By entity: the rules that ask for it.
    pub entity_rules: Lists<u32>,
    /// Whether any rule looks beside title and body.
    pub looks_beside: bool,
}

/// All patterns, by how they are found.
#[derive(Debug, Default)]
pub struct Patterns {
    /// Words and phrases.
    pub trie: Trie,
    /// Beginnings of words.
    pub prefixes: Prefixes,
    /// By pattern in any case: what is asked for with its case and marks, in normal form.
    pub exact: HashMap<PatternId, Vec<(String, PatternId)>>,
    /// Regular expressions.
    pub expressions: Expressions,
    count: u32,
    /// Of the words around names: as they were first written.
    spelling: HashMap<PatternId, Box<str>>,
}

/// Regular expressions, and what selects them.
#[derive(Debug, Default)]
pub struct Expressions {
    /// Each with its pattern.
    pub all: Vec<(Expression, PatternId)>,
    /// Finds the letters that an expression requires; by its pattern number in `selected`.
    pub letters: Option<AhoCorasick>,
    /// By number of letters: the place in `all`.
    pub selected: Vec<usize>,
    /// Places in `all` of those that require none.
    pub always: Vec<usize>,
    by_source: HashMap<String, PatternId>,
}

impl Compiled {
    /// Compiles; an `@entity` that is not among `entities` is never found.
    pub fn of(entities: Vec<EntitySpec>, rules: Vec<RuleSpec>) -> Self {
        let entity_index: HashMap<EntityName, usize> =
            entities.iter().enumerate().filter_map(|(index, spec)| Some((spec.name.clone()?, index))).collect();
        let mut patterns = Patterns::default();
        let (mut names, mut words) = (Vec::new(), Vec::new());
        let mut entity_plans = Vec::with_capacity(entities.len());
        for (index, spec) in entities.iter().enumerate() {
            entity_plans.push(entity_plan(spec, &entity_index));
            add_words(spec, index as u32, &mut patterns, &mut names, &mut words);
        }
        let (mut term_rules, mut entity_rules) = (Vec::new(), Vec::new());
        let mut looks_beside = false;
        let mut rule_plans = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            let plan =
                Plan::of(&rule.query.root, &mut |kind| patterns.sought(kind, &|name| entity_index.get(name).copied()));
            plan.leaves(&mut |leaf| {
                looks_beside |= leaf.scope.is_some_and(is_beside);
                leaf.sought.visit(&mut |sought| match sought {
                    Sought::Pattern(pattern) => term_rules.push((*pattern, index as u32)),
                    Sought::Window(list, _) => term_rules.extend(list.iter().map(|&pattern| (pattern, index as u32))),
                    Sought::Entity(entity) => entity_rules.push((*entity as u32, index as u32)),
                    Sought::In(scope, _) => looks_beside |= is_beside(*scope),
                    _ => {}
                });
            });
            rule_plans.push(plan);
        }
        patterns.freeze();
        words.sort_unstable();
        let count = patterns.count as usize;
        Self {
            names: Lists::of(count, names),
            words: Lists::of(entities.len(), words),
            term_rules: Lists::of(count, without_repeats(term_rules)),
            entity_rules: Lists::of(entities.len(), without_repeats(entity_rules)),
            rule_index: rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect(),
            entities,
            rules,
            entity_index,
            entity_plans,
            rule_plans,
            patterns,
            looks_beside,
        }
    }
}

impl Patterns {
    /// A word around a name as it was first written.
    pub fn spelling(&self, pattern: PatternId) -> &str {
        self.spelling.get(&pattern).map_or("", |spelling| spelling)
    }

    /// What a part of a query looks for; `Nothing` when that cannot be found.
    fn sought(&mut self, kind: &Kind, entity: &impl Fn(&EntityName) -> Option<usize>) -> Sought {
        let pattern = match kind {
            Kind::Entity(name) => return entity(name).map_or(Sought::Nothing, Sought::Entity),
            Kind::Term(words) | Kind::Phrase(words) => self.add(|it, fresh| it.trie.add(words, fresh)),
            Kind::Prefix(letters) => self.add(|it, fresh| it.prefixes.add(letters, fresh)),
            Kind::Exact(words) => self.exact(words),
            Kind::Regex(source) => self.expression(source),
            Kind::Loose(words, slack) => return self.window(words, *slack),
            _ => None,
        };
        pattern.map_or(Sought::Nothing, Sought::Pattern)
    }

    /// The language that a `lang:` asks for.
    pub fn language(code: &str) -> Sought {
        language::from_tag(code).map_or(Sought::Nothing, Sought::Language)
    }

    fn add(
        &mut self,
        add: impl FnOnce(&mut Parts<'_>, &mut dyn FnMut() -> PatternId) -> Option<PatternId>,
    ) -> Option<PatternId> {
        let mut count = self.count;
        let mut parts = Parts { trie: &mut self.trie, prefixes: &mut self.prefixes };
        let pattern = add(&mut parts, &mut || {
            count += 1;
            count - 1
        });
        self.count = count;
        pattern
    }

    fn fresh(&mut self) -> PatternId {
        self.count += 1;
        self.count - 1
    }

    fn exact(&mut self, typed: &str) -> Option<PatternId> {
        let base = self.add(|it, fresh| it.trie.add_any_case(typed, fresh))?;
        let normal = written(&Words::of_normal(Normal::of(typed)), 0, usize::MAX);
        let known = self.exact.get(&base).and_then(|list| list.iter().find(|(known, _)| *known == normal));
        if let Some(&(_, pattern)) = known {
            return Some(pattern);
        }
        let pattern = self.fresh();
        self.exact.entry(base).or_default().push((normal, pattern));
        Some(pattern)
    }

    fn expression(&mut self, source: &str) -> Option<PatternId> {
        if let Some(&pattern) = self.expressions.by_source.get(source) {
            return Some(pattern);
        }
        let compiled = expression::compile(source).ok()?;
        let pattern = self.fresh();
        self.expressions.by_source.insert(source.to_owned(), pattern);
        self.expressions.all.push((compiled, pattern));
        Some(pattern)
    }

    fn window(&mut self, typed: &str, slack: u32) -> Sought {
        let words = Words::of(typed);
        let acronym = is_acronym(typed);
        let patterns = words.words().iter().map(|word| {
            let word = words.normal(word);
            self.add(|it, fresh| {
                // A phrase in capitals asks for capitals in each of its words.
                if acronym { it.trie.add_capitals(word, fresh) } else { it.trie.add_any_case(word, fresh) }
            })
        });
        patterns.collect::<Option<Vec<PatternId>>>().map_or(Sought::Nothing, |list| Sought::Window(list, slack))
    }

    fn freeze(&mut self) {
        self.trie.freeze();
        let mut letters = Vec::new();
        for (index, (expression, _)) in self.expressions.all.iter().enumerate() {
            match expression.required() {
                Some(required) => {
                    letters.push(required.to_owned());
                    self.expressions.selected.push(index);
                }
                None => self.expressions.always.push(index),
            }
        }
        match AhoCorasick::new(&letters) {
            Ok(found) => self.expressions.letters = (!letters.is_empty()).then_some(found),
            // Too many letters for its tables: nothing is selected beforehand then.
            Err(_) => self.expressions.always = (0..self.expressions.all.len()).collect(),
        }
    }
}

/// What [`Patterns::add`] lends.
struct Parts<'a> {
    trie: &'a mut Trie,
    prefixes: &'a mut Prefixes,
}

/// Words as they are written in normal form, one space between.
pub fn written(words: &Words, first: usize, behind: usize) -> String {
    let list = words.words();
    let list = list.get(first..behind.min(list.len())).unwrap_or_default();
    list.iter().map(|word| words.normal(word)).collect::<Vec<_>>().join(" ")
}

/// An entity of which a pattern is a name: whether the name is enough by itself, and whether it is one that is written
/// with capitals.
fn name(entity: u32, strong: bool, capital: bool) -> Marked {
    Marked::new(entity, u32::from(strong) | u32::from(capital) << 1)
}

/// What `name` put together.
pub fn name_of(marked: Marked) -> (u32, bool, bool) {
    (marked.number(), marked.marks() & 1 == 1, marked.marks() & 2 == 2)
}

fn entity_plan(spec: &EntitySpec, index: &HashMap<EntityName, usize>) -> EntityPlan {
    EntityPlan {
        name: spec.name.clone().unwrap_or_else(|| EntityName::new("")),
        window: spec.window.map_or(entity::WINDOW, |window| window.min(10_000)) as u32,
        threshold: spec.threshold.unwrap_or(entity::THRESHOLD),
        languages: spec.languages.clone(),
        given: spec.given.iter().flat_map(|given| fold_words(given)).collect(),
        with: spec.with.iter().filter_map(|name| index.get(name).copied()).collect(),
    }
}

fn add_words(
    spec: &EntitySpec,
    entity: u32,
    patterns: &mut Patterns,
    names: &mut Vec<(u32, Marked)>,
    words: &mut Vec<(u32, Marked)>,
) {
    for (terms, strong) in [(&spec.strong, true), (&spec.weak, false)] {
        for term in terms {
            let list = Words::of(term);
            if let Some(pattern) = patterns.add(|it, fresh| it.trie.add_name(term, &list, fresh)) {
                names.push((pattern, name(entity, strong, is_proper_name(term, &list))));
            }
        }
    }
    for (terms, role) in
        [(&spec.near, Role::Near), (&spec.far, Role::Far), (&spec.against, Role::Against), (&spec.veto, Role::Veto)]
    {
        for term in terms {
            if let Some(pattern) = patterns.add(|it, fresh| it.trie.add(term, fresh)) {
                patterns.spelling.entry(pattern).or_insert_with(|| term.as_str().into());
                words.push((entity, Marked::new(pattern, role.mark())));
            }
        }
    }
}

fn without_repeats(mut pairs: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn is_beside(scope: Scope) -> bool {
    scope.field().is_none() && scope != Scope::Language
}

/// One or two words with a capital each, no acronym: such a name written small is doubtful.
fn is_proper_name(term: &str, words: &Words) -> bool {
    let short = matches!(words.words().len(), 1 | 2);
    short && !is_acronym(term) && words.words().iter().all(|word| word.shape != Shape::Lower)
}

fn fold_words(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
