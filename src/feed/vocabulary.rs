//! Prefix → vocabulary, and (vocabulary, name) → what the element says of an entry. By namespace where one is declared,
//! else by the prefix that everybody uses.

use std::collections::HashMap;

/// More prefixes than this are not kept.
const PREFIXES: usize = 256;

/// Whose names an element's name is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// The feed's own, or none.
    Feed,
    /// `content:encoded` of RSS 1.0.
    Content,
    /// Dublin Core, elements and terms.
    DublinCore,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// XHTML inside a feed.
    Xhtml,
    /// Google-News sitemaps.
    News,
    /// Any other.
    Other,
}

/// By what a namespace's address contains, in lower case.
const NAMESPACES: &[(&str, Vocabulary)] = &[
    ("w3.org/2005/atom", Vocabulary::Feed),
    ("purl.org/atom/ns", Vocabulary::Feed),
    ("purl.org/rss/1.0/modules/content", Vocabulary::Content),
    ("purl.org/rss/1.0/modules", Vocabulary::Other),
    ("purl.org/rss/1.0", Vocabulary::Feed),
    ("purl.org/net/rss1.1", Vocabulary::Feed),
    ("netscape.com/rdf/simple/0.9", Vocabulary::Feed),
    ("netscape.com/publish/formats/rss", Vocabulary::Feed),
    ("backend.userland.com/rss", Vocabulary::Feed),
    ("blogs.law.harvard.edu/tech/rss", Vocabulary::Feed),
    ("purl.org/dc/", Vocabulary::DublinCore),
    ("search.yahoo.com/mrss", Vocabulary::Media),
    ("itunes.com/dtds/podcast", Vocabulary::Itunes),
    ("w3.org/1999/xhtml", Vocabulary::Xhtml),
    ("google.com/schemas/sitemap-news", Vocabulary::News),
    ("sitemaps.org/schemas/sitemap", Vocabulary::Feed),
    ("google.com/schemas/sitemap/0.", Vocabulary::Feed),
];

const COMMON: &[(&str, Vocabulary)] = &[
    ("a10", Vocabulary::Feed),
    ("atom", Vocabulary::Feed),
    ("atom10", Vocabulary::Feed),
    ("rss", Vocabulary::Feed),
    ("content", Vocabulary::Content),
    ("dc", Vocabulary::DublinCore),
    ("dct", Vocabulary::DublinCore),
    ("dcterms", Vocabulary::DublinCore),
    ("media", Vocabulary::Media),
    ("itunes", Vocabulary::Itunes),
    ("html", Vocabulary::Xhtml),
    ("xhtml", Vocabulary::Xhtml),
    ("news", Vocabulary::News),
    ("n", Vocabulary::News),
];

/// What the prefixes of one document stand for.
#[derive(Debug, Default)]
pub struct Prefixes<'a> {
    declared: HashMap<&'a str, Vocabulary>,
    root: Option<&'a str>,
}

impl<'a> Prefixes<'a> {
    /// The prefix of the root counts as none, whatever it is bound to.
    pub fn root(&mut self, prefix: Option<&'a str>) {
        self.root = prefix;
    }

    /// Takes the declarations among a tag's attributes.
    pub fn declare(&mut self, attributes: &[(&'a str, &'a str)]) {
        for (name, value) in attributes {
            let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
            let value = value.to_ascii_lowercase();
            let known = NAMESPACES.iter().find(|(part, _)| value.contains(part)).map(|(_, vocabulary)| *vocabulary);
            // A prefix that everybody uses is believed before an address that nobody knows.
            if let Some(vocabulary) = known
                && self.declared.len() < PREFIXES
            {
                self.declared.insert(prefix, vocabulary);
            }
        }
    }

    /// What the names with `prefix` belong to.
    pub fn of(&self, prefix: Option<&str>) -> Vocabulary {
        let Some(prefix) = prefix else { return Vocabulary::Feed };
        if let Some(vocabulary) = self.declared.get(prefix) {
            return *vocabulary;
        }
        if self.root == Some(prefix) {
            return Vocabulary::Feed;
        }
        COMMON
            .iter()
            .find(|(common, _)| common.eq_ignore_ascii_case(prefix))
            .map_or(Vocabulary::Other, |(_, vocabulary)| *vocabulary)
    }
}

/// What an element says of an entry; the number is its rank among those that say the same, the lowest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The title.
    Title(u8),
    /// An address of the page.
    Link,
    /// The address behind a counter.
    OriginalLink,
    /// The identity.
    Guid,
    /// When it was first published.
    Published(u8),
    /// When it was last changed.
    Updated(u8),
    /// The teaser.
    Summary(u8),
    /// The whole text.
    Content(u8),
    /// What is said under a picture or film, which may be the whole text too.
    Caption,
    /// Who wrote it.
    Author(u8),
    /// A category.
    Category,
}

/// The field of an entry that an element is; `name` is the local name in lower case.
pub fn field(vocabulary: Vocabulary, name: &str) -> Option<Field> {
    Some(match (vocabulary, name) {
        (_, "origlink") => Field::OriginalLink,
        (Vocabulary::Feed, "title") => Field::Title(0),
        (Vocabulary::DublinCore, "title") => Field::Title(1),
        (Vocabulary::Media | Vocabulary::Itunes, "title") => Field::Title(2),
        (Vocabulary::Feed, "link") => Field::Link,
        (Vocabulary::Feed, "guid" | "id") => Field::Guid,
        (Vocabulary::Feed, "pubdate" | "published" | "issued") => Field::Published(0),
        (Vocabulary::DublinCore, "date" | "issued") => Field::Published(1),
        (Vocabulary::Feed, "date" | "created") | (Vocabulary::DublinCore, "created") => Field::Published(2),
        (Vocabulary::Feed, "updated" | "modified") => Field::Updated(0),
        (Vocabulary::DublinCore, "modified") => Field::Updated(1),
        (Vocabulary::Feed, "lastbuilddate") => Field::Updated(2),
        (Vocabulary::Feed, "description" | "summary") => Field::Summary(0),
        (Vocabulary::Itunes, "summary") => Field::Summary(1),
        (Vocabulary::DublinCore, "description" | "abstract") => Field::Summary(2),
        (Vocabulary::Itunes, "subtitle") => Field::Summary(3),
        (Vocabulary::Media, "description") => Field::Caption,
        (Vocabulary::Content, "encoded") | (Vocabulary::Feed, "content") => Field::Content(0),
        (Vocabulary::Feed, "encoded" | "fulltext") => Field::Content(1),
        (Vocabulary::Xhtml, "body" | "div") | (Vocabulary::Feed, "body") => Field::Content(2),
        (Vocabulary::Feed, "author") => Field::Author(0),
        (Vocabulary::DublinCore, "creator" | "author") | (Vocabulary::Feed, "creator") => Field::Author(1),
        (Vocabulary::Itunes, "author") => Field::Author(2),
        (Vocabulary::Feed, "category") | (Vocabulary::DublinCore, "subject") => Field::Category,
        _ => return None,
    })
}

/// A local name in lower case, for comparison; names that are longer than any that is known give an empty one.
pub fn lower<'b>(name: &str, buffer: &'b mut [u8; 24]) -> &'b str {
    let Some(target) = buffer.get_mut(..name.len()) else { return "" };
    target.copy_from_slice(name.as_bytes());
    target.make_ascii_lowercase();
    std::str::from_utf8(target).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Prefixes;
    use super::Vocabulary;

    #[test]
    fn a_prefix_means_its_namespace_and_undeclared_what_everybody_means() {
        let mut prefixes = Prefixes::default();
        prefixes.root(Some("x"));
        prefixes.declare(&[
            ("xmlns:d", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:media", "http://nobody.example/"),
            ("xmlns:content", "http://www.w3.org/2005/Atom"),
        ]);
        for (prefix, expected) in [
            (None, Vocabulary::Feed),
            (Some("x"), Vocabulary::Feed),
            (Some("d"), Vocabulary::DublinCore),
            (Some("media"), Vocabulary::Media),
            (Some("content"), Vocabulary::Feed),
            (Some("slash"), Vocabulary::Other),
        ] {
            assert_eq!(prefixes.of(prefix), expected, "{prefix:?}");
        }
    }
}
