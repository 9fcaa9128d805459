//! Text of a feed as it came → well-formed XML in a dialect that feed-rs reads, and notes on what it would lose. One
//! pass over the text, linear in its length: tags are parsed and written anew, in balance; text is escaped anew.
//! The dialects and faults are those that were counted in captured feeds. Nothing here decides what an entry is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::HashSet;

/// Tags deeper than this are dropped, their text stays.
const DEPTH: usize = 200;
/// More attributes than this on one tag are dropped.
const ATTRIBUTES: usize = 64;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const RSS_1: &str = "http://purl.org/rss/1.0/";

/// Prefixes that feeds use without declaring them.
const PREFIXES: &[(&str, &str)] = &[
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("atom", ATOM),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

/// What the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 2.0 and what calls itself 2.x, or has no version.
    Rss2,
    /// RSS 0.91 to 0.94.
    Rss0,
    /// RSS 1.0 and 0.90, which are RDF.
    Rss1,
    /// Atom 1.0 and 0.3.
    Atom,
}

impl Dialect {
    /// The name in a listing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss2 => "rss2",
            Self::Rss0 => "rss0",
            Self::Rss1 => "rss1",
            Self::Atom => "atom",
        }
    }
}

/// What feed-rs does not tell of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// `rdf:about` of an RSS 1.0 item: its identity.
    pub about: Option<String>,
    /// `feedburner:origLink`: the address behind the counter.
    pub original_link: Option<String>,
    /// The `href` of an `atom:link` in an RSS item.
    pub atom_link: Option<String>,
}

/// A feed that can be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// Well-formed, without declarations, UTF-8.
    pub xml: String,
    /// What it is.
    pub dialect: Dialect,
    /// One per entry that the text visibly holds, in its order.
    pub notes: Vec<Note>,
    /// The channel's own link in RSS.
    pub channel_link: Option<String>,
    /// What was mended.
    pub warnings: Vec<String>,
}

/// Cleans `text`. The error is the name of the first element when none is the root of a feed, or nothing.
///
/// # Errors
/// When no element is the root of a feed.
pub fn clean(text: &str) -> Result<Cleaned, Option<String>> {
    let mut cleaner = Cleaner::new(text);
    cleaner.run();
    let Some(dialect) = cleaner.dialect else { return Err(cleaner.first_element) };
    cleaner.close_to(0);
    cleaner.declare_prefixes();
    if cleaner.mended > 0 {
        cleaner.warnings.push(format!("{} tags do not fit together", cleaner.mended));
    }
    Ok(Cleaned {
        xml: cleaner.out,
        dialect,
        notes: cleaner.notes,
        channel_link: cleaner.channel_link.filter(|link| !link.is_empty()),
        warnings: cleaner.warnings,
    })
}

struct Open<'a> {
    /// As it is written in the text.
    name: &'a str,
    /// As it was written out; `None` when the tag was dropped.
    written: Option<Cow<'a, str>>,
    /// Whether everything inside is dropped too.
    mute: bool,
}

struct Cleaner<'a> {
    text: &'a str,
    at: usize,
    out: String,
    open: Vec<Open<'a>>,
    muted: usize,
    dialect: Option<Dialect>,
    first_element: Option<String>,
    /// Where declarations can be added to the root's tag.
    root_end: usize,
    root_prefix: Option<&'a str>,
    declared: HashSet<&'a str>,
    used: HashSet<&'a str>,
    entities: HashMap<&'a str, &'a str>,
    notes: Vec<Note>,
    item_depth: Option<usize>,
    item_has_link: bool,
    channel_link: Option<String>,
    mended: usize,
    /// Whether another `-->` and another `]]>` may follow: each is searched for in vain only once.
    comments_end: bool,
    data_ends: bool,
    ended: bool,
    warnings: Vec<String>,
}

struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    empty: bool,
}

impl<'a> Cleaner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            out: String::with_capacity(text.len() + text.len() / 8),
            open: Vec::new(),
            muted: 0,
            dialect: None,
            first_element: None,
            root_end: 0,
            root_prefix: None,
            declared: HashSet::new(),
            used: HashSet::new(),
            entities: HashMap::new(),
            notes: Vec::new(),
            item_depth: None,
            item_has_link: false,
            channel_link: None,
            mended: 0,
            comments_end: true,
            data_ends: true,
            ended: false,
            warnings: Vec::new(),
        }
    }

    fn run(&mut self) {
        while self.at < self.text.len() && !self.ended {
            let rest = &self.text[self.at..];
            let Some(next) = memchr::memchr(b'<', rest.as_bytes()) else {
                self.characters(rest);
                return;
            };
            self.characters(&rest[..next]);
            self.at += next;
            self.markup();
        }
    }

    fn markup(&mut self) {
        let rest = &self.text[self.at..];
        if let Some(content) = rest.strip_prefix("<![CDATA[") {
            return self.character_data(content);
        }
        if rest.starts_with("<!--") {
            // A comment that never ends hides nothing: it is read as text from here.
            let end = if self.comments_end { rest.find("-->") } else { None };
            self.comments_end = end.is_some();
            self.at += end.map_or(4, |end| end + 3);
            return;
        }
        if rest.starts_with("<?") {
            self.at += rest.find('>').map_or(rest.len(), |end| end + 1);
            return;
        }
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            return self.document_type(rest);
        }
        if let Some(closing) = rest.strip_prefix("</") {
            let Some(end) = closing.find(['>', '<']).filter(|end| closing.as_bytes()[*end] == b'>') else {
                return self.stray();
            };
            let name = closing[..end].trim();
            if !is_name(name) {
                return self.stray();
            }
            self.at += 2 + end + 1;
            return self.closed(name);
        }
        match tag(rest) {
            Some((tag, length)) => {
                self.at += length;
                self.opened(tag);
            }
            None => self.stray(),
        }
    }

    /// A `<` that begins no tag.
    fn stray(&mut self) {
        self.write_raw("<");
        self.at += 1;
    }

    fn document_type(&mut self, rest: &'a str) {
        let close = rest.find('>').unwrap_or(rest.len());
        let end = match rest.find('[').filter(|bracket| *bracket < close) {
            Some(bracket) => {
                let subset = &rest[bracket..];
                let stop = subset.find("]>").map_or(subset.len(), |stop| stop + 2);
                self.read_entities(&subset[..stop]);
                bracket + stop
            }
            None => close + 1,
        };
        self.at += end.min(rest.len());
    }

    /// Plain internal entities only, none that holds a reference: nothing can grow.
    fn read_entities(&mut self, subset: &'a str) {
        for declaration in subset.split("<!ENTITY").skip(1).take(1000) {
            let declaration = declaration.trim_start();
            let Some((name, rest)) = declaration.split_once(char::is_whitespace) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else { continue };
            if let Some(end) = rest[1..].find(quote)
                && end <= 200
                && !rest[1..=end].contains('&')
            {
                self.entities.insert(name, &rest[1..=end]);
            }
        }
    }

    fn character_data(&mut self, content: &'a str) {
        let start = self.at + "<![CDATA[".len();
        let end = if self.data_ends { content.find("]]>") } else { None };
        self.data_ends = end.is_some();
        let body = &content[..end.unwrap_or(content.len())];
        // Without its end it would swallow all that follows, so it ends where its element does.
        let swallows =
            end.is_none() || (self.warnings.len() < 20 && (body.contains("<item>") || body.contains("<entry>")));
        let close = self.open.last().map(|open| format!("</{}>", open.name));
        let early = close.filter(|_| swallows).and_then(|close| body.find(&close));
        match (early, end) {
            (Some(early), _) => {
                self.warnings.push("a CDATA section is not closed".into());
                self.at = start + early;
                self.write_raw(&body[..early]);
            }
            (None, Some(end)) => {
                self.at = start + end + 3;
                self.write_raw(body);
            }
            (None, None) => {
                self.warnings.push("a CDATA section is not closed".into());
                self.at = self.text.len();
                self.write_raw(body);
            }
        }
    }

    fn opened(&mut self, tag: Tag<'a>) {
        let Some(dialect) = self.dialect else { return self.root(tag) };
        let (prefix, local) = split(tag.name);
        let rss = dialect != Dialect::Atom;
        if is_entry(local, rss) && !(prefix.is_some() && rss) {
            // An item inside an item was not closed; an RSS 1.0 item stands beside its channel, not inside.
            match self.item_depth {
                Some(depth) if rss || self.open.len() == depth + 1 => {
                    self.mended += 1;
                    self.close_to(depth);
                }
                None if dialect == Dialect::Rss1 => self.close_to(1),
                // Something before the item was not closed, or wraps it.
                None if rss => self.close_to(2),
                _ => {}
            }
            if self.item_depth.is_none() {
                self.item_depth = Some(self.open.len());
                self.item_has_link = false;
                let about = tag.attributes.iter().find(|(name, _)| *name == "rdf:about").map(|(_, value)| *value);
                self.notes.push(Note { about: about.and_then(reference_text), ..Note::default() });
            }
        }
        let empty_ahead = tag.empty || self.text[self.at..].trim_start().starts_with("</");
        self.note(&tag, prefix, local, rss, empty_ahead);
        let mute = self.drops(prefix, local, &tag, empty_ahead);
        if self.open.len() >= DEPTH {
            return;
        }
        let written = (!mute).then(|| self.write_start(&tag, local, empty_ahead));
        if tag.empty {
            if self.item_depth == Some(self.open.len()) && is_entry(local, rss) {
                self.end_item();
            }
            if let Some(written) = written {
                self.write_end(&written);
            }
            return;
        }
        self.muted += usize::from(mute);
        self.open.push(Open { name: tag.name, written, mute });
    }

    /// Whether feed-rs is better off without this element.
    fn drops(&self, prefix: Option<&str>, local: &str, tag: &Tag<'_>, empty: bool) -> bool {
        match (prefix, local) {
            // A number of more than twenty digits makes feed-rs panic, and nobody asks for the duration.
            (Some("itunes" | "media"), "duration") => true,
            (Some("media"), "title" | "description") => empty,
            // A blank link would be resolved to the feed's own address.
            (None, "link") if self.dialect != Some(Dialect::Atom) => empty,
            // An Atom text without text rejects the whole feed.
            (_, "title" | "summary" | "content" | "subtitle" | "tagline" | "rights" | "copyright") => {
                self.dialect == Some(Dialect::Atom) && empty && !tag.attributes.iter().any(|(name, _)| *name == "src")
            }
            _ => false,
        }
    }

    fn note(&mut self, tag: &Tag<'a>, prefix: Option<&str>, local: &str, rss: bool, empty: bool) {
        let in_item = self.item_depth.is_some();
        if !in_item {
            let in_channel = self.open.last().is_some_and(|open| split(open.name).1 == "channel");
            if rss && in_channel && prefix.is_none() && local == "link" && self.channel_link.is_none() {
                self.channel_link = text_ahead(&self.text[self.at..]);
            }
            return;
        }
        let ahead = || text_ahead(&self.text[self.at..]);
        match (prefix, local) {
            (None, "link") if !empty => self.item_has_link = true,
            (Some("feedburner"), "origLink") => {
                let link = ahead();
                if let Some(note) = self.notes.last_mut() {
                    note.original_link = link;
                }
            }
            (None | Some("atom" | "a10"), "link") if rss => {
                let value = |wanted| tag.attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
                let link = value("href").and_then(reference_text);
                let alternate = matches!(value("rel"), None | Some("alternate"));
                if let Some(note) = self.notes.last_mut()
                    && alternate
                {
                    note.atom_link = link;
                }
            }
            _ => {}
        }
    }

    fn root(&mut self, tag: Tag<'a>) {
        let (prefix, local) = split(tag.name);
        let version = tag.attributes.iter().find(|(name, _)| *name == "version").map_or("", |(_, value)| value.trim());
        self.dialect = match local {
            "rss" | "RSS" if version.starts_with("0.") => Some(Dialect::Rss0),
            "rss" | "RSS" => Some(Dialect::Rss2),
            "RDF" => Some(Dialect::Rss1),
            "feed" => Some(Dialect::Atom),
            "entry" if self.first_element.is_none() => Some(Dialect::Atom),
            // Some feeds forget the root.
            "channel" if self.first_element.is_none() => Some(Dialect::Rss2),
            _ => None,
        };
        self.first_element.get_or_insert_with(|| tag.name.to_ascii_lowercase());
        let Some(dialect) = self.dialect else { return };
        self.out.clear();
        if local == "channel" {
            self.start_root("rss", vec![("version", "2.0")], prefix);
            self.open.push(Open { name: "rss", written: Some("rss".into()), mute: false });
            return self.opened(tag);
        }
        if local == "entry" {
            self.item_depth = Some(0);
            self.notes.push(Note::default());
        }
        let name = if dialect == Dialect::Rss2 || dialect == Dialect::Rss0 { "rss" } else { tag.name };
        let mut attributes: Vec<(&'a str, &'a str)> = match dialect {
            Dialect::Rss2 | Dialect::Rss0 => vec![("version", "2.0")],
            Dialect::Rss1 => vec![("xmlns", RSS_1)],
            Dialect::Atom if prefix.is_none() => vec![("xmlns", ATOM)],
            Dialect::Atom => Vec::new(),
        };
        let own = |name: &str| name != "version" && name != "xmlns";
        attributes.extend(tag.attributes.iter().copied().filter(|(name, _)| own(name)));
        self.start_root(name, attributes, prefix);
        self.open.push(Open { name: tag.name, written: Some(name.to_owned().into()), mute: false });
        if tag.empty {
            self.close_to(0);
        }
    }

    fn start_root(&mut self, name: &'a str, attributes: Vec<(&'a str, &'a str)>, prefix: Option<&'a str>) {
        self.used.extend(prefix);
        self.root_prefix = prefix;
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.write_attribute(name, value);
        }
        self.root_end = self.out.len();
        self.out.push('>');
    }

    fn closed(&mut self, name: &'a str) {
        // RSS items behind the channel are read as if they stood in it.
        if matches!(self.dialect, Some(Dialect::Rss2 | Dialect::Rss0)) && name == "channel" {
            if let Some(depth) = self.open.iter().rposition(|open| open.name == "channel") {
                self.close_to(depth + 1);
            }
            return;
        }
        match self.open.iter().rposition(|open| open.name == name) {
            Some(depth) => {
                self.mended += usize::from(depth + 1 != self.open.len() && self.open[depth + 1].name != "channel");
                self.close_to(depth);
            }
            None => {
                self.mended += usize::from(self.dialect.is_some());
                // `<x:title>…</title>`
                let last = self.open.len().saturating_sub(1);
                if last > 0 && split(self.open[last].name).1 == split(name).1 {
                    self.close_to(last);
                }
            }
        }
    }

    /// Closes all elements at `depth` and deeper.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let inside = self.open.len() - 1;
            if self.item_depth == Some(inside) {
                self.end_item();
            }
            let Some(open) = self.open.pop() else { return };
            if let Some(written) = &open.written {
                self.write_end(written);
            }
            self.muted -= usize::from(open.mute);
        }
        if self.open.is_empty() && self.dialect.is_some() {
            self.ended = true;
        }
    }

    /// feed-rs drops an RSS 1.0 item without a link, and knows no `atom:link` in RSS.
    fn end_item(&mut self) {
        self.item_depth = None;
        if self.item_has_link || self.dialect == Some(Dialect::Atom) {
            return;
        }
        let Some(note) = self.notes.last() else { return };
        // An RSS 1.0 item without any is kept by a link that leads nowhere.
        let nowhere = (self.dialect == Some(Dialect::Rss1)).then(|| "urn:no-link".to_owned());
        if let Some(link) = note.atom_link.clone().or_else(|| note.about.clone()).or(nowhere) {
            self.out.push_str("<link>");
            self.write_raw(&link);
            self.out.push_str("</link>");
        }
    }

    fn write_start(&mut self, tag: &Tag<'a>, local: &'a str, empty: bool) -> Cow<'a, str> {
        let (prefix, _) = split(tag.name);
        self.used.extend(prefix);
        let atom = self.dialect == Some(Dialect::Atom);
        let same_prefix = self.open.first().is_some_and(|root| split(root.name).0 == prefix);
        let renamed = match local {
            "modified" if atom => Some("updated"),
            "issued" if atom => Some("published"),
            "tagline" if atom => Some("subtitle"),
            "copyright" if atom => Some("rights"),
            _ => None,
        }
        .filter(|_| same_prefix);
        let written: Cow<'a, str> = match (renamed, prefix) {
            (Some(name), Some(prefix)) => format!("{prefix}:{name}").into(),
            (Some(name), None) => name.into(),
            (None, _) => tag.name.into(),
        };
        if self.muted > 0 {
            return written;
        }
        self.out.push('<');
        self.out.push_str(&written);
        let text = atom && same_prefix && is_atom_text(renamed.unwrap_or(local));
        let has_source = empty && tag.attributes.iter().any(|(name, _)| *name == "src");
        for (name, value) in &tag.attributes {
            match *name {
                "type" if text && !has_source => self.write_attribute("type", atom_type(value)),
                "type" if text && !value.contains('/') => {}
                "src" if text && !has_source => {}
                "mode" if text => {}
                "type" if prefix == Some("media") && matches!(local, "title" | "description") => {}
                // Some entries repeat the old namespace that the root had.
                "xmlns" if is_entry(local, !atom) || local == "channel" => {}
                "xml:base" if !is_base(value) => {}
                "duration" if value.len() > 15 => {}
                _ => self.write_attribute(name, value),
            }
        }
        self.out.push('>');
        written
    }

    fn write_end(&mut self, name: &str) {
        if self.muted == 0 {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn write_attribute(&mut self, name: &'a str, value: &'a str) {
        if let Some(prefix) = name.strip_prefix("xmlns:") {
            self.declared.insert(prefix);
        } else if let Some((prefix, _)) = name.split_once(':') {
            self.used.insert(prefix);
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.write_text(value);
        self.out.push('"');
    }

    /// An undeclared prefix would count as none, and `x:title` as the title.
    fn declare_prefixes(&mut self) {
        let mut missing: Vec<&str> = self
            .used
            .difference(&self.declared)
            .copied()
            .filter(|prefix| !matches!(*prefix, "xml" | "xmlns"))
            .collect();
        missing.sort_unstable();
        let mut declarations = String::new();
        for prefix in missing {
            let known = PREFIXES.iter().find(|(known, _)| *known == prefix).map(|(_, namespace)| *namespace);
            let root = self.root_prefix == Some(prefix) && self.dialect == Some(Dialect::Atom);
            let namespace = known.or(root.then_some(ATOM));
            declarations.push_str(" xmlns:");
            declarations.push_str(prefix);
            declarations.push_str("=\"");
            declarations.push_str(namespace.unwrap_or("urn:undeclared"));
            declarations.push('"');
        }
        self.out.insert_str(self.root_end, &declarations);
    }

    fn characters(&mut self, text: &str) {
        if self.muted == 0 && self.dialect.is_some() {
            self.write_text(text);
        }
    }

    /// Text without any reference, such as CDATA.
    fn write_raw(&mut self, text: &str) {
        if self.muted > 0 || self.dialect.is_none() {
            return;
        }
        for letter in text.chars() {
            push_escaped(&mut self.out, letter);
        }
    }

    /// Text whose references are to be understood.
    fn write_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            rest[..at].chars().for_each(|letter| push_escaped(&mut self.out, letter));
            rest = &rest[at..];
            rest = self.write_reference(rest);
        }
        rest.chars().for_each(|letter| push_escaped(&mut self.out, letter));
    }

    /// Writes the reference at the start of `text` (or an escaped `&` if it is none) and returns what follows.
    fn write_reference<'t>(&mut self, text: &'t str) -> &'t str {
        let Some((name, rest)) = reference(text) else {
            self.out.push_str("&amp;");
            return &text[1..];
        };
        if let Some(digits) = name.strip_prefix('#') {
            let Some(number) = code_point(digits) else {
                self.out.push_str("&amp;");
                return &text[1..];
            };
            if (0xd800..0xdc00).contains(&number) {
                // Some writers escape each half of a UTF-16 pair.
                if let Some((second, after)) = reference(rest)
                    && let Some(low) = second.strip_prefix('#').and_then(code_point)
                    && (0xdc00..0xe000).contains(&low)
                    && let Some(letter) = char::from_u32(0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00))
                {
                    self.out.push(letter);
                    return after;
                }
                return rest;
            }
            match char::from_u32(number) {
                // windows-1252 numbers mean what HTML makes of them: left to the HTML reader.
                Some(_) if (0x80..0xa0).contains(&number) => {
                    self.out.push_str("&amp;");
                    self.out.push_str(&text[1..text.len() - rest.len()]);
                }
                Some(letter) => push_escaped(&mut self.out, letter),
                None => {}
            }
            return rest;
        }
        match name {
            "amp" | "lt" | "gt" | "quot" | "apos" => self.out.push_str(&text[..text.len() - rest.len()]),
            _ => match self.entities.get(name).copied() {
                Some(value) => value.chars().for_each(|letter| push_escaped(&mut self.out, letter)),
                None => {
                    self.out.push_str("&amp;");
                    self.out.push_str(&text[1..text.len() - rest.len()]);
                }
            },
        }
        rest
    }
}

fn push_escaped(out: &mut String, letter: char) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\t' | '\n' | '\r' => out.push(letter),
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
        _ => out.push(letter),
    }
}

/// `&name;` or `&#number;` at the start of `text`: the name, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('&')?;
    let length = inner.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    (length > 0 && inner.as_bytes().get(length) == Some(&b';')).then(|| (&inner[..length], &inner[length + 1..]))
}

fn code_point(digits: &str) -> Option<u32> {
    match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// An attribute's or element's text with the references that occur in addresses.
fn reference_text(text: &str) -> Option<String> {
    let text = text.trim().replace("&amp;", "&").replace("&#38;", "&");
    (!text.is_empty()).then_some(text)
}

/// The text of the element whose start tag was just read.
fn text_ahead(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    if let Some(data) = rest.strip_prefix("<![CDATA[") {
        let near = &data[..data.floor_char_boundary(4096)];
        return near.split_once("]]>").and_then(|(text, _)| reference_text(text));
    }
    rest.split_once('<').and_then(|(text, _)| reference_text(text))
}

fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    }
}

fn is_entry(local: &str, rss: bool) -> bool {
    if rss { local == "item" } else { local == "entry" }
}

fn is_atom_text(local: &str) -> bool {
    matches!(local, "title" | "summary" | "content" | "subtitle" | "rights" | "info")
}

/// The three types that feed-rs knows.
fn atom_type(value: &str) -> &'static str {
    let value = value.to_ascii_lowercase();
    match value.as_str() {
        "text" | "text/plain" | "plain" => "text",
        _ if value.contains("xhtml") => "xhtml",
        _ => "html",
    }
}

fn is_base(value: &str) -> bool {
    matches!(url::Url::parse(value), Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase))
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, ':' | '-' | '_' | '.'))
        && !name.ends_with(':')
        && name.matches(':').count() < 2
}

/// The start tag at the beginning of `text` and its length; `None` when this `<` begins none.
fn tag(text: &str) -> Option<(Tag<'_>, usize)> {
    let bytes = text.as_bytes();
    let length =
        1 + text[1..].find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/' | '<' | '='))?;
    let name = &text[1..length];
    if !is_name(name) {
        return None;
    }
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    let mut at = length;
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match bytes.get(at)? {
            b'>' => return Some((Tag { name, attributes, empty: false }, at + 1)),
            b'/' if bytes.get(at + 1) == Some(&b'>') => return Some((Tag { name, attributes, empty: true }, at + 2)),
            b'<' => return None,
            b'/' => at += 1,
            _ => {
                let start = at;
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/' | b'<'))
                    .count();
                let attribute = &text[start..at];
                let gap = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let mut value = "";
                if bytes.get(at + gap) == Some(&b'=') {
                    at += gap + 1;
                    at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let quote = *bytes.get(at)?;
                    if matches!(quote, b'"' | b'\'') {
                        // No `<` may stand in a value, so the search for its end is bounded by the next tag.
                        let inner = at + 1;
                        let end = inner + bytes[inner..].iter().position(|byte| *byte == quote || *byte == b'<')?;
                        if bytes[end] == b'<' {
                            return None;
                        }
                        value = &text[inner..end];
                        at = end + 1;
                    } else {
                        let inner = at;
                        at += bytes[at..]
                            .iter()
                            .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'<'))
                            .count();
                        value = text[inner..at].trim_end_matches('/');
                        at = inner + value.len().max(usize::from(at > inner && value.is_empty()));
                    }
                } else if start == at {
                    at += text[at..].chars().next().map_or(1, char::len_utf8);
                }
                let wanted = is_name(attribute) && attributes.len() < ATTRIBUTES;
                if wanted && !attributes.iter().any(|(known, _)| *known == attribute) {
                    attributes.push((attribute, value));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;
    use super::clean;

    #[test]
    fn what_is_well_formed_keeps_its_meaning() {
        let given = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>A &amp; B</title><item><title><![CDATA[x < y]]></title></item></channel></rss>"#;
        let cleaned = clean(given).expect("a feed");
        assert_eq!(
            cleaned.xml,
            r#"<rss version="2.0"><channel><title>A &amp; B</title><item><title>x &lt; y</title></item></channel></rss>"#
        );
        assert_eq!((cleaned.dialect, cleaned.notes.len(), cleaned.warnings.len()), (Dialect::Rss2, 1, 0));
    }

    #[test]
    fn each_fault_is_mended() {
        let cases = [
            ("junk <b>Notice</b><rss><channel/></rss>", r#"<rss version="2.0"><channel></channel></rss>"#),
            (
                "<rss version=2.0><channel><x>a & b &nbsp; &#0;</x></channel></rss>",
                r#"<rss version="2.0"><channel><x>a &amp; b &amp;nbsp; </x></channel></rss>"#,
            ),
            (
                "<rss><channel><item><title>a</channel></rss>",
                r#"<rss version="2.0"><channel><item><title>a</title></item></channel></rss>"#,
            ),
            ("<rss><channel></channel><item/></rss>", r#"<rss version="2.0"><channel><item></item></channel></rss>"#),
            (
                "<rss><channel><a b=1 b='2' c>1 < 2</a>",
                r#"<rss version="2.0"><channel><a b="1" c="">1 &lt; 2</a></channel></rss>"#,
            ),
            (
                "<rss><channel><x>\u{1}&#xD83D;&#xDE00;</x>",
                "<rss version=\"2.0\"><channel><x>\u{1f600}</x></channel></rss>",
            ),
            (
                r#"<!DOCTYPE rss [<!ENTITY org "Acme">]><rss><channel><x>&org;</x>"#,
                r#"<rss version="2.0"><channel><x>Acme</x></channel></rss>"#,
            ),
            (
                r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><modified>x</modified><title/><content type="text/html" mode="escaped">b</content></entry></feed>"#,
                r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><updated>x</updated><content type="html">b</content></entry></feed>"#,
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(clean(given).map(|cleaned| cleaned.xml), Ok(expected.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_is_no_feed_is_named_by_its_first_element() {
        assert_eq!(clean("<HTML><body>").map(|_| ()), Err(Some("html".into())));
        assert_eq!(clean("nothing").map(|_| ()), Err(None));
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for unit in ["<", "<a ", "<a b=\"", "&", "<![CDATA[", "<a>", "</a>", "<!--", "<!ENTITY a", "<item>"] {
            let text = format!("<rss><channel>{}", unit.repeat(200_000));
            assert!(clean(&text).is_ok(), "{unit}");
        }
    }
}
