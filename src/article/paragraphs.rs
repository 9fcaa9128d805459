//! HTML of an article's body → plain text, paragraphs separated by an empty line.

use super::blocks;
use crate::feed::plain;
use dom_query::Document;

/// The text of a piece of HTML that has passed the scanner.
pub fn of(html: &str) -> String {
    blocks::of(&Document::from(html)).text(|_| true)
}

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
    use super::of;

    #[test]
    fn blocks_become_paragraphs_and_lines_stay_together() {
        let html = "<div><h2>Head</h2><p>One <b>two</b>,\n three<br>four</p>loose <i>words</i><ul><li>a</li><li>b</li></ul>\
                    <p> </p><script>no</script></div>";
        assert_eq!(of(html), "Head\n\nOne two, three four\n\nloose words\n\na\n\nb");
    }
}
