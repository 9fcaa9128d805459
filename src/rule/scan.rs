//! (compiled rule set, article) → [`Scan`]: every place of every pattern, and every entity with a name in the text weighed.
//! Cost follows the words of the article and what is found in them.

use super::Text;
use super::compile::Compiled;
use super::compile::name_of;
use super::compile::written;
use super::entity;
use super::entity::Found;
use super::entity::Name;
use super::entity::Role;
use super::entity::Setting;
use super::entity::Weighed;
use super::query::Scope;
use super::trie::Hit;
use super::trie::PatternId;
use crate::model::EntityName;
use crate::model::Field;
use crate::model::Mention;
use crate::text::Words;
use std::collections::BTreeMap;

/// The title's number among the parts.
pub const TITLE: u32 = 0;
/// The body's number among the parts.
pub const BODY: u32 = 1;

/// What one article holds of a rule set's patterns.
pub struct Scan<'a> {
    /// What was judged.
    pub text: Text<'a>,
    /// Title, body, and where rules look there each author, tag, the address and the source's name.
    pub parts: Vec<(Scope, Words)>,
    /// Sorted by pattern, then by place.
    pub hits: Vec<Hit>,
    /// A bit for each pattern that has a hit, many patterns sharing one: most questions end here.
    present: [u64; 64],
    /// By entity that has a name in the text.
    pub weighed: BTreeMap<usize, Vec<Weighed>>,
}

impl<'a> Scan<'a> {
    /// Finds everything in one pass over the words.
    pub fn of(compiled: &Compiled, text: &Text<'a>) -> Self {
        let parts = parts(text, compiled.looks_beside);
        let hits = hits(compiled, &parts);
        let mut present = [0; 64];
        hits.iter().for_each(|hit| present[hit.pattern as usize / 64 % 64] |= 1 << (hit.pattern % 64));
        let mut scan = Self { text: *text, parts, hits, present, weighed: BTreeMap::new() };
        scan.weigh(compiled);
        scan
    }

    /// All places of a pattern.
    pub fn hits(&self, pattern: PatternId) -> &[Hit] {
        if self.present[pattern as usize / 64 % 64] >> (pattern % 64) & 1 == 0 {
            return &[];
        }
        let rest = &self.hits[self.hits.partition_point(|hit| hit.pattern < pattern)..];
        let length = rest.iter().position(|hit| hit.pattern != pattern).unwrap_or(rest.len());
        &rest[..length]
    }

    /// The places that are really an entity.
    pub fn names(&self, entity: usize) -> impl Iterator<Item = &Weighed> {
        self.weighed.get(&entity).into_iter().flatten().filter(|name| name.accepted)
    }

    /// The words of a part.
    pub fn words(&self, part: u32) -> &Words {
        &self.parts[part as usize].1
    }

    /// Offset and text of a place in title or body; nothing for any other.
    pub fn slice(&self, hit: &Hit) -> (usize, &'a str) {
        let range = self.words(hit.part).original(hit.first as usize, hit.behind as usize);
        let text = match hit.part {
            TITLE => self.text.title,
            BODY => self.text.body,
            _ => return (0, ""),
        };
        (range.start, &text[range])
    }

    /// A place as the reader's mark; `None` for one beside title and body.
    pub fn mention(&self, entity: Option<&EntityName>, hit: &Hit) -> Option<Mention> {
        let field = field(hit.part)?;
        let (start, text) = self.slice(hit);
        Some(Mention { entity: entity.cloned(), field, start, end: start + text.len(), text: text.to_owned() })
    }

    /// A place's text as it is written in normal form.
    pub fn written(&self, hit: &Hit) -> String {
        written(self.words(hit.part), hit.first as usize, hit.behind as usize)
    }

    fn weigh(&mut self, compiled: &Compiled) {
        let found = self.found(compiled);
        let setting =
            Setting { title: self.words(TITLE), body: self.words(BODY), language: self.text.language, companions: 0 };
        let mut weighed: BTreeMap<usize, Vec<Weighed>> = BTreeMap::new();
        // Who is mentioned by itself speaks for its companions; once, so that no two entities can hold each other up.
        for (&index, found) in &found {
            weighed.insert(index, entity::weigh(&compiled.entity_plans[index], found, setting));
        }
        let is_mentioned = |names: &[Weighed]| names.iter().any(|name| name.accepted);
        let mut again: Vec<(usize, Vec<Weighed>)> = Vec::new();
        for (&index, found) in &found {
            let plan = &compiled.entity_plans[index];
            let alone = |companion: &&usize| weighed.get(companion).is_some_and(|names| is_mentioned(names));
            let companions = plan.with.iter().filter(alone).count();
            if companions > 0 {
                again.push((index, entity::weigh(plan, found, Setting { companions, ..setting })));
            }
        }
        weighed.extend(again);
        self.weighed = weighed;
    }

    /// By entity with a name in title or body: all its words.
    fn found(&self, compiled: &Compiled) -> BTreeMap<usize, Found> {
        let mut found: BTreeMap<usize, Found> = BTreeMap::new();
        for group in self.hits.chunk_by(|one, other| one.pattern == other.pattern) {
            for &marked in compiled.names.get(group[0].pattern) {
                let (index, strong, capital) = name_of(marked);
                let names = group.iter().filter(|hit| hit.part <= BODY).map(|&hit| Name { hit, strong, capital });
                found.entry(index as usize).or_default().names.extend(names);
            }
        }
        found.retain(|_, found| !found.names.is_empty());
        for (&index, found) in &mut found {
            for &marked in compiled.words.get(index as u32) {
                let pattern = marked.number();
                let mut hits = self.hits(pattern).iter().filter(|hit| hit.part <= BODY).copied().peekable();
                if hits.peek().is_none() {
                    continue;
                }
                match Role::of_mark(marked.marks()) {
                    Role::Near => found.near.extend(hits),
                    Role::Far => found.far.push(pattern),
                    Role::Against => found.against.extend(hits),
                    Role::Veto => found.veto.extend(hits),
                }
            }
            found.sort();
        }
        found
    }
}

/// The field of a part; `None` beside title and body.
pub fn field(part: u32) -> Option<Field> {
    match part {
        TITLE => Some(Field::Title),
        BODY => Some(Field::Body),
        _ => None,
    }
}

fn parts(text: &Text<'_>, beside: bool) -> Vec<(Scope, Words)> {
    let mut parts = vec![(Scope::Title, Words::of(text.title)), (Scope::Body, Words::of(text.body))];
    if beside {
        parts.extend(text.authors.iter().map(|author| (Scope::Author, Words::of(author))));
        parts.extend(text.tags.iter().map(|tag| (Scope::Tag, Words::of(tag))));
        parts.push((Scope::Url, Words::of(text.url)));
        parts.push((Scope::Source, Words::of(text.source)));
    }
    parts
}

fn hits(compiled: &Compiled, parts: &[(Scope, Words)]) -> Vec<Hit> {
    let patterns = &compiled.patterns;
    let (mut hits, mut room) = (Vec::new(), Vec::new());
    for (part, (_, words)) in parts.iter().enumerate() {
        let part = part as u32;
        patterns.trie.scan(words, part, &mut room, &mut hits);
        patterns.prefixes.scan(words, part, &mut hits);
        patterns.expressions.scan(words, part, &mut hits);
    }
    if !patterns.exact.is_empty() {
        let mut exact = Vec::new();
        for hit in &hits {
            let Some(list) = patterns.exact.get(&hit.pattern) else { continue };
            let text = written(&parts[hit.part as usize].1, hit.first as usize, hit.behind as usize);
            exact.extend(list.iter().filter(|(known, _)| *known == text).map(|&(_, pattern)| Hit { pattern, ..*hit }));
        }
        hits.extend(exact);
    }
    hits.sort_by_key(|hit| hit.pattern);
    hits
}
