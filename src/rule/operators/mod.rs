//! What a query can say: one file per operator with its NAME, its DOC for the manual and EXAMPLES that run as tests. A
//! new one is a file, its `mod` line and its list entry here, and its case in `query.rs` and `plan.rs`.

pub mod and;
pub mod boost;
pub mod count;
pub mod distance;
pub mod entity;
pub mod exact;
pub mod few;
pub mod field;
pub mod language;
pub mod loose;
pub mod near;
pub mod not;
pub mod not_near;
pub mod or;
pub mod ordered;
pub mod paragraph;
pub mod phrase;
pub mod prefix;
pub mod regex;
pub mod sentence;
pub mod term;

/// One operator of the query language.
pub trait Operator {
    /// As it is written in the manual's table.
    const NAME: &str;
    /// One or two sentences for the manual.
    const DOC: &str;
    /// Queries with a text that each matches or does not.
    const EXAMPLES: &[Example];
}

/// A query with a text. In examples `@court` is a court: strong name `Court of Appeal`, weak name `COA` near `judge`; the
/// article is in English, by Ana Paz, tagged `Human rights`, from the source `the-paper`, at
/// `https://paper.example/2026/11/a.html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The query.
    pub query: &'static str,
    /// The text; when it has two lines, the first is the title.
    pub text: &'static str,
    /// Whether the query matches it.
    pub matches: bool,
}

impl Example {
    /// The query matches the text.
    pub const fn yes(query: &'static str, text: &'static str) -> Self {
        Self { query, text, matches: true }
    }

    /// The query does not match the text.
    pub const fn no(query: &'static str, text: &'static str) -> Self {
        Self { query, text, matches: false }
    }
}

/// An operator as the manual lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// [`Operator::NAME`].
    pub name: &'static str,
    /// [`Operator::DOC`].
    pub doc: &'static str,
    /// [`Operator::EXAMPLES`].
    pub examples: &'static [Example],
}

impl Entry {
    const fn of<O: Operator>() -> Self {
        Self { name: O::NAME, doc: O::DOC, examples: O::EXAMPLES }
    }
}

/// Every operator, in the manual's order.
pub const OPERATORS: [Entry; 20] = [
    Entry::of::<term::Term>(),
    Entry::of::<exact::Exact>(),
    Entry::of::<prefix::Prefix>(),
    Entry::of::<regex::Regex>(),
    Entry::of::<phrase::Phrase>(),
    Entry::of::<loose::Loose>(),
    Entry::of::<entity::Entity>(),
    Entry::of::<count::Count>(),
    Entry::of::<and::And>(),
    Entry::of::<or::Or>(),
    Entry::of::<not::Not>(),
    Entry::of::<near::Near>(),
    Entry::of::<ordered::Ordered>(),
    Entry::of::<not_near::NotNear>(),
    Entry::of::<sentence::Sentence>(),
    Entry::of::<paragraph::Paragraph>(),
    Entry::of::<few::Few>(),
    Entry::of::<field::InField>(),
    Entry::of::<language::InLanguage>(),
    Entry::of::<boost::Boost>(),
];

#[cfg(test)]
mod tests {
    use super::OPERATORS;
    use crate::model::EntityName;
    use crate::model::Language;
    use crate::model::RuleName;
    use crate::rule::EntitySpec;
    use crate::rule::RuleSet;
    use crate::rule::RuleSpec;
    use crate::rule::Text;
    use crate::rule::parse;

    #[test]
    fn the_examples_of_every_operator_hold() {
        for operator in OPERATORS {
            assert!(operator.examples.iter().any(|example| example.matches), "{}", operator.name);
            assert!(operator.examples.iter().any(|example| !example.matches), "{}", operator.name);
            for example in operator.examples {
                let query = parse(example.query).unwrap_or_else(|errors| panic!("{}: {errors:?}", example.query));
                let court = EntitySpec {
                    name: Some(EntityName::new("court")),
                    strong: vec!["Court of Appeal".to_owned()],
                    weak: vec!["COA".to_owned()],
                    near: vec!["judge".to_owned()],
                    ..EntitySpec::default()
                };
                let rule = RuleSpec {
                    name: RuleName::new("example"),
                    label: None,
                    query,
                    languages: Vec::new(),
                    min_score: None,
                    hit: Vec::new(),
                    miss: Vec::new(),
                };
                let (title, body) = example.text.split_once('\n').unwrap_or(("", example.text));
                let english = Language::parse("en");
                let text = Text {
                    title,
                    body,
                    authors: &["Ana Paz".to_owned()],
                    tags: &["Human rights".to_owned()],
                    url: "https://paper.example/2026/11/a.html",
                    source: "the-paper",
                    language: english.as_ref(),
                };
                let judgement = RuleSet::compile(vec![court], vec![rule]).judge(&text);
                assert_eq!(judgement.verdicts[0].matched, example.matches, "{example:?}");
            }
        }
    }
}
