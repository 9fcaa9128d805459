//! Blocks → what the judge looks at: one row of numbers per block. Its own form, where it stands, what the elements
//! around it promise, what stands beside it, and what two witnesses say: [`super::witness`], and the body that the page
//! tells to machines. Shares and logarithms, never counts of one language's words, so that it holds for any site.

use super::blocks::Blocks;
use super::quick::Quick;
use super::quick::SPREAD;
use super::quick::mixed;
use super::traits;
use super::traits::Traits;
use aho_corasick::AhoCorasick;
use aho_corasick::AhoCorasickKind;
use aho_corasick::Anchored;
use aho_corasick::Input;
use aho_corasick::StartKind;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The columns before those of [`traits::names`], in the order in which [`rows`] fills them.
pub const NAMES: &[&str] = &[
    "words",
    "log words",
    "linked",
    "bold",
    "ends",
    "commas",
    "begins small",
    "p",
    "heading",
    "li",
    "cell",
    "div",
    "dd",
    "figcaption",
    "after break",
    "witness",
    "witness before",
    "witness behind",
    "in told body",
    "not in told body",
    "share of frame",
    "share of parent",
    "links of frame",
    "links of parent",
    "blocks of parent",
    "off main depth",
    "below main",
    "below far",
    "position",
    "before first",
    "behind last",
    "to first",
    "from last",
    "repeated",
    "is title",
    "is description",
    "begins as notice",
    "speaks as notice",
    "colon",
    "question",
    "capitals",
    "stamp",
    "digits",
    "words before",
    "words behind",
    "links before",
    "links behind",
    "ends before",
    "ends behind",
    "share of kind",
    "of kind",
    "word length",
    "heading before",
    "heading behind",
    "sentences",
    "between",
    "links of part",
    "words of part",
    "h1",
    "prose near",
    "run length",
    "run words",
    "run links",
    "run ends",
    "run colon",
    "run witness around",
    "frame of main",
    "in article",
    "in aside",
    "in nav",
    "in footer",
    "in header",
    "in body",
    "in declared body",
    "inner link",
    "inner caption",
    "inner author",
    "inner about",
];

/// The column of what the other witness found.
pub const WITNESS: usize = 15;

/// What is known of the page besides its blocks.
pub struct Witnesses<'a> {
    /// For each block, whether it is in the part that holds the article.
    pub found: &'a [bool],
    /// The body that the page tells to machines.
    pub told: Option<&'a str>,
    /// The headline.
    pub title: &'a str,
    /// The page's description of itself.
    pub description: &'a str,
}

/// One row per block, handed over one after the other.
pub fn rows(page: &Blocks, witnesses: &Witnesses<'_>, mut take: impl FnMut(&[f32])) {
    let view = View::of(page, witnesses);
    let mut row = Vec::with_capacity(NAMES.len() + traits::COUNT);
    for place in 0..page.blocks.len() {
        row.clear();
        view.row(place, &mut row);
        take(&row);
    }
}

/// How a line begins that is no part of an article, in the languages of many pages.
const BEGINNINGS: &[&str] = &[
    "read more",
    "read also",
    "also read",
    "see also",
    "related",
    "more on",
    "more from",
    "recommended",
    "advertisement",
    "sign up",
    "subscribe",
    "follow",
    "copyright",
    "©",
    "(c)",
    "updated",
    "published",
    "by ",
    "share",
    "listen",
    "watch",
    "click here",
    "comment",
    "photo",
    "image",
    "picture",
    "credit",
    "source:",
    "tags",
    "topic",
    "filed under",
    "join",
    "download",
    "get the",
    "get our",
    "newsletter",
    "editor's note",
    "all rights reserved",
    "contact",
    "report a",
    "have your say",
    "support",
    "you may",
    "don't miss",
    "stay",
    "our",
    "this article",
    "this story",
    "the views",
    "disclosure",
    "lesen",
    "mehr",
    "foto",
    "bild:",
    "quelle",
    "von ",
    "stand:",
    "anzeige",
    "kommentar",
    "artikel",
    "auch interessant",
    "lesetipp",
    "teilen",
    "weitere",
    "dieser",
    "lire",
    "à lire",
    "publié",
    "partager",
    "lea también",
    "leer más",
    "le puede",
    "te puede",
    "compartir",
    "publicado",
    "leggi",
    "condividi",
    "lees",
    "les ook",
    "läs",
    "læs",
    "leia",
    "veja",
    "compartilh",
    "haber",
    "fotoğraf",
    "kaynak",
    "via",
    "hashtags",
    "#",
    "video",
    "loading",
    "please",
    "skip",
    "cookie",
    "we use",
    "error",
    "thank",
    "menu",
    "home",
    "search",
    "log in",
];

/// What a short line speaks of that is no part of an article.
const NOTICES: &[&str] = &[
    "newsletter",
    "subscribe",
    "sign up",
    "click here",
    "all rights reserved",
    "cookie",
    "javascript",
    "browser",
    "read more",
    "follow us",
    "copyright",
    "©",
    "getty",
    "afp via",
    "reuters/",
    "shutterstock",
    "/dpa",
    "dpa/",
    "facebook",
    "twitter",
    "instagram",
    "whatsapp",
    "telegram",
    "linkedin",
    "youtube",
    "podcast",
    "app store",
    "google play",
    "privacy policy",
    "terms of",
    "e-mail",
    "email",
    "alle rechte",
    "abonn",
    "anmeld",
    "suscr",
    "inscri",
    "iscriv",
    "contributed to this",
    "contact the",
    "reach",
    "comment",
    "http",
    "www.",
    "@",
];

/// One of [`BEGINNINGS`], at the start of a text.
static BEGINS: LazyLock<AhoCorasick> = LazyLock::new(|| words(BEGINNINGS, StartKind::Anchored));
/// One of [`NOTICES`], anywhere.
static SPEAKS: LazyLock<AhoCorasick> = LazyLock::new(|| words(NOTICES, StartKind::Unanchored));

fn words(words: &[&str], start: StartKind) -> AhoCorasick {
    let builder = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).start_kind(start).build(words);
    builder.expect("so few words fit")
}

/// What is computed once per page.
struct View<'a> {
    page: &'a Blocks,
    words: Vec<f32>,
    linked: Vec<f32>,
    ends: Vec<bool>,
    prose: Vec<bool>,
    /// 1 for a block that the other witness found too.
    kept: Vec<f32>,
    /// Share of the block that stands in the told body; below zero where that cannot be said.
    told: Vec<f32>,
    in_title: Vec<bool>,
    in_description: Vec<bool>,
    repeated: Vec<bool>,
    forms: Vec<Form>,
    frames: Vec<Sum>,
    kinds: HashMap<u64, (f32, f32), Quick>,
    runs: Vec<Run>,
    first: Option<usize>,
    last: Option<usize>,
    /// How deep the lowest frame lies that holds most of the witnessed prose.
    main_depth: f32,
    all_words: f32,
    before: Vec<f32>,
}

/// What a frame holds, with all frames in it.
#[derive(Clone, Copy, Default)]
struct Sum {
    words: f32,
    linked: f32,
    blocks: f32,
    /// Words of prose, those that the witness keeps five times.
    weight: f32,
    traits: Traits,
}

/// Entries of a list, or lines of one kind, that follow each other.
#[derive(Clone, Copy, Default)]
struct Run {
    length: f32,
    words: f32,
    linked: f32,
    ends: f32,
    colon: f32,
    around: f32,
}

impl<'a> View<'a> {
    fn of(page: &'a Blocks, witnesses: &Witnesses<'_>) -> Self {
        let blocks = &page.blocks;
        let (mut all, mut ends) = (Vec::with_capacity(8 * 1024), Vec::with_capacity(blocks.len()));
        let forms: Vec<Form> = blocks
            .iter()
            .map(|block| {
                let form = tokens(&block.text, &mut all);
                ends.push(all.len());
                form
            })
            .collect();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let tokens: Vec<&[u64]> = starts.zip(&ends).map(|(start, end)| &all[start..*end]).collect();
        let words: Vec<f32> =
            blocks.iter().zip(&forms).map(|(block, form)| (block.blanks + 1 + form.unspaced / 2) as f32).collect();
        let linked: Vec<f32> = blocks.iter().map(|block| block.linked as f32 / block.letters.max(1) as f32).collect();
        let prose: Vec<bool> = (0..blocks.len()).map(|place| words[place] >= 12.0 && linked[place] < 0.4).collect();
        let kept: Vec<f32> = witnesses.found.iter().map(|found| number(*found)).collect();
        let told: Option<Known> = witnesses.told.map(known);
        let told = tokens.iter().map(|block| told.as_ref().map_or(-1.0, |told| share(block, told)));
        let mut title = Vec::new();
        self::tokens(witnesses.title, &mut title);
        let title: Known = title.into_iter().collect();
        let is_title = |block: &&[u64]| {
            // A longer one has too much besides.
            if block.len() < 3 || block.len() > 2 * title.len() + 2 {
                return false;
            }
            let found = block.iter().filter(|token| title.contains(token)).count() as f32;
            found > 0.8 * block.len() as f32 && found > 0.6 * title.len() as f32
        };
        let description = known(witnesses.description);
        let hashes: Vec<u64> =
            tokens.iter().map(|block| block.iter().fold(0, |hash, token| mixed(hash, *token))).collect();
        let mut times: HashMap<u64, u32, Quick> = HashMap::default();
        for hash in &hashes {
            *times.entry(*hash).or_default() += 1;
        }
        let mut view = Self {
            page,
            ends: blocks.iter().map(|block| ends_sentence(&block.text)).collect(),
            told: told.collect(),
            in_title: tokens.iter().map(is_title).collect(),
            in_description: tokens.iter().map(|block| share(block, &description) > 0.7).collect(),
            repeated: hashes.iter().map(|hash| times[hash] > 1).collect(),
            forms,
            frames: Vec::new(),
            kinds: HashMap::default(),
            runs: Vec::new(),
            first: (0..blocks.len()).find(|place| kept[*place] > 0.5 && prose[*place]),
            last: (0..blocks.len()).rfind(|place| kept[*place] > 0.5 && prose[*place]),
            main_depth: 0.0,
            all_words: words.iter().sum::<f32>().max(1.0),
            before: running(&words),
            words,
            linked,
            prose,
            kept,
        };
        view.sum_frames();
        view.count_kinds();
        view.find_runs();
        view.main_depth = view.first.map_or(0.0, |first| {
            let main = view.main(blocks[first].frame).0;
            page.frames[main].depth as f32
        });
        view
    }

    fn sum_frames(&mut self) {
        let frames = &self.page.frames;
        self.frames = vec![Sum::default(); frames.len()];
        for (place, block) in self.page.blocks.iter().enumerate() {
            let sum = &mut self.frames[block.frame];
            sum.words += self.words[place];
            sum.linked += self.words[place] * self.linked[place];
            sum.blocks += 1.0;
            if self.prose[place] {
                sum.weight += self.words[place] * (0.25 + self.kept[place]);
            }
        }
        // A frame stands behind the one that holds it, so one pass from behind sums all up.
        for place in (1..frames.len()).rev() {
            let sum = self.frames[place];
            let parent = &mut self.frames[frames[place].parent];
            parent.words += sum.words;
            parent.linked += sum.linked;
            parent.blocks += sum.blocks;
            parent.weight += sum.weight;
        }
        for (place, frame) in frames.iter().enumerate() {
            self.frames[place].traits = self.frames[frame.parent].traits | frame.traits;
        }
    }

    fn count_kinds(&mut self) {
        for (place, block) in self.page.blocks.iter().enumerate() {
            let kind = self.kinds.entry(self.page.frames[block.frame].kind).or_default();
            kind.1 += 1.0;
            if self.prose[place] {
                kind.0 += self.words[place];
            }
        }
    }

    fn find_runs(&mut self) {
        let blocks = &self.page.blocks;
        for places in self.page.runs() {
            let Range { start, end } = places;
            let length = (end - start) as f32;
            let mean = |values: &[f32]| values.iter().sum::<f32>() / length;
            let before = start.checked_sub(1);
            let around = before.map_or(0.0, |place| self.kept[place]) + self.kept.get(end).copied().unwrap_or(0.0);
            let run = Run {
                length: (1.0 + length).ln(),
                words: (1.0 + mean(&self.words[start..end])).ln(),
                linked: mean(&self.linked[start..end]),
                ends: self.ends[start..end].iter().filter(|ends| **ends).count() as f32 / length,
                colon: number(before.is_some_and(|place| blocks[place].text.ends_with([':', '：']))),
                around,
            };
            self.runs.extend(std::iter::repeat_n(run, end - start));
        }
    }

    /// The lowest frame around `frame` that holds half of the witnessed prose, how far up it is, how much of that is
    /// far from it, the part just below it, and what is promised below it.
    fn main(&self, frame: usize) -> (usize, f32, f32, Sum, Traits) {
        let all = self.frames[0].weight.max(1.0);
        let (mut frame, mut up, mut far, mut part, mut traits) = (frame, 0.0, 0.0, Sum::default(), 0);
        while frame != 0 && self.frames[frame].weight <= 0.5 * all {
            part = self.frames[frame];
            traits |= self.page.frames[frame].traits;
            frame = self.page.frames[frame].parent;
            up += 1.0;
            if self.frames[frame].weight <= 0.05 * all {
                far += 1.0;
            }
        }
        (frame, up, far, part, traits)
    }

    fn row(&self, place: usize, row: &mut Vec<f32>) {
        let block = &self.page.blocks[place];
        let frame = &self.page.frames[block.frame];
        let (own, parent) = (self.frames[block.frame], self.frames[frame.parent]);
        let all = self.frames[0].weight.max(1.0);
        let (main, up, far, part, below) = self.main(block.frame);
        let (words, text) = (self.words[place], block.text.as_str());
        let form = self.forms[place];
        // Of a long one only the beginning is looked at.
        let looked_at = if words < 40.0 { text } else { &text[..text.floor_char_boundary(64)] };
        let lower = looked_at.to_lowercase();
        let lower = lower.as_str();
        let capitals = form.capitals as f32 / form.letters.max(1) as f32;
        let digits = form.digits as f32 / block.letters.max(1) as f32;
        let name = &*frame.name;
        let is = |names: &[&str]| number(names.contains(&name));
        let heading = |place: Option<usize>| number(place.is_some_and(|place| self.is_heading(place)));
        let before = place.checked_sub(1);
        let behind = Some(place + 1).filter(|place| *place < self.words.len());
        let two = |first: Option<usize>, second: Option<usize>| {
            [first, second].into_iter().flatten().filter_map(|place| self.kept.get(place)).sum::<f32>()
        };
        let distance = |from: usize, to: usize| to.saturating_sub(from).min(10) as f32;
        let kind = self.kinds[&frame.kind];
        let run = self.runs[place];
        let near = (place.saturating_sub(3)..(place + 4).min(self.words.len()))
            .filter(|other| *other != place && self.prose[*other])
            .count();
        let between = match (self.first, self.last) {
            (Some(first), Some(last)) if last > first => {
                ((place as f32 - first as f32) / (last - first) as f32).clamp(-0.5, 1.5)
            }
            _ => 0.0,
        };
        let around = self.frames[block.frame].traits;
        let has = |traits: Traits, bit: Traits| number(traits & bit != 0);
        let inside = |element: &str| has(around, traits::of_element(element));
        row.extend([
            words.min(100.0) / 100.0,
            (1.0 + words).ln(),
            self.linked[place],
            block.bold as f32 / block.letters.max(1) as f32,
            number(self.ends[place]),
            (block.commas as f32 / words.max(1.0)).min(1.0),
            number(text.starts_with(char::is_lowercase)),
            is(&["p"]),
            heading(Some(place)),
            is(&["li"]),
            is(&["td", "th", "tr", "table", "tbody"]),
            is(&["div", "section", "article"]),
            is(&["dd", "dt"]),
            is(&["figcaption", "figure", "caption"]),
            number(block.after_break),
            self.kept[place],
            two(before, place.checked_sub(2)),
            two(behind, Some(place + 2)),
            number(self.told[place] > 0.6),
            number((0.0..0.2).contains(&self.told[place])),
            own.weight / all,
            parent.weight / all,
            own.linked / own.words.max(1.0),
            parent.linked / parent.words.max(1.0),
            (1.0 + parent.blocks).ln(),
            self.page.frames[main].depth as f32 - self.main_depth,
            up,
            far,
            self.before[place] / self.all_words,
            number(self.first.is_some_and(|first| place < first)),
            number(self.last.is_some_and(|last| place > last)),
            self.first.map_or(0.0, |first| distance(place, first)),
            self.last.map_or(0.0, |last| distance(last, place)),
            number(self.repeated[place]),
            number(self.in_title[place]),
            number(self.in_description[place]),
            number(BEGINS.is_match(Input::new(lower).anchored(Anchored::Yes))),
            number(words < 40.0 && SPEAKS.is_match(lower)),
            number(text.ends_with([':', '：'])),
            number(text.ends_with(['?', '？'])),
            capitals,
            number(digits > 0.15 && words < 12.0),
            digits,
            before.map_or(0.0, |place| (1.0 + self.words[place]).ln()),
            behind.map_or(0.0, |place| (1.0 + self.words[place]).ln()),
            before.map_or(1.0, |place| self.linked[place]),
            behind.map_or(1.0, |place| self.linked[place]),
            number(before.is_some_and(|place| self.ends[place])),
            number(behind.is_some_and(|place| self.ends[place])),
            kind.0 / self.all_words,
            (1.0 + kind.1).ln(),
            block.letters as f32 / words.max(1.0) / 10.0,
            heading(before),
            heading(behind),
            (form.stops as f32).min(6.0),
            between,
            part.linked / part.words.max(1.0),
            (1.0 + part.words).ln(),
            is(&["h1"]),
            near as f32 / 6.0,
            run.length,
            run.words,
            run.linked,
            run.ends,
            run.colon,
            run.around,
            number(main != 0 && frame.parent == main),
            inside("article"),
            inside("aside"),
            inside("nav"),
            inside("footer"),
            inside("header"),
            has(around, traits::BODY),
            has(around, traits::DECLARED_BODY),
            has(block.inner, traits::of_element("a")),
            has(block.inner, traits::CAPTION),
            has(block.inner, traits::AUTHOR),
            has(block.inner, traits::ABOUT),
        ]);
        debug_assert_eq!(row.len(), NAMES.len(), "each name has its column");
        debug_assert_eq!(NAMES[WITNESS], "witness", "the column has its place");
        let promised = below | (block.inner & !traits::of_element("a"));
        row.extend((0..traits::COUNT).map(|bit| has(promised, 1 << bit)));
    }

    fn is_heading(&self, place: usize) -> bool {
        let name = &self.page.frames[self.page.blocks[place].frame].name;
        matches!(name.as_bytes(), [b'h', b'1'..=b'6'])
    }
}

/// Share of the shingles that are known; below zero for a text that has none.
fn share(tokens: &[u64], known: &Known) -> f32 {
    if tokens.len() < 3 {
        return -1.0;
    }
    if known.is_empty() {
        return 0.0;
    }
    shingles(tokens).filter(|shingle| known.contains(shingle)).count() as f32 / (tokens.len() - 2) as f32
}

type Known = HashSet<u64, Quick>;

/// The shingles of a text.
fn known(text: &str) -> Known {
    let mut all = Vec::new();
    tokens(text, &mut all);
    shingles(&all).collect()
}

/// Runs of three words, hashed.
fn shingles(tokens: &[u64]) -> impl Iterator<Item = u64> {
    tokens.windows(3).map(|three| three.iter().fold(0, |hash, token| mixed(hash, *token)))
}

/// What a text consists of.
#[derive(Clone, Copy, Default)]
struct Form {
    letters: usize,
    capitals: usize,
    digits: usize,
    stops: usize,
    /// Letters of scripts that put no blanks.
    unspaced: usize,
}

/// Appends the words in lower case, hashed; each letter of a script that puts no blanks is one.
fn tokens(text: &str, tokens: &mut Vec<u64>) -> Form {
    let mut form = Form::default();
    let mut word: Option<u64> = None;
    let add = |word: Option<u64>, letter: u32| {
        let hash = word.unwrap_or(SPREAD) ^ u64::from(letter);
        Some(hash.wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5))
    };
    for letter in text.chars() {
        match letter {
            'a'..='z' => {
                form.letters += 1;
                word = add(word, u32::from(letter));
            }
            'A'..='Z' => {
                form.letters += 1;
                form.capitals += 1;
                word = add(word, u32::from(letter.to_ascii_lowercase()));
            }
            '0'..='9' => {
                form.digits += 1;
                word = add(word, u32::from(letter));
            }
            '\0'..='\x7f' => {
                form.stops += usize::from(matches!(letter, '.' | '!' | '?'));
                tokens.extend(word.take());
            }
            _ if is_unspaced(letter) => {
                form.letters += usize::from(letter.is_alphabetic());
                form.unspaced += 1;
                tokens.extend(word.take());
                tokens.push(u64::from(u32::from(letter)).wrapping_mul(SPREAD));
            }
            _ => {
                form.letters += usize::from(letter.is_alphabetic());
                form.capitals += usize::from(letter.is_uppercase());
                if letter.is_alphanumeric() {
                    for letter in letter.to_lowercase() {
                        word = add(word, u32::from(letter));
                    }
                } else {
                    form.stops += usize::from(letter == '。');
                    tokens.extend(word.take());
                }
            }
        }
    }
    tokens.extend(word);
    form
}

/// Lao, Thai, Burmese, Khmer, Japanese and Chinese.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '”', '“', '»', '«', '’', '\'', ')', '」', '』', ']', ' ']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？', ':', '।'])
}

fn running(values: &[f32]) -> Vec<f32> {
    let mut sum = 0.0;
    let so_far = values.iter().map(|value| {
        sum += value;
        sum - value
    });
    so_far.collect()
}

fn number(yes: bool) -> f32 {
    f32::from(u8::from(yes))
}
