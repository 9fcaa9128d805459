//! Long names with one slip → found all the same: a small word that is missing, added or another (`Organização do Estados
//! Americanos`), or one letter of a long word. Only for names of three words or more besides small ones, whose first word
//! is right, inside one sentence; shorter ones would become other names.

use super::trie::Hit;
use super::trie::PatternId;
use crate::model::Field;
use crate::text::Words;

/// Long names, as a tree of their words.
#[derive(Debug, Default)]
pub struct Rough {
    /// By the number of a name's first word.
    roots: Vec<u32>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    next: Vec<(Box<str>, u32)>,
    pattern: PatternId,
}

const NONE: u32 = u32::MAX;
/// A name of fewer words, small ones not counted, is never found rough.
const FEWEST_WORDS: usize = 3;
/// A shorter word has no letter to spare.
const FEWEST_LETTERS: usize = 6;
/// Beyond so many ways to go on, no slip is looked for.
const MOST_BRANCHES: usize = 64;

impl Rough {
    /// Adds a name by its folded words; `first` is the number of the first one.
    pub fn add(&mut self, first: u32, words: &[&str], pattern: PatternId) {
        if words.iter().filter(|word| !is_small(word)).count() < FEWEST_WORDS {
            return;
        }
        if self.roots.len() <= first as usize {
            self.roots.resize(first as usize + 1, NONE);
        }
        if self.roots[first as usize] == NONE {
            self.roots[first as usize] = self.node();
        }
        let mut node = self.roots[first as usize] as usize;
        for &word in &words[1..] {
            node = match self.nodes[node].next.iter().find(|(known, _)| &**known == word) {
                Some(&(_, next)) => next as usize,
                None => {
                    let next = self.node();
                    self.nodes[node].next.push((word.into(), next));
                    next as usize
                }
            };
        }
        self.nodes[node].pattern = pattern;
    }

    /// Adds every name that begins with the word `at`, has the number `first`, and goes on with one slip.
    pub fn scan(&self, words: &Words, at: usize, first: u32, field: Field, hits: &mut Vec<Hit>) {
        let Some(&root) = self.roots.get(first as usize).filter(|&&root| root != NONE) else { return };
        let mut walk = Walk { rough: self, words, field, at, hits };
        walk.on(root as usize, at + 1, false);
    }

    fn node(&mut self) -> u32 {
        self.nodes.push(Node { next: Vec::new(), pattern: NONE });
        (self.nodes.len() - 1) as u32
    }
}

struct Walk<'a> {
    rough: &'a Rough,
    words: &'a Words,
    field: Field,
    at: usize,
    hits: &'a mut Vec<Hit>,
}

impl Walk<'_> {
    /// Goes on from `node` with the word `behind`; `slipped` when the one slip was made.
    fn on(&mut self, node: usize, behind: usize, slipped: bool) {
        let rough = self.rough;
        let node_of = &rough.nodes[node];
        let Some(word) = self.words.words().get(behind) else { return };
        if word.sentence != self.words.words()[self.at].sentence {
            return;
        }
        let word = self.words.folded(word);
        let look = !slipped && node_of.next.len() <= MOST_BRANCHES;
        for (known, next) in &node_of.next {
            let next = *next as usize;
            if &**known == word {
                self.arrive(next, behind + 1, slipped);
            } else if look {
                if alike(known, word) {
                    self.arrive(next, behind + 1, true);
                }
                if is_small(known) {
                    self.on(next, behind, true);
                }
            }
        }
        if look && is_small(word) {
            self.on(node, behind + 1, true);
        }
    }

    fn arrive(&mut self, node: usize, behind: usize, slipped: bool) {
        let pattern = self.rough.nodes[node].pattern;
        if slipped && pattern != NONE {
            self.hits.push(Hit { pattern, field: self.field, first: self.at as u32, behind: behind as u32 });
        }
        self.on(node, behind, slipped);
    }
}

/// Articles, prepositions and conjunctions of names, folded; English, Spanish, Portuguese, French.
fn is_small(word: &str) -> bool {
    matches!(
        word,
        "a" | "al"
            | "and"
            | "as"
            | "da"
            | "das"
            | "de"
            | "del"
            | "des"
            | "do"
            | "dos"
            | "du"
            | "e"
            | "el"
            | "en"
            | "et"
            | "for"
            | "in"
            | "la"
            | "las"
            | "les"
            | "lo"
            | "los"
            | "o"
            | "of"
            | "on"
            | "os"
            | "para"
            | "por"
            | "sobre"
            | "the"
            | "y"
    )
}

/// Two small words, or two long ones that differ by one letter: another, missing, added, or two changed over.
fn alike(known: &str, word: &str) -> bool {
    if is_small(known) && is_small(word) {
        return true;
    }
    if known.len().abs_diff(word.len()) > 1 || known.len().min(word.len()) < FEWEST_LETTERS {
        return false;
    }
    let (known, word) = (known.as_bytes(), word.as_bytes());
    let same = known.iter().zip(word).take_while(|(one, other)| one == other).count();
    let (known, word) = (&known[same..], &word[same..]);
    let tail = |list: &'_ [u8], from: usize| list.get(from..).map(<[u8]>::to_vec);
    tail(known, 1) == tail(word, 1)
        || tail(known, 1).as_deref() == Some(word)
        || tail(word, 1).as_deref() == Some(known)
        || (known.len() > 1 && word.len() > 1 && known[0] == word[1] && known[1] == word[0] && known[2..] == word[2..])
}

#[cfg(test)]
mod tests {
    use super::alike;
    use crate::model::Field;
    use crate::rule::trie::Trie;
    use crate::text::Words;

    fn found(name: &str, text: &str) -> Option<String> {
        let mut trie = Trie::default();
        trie.add_name(name);
        let mut hits = Vec::new();
        let words = Words::of(text);
        trie.scan(&words, Field::Body, &mut hits);
        let hit = hits.first()?;
        let (first, last) = (&words.words()[hit.first as usize], &words.words()[hit.behind as usize - 1]);
        Some(text[first.start..last.end].to_owned())
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
            ("de", "dos", true),
            ("de", "no", false),
        ] {
            assert_eq!(alike(one, other), expected, "{one} {other}");
            assert_eq!(alike(other, one), expected, "{other} {one}");
        }
    }
}
