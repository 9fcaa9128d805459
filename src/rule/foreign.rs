//! What other search engines write → what is written here instead. Read as plain words it would quietly mean another
//! thing.

/// What is wrong with a word that is an operator elsewhere, and the remedy; `None` for a plain word.
pub fn operator(chunk: &str) -> Option<(String, String)> {
    let no = |help: &str| Some((format!("`{chunk}` is not an operator"), help.to_owned()));
    let name = chunk.split('/').next().unwrap_or(chunk);
    match chunk {
        "&&" | "&" | "+" => return no("write AND"),
        "||" | "|" => return no("write OR"),
        "!" | "-" => return Some((format!("`{chunk}` stands alone"), "write NOT before a word".to_owned())),
        "SENTENCE" => return no("write SENT between two words of one sentence"),
        "PARAGRAPH" => return no("write PARA between two words of one paragraph"),
        "XOR" => return no("combine AND, OR and NOT with brackets"),
        _ => {}
    }
    match name {
        "ADJ" | "WITHIN" | "AROUND" => return no("write NEAR/4 between two words, or ONEAR/4 where the order counts"),
        "W" | "N" if chunk.len() > 2 && chunk[2..].bytes().all(|byte| byte.is_ascii_digit()) => {
            return no("write NEAR/4, or ONEAR/4 where the order counts");
        }
        _ => {}
    }
    match chunk.chars().next() {
        Some('!') => Some(("`!` is not an operator".to_owned(), "write NOT or `-` before the word".to_owned())),
        Some('+') => Some(("`+` is not an operator".to_owned(), "leave it out: every word is required".to_owned())),
        Some('*') => Some((
            format!("`{chunk}` begins with `*`"),
            "write the beginning of the word: `tortur*`; for a word's end use a regular expression: `/\\w+ura\\b/`"
                .to_owned(),
        )),
        _ => None,
    }
}

/// The remedy for a field `name:` that does not exist, at the head of `chunk`.
pub fn field(name: &str, chunk: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let instead = match lower.as_str() {
        "title" | "body" | "author" | "tag" | "url" | "source" | "lang" => lower.as_str(),
        "intitle" | "headline" | "subject" => "title",
        "intext" | "text" | "content" => "body",
        "authors" | "byline" | "by" => "author",
        "tags" | "category" | "categories" => "tag",
        "site" | "inurl" | "link" | "domain" | "host" => "url",
        "feed" => "source",
        "language" | "languages" => "lang",
        _ => {
            return format!(
                "the fields are `title:`, `body:`, `author:`, `tag:`, `url:`, `source:` and `lang:`; put `\"{chunk}\"` in \
                 quotes to look for it"
            );
        }
    };
    format!("write `{instead}:`")
}
