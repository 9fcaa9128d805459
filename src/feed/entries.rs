//! What a format's reader found → entries: identities, absolute links, plain titles, and what is odd about them.

use super::plain;
use super::tracking;
use crate::model::Entry;
use aws_lc_rs::digest;
use jiff::Timestamp;
use std::collections::HashMap;
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

/// Entries from what was found; `base` is what links are relative to. Nothing is left out.
pub fn entries(raws: Vec<Raw>, base: &Url, warnings: &mut Vec<String>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = raws.into_iter().map(|raw| entry(raw, base)).collect();
    part_shared_ids(&mut entries, warnings);
    warn(&entries, warnings, "no link", |entry| entry.link.is_none());
    warn(&entries, warnings, "no title", |entry| entry.title.is_empty());
    warn(&entries, warnings, "no date", |entry| entry.published.is_none() && entry.updated.is_none());
    entries
}

fn entry(raw: Raw, base: &Url) -> Entry {
    let guid = raw.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty());
    // A guid that is an address is the page's even where `isPermaLink` says no: such a link mostly works, and an entry
    // without any could never be read.
    let permalink = guid.filter(|guid| guid.starts_with("http://") || guid.starts_with("https://"));
    let link = raw.links.iter().map(String::as_str).chain(permalink).find_map(|link| absolute(link, base));
    let title = plain::title(&raw.title);
    let id = match (guid, &link) {
        (Some(guid), _) => guid.to_owned(),
        (None, Some(link)) => tracking::without_tracking(link).into(),
        (None, None) => hash(&raw, &title),
    };
    Entry {
        id,
        link: link.map(String::from),
        place: None,
        title,
        summary: raw.summary.filter(|text| !text.trim().is_empty()),
        content: raw.content.filter(|text| !text.trim().is_empty()),
        published: raw.published,
        updated: raw.updated.filter(|updated| Some(*updated) != raw.published),
        authors: raw.authors.iter().map(|name| plain::title(name)).filter(|name| !name.is_empty()).collect(),
        tags: raw.tags.iter().map(|tag| plain::title(tag)).filter(|tag| !tag.is_empty()).collect(),
    }
}

/// An http(s) address; white space that broke into it is taken out.
pub fn absolute(link: &str, base: &Url) -> Option<Url> {
    let link = link.trim();
    let compact: String = link.chars().filter(|letter| !letter.is_control()).collect();
    // Escaped twice: no address means to hold this.
    let compact = compact.replace("&amp;", "&");
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
    let digest = digest::digest(&digest::SHA256, format!("{time} {letters}").as_bytes());
    digest.as_ref().iter().take(16).fold("hash:".to_owned(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}

/// One guid for several pages would hide all but the first: there the link becomes part of the identity.
fn part_shared_ids(entries: &mut [Entry], warnings: &mut Vec<String>) {
    let key =
        |link: &str| Url::parse(link).map_or_else(|_| link.to_owned(), |url| tracking::without_tracking(&url).into());
    let mut links: HashMap<String, Option<String>> = HashMap::new();
    let mut shared: Vec<String> = Vec::new();
    for entry in entries.iter() {
        let link = entry.link.as_deref().map(key);
        match links.get(&entry.id) {
            Some(known) if *known != link => shared.push(entry.id.clone()),
            Some(_) => {}
            None => _ = links.insert(entry.id.clone(), link),
        }
    }
    if shared.is_empty() {
        return;
    }
    warnings.push(format!("{} entries share their guid with another page's", shared.len()));
    shared.sort_unstable();
    for entry in entries.iter_mut().filter(|entry| shared.binary_search(&entry.id).is_ok()) {
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
    use super::Raw;
    use super::entries;
    use crate::model::Entry;
    use url::Url;

    fn read(raws: Vec<Raw>) -> Vec<Entry> {
        entries(raws, &Url::parse("https://example.org/feed/rss.xml").expect("an address"), &mut Vec::new())
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
