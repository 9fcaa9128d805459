//! HTML of an article's body → plain text, paragraphs separated by an empty line.

use crate::feed::plain;
use scraper::Html;
use scraper::Node;

/// Elements that stand in a line of text; all others begin a paragraph.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr", "picture", "source", "amp-img",
];

/// Elements whose content nobody reads.
const SILENT: &[&str] = &["script", "style", "noscript", "template", "button", "svg", "head", "title"];

/// The text of a fragment of HTML that has passed the scanner.
pub fn of(html: &str) -> String {
    let fragment = Html::parse_fragment(html);
    let mut writer = Writer::default();
    let root = fragment.tree.root();
    let mut node = root;
    // From node to node, not by recursion: the depth costs no stack.
    loop {
        writer.enter(node.value());
        if let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            writer.leave(node.value());
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return writer.finish(),
            }
        }
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    paragraph: String,
    silent: usize,
}

impl Writer {
    fn enter(&mut self, node: &Node) {
        match node {
            Node::Text(words) if self.silent == 0 => self.paragraph.push_str(words),
            Node::Element(element) if SILENT.contains(&element.name()) => self.silent += 1,
            Node::Element(element) => self.boundary(element.name()),
            _ => {}
        }
    }

    fn leave(&mut self, node: &Node) {
        match node {
            Node::Element(element) if SILENT.contains(&element.name()) => self.silent -= 1,
            Node::Element(element) => self.boundary(element.name()),
            _ => {}
        }
    }

    fn boundary(&mut self, name: &str) {
        if matches!(name, "br" | "td" | "th") {
            self.paragraph.push(' ');
        } else if !INLINE.contains(&name) {
            end_paragraph(&mut self.text, &mut self.paragraph);
        }
    }

    fn finish(mut self) -> String {
        end_paragraph(&mut self.text, &mut self.paragraph);
        self.text
    }
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
