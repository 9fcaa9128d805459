//! A parsed page → its blocks of text in order, each with the frame (element) that it stands in. A block is what a
//! reader sees as one paragraph, heading, entry of a list, or line. Frames carry what their names promise
//! ([`traits`]).

use super::traits;
use super::traits::Traits;
use crate::feed::plain;
use dom_query::Document;
use dom_query::Element;
use dom_query::NodeData;
use dom_query::NodeRef;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

/// The text of a page in its order.
#[derive(Debug, Default)]
pub struct Blocks {
    /// What text stands in. The first is the whole page, and a frame comes behind the one that holds it.
    pub frames: Vec<Frame>,
    /// The text.
    pub blocks: Vec<Block>,
}

/// An element that begins a paragraph or holds some.
#[derive(Debug, Default)]
pub struct Frame {
    /// The frame around it; the first one's is itself.
    pub parent: usize,
    /// How many are around it.
    pub depth: u32,
    /// The element's name.
    pub name: String,
    /// What its name, class and attributes promise.
    pub traits: Traits,
    /// The same for elements of one name and class.
    pub kind: u64,
}

/// One paragraph, heading or line.
#[derive(Debug, Default)]
pub struct Block {
    /// White space folded; never empty.
    pub text: String,
    /// The frame that it stands in.
    pub frame: usize,
    /// Letters but white space.
    pub letters: usize,
    /// Of these, in links.
    pub linked: usize,
    /// Of these, in bold type.
    pub bold: usize,
    /// It stands behind a double line break, not at the start of an element.
    pub after_break: bool,
    /// What elements within its line promise.
    pub inner: Traits,
}

/// Elements that stand in a line of text; all others begin a paragraph.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr", "picture", "source", "amp-img",
];

/// Elements whose content is no text of the page.
const SILENT: &[&str] = &[
    "script", "style", "noscript", "template", "button", "svg", "head", "title", "select", "option", "textarea",
    "iframe", "object", "video", "audio",
];

impl Blocks {
    /// The places of blocks that follow each other in elements of one name at one depth.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let kind = |block: &Block| {
            let frame = &self.frames[block.frame];
            (frame.name.as_str(), frame.depth)
        };
        let runs = self.blocks.chunk_by(move |one, next| kind(one) == kind(next));
        runs.scan(0, |start, run| {
            let range = *start..*start + run.len();
            *start = range.end;
            Some(range)
        })
    }

    /// The text of the blocks for which `keep` says yes, separated by an empty line.
    pub fn text(&self, keep: impl Fn(usize) -> bool) -> String {
        let kept = self.blocks.iter().enumerate().filter(|(place, _)| keep(*place));
        kept.map(|(_, block)| block.text.as_str()).collect::<Vec<_>>().join("\n\n")
    }
}

/// The blocks of a page.
pub fn of(document: &Document) -> Blocks {
    let whole = Frame { name: "page".into(), ..Frame::default() };
    let mut writer =
        Writer { page: Blocks { frames: vec![whole], blocks: Vec::new() }, open: vec![0], ..Writer::default() };
    let root = document.root();
    let mut node = root;
    // From node to node, not by recursion: the depth costs no stack.
    'page: loop {
        writer.enter(&node);
        if let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            writer.leave(&node);
            if node.id == root.id {
                break 'page;
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => break 'page,
            }
        }
    }
    writer.end_block();
    writer.page
}

#[derive(Default)]
struct Writer {
    page: Blocks,
    /// The frames that are open.
    open: Vec<usize>,
    block: Block,
    breaks: u8,
    silent: usize,
    links: usize,
    bolds: usize,
    /// Class and id → promises: pages repeat theirs hundreds of times.
    known: HashMap<String, Traits>,
}

impl Writer {
    fn enter(&mut self, node: &NodeRef<'_>) {
        node.query(|node| match &node.data {
            NodeData::Text { contents } if self.silent == 0 => self.text(contents),
            NodeData::Element(element) => self.start(element),
            _ => {}
        });
    }

    fn leave(&mut self, node: &NodeRef<'_>) {
        node.query(|node| {
            if let NodeData::Element(element) = &node.data {
                self.end(&element.name.local);
            }
        });
    }

    fn text(&mut self, text: &str) {
        let letters = text.chars().filter(|letter| !letter.is_whitespace()).count();
        if letters > 0 {
            self.breaks = 0;
        }
        self.block.letters += letters;
        if self.links > 0 {
            self.block.linked += letters;
        }
        if self.bolds > 0 {
            self.block.bold += letters;
        }
        self.block.text.push_str(text);
    }

    fn start(&mut self, element: &Element) {
        let name: &str = &element.name.local;
        if SILENT.contains(&name) {
            self.silent += 1;
            return;
        }
        if name == "br" {
            self.breaks += 1;
            if self.breaks > 1 {
                self.end_block();
                self.block.after_break = true;
            } else {
                self.block.text.push(' ');
            }
            return;
        }
        let (traits, words) = self.traits(element);
        if INLINE.contains(&name) {
            self.links += usize::from(name == "a");
            self.bolds += usize::from(matches!(name, "b" | "strong"));
            self.block.inner |= traits;
            return;
        }
        self.boundary(name);
        let parent = self.around();
        // A paragraph within a link is one.
        let traits = if self.links > 0 { traits | traits::of_element("a") } else { traits };
        self.page.frames.push(Frame {
            parent,
            depth: self.page.frames[parent].depth + 1,
            name: name.to_owned(),
            traits,
            kind: std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one((name, &words)),
        });
        self.open.push(self.page.frames.len() - 1);
    }

    fn end(&mut self, name: &str) {
        if SILENT.contains(&name) {
            self.silent -= 1;
        } else if INLINE.contains(&name) {
            self.links -= usize::from(name == "a");
            self.bolds -= usize::from(matches!(name, "b" | "strong"));
        } else if name != "br" {
            self.boundary(name);
            self.open.pop();
        }
    }

    /// What an element promises, and its class and id in lower case.
    fn traits(&mut self, element: &Element) -> (Traits, String) {
        let name: &str = &element.name.local;
        let mut traits = traits::of_element(name);
        let mut words = String::new();
        for attribute in &element.attrs {
            let value: &str = &attribute.value;
            match &*attribute.name.local {
                "class" | "id" | "role" | "data-testid" | "data-component" => {
                    words.push(' ');
                    words.push_str(value);
                }
                "itemprop" => {
                    if value.contains("articleBody") {
                        traits |= traits::DECLARED_BODY;
                    }
                    words.push(' ');
                    words.push_str(value);
                }
                "hidden" => traits |= traits::HIDDEN,
                "aria-hidden" if value == "true" => traits |= traits::HIDDEN,
                "style" if value.contains("display:none") || value.contains("display: none") => {
                    traits |= traits::HIDDEN;
                }
                _ => {}
            }
        }
        // The whole page's class speaks of everything on it.
        if words.is_empty() || matches!(name, "body" | "html") {
            return (traits, String::new());
        }
        words.truncate(words.floor_char_boundary(500));
        words.make_ascii_lowercase();
        let named = match self.known.get(&words) {
            Some(named) => *named,
            None => *self.known.entry(words.clone()).or_insert_with(|| traits::of_words(&words)),
        };
        (traits | named, words)
    }

    fn boundary(&mut self, name: &str) {
        if matches!(name, "td" | "th") {
            self.block.text.push(' ');
        } else {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        self.breaks = 0;
        let mut block = std::mem::take(&mut self.block);
        if !block.text.chars().any(char::is_alphanumeric) {
            return;
        }
        block.text = plain::fold(&block.text);
        block.frame = self.around();
        self.page.blocks.push(block);
    }

    fn around(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::traits;
    use super::of;
    use dom_query::Document;

    #[test]
    fn paragraphs_lines_and_cells_become_blocks_with_what_is_around_them() {
        let page = of(&Document::from(
            "<body class=\"newsletter\"><div class=\"related-box\"><a href=x><h3>See <b>also</b></h3></a></div>\
             <p>One<br>line<br><br>Two <a href=y>linked</a></p><table><tr><td>a<td>b</table><script>no</script>",
        ));
        let texts: Vec<&str> = page.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(texts, ["See also", "One line", "Two linked", "a b"]);
        let heading = &page.blocks[0];
        assert_eq!((heading.letters, heading.linked, heading.bold), (7, 7, 4));
        let around = &page.frames[page.frames[heading.frame].parent];
        assert_eq!(around.traits, traits::bit("related") | traits::bit("box"));
        assert!(page.blocks[2].after_break && !page.blocks[1].after_break);
        assert_eq!(page.blocks[2].linked, 6);
    }
}
