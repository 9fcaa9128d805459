//! (webhook payload, mail, merge) → lines for a terminal. Quiet by default: colour only where it is asked for.
//!
//! Titles and texts come from strangers, so control characters never reach the terminal.

use super::mailbox::Mail;
use crate::store::MergeRow;
use owo_colors::OwoColorize as _;
use owo_colors::Style;
use serde_json::Value;
use std::io;
use std::io::Write;

/// Lines are broken behind this many characters.
const WIDTH: usize = 96;

/// Text in one style.
type Piece = (String, Style);

/// Prints an alert from the payload of its webhook call: rules, headline, the sentences with their matched words, the
/// entities, why, and where to read it. What the payload lacks is left out.
///
/// # Errors
/// When `out` cannot be written to.
pub fn alert(out: &mut dyn Write, payload: &Value, colour: bool) -> io::Result<()> {
    let data = &payload["data"];
    let rules: Vec<_> = list(&data["rules"]).map(|rule| either(rule, "label", "name")).collect();
    let origin: Vec<_> = [either(data, "site_name", "source"), word(&data["language"])].into();
    let origin = origin.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    writeln!(out)?;
    let head = vec![
        ("●".into(), Style::new().red()),
        (rules.join(" · "), Style::new().red().bold()),
        (origin, Style::new().dimmed()),
    ];
    lines(out, "", &head, colour)?;
    lines(out, "  ", &[(word(&data["title"]), Style::new().bold())], colour)?;
    for excerpt in list(&data["excerpts"]) {
        if word(&excerpt["text"]) != word(&data["title"]) {
            lines(out, "  │ ", &marked(excerpt, colour), colour)?;
        }
    }
    let entities: Vec<_> = list(&data["entities"]).map(entity).collect();
    if !entities.is_empty() {
        lines(out, "  ", &[(entities.join(" · "), Style::new().cyan())], colour)?;
    }
    for rule in list(&data["rules"]) {
        let text = word(&rule["reason"]["text"]);
        if !text.is_empty() {
            let why = vec![("why".into(), Style::new().dimmed()), (text, Style::new().dimmed())];
            lines(out, "  ", &why, colour)?;
        }
    }
    let unread = word(&data["unread"]["text"]);
    if !unread.is_empty() {
        let note = format!("judged by the feed's own text, its page could not be read: {unread}");
        lines(out, "  ", &[(note, Style::new().yellow())], colour)?;
    }
    let original = word(&data["copy_of"]);
    if !original.is_empty() {
        lines(
            out,
            "  ",
            &[(format!("a copy of “{original}”, told before for other rules"), Style::new().dimmed())],
            colour,
        )?;
    }
    lines(out, "  ", &[(word(&data["url"]), Style::new().blue())], colour)
}

/// Prints that a mail was written: the subject and the file's name.
///
/// # Errors
/// When `out` cannot be written to.
pub fn mail(out: &mut dyn Write, mail: &Mail, colour: bool) -> io::Result<()> {
    let file = mail.file.file_name().unwrap_or_default().display().to_string();
    let line = vec![
        ("✉".into(), Style::new().green()),
        (clean(&mail.to.join(", ")), Style::new()),
        (clean(&mail.subject), Style::new().bold()),
        (format!("→ {file}"), Style::new().dimmed()),
    ];
    lines(out, "", &line, colour)
}

/// Prints that a copy was merged into a story that was told before. `rows` are those of one copy, one for each rule.
///
/// # Errors
/// When `out` cannot be written to.
pub fn merge(out: &mut dyn Write, rows: &[MergeRow], colour: bool) -> io::Result<()> {
    let Some(merge) = rows.first() else { return Ok(()) };
    let into = match merge.story_title == merge.title {
        true => String::new(),
        false => format!(" into “{}”", merge.story_title),
    };
    let rules = rows.iter().map(|row| row.rule.as_str()).collect::<Vec<_>>().join(", ");
    let story = format!("merged{into}: {} (told for {rules})", merge.relation);
    let line = vec![
        ("⇢".into(), Style::new().yellow()),
        (clean(&format!("{} ({})", merge.title, merge.source)), Style::new()),
        (clean(&story), Style::new().dimmed()),
    ];
    lines(out, "", &line, colour)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    clean(value.as_str().unwrap_or_default())
}

fn either(value: &Value, first: &str, second: &str) -> String {
    let text = word(&value[first]);
    if text.is_empty() { word(&value[second]) } else { text }
}

/// White space folded, nothing left that a terminal obeys.
fn clean(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A space for each control character, and for each that turns the direction of writing.
fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect()
}

/// `label 3× (forms)`.
fn entity(entity: &Value) -> String {
    let label = either(entity, "label", "name");
    let forms: Vec<_> = list(&entity["forms"]).map(word).filter(|form| *form != label).collect();
    let forms = if forms.is_empty() { String::new() } else { format!(" ({})", forms.join(", ")) };
    match entity["mentions"].as_u64() {
        Some(mentions) if mentions > 1 => format!("{label} {mentions}×{forms}"),
        _ => format!("{label}{forms}"),
    }
}

/// The sentence in pieces. Without colour the matched words stand between asterisks.
fn marked(excerpt: &Value, colour: bool) -> Vec<Piece> {
    let text = excerpt["text"].as_str().unwrap_or_default();
    let mut pieces = Vec::new();
    let mut done = 0;
    for mark in list(&excerpt["marks"]) {
        let place = |key: &str| mark[key].as_u64().and_then(|place| usize::try_from(place).ok());
        let (Some(start), Some(end)) = (place("start"), place("end")) else { continue };
        let (Some(before), Some(inside)) = (text.get(done..start), text.get(start..end)) else { continue };
        pieces.push((before.to_owned(), Style::new()));
        let inside = if colour { inside.to_owned() } else { format!("*{inside}*") };
        pieces.push((inside, Style::new().yellow().bold()));
        done = end;
    }
    pieces.push((text.get(done..).unwrap_or_default().to_owned(), Style::new()));
    glue(pieces)
}

/// Splits pieces into words, so that a mark inside a word does not part it from its punctuation.
fn glue(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut glued: Vec<Piece> = Vec::new();
    for (text, style) in pieces {
        let text = harmless(&text);
        let joined = glued.last().is_some_and(|(last, _)| !last.ends_with(' ')) && !text.starts_with(' ');
        if joined && !text.is_empty() {
            // U+2060 (word joiner) marks the seam for `lines`.
            glued.push((format!("\u{2060}{text}"), style));
        } else if !text.is_empty() {
            glued.push((text, style));
        }
    }
    glued
}

/// Writes pieces as words, broken at [`WIDTH`], every line behind `margin`.
fn lines(out: &mut dyn Write, margin: &str, pieces: &[Piece], colour: bool) -> io::Result<()> {
    let room = WIDTH - margin.chars().count();
    let mut used = 0;
    for (piece, style) in pieces {
        let (piece, seam) = match piece.strip_prefix('\u{2060}') {
            Some(rest) => (rest, true),
            None => (piece.as_str(), false),
        };
        for (number, word) in piece.split_whitespace().enumerate() {
            let length = word.chars().count();
            let joined = seam && number == 0;
            match used {
                0 => write!(out, "{margin}")?,
                _ if joined => {}
                _ if used + 1 + length > room => {
                    write!(out, "\n{margin}")?;
                    used = 0;
                }
                _ => {
                    write!(out, " ")?;
                    used += 1;
                }
            }
            used += length;
            match colour {
                true => write!(out, "{}", word.style(*style))?,
                false => write!(out, "{word}")?,
            }
        }
    }
    if used > 0 { writeln!(out) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::alert;
    use super::mail;
    use super::merge;
    use crate::cli::demo::mailbox::Mail;
    use crate::model::ItemId;
    use crate::model::Reason;
    use crate::model::RuleName;
    use crate::model::SourceName;
    use crate::store::MergeRow;
    use serde_json::Value;
    use serde_json::json;

    fn shown(payload: &Value, colour: bool) -> String {
        let mut out = Vec::new();
        alert(&mut out, payload, colour).expect("a vector takes everything");
        String::from_utf8(out).expect("text")
    }

    fn payload() -> Value {
        let text = "Relatives told the ICC, in The Hague, of torture.";
        let icc = text.find("ICC").expect("it is there");
        let torture = text.find("torture").expect("it is there");
        json!({"type": "alert.matched", "data": {
            "rules": [{"name": "icc-torture", "label": "Torture before the Court",
                       "reason": {"code": "matched", "text": "@icc (ICC) and \"torture\""}}],
            "entities": [{"name": "icc", "label": "International Criminal Court", "forms": ["ICC", "CPI"], "mentions": 3}],
            "excerpts": [{"field": "body", "text": text, "rules": ["icc-torture"],
                          "marks": [{"start": icc, "end": icc + 3, "text": "ICC"},
                                    {"start": torture, "end": torture + 7, "text": "torture"}]}],
            "title": "Mothers hand boxes of evidence to prosecutors", "url": "http://127.0.0.1:1/a", "source": "courier",
            "language": "en"}})
    }

    #[test]
    fn an_alert_says_which_rule_which_entities_which_words_and_where() {
        insta::assert_snapshot!(shown(&payload(), false), @r#"

        ● Torture before the Court courier · en
          Mothers hand boxes of evidence to prosecutors
          │ Relatives told the *ICC*, in The Hague, of *torture*.
          International Criminal Court 3× (ICC, CPI)
          why @icc (ICC) and "torture"
          http://127.0.0.1:1/a
        "#);
    }

    #[test]
    fn what_was_not_read_and_what_is_a_copy_is_said() {
        let mut odd = payload();
        odd["data"]["unread"] = json!({"code": "status", "text": "the server answered 403"});
        odd["data"]["copy_of"] = json!("Familias de detenidos");
        let shown = shown(&odd, false);
        assert!(shown.contains("could not be read: the server answered 403"), "{shown}");
        assert!(shown.contains("a copy of “Familias de detenidos”"), "{shown}");
    }

    #[test]
    fn colour_comes_only_when_asked_for() {
        assert!(!shown(&payload(), false).contains('\u{1b}'));
        assert!(shown(&payload(), true).contains("\u{1b}["));
    }

    #[test]
    fn a_hostile_headline_cannot_write_to_the_terminal() {
        let mut hostile = payload();
        hostile["data"]["title"] = json!("a\u{1b}]0;owned\u{7}\u{202e}b\nc");
        hostile["data"]["excerpts"][0]["text"] = json!("ICC \u{1b}[2J\u{202e}");
        hostile["data"]["excerpts"][0]["marks"] =
            json!([{"start": 0, "end": 3}, {"start": 2, "end": 900}, {"start": "x"}, null]);
        let shown = shown(&hostile, false);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
        assert!(shown.contains("*ICC*"));
    }

    #[test]
    fn an_empty_payload_is_no_failure() {
        shown(&Value::Null, true);
    }

    #[test]
    fn a_long_sentence_is_broken_at_words() {
        let mut long = payload();
        long["data"]["excerpts"][0]["text"] = json!("palabra ".repeat(40));
        assert!(shown(&long, false).lines().all(|line| line.chars().count() <= super::WIDTH));
    }

    #[test]
    fn a_mail_and_a_merge_take_one_line_each() {
        let mut out = Vec::new();
        let letter = Mail { file: "/tmp/x/0001-a.eml".into(), to: vec!["ana@example.org".into()], subject: "A".into() };
        mail(&mut out, &letter, false).expect("a vector takes everything");
        let row = MergeRow {
            row: 1,
            source: SourceName::new("tribuna"),
            title: "Una misión".into(),
            url: "http://127.0.0.1:1/b".into(),
            story_title: "La fiscalía".into(),
            rule: RuleName::new("icc"),
            relation: Reason::SameText { item: ItemId(4) },
        };
        merge(&mut out, &[row], false).expect("a vector takes everything");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        ✉ ana@example.org A → 0001-a.eml
        ⇢ Una misión (tribuna) merged into “La fiscalía”: the same text as item 4 (told for icc)
        ");
    }
}
