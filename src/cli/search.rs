//! `atalaya search`: what was read that says so. Reads the store beside a running daemon.

use super::Exit;
use super::account;
use super::account::Format;
use super::output::Output;
use super::setup;
use crate::clock;
use crate::config;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::ItemId;
use crate::model::Language;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::render::line;
use crate::rule::EntitySpec;
use crate::rule::QueryError;
use crate::search;
use crate::search::Search;
use crate::store::Find;
use crate::store::Inquiry;
use crate::store::Order;
use crate::store::Store;
use clap::Args;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use owo_colors::OwoColorize;
use serde::Serialize;
use std::path::Path;

/// Longest headline and excerpt, in characters.
const LONGEST: usize = 300;

/// So many articles that are not in the index are worth a word: reading them takes time.
const MANY: usize = 2000;

const AFTER_HELP: &str = "\
A query has the words, \"phrases\", AND, OR, NOT (-), brackets, title:, body: and @entity of a rule,
and besides tortur* (a word's beginning), source:name and lang:es. Case and marks never count, and
an @entity is any of its names, whatever stands near. Put the query in single quotes.

Examples:
  atalaya search 'presos políticos'
  atalaya search '\"presos políticos\" title:(cárcel OR prisión)' --since 30d
  atalaya search 'tortur* -deporte lang:es' --source el-faro --limit 100
  atalaya search '@odp' --since 2025-03-01 --until 2025-03-31 --json

Exit codes: 0 something was found; 1 nothing was; 2 the query or the command line is wrong.";

/// `atalaya search`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// What the article says
    #[arg(value_name = "QUERY")]
    query: String,
    /// Only from this day or time on, or of so long until now: 2025-03-01, 2025-03-01T12:00:00Z, 7d, 12h
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Only up to the end of this day, or before this time: 2025-03-31, 2025-03-31T12:00:00Z, 7d
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Only of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The newest first, or by how much of it is about the words
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    sort: Sort,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

/// The order on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Sort {
    /// The newest first
    Newest,
    /// Best first: BM25, a headline counting four times
    Rank,
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Rank => Self::Rank,
        }
    }
}

/// Looks for articles. Exits with 1 when there is none, with 2 when the query cannot be understood.
///
/// # Errors
/// When the store cannot be read.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let text = &arguments.query;
    let query = match search::parse(text) {
        Ok(query) => query,
        Err(errors) => return Ok(refuse(text, &errors, output)),
    };
    // Only entities are asked of the configuration: a search of a store does not need one.
    let entities: Vec<EntitySpec> = if query.entities().is_empty() {
        Vec::new()
    } else {
        match setup::load_if_any(named, output) {
            Ok(loaded) => loaded.map(|loaded| loaded.config.entities).unwrap_or_default(),
            Err(exit) => return Ok(exit),
        }
    };
    let mut search = match Search::compile(&query, &entities) {
        Ok(search) => search,
        Err(errors) => return Ok(refuse(text, &errors, output)),
    };
    if let Some(source) = &arguments.source {
        search = search.of(SourceName::new(source));
    }
    let now = clock::now();
    let (since, until) = match (
        arguments.since.as_deref().map(|text| moment(text, now, Bound::Since)).transpose(),
        arguments.until.as_deref().map(|text| moment(text, now, Bound::Until)).transpose(),
    ) {
        (Ok(since), Ok(until)) => (since, until),
        (Err(message), _) | (_, Err(message)) => {
            output.complain(&message);
            return Ok(Exit::Usage);
        }
    };
    let inquiry = Inquiry { search: &search, since, until, order: arguments.sort.into(), limit: arguments.limit };
    account::with_store(&arguments.format, named, output, async |store, output| {
        let found = store.search(&inquiry).await?;
        for find in &found.finds {
            let excerpts = search.excerpts(&find.article.title, &find.article.text);
            if arguments.format.json {
                output.json(&Line::of(find, &excerpts))?;
            } else {
                tell(find, &excerpts, output)?;
            }
        }
        if found.unindexed > MANY {
            output.complain(&format!(
                "{} articles are not in the index yet and were read one by one; the daemon is at it",
                found.unindexed
            ));
        }
        if found.more {
            output.complain(&format!("there are more; --limit {} shows twice as many", arguments.limit.max(1) * 2));
        }
        if found.finds.is_empty() && !found.more {
            output.complain("nothing was found");
            return Ok(Exit::Finding);
        }
        Ok(Exit::Success)
    })
}

/// Every error with its place in the query, as a rule's are shown.
fn refuse(text: &str, errors: &[QueryError], output: &mut Output) -> Exit {
    let colour = output.colour_of_complaints;
    for error in errors {
        let head = text[..error.span.start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[head..].lines().next().unwrap_or_default();
        let clean = |text: &str| text.replace(char::is_control, " ");
        let before = text[head..error.span.start].chars().count();
        let marked =
            text[error.span.start..error.span.end.min(head + line.len()).max(error.span.start)].chars().count();
        let sign = "^".repeat(marked.max(1));
        let sign = if colour { sign.red().bold().to_string() } else { sign };
        output.complain(&clean(&error.message));
        output.complain_text(&format!(
            "  {}\n  {}{sign}\n  help: {}\n",
            clean(line),
            " ".repeat(before),
            clean(&error.help)
        ));
    }
    Exit::Usage
}

/// Which end of the time a moment is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Since,
    Until,
}

/// A time, a day (in UTC; as an end, to its own end), or so long before now.
pub(super) fn moment(text: &str, now: Timestamp, bound: Bound) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let help =
        "write a day such as 2025-03-01, a time such as 2025-03-01T12:00:00Z, or so long until now such as 7d or 12h";
    if let Ok(day) = text.parse::<civil::Date>() {
        let day = if bound == Bound::Until { day.tomorrow() } else { Ok(day) };
        return day
            .and_then(|day| day.to_zoned(TimeZone::UTC))
            .map(|midnight| midnight.timestamp())
            .map_err(|error| format!("{text}: {error}"));
    }
    match config::duration::duration(text) {
        Ok(length) => now.checked_sub(length).map_err(|error| format!("{text}: {error}")),
        Err(_) => Err(format!("`{text}` is no time: {help}")),
    }
}

fn tell(find: &Find, excerpts: &[Excerpt], output: &mut Output) -> anyhow::Result<()> {
    let title = line::clean(&find.article.title, LONGEST);
    let title = if title.is_empty() { "(no title)".to_owned() } else { title };
    let date = account::time(find.date);
    if output.colour {
        output.line(format!("{}", title.bold()))?;
    } else {
        output.line(&title)?;
    }
    output.line(format!("    {date}  {}  {}", find.source, line::clean(&find.url, usize::MAX)))?;
    if !find.rules.is_empty() {
        let rules: Vec<&str> = find.rules.iter().map(RuleName::as_str).collect();
        output.line(format!("    matched: {}", rules.join(", ")))?;
    }
    // The headline stands above already.
    for excerpt in excerpts.iter().filter(|excerpt| excerpt.field == Field::Body) {
        let mut text = String::new();
        for piece in line::pieces(excerpt, LONGEST) {
            text.push_str(&match piece.marked && output.colour {
                true => piece.text.yellow().bold().to_string(),
                false => piece.text,
            });
        }
        output.line(format!("    {text}"))?;
    }
    output.line("")?;
    Ok(())
}

/// One article in JSON: a contract.
#[derive(Serialize)]
struct Line<'a> {
    item: ItemId,
    source: &'a SourceName,
    date: Timestamp,
    title: &'a str,
    url: &'a str,
    language: Option<&'a Language>,
    published: Option<Timestamp>,
    listed_at: Timestamp,
    judged_at: Timestamp,
    rules: &'a [RuleName],
    excerpts: Vec<Sentence<'a>>,
}

#[derive(Serialize)]
struct Sentence<'a> {
    field: Field,
    text: &'a str,
    marks: Vec<Mark<'a>>,
}

#[derive(Serialize)]
struct Mark<'a> {
    start: usize,
    end: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn of(find: &'a Find, excerpts: &'a [Excerpt]) -> Self {
        let mark = |excerpt: &'a Excerpt, (start, end)| Mark { start, end, text: &excerpt.text[start..end] };
        Self {
            item: find.item,
            source: &find.source,
            date: find.date,
            title: &find.article.title,
            url: &find.url,
            language: find.article.language.as_ref(),
            published: find.article.published,
            listed_at: find.listed_at,
            judged_at: find.judged_at,
            rules: &find.rules,
            excerpts: excerpts
                .iter()
                .map(|excerpt| Sentence {
                    field: excerpt.field,
                    text: &excerpt.text,
                    marks: excerpt.marks.iter().map(|&marked| mark(excerpt, marked)).collect(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;
    use super::moment;
    use jiff::Timestamp;

    #[test]
    fn a_moment_is_a_time_a_day_or_so_long_ago() {
        let now: Timestamp = "2025-03-10T12:00:00Z".parse().expect("a time");
        let said = |text, bound| moment(text, now, bound).map(|moment| moment.to_string());
        for (text, since, until) in [
            ("2025-03-01", "2025-03-01T00:00:00Z", "2025-03-02T00:00:00Z"),
            ("2025-03-01T06:00:00+02:00", "2025-03-01T04:00:00Z", "2025-03-01T04:00:00Z"),
            ("7d", "2025-03-03T12:00:00Z", "2025-03-03T12:00:00Z"),
            ("1h30m", "2025-03-10T10:30:00Z", "2025-03-10T10:30:00Z"),
        ] {
            assert_eq!(said(text, Bound::Since).as_deref(), Ok(since), "{text}");
            assert_eq!(said(text, Bound::Until).as_deref(), Ok(until), "{text}");
        }
        for text in ["yesterday", "2025-13-01", "", "7"] {
            assert!(said(text, Bound::Since).is_err(), "{text}");
        }
    }
}
