//! `atalaya try rules`: texts → verdicts.

use super::super::Exit;
use super::super::output::Output;
use super::super::setup;
use super::input;
use crate::article;
use crate::article::Terms;
use crate::article::site;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::daemon::tower;
use crate::model::Document;
use crate::model::Excerpt;
use crate::model::Judgement;
use crate::model::Language;
use crate::net::client::Client;
use crate::net::client::Request;
use crate::rule::RuleSet;
use crate::text::language;
use anyhow::Context;
use anyhow::anyhow;
use clap::Args;
use owo_colors::OwoColorize;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use url::Url;

/// `atalaya try rules`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya try rules https://paper.example/a\n  \
                        atalaya try rules --json < texts.jsonl      {\"id\",\"lang\"?,\"title\",\"body\"} per line")]
pub struct Arguments {
    /// An address or a file (a page, or plain text) to judge; without one, JSON lines of standard input are
    #[arg(value_name = "URL|FILE")]
    subject: Option<String>,
    /// One JSON object per text
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    id: Value,
    lang: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    body: Option<String>,
}

/// One line of the contract.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a Value,
    language: Option<&'a Language>,
    mentions: Vec<MentionLine<'a>>,
    rules: Vec<RuleLine<'a>>,
}

#[derive(Serialize)]
struct MentionLine<'a> {
    entity: &'a str,
    field: &'a str,
    start: usize,
    end: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    rule: &'a str,
    matched: bool,
    reason: String,
}

/// A text to judge.
struct Text {
    id: Value,
    title: String,
    body: String,
    declared: Option<Language>,
}

/// Judges one subject, or each line of standard input.
///
/// # Errors
/// When the subject or standard input cannot be read, or the answer cannot be written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    // Warnings are for `check` and `run`: here a file of rules alone is as good as a whole configuration.
    let config = match config::load(&setup::file(named), &Environment::looking_only()) {
        Ok(loaded) => loaded.config,
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            return Ok(Exit::Config);
        }
    };
    let rules = RuleSet::compile(config.entities.clone(), config.rules.clone());
    if let Some(subject) = &arguments.subject {
        let text = subject_text(subject, &config, output)?;
        tell(&rules, &text, arguments.json, output)?;
        return Ok(Exit::Success);
    }
    let mut exit = Exit::Success;
    for object in input::objects::<Asked>() {
        match object? {
            Ok(asked) => {
                let text = Text {
                    id: asked.id,
                    title: asked.title.unwrap_or_default(),
                    body: asked.body.unwrap_or_default(),
                    declared: asked.lang.as_deref().and_then(Language::parse),
                };
                tell(&rules, &text, arguments.json, output)?;
            }
            Err(bad) => {
                exit = Exit::Finding;
                if arguments.json {
                    output.json(&bad)?;
                } else {
                    output.complain(&bad.error);
                }
            }
        }
        output.flush()?;
    }
    Ok(exit)
}

/// Judges as the daemon does: the language is found in the text, a declared one counts where the text is short.
fn tell(rules: &RuleSet, text: &Text, json: bool, output: &mut Output) -> anyhow::Result<()> {
    let language = language::detect(&text.title, &text.body, text.declared.as_ref());
    let judgement = rules.judge(&text.title, &text.body, language.as_ref());
    if json { tell_json(text, &judgement, output) } else { tell_people(rules, text, &judgement, output) }
}

fn tell_json(text: &Text, judgement: &Judgement, output: &mut Output) -> anyhow::Result<()> {
    let mentions = judgement.mentions.iter().filter_map(|mention| {
        Some(MentionLine {
            entity: mention.entity.as_ref()?.as_str(),
            field: mention.field.as_str(),
            start: mention.start,
            end: mention.end,
            text: &mention.text,
        })
    });
    let rules = judgement.verdicts.iter().map(|verdict| RuleLine {
        rule: verdict.rule.as_str(),
        matched: verdict.matched,
        reason: verdict.reason.to_string(),
    });
    output.json(&Line {
        id: &text.id,
        language: judgement.language.as_ref(),
        mentions: mentions.collect(),
        rules: rules.collect(),
    })?;
    Ok(())
}

fn tell_people(rules: &RuleSet, text: &Text, judgement: &Judgement, output: &mut Output) -> anyhow::Result<()> {
    let language = judgement.language.as_ref().map_or("unknown language", Language::as_str);
    let head = if text.title.is_empty() { text.id.as_str().unwrap_or("(no title)") } else { &text.title };
    output.line(format!("{head} ({language})"))?;
    for verdict in &judgement.verdicts {
        let sign = match (verdict.matched, output.colour) {
            (true, true) => "+".green().bold().to_string(),
            (true, false) => "+".into(),
            (false, true) => "-".dimmed().to_string(),
            (false, false) => "-".into(),
        };
        output.line(format!("{sign} {}: {}", verdict.rule, verdict.reason))?;
    }
    let matched = judgement.verdicts.iter().filter(|verdict| verdict.matched);
    for excerpt in rules.excerpts(&text.title, &text.body, matched) {
        output.line(format!("  | {}", marked(&excerpt, output.colour)))?;
    }
    Ok(())
}

/// The excerpt with its matched words coloured, or between `*` where there is no colour.
fn marked(excerpt: &Excerpt, colour: bool) -> String {
    let mut marked = String::new();
    let mut at = 0;
    for &(start, end) in &excerpt.marks {
        marked.push_str(&excerpt.text[at..start]);
        let word = &excerpt.text[start..end];
        marked.push_str(&if colour { word.yellow().bold().to_string() } else { format!("*{word}*") });
        at = end;
    }
    marked.push_str(&excerpt.text[at..]);
    marked
}

/// An address is fetched under the same guard as the daemon's; a file that holds no page is plain text.
fn subject_text(subject: &str, config: &Config, output: &mut Output) -> anyhow::Result<Text> {
    let (url, content_type, bytes) = match Url::parse(subject) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => fetch(url, config)?,
        _ => {
            let bytes = input::bytes(Path::new(subject)).with_context(|| format!("{subject} could not be read"))?;
            (Url::parse("http://no-address.invalid/").expect("the placeholder is an address"), None, bytes)
        }
    };
    let looks_like_a_page = bytes.iter().take(4096).any(|byte| *byte == b'<');
    if !looks_like_a_page && content_type.is_none() {
        let body = String::from_utf8_lossy(&bytes).into_owned();
        return Ok(Text { id: Value::from(subject), title: String::new(), body, declared: None });
    }
    let document = Document { url: &url, content_type: content_type.as_deref(), bytes: &bytes };
    let terms = Terms { now: clock::now(), site: site::of(&config.sites, &url) };
    let (article, refused) = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(article::STACK_BYTES)
            .spawn_scoped(scope, || article::examine(&document, "", &terms))
            .context("no thread for the extractor")?
            .join()
            .map_err(|_| anyhow!("the extractor failed"))
    })?;
    if let Some(reason) = refused {
        output.complain(&format!("{subject}: {reason}; what was extracted is judged all the same"));
    }
    Ok(Text { id: Value::from(subject), title: article.title, body: article.text, declared: article.language })
}

fn fetch(url: Url, config: &Config) -> anyhow::Result<(Url, Option<String>, Vec<u8>)> {
    let client = Client::new(&config.egress, &tower::user_agent(config.contact.as_deref()))?;
    let request =
        Request { url: &url, accept: "text/html, */*;q=0.5", validators: None, max_bytes: None, capture: false };
    let fetched = setup::runtime()?
        .block_on(client.get(&request))
        .map_err(|error| anyhow!("{url} could not be fetched: {}", error.reason()))?;
    Ok((fetched.url, fetched.content_type, fetched.body))
}
