//! Long names with one slip → found all the same: a small word that is missing, added or another (`Organização do Estados
//! Americanos`), or one letter of a long word. Only for names of three words or more besides small ones, whose first word
//! is right, inside one sentence; shorter ones would become other names.

use super::bits::Bits;
use super::small::is_small;
use super::trie::Hit;
use super::trie::PatternId;
use super::trie::Steps;
use super::vocabulary::NONE;
use super::vocabulary::Vocabulary;
use super::vocabulary::WordId;
use crate::text::Words;

/// Which nodes of the trie lead to long names.
#[derive(Debug, Default)]
pub struct Rough {
    /// While names are added: every step of theirs, each once.
    steps: Vec<(u32, WordId, u32)>,
    /// While names are added: by node, whether a step to it is among them.
    reached: Bits,
    /// While names are added: where each ends.
    added: Vec<(u32, PatternId)>,
    /// By node: whether a long name goes on behind it.
    goes_on: Bits,
    /// By the node's rank in `goes_on`: where its steps begin in `next`; one more than there are such nodes.
    starts: Vec<u32>,
    /// Each way to go on: the word, and where it leads.
    next: Vec<(WordId, u32)>,
    /// By word: what tells most words of a text apart from it without reading its letters.
    outlines: Vec<Outline>,
    /// By node: whether a name ends there.
    is_end: Bits,
    /// By the node's rank in `is_end`: that name.
    ends: Vec<PatternId>,
    gate: Gate,
}

/// What can be seen of a word at a glance.
#[derive(Clone, Copy, Debug, Default)]
struct Outline {
    letters: u32,
    length: u16,
    small: bool,
}

/// Which names are worth a walk. With one slip in all, the second or the third of a name's words (small ones not counted)
/// is right and stands near the first: where no such pair is in the text, nothing can be found.
#[derive(Debug, Default)]
struct Gate {
    /// By a mixture of (root, word): whether any name has the pair. Several pairs may share a bit.
    pairs: Bits,
    /// One less than the count of bits, a power of two.
    mask: u32,
    /// How far behind the first word the pair's other may stand.
    reach: usize,
    /// Roots of names with so many small words that their pairs lie further apart.
    open: Bits,
    /// While names are added: the pairs.
    added: Vec<(u32, WordId)>,
}

impl Gate {
    /// Bits for each pair: one probe in sixteen finds another pair's.
    const ROOM: usize = 16;
    /// Beyond so many words no pair is looked for.
    const FURTHEST: usize = 8;

    fn add(&mut self, root: u32, path: &[(u32, WordId, u32)], vocabulary: &Vocabulary) {
        let large = path.iter().enumerate().filter(|(_, (_, word, _))| !vocabulary.is_small(*word));
        let mut furthest = 0;
        for (place, &(_, word, _)) in large.take(2) {
            self.added.push((root, word));
            furthest = place + 1;
        }
        // A small word more moves it by one.
        if furthest < Self::FURTHEST {
            self.reach = self.reach.max(furthest + 1);
        } else {
            self.open.insert(root);
        }
    }

    fn freeze(&mut self) {
        let added = std::mem::take(&mut self.added);
        let size = (added.len() * Self::ROOM).next_power_of_two().clamp(64, 1 << 31);
        self.mask = (size - 1) as u32;
        self.pairs = Bits::with_room(size);
        for (root, word) in added {
            self.pairs.insert(mixed(root, word) & self.mask);
        }
    }

    fn lets_in(&self, root: u32, behind: &[WordId]) -> bool {
        let mut near = behind.iter().take(self.reach);
        near.any(|&word| word != NONE && self.pairs.contains(mixed(root, word) & self.mask)) || self.open.contains(root)
    }
}

fn mixed(root: u32, word: WordId) -> u32 {
    let mixed = ((u64::from(root) << 32) | u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32 ^ (mixed >> 15) as u32
}

/// A name of fewer words, small ones not counted, is never found rough.
const FEWEST_WORDS: usize = 3;
/// A shorter word has no letter to spare.
const FEWEST_LETTERS: usize = 6;
/// Beyond so many ways to go on, no slip is looked for.
const MOST_BRANCHES: usize = 64;

impl Rough {
    /// Whether a name of so many words, small ones not counted, is found rough.
    pub fn takes(words: usize) -> bool {
        words >= FEWEST_WORDS
    }

    /// Adds a name by its steps through the trie from the node of its first word, each (node, word, next node), and the
    /// node at which it ends.
    pub fn add(&mut self, path: &[(u32, WordId, u32)], end: u32, pattern: PatternId, vocabulary: &Vocabulary) {
        for &(node, word, next) in path {
            if !self.reached.contains(next) {
                self.reached.insert(next);
                self.goes_on.insert(node);
                self.steps.push((node, word, next));
            }
        }
        self.added.push((end, pattern));
        if let Some(&(root, _, _)) = path.first() {
            self.gate.add(root, path, vocabulary);
        }
    }

    /// Makes what was added ready for walks.
    pub fn freeze(&mut self, vocabulary: &Vocabulary) {
        let mut steps = std::mem::take(&mut self.steps);
        steps.sort_unstable_by_key(|&(node, _, next)| (node, next));
        self.goes_on.freeze();
        self.starts = vec![0];
        for group in steps.chunk_by(|one, other| one.0 == other.0) {
            self.starts.push(self.starts.last().map_or(0, |start| start + group.len() as u32));
        }
        self.next = steps.iter().map(|&(_, word, next)| (word, next)).collect();
        self.outlines = vec![Outline::default(); if steps.is_empty() { 0 } else { vocabulary.len() }];
        for (_, word, _) in steps {
            self.outlines[word as usize] = Outline::of(vocabulary.word(word));
        }
        let mut added = std::mem::take(&mut self.added);
        // Of two names that are written alike the one that came last.
        added.reverse();
        added.sort_by_key(|&(node, _)| node);
        added.dedup_by_key(|&mut (node, _)| node);
        added.iter().for_each(|&(node, _)| self.is_end.insert(node));
        self.is_end.freeze();
        self.ends = added.into_iter().map(|(_, pattern)| pattern).collect();
        self.reached = Bits::default();
        self.starts.shrink_to_fit();
        self.gate.freeze();
    }

    /// Whether a name with one slip can begin at the node of a word, given the numbers of the words behind it.
    pub fn may_begin(&self, root: u32, behind: &[WordId]) -> bool {
        self.goes_on.contains(root) && self.gate.lets_in(root, behind)
    }

    fn next(&self, node: u32) -> &[(WordId, u32)] {
        let Some(rank) = self.goes_on.rank(node) else { return &[] };
        &self.next[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }

    fn end(&self, node: u32) -> Option<PatternId> {
        self.is_end.rank(node).map(|rank| self.ends[rank])
    }
}

impl Outline {
    fn of(word: &str) -> Self {
        let letters = word.bytes().fold(0, |letters, byte| letters | 1 << (byte & 31));
        Self { letters, length: word.len().min(usize::from(u16::MAX)) as u16, small: is_small(word) }
    }

    /// Whether the two words may differ by one letter: more, less or other, it changes at most two of the letters that
    /// there are.
    fn is_like(self, other: Self) -> bool {
        self.length.abs_diff(other.length) <= 1 && (self.letters ^ other.letters).count_ones() <= 2
    }
}

/// One walk: every name that begins with the word `first` and goes on with one slip.
pub struct Walk<'a> {
    /// Where names go on.
    pub rough: &'a Rough,
    /// Where the trie goes on.
    pub steps: &'a Steps,
    /// The words of names.
    pub vocabulary: &'a Vocabulary,
    /// The text.
    pub words: &'a Words,
    /// Its words' numbers; [`NONE`] for those that no pattern has.
    pub ids: &'a [WordId],
    /// Which part of the article it is.
    pub part: u32,
    /// Where the names begin.
    pub first: usize,
    /// What is found is added here.
    pub hits: &'a mut Vec<Hit>,
}

impl Walk<'_> {
    /// Walks from the root of the first word.
    pub fn run(mut self, root: u32) {
        self.on(root, self.first + 1, false);
    }

    /// Goes on from `node` with the word `behind`; `slipped` when the one slip was made.
    fn on(&mut self, node: u32, behind: usize, slipped: bool) {
        let rough = self.rough;
        let Some(word) = self.words.words().get(behind) else { return };
        if word.sentence != self.words.words()[self.first].sentence {
            return;
        }
        let id = self.ids[behind];
        let next = rough.next(node);
        if slipped || next.len() > MOST_BRANCHES {
            let next = if id == NONE || next.is_empty() { NONE } else { self.steps.get(node, id) };
            if next != NONE {
                self.arrive(next, behind + 1, slipped);
            }
            return;
        }
        let word = self.words.folded(word);
        let seen = Outline::of(word);
        for &(known, next) in next {
            if known == id {
                self.arrive(next, behind + 1, slipped);
                continue;
            }
            let outline = rough.outlines[known as usize];
            let alike = || seen.is_like(outline) && differ_by_a_letter(self.vocabulary.word(known), word);
            if (seen.small && outline.small) || alike() {
                self.arrive(next, behind + 1, true);
            }
            if outline.small {
                self.on(next, behind, true);
            }
        }
        if seen.small {
            self.on(node, behind + 1, true);
        }
    }

    fn arrive(&mut self, node: u32, behind: usize, slipped: bool) {
        if slipped && let Some(pattern) = self.rough.end(node) {
            self.hits.push(Hit { pattern, part: self.part, first: self.first as u32, behind: behind as u32 });
        }
        if self.rough.goes_on.contains(node) {
            self.on(node, behind, slipped);
        }
    }
}

/// Two long words of which one letter is another, missing, added, or two are changed over.
fn differ_by_a_letter(known: &str, word: &str) -> bool {
    if known.len().abs_diff(word.len()) > 1 || known.len().min(word.len()) < FEWEST_LETTERS {
        return false;
    }
    let (known, word) = (known.as_bytes(), word.as_bytes());
    let same = known.iter().zip(word).take_while(|(one, other)| one == other).count();
    let (known, word) = (&known[same..], &word[same..]);
    let tails = (known.get(1..), word.get(1..));
    tails.0 == tails.1
        || tails.0 == Some(word)
        || tails.1 == Some(known)
        || (known.len() > 1 && word.len() > 1 && known[0] == word[1] && known[1] == word[0] && known[2..] == word[2..])
}

#[cfg(test)]
mod tests {
    use super::differ_by_a_letter;
    use crate::rule::trie::Trie;
    use crate::text::Words;

    fn found(name: &str, text: &str) -> Option<String> {
        let mut trie = Trie::default();
        trie.add_name(name, &Words::of(name), &mut || 0);
        trie.freeze();
        let mut hits = Vec::new();
        let words = Words::of(text);
        trie.scan(&words, 0, &mut Vec::new(), &mut hits);
        let hit = hits.first()?;
        Some(text[words.original(hit.first as usize, hit.behind as usize)].to_owned())
    }

    #[test]
    fn one_slip_in_a_long_name_does_not_hide_it() {
        let name = "Organización de Estados Americanos";
        for text in [
            "Organización de Estados Americanos",
            "Organización de los Estados Americanos",
            "Organización Estados Americanos",
            "Organización do Estados Americanos",
            "Organización de Estado Americanos",
            "Organización de Estados Americnos",
            "Organización de Estados Amercianos",
        ] {
            assert_eq!(found(name, &format!("La {text} de hoy")).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_slip_is_found_wherever_the_words_of_the_name_stand() {
        for (name, text) in [
            ("El Comit\u{e9} de Familiares de Presos", "El Comit\u{e9} Familiares de Presos"),
            ("El Comit\u{e9} de Familiares de Presos", "El Comit\u{e9} de los Familiares de Presos"),
            // So many small words that the right word stands far behind the first.
            ("Liga de los de la y de la en Familiares Presos", "Liga de los de la y de la en los Familiares Presos"),
            ("Liga de los de la y de la en Familias Presos", "Liga de los de la y de la en Familia Presos"),
            ("Observatorio de Prisiones y Derechos", "Observatorio de Prisione y Derechos"),
        ] {
            assert_eq!(found(name, &format!("Lo dijo {text} hoy")).as_deref(), Some(text), "{name}");
        }
    }

    #[test]
    fn two_slips_or_a_slip_in_a_short_name_are_another_name() {
        for (name, text) in [
            ("Organización de Estados Americanos", "Organización Estado Americanos"),
            ("Organización de Estados Americanos", "Organización de Estados Africanos"),
            ("Organización de Estados Americanos", "Organizaciones de Estados Americanos"),
            ("Organización de Estados Americanos", "Organización. Estados Americanos"),
            ("gobierno de Maduro", "gobierno Maduro"),
            ("Foro Penal", "Foro Penak"),
            ("Foro Penal", "Foro de Penal"),
            ("Corte Penal Internacional", "Corte Penas Internacional"),
        ] {
            assert_eq!(found(name, text), None, "{text}");
        }
    }

    #[test]
    fn one_letter_is_one_letter() {
        for (one, other, expected) in [
            ("americanos", "americanos", true),
            ("americanos", "americano", true),
            ("americanos", "amercianos", true),
            ("americanos", "americanas", true),
            ("americanos", "americas", false),
            ("penal", "panal", false),
        ] {
            assert_eq!(differ_by_a_letter(one, other), expected, "{one} {other}");
            assert_eq!(differ_by_a_letter(other, one), expected, "{other} {one}");
        }
    }
}
