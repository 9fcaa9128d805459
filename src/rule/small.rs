//! A folded word → whether it is one of those that a name can gain, lose or change without becoming another.

/// Articles, prepositions and conjunctions of names, folded; English, Spanish, Portuguese, French.
pub fn is_small(word: &str) -> bool {
    word.len() <= LONGEST
        && matches!(
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

/// Letters of the longest of them.
const LONGEST: usize = 5;
