//! text → [`Query`], or everything that is wrong with it at once. A Pratt parser: NOT binds tighter than NEAR and its
//! like, those tighter than AND, AND tighter than OR, and two parts side by side are joined by AND. Operators are in
//! capitals only, so that `no` and `or` stay words. Limits: 64 KiB, 4,096 terms, 32 levels.

use super::query::Kind;
use super::query::Node;
use super::query::Query;
use super::query::QueryError;
use super::refuse;
use super::token::Token;
use super::token::TokenKind;
use super::token::tokens;
use std::ops::Range;

/// Longest query in bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// Most terms, phrases and entities of one query.
pub const MOST_TERMS: usize = 4096;
/// Deepest nesting of brackets, fields, NOT and chains of NEAR.
pub const MOST_LEVELS: usize = 32;

/// Parses a query; on failure every error in it, in the order of their places.
pub fn parse(text: &str) -> Result<Query, Vec<QueryError>> {
    let query = parse_freely(text)?;
    let mut errors = Vec::new();
    refuse::all(&query.root, &mut errors);
    if errors.is_empty() { Ok(query) } else { Err(in_order(errors)) }
}

/// The same without the question whether a rule may ask it: a query of only a language, say, matches nearly everything,
/// and yet is a good search.
pub fn parse_freely(text: &str) -> Result<Query, Vec<QueryError>> {
    if text.len() > MOST_BYTES {
        let message = format!("the query is {} bytes long; at most {MOST_BYTES} are read", text.len());
        return Err(vec![QueryError::new(0..text.len(), message, "split it into several rules")]);
    }
    let mut errors = Vec::new();
    let tokens = tokens(text, &mut errors);
    let terms = tokens.iter().filter(|token| is_operand(&token.kind)).count();
    if let Some(token) = tokens.iter().filter(|token| is_operand(&token.kind)).nth(MOST_TERMS) {
        let message = format!("the query has {terms} terms; at most {MOST_TERMS} are read");
        errors.push(QueryError::new(token.span.clone(), message, "split it into several rules"));
        return Err(errors);
    }
    if tokens.is_empty() && errors.is_empty() {
        let help = "write a word, a \"phrase\" or an `@entity`";
        return Err(vec![QueryError::new(0..text.len(), "the query is empty", help)]);
    }
    let mut parser = Parser { tokens, at: 0, end: text.len(), level: 0, too_deep: false, errors };
    let root = parser.whole();
    if parser.errors.is_empty() { Ok(Query { root }) } else { Err(in_order(parser.errors)) }
}

fn in_order(mut errors: Vec<QueryError>) -> Vec<QueryError> {
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    errors.dedup();
    errors
}

fn is_operand(kind: &TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Word(_)
            | TokenKind::Phrase(_)
            | TokenKind::Loose(..)
            | TokenKind::Exact(_)
            | TokenKind::Prefix(_)
            | TokenKind::Regex(_)
            | TokenKind::Entity(_)
    )
}

const OR: u8 = 1;
const AND: u8 = 2;
const NEAR: u8 = 3;
const NOT: u8 = 4;
const FIELD: u8 = 5;

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
            // Only a closing bracket or a list's comma ends an expression early.
            let (message, help) = match token.kind {
                TokenKind::Comma => ("`,` separates nothing here", "write AND or OR"),
                _ => ("`)` closes nothing", "take it out, or open it with `(`"),
            };
            self.error(token.span, message, help);
            self.at += 1;
            if self.peek().is_some_and(|kind| !matches!(kind, TokenKind::Close | TokenKind::Comma)) {
                root = self.expression(0);
            }
        }
        root
    }

    fn expression(&mut self, power: u8) -> Node {
        let mut left = self.operand();
        let mut chain = 0;
        loop {
            let (binding, explicit) = match self.peek() {
                Some(TokenKind::And) => (AND, true),
                Some(TokenKind::Or) => (OR, true),
                Some(TokenKind::Near(_)) => (NEAR, true),
                Some(TokenKind::Close | TokenKind::Comma) | None => return left,
                Some(_) => (AND, false),
            };
            if binding <= power {
                return left;
            }
            let near = match self.peek() {
                Some(&TokenKind::Near(near)) => Some(near),
                _ => None,
            };
            if explicit {
                self.at += 1;
            }
            let right = self.expression(binding);
            left = match near {
                Some(near) => {
                    chain += 1;
                    if chain > MOST_LEVELS {
                        let message = format!("the query chains more than {MOST_LEVELS} distances");
                        self.error(right.span, message, "join some of them with AND");
                        continue;
                    }
                    let span = left.span.start..right.span.end;
                    Node { span, bracketed: false, kind: Kind::Near(near, Box::new(left), Box::new(right)) }
                }
                None => join(left, right, binding),
            };
        }
    }

    fn operand(&mut self) -> Node {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return self.missing(self.end..self.end);
        };
        match token.kind {
            TokenKind::And | TokenKind::Or | TokenKind::Near(_) | TokenKind::Close | TokenKind::Comma => {
                return self.missing(token.span);
            }
            _ => self.at += 1,
        }
        let kind = match token.kind {
            TokenKind::Word(word) => Kind::Term(word),
            TokenKind::Phrase(words) => Kind::Phrase(words),
            TokenKind::Loose(words, slack) => Kind::Loose(words, slack),
            TokenKind::Exact(words) => Kind::Exact(words),
            TokenKind::Prefix(letters) => Kind::Prefix(letters),
            TokenKind::Regex(source) => Kind::Regex(source),
            TokenKind::Entity(name) => Kind::Entity(name),
            TokenKind::Not => return self.prefixed(&token.span, NOT, |inner| Kind::Not(Box::new(inner))),
            TokenKind::Field(scope) => {
                return self.prefixed(&token.span, FIELD, |inner| Kind::Field(scope, Box::new(inner)));
            }
            TokenKind::Open => {
                let inner = self.brackets(&token.span);
                return self.suffixed(inner);
            }
            TokenKind::Of(least) => {
                let few = self.list(&token.span, least);
                return self.suffixed(few);
            }
            // Behind an operand they are taken with it; here an error was reported before.
            TokenKind::Count(_) | TokenKind::Boost(_) | TokenKind::Broken => return broken(&token.span),
            TokenKind::And | TokenKind::Or | TokenKind::Near(_) | TokenKind::Close | TokenKind::Comma => {
                return broken(&token.span);
            }
        };
        self.suffixed(Node { span: token.span, bracketed: false, kind })
    }

    /// Takes `{2}` and `^2` behind an operand.
    fn suffixed(&mut self, mut inner: Node) -> Node {
        while let Some(token) = self.tokens.get(self.at) {
            let span = inner.span.start..token.span.end;
            let again = match (&token.kind, &inner.kind) {
                (TokenKind::Count(_), Kind::Boost(below, _)) => matches!(below.kind, Kind::Count(..)),
                (TokenKind::Boost(_), Kind::Count(below, _)) => matches!(below.kind, Kind::Boost(..)),
                (TokenKind::Count(_), Kind::Count(..)) | (TokenKind::Boost(_), Kind::Boost(..)) => true,
                _ => false,
            };
            if again && !inner.bracketed {
                let span = token.span.clone();
                self.at += 1;
                self.error(span, "the same stands before it already", "leave one of them out");
                continue;
            }
            let kind = match token.kind {
                TokenKind::Count(least) => Kind::Count(Box::new(inner), least),
                TokenKind::Boost(weight) => Kind::Boost(Box::new(inner), weight),
                _ => return inner,
            };
            inner = Node { span, bracketed: false, kind };
            self.at += 1;
        }
        inner
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
        if let Some(end) = self.close(open) {
            inner.span = open.start..end;
        }
        inner.bracketed = true;
        inner
    }

    /// `(a, b, c)` behind `2 OF`.
    fn list(&mut self, of: &Range<usize>, least: u32) -> Node {
        let Some(Token { span: open, kind: TokenKind::Open }) = self.tokens.get(self.at).cloned() else {
            self.error(of.clone(), "`OF` has no list behind it", "write `2 OF (a, b, c)`");
            return broken(of);
        };
        self.at += 1;
        let mut sides = Vec::new();
        loop {
            let Some(side) = self.deeper(&open, |parser| parser.expression(0)) else { return broken(of) };
            sides.push(side);
            if self.peek() != Some(&TokenKind::Comma) {
                break;
            }
            self.at += 1;
        }
        let end = self.close(&open).unwrap_or(open.end);
        Node { span: of.start..end, bracketed: false, kind: Kind::Few(least, sides) }
    }

    /// Takes the closing bracket and returns where it ends.
    fn close(&mut self, open: &Range<usize>) -> Option<usize> {
        match self.tokens.get(self.at) {
            Some(Token { span, kind: TokenKind::Close }) => {
                let end = span.end;
                self.at += 1;
                return Some(end);
            }
            _ if self.too_deep => {}
            _ => self.error(open.clone(), "`(` is not closed", "close it with `)`"),
        }
        None
    }

    /// Goes one level down; beyond the limit reports it once and gives up on the rest.
    fn deeper(&mut self, span: &Range<usize>, inner: impl FnOnce(&mut Self) -> Node) -> Option<Node> {
        if self.level == MOST_LEVELS {
            let message = format!("the query is nested deeper than {MOST_LEVELS} levels");
            self.error(span.clone(), message, "take out brackets that change nothing, or split the rule");
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
        let (span, message) = match before.map(|token| (&token.kind, token.span.clone())) {
            Some((TokenKind::And, span)) => (span, "`AND` has nothing to its right".to_owned()),
            Some((TokenKind::Or, span)) => (span, "`OR` has nothing to its right".to_owned()),
            Some((TokenKind::Not, span)) => (span, "`NOT` has nothing to its right".to_owned()),
            Some((TokenKind::Near(near), span)) => (span, format!("`{near}` has nothing to its right")),
            Some((TokenKind::Field(_), span)) => (span, "the field has nothing to look for".to_owned()),
            Some((TokenKind::Comma, span)) => (span, "`,` has nothing to its right".to_owned()),
            Some((TokenKind::Open, span)) if self.closes_here() => {
                (span.start..at.end, "the brackets are empty".to_owned())
            }
            _ if self.closes_here() => (at.clone(), "`)` closes nothing".to_owned()),
            _ => (at.clone(), "the operator has nothing to its left".to_owned()),
        };
        self.error(span, message, "write a word, a \"phrase\" or an `@entity` there");
        broken(&at)
    }

    fn closes_here(&self) -> bool {
        self.peek() == Some(&TokenKind::Close)
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn error(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.errors.push(QueryError::new(span, message, help));
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

#[cfg(test)]
mod tests {
    use super::MOST_LEVELS;
    use super::MOST_TERMS;
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
            ("a NEAR/3 b c", "a NEAR/3 b AND c"),
            ("a NEAR/3 b SENT c", "a NEAR/3 b SENT c"),
            ("a NEAR/3 (b PARA c)", "a NEAR/3 (b PARA c)"),
            ("a ONEAR/0 (b OR \"c d\")", "a ONEAR/0 (b OR \"c d\")"),
            ("a NOTNEAR/3 b", "a NOTNEAR/3 b"),
            ("\"a b\"~3", "\"a b\"~3"),
            ("=OAS =\"Foro Penal\"", "=\"OAS\" AND =\"Foro Penal\""),
            ("tortur* OR /tortura s/", "tortur* OR /tortura s/"),
            ("/a\\/b/", "/a\\/b/"),
            ("2 OF (a, b c,@d,\"e, f\")", "2 OF (a, (b AND c), @d, \"e, f\")"),
            ("2 of (a, b)", "2 AND of AND (a, AND b)"),
            ("faes{2} (a OR b)^2.5", "faes{2} AND (a OR b)^2.5"),
            ("faes{2}^2", "(faes{2})^2"),
            ("title:faes{2}", "title:faes{2}"),
            (
                "author:ana tag:\"x y\" url:x.test source:paper lang:es",
                "author:ana AND tag:\"x y\" AND url:x.test AND source:paper AND lang:es",
            ),
            ("1,827 y/o", "1,827 AND y/o"),
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
    fn what_other_engines_write_is_refused_and_not_read_as_a_word() {
        for (text, message) in [
            ("a NEAR b", "`NEAR` does not say how near"),
            ("a NEAR/x b", "`NEAR/x` does not say how near in whole words"),
            ("a NEAR/5000 b", "`NEAR/5000` reaches further than 1000 words"),
            ("a ADJ b", "`ADJ` is not an operator"),
            ("a W/3 b", "`W/3` is not an operator"),
            ("a XOR b", "`XOR` is not an operator"),
            ("a SENTENCE b", "`SENTENCE` is not an operator"),
            ("+a", "`+` is not an operator"),
            ("!a", "`!` is not an operator"),
            ("a || b", "`||` is not an operator"),
            ("*ura", "`*ura` begins with `*`"),
            ("to*", "`to*` would be found nearly everywhere"),
            ("pro-gov*", "`pro-gov*` is more than one word"),
            ("maduro~1", "`~1` stands behind no phrase"),
            ("a^x", "`^x` is not a weight"),
            ("a{0}", "`{0}` is not a number of times"),
            ("\"a b\"*", "`*` stands behind no word"),
            ("a /b", "the regular expression is not closed"),
            ("/(b/", "`/(b/` is not a regular expression: unclosed group"),
            ("/b*/", "the regular expression matches the empty text"),
            ("intitle:x", "`intitle:` is not a field"),
            ("Title:x", "`Title:` is not a field"),
            ("https://x.test/a", "`https:` is not a field"),
            ("2 OF a", "`OF` has no list behind it"),
        ] {
            let errors = parse(text).expect_err(text);
            assert!(errors.iter().any(|error| error.message == message), "{text}: {errors:?}");
            assert!(errors.iter().all(|error| !error.help.is_empty()));
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for (text, expected) in [
            ("(a AND b) NEAR/3 c", "(a AND b)|NEAR/3 stands between words, not beside AND"),
            ("a SENT NOT b", "NOT b|SENT stands between words, not beside NOT"),
            ("(a NEAR/3 b){2}", "(a NEAR/3 b){2}|only a word, a phrase or an entity can be counted"),
            ("a AND -lang:es{2}", "es{2}|`lang:` takes a code of two letters"),
            ("a lang:spanish", "spanish|`lang:` takes a code of two letters"),
            ("lang:es", "lang:es|the query says only which language"),
            ("author:@court", "@court|an entity is looked for in title and body only"),
            ("3 OF (a, b)", "3 OF (a, b)|3 of 2 parts can never hold"),
            ("0 OF (a, b)", "0 OF (a, b)|0 of 2 parts always hold"),
            ("2 OF (a, NOT b, NOT c)", "2 OF (a, NOT b, NOT c)|the query says only what must not occur"),
        ] {
            assert_eq!(errors(text), [expected], "{text}");
        }
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
                "AND" | "OR" | "NOT" | "OF" | "ADJ" | "NEAR" | "ONEAR" | "XOR" | "SENT" | "PARA"
            )),
            "[a-z]{1,4}-[a-zñ]{1,4}",
            "[a-z]{1,3},[a-z]{1,3}",
            "[a-z]{3,5}\\*",
            "=[a-zA-Z]{2,5}",
            "=\"[a-z]{1,4} [a-z:,]{1,4}x\"",
            "/[a-z]{2,4}(s|es)?/",
            "\"[a-z]{1,4} [a-z]{1,4}\"~[0-9]",
            "[a-z]{2,4}\\{[1-9]\\}",
            "[a-z]{2,4}\\^[1-9](\\.5)?",
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
                (inner.clone(), inner.clone(), 0..20).prop_map(|(a, b, n)| format!("({a}) NEAR/{n} ({b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} SENT {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} NOTNEAR/2 ({b})")),
                (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("2 OF ({a}, {b},{c})")),
                inner.clone().prop_map(|a| format!("({a}){{2}}")),
                inner.clone().prop_map(|a| format!("({a})^2")),
                inner.clone().prop_map(|a| format!("tag:({a})")),
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
        fn any_text_gives_a_query_or_errors_inside_it(text in "[\\PC\n]{0,40}|[a-c ()\"@:*/~^{}=!|&-]{0,30}|((NEAR/|ONEAR|2 OF|SENT|title:|lang:|AND|[a-c]|\\*|/|\"|~1|\\{2\\}|\\^2|,|\\(|\\)|=|@|-)[ ]?){0,20}") {
            if let Err(errors) = parse(&text) {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(text.get(error.span.clone()).is_some(), "{text:?} {error:?}");
                }
            }
        }
    }
}
