//! `atalaya try story`: two articles, or lines of pairs → how the second relates to the first; or a stream of articles → stories.

use super::super::Exit;
use super::super::output::Output;
use super::super::setup;
use super::input;
use super::input::BadLine;
use crate::article;
use crate::article::Terms;
use crate::clock;
use crate::config;
use crate::config::Environment;
use crate::model::Document;
use crate::model::Language;
use crate::story::Alone;
use crate::story::Earlier;
use crate::story::Index;
use crate::story::Known;
use crate::story::Sketch;
use crate::story::Thresholds;
use crate::story::Verdict;
use crate::story::relate_sketch;
use crate::text::language;
use anyhow::Context;
use anyhow::anyhow;
use clap::Args;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use url::Url;

/// `atalaya try story`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya try story first.html second.txt\n  \
                        atalaya try story --jsonl pairs.jsonl     {\"id\",\"title_a\",\"text_a\",\"title_b\",\"text_b\"} per line\n  \
                        atalaya try story --stream < all.jsonl    {\"id\",\"title\",\"text\",\"time\"?} per line, the oldest first")]
pub struct Arguments {
    /// Two files (pages, or plain text), the earlier one first
    #[arg(value_name = "FILE", num_args = 2, required_unless_present_any = ["jsonl", "stream"])]
    files: Vec<PathBuf>,
    /// Judge the pairs of a file, one JSON object per line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "stream"])]
    jsonl: Option<PathBuf>,
    /// Group the articles of standard input into stories, one JSON object per line
    #[arg(long, conflicts_with = "files")]
    stream: bool,
    /// One JSON object per answer
    #[arg(long)]
    json: bool,
}

/// A pair of the contract.
#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    id: Value,
    lang_a: Option<String>,
    #[serde(default)]
    title_a: Option<String>,
    #[serde(default)]
    text_a: Option<String>,
    lang_b: Option<String>,
    #[serde(default)]
    title_b: Option<String>,
    #[serde(default)]
    text_b: Option<String>,
    dt_hours: Option<f64>,
}

/// An article of a stream.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
    lang: Option<String>,
    time: Option<Timestamp>,
    source: Option<String>,
}

/// One line of the contract.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a Value,
    relation: &'a str,
    why: String,
}

/// One line of the contract for streams.
#[derive(Serialize)]
struct StreamLine<'a> {
    id: &'a Value,
    /// The `id` of the article that the story began with.
    story: &'a Value,
    relation: &'a str,
    /// The `id` of the article that it relates to; `null` when it is new.
    of: Option<&'a Value>,
    why: String,
}

/// An article, sketched.
struct Subject {
    title: String,
    language: Option<Language>,
    sketch: Sketch,
}

impl Subject {
    fn new(title: String, text: &str, declared: Option<&str>) -> Self {
        let declared = declared.and_then(language::from_tag);
        let language = language::detect(&title, text, declared.as_ref());
        Self { sketch: Sketch::of(&title, text), title, language }
    }
}

/// Judges two files, lines of pairs, or a stream.
///
/// # Errors
/// When the input cannot be read, or the answer cannot be written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(thresholds) = thresholds(named, output)? else { return Ok(Exit::Config) };
    if arguments.stream {
        return stream(&thresholds, output);
    }
    if let Some(file) = &arguments.jsonl {
        if file == Path::new("-") {
            return pairs(input::objects(), &thresholds, output);
        }
        let bytes = input::bytes(file).with_context(|| format!("{} could not be read", file.display()))?;
        return pairs(input::objects_of(bytes.as_slice()), &thresholds, output);
    }
    let [first, second] = arguments.files.as_slice() else { anyhow::bail!("two files are compared") };
    let (first, second) = (subject(first)?, subject(second)?);
    let verdict = compare(&first, &second, SignedDuration::ZERO, &thresholds);
    let why = verdict.account.in_words(&first.title, first.language.as_ref());
    let relation = verdict.likeness.as_str();
    if arguments.json {
        output.json(&Line { id: &Value::Null, relation, why })?;
    } else {
        output.line(format!("{relation}: {why}"))?;
    }
    Ok(Exit::Success)
}

/// Of the configuration that is named, or of the one that is found; the measured ones where there is none.
fn thresholds(named: Option<&Path>, output: &mut Output) -> anyhow::Result<Option<Thresholds>> {
    let file = setup::file(named);
    if named.is_none() && !file.exists() {
        return Ok(Some(Thresholds::default()));
    }
    match config::load(&file, &Environment::looking_only()) {
        Ok(loaded) => Ok(Some(loaded.config.stories)),
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            Ok(None)
        }
    }
}

/// Each pair by itself: the same pair gets the same answer whatever else is asked.
fn pairs(
    objects: impl Iterator<Item = io::Result<Result<Pair, BadLine>>>,
    thresholds: &Thresholds,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    for object in objects {
        match object? {
            Ok(pair) => {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let first = Subject::new(text(&pair.title_a), &text(&pair.text_a), pair.lang_a.as_deref());
                let second = Subject::new(text(&pair.title_b), &text(&pair.text_b), pair.lang_b.as_deref());
                let apart = SignedDuration::try_from_secs_f64(pair.dt_hours.unwrap_or(0.0) * 3600.0)
                    .unwrap_or(SignedDuration::MAX);
                let verdict = compare(&first, &second, apart, thresholds);
                let why = verdict.account.in_words(&first.title, first.language.as_ref());
                output.json(&Line { id: &pair.id, relation: verdict.likeness.as_str(), why })?;
            }
            Err(bad) => {
                output.json(&bad)?;
                exit = Exit::Finding;
            }
        }
        output.flush()?;
    }
    Ok(exit)
}

fn compare(first: &Subject, second: &Subject, apart: SignedDuration, thresholds: &Thresholds) -> Verdict {
    let earlier = Earlier { sketch: &first.sketch, language: first.language.as_ref(), apart, same_source: false };
    relate_sketch(&second.sketch, second.language.as_ref(), [earlier], &Alone, thresholds)
}

/// What was read of a stream.
struct Seen {
    id: Value,
    subject: Subject,
    time: Timestamp,
    source: Option<String>,
    /// The number of the article that the story began with.
    story: usize,
}

/// Each article against those before it that are within the window; without a time, at the time of the one before it.
fn stream(thresholds: &Thresholds, output: &mut Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    let mut index = Index::default();
    let mut seen: Vec<Seen> = Vec::new();
    for object in input::objects::<Asked>() {
        match object? {
            Ok(asked) => take(asked, &mut index, &mut seen, thresholds, output)?,
            Err(bad) => {
                output.json(&bad)?;
                exit = Exit::Finding;
            }
        }
        output.flush()?;
    }
    Ok(exit)
}

fn take(
    asked: Asked,
    index: &mut Index,
    seen: &mut Vec<Seen>,
    thresholds: &Thresholds,
    output: &mut Output,
) -> anyhow::Result<()> {
    let subject = Subject::new(asked.title.unwrap_or_default(), &asked.text.unwrap_or_default(), asked.lang.as_deref());
    let time = asked.time.or(seen.last().map(|last| last.time)).unwrap_or_default();
    let day = |time: Timestamp| i32::try_from(time.as_second().div_euclid(86_400)).unwrap_or(i32::MAX);
    // Twice the window: what is repeated after it is still recognised as a repetition.
    let since = day(time.saturating_sub(thresholds.within * 2).unwrap_or(time));
    let candidates = index.resembling(&subject.sketch, since);
    let earlier =
        candidates.iter().filter_map(|known| seen.get(usize::try_from(known.item).ok()?)).map(|one| Earlier {
            sketch: &one.subject.sketch,
            language: one.subject.language.as_ref(),
            apart: time.duration_since(one.time),
            same_source: asked.source.is_some() && one.source == asked.source,
        });
    let verdict = relate_sketch(&subject.sketch, subject.language.as_ref(), earlier, index, thresholds);
    let of = verdict.of.and_then(|of| usize::try_from(candidates[of].item).ok());
    let number = seen.len();
    let story = of.map_or(number, |of| seen[of].story);
    let why = match of.map(|of| &seen[of].subject) {
        Some(other) => verdict.account.in_words(&other.title, other.language.as_ref()),
        None => verdict.account.in_words("", None),
    };
    seen.push(Seen { id: asked.id, subject, time, source: asked.source, story });
    let one = &seen[number];
    output.json(&StreamLine {
        id: &one.id,
        story: &seen[story].id,
        relation: verdict.likeness.as_str(),
        of: of.map(|of| &seen[of].id),
        why,
    })?;
    index.insert(Known { item: number as i64, story: story as i64 }, day(time), &one.subject.sketch);
    index.forget_before(since);
    Ok(())
}

/// A page's article, or a plain text whose first line is its title.
fn subject(file: &Path) -> anyhow::Result<Subject> {
    let bytes = input::bytes(file).with_context(|| format!("{} could not be read", file.display()))?;
    if !bytes.iter().take(4096).any(|byte| *byte == b'<') {
        let text = String::from_utf8_lossy(&bytes);
        let (title, rest) = text.trim_start().split_once('\n').unwrap_or(("", &text));
        return Ok(Subject::new(title.trim().to_owned(), rest, None));
    }
    let url = Url::parse("http://no-address.invalid/").expect("the placeholder is an address");
    let document = Document { url: &url, content_type: None, bytes: &bytes };
    let terms = Terms { now: clock::now(), site: None };
    let (article, _) = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(article::STACK_BYTES)
            .spawn_scoped(scope, || article::examine(&document, "", &terms))
            .context("no thread for the extractor")?
            .join()
            .map_err(|_| anyhow!("the extractor failed"))
    })?;
    Ok(Subject::new(article.title, &article.text, article.language.as_ref().map(Language::as_str)))
}
