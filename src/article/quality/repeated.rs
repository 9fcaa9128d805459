//! The same text for entry after entry: a notice in the place of the articles.

use super::Detector;
use super::signs::Signs;
use crate::model::Reason;

/// What a source shows for entries with different titles.
pub static DETECTOR: Detector = Detector { name: "repeated_text", phrases: &[], examine };

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    if signs.repeated == 0 {
        return None;
    }
    // One other may be the article itself under a new headline; then the page shows the headline.
    let allowed = if signs.title_found() == Some(false) { 0 } else { 1 };
    (signs.repeated > allowed).then_some(Reason::RepeatedText { items: signs.repeated })
}
