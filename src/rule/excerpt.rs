//! (article, verdicts) → the sentences that they rest on, matched words marked.

use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Mention;
use crate::model::RuleName;
use crate::model::Verdict;
use crate::text::sentence;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Range;

/// The most excerpts of one article.
const MOST: usize = 4;
/// About the most bytes of one excerpt.
const MOST_BYTES: usize = 320;
/// How much of that may stand before the first mark.
const BEFORE_MARK: usize = 120;
const CUT: &str = "…";

/// See [`super::RuleSet::excerpts`].
pub fn excerpts<'a>(title: &str, body: &str, verdicts: impl IntoIterator<Item = &'a Verdict>) -> Vec<Excerpt> {
    let mut candidates: BTreeMap<(Field, usize, usize), Candidate> = BTreeMap::new();
    let bounds = [sentence::sentences(title), sentence::sentences(body)];
    for verdict in verdicts.into_iter().filter(|verdict| verdict.matched) {
        for mention in &verdict.mentions {
            let (text, bounds) = match mention.field {
                Field::Title => (title, &bounds[0]),
                Field::Body => (body, &bounds[1]),
            };
            if text.get(mention.start..mention.end).is_none() {
                continue;
            }
            let range = sentence::around(bounds, text, mention.start, mention.end);
            let candidate = candidates.entry((mention.field, range.start, range.end)).or_default();
            candidate.marks.insert((mention.start, mention.end));
            candidate.found.insert(key(mention));
            candidate.rules.insert(verdict.rule.clone());
        }
    }
    let chosen = choose(&candidates);
    chosen
        .into_iter()
        .map(|(field, start, end)| {
            let candidate = &candidates[&(field, start, end)];
            let text = if field == Field::Title { title } else { body };
            let (text, marks) = cut(&text[start..end], start, &candidate.marks);
            Excerpt { field, text, marks, rules: candidate.rules.iter().cloned().collect() }
        })
        .collect()
}

#[derive(Default)]
struct Candidate {
    marks: BTreeSet<(usize, usize)>,
    found: BTreeSet<String>,
    rules: BTreeSet<RuleName>,
}

/// What a mention adds to a sentence: two names of one entity add no more than one.
fn key(mention: &Mention) -> String {
    mention.entity.as_ref().map_or_else(|| mention.text.to_lowercase(), |entity| format!("@{entity}"))
}

/// The sentences that say most: each time the one that adds most that no chosen one has.
fn choose(candidates: &BTreeMap<(Field, usize, usize), Candidate>) -> Vec<(Field, usize, usize)> {
    let mut chosen = BTreeSet::new();
    let mut rules: BTreeSet<&RuleName> = BTreeSet::new();
    let mut found: BTreeSet<&String> = BTreeSet::new();
    while chosen.len() < MOST {
        let worth = |candidate: &Candidate| {
            let new_rules = candidate.rules.iter().filter(|rule| !rules.contains(rule)).count();
            let new_words = candidate.found.iter().filter(|word| !found.contains(word)).count();
            (new_rules, new_words, candidate.found.len())
        };
        let open = candidates.iter().filter(|(place, _)| !chosen.contains(*place));
        // Of equals the first in the article.
        let Some((place, candidate)) = open.rev().max_by_key(|(_, candidate)| worth(candidate)) else { break };
        chosen.insert(*place);
        rules.extend(&candidate.rules);
        found.extend(&candidate.found);
    }
    chosen.into_iter().collect()
}

/// Folds white space and shortens around the first mark, at word borders; marks become ranges of the result.
fn cut(sentence: &str, offset: usize, marks: &BTreeSet<(usize, usize)>) -> (String, Vec<(usize, usize)>) {
    let (folded, places) = fold(sentence);
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &(start, end) in marks {
        let (start, end) = (places[start - offset], places[end - offset]);
        match ranges.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => ranges.push((start, end)),
        }
    }
    let window = window(&folded, ranges.first().copied().unwrap_or((0, 0)));
    let head = if window.start > 0 { CUT } else { "" };
    let tail = if window.end < folded.len() { CUT } else { "" };
    let text = format!("{head}{}{tail}", &folded[window.clone()]);
    let shift = |at: usize| at - window.start + head.len();
    let marks = ranges
        .into_iter()
        .filter(|&(start, end)| start >= window.start && end <= window.end)
        .map(|(start, end)| (shift(start), shift(end)))
        .collect();
    (text, marks)
}

/// White space runs become one space; also where each byte went.
fn fold(text: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = vec![0; text.len() + 1];
    for (at, character) in text.char_indices() {
        let blank = character.is_whitespace();
        let repeated = blank && folded.ends_with(' ');
        let place = if repeated { folded.len() - 1 } else { folded.len() };
        places[at..at + character.len_utf8()].fill(place);
        if !repeated {
            folded.push(if blank { ' ' } else { character });
        }
    }
    places[text.len()] = folded.len();
    (folded, places)
}

fn window(text: &str, mark: (usize, usize)) -> Range<usize> {
    if text.len() <= MOST_BYTES {
        return 0..text.len();
    }
    let latest = text.len() - MOST_BYTES;
    let wanted = mark.0.saturating_sub(BEFORE_MARK).min(latest);
    let start = match wanted {
        0 => 0,
        // The first word that begins behind the wanted place, and not behind the mark.
        _ => {
            let wanted = text.ceil_char_boundary(wanted);
            text[wanted..mark.0].find(' ').map_or(mark.0, |space| wanted + space + 1)
        }
    };
    let limit = text.floor_char_boundary((start + MOST_BYTES).min(text.len())).max(mark.1);
    let end = match text[limit..].chars().next() {
        None => text.len(),
        Some(next) if next.is_whitespace() => limit,
        Some(_) => text[mark.1..limit].rfind(' ').map_or(mark.1, |space| mark.1 + space),
    };
    start..end
}

#[cfg(test)]
mod tests {
    use super::MOST;
    use super::excerpts;
    use crate::model::Excerpt;
    use crate::model::RuleName;
    use crate::model::Verdict;
    use crate::rule::RuleSet;
    use crate::rule::RuleSpec;
    use crate::rule::Text;
    use crate::rule::parse;

    fn verdicts(title: &str, body: &str, queries: &[&str]) -> Vec<Verdict> {
        let rules = queries.iter().map(|query| RuleSpec {
            name: RuleName::new(*query),
            label: None,
            query: parse(query).expect("a query"),
            languages: Vec::new(),
            min_score: None,
            hit: Vec::new(),
            miss: Vec::new(),
        });
        RuleSet::compile(Vec::new(), rules.collect()).judge(&Text::of(title, body, None)).verdicts
    }

    /// The text with its marks in square brackets.
    fn marked(excerpt: &Excerpt) -> String {
        let mut text = excerpt.text.clone();
        for &(start, end) in excerpt.marks.iter().rev() {
            text.insert(end, ']');
            text.insert(start, '[');
        }
        text
    }

    fn found(title: &str, body: &str, queries: &[&str]) -> Vec<String> {
        excerpts(title, body, &verdicts(title, body, queries)).iter().map(marked).collect()
    }

    #[test]
    fn the_sentence_that_matched_is_shown_with_its_words_marked() {
        let body = "Nothing here. The  guards\nused torture\u{a0}in prison. Nothing there.";
        assert_eq!(found("A title", body, &["torture prison"]), ["The guards used [torture] in [prison]."]);
    }

    #[test]
    fn a_mark_that_contains_white_space_is_folded_too() {
        assert_eq!(
            found("", "So political\n   prisoners are.", &["\"political prisoners\""]),
            ["So [political prisoners] are."]
        );
    }

    #[test]
    fn every_rule_is_shown_before_any_is_shown_twice() {
        let body =
            "One has tortura. Two has tortura. Three has tortura. Four has tortura. Five has tortura. Six has cárcel.";
        let found = found("", body, &["tortura", "cárcel"]);
        assert_eq!(found.len(), MOST);
        assert_eq!(found[0], "One has [tortura].");
        assert_eq!(found[MOST - 1], "Six has [cárcel].");
    }

    #[test]
    fn a_verdict_that_does_not_match_shows_nothing() {
        assert!(found("x", "x", &["x y"]).is_empty());
    }

    #[test]
    fn a_long_sentence_is_shortened_around_its_first_mark_at_word_borders() {
        for at in [0, 1, 50, 120, 199] {
            let mut words = vec!["palabrería"; 200];
            words[at] = "tortura";
            let body = words.join(" ");
            let shown = excerpts("", &body, &verdicts("", &body, &["tortura"]));
            let text = marked(&shown[0]);
            assert!(text.contains("[tortura]"), "{text}");
            assert!(shown[0].text.len() <= 330, "{} bytes", shown[0].text.len());
            let whole = |word: &str| matches!(word, "palabrería" | "[tortura]");
            assert!(text.trim_matches('…').split(' ').all(whole), "{text}");
        }
    }

    #[test]
    fn an_endless_word_is_not_cut_inside_a_mark() {
        let body = format!("tortura {} fin", "ñ".repeat(2000));
        let shown = excerpts("", &body, &verdicts("", &body, &["tortura", "fin"]));
        assert!(shown[0].text.starts_with("tortura"));
    }
}
