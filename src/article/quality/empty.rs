//! Next to no text.

use super::Detector;
use super::signs::SHORT;
use super::signs::Signs;
use crate::model::Reason;

/// Pages with nothing to judge.
pub static DETECTOR: Detector = Detector { name: "empty_page", phrases: &[], examine };

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let something = signs.words >= SHORT || (signs.words > 0 && signs.is_flash());
    (!something).then_some(Reason::EmptyPage)
}

impl Signs<'_> {
    /// A news flash: the page says by itself that it is an article (a headline and a time), and its whole readable text
    /// is short, so nothing was overlooked.
    pub fn is_flash(&self) -> bool {
        let stamped = self.article.published.is_some() && !self.article.title.is_empty();
        stamped && self.words >= 8 && self.around().split_whitespace().count() < 400
    }
}
