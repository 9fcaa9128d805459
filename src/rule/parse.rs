//! text → [`Query`], or everything that is wrong with it at once. A Pratt parser: NOT binds tighter than AND, AND tighter
//! than OR, and two parts side by side are joined by AND. Operators are in capitals only, so that `no` and `or` stay
//! words. Limits: 64 KiB, 4,096 terms, 32 levels.

use super::query::Kind;
use super::query::Node;
use super::query::Query;
use super::query::QueryError;
use super::token::Dialect;
use super::token::Token;
use super::token::TokenKind;
use super::token::tokens;
use std::ops::Range;

/// Longest query in bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// Most terms, phrases and entities of one query.
pub const MOST_TERMS: usize = 4096;
/// Deepest nesting of brackets, fields and NOT.
pub const MOST_LEVELS: usize = 32;

/// Parses a rule's query; on failure every error in it, in the order of their places.
pub fn parse(text: &str) -> Result<Query, Vec<QueryError>> {
    parse_as(text, Dialect::Rule)
}

/// Parses a query with the operators of `dialect`; on failure every error in it, in the order of their places.
pub fn parse_as(text: &str, dialect: Dialect) -> Result<Query, Vec<QueryError>> {
    if text.len() > MOST_BYTES {
        let message = format!("the query is {} bytes long; at most {MOST_BYTES} are read", text.len());
        return Err(vec![error(0..text.len(), message, "split it into several rules")]);
    }
    let mut errors = Vec::new();
    let tokens = tokens(text, dialect, &mut errors);
    let terms = tokens.iter().filter(|token| is_operand(&token.kind)).count();
    if let Some(token) = tokens.iter().filter(|token| is_operand(&token.kind)).nth(MOST_TERMS) {
        let message = format!("the query has {terms} terms; at most {MOST_TERMS} are read");
        errors.push(error(token.span.clone(), message, "split it into several rules"));
        return Err(errors);
    }
    if tokens.is_empty() && errors.is_empty() {
        return Err(vec![error(0..text.len(), "the query is empty", "write a word, a \"phrase\" or an `@entity`")]);
    }
    let mut parser = Parser { tokens, at: 0, end: text.len(), level: 0, too_deep: false, errors };
    let root = parser.whole();
    let mut errors = parser.errors;
    if errors.is_empty() {
        only_not(&root, &mut errors);
        fields_in_fields(&root, &mut errors);
    }
    if errors.is_empty() {
        return Ok(Query { root });
    }
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    errors.dedup();
    Err(errors)
}

/// What is allowed but may not mean what its writer thinks.
pub fn lint(query: &Query) -> Vec<QueryError> {
    let mut found = Vec::new();
    query.root.visit(&mut |node| match &node.kind {
        Kind::Or(sides) => {
            let mixed = sides.iter().find(|side| matches!(side.kind, Kind::And(_)) && !side.bracketed);
            if let Some(side) = mixed {
                found.push(error(
                    node.span.clone(),
                    "AND and OR are mixed without brackets",
                    format!("AND binds tighter: write ({side}) in brackets, or put them around the OR"),
                ));
            }
        }
        Kind::Term(word) if matches!(word.as_str(), "and" | "or" | "not") => found.push(error(
            node.span.clone(),
            format!("`{word}` is read as a word"),
            format!("operators are in capitals: write {}", word.to_uppercase()),
        )),
        Kind::Term(word) if word.len() > 9 && word.chars().all(char::is_uppercase) => found.push(error(
            node.span.clone(),
            format!("`{word}` in capitals matches only capitalised text"),
            format!("write `{}` for every way of writing it", word.to_lowercase()),
        )),
        _ => {}
    });
    found
}

fn error(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> QueryError {
    QueryError { span, message: message.into(), help: help.into() }
}

fn is_operand(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Word(_) | TokenKind::Phrase(_) | TokenKind::Entity(_))
}

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const FIELD: u8 = 4;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    level: usize,
    too_deep: bool,
    errors: Vec<QueryError>,
}

impl Parser {
    fn whole(&mut self) -> Node {
        let mut root = self.expression(0);
        while let Some(token) = self.tokens.get(self.at).cloned() {
            // Only a closing bracket ends an expression early.
            self.errors.push(error(token.span, "`)` closes nothing", "take it out, or open it with `(`"));
            self.at += 1;
            if self.tokens.get(self.at).is_some_and(|token| token.kind != TokenKind::Close) {
                root = self.expression(0);
            }
        }
        root
    }

    fn expression(&mut self, power: u8) -> Node {
        let mut left = self.operand();
        loop {
            let (binding, explicit) = match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(TokenKind::And) => (AND, true),
                Some(TokenKind::Or) => (OR, true),
                Some(TokenKind::Close) | None => return left,
                Some(_) => (AND, false),
            };
            if binding <= power {
                return left;
            }
            if explicit {
                self.at += 1;
            }
            let right = self.expression(binding);
            left = join(left, right, binding);
        }
    }

    fn operand(&mut self) -> Node {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return self.missing(self.end..self.end);
        };
        let leaf = |kind| Node { span: token.span.clone(), bracketed: false, kind };
        match token.kind {
            TokenKind::And | TokenKind::Or | TokenKind::Close => return self.missing(token.span),
            _ => self.at += 1,
        }
        match token.kind {
            TokenKind::Word(word) => leaf(Kind::Term(word)),
            TokenKind::Phrase(words) => leaf(Kind::Phrase(words)),
            TokenKind::Entity(name) => leaf(Kind::Entity(name)),
            TokenKind::Not => self.prefixed(&token.span, NOT, |inner| Kind::Not(Box::new(inner))),
            TokenKind::Field(field) => self.prefixed(&token.span, FIELD, |inner| Kind::Field(field, Box::new(inner))),
            TokenKind::Open => self.brackets(&token.span),
            TokenKind::And | TokenKind::Or | TokenKind::Close | TokenKind::Broken => {
                leaf(Kind::Term("broken".to_owned()))
            }
        }
    }

    fn prefixed(&mut self, span: &Range<usize>, power: u8, make: impl FnOnce(Node) -> Kind) -> Node {
        let Some(inner) = self.deeper(span, |parser| parser.expression(power)) else {
            return broken(span);
        };
        Node { span: span.start..inner.span.end, bracketed: false, kind: make(inner) }
    }

    fn brackets(&mut self, open: &Range<usize>) -> Node {
        let Some(mut inner) = self.deeper(open, |parser| parser.expression(0)) else {
            return broken(open);
        };
        match self.tokens.get(self.at) {
            Some(Token { span, kind: TokenKind::Close }) => {
                inner.span = open.start..span.end;
                self.at += 1;
            }
            _ if self.too_deep => {}
            _ => self.errors.push(error(open.clone(), "`(` is not closed", "close it with `)`")),
        }
        inner.bracketed = true;
        inner
    }

    /// Goes one level down; beyond the limit reports it once and gives up on the rest.
    fn deeper(&mut self, span: &Range<usize>, inner: impl FnOnce(&mut Self) -> Node) -> Option<Node> {
        if self.level == MOST_LEVELS {
            let message = format!("the query is nested deeper than {MOST_LEVELS} levels");
            self.errors.push(error(span.clone(), message, "take out brackets that change nothing, or split the rule"));
            self.too_deep = true;
            self.at = self.tokens.len();
            return None;
        }
        self.level += 1;
        let node = inner(self);
        self.level -= 1;
        Some(node)
    }

    /// An operand is wanted and something else stands there.
    fn missing(&mut self, at: Range<usize>) -> Node {
        let before = self.at.checked_sub(1).and_then(|index| self.tokens.get(index));
        let found = match before.map(|token| (&token.kind, token.span.clone())) {
            Some((TokenKind::And, span)) => (span, "`AND` has nothing to its right"),
            Some((TokenKind::Or, span)) => (span, "`OR` has nothing to its right"),
            Some((TokenKind::Not, span)) => (span, "`NOT` has nothing to its right"),
            Some((TokenKind::Field(_), span)) => (span, "the field has nothing to look for"),
            Some((TokenKind::Open, span)) if self.closes_here() => (span.start..at.end, "the brackets are empty"),
            _ if self.closes_here() => (at.clone(), "`)` closes nothing"),
            _ => (at.clone(), "the operator has nothing to its left"),
        };
        self.errors.push(error(found.0, found.1, "write a word, a \"phrase\" or an `@entity` there"));
        broken(&at)
    }

    fn closes_here(&self) -> bool {
        matches!(self.tokens.get(self.at), Some(Token { kind: TokenKind::Close, .. }))
    }
}

/// Stands for a part whose error was reported; a query with errors is never returned.
fn broken(span: &Range<usize>) -> Node {
    Node { span: span.clone(), bracketed: false, kind: Kind::Term("broken".to_owned()) }
}

fn join(left: Node, right: Node, binding: u8) -> Node {
    let span = left.span.start..right.span.end;
    let bracketed = left.bracketed;
    let kind = match (left.kind, binding) {
        (Kind::And(mut sides), AND) if !bracketed => {
            sides.push(right);
            Kind::And(sides)
        }
        (Kind::Or(mut sides), OR) if !bracketed => {
            sides.push(right);
            Kind::Or(sides)
        }
        (kind, _) => {
            let sides = vec![Node { span: left.span, bracketed, kind }, right];
            if binding == AND { Kind::And(sides) } else { Kind::Or(sides) }
        }
    };
    Node { span, bracketed: false, kind }
}

/// A part that holds in a text where nothing is found would match nearly everything.
fn only_not(root: &Node, errors: &mut Vec<QueryError>) {
    if asks_for_something(root, false) {
        return;
    }
    let mut blamed = root;
    while let Kind::Or(sides) = &blamed.kind {
        match sides.iter().find(|side| !asks_for_something(side, false)) {
            Some(side) => blamed = side,
            None => break,
        }
    }
    let message = if blamed.span == root.span {
        "the query says only what must not occur"
    } else {
        "this side of OR says only what must not occur, so it matches nearly everything"
    };
    errors.push(error(blamed.span.clone(), message, "add what must occur: `word AND NOT other`"));
}

fn asks_for_something(node: &Node, negated: bool) -> bool {
    match &node.kind {
        Kind::Term(_) | Kind::Phrase(_) | Kind::Entity(_) => !negated,
        Kind::Field(_, inner) => asks_for_something(inner, negated),
        Kind::Not(inner) => asks_for_something(inner, !negated),
        Kind::And(sides) if negated => sides.iter().all(|side| asks_for_something(side, negated)),
        Kind::Or(sides) if !negated => sides.iter().all(|side| asks_for_something(side, negated)),
        Kind::And(sides) | Kind::Or(sides) => sides.iter().any(|side| asks_for_something(side, negated)),
    }
}

fn fields_in_fields(root: &Node, errors: &mut Vec<QueryError>) {
    root.visit(&mut |node| {
        if let Kind::Field(outer, inner) = &node.kind {
            inner.visit(&mut |below| {
                if let Kind::Field(field, _) = &below.kind {
                    let message = format!("`{}:` stands inside `{}:`", field.as_str(), outer.as_str());
                    errors.push(error(below.span.clone(), message, "name one field, and join fields with AND"));
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::MOST_LEVELS;
    use super::MOST_TERMS;
    use super::lint;
    use super::parse;
    use crate::rule::query::Query;
    use proptest::prelude::*;

    fn query(text: &str) -> Query {
        parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
    }

    /// Each error as `part of the query|message`.
    fn errors(text: &str) -> Vec<String> {
        let errors = parse(text).expect_err(text);
        errors.into_iter().map(|error| format!("{}|{}", &text[error.span], error.message)).collect()
    }

    #[test]
    fn not_binds_tighter_than_and_and_and_tighter_than_or() {
        for (text, printed) in [
            ("a b", "a AND b"),
            ("a AND b OR c d", "(a AND b) OR (c AND d)"),
            ("a OR b c", "a OR (b AND c)"),
            ("(a OR b) c", "(a OR b) AND c"),
            ("NOT a b", "NOT a AND b"),
            ("a -b", "a AND NOT b"),
            ("a -(b OR c)", "a AND NOT (b OR c)"),
            ("a -\"b c\"", "a AND NOT \"b c\""),
            ("a NOT b", "a AND NOT b"),
            ("a AND (b AND c)", "a AND (b AND c)"),
            ("a AND b AND c", "a AND b AND c"),
            ("((a))", "a"),
            ("title:a b", "title:a AND b"),
            ("title:(a OR @b)", "title:(a OR @b)"),
            ("title:\"a b\" body:c", "title:\"a b\" AND body:c"),
            ("title: a", "title:a"),
            ("“curly quotes” x", "\"curly quotes\" AND x"),
            ("@icc_court AND NOT @icc-cricket", "@icc_court AND NOT @icc-cricket"),
            ("pro-government", "pro-government"),
            ("10:30", "10:30"),
            ("no or y", "no AND or AND y"),
        ] {
            assert_eq!(query(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn every_error_is_told_at_once_with_its_place() {
        for (text, expected) in [
            ("", vec!["|the query is empty"]),
            ("  ", vec!["  |the query is empty"]),
            ("a AND", vec!["AND|`AND` has nothing to its right"]),
            ("OR a", vec!["OR|the operator has nothing to its left"]),
            ("a AND OR b", vec!["AND|`AND` has nothing to its right"]),
            ("a NOT", vec!["NOT|`NOT` has nothing to its right"]),
            ("(a OR b", vec!["(|`(` is not closed"]),
            ("a) b)", vec![")|`)` closes nothing", ")|`)` closes nothing"]),
            ("a ()", vec!["()|the brackets are empty"]),
            ("a \"b c", vec!["\"b c|the quote is not closed"]),
            ("a \"...\"", vec!["\"...\"|the phrase holds no word"]),
            ("a !!!", vec!["!!!|`!` is not an operator"]),
            ("a @ b", vec!["@|`@` has no entity name behind it"]),
            ("NOT a", vec!["NOT a|the query says only what must not occur"]),
            (
                "a OR NOT b",
                vec!["NOT b|this side of OR says only what must not occur, so it matches nearly everything"],
            ),
            ("title:(body:a)", vec!["(body:a)|`body:` stands inside `title:`"]),
            ("title:", vec!["title:|the field has nothing to look for"]),
            (
                "(a AND @ OR \"b",
                vec!["(|`(` is not closed", "@|`@` has no entity name behind it", "\"b|the quote is not closed"],
            ),
        ] {
            assert_eq!(errors(text), expected, "{text}");
        }
    }

    #[test]
    fn an_operator_of_another_version_is_refused_and_not_read_as_a_word() {
        for (text, written) in [
            ("a NEAR/5 b", "NEAR/5"),
            ("a ONEAR/3 b", "ONEAR/3"),
            ("a NOTNEAR/3 b", "NOTNEAR/3"),
            ("a NEAR b", "NEAR"),
            ("\"a b\"~3", "~3"),
            ("=OAS", "=OAS"),
            ("tortur*", "tortur*"),
            ("/tortur(a|as)/", "/tortur(a|as)/"),
            ("/tortura s/ b", "/tortura s/"),
            ("2 OF (a, b, c)", "n OF"),
            ("author:ana", "author:"),
            ("url:\"x y\"", "url:"),
            ("https://x.test/a", "https:"),
            ("faes{2}", "faes{2}"),
            ("@faes{2}", "{2}"),
            ("(a OR b)^2", "^2"),
            ("maduro~1", "maduro~1"),
        ] {
            let errors = parse(text).expect_err(text);
            assert!(errors.iter().any(|error| error.message.contains(written)), "{text}: {errors:?}");
            assert!(errors.iter().all(|error| !error.help.is_empty()));
        }
        let near = &parse("a NEAR/5 b").expect_err("NEAR")[0];
        assert_eq!(near.message, "`NEAR/5` is not an operator of this version");
    }

    #[test]
    fn limits_are_errors_and_not_crashes() {
        let deep = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse(&deep).expect_err("deep")[0].message.contains("nested deeper"));
        let nots = format!("a {}b", "NOT ".repeat(10_000));
        assert!(parse(&nots).expect_err("nots")[0].message.contains("nested deeper"));
        let fits = format!("{}a{}", "(".repeat(MOST_LEVELS), ")".repeat(MOST_LEVELS));
        assert!(parse(&fits).is_ok());
        assert!(parse(&"a ".repeat(MOST_TERMS)).is_ok());
        assert!(parse(&"a ".repeat(MOST_TERMS + 1)).expect_err("terms")[0].message.contains("4096"));
        assert!(parse(&"abcdefgh ".repeat(9000)).expect_err("bytes")[0].message.contains("65536"));
    }

    #[test]
    fn doubtful_queries_are_pointed_out() {
        for (text, message) in [
            ("a AND b OR c", "AND and OR are mixed without brackets"),
            ("a or b", "`or` is read as a word"),
            ("EXTRAJUDICIAL", "`EXTRAJUDICIAL` in capitals matches only capitalised text"),
        ] {
            let found = lint(&query(text));
            assert!(found.iter().any(|warning| warning.message == message), "{text}: {found:?}");
        }
        for text in ["(a AND b) OR c", "a (b OR c)", "OAS OR DGCIM", "a -b"] {
            assert_eq!(lint(&query(text)), [], "{text}");
        }
    }

    #[test]
    fn entities_are_told_with_their_places() {
        let text = "title:(@b OR x) AND @a";
        let found: Vec<String> =
            query(text).entities().into_iter().map(|(name, span)| format!("{name}={}", &text[span])).collect();
        assert_eq!(found, ["b=@b", "a=@a"]);
    }

    fn any_query() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-z]{1,6}",
            "[A-ZÑ]{2,5}".prop_filter("an operator", |word| !matches!(
                word.as_str(),
                "AND" | "OR" | "NOT" | "OF" | "ADJ" | "NEAR" | "ONEAR" | "XOR"
            )),
            "[a-z]{1,4}-[a-zñ]{1,4}",
            "\"[a-z]{1,4}( [a-zA-Z:*()/é]{1,6}){0,3}\"",
            "@[a-z_]{1,6}"
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} OR {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} NOT {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) -({b})")),
                inner.clone().prop_map(|a| format!("({a})")),
                inner.prop_map(|a| format!("title:({a})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_printed_query_parses_to_the_same(text in any_query()) {
            if let Ok(first) = parse(&text) {
                let printed = first.to_string();
                let again = parse(&printed).map_err(|errors| TestCaseError::fail(format!("{printed}: {errors:?}")))?;
                prop_assert_eq!(&again, &first);
                prop_assert_eq!(again.to_string(), printed);
            }
        }

        #[test]
        fn any_text_gives_a_query_or_errors_inside_it(text in "[\\PC\n]{0,40}|[a-c ()\"@:*/~^{}=!|&-]{0,30}") {
            if let Err(errors) = parse(&text) {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(text.get(error.span.clone()).is_some(), "{text:?} {error:?}");
                }
            }
        }
    }
}
