//! The beginning of an article, with the rest elsewhere.

use super::Detector;
use super::signs::LONG;
use super::signs::Signs;
use super::signs::count_words;
use super::signs::fold;
use crate::model::Reason;

/// Pages that give less than the article.
pub static DETECTOR: Detector = Detector { name: "teaser_only", phrases: &[], examine };

/// How a text ends that goes on elsewhere, folded.
const ENDS: &[&str] = &[
    "read more",
    "read more »",
    "read on",
    "continue reading",
    "continue reading →",
    "keep reading",
    "full story",
    "read the full story",
    "read the full article",
    "[...]",
    "[…]",
    "(more…)",
    "leer más",
    "lee más",
    "leer más »",
    "ver más",
    "seguir leyendo",
    "sigue leyendo",
    "continúa leyendo",
    "continuar leyendo",
    "leer nota completa",
    "leer la nota completa",
    "leia mais",
    "leia mais »",
    "ler mais",
    "saiba mais",
    "continue lendo",
    "continuar lendo",
    "continuar a ler",
];

/// From this many words of the feed on, a page that gives less than half as many is short of something.
const TELLING: usize = 40;

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let teaser = |detail: String| Some(Reason::TeaserOnly { detail });
    if signs.words == 0 {
        return None;
    }
    if signs.words < LONG
        && let Some(end) = end(&signs.article.text)
    {
        return teaser(format!("it ends in “{end}”"));
    }
    let listed = count_words(signs.listed.text);
    if listed >= TELLING && signs.words * 2 < listed {
        return teaser(format!("{} words, where the feed itself gives {listed}", signs.words));
    }
    None
}

/// How a text says that it goes on elsewhere, if it does.
pub(super) fn end(text: &str) -> Option<&'static str> {
    let tail = text.trim_end();
    let last = fold(&tail[tail.floor_char_boundary(tail.len().saturating_sub(80))..]);
    if let Some(end) = ENDS.iter().copied().find(|end| ends_in(last.trim_end_matches(['.', '…', ' ', '>', '›']), end))
    {
        return Some(end);
    }
    ["[...]", "[…]", "…", "..."].into_iter().find(|end| last.ends_with(end))
}

fn ends_in(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
}
