//! `atalaya backtest`: the archive and a configuration → what would have been told; of two, what the other tells instead.

use super::Exit;
use super::account::Format;
use super::account::with_store;
use super::output::Output;
use super::search::Bound;
use super::search::moment;
use super::setup;
use crate::backtest::Archived;
use crate::backtest::Change;
use crate::backtest::Difference;
use crate::backtest::Figures;
use crate::backtest::Replay;
use crate::backtest::Standing;
use crate::backtest::Turn;
use crate::backtest::volume;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::Volume;
use crate::daemon::replaying;
use crate::model::ChannelName;
use crate::model::Field;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Verdict;
use crate::render::line;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use anyhow::Context;
use clap::Args;
use clap::Subcommand;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use owo_colors::OwoColorize as _;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// `atalaya backtest`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  atalaya backtest --since 90d\n  \
                  atalaya backtest diff /etc/atalaya/atalaya.toml new.toml --since 30d"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Which alerts another configuration wins and loses, by which words, and the messages before and after
    Diff(DiffArguments),
}

/// `atalaya backtest diff`.
#[derive(Debug, Args)]
struct DiffArguments {
    /// The configuration as it is; its store is read, unless --config or --state name another
    old: PathBuf,
    /// The configuration as it might be
    new: PathBuf,
    /// Also list matches that come or go without anybody being told
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    format: Format,
}

/// What is replayed.
#[derive(Debug, Args)]
struct Period {
    /// From here on: a day, a time, or so long until now. Counted by when an article was judged
    #[arg(long, value_name = "WHEN", default_value = "90d")]
    since: String,
    /// Until here, the day included
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
}

/// From when to before when.
#[derive(Clone, Copy)]
struct Span {
    since: Timestamp,
    until: Timestamp,
}

impl Period {
    fn span(&self, now: Timestamp) -> Result<Span, String> {
        let until = self.until.as_deref().map_or(Ok(now), |text| moment(text, now, Bound::Until))?;
        Ok(Span { since: moment(&self.since, now, Bound::Since)?, until })
    }
}

/// Replays. Exits with 1 when the volume is above the budget of `[volume]`; for `diff`, when anything differs.
///
/// # Errors
/// When the store cannot be read.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let period = match &arguments.command {
        Some(Command::Diff(diff)) => &diff.period,
        None => &arguments.period,
    };
    let span = match period.span(clock::now()) {
        Ok(span) => span,
        Err(message) => {
            output.complain(&message);
            return Ok(Exit::Usage);
        }
    };
    match &arguments.command {
        Some(Command::Diff(diff)) => differ(diff, span, named, output),
        None => retell(arguments, span, named, output),
    }
}

/// Loads without a word about warnings: those are for `check` and `run`.
fn load(file: &Path, output: &mut Output) -> Option<Config> {
    match config::load(file, &Environment::looking_only()) {
        Ok(loaded) => Some(loaded.config),
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            None
        }
    }
}

fn retell(arguments: &Arguments, span: Span, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(config) = load(&setup::file(named), output) else { return Ok(Exit::Config) };
    let format = &arguments.format;
    with_store(format, named, output, async |store, output| {
        let standing = Arc::new(Standing::of(&config));
        let mut replay = Replay::new(Arc::clone(&standing), span.since);
        walk(store, span, &[standing], |article, verdicts| {
            replay.take(article, &verdicts[0]);
        })
        .await?;
        let figures = replay.finish();
        let exceeded = config.volume.as_ref().map(|budget| volume::exceeded(budget, &figures)).unwrap_or_default();
        if format.json() {
            output.json(&Retold::of(span, &figures, config.volume.as_ref()))?;
        } else {
            tell_figures(span, &figures, output)?;
        }
        for excess in &exceeded {
            output.complain(&format!("above the budget of [volume]: {excess}"));
        }
        Ok(if exceeded.is_empty() { Exit::Success } else { Exit::Finding })
    })
}

fn differ(arguments: &DiffArguments, span: Span, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let (old, new) = (load(&arguments.old, output), load(&arguments.new, output));
    let (Some(old), Some(new)) = (old, new) else { return Ok(Exit::Config) };
    let format = &arguments.format;
    with_store(format, named.or(Some(&arguments.old)), output, async |store, output| {
        let standings = [Arc::new(Standing::of(&old)), Arc::new(Standing::of(&new))];
        let [before, after] = standings.clone();
        let mut difference = Difference::new(before, after, span.since);
        let mut changes = Vec::new();
        walk(store, span, &standings, |article, verdicts| {
            changes.extend(difference.take(article, &verdicts[0], &verdicts[1]));
        })
        .await?;
        let (before, after) = (difference.before.finish(), difference.after.finish());
        let days = days(&before, &after);
        let same = changes.is_empty() && days.iter().all(|day| day.before == day.after);
        if format.json() {
            for change in &changes {
                output.json(&ChangeLine::of(change))?;
            }
            output.json(&Summary::of(span, &changes, &before, &after, &days))?;
        } else {
            for change in &changes {
                if arguments.all || matches!(change.turn, Turn::Gained | Turn::Lost) {
                    tell_change(change, output)?;
                }
            }
            tell_summary(span, &changes, before.articles, &days, output)?;
        }
        Ok(if same { Exit::Success } else { Exit::Finding })
    })
}

/// Replays with a bar on a terminal. What was judged shortly before the time counts as told before.
async fn walk(
    store: &SqliteStore,
    span: Span,
    standings: &[Arc<Standing>],
    take: impl FnMut(&Archived, &[Vec<Verdict>]),
) -> anyhow::Result<()> {
    let back = standings.iter().map(|standing| standing.reaches_back()).max().unwrap_or_default();
    let first = span.since.checked_sub(back).unwrap_or(Timestamp::MIN);
    let bar = ProgressBar::new(store.archive_size(first, span.until).await?);
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} articles, {per_sec}, {eta} left").context("a template")?,
    );
    replaying::replay(store, first, span.until, standings, take, |count| bar.inc(count as u64)).await?;
    bar.finish_and_clear();
    Ok(())
}

/// One receiver's day before and after.
#[derive(Clone, Serialize)]
struct Day<'a> {
    channel: &'a ChannelName,
    receiver: &'a str,
    day: Date,
    before: u64,
    after: u64,
}

fn days<'a>(before: &'a Figures, after: &'a Figures) -> Vec<Day<'a>> {
    let receivers: BTreeSet<_> = before.messages.keys().chain(after.messages.keys()).collect();
    let mut all = Vec::new();
    for receiver in receivers {
        let sides = [before.messages.get(receiver), after.messages.get(receiver)];
        let days: BTreeSet<Date> = sides.iter().flatten().flat_map(|days| days.keys().copied()).collect();
        let count = |side: usize, day| sides[side].and_then(|days| days.get(&day)).map_or(0, |day| day.count);
        all.extend(days.into_iter().map(|day| Day {
            channel: &receiver.0,
            receiver: &receiver.1,
            day,
            before: count(0, day),
            after: count(1, day),
        }));
    }
    all
}

fn date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn heading(span: Span, articles: u64) -> String {
    let articles = if articles == 1 { "1 article".to_owned() } else { format!("{articles} articles") };
    format!("{articles} that were judged from {} to {}", date(span.since), date(span.until))
}

fn tell_figures(span: Span, figures: &Figures, output: &mut Output) -> anyhow::Result<()> {
    output.line(heading(span, figures.articles))?;
    output.line("")?;
    let width = figures.rules.keys().map(|rule| rule.as_str().len()).max().unwrap_or(0).max(4);
    output
        .line(format!("{:<width$}  {:>8}  {:>8}  {:>8}  {:>12}", "rule", "matched", "told", "copies", "nobody told"))?;
    for (rule, tally) in &figures.rules {
        output.line(format!(
            "{:<width$}  {:>8}  {:>8}  {:>8}  {:>12}",
            rule.as_str(),
            tally.matched,
            tally.alerted,
            tally.merged,
            tally.held
        ))?;
    }
    for ((channel, receiver), days) in &figures.messages {
        let total: u64 = days.values().map(|day| day.count).sum();
        output.line(format!("\n{} ({channel}): {total} messages", line::clean(receiver, 200)))?;
        for (day, messages) in days {
            let rules: Vec<String> = messages.by_rule.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
            output.line(format!("  {day}  {:>5}  {}", messages.count, rules.join(", ")))?;
        }
    }
    Ok(())
}

/// Longest headline and sentence on a terminal.
const LONGEST: usize = 160;

fn tell_change(change: &Change, output: &mut Output) -> anyhow::Result<()> {
    let gains = matches!(change.turn, Turn::Gained | Turn::MatchGained);
    let sign = match change.turn {
        Turn::Gained => "+",
        Turn::Lost => "-",
        Turn::MatchGained => "+ (nobody is told)",
        Turn::MatchLost => "- (nobody was told)",
    };
    let head = format!("{sign} {}  {}  {}", change.rule, date(change.judged_at), line::clean(&change.title, LONGEST));
    output.line(match (output.colour, gains) {
        (false, _) => head,
        (true, true) => head.green().to_string(),
        (true, false) => head.red().to_string(),
    })?;
    output.line(format!("    {}", line::clean(&change.url, usize::MAX)))?;
    let (yes, no) = if gains { ("after", "before") } else { ("before", "after") };
    output.line(format!("    {yes}: {}", line::clean(&change.yes, 400)))?;
    output.line(format!("    {no}: {}", line::clean(&change.no, 400)))?;
    if let Some(excerpt) = &change.excerpt {
        let mut text = String::new();
        for piece in line::pieces(excerpt, LONGEST) {
            text.push_str(&match (piece.marked, output.colour) {
                (true, true) => piece.text.yellow().bold().to_string(),
                (true, false) => format!("[{}]", piece.text),
                (false, _) => piece.text,
            });
        }
        output.line(format!("    {text}"))?;
    }
    output.line("")?;
    Ok(())
}

fn count(changes: &[Change], turn: Turn) -> usize {
    changes.iter().filter(|change| change.turn == turn).count()
}

fn tell_summary(
    span: Span,
    changes: &[Change],
    articles: u64,
    days: &[Day<'_>],
    output: &mut Output,
) -> anyhow::Result<()> {
    output.line(heading(span, articles))?;
    output.line(format!("alerts   {} gained, {} lost", count(changes, Turn::Gained), count(changes, Turn::Lost)))?;
    let silent = (count(changes, Turn::MatchGained), count(changes, Turn::MatchLost));
    output.line(format!("matches  {} gained and {} lost besides, of which nobody is told", silent.0, silent.1))?;
    for days in days.chunk_by(|one, other| (one.channel, one.receiver) == (other.channel, other.receiver)) {
        let sum = |of: fn(&Day<'_>) -> u64| days.iter().map(of).sum::<u64>();
        let (before, after) = (sum(|day| day.before), sum(|day| day.after));
        let receiver = line::clean(days[0].receiver, 200);
        output.line(format!("\n{receiver} ({}): {before} → {after} messages", days[0].channel))?;
        for day in days.iter().filter(|day| day.before != day.after) {
            output.line(format!("  {}  {:>5} → {}", day.day, day.before, day.after))?;
        }
    }
    Ok(())
}

/// `backtest --json`: a contract.
#[derive(Serialize)]
struct Retold<'a> {
    since: Timestamp,
    until: Timestamp,
    articles: u64,
    rules: Vec<RuleLine<'a>>,
    messages: Vec<MessagesLine<'a>>,
    exceeded: Vec<ExcessLine>,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    rule: &'a RuleName,
    matched: u64,
    alerted: u64,
    merged: u64,
    held: u64,
}

#[derive(Serialize)]
struct MessagesLine<'a> {
    channel: &'a ChannelName,
    receiver: &'a str,
    day: Date,
    messages: u64,
}

#[derive(Serialize)]
struct ExcessLine {
    channel: ChannelName,
    receiver: String,
    day: Date,
    mails: u64,
    limit: u64,
}

impl<'a> Retold<'a> {
    fn of(span: Span, figures: &'a Figures, budget: Option<&Volume>) -> Self {
        let exceeded = budget.map(|budget| (volume::limit(budget), volume::exceeded(budget, figures)));
        Self {
            since: span.since,
            until: span.until,
            articles: figures.articles,
            rules: figures
                .rules
                .iter()
                .map(|(rule, tally)| RuleLine {
                    rule,
                    matched: tally.matched,
                    alerted: tally.alerted,
                    merged: tally.merged,
                    held: tally.held,
                })
                .collect(),
            messages: figures
                .messages
                .iter()
                .flat_map(|((channel, receiver), days)| {
                    days.iter().map(move |(day, messages)| MessagesLine {
                        channel,
                        receiver,
                        day: *day,
                        messages: messages.count,
                    })
                })
                .collect(),
            exceeded: exceeded
                .into_iter()
                .flat_map(|(limit, all)| all.into_iter().map(move |excess| (limit, excess)))
                .map(|(limit, excess)| ExcessLine {
                    channel: excess.channel,
                    receiver: excess.receiver,
                    day: excess.day,
                    mails: excess.mails,
                    limit,
                })
                .collect(),
        }
    }
}

/// One change of `backtest diff --json`: a contract.
#[derive(Serialize)]
struct ChangeLine<'a> {
    turn: Turn,
    rule: &'a RuleName,
    item: ItemId,
    source: &'a SourceName,
    date: Timestamp,
    title: &'a str,
    url: &'a str,
    words: &'a [String],
    excerpt: Option<ExcerptLine<'a>>,
    yes: &'a str,
    no: &'a str,
}

#[derive(Serialize)]
struct ExcerptLine<'a> {
    field: Field,
    text: &'a str,
    marks: Vec<(usize, usize)>,
}

impl<'a> ChangeLine<'a> {
    fn of(change: &'a Change) -> Self {
        Self {
            turn: change.turn,
            rule: &change.rule,
            item: change.item,
            source: &change.source,
            date: change.judged_at,
            title: &change.title,
            url: &change.url,
            words: &change.words,
            excerpt: change.excerpt.as_ref().map(|excerpt| ExcerptLine {
                field: excerpt.field,
                text: &excerpt.text,
                marks: excerpt.marks.clone(),
            }),
            yes: &change.yes,
            no: &change.no,
        }
    }
}

/// The last line of `backtest diff --json`: a contract.
#[derive(Serialize)]
struct Summary<'a> {
    since: Timestamp,
    until: Timestamp,
    articles: u64,
    gained: usize,
    lost: usize,
    matches_gained: usize,
    matches_lost: usize,
    messages_before: u64,
    messages_after: u64,
    messages: &'a [Day<'a>],
}

impl<'a> Summary<'a> {
    fn of(span: Span, changes: &[Change], before: &Figures, after: &Figures, days: &'a [Day<'a>]) -> Self {
        let total = |figures: &Figures| {
            figures.messages.values().flat_map(|days| days.values().map(|day| day.count)).sum::<u64>()
        };
        Self {
            since: span.since,
            until: span.until,
            articles: before.articles,
            gained: count(changes, Turn::Gained),
            lost: count(changes, Turn::Lost),
            matches_gained: count(changes, Turn::MatchGained),
            matches_lost: count(changes, Turn::MatchLost),
            messages_before: total(before),
            messages_after: total(after),
            messages: days,
        }
    }
}
