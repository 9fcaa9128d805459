//! Rust text → tokens with their lines, without comments, strings and what stands behind `#[cfg(test)]`; tokens →
//! paths. Enough of the language for the tests that read the source, and no more.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// A word, `::`, or one other character, and the line it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path such as `crate::model::Entry` or `tokio::spawn`, and the line where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUsed {
    pub parts: Vec<String>,
    pub line: usize,
}

/// One file of `src/` as the tests read it.
pub struct SourceFile {
    /// Relative to the package, such as `src/model/mod.rs`.
    pub path: String,
    /// Its module, such as `["model"]`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// What is left of it.
    pub tokens: Vec<Token>,
}

/// Where this package lies.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All of `src/` but the files that are modules for tests only.
pub fn source_files() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    walk(&package().join("src"), &mut paths);
    let mut only_for_tests = Vec::new();
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "rs")) {
        let relative = path.strip_prefix(package()).expect("it was found below").to_string_lossy().into_owned();
        let module = module_of(&relative);
        let text = fs::read_to_string(path).expect("a source file is readable UTF-8");
        let (tokens, cut) = without_tests(tokens(&text));
        only_for_tests.extend(cut.into_iter().map(|name| [module.as_slice(), &[name]].concat()));
        files.push(SourceFile { path: relative, module, tokens });
    }
    files.retain(|file| !only_for_tests.iter().any(|module| file.module.starts_with(module)));
    assert!(files.len() > 20, "only {} source files were found", files.len());
    files
}

/// Every file below `folder`, in order.
pub fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("a readable entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// The module of a file below `src/`.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(path, "lib" | "main") {
        parts.pop();
    }
    parts
}

/// Cuts a text up.
pub fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let at = |index: usize| characters.get(index).copied().unwrap_or('\0');
    let mut tokens: Vec<Token> = Vec::new();
    let mut index = 0;
    let mut line = 1;
    while index < characters.len() {
        let start = index;
        match at(index) {
            '/' if at(index + 1) == '/' => {
                while index < characters.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            '/' if at(index + 1) == '*' => index = behind_block_comment(&characters, index),
            '"' => index = behind_string(&characters, index),
            '\'' if at(index + 1) == '\\' => {
                index += 3;
                while index < characters.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            }
            '\'' if at(index + 2) == '\'' => index += 3,
            // A lifetime: its name is a word like any other.
            '\'' => index += 1,
            ':' if at(index + 1) == ':' => {
                tokens.push(Token { text: "::".into(), line });
                index += 2;
            }
            character if is_word(character) => {
                while is_word(at(index)) {
                    index += 1;
                }
                let word: String = characters[start..index].iter().collect();
                match (word.as_str(), at(index)) {
                    ("r" | "br" | "cr", '"' | '#') => match behind_raw_string(&characters, index) {
                        Some(behind) => index = behind,
                        // A raw word such as `r#type`.
                        None => index += 1,
                    },
                    ("b" | "c", '"') => index = behind_string(&characters, index),
                    _ => tokens.push(Token { text: word, line }),
                }
            }
            character if character.is_whitespace() => index += 1,
            character => {
                tokens.push(Token { text: character.to_string(), line });
                index += 1;
            }
        }
        let end = index.min(characters.len());
        line += characters[start..end].iter().filter(|character| **character == '\n').count();
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn behind_block_comment(characters: &[char], mut index: usize) -> usize {
    let mut depth = 0;
    while index < characters.len() {
        match characters[index..] {
            ['/', '*', ..] => {
                depth += 1;
                index += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => index += 1,
        }
    }
    index
}

fn behind_string(characters: &[char], mut index: usize) -> usize {
    index += 1;
    while index < characters.len() {
        match characters[index] {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    index
}

/// `index` is behind the `r`. Nothing if no string begins there.
fn behind_raw_string(characters: &[char], mut index: usize) -> Option<usize> {
    let hashes = characters[index..].iter().take_while(|character| **character == '#').count();
    index += hashes;
    if characters.get(index) != Some(&'"') {
        return None;
    }
    index += 1;
    while index < characters.len() {
        let closes = characters[index] == '"'
            && characters[index + 1..].iter().take_while(|character| **character == '#').count() >= hashes;
        index += 1;
        if closes {
            return Some(index + hashes);
        }
    }
    Some(index)
}

/// Takes out each thing marked `#[cfg(test)]`. Where that is `mod name;`, the name is handed back: its file is for
/// tests alone.
pub fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut files = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let marked = tokens[index..].iter().zip(MARK).filter(|(token, mark)| token.text == *mark).count() == MARK.len();
        if !marked {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        }
        index += MARK.len();
        let begin = index;
        let mut depth = 0;
        while index < tokens.len() {
            let text = tokens[index].text.as_str();
            index += 1;
            match text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(text, ";" | "}") {
                break;
            }
        }
        if let [.., word, name, end] = &tokens[begin..index]
            && (word.text.as_str(), end.text.as_str()) == ("mod", ";")
        {
            files.push(name.text.clone());
        }
    }
    (kept, files)
}

/// Every path of two parts or more, and every `use`d name; groups are taken apart.
pub fn paths(tokens: &[Token]) -> Vec<PathUsed> {
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let used = index > 0 && tokens[index - 1].text == "use";
        let is_path = tokens.get(index + 1).is_some_and(|next| next.text == "::");
        if tokens[index].text.starts_with(is_word) && (is_path || used) {
            index = path(tokens, index, &[], &mut found);
        } else {
            index += 1;
        }
    }
    found
}

/// Reads the path or the group at `index` and says where it ends.
fn path(tokens: &[Token], mut index: usize, before: &[String], found: &mut Vec<PathUsed>) -> usize {
    let mut parts = before.to_vec();
    let mut line = tokens[index].line;
    loop {
        match tokens.get(index) {
            Some(token) if token.text == "{" => {
                index += 1;
                while let Some(token) = tokens.get(index) {
                    match token.text.as_str() {
                        "}" => return index + 1,
                        "," => index += 1,
                        text if text == "*" || text.starts_with(is_word) => index = path(tokens, index, &parts, found),
                        _ => return index,
                    }
                }
                return index;
            }
            Some(token) if token.text.starts_with(is_word) || token.text == "*" => {
                parts.push(token.text.clone());
                line = token.line;
                index += 1;
            }
            // `::<` of a generic call.
            _ => break,
        }
        match tokens.get(index) {
            Some(token) if token.text == "::" => index += 1,
            Some(token) if token.text == "as" => {
                index += 2;
                break;
            }
            _ => break,
        }
    }
    found.push(PathUsed { parts, line });
    index
}

mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    fn joined(text: &str) -> Vec<String> {
        paths(&tokens(text)).into_iter().map(|path| path.parts.join("::")).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let text = "a // b\n/* c /* d */ e */ \"f \\\" g\" r#\"h \" i\"# b\"j\" '\"' '\\'' 'k' 'l: m \"\\\\\" n";
        assert_eq!(texts(text), ["a", "l", ":", "m", "n"]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let found = tokens("/*\n*/\n\"\n\n\"\nhere");
        assert_eq!((found[0].text.as_str(), found[0].line), ("here", 6));
    }

    #[test]
    fn what_is_for_tests_is_cut_and_no_more() {
        let text = "fn a() {} #[cfg(test)] mod tests { fn b() { c(); } } fn d() {} #[cfg(test)] use e::f; #[cfg(test)] mod g; fn h() {}";
        let (kept, files) = without_tests(tokens(text));
        let kept: Vec<_> = kept.into_iter().map(|token| token.text).filter(|text| text.starts_with(is_word)).collect();
        assert_eq!(kept, ["fn", "a", "fn", "d", "fn", "h"]);
        assert_eq!(files, ["g"]);
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        assert_eq!(joined("use crate::a::b;"), ["crate::a::b"]);
        assert_eq!(joined("pub use c;"), ["c"]);
        assert_eq!(
            joined("use std::{fs, io::{self, Read}, net::*};"),
            ["std::fs", "std::io::self", "std::io::Read", "std::net::*"]
        );
        assert_eq!(
            joined("let x: crate::a::B<crate::c::D> = e::f::<g::H>();"),
            ["crate::a::B", "crate::c::D", "e::f", "g::H"]
        );
        assert_eq!(joined("pub(crate) fn x() { match y { Z::A => b, C::D { e } => f } }"), ["Z::A", "C::D"]);
        assert_eq!(joined("use a::b as c; d::e()"), ["a::b", "d::e"]);
    }

    #[test]
    fn a_file_knows_its_module() {
        assert_eq!(module_of("src/model/mod.rs"), ["model"]);
        assert_eq!(module_of("src/cli/attempt/url.rs"), ["cli", "attempt", "url"]);
        assert_eq!(module_of("src/poll.rs"), ["poll"]);
        assert!(module_of("src/lib.rs").is_empty());
    }
}
