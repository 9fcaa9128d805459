//! `atalaya try rules`: texts → verdicts.

use super::super::Exit;
use super::super::output::Output;
use super::super::setup;
use super::explained;
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
use crate::model::Judgement;
use crate::model::Language;
use crate::net::client::Client;
use crate::net::client::Request;
use crate::rule::RuleSet;
use crate::rule::Text;
use crate::text::language;
use anyhow::Context;
use anyhow::anyhow;
use clap::Args;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use url::Url;

/// `atalaya try rules`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya try rules https://paper.example/a\n  \
                        atalaya try rules --json < texts.jsonl      {\"id\",\"lang\"?,\"title\",\"body\"} per line,\n  \
                        and what `author:` and the like look into: \"authors\"? \"tags\"? \"url\"? \"source\"?")]
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
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    url: String,
    #[serde(default)]
    source: String,
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
#[derive(Default)]
struct Subject {
    id: Value,
    title: String,
    body: String,
    authors: Vec<String>,
    tags: Vec<String>,
    url: String,
    source: String,
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
                let text = Subject {
                    id: asked.id,
                    title: asked.title.unwrap_or_default(),
                    body: asked.body.unwrap_or_default(),
                    authors: asked.authors,
                    tags: asked.tags,
                    url: asked.url,
                    source: asked.source,
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
fn tell(rules: &RuleSet, subject: &Subject, json: bool, output: &mut Output) -> anyhow::Result<()> {
    let language = language::detect(&subject.title, &subject.body, subject.declared.as_ref());
    let text = Text {
        title: &subject.title,
        body: &subject.body,
        authors: &subject.authors,
        tags: &subject.tags,
        url: &subject.url,
        source: &subject.source,
        language: language.as_ref(),
    };
    if json {
        tell_json(subject, &rules.judge(&text), output)
    } else {
        explained::tell(rules, &subject.id, &text, output)
    }
}

fn tell_json(text: &Subject, judgement: &Judgement, output: &mut Output) -> anyhow::Result<()> {
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

/// What the rules say of one subject of this source.
///
/// # Errors
/// When the subject cannot be read.
pub(super) fn judged(
    subject: &str,
    source: &str,
    config: &Config,
    rules: &RuleSet,
    output: &mut Output,
) -> anyhow::Result<Judgement> {
    let subject = subject_text(subject, config, output)?;
    let language = language::detect(&subject.title, &subject.body, subject.declared.as_ref());
    Ok(rules.judge(&Text {
        title: &subject.title,
        body: &subject.body,
        authors: &subject.authors,
        tags: &subject.tags,
        url: &subject.url,
        source,
        language: language.as_ref(),
    }))
}

/// An address is fetched under the same guard as the daemon's; a file that holds no page is plain text.
fn subject_text(subject: &str, config: &Config, output: &mut Output) -> anyhow::Result<Subject> {
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
        return Ok(Subject { id: Value::from(subject), body, ..Subject::default() });
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
    Ok(Subject {
        id: Value::from(subject),
        title: article.title,
        body: article.text,
        authors: article.byline.into_iter().collect(),
        url: if content_type.is_some() { url.into() } else { String::new() },
        declared: article.language,
        ..Subject::default()
    })
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
