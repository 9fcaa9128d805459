//! The body that a page tells to machines → plain text, paragraphs separated by an empty line.

use crate::feed::plain;

/// Plain text whose lines are paragraphs, as in JSON-LD; markup and entities in it are read too.
pub fn of_plain(body: &str) -> String {
    let mut text = String::new();
    for line in body.split(['\n', '\r']) {
        end_paragraph(&mut text, &mut plain::title(line));
    }
    text
}

fn end_paragraph(text: &mut String, paragraph: &mut String) {
    let folded = plain::fold(paragraph);
    paragraph.clear();
    if folded.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&folded);
}

#[cfg(test)]
mod tests {
    use super::of_plain;

    #[test]
    fn lines_become_paragraphs_and_markup_is_read() {
        assert_eq!(of_plain("One &amp; two.\n\n<b>Three</b>\r\n "), "One & two.\n\nThree");
    }
}
