//! Text of an XML feed, however broken → what it visibly holds, in one pass. RSS 0.90 to 2.0x, RDF, Atom 0.3 and 1.0
//! need no different readers here: an element is known by its name and vocabulary wherever it stands in its entry, and
//! the start of the next entry ends the one before, so that a broken entry never costs its neighbours.

use super::draft::Draft;
use super::draft::Link;
use super::entries::Collector;
use super::entries::absolute;
use super::escape::Entities;
use super::markup::Token;
use super::markup::Tokens;
use super::tag::Tag;
use super::tag::split;
use super::vocabulary::Field;
use super::vocabulary::Prefixes;
use super::vocabulary::Vocabulary;
use super::vocabulary::field;
use super::vocabulary::lower;
use crate::model::Older;
use url::Url;

/// Tags deeper than this are passed over, their text stays.
const DEPTH: usize = 200;

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

/// What was found beside the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// What it is.
    pub dialect: Dialect,
    /// Of the feed, with markup and entities.
    pub title: Option<String>,
    /// Where older entries stand.
    pub older: Older,
    /// What was mended.
    pub warnings: Vec<String>,
}

/// Walks over `text`, which came from `address`, and hands every entry to `collector`.
///
/// # Errors
/// The name of the first element, in lower case, when none is the root of a feed; `None` when there is no element.
pub fn walk(text: &str, address: &Url, collector: &mut Collector) -> Result<Walked, Option<String>> {
    let mut walker = Walker::new(text, address, collector);
    walker.run();
    let Some(dialect) = walker.dialect else { return Err(walker.first_element) };
    if walker.entry.is_some() && walker.open.first().is_some_and(|open| open.local != "entry") {
        walker.warnings.push("the document ends in the middle of an entry".into());
    }
    walker.close_to(0);
    walker.end_entry();
    let mut warnings = walker.warnings;
    match walker.tokens.open_sections {
        0 => {}
        1 => warnings.push("a CDATA section is not closed".into()),
        count => warnings.push(format!("{count} CDATA sections are not closed")),
    }
    if walker.mended > 0 {
        warnings.push(format!("{} tags do not fit together", walker.mended));
    }
    Ok(Walked { dialect, title: walker.title, older: walker.older, warnings })
}

struct Open<'a> {
    name: &'a str,
    local: &'a str,
    vocabulary: Vocabulary,
    /// Whether it has a base of its own, on top of the stack of bases.
    based: bool,
}

/// The text of an element that says something.
struct Capture {
    target: Target,
    /// Where its element stands in the stack.
    depth: usize,
    /// Where its content begins in the document.
    start: usize,
    text: String,
    /// Whether there are elements in it.
    mixed: bool,
    /// Atom's `type="xhtml"`.
    xhtml: bool,
    base64: bool,
    /// What the tag says in an attribute.
    attribute: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Entry(Field),
    /// `<author><name>`
    Name,
    FeedTitle,
    FeedLink,
    Generator,
}

struct Walker<'a, 'b> {
    tokens: Tokens<'a>,
    address: &'b Url,
    collector: &'b mut Collector,
    dialect: Option<Dialect>,
    first_element: Option<String>,
    open: Vec<Open<'a>>,
    /// How many elements are open beyond the depth that is kept.
    deeper: usize,
    prefixes: Prefixes<'a>,
    entities: Entities<'a>,
    bases: Vec<Url>,
    entry: Option<(usize, Draft)>,
    capture: Option<Capture>,
    title: Option<String>,
    link: Option<Url>,
    older: Older,
    mended: usize,
    warnings: Vec<String>,
}

impl<'a, 'b> Walker<'a, 'b> {
    fn new(text: &'a str, address: &'b Url, collector: &'b mut Collector) -> Self {
        Self {
            tokens: Tokens::new(text),
            address,
            collector,
            dialect: None,
            first_element: None,
            open: Vec::new(),
            deeper: 0,
            prefixes: Prefixes::default(),
            entities: Entities::default(),
            bases: Vec::new(),
            entry: None,
            capture: None,
            title: None,
            link: None,
            older: Older::default(),
            mended: 0,
            warnings: Vec::new(),
        }
    }

    fn run(&mut self) {
        loop {
            let began = self.tokens.at;
            let inside = self.open.last().map(|open| open.name);
            let Some(token) = self.tokens.next(inside) else { return };
            match token {
                Token::Text(text) => {
                    if let Some(capture) = &mut self.capture {
                        self.entities.resolve(&mut capture.text, text);
                    }
                }
                Token::Data(text) => {
                    if let Some(capture) = &mut self.capture {
                        super::escape::push(&mut capture.text, text);
                    }
                }
                Token::Start(tag) if self.dialect.is_none() => self.root(tag, began),
                Token::Start(tag) => self.start(tag, began),
                Token::End(name) if self.dialect.is_some() => self.end(name, began),
                Token::End(_) => {}
                Token::Subset(subset) => self.entities.declare(subset),
            }
        }
    }

    fn root(&mut self, tag: Tag<'a>, began: usize) {
        let (prefix, local) = split(tag.name);
        let mut buffer = [0; 24];
        let name = lower(local, &mut buffer);
        let first = self.first_element.is_none();
        let version = attribute(&tag, "version").unwrap_or_default().trim();
        self.dialect = match name {
            "rss" if version.starts_with("0.") => Some(Dialect::Rss0),
            "rss" => Some(Dialect::Rss2),
            "rdf" => Some(Dialect::Rss1),
            "feed" => Some(Dialect::Atom),
            "entry" if first => Some(Dialect::Atom),
            // Some feeds forget the root.
            "channel" | "item" if first => Some(Dialect::Rss2),
            _ => None,
        };
        if first {
            self.first_element = Some(name.to_owned());
        }
        if self.dialect.is_some() {
            if name != "rdf" {
                self.prefixes.root(prefix);
            }
            self.start(tag, began);
        }
    }

    fn start(&mut self, tag: Tag<'a>, began: usize) {
        self.prefixes.declare(&tag.attributes);
        let (prefix, local) = split(tag.name);
        let vocabulary = self.prefixes.of(prefix);
        let mut buffer = [0; 24];
        let name = lower(local, &mut buffer);
        let is_entry = vocabulary == Vocabulary::Feed && matches!(name, "item" | "entry");
        if is_entry && self.begins_entry() {
            self.begin_entry();
        }
        let target = self.target(vocabulary, name, &tag);
        if let Some(capture) = &mut self.capture {
            if target.is_some() && ends_at(capture.target, name) {
                // The element before was not closed.
                self.mended += 1;
                let depth = capture.depth;
                self.end_capture(began);
                self.truncate(depth);
            } else if target == Some(Target::Name) {
                self.capture = None;
            } else {
                capture.mixed = true;
            }
        }
        if self.open.len() >= DEPTH {
            self.deeper += usize::from(!tag.empty);
            return;
        }
        let based = self.rebase(&tag);
        if self.entry.is_none() && name == "link" && vocabulary == Vocabulary::Feed {
            self.note_older(&tag);
        }
        self.open.push(Open { name: tag.name, local, vocabulary, based });
        if is_entry && self.entry.is_none() {
            let mut draft = Draft::default();
            let about = tag.attributes.iter().find(|(name, _)| split(name).1 == "about").map(|(_, value)| *value);
            draft.about = about.map(|about| self.resolved(about));
            self.entry = Some((self.open.len() - 1, draft));
        } else if let Some(target) = target.filter(|_| self.capture.is_none()) {
            self.begin_capture(target, &tag);
        }
        let alone = tag.empty || (self.is_void(name, &tag) && self.entry.is_some());
        if alone {
            let depth = self.open.len() - 1;
            self.close_to_at(depth, self.tokens.at);
        }
    }

    /// An entry inside an entry was not closed, unless it is what an Atom entry quotes.
    fn begins_entry(&self) -> bool {
        match &self.entry {
            None => true,
            Some((depth, _)) => self.dialect != Some(Dialect::Atom) || self.open.len() + self.deeper == depth + 1,
        }
    }

    fn begin_entry(&mut self) {
        if let Some((depth, _)) = self.entry {
            self.mended += 1;
            self.close_to(depth);
        } else if let Some(capture) = &self.capture {
            let depth = capture.depth;
            self.close_to(depth);
        }
        if self.deeper > 0 {
            // Whatever nests so deep is no feed's structure.
            self.deeper = 0;
            self.truncate(1);
        }
    }

    fn target(&self, vocabulary: Vocabulary, name: &str, tag: &Tag<'_>) -> Option<Target> {
        let parent = self.open.last();
        let Some((depth, _)) = &self.entry else {
            let in_feed = parent.is_some_and(|open| matches!(open.local, "channel" | "feed" | "rss"));
            return match name {
                _ if !in_feed || vocabulary != Vocabulary::Feed => None,
                "title" if self.title.is_none() => Some(Target::FeedTitle),
                "generator" if self.older.paged.is_none() => Some(Target::Generator),
                "link" if self.link.is_none() && attribute(tag, "href").is_none() && !tag.empty => {
                    Some(Target::FeedLink)
                }
                _ => None,
            };
        };
        let inner = self.open.get(depth + 1..).unwrap_or_default();
        if vocabulary == Vocabulary::Feed && name == "name" {
            return inner.last().is_some_and(|open| open.local == "author").then_some(Target::Name);
        }
        let field = field(vocabulary, name)?;
        // Whose title and link those are.
        let of_others = inner.iter().any(|open| match open.local {
            "source" | "image" | "author" | "contributor" | "textinput" | "textInput" | "object" | "actor"
            | "target" => true,
            _ => self.dialect == Some(Dialect::Atom) && open.vocabulary != Vocabulary::Media,
        });
        let unclosed = self.capture.as_ref().is_some_and(|capture| ends_at(capture.target, name));
        (!of_others || (unclosed && inner.len() == 1)).then_some(Target::Entry(field))
    }

    /// `<link href="…">` without an end, as HTML writes it.
    fn is_void(&self, name: &str, tag: &Tag<'_>) -> bool {
        if name != "link" || attribute(tag, "href").is_none() || self.capture.as_ref().is_some_and(|it| it.mixed) {
            return false;
        }
        let rest = self.tokens.text[self.tokens.at..].trim_start();
        rest.starts_with('<') && !rest.starts_with("</") && !rest.starts_with("<![CDATA[")
    }

    fn rebase(&mut self, tag: &Tag<'_>) -> bool {
        let Some(value) = attribute(tag, "xml:base").filter(|value| !value.trim().is_empty() && value.len() < 2048)
        else {
            return false;
        };
        let value = self.resolved(value);
        let Ok(base) = self.base().join(value.trim()) else { return false };
        self.bases.push(base);
        true
    }

    /// What links are relative to here: `xml:base`, else in RSS the feed's own page, else its address.
    fn base(&self) -> &Url {
        let page = self.link.as_ref().filter(|_| self.dialect != Some(Dialect::Atom));
        self.bases.last().or(page).unwrap_or(self.address)
    }

    /// A link of the feed itself, wherever it stands, that leads to older entries (RFC 5005); the first of each counts.
    fn note_older(&mut self, tag: &Tag<'_>) {
        let of_feed = self.open.last().is_some_and(|open| matches!(open.local, "channel" | "feed" | "rss"));
        let (true, Some(relation), Some(href)) = (of_feed, attribute(tag, "rel"), attribute(tag, "href")) else {
            return;
        };
        let wanted = |name: &str| relation.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(name));
        let (archive, next) = (wanted("prev-archive"), wanted("next"));
        if !archive && !next {
            return;
        }
        let href = self.resolved(href);
        let address = absolute(&href, self.bases.last().unwrap_or(self.address));
        if archive {
            self.older.archive = self.older.archive.take().or(address);
        } else {
            self.older.next = self.older.next.take().or(address);
        }
    }

    fn begin_capture(&mut self, target: Target, tag: &Tag<'_>) {
        let kind = attribute(tag, "type").unwrap_or_default();
        let mode = attribute(tag, "mode").unwrap_or_default();
        let href = attribute(tag, "href").map(|href| self.resolved(href));
        let mut attribute_value = None;
        match target {
            Target::Entry(Field::Link) => {
                if let Some(href) = href.filter(|href| !href.trim().is_empty()) {
                    let link = Link::new(&href, attribute(tag, "rel"), kind);
                    // Its own base is gone at the end of the entry.
                    let link = match absolute(&link.address, self.base()) {
                        Some(address) if !self.bases.is_empty() => Link { address: address.into(), ..link },
                        _ => link,
                    };
                    if let Some((_, draft)) = &mut self.entry {
                        draft.add_link(link);
                    }
                }
            }
            Target::Entry(Field::Content(_)) => {
                let source = attribute(tag, "src").map(|source| self.resolved(source));
                if let (Some(source), Some((_, draft))) = (source, &mut self.entry) {
                    draft.add_link(Link { address: source, rank: 5 });
                }
            }
            Target::Entry(Field::Category) => {
                let value = attribute(tag, "label").filter(|label| !label.trim().is_empty()).or(attribute(tag, "term"));
                attribute_value = value.map(|value| self.resolved(value));
            }
            _ => {}
        }
        self.capture = Some(Capture {
            target,
            depth: self.open.len() - 1,
            start: self.tokens.at,
            text: String::new(),
            mixed: false,
            xhtml: kind.to_ascii_lowercase().contains("xhtml") && !mode.eq_ignore_ascii_case("escaped"),
            base64: mode.eq_ignore_ascii_case("base64"),
            attribute: attribute_value,
        });
    }

    fn resolved(&mut self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        self.entities.resolve(&mut out, value);
        out
    }

    fn end(&mut self, name: &'a str, began: usize) {
        if self.deeper > 0 {
            // The end of the entry or the feed ends all that is open in it.
            let outer = matches!(split(name).1, "item" | "entry" | "channel" | "rss" | "RDF" | "feed");
            if !outer {
                self.deeper -= 1;
                return;
            }
            self.deeper = 0;
        }
        let same = |open: &Open<'_>| open.name == name;
        let alike = |open: &Open<'_>| open.name.eq_ignore_ascii_case(name);
        match self.open.iter().rposition(same).or_else(|| self.open.iter().rposition(alike)) {
            Some(depth) => {
                self.mended += usize::from(
                    depth + 1 != self.open.len() && self.capture.as_ref().is_none_or(|it| it.depth != depth),
                );
                self.close_to_at(depth, began);
            }
            // `<x:title>…</title>`
            None if self.open.len() > 1 && self.open.last().is_some_and(|open| open.local == split(name).1) => {
                self.mended += 1;
                self.close_to_at(self.open.len() - 1, began);
            }
            None => self.mended += usize::from(self.capture.as_ref().is_none_or(|capture| !capture.mixed)),
        }
    }

    fn close_to(&mut self, depth: usize) {
        let end = self.tokens.at;
        self.close_to_at(depth, end);
    }

    /// Closes all elements at `depth` and deeper; the content of the deepest ended at `end` in the document.
    fn close_to_at(&mut self, depth: usize, end: usize) {
        if self.capture.as_ref().is_some_and(|capture| capture.depth >= depth) {
            self.end_capture(end);
        }
        if self.entry.as_ref().is_some_and(|(entry, _)| *entry >= depth) {
            self.end_entry();
        }
        self.truncate(depth);
    }

    fn truncate(&mut self, depth: usize) {
        while self.open.len() > depth {
            if self.open.pop().is_some_and(|open| open.based) {
                self.bases.pop();
            }
        }
    }

    fn end_entry(&mut self) {
        let Some((_, draft)) = self.entry.take() else { return };
        let page = self.link.as_ref().filter(|_| self.dialect != Some(Dialect::Atom));
        let base = self.bases.last().or(page).unwrap_or(self.address);
        self.collector.take(draft.finish(), base);
    }

    fn end_capture(&mut self, end: usize) {
        let Some(mut capture) = self.capture.take() else { return };
        if capture.mixed || capture.xhtml {
            let marked_up = match capture.target {
                Target::Entry(Field::Title(_) | Field::Summary(_) | Field::Content(_) | Field::Caption)
                | Target::FeedTitle => true,
                // What is not the name, such as a mail address.
                Target::Entry(Field::Author(_)) => return,
                _ => false,
            };
            if marked_up {
                capture.text = markup_of(&self.tokens.text[capture.start..end.max(capture.start)], &self.prefixes);
            }
        }
        if capture.base64
            && let Some(text) = super::draft::from_base64(&capture.text)
        {
            capture.text = text;
        }
        if let Some(value) = capture.attribute {
            capture.text = value;
        }
        capture.text.shrink_to_fit();
        let text = capture.text;
        if text.trim().is_empty() {
            return;
        }
        match (capture.target, &mut self.entry) {
            (Target::FeedTitle, _) => self.title = Some(text),
            (Target::FeedLink, _) => self.link = absolute(&text, self.bases.last().unwrap_or(self.address)),
            // RSS has its address here, Atom its name.
            (Target::Generator, _) if text.to_ascii_lowercase().contains("wordpress") => {
                self.older.paged = Some(self.address.clone());
            }
            (Target::Name, Some((_, draft))) => draft.add_author(0, &text),
            (Target::Entry(field), Some((_, draft))) => draft.add(field, text),
            _ => {}
        }
    }
}

/// The value of an attribute.
fn attribute<'t>(tag: &Tag<'t>, name: &str) -> Option<&'t str> {
    tag.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

/// Whether an element of this name can only stand behind what is captured, so that its end tag is missing.
fn ends_at(captured: Target, name: &str) -> bool {
    let never_markup = matches!(
        name,
        "guid" | "pubdate" | "published" | "updated" | "issued" | "modified" | "encoded" | "creator" | "description"
    );
    match captured {
        Target::Entry(Field::Summary(_) | Field::Content(_) | Field::Caption) => never_markup && name != "description",
        Target::Entry(Field::Title(_)) | Target::FeedTitle => never_markup || name == "link" || name == "content",
        _ => true,
    }
}

/// Content with elements, as HTML: as it stands, CDATA opened, prefixes of XHTML off.
fn markup_of(content: &str, prefixes: &Prefixes<'_>) -> String {
    let mut out = String::with_capacity(content.len());
    let mut tokens = Tokens::new(content);
    loop {
        let began = tokens.at;
        let Some(token) = tokens.next(None) else { return out };
        let slice = &content[began..tokens.at];
        match token {
            Token::Text(text) | Token::Data(text) => super::escape::push(&mut out, text),
            Token::Start(Tag { name, .. }) | Token::End(name) => match split(name) {
                (Some(prefix), local)
                    if prefixes.of(Some(prefix)) == Vocabulary::Xhtml
                        || prefixes.of(Some(prefix)) == Vocabulary::Feed =>
                {
                    let at = slice.find(name).unwrap_or(0);
                    out.push_str(&slice[..at]);
                    out.push_str(local);
                    out.push_str(&slice[at + name.len()..]);
                }
                _ => out.push_str(slice.trim_start_matches("-->").trim_start()),
            },
            Token::Subset(_) => {}
        }
    }
}
