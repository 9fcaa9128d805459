//! What detectors look at, each sign made once and only when one asks for it.

use super::Listed;
use super::Reading;
use super::phrases;
use crate::article::scan;
use crate::feed::plain;
use crate::model::Article;
use std::cell::OnceCell;
use std::collections::HashSet;
use url::Url;

/// A text of this many words is an article whatever stands in it, unless much speaks against it.
pub const LONG: usize = 150;
/// Below this many words there is nothing to judge.
pub const SHORT: usize = 25;
/// Only the first part of a long page is looked at: walls are short.
const LOOKED_AT: usize = 512 * 1024;
/// Of a title, words with fewer letters say nothing.
const TELLING: usize = 4;

/// The signs of one reading.
pub struct Signs<'a> {
    /// What was extracted.
    pub article: &'a Article,
    /// The page as text.
    pub html: &'a str,
    /// The address that answered.
    pub url: Option<&'a Url>,
    /// What the feed says.
    pub listed: Listed<'a>,
    /// See [`Reading::repeated`].
    pub repeated: usize,
    /// Words of the extracted text.
    pub words: usize,
    /// The extracted text, folded.
    pub text: String,
    page_title: OnceCell<String>,
    around: OnceCell<String>,
    listed_title: OnceCell<String>,
    anchors: OnceCell<HashSet<String>>,
    known: OnceCell<HashSet<&'static str>>,
}

impl<'a> Signs<'a> {
    /// Those of a reading.
    pub fn of(reading: &Reading<'a>) -> Self {
        let words = count_words(&reading.article.text);
        // No wall is longer, and folding costs as much as all the rest.
        let start = &reading.article.text[..reading.article.text.floor_char_boundary(16 * 1024)];
        Self {
            article: reading.article,
            html: reading.html,
            url: reading.url,
            listed: reading.listed,
            repeated: reading.repeated,
            words,
            text: fold(start),
            page_title: OnceCell::new(),
            around: OnceCell::new(),
            listed_title: OnceCell::new(),
            anchors: OnceCell::new(),
            known: OnceCell::new(),
        }
    }

    /// The page's own `<title>`.
    pub fn page_title(&self) -> &str {
        self.page_title.get_or_init(|| page_title(self.html))
    }

    /// All that the page shows, tags dropped, folded.
    pub fn around(&self) -> &str {
        self.around.get_or_init(|| fold(&visible(self.html)))
    }

    /// The title in the feed, folded.
    pub fn listed_title(&self) -> &str {
        self.listed_title.get_or_init(|| fold(self.listed.title))
    }

    /// The titles of page and article, folded.
    pub fn titles(&self) -> [String; 2] {
        [fold(&self.article.title), fold(self.page_title())]
    }

    /// The phrases that the extracted text says.
    pub fn said(&self, phrases: &[&'static str]) -> Vec<&'static str> {
        let known = self.known.get_or_init(|| phrases::known(&self.text));
        phrases.iter().copied().filter(|phrase| known.contains(phrase)).collect()
    }

    /// The first of the phrases that stands anywhere on the page.
    pub fn said_around(&self, phrases: &[&'static str]) -> Option<&'static str> {
        phrases.iter().copied().find(|phrase| self.around().contains(phrase))
    }

    /// Words in the paragraphs that say none of the phrases.
    pub fn words_besides(&self, phrases: &[&[&str]]) -> usize {
        let says = |paragraph: &str| phrases.iter().any(|list| list.iter().any(|phrase| paragraph.contains(phrase)));
        self.article.text.split("\n\n").filter(|paragraph| !says(&fold(paragraph))).map(count_words).sum()
    }

    /// The phrase by which a page that asks for something is known: one of a short text, two of a longer one, three of
    /// a long one, and next to nothing besides. One may be a quotation, and paragraphs without any speak for an article
    /// that only carries a notice.
    pub fn asks(&self, phrases: &[&'static str]) -> Option<&'static str> {
        let said = self.said(phrases);
        let needed = match self.words {
            ..SHORT => 1,
            SHORT..LONG => 2,
            _ => 4,
        };
        if said.len() < needed {
            return None;
        }
        let besides = self.words_besides(&[phrases]);
        let alone = match self.words {
            ..LONG => besides < SHORT,
            // A long notice has paragraphs of its own words; an article about one is known by its title.
            _ => besides < self.words / 2 && self.title_found() == Some(false),
        };
        alone.then(|| said[0])
    }

    /// Whether the title in the feed is found on the page, in its title or in what it shows; `None` where the title says
    /// too little. Editors change titles, so half of its words are enough.
    pub fn title_found(&self) -> Option<bool> {
        let telling: HashSet<&str> = self
            .listed_title()
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| word.chars().count() >= TELLING)
            .collect();
        if telling.len() < 2 {
            return None;
        }
        let titles = self.titles().join(" ");
        let found =
            |word: &&&str| titles.contains(**word) || self.text.contains(**word) || self.around().contains(**word);
        Some(telling.iter().filter(found).count() * 2 >= telling.len())
    }

    /// Of the extracted text, the share of words in paragraphs that are nothing but a link, and how many such there are.
    pub fn linked(&self) -> (f64, usize) {
        let anchors = self.anchors.get_or_init(|| anchors(self.html));
        let (mut linked, mut paragraphs) = (0, 0);
        for paragraph in self.article.text.split("\n\n") {
            if anchors.contains(&fold(paragraph)) {
                linked += count_words(paragraph);
                paragraphs += 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
        let share = linked as f64 / self.words.max(1) as f64;
        (share, paragraphs)
    }

    /// What schema.org's `isAccessibleForFree` says of the page: publishers write it for search engines.
    pub fn says_not_free(&self) -> bool {
        self.html.match_indices("isAccessibleForFree").take(10).any(|(at, name)| {
            let value = self.html[at + name.len()..].trim_start_matches(['"', '\'', '\\']).trim_start();
            let value = value.trim_start_matches([':', '=']).trim_start().trim_start_matches(['"', '\'', '\\']);
            let value = value.trim_start_matches("content=").trim_start_matches(['"', '\'']);
            value.get(..5).is_some_and(|value| value.eq_ignore_ascii_case("false"))
        })
    }
}

/// Words between white space; scripts that put none count one for every two letters.
pub fn count_words(text: &str) -> usize {
    let unspaced = |letter: &char| {
        matches!(*letter, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
    };
    // How their letters begin in UTF-8: most texts have none of them.
    let letters = if text.bytes().any(|byte| matches!(byte, 0xe0 | 0xe1 | 0xe3..=0xe9)) {
        text.chars().filter(unspaced).count()
    } else {
        0
    };
    text.split_whitespace().count() + letters / 2
}

/// Lower case, one kind of apostrophe, single blanks: how phrases are written.
pub fn fold(text: &str) -> String {
    let folded = plain::fold(text).to_lowercase();
    if folded.contains('’') { folded.replace('’', "'") } else { folded }
}

/// A title as lists of titles have it: folded, without what ends it.
pub fn bare(title: &str) -> &str {
    title.trim_end_matches(['.', '…', '!', ':', ' '])
}

fn page_title(html: &str) -> String {
    let head = &html[..html.floor_char_boundary(256 * 1024)];
    let lower = head.to_ascii_lowercase();
    let title = || {
        let start = lower.find("<title")?;
        let open = start + lower[start..].find('>')? + 1;
        let close = open + lower[open..].find("</title")?;
        Some(plain::title(&head[open..close]))
    };
    title().unwrap_or_default()
}

fn visible(html: &str) -> String {
    let (html, _) = scan::defuse(&html[..html.floor_char_boundary(LOOKED_AT)]);
    plain::decode_entities(&without_tags(&html)).into_owned()
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 4);
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

/// The folded texts of all links.
fn anchors(html: &str) -> HashSet<String> {
    let (html, _) = scan::defuse(&html[..html.floor_char_boundary(LOOKED_AT)]);
    let lower = html.to_ascii_lowercase();
    let mut texts = HashSet::new();
    let mut at = 0;
    while let Some(start) = lower[at..].find("<a ").map(|found| at + found) {
        let Some(close) = lower[start..].find("</a").map(|found| start + found) else { break };
        texts.insert(fold(&plain::decode_entities(&without_tags(&html[start..close]))));
        at = close;
    }
    texts
}
