//! (an entity's words found in an article) → which of its names are really it, with an account of the score.
//!
//! A strong name is enough. A weak one needs a score: +1 for each different `near` word inside the window, +½ for each
//! elsewhere and for each `far` word, the language's own number, +1 for each entity of `with`, +2 for a strong name in
//! the same article; −1 for each `against` word inside the window, −½ elsewhere, −1 when a name was void elsewhere. Each
//! list counts three times at most. Void is a name inside a `veto` phrase and a surname behind a foreign given name. A
//! name of one or two words, all typed with a capital, that is written small: void if weak, weak if strong; −1 for a weak
//! one where the text has lost its case.

use super::given_name::is_given_name;
use super::scan::TITLE;
use super::trie::Hit;
use super::trie::PatternId;
use crate::model::EntityName;
use crate::model::Language;
use crate::text::Shape;
use crate::text::Word;
use crate::text::Words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// How many words `near` reaches to either side when the entity does not say.
pub const WINDOW: usize = 12;
/// The score from which a weak name counts when the entity does not say.
pub const THRESHOLD: f64 = 1.0;
/// How often one list counts at most.
const CAP: usize = 3;

/// What the matcher needs of an entity.
#[derive(Clone, Debug)]
pub struct EntityPlan {
    /// Its name.
    pub name: EntityName,
    /// Words to either side.
    pub window: u32,
    /// The score from which a weak name counts.
    pub threshold: f64,
    /// Score by language.
    pub languages: BTreeMap<Language, f64>,
    /// Given names, folded; empty for no surname guard.
    pub given: BTreeSet<String>,
    /// Indices of the entities that speak for this one.
    pub with: Vec<usize>,
}

/// What a pattern is to an entity besides its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A word of `near`.
    Near,
    /// A word of `far`.
    Far,
    /// A word of `against`.
    Against,
    /// A phrase of `veto`.
    Veto,
}

impl Role {
    /// As a mark beside a pattern.
    pub fn mark(self) -> u32 {
        self as u32
    }

    /// The role of a mark that [`Role::mark`] gave.
    pub fn of_mark(mark: u32) -> Self {
        match mark {
            0 => Self::Near,
            1 => Self::Far,
            2 => Self::Against,
            _ => Self::Veto,
        }
    }
}

/// All of an entity's words that an article has.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Names.
    pub names: Vec<Name>,
    /// Words of `near`.
    pub near: Vec<Hit>,
    /// Different words of `far`.
    pub far: Vec<PatternId>,
    /// Words of `against`.
    pub against: Vec<Hit>,
    /// Phrases of `veto`.
    pub veto: Vec<Hit>,
}

/// A name that an article has.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// Where.
    pub hit: Hit,
    /// Enough by itself.
    pub strong: bool,
    /// It is one or two words typed with a capital each, but no acronym: a small letter speaks against it.
    pub capital: bool,
}

/// What is known about the article besides the entity's own words.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The title's words.
    pub title: &'a Words,
    /// The body's words.
    pub body: &'a Words,
    /// The language, where it is known.
    pub language: Option<&'a Language>,
    /// How many entities of `with` are mentioned.
    pub companions: usize,
}

/// One name with what was decided about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Where.
    pub hit: Hit,
    /// Whether it is the entity.
    pub accepted: bool,
    /// Its score; not a number that means anything for a strong or a void name.
    pub score: f64,
    /// What was decided.
    pub finding: Finding,
}

/// What was decided about a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Enough by itself.
    Strong,
    /// Void, whatever stands around it.
    Void(Void),
    /// A weak name: what added to its score and took from it.
    Weak(Vec<Part>),
}

/// Why a name is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// It stands inside a veto phrase.
    Veto(Hit),
    /// Another given name stands before it: that word's number in the field.
    OtherGivenName(u32),
    /// It is written small.
    Small,
}

/// One addition to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// From where.
    pub source: PartSource,
    /// How much.
    pub amount: f64,
}

/// Where a part of a score comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartSource {
    /// A `near` word inside the window.
    Near(PatternId),
    /// `near` and `far` words elsewhere: how many different ones.
    Elsewhere(usize),
    /// An `against` word inside the window.
    Against(PatternId),
    /// `against` words elsewhere: how many different ones.
    AgainstElsewhere(usize),
    /// The language.
    Language,
    /// Entities of `with`: how many.
    With(usize),
    /// A strong name in the same article.
    StrongName,
    /// A name in the same article that is void.
    VoidName,
    /// A capitalised name where capitals say nothing.
    NoCase,
}

impl Found {
    /// Puts everything in the order of its places, and leaves out names inside a longer name.
    pub fn sort(&mut self) {
        self.names = longest(std::mem::take(&mut self.names));
        self.near.sort_by_key(place);
        self.against.sort_by_key(place);
        self.veto.sort_by_key(place);
    }
}

/// Weighs every name of `found`, which is sorted.
pub fn weigh(plan: &EntityPlan, found: &Found, setting: Setting<'_>) -> Vec<Weighed> {
    let names = &found.names;
    let longest_veto = found.veto.iter().map(|hit| hit.behind - hit.first).max().unwrap_or(0);
    let void: Vec<Option<Void>> = names
        .iter()
        .map(|name| {
            let veto = veto_over(&found.veto, longest_veto, name.hit).map(Void::Veto);
            veto.or_else(|| guard(plan, name, setting)).or_else(|| small(name, setting))
        })
        .collect();
    // A strong name written small is only as good as a weak one.
    let is_strong = |name: &Name| name.strong && !is_small(name, setting);
    let any_strong = names.iter().zip(&void).any(|(name, void)| void.is_none() && is_strong(name));
    let any_void = void.iter().any(|void| matches!(void, Some(Void::Veto(_) | Void::OtherGivenName(_))));
    let around = Around {
        near_total: distinct(&found.near),
        far_total: found.far.len(),
        against_total: distinct(&found.against),
        any_strong,
        any_void,
    };
    names
        .iter()
        .zip(void)
        .map(|(name, void)| {
            let hit = name.hit;
            if let Some(void) = void {
                return Weighed { hit, accepted: false, score: 0.0, finding: Finding::Void(void) };
            }
            if is_strong(name) {
                return Weighed { hit, accepted: true, score: plan.threshold, finding: Finding::Strong };
            }
            let mut parts = parts(plan, hit, found, &around, setting);
            if name.capital && lost_case(words_of(hit.part, setting), hit.first) {
                parts.push(Part { source: PartSource::NoCase, amount: -1.0 });
            }
            let score: f64 = parts.iter().map(|part| part.amount).sum();
            Weighed { hit, accepted: score >= plan.threshold, score, finding: Finding::Weak(parts) }
        })
        .collect()
}

/// What is the same for all names of one article.
struct Around {
    near_total: usize,
    far_total: usize,
    against_total: usize,
    any_strong: bool,
    any_void: bool,
}

fn parts(plan: &EntityPlan, hit: Hit, found: &Found, around: &Around, setting: Setting<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |source, amount: f64| {
        if amount != 0.0 {
            parts.push(Part { source, amount });
        }
    };
    let near = within(&found.near, hit, plan.window);
    near.iter().take(CAP).for_each(|&pattern| add(PartSource::Near(pattern), 1.0));
    let elsewhere = (around.near_total - near.len().min(around.near_total) + around.far_total).min(CAP);
    add(PartSource::Elsewhere(elsewhere), 0.5 * elsewhere as f64);
    let against = within(&found.against, hit, plan.window);
    against.iter().take(CAP).for_each(|&pattern| add(PartSource::Against(pattern), -1.0));
    let against_elsewhere = around.against_total.saturating_sub(against.len()).min(CAP);
    add(PartSource::AgainstElsewhere(against_elsewhere), -0.5 * against_elsewhere as f64);
    if let Some(&amount) = setting.language.and_then(|language| plan.languages.get(language)) {
        add(PartSource::Language, amount);
    }
    let companions = setting.companions.min(CAP);
    add(PartSource::With(companions), companions as f64);
    if around.any_strong {
        add(PartSource::StrongName, 2.0);
    }
    if around.any_void {
        add(PartSource::VoidName, -1.0);
    }
    parts
}

/// Keeps the longest of names that contain each other; it is strong if any of them is.
fn longest(mut names: Vec<Name>) -> Vec<Name> {
    names.sort_by_key(|name| (name.hit.part, name.hit.first, std::cmp::Reverse(name.hit.behind)));
    let mut kept: Vec<Name> = Vec::with_capacity(names.len());
    for name in names {
        match kept.last_mut() {
            Some(last) if last.hit.part == name.hit.part && name.hit.behind <= last.hit.behind => {
                last.strong |= name.strong;
                // The same words as two names, one of them in capitals: the more generous one counts.
                last.capital &= name.capital || name.hit.behind != last.hit.behind || name.hit.first != last.hit.first;
            }
            _ => kept.push(name),
        }
    }
    kept
}

fn place(hit: &Hit) -> (u32, u32) {
    (hit.part, hit.first)
}

fn distinct(hits: &[Hit]) -> usize {
    hits.iter().map(|hit| hit.pattern).collect::<BTreeSet<_>>().len()
}

/// The different patterns of `hits` (sorted by place) that lie inside the window around `name` and not in it.
fn within(hits: &[Hit], name: Hit, window: u32) -> Vec<PatternId> {
    let from = (name.part, name.first.saturating_sub(window));
    let start = hits.partition_point(|hit| place(hit) < from);
    let mut patterns = Vec::new();
    for hit in &hits[start..] {
        if hit.part != name.part || hit.first >= name.behind + window {
            break;
        }
        let inside_name = hit.first < name.behind && hit.behind > name.first;
        if !inside_name && !patterns.contains(&hit.pattern) {
            patterns.push(hit.pattern);
        }
    }
    patterns
}

fn veto_over(vetoes: &[Hit], longest: u32, name: Hit) -> Option<Hit> {
    let from = (name.part, name.first.saturating_sub(longest));
    let start = vetoes.partition_point(|veto| place(veto) < from);
    vetoes[start..]
        .iter()
        .take_while(|veto| veto.part == name.part && veto.first <= name.first)
        .find(|veto| veto.behind >= name.behind)
        .copied()
}

/// The surname guard: `Ricardo` before `Maduro` makes it somebody else.
fn guard(plan: &EntityPlan, name: &Name, setting: Setting<'_>) -> Option<Void> {
    if plan.given.is_empty() || name.hit.behind - name.hit.first != 1 || name.hit.first == 0 {
        return None;
    }
    let words = words_of(name.hit.part, setting);
    let surname = word_at(words, name.hit.first)?;
    let before = word_at(words, name.hit.first - 1)?;
    let folded = words.folded(before);
    let capital = before.shape == Shape::Initial && folded.len() > 1;
    let adjoins = surname.shape != Shape::Lower && surname.adjoins && before.sentence == surname.sentence;
    if !capital || !adjoins || plan.given.contains(folded) {
        return None;
    }
    let heads = name.hit.first.checked_sub(2).and_then(|index| word_at(words, index));
    let heads = heads.is_none_or(|earlier| earlier.sentence != before.sentence);
    if !is_given_name(folded, heads) {
        return None;
    }
    // In A Headline Like This One a capital before a surname says nothing.
    (!is_title_case(words, surname.sentence, name.hit.first)).then_some(Void::OtherGivenName(name.hit.first - 1))
}

fn is_title_case(words: &Words, sentence: u32, at: u32) -> bool {
    let from = at.saturating_sub(20) as usize;
    let here = words.words()[from..].iter().take(40).filter(|word| word.sentence == sentence);
    let (mut long, mut capital) = (0, 0);
    for word in here.filter(|word| word.end - word.start > 3) {
        long += 1;
        capital += usize::from(word.shape != Shape::Lower);
    }
    long >= 5 && capital * 10 >= long * 9
}

fn small(name: &Name, setting: Setting<'_>) -> Option<Void> {
    (!name.strong && is_small(name, setting)).then_some(Void::Small)
}

fn is_small(name: &Name, setting: Setting<'_>) -> bool {
    let words = words_of(name.hit.part, setting);
    let is_lower = |index| word_at(words, index).is_none_or(|word| word.shape == Shape::Lower);
    name.capital && !words.lost_capitals() && (name.hit.first..name.hit.behind).all(is_lower)
}

/// Whether a capital, or its lack, says nothing at this word.
fn lost_case(words: &Words, index: u32) -> bool {
    words.lost_capitals() || word_at(words, index).is_some_and(|word| words.shouts(word.sentence))
}

fn words_of<'a>(part: u32, setting: Setting<'a>) -> &'a Words {
    if part == TITLE { setting.title } else { setting.body }
}

fn word_at(words: &Words, index: u32) -> Option<&Word> {
    words.words().get(index as usize)
}

#[cfg(test)]
mod tests {
    use crate::model::EntityName;
    use crate::model::Language;
    use crate::rule::EntitySpec;
    use crate::rule::RuleSet;
    use crate::rule::Text;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    fn maduro() -> EntitySpec {
        EntitySpec {
            name: Some(EntityName::new("it")),
            strong: texts(&["Nicolás Maduro"]),
            weak: texts(&["Maduro"]),
            near: texts(&["Caracas", "presidente"]),
            far: texts(&["petróleo"]),
            against: texts(&["Honduras"]),
            veto: texts(&["Nicolás Maduro Guerra"]),
            given: texts(&["Nicolás"]),
            ..EntitySpec::default()
        }
    }

    fn is_found(spec: EntitySpec, title: &str, body: &str) -> bool {
        let rules = RuleSet::compile(vec![spec], Vec::new());
        !rules.judge(&Text::of(title, body, None)).mentions.is_empty()
    }

    #[test]
    fn a_strong_name_is_enough_and_a_weak_one_needs_words_around_it() {
        for (text, found) in [
            ("Habló Nicolás Maduro", true),
            ("Habló Maduro", false),
            ("Habló Maduro en Caracas", true),
            ("Habló Maduro. El petróleo sube", false),
            ("Habló Maduro en Caracas y en Honduras", false),
            ("Habló Maduro. Y Nicolás Maduro calló", true),
        ] {
            assert_eq!(is_found(maduro(), "", text), found, "{text}");
        }
    }

    #[test]
    fn a_near_word_counts_half_beyond_the_window_and_the_window_ends_with_the_field() {
        let far_away = format!("Habló Maduro. {} Caracas y el presidente", "otra palabra ".repeat(20));
        assert!(is_found(maduro(), "", &far_away), "two words far away are as good as one near");
        let one = format!("Habló Maduro. {} Caracas", "otra palabra ".repeat(20));
        assert!(!is_found(maduro(), "", &one));
        assert!(!is_found(maduro(), "Caracas", "Habló Maduro"), "the title is no part of the body's window");
        assert!(is_found(EntitySpec { window: Some(60), ..maduro() }, "", &one));
    }

    #[test]
    fn a_veto_phrase_voids_every_name_inside_it() {
        assert!(!is_found(maduro(), "", "Nicolás Maduro Guerra llegó a Caracas"));
        assert!(is_found(maduro(), "", "Nicolás Maduro Guerra y Nicolás Maduro"));
    }

    #[test]
    fn a_surname_behind_another_given_name_is_somebody_else() {
        for (text, found) in [
            ("En Caracas, Ricardo Maduro habló", false),
            ("En Caracas, el presidente Maduro habló", true),
            ("En Caracas, Según Maduro no hay nada", true),
            ("En Caracas habló Ricardo. Maduro calló", true),
            ("En Caracas, Ana y Maduro hablaron", true),
            ("Presidente Contesta: Caracas Recibe Otra Visita Mañana Dice Maduro", true),
            ("EN CARACAS, EL PRESIDENTE DIJO QUE RICARDO MADURO HABLÓ", true),
        ] {
            assert_eq!(is_found(maduro(), "", text), found, "{text}");
        }
        assert!(is_found(EntitySpec { given: Vec::new(), ..maduro() }, "", "En Caracas, Ricardo Maduro habló"));
    }

    #[test]
    fn a_name_written_small_is_doubtful_unless_the_text_lost_its_case() {
        assert!(!is_found(maduro(), "", "Un plan maduro del presidente"));
        assert!(is_found(maduro(), "", "habló el presidente maduro en caracas"));
    }

    #[test]
    fn the_language_and_companions_add_to_the_score() {
        let spanish = Language::parse("es").expect("a code");
        let spec = EntitySpec { languages: [(spanish.clone(), 1.0)].into(), ..maduro() };
        let rules = RuleSet::compile(vec![spec], Vec::new());
        assert!(!rules.judge(&Text::of("", "Habló Maduro", Some(&spanish))).mentions.is_empty());
        assert!(rules.judge(&Text::of("", "Habló Maduro", None)).mentions.is_empty());

        let city = |with: &[&str]| EntitySpec {
            name: Some(EntityName::new("city")),
            weak: texts(&["Petare"]),
            with: with.iter().map(|&name| EntityName::new(name)).collect(),
            ..EntitySpec::default()
        };
        let rules = RuleSet::compile(vec![maduro(), city(&["it"])], Vec::new());
        assert_eq!(rules.judge(&Text::of("", "Nicolás Maduro en Petare", None)).mentions.len(), 2);
        assert_eq!(rules.judge(&Text::of("", "Maduro en Petare", None)).mentions.len(), 0);
        let each_other = RuleSet::compile(
            vec![EntitySpec { with: vec![EntityName::new("city")], ..maduro() }, city(&["it"])],
            Vec::new(),
        );
        assert_eq!(
            each_other.judge(&Text::of("", "Maduro en Petare", None)).mentions.len(),
            0,
            "none holds up the other"
        );
    }

    #[test]
    fn the_account_tells_which_name_which_words_and_which_veto() {
        let rules = RuleSet::compile(vec![maduro()], Vec::new());
        let text = "Ricardo Maduro, Nicolás Maduro Guerra y el presidente Maduro en Honduras";
        let account = rules.explain_entity(&EntityName::new("it"), &Text::of("", text, None)).expect("known");
        assert_eq!(
            account.to_string(),
            "@it: not mentioned\n  \
             \"Maduro\" in the body: no (void behind the given name \"Ricardo\")\n  \
             \"Nicolás Maduro\" in the body: no (void inside the veto phrase \"Nicolás Maduro Guerra\")\n  \
             \"Maduro\" in the body: no, score -1 of 1 (near \"presidente\" +1, against \"Honduras\" -1, \
             a void name in the same article -1)"
        );
        assert!(rules.explain_entity(&EntityName::new("other"), &Text::of("", text, None)).is_none());
    }

    #[test]
    fn a_text_of_nothing_but_names_is_weighed_in_one_pass() {
        let text = "Maduro Caracas ".repeat(50_000);
        let rules = RuleSet::compile(vec![maduro()], Vec::new());
        assert_eq!(rules.judge(&Text::of("", &text, None)).mentions.len(), 50_000);
    }
}
