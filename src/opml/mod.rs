//! OPML (opml.org, 1.0 to 2.0) ↔ feeds to watch. Pure. Reading is lenient about what an outline says and strict about
//! what the file is: half a list is refused with line and column, and nothing of it is left out without a remark.
//!
//! A name has no place in OPML, so it is written in a namespace of our own; other readers pass over it.

mod read;
mod write;

pub use read::read;
pub use write::write;

use url::Url;

/// Under which the name of a source is written.
const NAMESPACE: &str = "urn:atalaya:opml";

/// One feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The source's name, when the list is one of ours.
    pub name: Option<String>,
    /// The address of the feed.
    pub url: Url,
    /// Its title for people.
    pub label: Option<String>,
    /// The outlines that it stands in, the outermost first.
    pub folder: Vec<String>,
}

/// A list of feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// In their order; of twins (the same address over http and https) the first, with https.
    pub feeds: Vec<Outline>,
    /// What was left out, or changed.
    pub remarks: Vec<Remark>,
}

/// Something about one place of the list. As an error, why the whole is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Remark {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A lower-case fragment without a full stop.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::Outline;
    use super::read;
    use super::write;
    use proptest::prelude::*;
    use url::Url;

    fn outline() -> impl Strategy<Value = Outline> {
        let label = prop::option::of(
            "[^\\p{Cc}\\p{Zs}\\p{Zl}\\p{Zp}\u{fffe}\u{ffff}]{1,20}( [^\\p{Cc}\\p{Zs}\\p{Zl}\\p{Zp}\u{fffe}\u{ffff}]{1,9})?",
        );
        ("[a-zA-Z0-9_-]{1,64}", "[a-z]{1,9}", "[ -~]{0,30}", label).prop_map(|(name, host, path, label)| Outline {
            url: Url::parse(&format!("https://{host}.example/{name}/{path}")).expect("an address"),
            name: Some(name),
            label,
            folder: Vec::new(),
        })
    }

    proptest! {
        #[test]
        fn what_is_exported_is_imported_as_it_was(mut given in prop::collection::vec(outline(), 0..8)) {
            let mut seen = std::collections::HashSet::new();
            given.retain(|outline| seen.insert(crate::discover::key(&outline.url)));
            let list = read(&write(&given)).expect("our own list");
            prop_assert_eq!(list.feeds, given);
            prop_assert_eq!(list.remarks, Vec::new());
        }

        #[test]
        fn no_text_makes_it_panic(text in "(<|>|/|opml|body|outline|xmlUrl=| |\"|&|;|https://a|\\PC){0,60}") {
            let _answer = read(&text);
        }
    }
}
