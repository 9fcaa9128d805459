//! A parsed page → its blocks of text in order, each with the frame (element) that it stands in. A block is what a
//! reader sees as one paragraph, heading, entry of a list, or line. Frames carry what their names promise
//! ([`traits`]).

use super::quick;
use super::quick::Quick;
use super::traits;
use super::traits::Traits;
use dom_query::Document;
use dom_query::Element;
use dom_query::NodeData;
use dom_query::NodeRef;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

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
    pub name: Cow<'static, str>,
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
    /// Blanks in the text.
    pub blanks: usize,
    /// Letters but white space.
    pub letters: usize,
    /// Of these, in links.
    pub linked: usize,
    /// Of these, in bold type.
    pub bold: usize,
    /// Commas of any script.
    pub commas: usize,
    /// It stands behind a double line break, not at the start of an element.
    pub after_break: bool,
    /// What elements within its line promise.
    pub inner: Traits,
}

/// What an element does to the text around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// It begins a paragraph.
    Paragraph,
    /// It stands in a line of text.
    Line,
    /// Its content is no text of the page.
    Silent,
    /// `br`.
    Break,
}

/// Elements that stand in a line of text, whose content is no text of the page, and some that begin a paragraph; all
/// others do that too.
const ELEMENTS: &[(Sort, &[&str])] = &[
    (
        Sort::Line,
        &[
            "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
            "img", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
            "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "picture", "source", "amp-img",
        ],
    ),
    (
        Sort::Silent,
        &[
            "script", "style", "noscript", "template", "button", "svg", "head", "title", "select", "option",
            "textarea", "iframe", "object", "video", "audio",
        ],
    ),
    (Sort::Break, &["br"]),
    (
        Sort::Paragraph,
        &[
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "caption",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "html",
            "input",
            "li",
            "link",
            "main",
            "meta",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ],
    ),
];

/// By name: what an element does, its name, and what that promises.
static KNOWN: LazyLock<HashMap<&str, Known, Quick>> = LazyLock::new(|| {
    let known = |sort: Sort, name: &'static str| (name, Known { sort, name, traits: traits::of_element(name) });
    ELEMENTS.iter().flat_map(|(sort, names)| names.iter().map(move |name| known(*sort, name))).collect()
});

#[derive(Clone, Copy)]
struct Known {
    sort: Sort,
    name: &'static str,
    traits: Traits,
}

impl Blocks {
    /// The places of blocks that follow each other in elements of one name at one depth.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let kind = |block: &Block| {
            let frame = &self.frames[block.frame];
            (&*frame.name, frame.depth)
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
        let mut text = String::new();
        for (_, block) in self.blocks.iter().enumerate().filter(|(place, _)| keep(*place)) {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&block.text);
        }
        text
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
    /// What the elements do that are open.
    sorts: Vec<Sort>,
    block: Block,
    /// White space came last.
    blank: bool,
    breaks: u8,
    silent: usize,
    links: usize,
    bolds: usize,
    words: String,
    /// Class and id → promises: pages repeat theirs hundreds of times.
    named: HashMap<u64, Traits, Quick>,
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
        let block = &mut self.block;
        let (mut letters, mut first) = (0, true);
        self.blank |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            if (self.blank || !first) && !block.text.is_empty() {
                block.text.push(' ');
                block.blanks += 1;
            }
            self.blank = false;
            first = false;
            block.text.push_str(word);
            letters += word.chars().count();
        }
        if first {
            return;
        }
        self.blank = text.ends_with(char::is_whitespace);
        self.breaks = 0;
        block.letters += letters;
        if self.links > 0 {
            block.linked += letters;
        }
        if self.bolds > 0 {
            block.bold += letters;
        }
    }

    fn start(&mut self, element: &Element) {
        let name: &str = &element.name.local;
        let known = KNOWN.get(name);
        let sort = known.map_or(Sort::Paragraph, |known| known.sort);
        self.sorts.push(sort);
        match sort {
            Sort::Silent => self.silent += 1,
            Sort::Break => {
                self.breaks = self.breaks.saturating_add(1);
                if self.breaks > 1 {
                    self.end_block();
                    self.block.after_break = true;
                } else {
                    self.blank = true;
                }
            }
            Sort::Line => {
                self.links += usize::from(name == "a");
                self.bolds += usize::from(matches!(name, "b" | "strong"));
                self.block.inner |= self.traits(element, known).0;
            }
            Sort::Paragraph => {
                let (traits, hash) = self.traits(element, known);
                self.boundary(name);
                let parent = self.around();
                // A paragraph within a link is one.
                let traits = if self.links > 0 { traits | traits::of_element("a") } else { traits };
                self.page.frames.push(Frame {
                    parent,
                    depth: self.page.frames[parent].depth + 1,
                    name: known.map_or_else(|| Cow::Owned(name.to_owned()), |known| Cow::Borrowed(known.name)),
                    traits,
                    kind: quick::hash(name.as_bytes()) ^ hash,
                });
                self.open.push(self.page.frames.len() - 1);
            }
        }
    }

    fn end(&mut self, name: &str) {
        match self.sorts.pop() {
            Some(Sort::Silent) => self.silent -= 1,
            Some(Sort::Line) => {
                self.links -= usize::from(name == "a");
                self.bolds -= usize::from(matches!(name, "b" | "strong"));
            }
            Some(Sort::Paragraph) => {
                self.boundary(name);
                self.open.pop();
            }
            Some(Sort::Break) | None => {}
        }
    }

    /// What an element promises, and a hash of its class and id in lower case.
    fn traits(&mut self, element: &Element, known: Option<&Known>) -> (Traits, u64) {
        let name: &str = &element.name.local;
        let mut traits = known.map_or(0, |known| known.traits);
        let words = &mut self.words;
        words.clear();
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
            return (traits, 0);
        }
        words.truncate(words.floor_char_boundary(500));
        words.make_ascii_lowercase();
        let hash = quick::hash(words.as_bytes());
        (traits | *self.named.entry(hash).or_insert_with(|| traits::of_words(words)), hash)
    }

    fn boundary(&mut self, name: &str) {
        if matches!(name, "td" | "th") {
            self.blank = true;
        } else {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        self.breaks = 0;
        self.blank = false;
        let mut block = std::mem::take(&mut self.block);
        if !block.text.chars().any(char::is_alphanumeric) {
            // The room is kept for the next one.
            block.text.clear();
            self.block.text = block.text;
            return;
        }
        block.commas = block.text.matches([',', '،', '、', '，']).count();
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
