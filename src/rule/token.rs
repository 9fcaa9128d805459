//! text → the tokens of a query and every error that a token by itself can have. What only a later version understands
//! is refused by name, never read as plain words.

use super::query::QueryError;
use crate::model::EntityName;
use crate::model::Field;
use crate::text::Words;
use std::ops::Range;

/// A token with its byte range in the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A word to look for.
    Word(String),
    /// Words in a row, without the quotes.
    Phrase(String),
    /// `@name`.
    Entity(EntityName),
    /// `title:` or `body:`.
    Field(Field),
    /// `AND`.
    And,
    /// `OR`.
    Or,
    /// `NOT` or `-`.
    Not,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// Something with an error that was reported; it stands for an operand.
    Broken,
}

/// Which operators a query may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Those of a rule.
    Rule,
    /// Those of a search, too: `begin*`, `source:name` and `lang:es`. Each comes as a word, which `search` takes apart.
    Search,
}

/// The tokens of `text`; what is wrong is added to `errors`.
pub fn tokens(text: &str, dialect: Dialect, errors: &mut Vec<QueryError>) -> Vec<Token> {
    let mut lexer = Lexer { text, dialect, at: 0, tokens: Vec::new(), errors };
    while lexer.at < text.len() {
        lexer.next();
    }
    lexer.tokens
}

const QUOTES: [char; 5] = ['"', '“', '”', '„', '‟'];

struct Lexer<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
    tokens: Vec<Token>,
    errors: &'a mut Vec<QueryError>,
}

impl Lexer<'_> {
    fn next(&mut self) {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return };
        match first {
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            '(' => self.push(1, TokenKind::Open),
            ')' => self.close(),
            '/' if rest[1..].contains('/') => self.regular_expression(),
            '-' if self.chunk(1).is_some_and(|chunk| !chunk.starts_with('-')) => self.push(1, TokenKind::Not),
            '@' => self.entity(),
            _ if QUOTES.contains(&first) => self.phrase(first),
            _ => self.word(),
        }
    }

    /// The text up to the next white space, bracket or quote, from `skip` bytes on; `None` when there is nothing at all.
    fn chunk(&self, skip: usize) -> Option<&str> {
        let rest = &self.text[self.at + skip..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')') || QUOTES.contains(&c));
        let chunk = &rest[..end.unwrap_or(rest.len())];
        (!chunk.is_empty() || rest.starts_with('(') || rest.starts_with(QUOTES)).then_some(chunk)
    }

    fn push(&mut self, length: usize, kind: TokenKind) {
        self.tokens.push(Token { span: self.at..self.at + length, kind });
        self.at += length;
    }

    fn refuse(&mut self, length: usize, message: impl Into<String>, help: impl Into<String>) {
        let span = self.at..self.at + length;
        self.errors.push(QueryError { span, message: message.into(), help: help.into() });
        self.push(length, TokenKind::Broken);
    }

    fn close(&mut self) {
        self.push(1, TokenKind::Close);
        self.suffix();
    }

    fn regular_expression(&mut self) {
        let rest = &self.text[self.at..];
        let end = rest[1..].find('/').map_or(rest.len(), |end| end + 2);
        let written = rest[..end].to_owned();
        self.refuse(
            end,
            format!("`{written}` is a regular expression, which is not an operator of this version"),
            "list the forms of the word with OR, or put the text in quotes",
        );
    }

    fn entity(&mut self) {
        let rest = &self.text[self.at + 1..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        if end == 0 {
            let length = self.chunk(0).map_or(1, str::len);
            self.refuse(length, "`@` has no entity name behind it", "write `@name` of an [entity.name] table");
            return;
        }
        let name = EntityName::new(&rest[..end]);
        self.push(end + 1, TokenKind::Entity(name));
        self.suffix();
    }

    fn phrase(&mut self, quote: char) {
        let behind = self.at + quote.len_utf8();
        let Some(length) = self.text[behind..].find(QUOTES) else {
            let length = self.text.len() - self.at;
            self.refuse(length, "the quote is not closed", "close the phrase with `\"`");
            return;
        };
        let words = self.text[behind..behind + length].to_owned();
        let closing = self.text[behind + length..].chars().next().map_or(0, char::len_utf8);
        let whole = quote.len_utf8() + length + closing;
        if Words::of(&words).words().is_empty() {
            self.refuse(whole, "the phrase holds no word", "write at least one letter or digit between the quotes");
        } else {
            self.push(whole, TokenKind::Phrase(words));
        }
        self.suffix();
    }

    /// `~2`, `^2`, `{2}` or `*` directly behind an operand.
    fn suffix(&mut self) {
        let rest = &self.text[self.at..];
        let meaning = match rest.chars().next() {
            Some('~') => "words in between",
            Some('^') => "a weight",
            Some('{') => "a number of times",
            Some('*') => "a word's beginning",
            _ => return,
        };
        let length = self.chunk(0).map_or(1, str::len);
        let written = rest[..length].to_owned();
        let span = self.at..self.at + length;
        self.errors.push(QueryError {
            span,
            message: format!("`{written}` ({meaning}) is not an operator of this version"),
            help: "leave it out, or list each form with OR".to_owned(),
        });
        self.at += length;
    }

    fn word(&mut self) {
        let chunk = self.chunk(0).unwrap_or_default().to_owned();
        let length = chunk.len();
        match chunk.as_str() {
            "AND" => return self.push(length, TokenKind::And),
            "OR" => return self.push(length, TokenKind::Or),
            "NOT" => return self.push(length, TokenKind::Not),
            "&&" | "&" | "+" => return self.refuse(length, format!("`{chunk}` is not an operator"), "write AND"),
            "||" | "|" => return self.refuse(length, format!("`{chunk}` is not an operator"), "write OR"),
            "!" | "-" => return self.refuse(length, format!("`{chunk}` stands alone"), "write NOT before a word"),
            _ => {}
        }
        if let Some(colon) = chunk.find(':')
            && self.field(&chunk, colon)
        {
            return;
        }
        if let Some((message, help)) = self.later_operator(&chunk) {
            return self.refuse(length, message, help);
        }
        if Words::of(&chunk).words().is_empty() {
            let help = "write a word with at least one letter or digit";
            return self.refuse(length.max(1), format!("`{chunk}` holds nothing to look for"), help);
        }
        self.push(length, TokenKind::Word(chunk));
    }

    /// Takes `name:` at the head of a chunk; false when the colon is part of a word, as in `10:30`.
    fn field(&mut self, chunk: &str, colon: usize) -> bool {
        let name = &chunk[..colon];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return false;
        }
        let lower = name.to_ascii_lowercase();
        match (name, lower.as_str()) {
            ("title", _) => self.push(colon + 1, TokenKind::Field(Field::Title)),
            ("body", _) => self.push(colon + 1, TokenKind::Field(Field::Body)),
            (_, "title" | "body") => {
                self.refuse_field(chunk, format!("`{name}:` is not a field"), format!("write `{lower}:`"));
            }
            (_, "intitle" | "headline") => {
                self.refuse_field(chunk, format!("`{name}:` is not a field"), "write `title:`".to_owned());
            }
            ("source" | "lang", _) if self.dialect == Dialect::Search => self.about(chunk, colon),
            (_, "source" | "lang") if self.dialect == Dialect::Search => {
                self.refuse_field(chunk, format!("`{name}:` is not a field"), format!("write `{lower}:`"));
            }
            (_, "lang") => self.refuse_field(
                chunk,
                format!("`{name}:` is not a field of this version"),
                "write `languages = [\"es\"]` in the rule's table".to_owned(),
            ),
            (_, "author" | "tag" | "url" | "source" | "site" | "feed") => self.refuse_field(
                chunk,
                format!("`{name}:` is not a field of this version"),
                "use `title:` or `body:`".to_owned(),
            ),
            _ => self.refuse_field(
                chunk,
                format!("`{name}:` is not a field"),
                format!("use `title:` or `body:`, or put `\"{chunk}\"` in quotes"),
            ),
        }
        true
    }

    /// `source:name` or `lang:es` of a search.
    fn about(&mut self, chunk: &str, colon: usize) {
        if chunk.len() == colon + 1 {
            let message = format!("`{chunk}` has nothing directly behind it");
            let help = format!("write one name, such as `{chunk}{}`", if chunk == "lang:" { "es" } else { "el-faro" });
            return self.refuse_field(chunk, message, help);
        }
        self.push(chunk.len(), TokenKind::Word(chunk.to_owned()));
    }

    fn refuse_field(&mut self, chunk: &str, message: String, help: String) {
        self.refuse(chunk.len(), message, help);
        // Whatever stands behind it belongs to the same mistake.
        if self.text[self.at..].starts_with(QUOTES) {
            let rest = &self.text[self.at + 1..];
            self.at += rest.find(QUOTES).map_or(rest.len() + 1, |end| end + 2);
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// What is wrong with a chunk that looks like an operator which this version does not have.
    fn later_operator(&mut self, chunk: &str) -> Option<(String, String)> {
        let not_yet = |written: &str, help: &str| {
            Some((format!("`{written}` is not an operator of this version"), help.to_owned()))
        };
        let name = chunk.split('/').next().unwrap_or(chunk);
        if matches!(name, "NEAR" | "ONEAR" | "NOTNEAR" | "ADJ" | "WITHIN" | "AROUND") {
            return not_yet(chunk, "join both sides with AND, or write the words as a \"phrase\"");
        }
        if matches!(chunk, "XOR" | "SENTENCE" | "PARAGRAPH") {
            return not_yet(chunk, "combine AND, OR and NOT with brackets");
        }
        if chunk == "OF" && self.previous_is_number() {
            return not_yet("n OF", "write the combinations with AND and OR");
        }
        if chunk.starts_with('=') {
            return not_yet(chunk, "write the word without `=`; a word in capitals matches only capitalised text");
        }
        if chunk.starts_with('!') || chunk.starts_with('+') {
            let sign = &chunk[..1];
            let help =
                if sign == "!" { "write NOT or `-` before the word" } else { "leave it out: every word is required" };
            return Some((format!("`{sign}` is not an operator"), help.to_owned()));
        }
        if chunk.starts_with('/') {
            return not_yet(chunk, "list the forms of the word with OR, or put the text in quotes");
        }
        let beginning = chunk.strip_suffix('*').filter(|beginning| !beginning.contains(['*', '~', '^', '{', '}']));
        if self.dialect == Dialect::Search && beginning.is_some() {
            return None;
        }
        if chunk.contains('*') {
            return not_yet(chunk, "list the forms of the word with OR, such as (tortura OR torturas OR torturado)");
        }
        if chunk.contains(['~', '^', '{', '}']) {
            return not_yet(chunk, "write the word alone");
        }
        None
    }

    fn previous_is_number(&self) -> bool {
        match self.tokens.last().map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => word.bytes().all(|byte| byte.is_ascii_digit()),
            _ => false,
        }
    }
}
