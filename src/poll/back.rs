//! (an answer that has nothing in common with what was listed before, the pages behind it) → which older page is asked
//! for next, and when it is enough. Pure.
//!
//! The feed's own word goes first: the archive document before (RFC 5005 §4), then the next page (RFC 5005 §3, JSON
//! Feed); WordPress has numbered pages and says nothing of them. Only pages of the source's own site are asked for.

use super::Course;
use super::SourceState;
use crate::health::Health;
use crate::health::gap::End;
use crate::health::gap::ReadBack;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Older;
use crate::model::Reason;
use crate::source::Listing;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashSet;
use url::Host;
use url::Url;

/// So many older pages are asked for at most.
pub const MOST_PAGES: usize = 5;

/// The longest older page in bytes, decompressed: all of them are held at once.
pub const LONGEST_PAGE: u64 = 4 << 20;

/// An entry dated so much earlier than the last listing was there then, whatever its clock and its editors did.
const SURELY_THERE: SignedDuration = SignedDuration::from_hours(24);

/// A way back through older pages, page by page.
#[derive(Clone, Debug)]
pub struct WayBack {
    /// The address that is asked and the one that answered: their sites are trusted.
    sites: [Url; 2],
    listed_at: Timestamp,
    /// What the last page says of older ones.
    older: Older,
    /// WordPress's address of the newest page.
    paged: Option<Url>,
    asked: Vec<Url>,
    ids: HashSet<String>,
    entries: Vec<Entry>,
    back: ReadBack,
    ended: bool,
}

impl WayBack {
    /// The way back from `listing`, which `answered` gave when `asked` was asked for, should it turn out to have nothing
    /// in common with what was listed before. `None` when that would be no gap or when it offers no way.
    pub fn begin(
        asked: &Url,
        answered: &Url,
        health: &Health,
        state: &SourceState,
        listing: &Listing,
        course: &Course,
    ) -> Option<Self> {
        if state.polls == 0 || course.partial || listing.entries.is_empty() || listing.older == Older::default() {
            return None;
        }
        Some(Self {
            sites: [asked.clone(), answered.clone()],
            listed_at: health.listed_at()?,
            older: listing.older.clone(),
            paged: listing.older.paged.clone(),
            asked: [asked, answered].map(plain).into(),
            ids: listing.entries.iter().map(|entry| entry.id.clone()).collect(),
            entries: Vec::new(),
            back: ReadBack { own: listing.entries.len(), pages: 0, added: 0, before: HashSet::new(), end: End::NoMore },
            ended: false,
        })
    }

    /// The page to ask for next. `None` when it is enough or there is none.
    pub fn next_page(&mut self) -> Option<Url> {
        if self.ended {
            return None;
        }
        if self.back.pages == MOST_PAGES {
            self.end(End::Limit);
            return None;
        }
        let numbered = self.paged.as_ref().map(|first| numbered(first, self.back.pages + 2));
        let offered = [self.older.archive.take(), self.older.next.take(), numbered];
        let mut refused = End::NoMore;
        for page in offered.into_iter().flatten().map(|page| plain(&page)) {
            if self.asked.contains(&page) {
                refused = End::Circle;
            } else if !self.is_trusted(&page) {
                refused = End::Elsewhere { host: page.host_str().unwrap_or_default().to_owned() };
            } else {
                self.asked.push(page.clone());
                return Some(page);
            }
        }
        self.end(refused);
        None
    }

    /// Whether a page of this address belongs to the source's own site.
    pub fn is_trusted(&self, page: &Url) -> bool {
        self.sites.iter().any(|site| is_same_site(site, page))
    }

    /// Takes what a page lists; `known` holds those of its ids that the source has listed before.
    pub fn take(&mut self, page: Listing, known: &HashSet<String>) {
        self.back.pages += 1;
        self.older = page.older;
        let date = |entry: &Entry| entry.published.or(entry.updated);
        let is_known = |entry: &Entry| known.contains(&entry.id);
        let surely_there = self.listed_at.saturating_sub(SURELY_THERE).unwrap_or(Timestamp::MIN);
        let oldest_known = page.entries.iter().filter(|entry| is_known(entry)).filter_map(date).min();
        let last_known = page.entries.iter().rposition(is_known);
        let dates = || page.entries.iter().filter_map(date);
        let met = last_known.is_some() || dates().max().is_some_and(|newest| newest < surely_there);
        let is_empty = page.entries.is_empty();
        let mut is_circle = true;
        for (index, entry) in page.entries.into_iter().enumerate() {
            if !self.ids.insert(entry.id.clone()) {
                continue;
            }
            is_circle = false;
            if is_known(&entry) {
                continue;
            }
            // A page may reach back to before the source was watched. That is no news.
            let before = match (date(&entry), oldest_known) {
                (Some(date), Some(oldest)) => date < surely_there || date < oldest.min(self.listed_at),
                (Some(date), None) => date < surely_there,
                (None, _) => last_known.is_some_and(|last| index > last),
            };
            if before {
                self.back.before.insert(entry.id.clone());
            } else {
                self.back.added += 1;
            }
            self.entries.push(entry);
        }
        if met {
            self.end(End::Met);
        } else if is_circle {
            self.end(if is_empty { End::NoMore } else { End::Circle });
        }
    }

    /// A page could not be read.
    pub fn fail(&mut self, fault: Fault, reason: Reason) {
        self.end(End::Failed { fault, reason });
    }

    /// Nothing more is asked for, since the poll took too long.
    pub fn stop(&mut self) {
        self.end(End::Late);
    }

    /// What all pages added, and how it ended.
    pub fn finish(self) -> (Vec<Entry>, ReadBack) {
        (self.entries, self.back)
    }

    fn end(&mut self, end: End) {
        self.ended = true;
        self.back.end = end;
    }
}

/// An address as it is asked for.
fn plain(address: &Url) -> Url {
    let mut address = address.clone();
    address.set_fragment(None);
    address
}

/// The page of this number of a feed that WordPress made.
fn numbered(first: &Url, number: usize) -> Url {
    let mut page = first.clone();
    let mut pairs: Vec<String> = first
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("paged"))
        .map(str::to_owned)
        .collect();
    pairs.push(format!("paged={number}"));
    page.set_query(Some(&pairs.join("&")));
    page
}

/// Whether both are of one host, or of one registrable domain (with the suffixes under which anybody may have a page
/// taken for what they are), at the same port, and not down from https to http.
fn is_same_site(site: &Url, page: &Url) -> bool {
    let down = site.scheme() == "https" && page.scheme() != "https";
    if down || !matches!(page.scheme(), "http" | "https") || site.port() != page.port() {
        return false;
    }
    match (site.host(), page.host()) {
        (Some(Host::Domain(site)), Some(Host::Domain(page))) => {
            let domain = |host: &str| psl::domain_str(host.trim_end_matches('.')).map(str::to_owned);
            site == page || domain(site).is_some_and(|site| domain(page) == Some(site))
        }
        (site, page) => site.is_some() && site == page,
    }
}

#[cfg(test)]
mod tests {
    use super::MOST_PAGES;
    use super::WayBack;
    use super::is_same_site;
    use super::numbered;
    use crate::health;
    use crate::health::Health;
    use crate::health::gap::End;
    use crate::health::gap::ReadBack;
    use crate::model::Entry;
    use crate::model::Fault;
    use crate::model::Older;
    use crate::model::Reason;
    use crate::model::SourceName;
    use crate::poll::Course;
    use crate::poll::SourceState;
    use crate::poll::tests::*;
    use crate::source::Listing;
    use std::collections::HashSet;
    use url::Url;

    const FEED: &str = "https://paper.example/feed";

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    /// That of a source which listed something at `when`.
    fn listed(when: &str) -> Health {
        let (entries, known) = ([entry("a", None)], HashSet::new());
        let seen = health::Observation::Listed {
            entries: &entries,
            known: &known,
            first: true,
            partial: false,
            back: None,
            moved: None,
        };
        let name = SourceName::new("paper");
        let subject = health::Subject { source: &name, label: None, host: "paper.example" };
        health::decide(&Health::default(), subject, seen, None, at(when)).health
    }

    fn page(ids: &[&str], older: Older) -> Listing {
        Listing { entries: ids.iter().map(|id| entry(id, None)).collect(), older, ..Listing::default() }
    }

    fn next(to: &str) -> Older {
        Older { next: Some(url(to)), ..Older::default() }
    }

    fn known(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn begin(first: &Listing) -> Option<WayBack> {
        let state = SourceState { polls: 1, ..SourceState::default() };
        WayBack::begin(&url(FEED), &url(FEED), &listed(NOW), &state, first, &Course::default())
    }

    /// Goes back over these pages, of which the last stays, until it ends. What was asked for, and how it ended.
    fn walk(first: Listing, pages: &[Listing], known: &HashSet<String>) -> (Vec<String>, Vec<Entry>, ReadBack) {
        let mut way = begin(&first).expect("a way back");
        let mut asked = Vec::new();
        let mut pages = pages.iter();
        let mut last = Listing::default();
        while let Some(page) = way.next_page() {
            asked.push(page[url::Position::BeforePath..].to_owned());
            last = pages.next().cloned().unwrap_or(last);
            way.take(last.clone(), known);
        }
        let (entries, back) = way.finish();
        (asked, entries, back)
    }

    #[test]
    fn line_40_the_archive_goes_before_the_next_page_and_both_before_numbers() {
        let all = Older {
            archive: Some(url("https://paper.example/archive/7")),
            next: Some(url("https://paper.example/page/2")),
            paged: Some(url(FEED)),
        };
        for (older, expected) in [
            (all.clone(), "/archive/7"),
            (Older { archive: None, ..all.clone() }, "/page/2"),
            (Older { archive: None, next: None, ..all.clone() }, "/feed?paged=2"),
            (Older { archive: Some(url("https://other.example/7")), ..all }, "/page/2"),
        ] {
            let (asked, ..) = walk(page(&["b"], older), &[page(&["a"], Older::default())], &known(&["a"]));
            assert_eq!(asked, [expected]);
        }
    }

    #[test]
    fn line_40_reading_back_ends_at_the_first_page_with_a_known_entry() {
        let pages = [
            page(&["6", "5"], next("https://paper.example/3")),
            page(&["4", "3", "2"], next("https://paper.example/4")),
        ];
        let (asked, entries, back) =
            walk(page(&["8", "7"], next("https://paper.example/2#top")), &pages, &known(&["3"]));
        assert_eq!(asked, ["/2", "/3"]);
        assert_eq!(entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["6", "5", "4", "2"]);
        assert_eq!((back.end, back.pages, back.added), (End::Met, 2, 3));
        assert_eq!(back.before, known(&["2"]), "what stands behind the known one was there before");
    }

    #[test]
    fn line_40_five_pages_are_the_most() {
        let pages: Vec<Listing> = (0..9).map(|number| page(&[&format!("p{number}")], Older::default())).collect();
        let older = Older { paged: Some(url("https://paper.example/?feed=rss2")), ..Older::default() };
        let (asked, _, back) = walk(page(&["first"], older), &pages, &HashSet::new());
        assert_eq!(asked.len(), MOST_PAGES);
        assert_eq!((asked[0].as_str(), asked[4].as_str()), ("/?feed=rss2&paged=2", "/?feed=rss2&paged=6"));
        assert_eq!(back.end, End::Limit);
    }

    #[test]
    fn line_40_a_circle_ends_by_its_address_and_by_its_entries() {
        let around = [page(&["b"], next("https://paper.example/3")), page(&["a"], next("https://paper.example/2"))];
        let (asked, entries, back) = walk(page(&["c"], next("https://paper.example/2")), &around, &HashSet::new());
        assert_eq!((asked.len(), entries.len(), back.end), (2, 2, End::Circle));
        // A cache that ignores the query.
        let older = Older { paged: Some(url(FEED)), ..Older::default() };
        let (asked, entries, back) = walk(page(&["c"], older.clone()), &[page(&["c"], older)], &HashSet::new());
        assert_eq!((asked.len(), entries.len(), back.end), (1, 0, End::Circle));
    }

    #[test]
    fn line_40_another_site_is_not_asked() {
        for (site, page, expected) in [
            (FEED, "https://archive.paper.example/1", true),
            (FEED, "https://paper.example./1", true),
            (FEED, "http://paper.example/1", false),
            ("http://paper.example/feed", "https://paper.example/1", true),
            (FEED, "https://paper.example:8443/1", false),
            (FEED, "https://evil.example/paper.example", false),
            (FEED, "https://paper.example.evil.example/1", false),
            ("https://ana.blogspot.com/feed", "https://luz.blogspot.com/1", false),
            ("https://a.paper.co.uk/feed", "https://b.paper.co.uk/1", true),
            ("https://a.co.uk/feed", "https://b.co.uk/1", false),
            ("http://192.0.2.7/feed", "http://192.0.2.7/1", true),
            ("http://192.0.2.7/feed", "http://198.51.2.7/1", false),
            (FEED, "ftp://paper.example/1", false),
        ] {
            assert_eq!(is_same_site(&url(site), &url(page)), expected, "{site} {page}");
        }
        let (asked, _, back) = walk(page(&["b"], next("https://evil.example/2")), &[], &HashSet::new());
        assert_eq!((asked, back.end), (Vec::new(), End::Elsewhere { host: "evil.example".into() }));
    }

    #[test]
    fn line_40_without_a_gap_there_is_no_way_back() {
        let wordpress = page(&["b"], Older { paged: Some(url(FEED)), ..Older::default() });
        let heard = SourceState { polls: 3, ..SourceState::default() };
        let at_all = |health: &Health, state: &SourceState, listing: &Listing, course: &Course| {
            WayBack::begin(&url(FEED), &url(FEED), health, state, listing, course).is_some()
        };
        let (listed, whole) = (listed(NOW), Course::default());
        assert!(at_all(&listed, &heard, &wordpress, &whole));
        assert!(!at_all(&listed, &SourceState::default(), &wordpress, &whole), "the first poll");
        assert!(!at_all(&Health::default(), &heard, &wordpress, &whole), "nothing was ever listed");
        assert!(!at_all(&listed, &heard, &wordpress, &Course { partial: true, ..whole.clone() }), "226");
        assert!(!at_all(&listed, &heard, &page(&[], wordpress.older.clone()), &whole), "an empty answer");
        assert!(!at_all(&listed, &heard, &page(&["b"], Older::default()), &whole), "no way");
    }

    #[test]
    fn line_40_what_is_from_before_the_last_listing_is_no_news_and_ends_it() {
        let dated = |entries: &[(&str, &str)]| Listing {
            entries: entries.iter().map(|(id, date)| entry(id, Some(date))).collect(),
            older: next("https://paper.example/3"),
            ..Listing::default()
        };
        // It was heard at noon; another guid for everything makes all of it look new.
        let (pages, first) = (
            [
                dated(&[("in the gap", "2026-11-24T13:00:00Z"), ("of the day before", "2026-11-23T13:00:00Z")]),
                dated(&[("old", "2026-11-20T10:00:00Z"), ("older", "2020-01-01T00:00:00Z")]),
            ],
            page(&["x"], next("https://paper.example/2")),
        );
        let (asked, entries, back) = walk(first, &pages, &HashSet::new());
        assert_eq!((asked.len(), entries.len(), back.added, back.end.clone()), (2, 4, 2, End::Met));
        assert_eq!(back.before, known(&["old", "older"]));
    }

    #[test]
    fn line_40_late_entries_in_a_page_that_meets_what_was_known_are_read() {
        let older = next("https://paper.example/2");
        let mixed = Listing {
            entries: vec![
                entry("known", Some("2026-11-24T09:00:00Z")),
                entry("behind it, out of order", Some("2026-11-24T14:00:00Z")),
                entry("from before", Some("2026-11-24T08:00:00Z")),
            ],
            ..Listing::default()
        };
        let (_, _, back) = walk(page(&["x"], older), &[mixed], &known(&["known"]));
        assert_eq!((back.added, back.before), (1, known(&["from before"])));
    }

    #[test]
    fn line_40_a_page_that_fails_ends_it_and_is_named() {
        let mut way = begin(&page(&["b"], next("https://paper.example/2"))).expect("a way back");
        assert!(way.next_page().is_some());
        way.fail(Fault::Transient, Reason::Status { status: 500 });
        assert_eq!(way.next_page(), None);
        let (_, back) = way.finish();
        assert_eq!(back.said(), "an older page could not be read: the server answered 500");
        assert!(!back.is_whole());
    }

    #[test]
    fn line_40_numbered_pages_keep_the_rest_of_the_query() {
        for (first, expected) in [
            ("https://paper.example/feed", "https://paper.example/feed?paged=2"),
            ("https://paper.example/?feed=rss2&cat=a%20b", "https://paper.example/?feed=rss2&cat=a%20b&paged=2"),
            ("https://paper.example/feed?paged=1&x", "https://paper.example/feed?x&paged=2"),
        ] {
            assert_eq!(numbered(&url(first), 2).as_str(), expected);
        }
    }
}
