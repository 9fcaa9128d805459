//! The name of an element, its class, id and role → what it promises to hold. Sites name the parts of a page alike, in
//! whatever language they write: `related-articles`, `newsletter-signup`, `entry-content`. A name is a hint among
//! many; the judge of blocks weighs it.

use aho_corasick::Anchored;
use aho_corasick::StartKind;
use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use std::sync::LazyLock;

/// A set of promises, one bit each: the first [`NAMED`] by class and id, then by element.
pub type Traits = u64;

/// What a class or id promises when one of the words occurs in it.
const WORDS: &[(&str, &[&str])] = &[
    ("comments", &["comment", "disqus", "reply", "respond", "kommentar", "discussion", "comentario"]),
    ("sharing", &["share", "social", "sharing", "follow", "addthis", "twitter", "facebook", "whatsapp", "teilen"]),
    (
        "related",
        &[
            "related",
            "recommend",
            "recirc",
            "readmore",
            "read-more",
            "read_more",
            "teaser",
            "promo",
            "outbrain",
            "taboola",
            "trending",
            "popular",
            "most-",
            "also",
            "recent",
            "latest",
            "upnext",
            "up-next",
            "suggest",
            "similar",
            "more-",
            "-more",
            "relat",
            "weitere",
            "mehr",
            "article-link",
            "linklist",
        ],
    ),
    ("cards", &["card", "list-item", "listing", "grid", "tile", "carousel", "slider", "swiper"]),
    (
        "joining",
        &[
            "newsletter",
            "subscri",
            "signup",
            "sign-up",
            "paywall",
            "regist",
            "login",
            "donat",
            "member",
            "abo-",
            "piano",
            "cta",
            "call-to",
        ],
    ),
    (
        "caption",
        &[
            "caption",
            "credit",
            "figure",
            "image",
            "photo",
            "gallery",
            "media",
            "video",
            "player",
            "slide",
            "copyright",
            "picture",
            "foto",
            "bild",
        ],
    ),
    ("author", &["author", "byline", "-bio", "bio-", "contributor", "writer", "autor"]),
    (
        "about",
        &[
            "meta",
            "date",
            "time",
            "tag",
            "categor",
            "breadcrumb",
            "topic",
            "kicker",
            "info",
            "label",
            "keyword",
            "rubri",
        ],
    ),
    ("side", &["sidebar", "widget", "aside", "rail", "complementary"]),
    ("navigation", &["nav", "menu", "footer", "masthead", "toolbar", "pagination", "pager", "topbar"]),
    ("head", &["header", "head", "hero"]),
    (
        "notice",
        &["cookie", "consent", "gdpr", "privacy", "modal", "popup", "overlay", "dialog", "banner", "notice", "alert"],
    ),
    ("unseen", &["hidden", "hide", "sr-only", "screen-reader", "offscreen", "invisible", "noprint", "no-print"]),
    ("content", &["article", "content", "body", "story", "entry", "post", "text", "paragraph", "main"]),
    (
        "body",
        &[
            "articlebody",
            "article-body",
            "article_body",
            "article__body",
            "entry-content",
            "post-content",
            "story-body",
            "storybody",
            "article-content",
            "article__content",
            "article-text",
            "articletext",
            "body-copy",
            "post-body",
            "postbody",
            "story-content",
            "article-copy",
            "bodytext",
            "body-text",
            "news-text",
            "content-body",
            "single-content",
            "articlecontent",
            "richtext",
            "rich-text",
            "wysiwyg",
            "article__text",
            "main-content",
            "text-body",
            "textbody",
        ],
    ),
    (
        "lead",
        &[
            "lead",
            "standfirst",
            "intro",
            "summary",
            "subtitle",
            "subhead",
            "deck",
            "abstract",
            "chapo",
            "dek",
            "excerpt",
            "description",
            "sub-title",
            "sapo",
            "preamble",
            "ingress",
            "perex",
            "vorspann",
        ],
    ),
    ("quote", &["quote", "pull"]),
    ("box", &["box", "embed", "tweet", "instagram", "fact", "inset", "sidebar", "accordion", "toc", "table-of"]),
    ("title", &["title", "headline"]),
    ("live", &["live", "ticker", "timeline"]),
    ("small print", &["disclaimer", "footnote", "source", "correction", "legal", "trust", "policy", "note"]),
];

/// Words that count only whole: `ad` stands in `header` and `reading` too.
const ADVERTISING: &[&str] = &[
    "ad",
    "ads",
    "advert",
    "advertisement",
    "sponsored",
    "sponsor",
    "dfp",
    "gpt",
    "promoted",
    "werbung",
    "anzeige",
    "publicidad",
];

/// Elements that promise something by their name.
const ELEMENTS: &[(&str, &[&str])] = &[
    ("<article>", &["article"]),
    ("<main>", &["main"]),
    ("<aside>", &["aside"]),
    ("<nav>", &["nav"]),
    ("<footer>", &["footer"]),
    ("<header>", &["header"]),
    ("<figure>", &["figure"]),
    ("<form>", &["form", "fieldset"]),
    ("<table>", &["table"]),
    ("<ul>", &["ul", "ol"]),
    ("<blockquote>", &["blockquote"]),
    ("<section>", &["section"]),
    ("<details>", &["details", "summary"]),
    ("<a>", &["a"]),
    ("<figcaption>", &["figcaption"]),
    ("<dl>", &["dl"]),
    ("<h1>", &["h1", "h2", "h3", "h4", "h5", "h6"]),
];

/// How many promises come from class and id.
pub const NAMED: usize = WORDS.len() + 2;
/// Advertising.
const SOLD: Traits = 1 << WORDS.len();
/// Captions and credits of pictures.
pub const CAPTION: Traits = 1 << 5;
/// Who wrote it.
pub const AUTHOR: Traits = 1 << 6;
/// When and under what heading.
pub const ABOUT: Traits = 1 << 7;
/// The article's text itself.
pub const BODY: Traits = 1 << 14;
/// Not shown, by attribute or style.
pub const HIDDEN: Traits = 1 << (WORDS.len() + 1);
/// `itemprop=articleBody`.
pub const DECLARED_BODY: Traits = 1 << (NAMED + ELEMENTS.len());
/// What speaks against a part of the page.
pub const UNLIKELY: Traits =
    named(&["comments", "sharing", "related", "side", "navigation", "head", "notice", "advertising"]);
/// What speaks against a part, but not so that it is left out.
pub const DOUBTED: Traits =
    named(&["comments", "sharing", "related", "caption", "about", "side", "navigation", "unseen", "advertising"]);
/// What speaks for a part.
pub const LIKELY: Traits = named(&["content", "body"]);
/// How many promises there are.
pub const COUNT: usize = NAMED + ELEMENTS.len() + 1;

/// What each bit is called, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    let named = WORDS.iter().map(|(name, _)| *name).chain(["advertising", "hidden"]);
    named.chain(ELEMENTS.iter().map(|(name, _)| *name)).chain(["declared body"])
}

/// The bits of promises by class and id.
const fn named(wanted: &[&str]) -> Traits {
    let (mut traits, mut at) = (0, 0);
    while at < wanted.len() {
        let mut place = 0;
        while !is_same(if place < WORDS.len() { WORDS[place].0 } else { "advertising" }, wanted[at]) {
            assert!(place < WORDS.len(), "a promise of this name");
            place += 1;
        }
        traits |= 1 << place;
        at += 1;
    }
    traits
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The bit of one promise.
#[cfg(test)]
pub fn bit(name: &str) -> Traits {
    1 << names().position(|each| each == name).expect("a promise of this name")
}

/// What a class, an id and a role promise. `words` is in lower case.
pub fn of_words(words: &str) -> Traits {
    let marks = &*MARKS;
    let mut traits = 0;
    let mut state = marks.automaton.start_state(Anchored::No).expect("the automaton was built for it");
    for byte in words.bytes() {
        state = marks.automaton.next_state(Anchored::No, state, byte);
        if marks.automaton.is_match(state) {
            for at in 0..marks.automaton.match_len(state) {
                traits |= marks.promised[marks.automaton.match_pattern(state, at).as_usize()];
            }
        }
    }
    if words.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| ADVERTISING.contains(&word)) {
        traits |= SOLD;
    }
    traits
}

/// All words of [`WORDS`] at once: a page has hundreds of classes.
static MARKS: LazyLock<Marks> = LazyLock::new(|| {
    let marks = || WORDS.iter().enumerate().flat_map(|(place, (_, marks))| marks.iter().map(move |mark| (place, mark)));
    let automaton = DFA::builder().start_kind(StartKind::Unanchored).build(marks().map(|(_, mark)| mark));
    let automaton = automaton.expect("so few words fit");
    Marks { automaton, promised: marks().map(|(place, _)| 1 << place).collect() }
});

struct Marks {
    automaton: DFA,
    /// What each word promises.
    promised: Vec<Traits>,
}

/// What an element's name promises.
pub fn of_element(name: &str) -> Traits {
    let place = ELEMENTS.iter().position(|(_, names)| names.contains(&name));
    place.map_or(0, |place| 1 << (NAMED + place))
}

#[cfg(test)]
mod tests {
    use super::bit;
    use super::names;
    use super::of_element;
    use super::of_words;

    #[test]
    fn names_of_parts_are_understood() {
        assert_eq!(of_words("c-newsletter__form"), bit("joining"));
        assert_eq!(of_words("entry-content"), bit("content") | bit("body"));
        assert_eq!(of_words("reading"), 0);
        assert_ne!(of_words("top-ad slot") & bit("advertising"), 0);
        assert_eq!(of_element("h3"), bit("<h1>"));
        assert_eq!(names().count(), super::COUNT);
        const { assert!(super::COUNT <= 64) };
        let named =
            [(super::CAPTION, "caption"), (super::AUTHOR, "author"), (super::ABOUT, "about"), (super::BODY, "body")];
        assert!(named.iter().all(|(constant, name)| *constant == bit(name)));
    }
}
