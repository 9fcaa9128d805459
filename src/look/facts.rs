//! (rules, what was told, old text, new text) → what of the told facts changed, in words. A text that is only longer, or
//! written otherwise, changes none.

use super::Look;
use super::share::letters;
use crate::model::Article;
use crate::model::EntityName;
use crate::model::Field;
use crate::model::Judgement;
use crate::model::Verdict;
use crate::model::alert::RuleTold;
use crate::read;
use crate::rule;
use crate::rule::RuleSet;
use crate::text::Words;
use crate::text::sentence;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::ops::Range;

/// Share of common words from which two sentences are two states of one.
const SAME_SENTENCE: f64 = 0.5;

/// Matched sentences that are looked for: more of them in one article say nothing more.
const SENTENCES: usize = 60;

/// Longest quotation in characters.
const QUOTED: usize = 160;

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// In words.
    pub facts: Vec<String>,
    /// The verdicts of the told rules, and of those that match now and did not, that say yes to the new text.
    pub matched: Vec<Verdict>,
}

/// Compares by the rules in force, so that only the text makes a difference.
pub(super) fn compare(rules: &RuleSet, look: &Look, old: &Article, new: &Article) -> Compared {
    let judge = |article: &Article, text: &str| {
        rules.judge(&rule::Text { body: text, ..read::judged(&look.item, article, &look.final_url) })
    };
    let told = &look.told.rules;
    let (before, now) = (judge(old, &old.text), judge(new, &new.text));
    let (old_prose, new_prose) = (prose(&old.text, &new.text), prose(&new.text, &old.text));
    let (before_prose, now_prose) = (judge(old, &old_prose), judge(new, &new_prose));
    let mut compared = Compared::default();
    let facts = &mut compared.facts;
    for verdict in &now.verdicts {
        let told = told.iter().any(|rule| rule.name == verdict.rule);
        let matched_before = matches(&before, verdict);
        let label = rules.label_of_rule(&verdict.rule);
        if told && matched_before && !verdict.matched {
            facts.push(format!("rule “{label}” matches no longer: {}", verdict.reason));
        }
        let newly = verdict.matched && !matched_before && matches(&now_prose, verdict);
        if newly {
            facts.push(format!("rule “{label}” matches now: {}", verdict.reason));
        }
        if newly || (told && verdict.matched) {
            compared.matched.push(verdict.clone());
        }
    }
    let names = |judgement: &Judgement| -> BTreeSet<EntityName> {
        judgement.mentions.iter().filter_map(|mention| mention.entity.clone()).collect()
    };
    for name in names(&before_prose).difference(&names(&now)) {
        facts.push(format!("{} is not mentioned any more", rules.label_of_entity(name)));
    }
    for name in names(&now_prose).difference(&names(&before)) {
        facts.push(format!("{} is mentioned now", rules.label_of_entity(name)));
    }
    facts.extend(headline(&old.title, &new.title));
    let sentences = Sentences::of(&new.text);
    let changed = matched_sentences(&before, told, &old.text).into_iter().take(SENTENCES);
    facts.extend(changed.filter_map(|range| sentences.changed(&old.text[range])));
    compared
}

fn matches(judgement: &Judgement, of: &Verdict) -> bool {
    judgement.verdicts.iter().any(|verdict| verdict.rule == of.rule && verdict.matched)
}

/// The paragraphs of `text` that are sentences, or stand in `other` too: not the links, counters and captions that come
/// and go around an article.
pub(super) fn prose(text: &str, other: &str) -> String {
    let known: HashSet<String> = other.split("\n\n").map(letters).collect();
    let kept: Vec<&str> = text
        .split("\n\n")
        .filter(|paragraph| {
            let end = paragraph.trim_end().trim_end_matches(['"', '\'', '”', '’', '»', ')', ']']);
            end.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।']) || known.contains(&letters(paragraph))
        })
        .collect();
    kept.join("\n\n")
}

/// The sentences of the body that the told rules rested on.
fn matched_sentences(judgement: &Judgement, told: &[RuleTold], text: &str) -> Vec<Range<usize>> {
    let bounds = sentence::sentences(text);
    let verdicts = judgement.verdicts.iter().filter(|verdict| told.iter().any(|rule| rule.name == verdict.rule));
    let found: BTreeSet<(usize, usize)> = verdicts
        .flat_map(|verdict| &verdict.mentions)
        .filter(|mention| mention.field == Field::Body)
        .map(|mention| sentence::around(&bounds, text, mention.start, mention.end))
        .map(|range| (range.start, range.end))
        .collect();
    found.into_iter().map(|(start, end)| start..end).collect()
}

/// The sentences of the new text, ready to be looked through.
struct Sentences<'a> {
    letters: HashSet<String>,
    counted: Vec<(&'a str, BTreeMap<String, usize>)>,
}

impl<'a> Sentences<'a> {
    fn of(text: &'a str) -> Self {
        let sentences: Vec<&str> = sentence::sentences(text).into_iter().map(|range| &text[range]).collect();
        Self {
            letters: sentences.iter().map(|sentence| letters(sentence)).collect(),
            counted: sentences.into_iter().map(|sentence| (sentence, counted(sentence))).collect(),
        }
    }

    /// What became of a sentence that matched, if its facts are not what they were.
    fn changed(&self, old: &str) -> Option<String> {
        if self.letters.contains(&letters(old)) {
            return None;
        }
        let before = counted(old);
        let likenesses = self.counted.iter().map(|(sentence, words)| (alike(&before, words), *sentence));
        let nearest = likenesses.max_by(|one, other| one.0.total_cmp(&other.0));
        let Some((_, now)) = nearest.filter(|(likeness, _)| *likeness >= SAME_SENTENCE) else {
            return Some(format!("a sentence that matched is gone or rewritten: “{}”", quoted(old)));
        };
        let (gone, come) = differing(old, now)?;
        let facts = match (gone.is_empty(), come.is_empty()) {
            (false, false) => format!("“{}” became “{}”", gone.join(" "), come.join(" ")),
            (false, true) => format!("“{}” is gone", gone.join(" ")),
            _ => format!("“{}” was added", come.join(" ")),
        };
        Some(format!("{facts} in a sentence that matched: “{}”", quoted(now)))
    }
}

/// Whether a headline says something else: other figures, dates or negations, or a quarter of its words exchanged.
fn headline(old: &str, new: &str) -> Option<String> {
    let (before, now) = (letters(old), letters(new));
    // A site's name before or behind it comes and goes.
    if new.trim().is_empty() || before.contains(&now) || now.contains(&before) {
        return None;
    }
    let content =
        |text: &str| -> BTreeSet<String> { words(text).into_iter().filter(|word| word.chars().count() > 3).collect() };
    let (old_words, new_words) = (content(old), content(new));
    let gone = old_words.difference(&new_words).count();
    let come = new_words.difference(&old_words).count();
    let exchanged = gone > 0 && come > 0 && gone * 4 >= old_words.len();
    (exchanged || differing(old, new).is_some()).then(|| format!("the headline was “{}”", quoted(old)))
}

/// Figures, dates and negations that are only in the one and only in the other; `None` when they are the same.
fn differing(old: &str, new: &str) -> Option<(Vec<String>, Vec<String>)> {
    let telling = |text: &str| -> Vec<String> { words(text).into_iter().filter(|word| tells(word)).collect() };
    let (before, now) = (telling(old), telling(new));
    let without = |these: &[String], those: &[String]| {
        let mut rest = those.to_vec();
        let mut left = Vec::new();
        for word in these {
            match rest.iter().position(|other| other == word) {
                Some(at) => drop(rest.remove(at)),
                None => left.push(word.clone()),
            }
        }
        left
    };
    let (gone, come) = (without(&before, &now), without(&now, &before));
    (!gone.is_empty() || !come.is_empty()).then_some((gone, come))
}

/// Whether a folded word is a figure, part of a date, or turns a sentence's meaning around.
fn tells(word: &str) -> bool {
    word.chars().any(|letter| letter.is_numeric())
        || FIGURES.contains(&word)
        || TIMES.contains(&word)
        || TURNS.contains(&word)
}

fn words(text: &str) -> Vec<String> {
    let words = Words::of(text);
    words.words().iter().map(|word| words.folded(word).to_owned()).collect()
}

fn counted(text: &str) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for word in words(text) {
        *counted.entry(word).or_insert(0) += 1;
    }
    counted
}

/// Dice's coefficient over words.
fn alike(one: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>) -> f64 {
    let common: usize = one.iter().map(|(word, count)| other.get(word).map_or(0, |there| *count.min(there))).sum();
    let all: usize = one.values().sum::<usize>() + other.values().sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "sentences have fewer than 2^52 words")]
    let alike = if all == 0 { 0.0 } else { 2.0 * common as f64 / all as f64 };
    alike
}

fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Number words that are no articles. English, Spanish, Portuguese.
const FIGURES: &[&str] = &[
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "hundreds",
    "thousand",
    "thousands",
    "million",
    "millions",
    "billion",
    "dozen",
    "dozens",
    "half",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciseis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
    "cien",
    "ciento",
    "cientos",
    "doscientos",
    "trescientos",
    "quinientos",
    "mil",
    "miles",
    "millon",
    "millones",
    "docena",
    "decenas",
    "mitad",
    "dois",
    "duas",
    "quatro",
    "sete",
    "oito",
    "nove",
    "dez",
    "onze",
    "doze",
    "treze",
    "quatorze",
    "quinze",
    "dezesseis",
    "dezessete",
    "dezoito",
    "dezenove",
    "vinte",
    "trinta",
    "quarenta",
    "cinquenta",
    "sessenta",
    "oitenta",
    "cem",
    "cento",
    "centenas",
    "duzentos",
    "trezentos",
    "quinhentos",
    "milhares",
    "milhao",
    "milhoes",
    "duzia",
    "dezenas",
    "metade",
];

/// Months and days that are no other words.
const TIMES: &[&str] = &[
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "setiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "janeiro",
    "fevereiro",
    "maio",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
    "terca",
    "quarta",
    "quinta",
    "sexta",
];

/// What turns a sentence's meaning around.
const TURNS: &[&str] = &[
    "not",
    "no",
    "never",
    "nor",
    "without",
    "denied",
    "denies",
    "deny",
    "denying",
    "didn",
    "wasn",
    "isn",
    "aren",
    "weren",
    "hasn",
    "haven",
    "hadn",
    "doesn",
    "couldn",
    "wouldn",
    "alleged",
    "allegedly",
    "nunca",
    "jamas",
    "sin",
    "tampoco",
    "niega",
    "nego",
    "niegan",
    "negaron",
    "presunto",
    "presunta",
    "presuntos",
    "presuntas",
    "supuesto",
    "supuesta",
    "presuntamente",
    "supuestamente",
    "nao",
    "nem",
    "sem",
    "nega",
    "negou",
    "negam",
    "negaram",
    "suposto",
    "suposta",
    "supostamente",
];

#[cfg(test)]
mod tests {
    use super::Sentences;
    use super::differing;
    use super::headline;

    #[test]
    fn figures_dates_and_negations_are_facts_and_other_words_are_not() {
        let old = "Twelve men were held at the port on Monday, the lawyer said.";
        for (new, says) in [
            ("Fourteen men were held at the port on Monday, the lawyer said.", "“twelve” became “fourteen”"),
            ("Twelve men were held at the port on Friday, the lawyer said.", "“monday” became “friday”"),
            ("Twelve men were not held at the port on Monday, the lawyer said.", "“not” was added"),
            ("Men were held at the port on Monday, the lawyer said.", "“twelve” is gone"),
            ("The weather was fine.", "gone or rewritten"),
        ] {
            let fact = Sentences::of(new).changed(old).unwrap_or_default();
            assert!(fact.contains(says), "{new}: {fact}");
        }
        for same in [
            old,
            "TWELVE men were held at the port on Monday – the lawyer said!",
            "Twelve people were held in the port on Monday, a lawyer said.",
        ] {
            assert_eq!(Sentences::of(same).changed(old), None, "{same}");
        }
        assert_eq!(differing("12 de marzo", "marzo 12"), None);
    }

    #[test]
    fn a_headline_is_another_when_its_facts_are() {
        let old = "Judge frees three men held in Puerto Claro";
        for (new, told) in [
            ("Judge frees five men held in Puerto Claro", true),
            ("Court keeps prisoners behind bars in harbour city", true),
            ("JUDGE FREES THREE MEN HELD IN PUERTO CLARO", false),
            ("Judge frees three men held in Puerto Claro | The Harbour Post", false),
            ("Judge frees three men who were held in Puerto Claro", false),
            ("", false),
        ] {
            assert_eq!(headline(old, new).is_some(), told, "{new}");
        }
    }
}
