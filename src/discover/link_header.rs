//! Link headers (RFC 8288) → links. Lenient: a parameter that cannot be read is passed over, a link without an address too.

use url::Url;

/// One link of a header.
#[derive(Debug)]
pub struct Link {
    /// Absolute.
    pub url: Url,
    /// Relation types, in lower case, apart by blanks.
    pub rel: String,
    /// The `type` parameter.
    pub media_type: String,
    /// The `title` parameter.
    pub title: Option<String>,
}

impl Link {
    /// Whether it is of that relation.
    pub fn is(&self, relation: &str) -> bool {
        self.rel.split_whitespace().any(|rel| rel == relation)
    }
}

/// All links of all headers; relative ones against `base`.
pub fn links(headers: &[String], base: &Url) -> Vec<Link> {
    headers.iter().flat_map(|header| parts(header, ',')).filter_map(|link| one(link, base)).collect()
}

fn one(text: &str, base: &Url) -> Option<Link> {
    let (address, parameters) = text.trim().strip_prefix('<')?.split_once('>')?;
    let url = base.join(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let mut link = Link { url, rel: String::new(), media_type: String::new(), title: None };
    for parameter in parts(parameters, ';') {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let value = value.trim().trim_matches('"').replace("\\\"", "\"");
        match name.trim().to_ascii_lowercase().as_str() {
            // The first one counts (§3.3).
            "rel" if link.rel.is_empty() => link.rel = value.to_ascii_lowercase(),
            "type" => link.media_type = value,
            "title" if link.title.is_none() => link.title = Some(value),
            _ => {}
        }
    }
    Some(link)
}

/// Cuts at a separator that stands neither in `<…>` nor in quotes.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut bracketed, mut escaped, mut start) = (false, false, false, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !bracketed => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            _ if letter == separator && !quoted && !bracketed => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::links;
    use url::Url;

    #[test]
    fn separators_in_addresses_and_quotes_separate_nothing() {
        let base = Url::parse("https://example.org/a/b").expect("an address");
        let header = r#"<c?x=1,2;3>; rel="alternate self"; title="one, \"two\"; three", <https://hub.example.org>;rel=HUB;rel=x, broken, <javascript:x>; rel=hub"#;
        let found = links(&[header.to_owned()], &base);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].url.as_str(), "https://example.org/a/c?x=1,2;3");
        assert!(found[0].is("alternate") && found[0].is("self") && !found[0].is("hub"));
        assert_eq!(found[0].title.as_deref(), Some("one, \"two\"; three"));
        assert!(found[1].is("hub") && !found[1].is("x"));
    }
}
