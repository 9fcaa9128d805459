//! page → the blocks of text that a reader sees, in document order: paragraphs, headings, list items, table rows. White
//! space is folded; what is hidden, and what only a machine reads, is no block. No kind of its own.

use crate::feed::plain;
use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;
use std::sync::LazyLock;

/// Elements that nobody reads.
const UNREAD: &[&str] = &[
    "audio", "canvas", "datalist", "dialog", "head", "link", "meta", "noscript", "object", "option", "script",
    "select", "style", "template", "title", "video",
];

/// Elements that stand in the middle of a line.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "output", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// Elements whose whole text is one block, unless they hold others of these.
const WHOLE: &[&str] = &["li", "tr", "dt", "dd"];

/// White space like any other, in the end.
const LINE_BREAK: char = '\u{2028}';

static PARTS: LazyLock<Selector> =
    LazyLock::new(|| Selector::parse("li, tr, dt, dd").expect("names of elements are a selector"));

static BODY: LazyLock<Selector> = LazyLock::new(|| Selector::parse("body").expect("the name of an element"));

/// The blocks of a page without what `ignored` chooses; with `within`, only those inside what it chooses, and `None`
/// when it chooses nothing. The page's depth is bounded by `article::scan::defuse`.
pub fn of(page: &Html, within: Option<&Selector>, ignored: &[&Selector]) -> Option<Vec<String>> {
    let mut blocks = Blocks { ignored, done: Vec::new(), open: String::new() };
    let mut chosen: Vec<ElementRef<'_>> = Vec::new();
    for element in page.select(within.unwrap_or(&BODY)) {
        // What is chosen inside what is chosen is read with it. In document order only the last can be above.
        let last = chosen.last().map(|last| last.id());
        let nested = last.is_some() && element.ancestors().any(|above| Some(above.id()) == last);
        if !nested {
            chosen.push(element);
        }
    }
    for element in &chosen {
        blocks.read(*element, false);
        blocks.close();
    }
    (!chosen.is_empty()).then_some(blocks.done)
}

struct Blocks<'a> {
    ignored: &'a [&'a Selector],
    done: Vec<String>,
    open: String,
}

impl Blocks<'_> {
    /// `whole`: what stands inside is one block, whatever it is made of.
    fn read(&mut self, element: ElementRef<'_>, whole: bool) {
        let name = element.value().name();
        if UNREAD.contains(&name)
            || is_hidden(element)
            || self.ignored.iter().any(|selector| selector.matches(&element))
        {
            return self.open.push(' ');
        }
        if name == "br" {
            // Two line breaks with nothing between them are how old pages end a paragraph.
            if !whole && self.open.trim_end_matches([' ', '\t', '\n', '\u{a0}']).ends_with(LINE_BREAK) {
                self.close();
            }
            return self.open.push(LINE_BREAK);
        }
        let inline = INLINE.contains(&name);
        let apart = |blocks: &mut Self| match (inline, whole) {
            (true, _) => {}
            (false, true) => blocks.open.push(' '),
            (false, false) => blocks.close(),
        };
        apart(self);
        let whole = whole || (WHOLE.contains(&name) && element.select(&PARTS).next().is_none());
        for child in element.children() {
            match (child.value().as_text(), ElementRef::wrap(child)) {
                (Some(text), _) => self.open.push_str(text),
                (None, Some(inner)) => self.read(inner, whole),
                (None, None) => {}
            }
        }
        apart(self);
    }

    fn close(&mut self) {
        let block = plain::fold(&self.open);
        if block.chars().any(char::is_alphanumeric) {
            self.done.push(block);
        }
        self.open.clear();
    }
}

fn is_hidden(element: ElementRef<'_>) -> bool {
    let style = element.attr("style").unwrap_or_default();
    element.attr("hidden").is_some()
        || (style.contains("none") && style.replace(' ', "").to_ascii_lowercase().contains("display:none"))
}

#[cfg(test)]
mod tests {
    use super::of;
    use scraper::Html;
    use scraper::Selector;

    const PAGE: &str = "<title>No block</title><body><nav><a href=/>Inicio</a></nav><main><h1>Avisos</h1>\
        <p>Uno <b>dos</b>\n tres<br>cuatro<br>\n<br>cuatro y medio</p>Suelto<ul><li><h3>Cinco</h3><p>seis</p></li><li>Siete<ul><li>ocho</li></ul></li></ul>\
        <table><tr><td>9</td><td><p>nueve</p></td></tr></table><p hidden>oculto</p><p style='display: none'>oculto</p>\
        <p> … </p><noscript>Enable JavaScript</noscript><div class=ad>Compre</div></main>";

    fn blocks(within: Option<&str>, ignored: &[&str]) -> Option<Vec<String>> {
        let parse = |text: &str| Selector::parse(text).expect("a selector");
        let ignored: Vec<Selector> = ignored.iter().copied().map(parse).collect();
        of(&Html::parse_document(PAGE), within.map(parse).as_ref(), &ignored.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_block_is_what_a_reader_takes_for_one() {
        let expected = [
            "Inicio",
            "Avisos",
            "Uno dos tres cuatro",
            "cuatro y medio",
            "Suelto",
            "Cinco seis",
            "Siete",
            "ocho",
            "9 nueve",
        ];
        assert_eq!(blocks(None, &[".ad"]).expect("a body"), expected);
    }

    #[test]
    fn what_is_chosen_inside_what_is_chosen_is_read_once_and_many_parts_take_no_longer() {
        let html = "<body><div><p>Uno</p><div><p>Dos</p></div></div><div><p>Tres</p></div>";
        let all = Selector::parse("div, p").expect("a selector");
        assert_eq!(of(&Html::parse_document(html), Some(&all), &[]).expect("parts"), ["Uno", "Dos", "Tres"]);
        // Quadratic work over these would take minutes.
        let many = (0..30_000).map(|number| format!("<p>Parte {number}</p>")).collect::<String>();
        assert_eq!(of(&Html::parse_document(&many), Some(&all), &[]).map(|parts| parts.len()), Some(30_000));
    }

    #[test]
    fn only_what_is_within_and_not_ignored_is_read() {
        assert_eq!(blocks(Some("main li, main ul"), &["h3"]).expect("lists"), ["seis", "Siete", "ocho"]);
        assert_eq!(blocks(Some("#absent"), &[]), None);
    }
}
