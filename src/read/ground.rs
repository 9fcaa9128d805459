//! (item, reply, tries) → the text that the item is judged on, or another try: the better of page and feed, and what is
//! left when neither gives the article.

use crate::article;
use crate::article::quality;
use crate::evidence::Capture;
use crate::model::Alternate;
use crate::model::Article;
use crate::model::Basis;
use crate::model::Fault;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Reason;
use crate::story;
use crate::story::Fingerprint;
use crate::text::language;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::sync::Arc;

/// What the world answered to the reading of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The page was read.
    Article {
        /// What it says.
        article: Box<Article>,
        /// The address that answered, after redirects.
        url: String,
        /// What was asked and answered, byte for byte.
        proof: Proof,
    },
    /// The page answered, and what it says is not the article or not all of it.
    Refused {
        /// What it says all the same.
        article: Box<Article>,
        /// Why that is not to be trusted.
        reason: Reason,
        /// What was asked and answered, byte for byte.
        proof: Proof,
    },
    /// It was not.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// Where the bytes are that a text was read from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proof {
    /// There are none: the text is the entry's own.
    #[default]
    Entry,
    /// Here.
    Capture(Arc<Capture>),
    /// The page had been read for this item a moment before, and was not asked again.
    ReadFor(ItemId),
}

/// The method of an article that is its entry's own text.
pub const FROM_FEED: &str = "feed";

/// What is done about a page that gives no article.
#[derive(Clone, Copy)]
pub struct Trying<'a> {
    /// The pause before each further try.
    pub retry: &'a [SignedDuration],
    /// Whether a feed's whole text is enough to judge on.
    pub feed: bool,
}

/// What an item can be judged on.
#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    /// On this text.
    Text(Box<Text>),
    /// On nothing yet: the page is asked for again.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed this time.
        reason: Reason,
    },
}

/// A text to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The article.
    pub article: Article,
    /// The address that answered.
    pub final_url: String,
    /// What was read besides.
    pub alternate: Option<Alternate>,
    /// How its copies are found.
    pub fingerprint: Fingerprint,
    /// Set when the page could not be read and this is only the feed's own text.
    pub unread: Option<Reason>,
    /// Where its bytes are.
    pub proof: Proof,
    /// Whether the look-alikes hold all that was told of late, so that copies with other words around them are seen.
    pub weighed: bool,
}

/// What an item brings along: the whole text, where no page stands behind its entry. Nothing is asked for then.
pub fn brought(item: &Item) -> Option<Ground> {
    let place = item.entry.place.as_ref().filter(|_| item.entry.link.is_none())?;
    let article = Article { method: "listing".into(), basis: Basis::Listing, ..from_entry(item) };
    // The place is the page's, and would make all that the page lists one story.
    let fingerprint = Fingerprint { addresses: Vec::new(), text: story::text_hash(&article.text) };
    Some(Ground::Text(Box::new(Text {
        article,
        final_url: place.clone(),
        alternate: None,
        fingerprint,
        unread: None,
        proof: Proof::Entry,
        weighed: false,
    })))
}

/// What the entry of an item says, in plain text: the field for whole texts, else the summary.
pub fn text_of_entry(item: &Item) -> String {
    let html = item.entry.content.as_deref().or(item.entry.summary.as_deref()).unwrap_or_default();
    article::plain_text(html)
}

/// Whether the feed gives the whole article, so that nothing else need be asked. `refused` is what the page says.
pub fn is_whole_in_feed(item: &Item, refused: Option<&Article>, reason: &Reason) -> bool {
    let plain = |html: &Option<String>| html.as_deref().map(article::plain_text);
    // What other walls say is no part of the article.
    let beginning = refused.filter(|_| matches!(reason, Reason::Paywall { .. } | Reason::TeaserOnly { .. }));
    let beginning = beginning.map(|article| article.text.as_str());
    let (content, summary) = (plain(&item.entry.content), plain(&item.entry.summary));
    quality::is_whole(content.as_deref(), summary.as_deref(), beginning)
}

/// Whether this time something else is taken in place of the page: at once when the page said what it has to say, after
/// one more try when the trouble may be over by then.
pub fn turns_elsewhere(fault: Fault, reason: &Reason, attempts: u32) -> bool {
    let passing = match reason {
        Reason::Status { status } => !matches!(status, 400..=499) || *status == 429,
        Reason::TimedOut { .. } | Reason::ConnectionFailed { .. } | Reason::SourceGone => true,
        _ => matches!(fault, Fault::Throttled { .. }),
    };
    !passing || attempts > 0
}

/// Whether other addresses may be asked in place of a page: not where its site asked robots to keep away, nor where
/// nobody says by which way.
pub fn may_ask_elsewhere(reason: &Reason) -> bool {
    !matches!(
        reason,
        Reason::RobotsRefused { .. } | Reason::AddressRefused { .. } | Reason::NoAddress | Reason::SourceGone
    )
}

/// How many more tries a page gets that is not likely to say anything else: what its beginning is enough for is told
/// sooner then.
const LASTING: usize = 3;

/// Whether a page will hardly say anything else later: it wants to be paid or to know who asks.
fn lasts(reason: &Reason) -> bool {
    matches!(reason, Reason::Paywall { .. } | Reason::LoginWall { .. } | Reason::TeaserOnly { .. })
}

/// Settles what an item is judged on: the better of page and feed. A page that gives no article is asked for again until
/// the tries are used up, unless the feed gives the whole text; then the feed's teaser is all there is.
pub fn ground(item: &Item, reply: Reply, trying: &Trying<'_>, now: Timestamp) -> Ground {
    let (fault, reason, refused, proof) = match reply {
        Reply::Article { article, url, proof } => return better(item, *article, url, proof, trying),
        Reply::Refused { article, reason, proof } => (Fault::Transient, reason, Some(article), proof),
        Reply::Failed { fault, reason } => (fault, reason, None, Proof::Entry),
    };
    if trying.feed
        && turns_elsewhere(fault, &reason, item.attempts)
        && is_whole_in_feed(item, refused.as_deref(), &reason)
    {
        let basis = refused.as_ref().map_or(Basis::Page, |article| article.basis);
        let (method, text) = refused.map(|article| (article.method, article.text)).unwrap_or_default();
        return from_feed(item, Alternate { basis, method, text, reason: Some(reason) }, proof);
    }
    let patience = if lasts(&reason) { trying.retry.len().min(LASTING) } else { trying.retry.len() };
    let pause = trying.retry[..patience].get(item.attempts as usize);
    if let (Fault::Transient | Fault::Throttled { .. }, Some(pause)) = (fault, pause) {
        let regular = now.saturating_add(*pause).unwrap_or(Timestamp::MAX);
        let at = match fault {
            Fault::Throttled { until: Some(until) } => regular.max(until),
            _ => regular,
        };
        return Ground::Again { at, reason };
    }
    let listed = item.entry.link.as_deref();
    let beginning = refused.filter(|_| matches!(reason, Reason::Paywall { .. } | Reason::TeaserOnly { .. }));
    let reason = Reason::GaveUp { attempts: item.attempts + 1, last: Box::new(reason) };
    let mut article = from_entry(item);
    // A yes is certain in the beginning of an article as well, and the page's is often longer than the feed's.
    if let Some(beginning) = beginning.filter(|beginning| beginning.text.len() > article.text.len()) {
        article = completed(*beginning, item);
    }
    let final_url = listed.unwrap_or_default().to_owned();
    // The teaser of a page that nobody read must not make a page that somebody reads later a copy of it by its words.
    let fingerprint = Fingerprint { text: None, ..story::fingerprint(listed, &final_url, None, "") };
    Ground::Text(Box::new(Text {
        article,
        final_url,
        alternate: None,
        fingerprint,
        unread: Some(reason),
        proof: Proof::Entry,
        weighed: false,
    }))
}

/// Both were read: the better one is judged.
fn better(item: &Item, article: Article, url: String, proof: Proof, trying: &Trying<'_>) -> Ground {
    let listed = item.entry.link.as_deref();
    if trying.feed
        && quality::is_better(&text_of_entry(item), &article.text)
        && is_whole_in_feed(item, None, &Reason::EmptyPage)
    {
        let Article { basis, method, text, .. } = article;
        // Both are kept: the entry in the record, and the page's bytes.
        return from_feed(item, Alternate { basis, method, text, reason: None }, proof);
    }
    let article = completed(article, item);
    // What a copy elsewhere says of its own address is nothing that another item may be merged by.
    let (answered, declared) = match (article.basis.is_elsewhere(), listed) {
        (true, Some(listed)) => (listed, None),
        _ => (url.as_str(), article.canonical_url.as_deref()),
    };
    let fingerprint = story::fingerprint(listed, answered, declared, &article.text);
    Ground::Text(Box::new(Text {
        article,
        final_url: url,
        alternate: None,
        fingerprint,
        unread: None,
        proof,
        weighed: false,
    }))
}

/// The feed's text as the whole article.
fn from_feed(item: &Item, alternate: Alternate, proof: Proof) -> Ground {
    let listed = item.entry.link.as_deref();
    let final_url = listed.unwrap_or_default().to_owned();
    let article = from_entry(item);
    let fingerprint = story::fingerprint(listed, &final_url, None, &article.text);
    let alternate = Some(alternate);
    Ground::Text(Box::new(Text { article, final_url, alternate, fingerprint, unread: None, proof, weighed: false }))
}

/// The article with what the page did not tell taken from the feed, and its language found in the text.
fn completed(mut article: Article, item: &Item) -> Article {
    if article.title.trim().is_empty() {
        article.title.clone_from(&item.entry.title);
    }
    article.published = article.published.or(item.entry.published);
    article.modified = article.modified.or(item.entry.updated);
    article.language = language::detect(&article.title, &article.text, article.language.as_ref());
    article
}

/// What the feed itself says, as an article.
fn from_entry(item: &Item) -> Article {
    let entry = &item.entry;
    let text = text_of_entry(item);
    Article {
        language: language::detect(&entry.title, &text, None),
        title: entry.title.clone(),
        byline: entry.authors.first().cloned(),
        published: entry.published,
        modified: entry.updated,
        text,
        basis: Basis::Feed,
        method: FROM_FEED.into(),
        ..Article::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(content: Option<&str>, attempts: u32) -> Item {
        Item {
            id: ItemId(1),
            source: crate::model::SourceName::new("faro"),
            entry: crate::model::Entry {
                id: "a".into(),
                link: Some("https://faro.example/a".into()),
                title: "El pabellón del puerto".into(),
                summary: Some("Un pabellón.".into()),
                content: content.map(str::to_owned),
                ..crate::model::Entry::default()
            },
            listed_at: Timestamp::UNIX_EPOCH,
            attempts,
        }
    }

    fn words(count: usize) -> String {
        "palabra ".repeat(count).trim().to_owned() + "."
    }

    fn settled(item: &Item, reply: Reply) -> Ground {
        let retry = [SignedDuration::from_mins(1); 7];
        ground(item, reply, &Trying { retry: &retry, feed: true }, Timestamp::UNIX_EPOCH)
    }

    fn status(status: u16) -> Reply {
        Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status } }
    }

    fn paid(text: &str) -> Reply {
        let article = Article { text: text.to_owned(), ..Article::default() };
        Reply::Refused {
            article: Box::new(article),
            reason: Reason::Paywall { detail: "x".into() },
            proof: Proof::Entry,
        }
    }

    #[test]
    fn a_whole_feed_is_judged_at_once_where_the_page_said_no_and_after_one_more_try_where_it_may_pass() {
        let whole = words(150);
        for (reply, attempts, judged) in [
            (status(403), 0, true),
            (status(404), 0, true),
            (paid("Suscríbase."), 0, true),
            (status(503), 0, false),
            (status(503), 1, true),
            (status(429), 0, false),
            (Reply::Failed { fault: Fault::Permanent, reason: Reason::TooLarge { limit: 1 } }, 0, true),
        ] {
            let said = format!("{reply:?} {attempts}");
            match settled(&item(Some(&whole), attempts), reply) {
                Ground::Text(text) => {
                    assert!(judged && text.unread.is_none() && text.article.basis == Basis::Feed, "{said}");
                    assert!(text.fingerprint.text.is_some() && text.alternate.is_some(), "{said}");
                }
                Ground::Again { .. } => assert!(!judged, "{said}"),
            }
        }
    }

    #[test]
    fn a_paid_page_is_not_asked_for_days_and_its_beginning_may_say_yes() {
        let Ground::Text(text) = settled(&item(None, 3), paid(&words(80))) else { panic!("it is given up") };
        assert!(text.unread.is_some() && text.article.basis == Basis::Page);
        assert!(matches!(settled(&item(None, 2), paid(&words(80))), Ground::Again { .. }));
        assert!(matches!(settled(&item(None, 3), status(403)), Ground::Again { .. }));
        // The paid page shows as much as the feed gives: the same beginning.
        let Ground::Text(text) = settled(&item(Some(&words(150)), 3), paid(&words(150))) else {
            panic!("it is given up")
        };
        assert!(text.unread.is_some());
    }

    #[test]
    fn what_a_copy_elsewhere_says_of_its_address_makes_no_copy_of_anything() {
        let article = Article {
            text: words(200),
            basis: Basis::Mirror,
            canonical_url: Some("https://archive.example/".into()),
            ..Article::default()
        };
        let url = "https://archive.example/".to_owned();
        let reply = Reply::Article { article: Box::new(article), url: url.clone(), proof: Proof::Entry };
        let Ground::Text(text) = settled(&item(None, 0), reply) else { panic!("it is read") };
        assert_eq!(text.final_url, url);
        assert_eq!(text.fingerprint.addresses, ["https://faro.example/a"]);
    }

    #[test]
    fn the_better_text_is_judged_and_the_other_kept() {
        for (feed, page, basis) in [(400, 100, Basis::Feed), (400, 390, Basis::Page), (150, 400, Basis::Page)] {
            let article = Article { text: words(page), ..Article::default() };
            let reply = Reply::Article {
                article: Box::new(article),
                url: "https://faro.example/a".into(),
                proof: Proof::Entry,
            };
            let Ground::Text(text) = settled(&item(Some(&words(feed)), 0), reply) else { panic!("it is read") };
            assert_eq!(text.article.basis, basis, "{feed} {page}");
            assert_eq!(text.alternate.is_some(), basis == Basis::Feed, "{feed} {page}");
        }
    }
}
