//! HTML as it came → HTML that any parser reads in bounded time and depth. html5ever is quadratic in open elements and
//! in attributes, and extractors recurse; so one pass, linear in the length, drops what no reader sees (scripts, styles,
//! drawings, comments), folds runs of line breaks, flattens what is nested too deep and cuts what is too long.
//! What real pages have passes unchanged.

use std::borrow::Cow;
use std::collections::HashMap;

/// A page is cut behind this many bytes.
pub const BYTES: usize = 8 * 1024 * 1024;
/// What is left without scripts, styles and comments is cut behind this many bytes.
pub const KEPT: usize = 3 * 1024 * 1024;
/// A page is cut behind this many tags.
pub const TAGS: usize = 60_000;
/// Tags that are nested deeper are dropped; their text stays.
pub const DEPTH: usize = 100;
/// Character references behind this many are dropped; numbered ones are resolved here and do not count.
pub const REFERENCES: usize = 50_000;
/// Further attributes of one tag are dropped.
pub const ATTRIBUTES: usize = 64;

/// The page without what is harmful, and warnings about what was changed.
pub fn defuse(html: &str) -> (String, Vec<String>) {
    let mut scanner = Scanner {
        html: &html[..html.floor_char_boundary(BYTES)],
        at: 0,
        out: String::with_capacity(html.len().min(BYTES)),
        open: Vec::new(),
        skipped: HashMap::new(),
        tags: 0,
        breaks: 0,
        strays: 0,
        references: 0,
        flattened: 0,
        attributes_dropped: false,
        missing: HashMap::new(),
    };
    let mut warnings = Vec::new();
    if html.len() > BYTES {
        warnings.push(format!("cut behind {BYTES} bytes"));
    }
    if !scanner.run() {
        warnings.push(format!("cut behind {TAGS} tags"));
    }
    if scanner.out.len() > KEPT {
        scanner.out.truncate(scanner.out.floor_char_boundary(KEPT));
        warnings.push(format!("cut behind {KEPT} bytes of text and tags"));
    }
    if scanner.flattened > 0 {
        warnings.push(format!("{} tags nested deeper than {DEPTH} were flattened", scanner.flattened));
    }
    if scanner.attributes_dropped {
        warnings.push(format!("more than {ATTRIBUTES} attributes on one tag were dropped"));
    }
    (scanner.out, warnings)
}

struct Scanner<'a> {
    html: &'a str,
    at: usize,
    out: String,
    /// Names of the elements that are open, as far as one pass can tell.
    open: Vec<Cow<'a, str>>,
    /// How many tags of a name were flattened and not closed yet.
    skipped: HashMap<String, usize>,
    tags: usize,
    breaks: usize,
    strays: usize,
    references: usize,
    flattened: usize,
    attributes_dropped: bool,
    /// Closing texts that do not occur from here on: each is searched for in vain only once.
    missing: HashMap<&'static str, ()>,
}

/// Elements that nothing stands in.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "basefont", "frame", "keygen", "bgsound",
];

/// Elements that close an open one of the same name.
const SELF_CLOSING: &[&str] = &["p", "li", "dt", "dd", "option", "tr", "td", "th", "rt", "rp"];

impl<'a> Scanner<'a> {
    /// False when the page was cut.
    fn run(&mut self) -> bool {
        while self.at < self.html.len() {
            let rest = &self.html[self.at..];
            let next = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            self.text(&rest[..next]);
            self.at += next;
            if self.at < self.html.len() {
                self.markup();
            }
            if self.tags > TAGS {
                return false;
            }
            if self.out.len() > KEPT {
                break;
            }
        }
        true
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.strays = 0;
        // Between two line breaks blanks are nothing, also those that do not break.
        let blank = text.trim().is_empty() || text.replace("&nbsp;", "").trim().is_empty();
        if self.breaks < 2 || !blank {
            self.characters(text);
        }
        if !blank {
            self.breaks = 0;
        }
    }

    /// Numbered references are resolved here, where it costs nothing; the named ones are counted.
    fn characters(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            self.out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some((letter, length)) = numbered(rest) {
                self.out.push(letter);
                rest = &rest[length..];
                continue;
            }
            self.references += 1;
            if self.references <= REFERENCES {
                self.out.push('&');
                continue;
            }
            let name = rest.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
            if rest.as_bytes().get(name) == Some(&b';') {
                rest = &rest[name + 1..];
            }
        }
        self.out.push_str(rest);
    }

    fn markup(&mut self) {
        let rest = &self.html[self.at..];
        let bytes = rest.as_bytes();
        match bytes.get(1) {
            Some(b'!') if rest.starts_with("<!--") => self.skip_behind("-->", 4),
            Some(b'!' | b'?') => {
                let end = memchr::memchr(b'>', bytes).map_or(rest.len(), |end| end + 1);
                if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) && end < 1000 {
                    self.out.push_str(&rest[..end]);
                }
                self.at += end;
            }
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => self.end_tag(rest),
            Some(letter) if letter.is_ascii_alphabetic() => self.start_tag(rest),
            _ => {
                // A `<` that begins no tag. A page of nothing else costs the parser a gigabyte.
                self.strays += 1;
                if self.strays <= 8 {
                    self.out.push_str("&lt;");
                }
                self.at += 1;
            }
        }
    }

    fn skip_behind(&mut self, end: &'static str, otherwise: usize) {
        if !self.missing.contains_key(end) {
            if let Some(found) = self.html[self.at..].find(end) {
                self.at += found + end.len();
                return;
            }
            self.missing.insert(end, ());
        }
        self.at += otherwise;
    }

    fn start_tag(&mut self, rest: &'a str) {
        let name_length = rest[1..].bytes().take_while(|byte| !ends_name(*byte)).count();
        let name = lower(&rest[1..rest.floor_char_boundary(1 + name_length.min(64))]);
        let (attributes, length) = self.attributes(&rest[1 + name_length..]);
        let length = 1 + name_length + length;
        self.at += length;
        self.strays = 0;
        if let Some(end) = raw_end(&name, attributes) {
            return self.skip_element(end);
        }
        if name == "br" {
            self.breaks += 1;
            if self.breaks > 2 {
                return;
            }
        } else if !matches!(name.as_ref(), "span" | "b" | "i" | "font") {
            self.breaks = 0;
        }
        let void = VOID.contains(&name.as_ref());
        if !void {
            if SELF_CLOSING.contains(&name.as_ref()) && self.open.last() == Some(&name) {
                self.open.pop();
            }
            if self.open.len() >= DEPTH {
                self.flattened += 1;
                *self.skipped.entry(name.into_owned()).or_default() += 1;
                self.out.push(' ');
                return;
            }
        }
        self.tags += 1;
        self.out.push('<');
        self.out.push_str(&name);
        self.out.push_str(attributes);
        self.out.push('>');
        if name == "script" {
            // Only data blocks come here; they are copied as they are.
            return self.copy_script();
        }
        if !void {
            self.open.push(name);
        }
    }

    fn end_tag(&mut self, rest: &'a str) {
        let name_length = rest[2..].bytes().take_while(|byte| !ends_name(*byte)).count();
        let name = lower(&rest[2..rest.floor_char_boundary(2 + name_length.min(64))]);
        let end = memchr::memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        self.at += end;
        self.strays = 0;
        if let Some(count) = self.skipped.get_mut(name.as_ref()).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        if let Some(depth) = self.open.iter().rposition(|open| *open == name) {
            self.open.truncate(depth);
        } else if !matches!(name.as_ref(), "p" | "br") {
            // It closes nothing, and a parser would look through all open elements to find that out.
            return;
        }
        self.tags += 1;
        self.out.push_str("</");
        self.out.push_str(&name);
        self.out.push('>');
    }

    /// The attributes that are kept, and the length of the tag's rest with its `>`.
    fn attributes(&mut self, rest: &'a str) -> (&'a str, usize) {
        let bytes = rest.as_bytes();
        let mut at = 0;
        let mut kept = 0;
        let mut count = 0;
        loop {
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'/').count();
            if count <= ATTRIBUTES {
                kept = at;
            }
            match bytes.get(at) {
                None => {
                    self.attributes_dropped |= count > ATTRIBUTES;
                    return ("", rest.len());
                }
                Some(b'>') => break,
                Some(_) => {}
            }
            count += 1;
            at += 1;
            at += bytes[at..]
                .iter()
                .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/'))
                .count();
            let gap = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if bytes.get(at + gap) != Some(&b'=') {
                continue;
            }
            at += gap + 1;
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            match bytes.get(at) {
                Some(quote @ (b'"' | b'\'')) => match memchr::memchr(*quote, &bytes[at + 1..]) {
                    Some(length) => at += length + 2,
                    None => return ("", rest.len()),
                },
                _ => {
                    at += bytes[at..].iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'>').count();
                }
            }
        }
        self.attributes_dropped |= count > ATTRIBUTES;
        (rest[..kept].trim_end_matches('/'), at + 1)
    }

    /// Skips to behind `</name…>`; when there is none, only the tag is dropped.
    fn skip_element(&mut self, end: &'static str) {
        if self.missing.contains_key(end) {
            return;
        }
        match find_ignoring_case(&self.html[self.at..], end) {
            Some(found) => {
                let behind = self.at + found;
                let close = memchr::memchr(b'>', &self.html.as_bytes()[behind..]);
                self.at = close.map_or(self.html.len(), |close| behind + close + 1);
            }
            None => _ = self.missing.insert(end, ()),
        }
    }

    fn copy_script(&mut self) {
        let rest = &self.html[self.at..];
        let end = find_ignoring_case(rest, "</script").unwrap_or(rest.len());
        self.out.push_str(&rest[..end]);
        self.out.push_str("</script>");
        let close = memchr::memchr(b'>', &rest.as_bytes()[end..]);
        self.at += close.map_or(rest.len(), |close| end + close + 1);
    }
}

/// The closing text of an element that is dropped with all that is in it.
fn raw_end(name: &str, attributes: &str) -> Option<&'static str> {
    match name {
        // JSON-LD is where a page says who wrote it and when.
        "script" if !attributes.to_ascii_lowercase().contains("ld+json") => Some("</script"),
        "style" => Some("</style"),
        "svg" => Some("</svg"),
        "math" => Some("</math"),
        "iframe" => Some("</iframe"),
        "textarea" => Some("</textarea"),
        "select" => Some("</select"),
        "xmp" => Some("</xmp"),
        _ => None,
    }
}

/// `#1083;` behind a `&`: the letter, unless it is markup or HTML means another, and the length.
fn numbered(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix('#')?;
    let length = digits.bytes().take(7).take_while(u8::is_ascii_digit).count();
    if digits.as_bytes().get(length) != Some(&b';') {
        return None;
    }
    let number: u32 = digits[..length].parse().ok()?;
    let letter = char::from_u32(number).filter(|_| number >= 0xa0)?;
    Some((letter, length + 2))
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', text.as_bytes()).find(|at| {
        text.as_bytes().get(*at..at + wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::DEPTH;
    use super::defuse;

    #[test]
    fn an_ordinary_page_keeps_all_that_is_read() {
        let (html, warnings) = defuse(
            "<!DOCTYPE html><html lang=\"es\"><head><title>T</title><script>x<y</script><style>p{}</style></head>\
             <body><p class='a' id=b>Uno<p>Dos <B>tres</B><br><br/><!-- no --><img src=\"a>b.png\"/>1 < 2</body></html>",
        );
        assert_eq!(
            html,
            "<!DOCTYPE html><html lang=\"es\"><head><title>T</title></head>\
             <body><p class='a' id=b>Uno<p>Dos <b>tres</b><br><br><img src=\"a>b.png\">1 &lt; 2</body></html>"
        );
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn data_about_the_article_is_kept() {
        let data = "<script type=\"application/ld+json\">{\"a\":\"<b>\"}</script>";
        assert_eq!(defuse(data).0, data);
    }

    #[test]
    fn what_is_nested_too_deep_is_flattened_and_its_text_stays() {
        let html = format!("{}text{}<p>after", "<div>".repeat(DEPTH + 50), "</div>".repeat(DEPTH + 50));
        let (flat, warnings) = defuse(&html);
        assert_eq!(flat.matches("<div>").count(), DEPTH);
        assert_eq!(flat.matches("</div>").count(), DEPTH);
        assert!(flat.contains("text") && flat.ends_with("<p>after"));
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn runs_are_folded_and_attributes_limited() {
        assert_eq!(defuse(&"<br>&nbsp;\n".repeat(1000)).0.matches("<br>").count(), 2);
        assert!(defuse(&"<".repeat(1000)).0.len() < 100);
        let many: String = (0..1000).map(|number| format!(" a{number}=1")).collect();
        let (html, warnings) = defuse(&format!("<p{many}>x</p>"));
        assert!(html.len() < 1000 && html.ends_with(">x</p>"), "{html}");
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn numbered_letters_are_resolved_and_markup_stays_escaped() {
        assert_eq!(defuse("&#1083;&#60;b&#62;&#233;&amp;&#150;").0, "л&#60;b&#62;é&amp;&#150;");
    }

    #[test]
    fn a_long_name_in_wide_letters_is_cut_between_letters() {
        assert!(defuse(&format!("<a{0}>x</a{0}>", "é".repeat(100))).0.contains('x'));
    }

    #[test]
    fn unclosed_paragraphs_do_not_count_as_nested() {
        assert!(defuse(&"<p>one".repeat(1000)).1.is_empty());
    }
}
