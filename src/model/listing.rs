//! What the world answered, as it came, and what one answer lists.

use super::Entry;
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
    /// Documents that belong to the answer and are asked for in the same poll, such as the parts that a sitemap index
    /// names. What they list is added; what they name themselves is not followed.
    pub further: Vec<Url>,
}
