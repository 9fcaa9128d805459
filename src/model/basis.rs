//! Which text an item was judged on, and what was read besides.

use super::Reason;

use serde::Deserialize;
use serde::Serialize;

/// Where a text comes from. Those behind [`Basis::Page`] stand in for a page that gives no article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The page behind the entry.
    #[default]
    Page,
    /// The source itself: what it lists has no page.
    Listing,
    /// The entry's own text in the feed.
    Feed,
    /// The page's AMP version.
    Amp,
    /// The page's version for print.
    Print,
    /// Another version of itself that the page declares.
    Alternate,
    /// A copy at the mirror or archive of the configuration.
    Mirror,
    /// The page as the operator's rendering service shows it.
    Rendering,
    /// The page, which is a PDF file.
    Pdf,
}

impl Basis {
    /// What may stand in for a page, in the order in which it is tried unless the configuration says otherwise.
    pub const INSTEAD: [Self; 6] = [Self::Feed, Self::Amp, Self::Print, Self::Alternate, Self::Mirror, Self::Rendering];

    /// The name in the configuration, in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Listing => "listing",
            Self::Feed => "feed",
            Self::Amp => "amp",
            Self::Print => "print",
            Self::Alternate => "alternate",
            Self::Mirror => "mirror",
            Self::Rendering => "rendering",
            Self::Pdf => "pdf",
        }
    }

    /// In a few words, for people, where it is another text than the page's own.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Page | Self::Listing => None,
            Self::Feed => Some("the text in the feed"),
            Self::Amp => Some("the page's AMP version"),
            Self::Print => Some("the page's version for print"),
            Self::Alternate => Some("another version that the page declares"),
            Self::Mirror => Some("a copy at the mirror"),
            Self::Rendering => Some("the page as a browser shows it"),
            Self::Pdf => Some("a PDF file"),
        }
    }

    /// In a few words, for people.
    pub fn of_what(self) -> &'static str {
        match self {
            Self::Listing => "what the source lists",
            other => other.in_words().unwrap_or("the page itself"),
        }
    }

    /// Whether an address of its own was asked, which says nothing of the page's own identity.
    pub fn is_elsewhere(self) -> bool {
        matches!(self, Self::Amp | Self::Print | Self::Alternate | Self::Mirror)
    }
}

/// The text that was read and not judged, since another was better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternate {
    /// Where it comes from.
    pub basis: Basis,
    /// Which extractor gave it.
    pub method: String,
    /// What it says; empty where nothing could be read.
    pub text: String,
    /// Why it was not judged; `None` where it was only the shorter one.
    pub reason: Option<Reason>,
}
