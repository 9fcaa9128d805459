//! text → the tokens of a query and every error that a token by itself can have. What other search engines write and this
//! one does not is refused by name, never read as plain words.

use super::expression;
use super::foreign;
use super::query::Nearness;
use super::query::QueryError;
use super::query::Scope;
use crate::model::EntityName;
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
    /// `"…"~n`.
    Loose(String, u32),
    /// `=word` or `="…"`.
    Exact(String),
    /// `letters*`, without the star.
    Prefix(String),
    /// `/…/`, without the slashes.
    Regex(String),
    /// `@name`.
    Entity(EntityName),
    /// `title:` and the like.
    Field(Scope),
    /// `AND`.
    And,
    /// `OR`.
    Or,
    /// `NOT` or `-`.
    Not,
    /// `NEAR/3` and the like.
    Near(Nearness),
    /// `2 OF`.
    Of(u32),
    /// `{2}` directly behind an operand.
    Count(u32),
    /// `^2` directly behind an operand.
    Boost(f64),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,` in the brackets of `2 OF`.
    Comma,
    /// Something with an error that was reported; it stands for an operand.
    Broken,
}

/// Most words that NEAR may span.
pub const MOST_BETWEEN: u32 = 1000;
/// Letters before a `*`.
const FEWEST_LETTERS: usize = 3;
const QUOTES: [char; 5] = ['"', '“', '”', '„', '‟'];

/// The tokens of `text`; what is wrong is added to `errors`.
pub fn tokens(text: &str, errors: &mut Vec<QueryError>) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), lists: Vec::new(), errors };
    while lexer.at < text.len() {
        lexer.next();
    }
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// By open bracket: whether it holds the list of an OF, where commas separate.
    lists: Vec<bool>,
    errors: &'a mut Vec<QueryError>,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return };
        match first {
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            '(' => {
                self.lists.push(matches!(self.tokens.last(), Some(Token { kind: TokenKind::Of(_), .. })));
                self.push(1, TokenKind::Open);
            }
            ')' => {
                self.lists.pop();
                self.push(1, TokenKind::Close);
                self.suffixes();
            }
            ',' if self.in_list() => self.push(1, TokenKind::Comma),
            '/' => self.regular_expression(),
            '-' if self.chunk(1).is_some_and(|chunk| !chunk.starts_with('-')) => self.push(1, TokenKind::Not),
            '=' if rest[1..].starts_with(QUOTES) => self.phrase(1),
            '@' => self.entity(),
            _ if QUOTES.contains(&first) => self.phrase(0),
            _ => self.word(),
        }
    }

    fn in_list(&self) -> bool {
        self.lists.last() == Some(&true)
    }

    /// The text up to the next white space, bracket, quote or separating comma, from `skip` bytes on; `None` when there is
    /// nothing at all.
    fn chunk(&self, skip: usize) -> Option<&'a str> {
        let rest = &self.text[self.at + skip..];
        let list = self.in_list();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')') || QUOTES.contains(&c) || (list && c == ','));
        let chunk = &rest[..end.unwrap_or(rest.len())];
        (!chunk.is_empty() || rest.starts_with(['(', '/']) || rest.starts_with(QUOTES)).then_some(chunk)
    }

    fn push(&mut self, length: usize, kind: TokenKind) {
        self.tokens.push(Token { span: self.at..self.at + length, kind });
        self.at += length;
    }

    fn refuse(&mut self, length: usize, message: impl Into<String>, help: impl Into<String>) {
        let span = self.at..self.at + length;
        self.errors.push(QueryError::new(span, message, help));
        self.push(length, TokenKind::Broken);
    }

    fn regular_expression(&mut self) {
        let rest = &self.text[self.at..];
        let mut escaped = false;
        let end = rest.bytes().enumerate().skip(1).find_map(|(index, byte)| {
            let ends = byte == b'/' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends.then_some(index)
        });
        let Some(end) = end else {
            let length = self.chunk(0).map_or(1, str::len).max(1);
            return self.refuse(
                length,
                "the regular expression is not closed",
                "close it with `/`, or put a text that has a slash in quotes",
            );
        };
        let source = rest[1..end].to_owned();
        match expression::compile(&source) {
            Ok(_) => self.push(end + 1, TokenKind::Regex(source)),
            Err(fault) => self.refuse(end + 1, fault.message(&source), fault.help()),
        }
        self.suffixes();
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
        self.suffixes();
    }

    /// A phrase, `sign` bytes of `=` before it.
    fn phrase(&mut self, sign: usize) {
        let opening = self.text[self.at + sign..].chars().next().map_or(1, char::len_utf8);
        let behind = self.at + sign + opening;
        let Some(length) = self.text[behind..].find(QUOTES) else {
            let length = self.text.len() - self.at;
            self.refuse(length, "the quote is not closed", "close the phrase with `\"`");
            return;
        };
        let words = self.text[behind..behind + length].to_owned();
        let closing = self.text[behind + length..].chars().next().map_or(0, char::len_utf8);
        let whole = sign + opening + length + closing;
        if Words::of(&words).words().is_empty() {
            self.refuse(whole, "the phrase holds no word", "write at least one letter or digit between the quotes");
        } else if sign > 0 {
            self.push(whole, TokenKind::Exact(words));
        } else {
            self.push(whole, TokenKind::Phrase(words));
            self.slack();
        }
        self.suffixes();
    }

    /// `~2` directly behind a phrase.
    fn slack(&mut self) {
        let Some(rest) = self.text[self.at..].strip_prefix('~') else { return };
        let digits = digits(rest);
        let Some(slack) = number(digits).filter(|&slack| slack <= MOST_BETWEEN) else { return };
        self.at += 1 + digits.len();
        let end = self.at;
        if let Some(Token { span, kind }) = self.tokens.last_mut()
            && let TokenKind::Phrase(words) = kind
        {
            span.end = end;
            *kind = TokenKind::Loose(std::mem::take(words), slack);
        }
    }

    /// `^2` and `{2}` directly behind an operand; anything else that is glued to it is an error.
    fn suffixes(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let Some(first) = rest.chars().next().filter(|first| matches!(first, '^' | '{' | '~' | '*' | '}')) else {
                return;
            };
            if first == '^' {
                let end = rest[1..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(rest.len(), |end| end + 1);
                let weight = rest[1..end].parse::<f64>().ok().filter(|weight| *weight > 0.0 && *weight <= 1000.0);
                if let Some(weight) = weight {
                    self.push(end, TokenKind::Boost(weight));
                    continue;
                }
            }
            if first == '{'
                && let Some(end) = rest.find('}')
                && let Some(least) = number(&rest[1..end]).filter(|least| (1..=MOST_BETWEEN).contains(least))
            {
                self.push(end + 1, TokenKind::Count(least));
                continue;
            }
            let length = self.chunk(0).map_or(1, str::len).max(1);
            let written = &rest[..length];
            let (message, help) = match first {
                '^' => (format!("`{written}` is not a weight"), "write a number behind it: `word^2`"),
                '{' | '}' => (format!("`{written}` is not a number of times"), "write `word{2}`"),
                '~' => (format!("`{written}` stands behind no phrase"), "write `\"two words\"~3`"),
                _ => (format!("`{written}` stands behind no word"), "write `*` directly behind three letters or more"),
            };
            self.errors.push(QueryError::new(self.at..self.at + length, message, help));
            self.at += length;
            return;
        }
    }

    fn word(&mut self) {
        let chunk = self.chunk(0).unwrap_or_default();
        let length = chunk.len();
        match chunk {
            "AND" => return self.push(length, TokenKind::And),
            "OR" => return self.push(length, TokenKind::Or),
            "NOT" => return self.push(length, TokenKind::Not),
            "SENT" => return self.push(length, TokenKind::Near(Nearness::Sentence)),
            "PARA" => return self.push(length, TokenKind::Near(Nearness::Paragraph)),
            "OF" if self.of(length) => return,
            _ => {}
        }
        if let Some(near) = near(chunk) {
            return match near {
                Ok(near) => self.push(length, TokenKind::Near(near)),
                Err((message, help)) => self.refuse(length, message, help),
            };
        }
        if let Some(colon) = chunk.find(':')
            && self.field(chunk, colon)
        {
            return;
        }
        if let Some((message, help)) = foreign::operator(chunk) {
            return self.refuse(length.max(1), message, help);
        }
        let exact = chunk.starts_with('=');
        let from = usize::from(exact);
        let end = chunk[from..].find(['*', '~', '^', '{', '}']).map_or(length, |end| end + from);
        let word = &chunk[from..end];
        let count = Words::of(word).words().len();
        if count == 0 {
            let help = "write a word with at least one letter or digit";
            self.refuse(length.max(1), format!("`{chunk}` holds nothing to look for"), help);
        } else if exact {
            self.push(end, TokenKind::Exact(word.to_owned()));
        } else if chunk[end..].starts_with('*') {
            self.prefix(word, count);
        } else {
            self.push(end, TokenKind::Word(word.to_owned()));
        }
        self.suffixes();
    }

    fn prefix(&mut self, word: &str, words: usize) {
        let written = format!("{word}*");
        let whole = written.len();
        if words > 1 {
            let help = "write one word before `*`, and join it with NEAR/0 or ONEAR/0";
            self.refuse(whole, format!("`{written}` is more than one word"), help);
        } else if word.chars().filter(|letter| letter.is_alphanumeric()).count() < FEWEST_LETTERS {
            let help = "write three letters or more before `*`";
            self.refuse(whole, format!("`{written}` would be found nearly everywhere"), help);
        } else {
            self.push(whole, TokenKind::Prefix(word.to_owned()));
        }
    }

    /// Makes `2` and `OF` one token; false when no number stands before it.
    fn of(&mut self, length: usize) -> bool {
        let Some(Token { span, kind: TokenKind::Word(word) }) = self.tokens.last() else { return false };
        let Some(least) = number(word) else { return false };
        let span = span.start..self.at + length;
        self.tokens.pop();
        self.tokens.push(Token { span, kind: TokenKind::Of(least) });
        self.at += length;
        true
    }

    /// Takes `name:` at the head of a chunk; false when the colon is part of a word, as in `10:30`.
    fn field(&mut self, chunk: &str, colon: usize) -> bool {
        let name = &chunk[..colon];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return false;
        }
        if let Some(scope) = Scope::parse(name) {
            self.push(colon + 1, TokenKind::Field(scope));
            return true;
        }
        self.refuse_field(chunk, format!("`{name}:` is not a field"), foreign::field(name, chunk));
        true
    }

    fn refuse_field(&mut self, chunk: &str, message: String, help: String) {
        self.refuse(chunk.len(), message, help);
        // Whatever stands behind it belongs to the same mistake.
        if self.text[self.at..].starts_with(QUOTES) {
            let rest = &self.text[self.at + 1..];
            self.at += rest.char_indices().find(|(_, c)| QUOTES.contains(c)).map_or(rest.len() + 1, |(end, _)| end + 2);
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }
}

/// `NEAR/3`, `ONEAR/3` or `NOTNEAR/3`, or what is wrong with it; `None` for anything else.
fn near(chunk: &str) -> Option<Result<Nearness, (String, String)>> {
    let (name, words) = match chunk.split_once('/') {
        Some((name, words)) => (name, Some(words)),
        None => (chunk, None),
    };
    let make = match name {
        "NEAR" => Nearness::Near,
        "ONEAR" => Nearness::Ordered,
        "NOTNEAR" => Nearness::NotNear,
        _ => return None,
    };
    let help = format!("write the most words that may stand between both sides: `{name}/4`");
    Some(match words.map(number) {
        None => Err((format!("`{chunk}` does not say how near"), help)),
        Some(None) => Err((format!("`{chunk}` does not say how near in whole words"), help)),
        Some(Some(words)) if words > MOST_BETWEEN => {
            Err((format!("`{chunk}` reaches further than {MOST_BETWEEN} words"), "write AND instead".to_owned()))
        }
        Some(Some(words)) => Ok(make(words)),
    })
}

fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

fn number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
