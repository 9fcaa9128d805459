//! A regular expression of a query → one that is linear in time and bounded in size, with the letters that a text must
//! hold before it is tried at all.

use crate::text::Words;
use regex::Regex;
use regex::RegexBuilder;
use regex_syntax::Parser;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;
use std::ops::Range;

/// Longest source in bytes.
const MOST_BYTES: usize = 4096;
/// Largest compiled program, and largest lazy automaton, in bytes.
const MOST_MEMORY: usize = 1 << 20;
/// Shorter letters are in every text, and select nothing.
const FEWEST_LETTERS: usize = 3;
/// Most places of one expression in one text.
const MOST_PLACES: usize = 1000;

/// Why a regular expression is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Longer than a query may have it.
    #[error("the regular expression is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// It compiles to more than the limit.
    #[error("the regular expression is too large")]
    TooLarge,
    /// It matches where there is nothing.
    #[error("the regular expression matches the empty text")]
    Empty,
    /// It is none, or has what cannot be matched in linear time.
    #[error("{0}")]
    Syntax(String),
}

impl Fault {
    /// As [`Fault`] displays, with the expression quoted.
    pub fn message(&self, source: &str) -> String {
        match self {
            Self::Syntax(detail) => format!("`/{source}/` is not a regular expression: {detail}"),
            _ => self.to_string(),
        }
    }

    /// What to write instead.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooLong | Self::TooLarge => "list the words with OR, or use smaller repetitions",
            Self::Empty => "ask for at least one letter: `/tortur\\w+/`",
            Self::Syntax(_) => "look-around and back references do not exist here; write a slash inside as `\\/`",
        }
    }
}

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Expression {
    regex: Regex,
    /// Folded letters of one word without which nothing can match.
    required: Option<String>,
}

/// Compiles a regular expression. Case does not count unless it says `(?-i)`; marks do.
///
/// # Errors
/// When it is none, or is beyond a limit.
pub fn compile(source: &str) -> Result<Expression, Fault> {
    if source.len() > MOST_BYTES {
        return Err(Fault::TooLong);
    }
    let regex = RegexBuilder::new(source)
        .case_insensitive(true)
        .size_limit(MOST_MEMORY)
        .dfa_size_limit(MOST_MEMORY)
        .nest_limit(50)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Fault::TooLarge,
            other => Fault::Syntax(last_line(&other.to_string())),
        })?;
    if regex.is_match("") {
        return Err(Fault::Empty);
    }
    let tree = Parser::new().parse(source).map_err(|error| Fault::Syntax(last_line(&error.to_string())))?;
    Ok(Expression { regex, required: required(&tree) })
}

impl Expression {
    /// Letters, folded, that are a part of a word in every text that it matches; `None` when there are none, and it must be
    /// tried on every text.
    pub fn required(&self) -> Option<&str> {
        self.required.as_deref()
    }

    /// Its places in a text in normal form, as the words that they touch: number of the first, number behind the last.
    pub fn places<'a>(&'a self, words: &'a Words) -> impl Iterator<Item = Range<u32>> + 'a {
        let list = words.words();
        self.regex.find_iter(words.normal_text()).take(MOST_PLACES).filter_map(|found| {
            let first = list.partition_point(|word| word.end as usize <= found.start());
            let behind = list.partition_point(|word| (word.start as usize) < found.end());
            (first < behind).then_some(first as u32..behind as u32)
        })
    }
}

fn last_line(error: &str) -> String {
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The longest run of ASCII letters and digits that every match holds. Such a run stands inside one word, and folding
/// only makes it small.
fn required(tree: &Hir) -> Option<String> {
    let mut best = String::new();
    longest_run(tree, &mut best);
    (best.len() >= FEWEST_LETTERS).then_some(best)
}

fn longest_run(tree: &Hir, best: &mut String) {
    match tree.kind() {
        HirKind::Literal(literal) => {
            for run in literal.0.split(|byte| !byte.is_ascii_alphanumeric()) {
                if run.len() > best.len() {
                    *best = String::from_utf8_lossy(run).to_ascii_lowercase();
                }
            }
        }
        HirKind::Capture(capture) => longest_run(&capture.sub, best),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_run(&repetition.sub, best),
        HirKind::Concat(parts) => parts.iter().for_each(|part| longest_run(part, best)),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use super::compile;
    use crate::text::Words;

    #[test]
    fn what_every_match_must_hold_is_known() {
        for (source, expected) in [
            ("tortur(a|as|ado)", Some("tortur")),
            ("(Foro|Frente) Penal", Some("penal")),
            ("\\bsebin\\b", Some("sebin")),
            ("(abc)+x", Some("abc")),
            ("(abc)?xyz\\w*", Some("xyz")),
            ("detención", Some("detenci")),
            ("a|b", None),
            ("\\d{4}", None),
        ] {
            assert_eq!(compile(source).expect(source).required(), expected, "{source}");
        }
    }

    #[test]
    fn expressions_that_could_hurt_are_refused() {
        assert_eq!(compile("a*").expect_err("empty"), Fault::Empty);
        assert_eq!(compile(&"a".repeat(5000)).expect_err("long"), Fault::TooLong);
        assert_eq!(compile("\\w{900}{900}").expect_err("large"), Fault::TooLarge);
        assert!(matches!(compile("(a"), Err(Fault::Syntax(_))));
        assert!(matches!(compile("(a)\\1"), Err(Fault::Syntax(_))));
    }

    #[test]
    fn a_place_is_the_words_that_it_touches() {
        let words = Words::of("Hubo TORTURAS, y torturados; nada");
        let found: Vec<_> = compile("tortur(as|ados)").expect("it is one").places(&words).collect();
        assert_eq!(found, [1..2, 3..4]);
    }
}
