//! (key, table) → CSS selectors that know their key, so that one that chooses nothing is named. No kind of its own: what
//! the kinds that read pages share.

use crate::feed::plain;
use crate::model::Reason;
use crate::model::setting::Complaint;
use crate::model::setting::Settings;
use scraper::ElementRef;
use scraper::Selector;

/// A selector as the operator wrote it.
pub struct Selection {
    key: &'static str,
    text: String,
    /// Ready for use.
    pub selector: Selector,
}

impl Selection {
    /// The selector given for `key`; `None` when there is none, or when it is none, which is complained of.
    pub fn read(key: &'static str, settings: &Settings, complaints: &mut Vec<Complaint>) -> Option<Self> {
        Self::parse(key, None, settings.text(key)?, complaints)
    }

    /// All selectors given for `key`; each that is none is complained of.
    pub fn read_all(key: &'static str, settings: &Settings, complaints: &mut Vec<Complaint>) -> Vec<Self> {
        let given = settings.texts(key).iter().enumerate();
        given.filter_map(|(index, text)| Self::parse(key, Some(index), text, complaints)).collect()
    }

    fn parse(key: &'static str, index: Option<usize>, text: &str, complaints: &mut Vec<Complaint>) -> Option<Self> {
        match Selector::parse(text) {
            Ok(selector) => Some(Self { key, text: text.to_owned(), selector }),
            Err(error) => {
                let message = if text.trim().is_empty() {
                    "the selector is empty".into()
                } else {
                    error_text(&error.to_string())
                };
                let help = "write a CSS selector, such as `article.teaser` or `ul.news > li`";
                complaints.push(Complaint { index, ..Complaint::new(key, message, help) });
                None
            }
        }
    }

    /// As it stands in the configuration: `item = "article"`.
    pub fn written(&self) -> String {
        format!("{} = {}", self.key, toml::Value::from(self.text.as_str()))
    }

    /// The alarm that it chooses nothing.
    pub fn chose_nothing(&self) -> Reason {
        Reason::SelectorEmpty { selector: self.written() }
    }
}

/// A lower-case fragment without a full stop.
fn error_text(error: &str) -> String {
    let mut letters = error.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("no CSS selector: {first}{}", letters.as_str())
}

/// All text inside an element, white space folded.
pub fn text(element: ElementRef<'_>) -> String {
    plain::fold(&element.text().collect::<String>())
}
