//! `watch = "https://…"`: a whole page; every block of text that was not there before is an entry of its own.
//!
//! A block's identity is the hash of its letters and digits, so a block that moves, or loses a comma, is no news, and one
//! that was there before stays silent when it returns. It has no page to be read: it is judged on its own text.

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use super::blocks;
use super::feed::address;
use super::page;
use super::selection::Selection;
use super::shell;
use crate::article;
use crate::model::Entry;
use crate::model::Reason;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::story::hexadecimal;
use scraper::Html;
use scraper::Selector;
use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::Url;

/// Longer blocks are clipped in the title, at a blank.
const LONGEST_TITLE: usize = 100;
/// So many words are enough for a browser to find the block.
const WORDS_IN_ADDRESS: usize = 8;

/// The kind.
pub static KIND: Kind = Kind {
    name: "watch",
    doc: "A whole page that changes, such as a list of hearings. Every paragraph, heading, list item and table row that \
          was not there before is an item, and is judged on its own text. What disappears is not told. What stands \
          there at the first poll is the baseline, unless `first_poll` is \"all\".",
    keys: &[
        Key { name: "watch", takes: Takes::Text, required: true, doc: "The address of the page, http or https." },
        Key {
            name: "within",
            takes: Takes::Text,
            required: false,
            doc: "CSS selector of the part that is watched; by default the whole page.",
        },
        Key {
            name: "ignore",
            takes: Takes::Texts,
            required: false,
            doc: "CSS selectors of what changes and is no news: counters, the time of day, advertisements.",
        },
    ],
    examples: &[
        "[source.hearings]\nwatch = \"https://court.example.org/hearings\"",
        "[source.registry]\nwatch = \"https://registry.example.org/notices\"\nwithin = \"main\"\n\
         ignore = [\".visitors\", \"p.updated\"]",
    ],
    build,
};

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let address = address("watch", settings).map_err(|complaint| complaints.push(complaint)).ok();
    let within = Selection::read("within", settings, &mut complaints);
    let ignore = Selection::read_all("ignore", settings, &mut complaints);
    match address {
        Some(address) if complaints.is_empty() => Ok(Arc::new(Whole { address, within, ignore })),
        _ => Err(complaints),
    }
}

struct Whole {
    address: Url,
    within: Option<Selection>,
    ignore: Vec<Selection>,
}

impl Watch for Whole {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml, */*;q=0.5"
    }

    fn is_page(&self) -> bool {
        true
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        article::media::is_page(document)?;
        let given = article::decode(document);
        let (html, warnings) = article::scan::defuse(&given);
        let page = Html::parse_document(&html);
        let title = page::title(&page);
        let ignored: Vec<&Selector> = self.ignore.iter().map(|selection| &selection.selector).collect();
        let within = self.within.as_ref();
        let chosen = blocks::of(&page, within.map(|selection| &selection.selector), &ignored);
        // A wall that answers 200 would be told as news, block by block.
        let shown = chosen.as_deref().unwrap_or_default();
        if let Some(refusal) = shell::refusal(&given, &page, title.as_deref().unwrap_or_default(), shown) {
            return Err(refusal);
        }
        let blocks = match (chosen, within) {
            (Some(blocks), _) if !blocks.is_empty() => blocks,
            (None, Some(selection)) => return Err(selection.chose_nothing()),
            _ => return Err(Reason::EmptyPage),
        };
        let mut seen = HashSet::new();
        let entries = blocks.iter().map(|block| self.entry(block)).filter(|entry| seen.insert(entry.id.clone()));
        Ok(Listing { format: "blocks".into(), title, entries: entries.collect(), warnings, ..Listing::default() })
    }
}

impl Whole {
    fn entry(&self, block: &str) -> Entry {
        Entry {
            id: identity(block),
            place: Some(place(&self.address, block)),
            title: clipped(block),
            content: Some(block.replace('&', "&amp;").replace('<', "&lt;")),
            ..Entry::default()
        }
    }
}

/// Of a block: what stays when editors change case, accents, blanks or punctuation.
fn identity(block: &str) -> String {
    let letters = block.nfkd().filter(|letter| letter.is_alphanumeric() && !is_combining_mark(*letter));
    let folded: String = letters.flat_map(char::to_lowercase).collect();
    format!("block:{}", hexadecimal(folded.as_bytes(), 16))
}

/// The page with a text fragment (<https://wicg.github.io/scroll-to-text-fragment/>), which a browser scrolls to.
fn place(page: &Url, block: &str) -> String {
    let mut place = page.clone();
    place.set_fragment(None);
    let mut place = String::from(place);
    place.push_str("#:~:text=");
    let words: Vec<&str> = block.split(' ').take(WORDS_IN_ADDRESS).collect();
    for byte in words.join(" ").bytes() {
        // The dash, the comma and the ampersand mean something in a fragment's own grammar.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~') {
            place.push(char::from(byte));
        } else {
            write!(place, "%{byte:02X}").expect("a String takes everything");
        }
    }
    place
}

fn clipped(block: &str) -> String {
    if block.chars().count() <= LONGEST_TITLE {
        return block.to_owned();
    }
    let end = block.char_indices().nth(LONGEST_TITLE).map_or(block.len(), |(at, _)| at);
    let end = block[..end].rfind(' ').unwrap_or(end);
    format!("{} …", &block[..end])
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::model::Document;
    use crate::model::Listing;
    use crate::model::Reason;
    use crate::model::setting::Settings;
    use crate::model::setting::Value;
    use std::collections::HashSet;
    use url::Url;

    fn listing(within: Option<&str>, ignore: &[&str], html: &str) -> Result<Listing, Reason> {
        let mut settings = Settings([("watch", Value::Text("https://court.example.org/hearings".into()))].into());
        if let Some(within) = within {
            settings.0.insert("within", Value::Text(within.into()));
        }
        if !ignore.is_empty() {
            settings.0.insert("ignore", Value::Texts(ignore.iter().map(|it| (*it).to_owned()).collect()));
        }
        let watch = (KIND.build)(&settings).map_err(|_| Reason::NoAddress)?;
        watch.listing(&Document { url: watch.address(), content_type: Some("text/html"), bytes: html.as_bytes() })
    }

    fn ids(listing: &Listing) -> HashSet<String> {
        listing.entries.iter().map(|entry| entry.id.clone()).collect()
    }

    const PAGE: &str = "<title>Audiencias</title><body><main><h1>Audiencias</h1><p>Lunes: caso Ocampo, sala 2.</p>\
        <table><tr><td>Martes</td><td>caso Rivas</td></tr></table><p class=seen>Visitas: 1041</p></main>\
        <footer>Pie</footer>";

    #[test]
    fn only_an_added_block_is_new_whatever_moves_around_it() {
        let before = listing(Some("main"), &[".seen"], PAGE).expect("blocks");
        let changed = PAGE.replace("<p>Lunes: caso Ocampo, sala 2.</p>", "").replace("1041", "1042").replace(
            "</main>",
            "<p>Miércoles: caso Vela & otros &lt;reservado&gt;.</p><p>LUNES: CASO OCAMPO, sala 2</p></main>",
        );
        let after = listing(Some("main"), &[".seen"], &changed).expect("blocks");
        let known = ids(&before);
        let new: Vec<_> = after.entries.iter().filter(|entry| !known.contains(&entry.id)).collect();
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].title, "Miércoles: caso Vela & otros <reservado>.");
        assert_eq!(new[0].content.as_deref(), Some("Miércoles: caso Vela &amp; otros &lt;reservado>."));
        assert_eq!(new[0].link, None);
        let place = "https://court.example.org/hearings#:~:text=Mi%C3%A9rcoles%3A%20caso%20Vela%20%26%20otros%20%3Creservado%3E.";
        assert_eq!(new[0].place.as_deref(), Some(place));
        assert!(Url::parse(place).is_ok_and(|url| url.as_str() == place));
    }

    #[test]
    fn a_block_that_stands_twice_is_one_entry() {
        let found = listing(None, &[], "<body><p>Uno</p><p>Uno</p><p>Dos</p>").expect("blocks");
        assert_eq!(found.entries.len(), 2);
    }

    #[test]
    fn what_is_no_page_to_watch_is_no_news() {
        for (within, html, code) in [
            (Some("#list"), PAGE, "selector_empty"),
            (None, "<body></body>", "empty_page"),
            (None, "<body><div id=root></div><script src=a.js></script>", "needs_scripts"),
            (None, "<title>Access denied</title><body><p>You have been blocked.</p>", "wall"),
        ] {
            assert_eq!(listing(within, &[], html).expect_err(code).code(), code);
        }
        let empty = listing(Some("#list"), &[], PAGE);
        assert_eq!(empty, Err(Reason::SelectorEmpty { selector: "within = \"#list\"".into() }));
    }

    #[test]
    fn the_selector_that_is_none_is_the_one_complained_of() {
        let values = [
            ("watch", Value::Text("https://court.example.org/".into())),
            ("ignore", Value::Texts(vec!["p".into(), "p[".into()])),
        ];
        let complaints = (KIND.build)(&Settings(values.into())).err().expect("a complaint");
        assert_eq!((complaints.len(), complaints[0].key, complaints[0].index), (1, "ignore", Some(1)));
    }
}
