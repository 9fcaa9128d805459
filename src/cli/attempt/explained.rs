//! (rules, text) → for people: which rules matched, which nearly did and what was missing, which names were not taken for
//! their entity, and the sentences with all that coloured.

use super::super::output::Output;
use crate::model::Excerpt;
use crate::model::Language;
use crate::model::Reason;
use crate::model::Verdict;
use crate::rule::Account;
use crate::rule::RuleAccount;
use crate::rule::RuleSet;
use crate::rule::Text;
use owo_colors::OwoColorize;
use owo_colors::Style;
use serde_json::Value;

/// Writes it; colours on a terminal, signs in a pipe.
pub fn tell(rules: &RuleSet, id: &Value, text: &Text<'_>, output: &mut Output) -> anyhow::Result<()> {
    let language = text.language.map_or("unknown language", Language::as_str);
    let head = if text.title.is_empty() { id.as_str().unwrap_or("(no title)") } else { text.title };
    let head = paint(&format!("{head} ({language})"), Style::new().bold(), output.colour);
    output.line(head)?;
    let accounts = rules.explain_rules(text);
    for account in accounts.iter().filter(|account| account.matched) {
        tell_rule("+", account, Style::new().green().bold(), output)?;
    }
    sentences(rules, text, accounts.iter().filter(|account| account.matched), Style::new().green().bold(), output)?;
    for account in accounts.iter().filter(|account| account.is_near()) {
        tell_rule("~", account, Style::new().yellow(), output)?;
        sentences(rules, text, std::iter::once(account), Style::new().yellow(), output)?;
    }
    for account in accounts.iter().filter(|account| !account.matched && !account.is_near()) {
        tell_rule("-", account, Style::new().dimmed(), output)?;
    }
    let untouched = rules.rules().iter().filter(|rule| accounts.iter().all(|account| account.rule != rule.name));
    let untouched: Vec<&str> = untouched.map(|rule| rule.name.as_str()).collect();
    if !untouched.is_empty() {
        let none = Reason::NothingFound;
        let line = format!("- {}: {none}", untouched.join(", "));
        output.line(paint(&line, Style::new().dimmed(), output.colour))?;
    }
    for account in rules.explain_entities(text) {
        tell_entity(&account, output)?;
    }
    Ok(())
}

fn tell_rule(sign: &str, account: &RuleAccount, style: Style, output: &mut Output) -> anyhow::Result<()> {
    let found = match account.reason {
        Reason::NotEnough { .. } | Reason::Excluded { .. } if !account.found.is_empty() => {
            format!("found {}; ", account.found.join(", "))
        }
        _ => String::new(),
    };
    let sign = paint(sign, style, output.colour);
    let name = paint(account.rule.as_str(), Style::new().bold(), output.colour);
    Ok(output.line(format!("{sign} {name}: {found}{}", account.reason))?)
}

/// The sentences with what was found; what excludes is red, and stands between `!` where there is no colour.
fn sentences<'a>(
    rules: &RuleSet,
    text: &Text<'_>,
    accounts: impl Iterator<Item = &'a RuleAccount>,
    style: Style,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (mut found, mut against) = (Vec::new(), Vec::new());
    for account in accounts {
        let verdict =
            |mentions| Verdict { rule: account.rule.clone(), matched: true, reason: account.reason.clone(), mentions };
        found.push(verdict(account.mentions.clone()));
        against.push(verdict(account.against.clone()));
    }
    for (verdicts, style, sign) in [(&found, style, '*'), (&against, Style::new().red().bold(), '!')] {
        for excerpt in rules.excerpts(text.title, text.body, verdicts) {
            output.line(format!("  | {}", marked(&excerpt, style, sign, output.colour)))?;
        }
    }
    Ok(())
}

/// An entity of which every name was refused, with the whole score of each; one that is mentioned in one line.
fn tell_entity(account: &Account, output: &mut Output) -> anyhow::Result<()> {
    let (sign, style) =
        if account.accepted { ("+", Style::new().green().bold()) } else { ("~", Style::new().yellow()) };
    let sign = paint(sign, style, output.colour);
    let told = account.to_string();
    for (index, line) in told.lines().enumerate() {
        // Names that count need no account; those that do not are what people look for.
        if index > 0 && account.names.get(index - 1).is_some_and(|name| name.accepted) {
            continue;
        }
        output.line(if index == 0 { format!("{sign} {line}") } else { format!("  {line}") })?;
    }
    Ok(())
}

/// The excerpt with its matched words coloured, or between signs where there is no colour.
fn marked(excerpt: &Excerpt, style: Style, sign: char, colour: bool) -> String {
    let mut marked = String::new();
    let mut at = 0;
    for &(start, end) in &excerpt.marks {
        marked.push_str(&excerpt.text[at..start]);
        let word = &excerpt.text[start..end];
        marked.push_str(&if colour { word.style(style).to_string() } else { format!("{sign}{word}{sign}") });
        at = end;
    }
    marked.push_str(&excerpt.text[at..]);
    marked
}

fn paint(text: &str, style: Style, colour: bool) -> String {
    if colour { text.style(style).to_string() } else { text.to_owned() }
}
