//! What an entry's elements say, one by one → the entry as its format has it. Of elements that say the same the first of
//! the best rank is kept.

use super::date;
use super::entries::Raw;
use super::vocabulary::Field;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

/// More addresses, authors or categories than this are not kept.
const MOST: usize = 500;

/// An address and how good it is: 0 is the page in HTML, higher is worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// As it is written.
    pub address: String,
    /// Among the addresses of its entry.
    pub rank: u8,
}

impl Link {
    /// An address given with `rel` and `type`.
    pub fn new(address: &str, relation: Option<&str>, kind: &str) -> Self {
        let relation = relation.map(str::trim).filter(|relation| !relation.is_empty());
        let rank = match relation.map(|relation| relation.rsplit('/').next().unwrap_or(relation)) {
            None | Some("alternate") if kind.contains("html") => 0,
            None | Some("alternate") if kind.trim().is_empty() => 1,
            None | Some("alternate") => 3,
            Some("related" | "via" | "canonical" | "shorturl") => 4,
            _ => u8::MAX,
        };
        Self { address: address.to_owned(), rank }
    }
}

/// An entry of which elements are read.
#[derive(Debug, Default)]
pub struct Draft {
    /// `rdf:about`.
    pub about: Option<String>,
    guid: Option<String>,
    links: Vec<Link>,
    title: Option<(u8, String)>,
    summary: Option<(u8, String)>,
    content: Option<(u8, String)>,
    caption: Option<String>,
    published: Option<(u8, Timestamp)>,
    updated: Option<(u8, Timestamp)>,
    authors: Vec<String>,
    author_rank: Option<u8>,
    tags: Vec<String>,
}

impl Draft {
    /// What an element says. `text` is not blank.
    pub fn add(&mut self, field: Field, text: String) {
        match field {
            Field::Title(rank) => keep(&mut self.title, rank, text),
            Field::Summary(rank) => keep(&mut self.summary, rank, text),
            Field::Content(rank) => keep(&mut self.content, rank, text),
            Field::Link => self.add_link(Link { address: text, rank: 1 }),
            // The page behind a counter's address. The feed's own link leads there too, and is what readers are shown.
            Field::OriginalLink => self.add_link(Link { address: text, rank: 2 }),
            Field::Guid => _ = self.guid.get_or_insert(text),
            Field::Published(rank) => keep_time(&mut self.published, rank, &text),
            Field::Updated(rank) => keep_time(&mut self.updated, rank, &text),
            Field::Author(rank) => self.add_author(rank, &text),
            Field::Caption => _ = self.caption.get_or_insert(text),
            Field::Category if self.tags.len() < MOST => self.tags.push(text),
            Field::Category => {}
        }
    }

    /// An address of the entry; what is no page of its own is passed over.
    pub fn add_link(&mut self, link: Link) {
        if link.rank < u8::MAX && self.links.len() < MOST {
            self.links.push(link);
        }
    }

    /// Somebody who wrote it; RSS 2.0 writes `mail@example.org (Name)`.
    pub fn add_author(&mut self, rank: u8, text: &str) {
        if self.author_rank.is_some_and(|known| known < rank) || self.authors.len() >= MOST {
            return;
        }
        if self.author_rank.is_some_and(|known| known > rank) {
            self.authors.clear();
        }
        self.author_rank = Some(rank);
        let text = text.trim();
        let name = match text.split_once('(') {
            Some((mail, name)) if mail.contains('@') => name.trim_end().trim_end_matches(')'),
            _ => text,
        };
        if !self.authors.iter().any(|known| known == name) {
            self.authors.push(name.to_owned());
        }
    }

    /// The entry.
    pub fn finish(self) -> Raw {
        let mut links = self.links;
        links.sort_by_key(|link| link.rank);
        let mut links: Vec<String> = links.into_iter().map(|link| link.address).collect();
        // An RSS 1.0 item is named by its address.
        links.extend(self.about.clone());
        let (summary, mut content) = (self.summary.map(|(_, text)| text), self.content.map(|(_, text)| text));
        // It may be the only place that names somebody.
        let caption = self.caption.filter(|caption| content.is_none() && summary.as_ref() != Some(caption));
        match (&summary, caption) {
            (Some(summary), Some(caption)) => content = Some(format!("{summary}\n\n{caption}")),
            (None, caption) => content = content.or(caption),
            (Some(_), None) => {}
        }
        Raw {
            guid: self.guid.or(self.about),
            links,
            title: self.title.map(|(_, text)| text).unwrap_or_default(),
            summary,
            content,
            published: self.published.map(|(_, time)| time),
            updated: self.updated.map(|(_, time)| time),
            authors: self.authors,
            tags: self.tags,
        }
    }
}

fn keep(kept: &mut Option<(u8, String)>, rank: u8, text: String) {
    if kept.as_ref().is_none_or(|(known, _)| rank < *known) {
        *kept = Some((rank, text));
    }
}

fn keep_time(kept: &mut Option<(u8, Timestamp)>, rank: u8, text: &str) {
    if kept.as_ref().is_none_or(|(known, _)| rank < *known)
        && let Some(time) = date::parse(text)
    {
        *kept = Some((rank, time));
    }
}

/// Atom 0.3 allowed texts in base64.
pub fn from_base64(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    String::from_utf8(STANDARD.decode(compact).ok()?).ok()
}
