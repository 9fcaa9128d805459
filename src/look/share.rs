//! Two texts → how much of the one stands in the other. Only letters and digits count, so that typography does not.

use crate::text::Normal;
use crate::text::fold;
use std::collections::HashSet;

/// Letters in a row that say "the same passage". Unrelated texts of one language share hardly any.
const RUN: usize = 12;

/// A text that has at most this share of the letters of the one before may be its beginning.
const BEGINNING: f64 = 0.7;

/// Letters of a text that is long enough to be cut by a paywall.
const LONG: usize = 600;

/// Letters and digits, marks and case folded away.
pub(super) fn letters(text: &str) -> String {
    fold(Normal::of(text).text()).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// Which share of `old` stands in `new`, passage by passage: 0 to 1.
pub(super) fn share(old: &str, new: &str) -> f64 {
    of_letters(&letters(old), &letters(new))
}

fn of_letters(old: &str, new: &str) -> f64 {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    if old.len() < RUN {
        return if old == new { 1.0 } else { 0.0 };
    }
    let there: HashSet<&[char]> = new.windows(RUN).collect();
    let runs = old.len() - RUN + 1;
    let shared = old.windows(RUN).filter(|run| there.contains(run)).count();
    #[expect(clippy::cast_precision_loss, reason = "texts have fewer than 2^52 letters")]
    let share = shared as f64 / runs as f64;
    share
}

/// Whether `new` is `old` cut off, but for a line or so: what a paywall shows.
pub(super) fn is_beginning(old: &str, new: &str) -> bool {
    let (old, new) = (letters(old), letters(new));
    let (many, few) = (old.chars().count(), new.chars().count());
    #[expect(clippy::cast_precision_loss, reason = "texts have fewer than 2^52 letters")]
    let shorter = many >= LONG && few >= 2 * RUN && (few as f64) < BEGINNING * many as f64;
    if !shorter {
        return false;
    }
    let beginning: String = old.chars().take(few).collect();
    of_letters(&new, &beginning) > 0.8
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "La fiscal Marina Ocampo presentó ayer ante el tribunal de Puerto Claro las pruebas contra dos agentes.";

    #[test]
    fn typography_costs_nothing_and_an_unrelated_text_shares_nothing() {
        assert!((share(TEXT, &TEXT.to_uppercase().replace('.', "…")) - 1.0).abs() < f64::EPSILON);
        let other = "El precio del pan subió otra vez en los mercados de la costa, según dijo la cámara de comercio.";
        assert!(share(TEXT, other) < 0.05, "{}", share(TEXT, other));
        assert!(share(TEXT, &TEXT.replace("ayer", "el lunes")) > 0.5);
        assert!((share("corto", "corto") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_text_that_is_cut_off_is_a_beginning_and_one_without_its_middle_is_not() {
        let sentences: Vec<String> = (0..30)
            .map(|n| format!("La frase {n} de la crónica cuenta algo que ninguna otra cuenta, {}.", n * 7))
            .collect();
        let whole = sentences.join(" ");
        assert!(is_beginning(&whole, &format!("{} Suscríbete para leer más.", sentences[..12].join(" "))));
        assert!(!is_beginning(&whole, &[&sentences[..6], &sentences[18..]].concat().join(" ")));
        assert!(!is_beginning(&whole, &sentences[..28].join(" ")), "that is an edit");
        assert!(!is_beginning(TEXT, &TEXT[..60]), "too short to say");
    }
}
