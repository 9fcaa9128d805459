//! What the world answered, as it came, and what one answer lists.

use super::Entry;
use serde::Deserialize;
use serde::Serialize;
use url::Url;

/// An answer as it came, decompressed.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The address that answered, after redirects.
    pub url: &'a Url,
    /// The whole Content-Type header, if there was one.
    pub content_type: Option<&'a str>,
    /// The body.
    pub bytes: &'a [u8],
}

/// What one answer lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Such as `rss2`, `atom`, `json_feed`, `page`.
    pub format: String,
    /// The name that the source gives itself.
    pub title: Option<String>,
    /// In document order.
    pub entries: Vec<Entry>,
    /// What was odd: a lower-case sentence each.
    pub warnings: Vec<String>,
    /// When it wants to be asked again.
    pub wishes: Wishes,
    /// Documents that belong to the answer and are asked for in the same poll, such as the parts that a sitemap index
    /// names. What they list is added; what they name themselves is not followed.
    pub further: Vec<Url>,
    /// Where older entries stand. Nobody asks there unless entries were missed.
    pub older: Older,
}

/// Where a feed keeps its older entries, by its own word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Older {
    /// The archive document before this one: `prev-archive` (RFC 5005 §4).
    pub archive: Option<Url>,
    /// The next page, which holds older entries: `next` (RFC 5005 §3), `next_url` of JSON Feed.
    pub next: Option<Url>,
    /// The address that answered, where WordPress made the feed: with `paged=2` it gives the second page.
    pub paged: Option<Url>,
}

/// When a feed wants to be asked, in its own words: what they mean, and whether they are nonsense, `schedule` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// RSS `ttl`: minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// `sy:updatePeriod`, such as `hourly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_period: Option<String>,
    /// `sy:updateFrequency`: how often in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_frequency: Option<String>,
    /// Each `hour` of RSS `skipHours`, GMT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_hours: Vec<String>,
    /// Each `day` of RSS `skipDays`, GMT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_days: Vec<String>,
}
