//! A query → what is allowed but may not mean what its writer thinks.

use super::expression;
use super::query::Kind;
use super::query::Nearness;
use super::query::Node;
use super::query::Query;
use super::query::QueryError;
use super::trie::is_acronym;
use crate::text::Words;
use std::collections::BTreeMap;
use std::ops::Range;

/// Beyond so many words two words have little to do with each other.
const FAR: u32 = 10;
/// A longer word in capitals is hardly an acronym.
const LONGEST_ACRONYM: usize = 9;

/// Everything doubtful, in the order of its places.
pub fn lint(query: &Query) -> Vec<QueryError> {
    let mut found = Vec::new();
    query.root.visit(&mut |node| {
        one(node, &mut |span: &Range<usize>, message: String, help: String| {
            found.push(QueryError::new(span.clone(), message, help));
        })
    });
    found.sort_by_key(|warning| (warning.span.start, warning.span.end));
    found
}

fn one(node: &Node, warn: &mut impl FnMut(&Range<usize>, String, String)) {
    let span = &node.span;
    match &node.kind {
        Kind::Or(sides) => {
            mixed(span, sides, warn);
            twice(sides, warn);
        }
        Kind::And(sides) => {
            twice(sides, warn);
            contradiction(sides, warn);
        }
        Kind::Few(least, sides) => {
            twice(sides, warn);
            if *least == 1 {
                warn(span, "1 OF is OR".to_owned(), "join the parts with OR".to_owned());
            } else if *least as usize == sides.len() {
                warn(span, format!("{least} OF {least} parts is AND"), "join the parts with AND".to_owned());
            }
        }
        Kind::Term(word) => term(span, word, warn),
        Kind::Phrase(words) | Kind::Loose(words, _) | Kind::Exact(words) => phrase(span, words, warn),
        Kind::Near(how, left, right) => near(span, *how, left, right, warn),
        Kind::Regex(source) => regex(span, source, warn),
        _ => {}
    }
}

fn mixed(span: &Range<usize>, sides: &[Node], warn: &mut impl FnMut(&Range<usize>, String, String)) {
    if let Some(side) = sides.iter().find(|side| matches!(side.kind, Kind::And(_)) && !side.bracketed) {
        warn(
            span,
            "AND and OR are mixed without brackets".to_owned(),
            format!("AND binds tighter: write ({side}) in brackets, or put them around the OR"),
        );
    }
}

/// The same part twice in one list.
fn twice(sides: &[Node], warn: &mut impl FnMut(&Range<usize>, String, String)) {
    let mut seen: BTreeMap<String, &Node> = BTreeMap::new();
    for side in sides {
        if let Some(first) = seen.insert(meaning(side), side) {
            warn(
                &side.span,
                format!("`{side}` stands here twice"),
                if first == side {
                    "leave it out".to_owned()
                } else {
                    format!(
                        "`{first}` finds the same: case and marks do not count; write `=` before a word where they do"
                    )
                },
            );
        }
    }
}

/// A query that wants and excludes the same never matches.
fn contradiction(sides: &[Node], warn: &mut impl FnMut(&Range<usize>, String, String)) {
    for side in sides {
        if let Kind::Not(inner) = &side.kind
            && sides.iter().any(|other| meaning(other) == meaning(inner))
        {
            warn(&side.span, format!("`{inner}` is asked for and excluded"), "leave one of them out".to_owned());
        }
    }
}

/// What a part finds: equal for parts that find the same.
fn meaning(node: &Node) -> String {
    match &node.kind {
        Kind::Term(words) | Kind::Phrase(words) => {
            let list = Words::of(words);
            let folded: Vec<&str> = list.words().iter().map(|word| list.folded(word)).collect();
            format!("{}{}", if is_acronym(words) { "^" } else { "" }, folded.join(" "))
        }
        _ => format!("({node})"),
    }
}

fn term(span: &Range<usize>, word: &str, warn: &mut impl FnMut(&Range<usize>, String, String)) {
    if matches!(word, "and" | "or" | "not" | "near" | "of") {
        let help = format!("operators are in capitals: write {}", word.to_uppercase());
        warn(span, format!("`{word}` is read as a word"), help);
    } else if word.len() > LONGEST_ACRONYM && word.chars().all(char::is_uppercase) {
        warn(
            span,
            format!("`{word}` in capitals matches only capitalised text"),
            format!("write `{}` for every way of writing it", word.to_lowercase()),
        );
    }
}

fn phrase(span: &Range<usize>, words: &str, warn: &mut impl FnMut(&Range<usize>, String, String)) {
    if words.contains('*') {
        let help = "join it to the words before with ONEAR/0: `presos ONEAR/0 polític*`".to_owned();
        warn(span, "`*` inside a phrase is only a sign".to_owned(), help);
    }
    let operator = words.split_whitespace().find(|word| matches!(*word, "AND" | "OR" | "NOT"));
    if let Some(operator) = operator {
        let help = "close the quotes before it".to_owned();
        warn(span, format!("`{operator}` inside a phrase is a word"), help);
    }
}

fn near(
    span: &Range<usize>,
    how: Nearness,
    left: &Node,
    right: &Node,
    warn: &mut impl FnMut(&Range<usize>, String, String),
) {
    if let Nearness::Near(words) | Nearness::Ordered(words) = how
        && words > FAR
    {
        let help = format!("a distance above {FAR} says little; SENT and PARA follow the text's own borders");
        warn(span, format!("{words} words are far apart"), help);
    }
    if matches!(how, Nearness::Sentence | Nearness::Paragraph) && meaning(left) == meaning(right) {
        let help = format!("both sides must be two places of it; `{left}{{2}}` counts places in the whole text");
        warn(span, "both sides are the same".to_owned(), help);
    }
}

fn regex(span: &Range<usize>, source: &str, warn: &mut impl FnMut(&Range<usize>, String, String)) {
    // Expressions see the normal form, in which these do not occur.
    let never = source.chars().find(|c| matches!(c, '–' | '—' | '“' | '”' | '‘' | '’' | '\u{a0}' | '\u{ad}'));
    if let Some(never) = never {
        let plain = match never {
            '–' | '—' => "`-`",
            '“' | '”' => "`\"`",
            '‘' | '’' => "`'`",
            _ => "a space",
        };
        warn(
            span,
            format!("`{never}` never occurs where the expression looks"),
            format!("texts are normalised: write {plain}"),
        );
    } else if source.contains("  ") || source.contains("\\t") || source.contains("\\r") {
        let help = "texts are normalised: white space is one space, or an empty line".to_owned();
        warn(span, "the expression asks for white space that never occurs".to_owned(), help);
    }
    if expression::compile(source).is_ok_and(|compiled| compiled.required().is_none()) {
        let help = "give it three letters or digits that every match has".to_owned();
        warn(span, "the expression is tried on every article".to_owned(), help);
    }
}

#[cfg(test)]
mod tests {
    use super::lint;
    use crate::rule::parse;

    #[test]
    fn doubtful_queries_are_pointed_out() {
        for (text, message) in [
            ("a AND b OR c", "AND and OR are mixed without brackets"),
            ("a or b", "`or` is read as a word"),
            ("EXTRAJUDICIAL", "`EXTRAJUDICIAL` in capitals matches only capitalised text"),
            ("prisión OR cárcel OR Prision", "`Prision` stands here twice"),
            ("a AND @b AND @b", "`@b` stands here twice"),
            ("a -a", "`a` is asked for and excluded"),
            ("a NEAR/40 b", "40 words are far apart"),
            ("a SENT a", "both sides are the same"),
            ("\"presos polític*\"", "`*` inside a phrase is only a sign"),
            ("\"a OR b\"", "`OR` inside a phrase is a word"),
            ("1 OF (a, b)", "1 OF is OR"),
            ("2 OF (a, b)", "2 OF 2 parts is AND"),
            ("/\\w+\\b/", "the expression is tried on every article"),
            ("/pro–gobierno/", "`–` never occurs where the expression looks"),
            ("/tortura  y/", "the expression asks for white space that never occurs"),
        ] {
            let found = lint(&parse(text).expect(text));
            assert!(found.iter().any(|warning| warning.message == message), "{text}: {found:?}");
            assert!(found.iter().all(|warning| !warning.help.is_empty()));
        }
        for text in [
            "(a AND b) OR c",
            "a (b OR c)",
            "OAS OR DGCIM",
            "OAS OR oas",
            "a -b",
            "a NEAR/10 b",
            "2 OF (a, b, c)",
            "/tortur(a|as)/",
            "=año OR =ano",
        ] {
            assert_eq!(lint(&parse(text).expect(text)), [], "{text}");
        }
    }
}
