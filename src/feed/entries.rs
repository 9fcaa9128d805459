//! What a format's reader found → entries: identities, absolute links, plain titles, and what is odd about them.

use super::plain;
use super::tracking;
use super::twice;
use crate::model::Entry;
use aws_lc_rs::digest;
use jiff::Timestamp;
use std::borrow::Cow;
use std::fmt::Write;
use url::Url;

/// One entry as a format has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw {
    /// What the feed gives as the identity.
    pub guid: Option<String>,
    /// Addresses of the page, the best first.
    pub links: Vec<String>,
    /// With markup and entities.
    pub title: String,
    /// The teaser.
    pub summary: Option<String>,
    /// The full text.
    pub content: Option<String>,
    /// First published.
    pub published: Option<Timestamp>,
    /// Last changed.
    pub updated: Option<Timestamp>,
    /// Names.
    pub authors: Vec<String>,
    /// Categories.
    pub tags: Vec<String>,
}

/// How much memory the entries of one answer may take, in bytes, together with its text where that had to be decoded.
const ROOM: usize = 52 << 20;
/// So much is theirs however long the decoded text is.
const LEAST_ROOM: usize = 8 << 20;
/// A guid that is longer is hashed, since it is a key in the store.
const LONGEST_GUID: usize = 1024;
/// An address that is longer is none: no server takes it.
const LONGEST_LINK: usize = 16 * 1024;
/// A title that is longer is a text, and goes on in the summary.
const LONGEST_TITLE: usize = 8 * 1024;

/// Takes entries as a format's reader finds them.
pub struct Collector {
    entries: Vec<Entry>,
    room: usize,
    held: usize,
    thinned: usize,
    /// Those whose text was encoded twice.
    mended: usize,
    unread: usize,
}

impl Collector {
    /// Nothing yet. `decoded` is the length of the document's text where that takes memory of its own.
    pub fn beside(decoded: usize) -> Self {
        let room = ROOM.saturating_sub(decoded).max(LEAST_ROOM);
        Self { entries: Vec::new(), room, held: 0, thinned: 0, mended: 0, unread: 0 }
    }

    /// How many were found, read or not.
    pub fn found(&self) -> usize {
        self.entries.len() + self.unread
    }

    /// Takes one; its links are relative to `base`.
    pub fn take(&mut self, raw: Raw, base: &Url) {
        if self.held >= self.room {
            self.unread += 1;
            return;
        }
        let mut raw = raw;
        if twice::mend(&mut raw) {
            self.mended += 1;
        }
        let mut entry = entry(raw, base);
        // The article is read from its page: without its text in the feed an entry is not lost.
        if self.held + weight(&entry) > self.room / 4 * 3 && (entry.content.is_some() || entry.summary.is_some()) {
            (entry.content, entry.summary) = (None, None);
            self.thinned += 1;
        }
        self.held += weight(&entry);
        self.entries.push(entry);
    }

    /// The entries, and what is odd about them.
    pub fn finish(self, warnings: &mut Vec<String>) -> Vec<Entry> {
        let mut entries = self.entries;
        let all = entries.len() + self.unread;
        if self.thinned > 0 {
            warnings.push(format!("too long for memory: the texts of {} of {all} entries were left out", self.thinned));
        }
        if self.unread > 0 {
            warnings
                .push(format!("too long for memory: {} of {all} entries, the last ones, were not read", self.unread));
        }
        if self.mended > 0 {
            warnings.push(format!("text was encoded as UTF-8 twice in {} of {all} entries", self.mended));
        }
        part_shared_ids(&mut entries, warnings);
        warn(&entries, warnings, "no link", |entry| entry.link.is_none());
        warn(&entries, warnings, "no title", |entry| entry.title.is_empty());
        warn(&entries, warnings, "no date", |entry| entry.published.is_none() && entry.updated.is_none());
        entries
    }
}

/// About how much memory it takes, in bytes.
fn weight(entry: &Entry) -> usize {
    let texts =
        [Some(&entry.id), entry.link.as_ref(), Some(&entry.title), entry.summary.as_ref(), entry.content.as_ref()];
    let lists = entry.authors.iter().chain(&entry.tags).map(|text| size_of::<String>() + text.len() + 16);
    // A growing list has room for half as many again.
    size_of::<Entry>() * 3 / 2
        + texts.into_iter().flatten().map(|text| text.len() + 16).sum::<usize>()
        + lists.sum::<usize>()
}

fn entry(raw: Raw, base: &Url) -> Entry {
    let guid = raw.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty());
    // A guid that is an address is the page's even where `isPermaLink` says no: such a link mostly works, and an entry
    // without any could never be read.
    let permalink = guid.filter(|guid| guid.starts_with("http://") || guid.starts_with("https://"));
    let link = raw.links.iter().map(String::as_str).chain(permalink).find_map(|link| absolute(link, base));
    let (head, rest) = raw.title.split_at(raw.title.floor_char_boundary(LONGEST_TITLE));
    let title = plain::title(head);
    let id = match (guid, &link) {
        (Some(guid), _) if guid.len() <= LONGEST_GUID => guid.to_owned(),
        (Some(guid), _) => digest_of(guid),
        (None, Some(link)) => match tracking::without_tracking(link) {
            link if link.as_str().len() <= LONGEST_GUID => link.into(),
            link => digest_of(link.as_str()),
        },
        (None, None) => hash(&raw, &title),
    };
    let texts = |names: &[String], most: usize| -> Vec<String> {
        names
            .iter()
            .take(most)
            .map(|name| plain::title(&name[..name.floor_char_boundary(LONGEST_GUID)]))
            .filter(|name| !name.is_empty())
            .collect()
    };
    let (authors, tags) = (texts(&raw.authors, 100), texts(&raw.tags, 500));
    let summary = raw.summary.or_else(|| (!rest.is_empty()).then(|| raw.title.clone()));
    Entry {
        id,
        link: link.map(String::from),
        place: None,
        title,
        summary: summary.filter(|text| !text.trim().is_empty()),
        content: raw.content.filter(|text| !text.trim().is_empty()),
        published: raw.published,
        updated: raw.updated.filter(|updated| Some(*updated) != raw.published),
        authors,
        tags,
    }
}

/// An http(s) address; white space that broke into it is taken out.
pub fn absolute(link: &str, base: &Url) -> Option<Url> {
    let link = link.trim();
    if link.len() > LONGEST_LINK {
        return None;
    }
    let mut compact = Cow::Borrowed(link);
    if link.contains(char::is_control) {
        compact = link.chars().filter(|letter| !letter.is_control()).collect::<String>().into();
    }
    if compact.contains("&amp;") {
        // Escaped twice: no address means to hold this.
        compact = compact.replace("&amp;", "&").into();
    }
    if compact.is_empty() || compact.starts_with('#') {
        return None;
    }
    let address = base.join(&compact).ok()?;
    (matches!(address.scheme(), "http" | "https") && address.has_host()).then_some(address)
}

/// Without guid and link nothing names the entry. The day and the first words of the text stay longest when editors
/// work on it; the title is used only where there is no text.
fn hash(raw: &Raw, title: &str) -> String {
    let text = raw.content.as_deref().or(raw.summary.as_deref()).filter(|text| !text.trim().is_empty());
    let letters: String = text.unwrap_or(title).chars().filter(|letter| letter.is_alphanumeric()).take(200).collect();
    let time = raw.published.map_or(0, |time| time.as_second());
    digest_of(&format!("{time} {letters}"))
}

fn digest_of(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(16).fold("hash:".to_owned(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}

/// One guid for several pages would hide all but the first: there the link becomes part of the identity.
fn part_shared_ids(entries: &mut [Entry], warnings: &mut Vec<String>) {
    let key =
        |link: &str| Url::parse(link).map_or_else(|_| link.to_owned(), |url| tracking::without_tracking(&url).into());
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|one, other| entries[*one].id.cmp(&entries[*other].id));
    let mut shared: Vec<usize> = Vec::new();
    for same in order.chunk_by(|one, other| entries[*one].id == entries[*other].id).filter(|same| same.len() > 1) {
        let mut links = same.iter().map(|index| entries[*index].link.as_deref().map(key));
        let first = links.next().flatten();
        if links.any(|link| link != first) {
            shared.extend(same);
        }
    }
    if shared.is_empty() {
        return;
    }
    warnings.push(format!("{} entries share their guid with another page's", shared.len()));
    for index in shared {
        let entry = &mut entries[index];
        if let Some(link) = &entry.link {
            entry.id = format!("{} {}", entry.id, key(link));
        }
    }
}

fn warn(entries: &[Entry], warnings: &mut Vec<String>, what: &str, lacks: fn(&Entry) -> bool) {
    match entries.iter().filter(|entry| lacks(entry)).count() {
        0 => {}
        count => warnings.push(format!("{what} in {count} of {} entries", entries.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::Collector;
    use super::Raw;
    use crate::model::Entry;
    use url::Url;

    fn read(raws: Vec<Raw>) -> Vec<Entry> {
        let base = Url::parse("https://example.org/feed/rss.xml").expect("an address");
        let mut collector = Collector::beside(0);
        raws.into_iter().for_each(|raw| collector.take(raw, &base));
        collector.finish(&mut Vec::new())
    }

    fn raw(guid: Option<&str>, link: Option<&str>, title: &str) -> Raw {
        Raw {
            guid: guid.map(str::to_owned),
            links: link.map(str::to_owned).into_iter().collect(),
            title: title.to_owned(),
            ..Raw::default()
        }
    }

    #[test]
    fn an_edited_title_is_not_another_entry() {
        for (guid, link) in [(Some("7"), None), (None, Some("https://example.org/a"))] {
            assert_eq!(read(vec![raw(guid, link, "Before")])[0].id, read(vec![raw(guid, link, "After")])[0].id);
        }
    }

    #[test]
    fn an_entry_without_guid_and_link_has_the_same_id_at_every_poll() {
        let mut bare = raw(None, None, "Before");
        bare.summary = Some("The court heard two witnesses.".into());
        let first = read(vec![bare.clone()])[0].id.clone();
        bare.title = "After".into();
        assert_eq!(read(vec![bare.clone()])[0].id, first);
        bare.summary = Some("Another story.".into());
        assert_ne!(read(vec![bare])[0].id, first);
    }

    #[test]
    fn links_become_absolute_and_nothing_but_pages() {
        for (given, expected) in [
            ("../a", Some("https://example.org/a")),
            (" https://example.org/\nb ", Some("https://example.org/b")),
            ("//example.test/c", Some("https://example.test/c")),
            ("javascript:void(0)", None),
            ("mailto:a@example.org", None),
            ("", None),
        ] {
            assert_eq!(read(vec![raw(Some("x"), Some(given), "t")])[0].link.as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn a_guid_that_is_an_address_serves_as_the_link() {
        let entry = &read(vec![raw(Some("https://example.org/?p=3"), None, "t")])[0];
        assert_eq!(entry.link.as_deref(), Some("https://example.org/?p=3"));
    }

    #[test]
    fn a_guid_shared_by_two_pages_hides_neither() {
        let found = read(vec![
            raw(Some("x"), Some("https://example.org/a"), "A"),
            raw(Some("x"), Some("https://example.org/b"), "B"),
            raw(Some("y"), Some("https://example.org/c"), "C"),
            raw(Some("y"), Some("https://example.org/c?utm_source=z"), "C"),
        ]);
        assert_ne!(found[0].id, found[1].id);
        assert_eq!(found[2].id, "y");
        assert_eq!(found[3].id, "y");
    }

    #[test]
    fn tracking_is_no_part_of_an_identity() {
        let one = read(vec![raw(None, Some("https://example.org/a?utm_source=x"), "t")]);
        assert_eq!(one[0].id, "https://example.org/a");
        assert_eq!(one[0].link.as_deref(), Some("https://example.org/a?utm_source=x"));
    }
}
