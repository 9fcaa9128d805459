//! (folded text) → which of the detectors' phrases stand in it, in one walk over the text.

use super::DETECTORS;
use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::sync::LazyLock;

struct Phrases {
    list: Vec<&'static str>,
    automaton: AhoCorasick,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let list: Vec<&'static str> = DETECTORS.iter().flat_map(|detector| detector.phrases).copied().collect();
    let automaton = AhoCorasick::new(&list).expect("a few hundred short phrases make an automaton");
    Phrases { list, automaton }
});

/// All of them that the text says, also where one stands in another.
pub fn known(text: &str) -> HashSet<&'static str> {
    let found = PHRASES.automaton.find_overlapping_iter(text);
    found.map(|found| PHRASES.list[found.pattern().as_usize()]).collect()
}

#[cfg(test)]
mod tests {
    use super::PHRASES;
    use super::known;
    use std::collections::HashSet;

    #[test]
    fn one_walk_finds_what_looking_for_each_phrase_finds() {
        let all = PHRASES.list.join(". ");
        for text in ["", "nothing of the kind", "subscribe to continue reading, it is for subscribers only", &all] {
            let each: HashSet<&str> = PHRASES.list.iter().copied().filter(|phrase| text.contains(phrase)).collect();
            assert_eq!(known(text), each, "{text}");
        }
    }
}
