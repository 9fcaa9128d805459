//! Commands that give an account: `why`, `ledger`, `status`, `outbox`. They read the store beside a running daemon.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::clock;
use crate::config;
use crate::config::Environment;
use crate::model::Alternate;
use crate::model::Basis;
use crate::model::ChannelName;
use crate::model::ItemState;
use crate::model::OutcomeKind;
use crate::send::DeliveryState;
use crate::store::DeliveryFilter;
use crate::store::DeliveryRow;
use crate::store::HeldState;
use crate::store::Ledger;
use crate::store::Status;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Way;
use crate::store::sqlite::SqliteStore;
use crate::story::address;
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use jiff::Timestamp;
use std::fmt::Display;
use std::path::Path;
use std::path::PathBuf;

/// How an account is given, and of which store.
#[derive(Debug, Args)]
pub struct Format {
    /// JSON instead of text
    #[arg(long)]
    pub(super) json: bool,
    /// The directory of the database, instead of the configuration's
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Format {
    /// Whether JSON was asked for.
    pub(super) fn json(&self) -> bool {
        self.json
    }
}

/// `atalaya why`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atalaya why https://paper.example/2026/11/article?utm_source=rss")]
pub struct WhyArguments {
    /// The article's address, as a feed, a mail or a browser has it
    #[arg(value_name = "URL")]
    url: String,
    #[command(flatten)]
    format: Format,
}

/// `atalaya outbox`.
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List deliveries, newest first
    List {
        /// Only those that stand so
        #[arg(long, value_name = "STATE")]
        only: Option<StateFilter>,
        /// Only those of this channel
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        format: Format,
    },
    /// List what waits to be told together, or at another hour, the first due first
    Held {
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        format: Format,
    },
    /// Show one delivery with its tries and its message
    Show {
        /// Its id; the first digits are enough
        id: String,
        #[command(flatten)]
        format: Format,
    },
    /// Try deliveries again now: those that were given up, or one that is waiting
    Retry {
        /// Its id; the first digits are enough. `all` for every delivery that was given up
        id: String,
        #[command(flatten)]
        format: Format,
    },
}

/// A delivery's state on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateFilter {
    /// To be sent, now or after a pause
    Waiting,
    /// Being sent
    Sending,
    /// The receiver has it
    Done,
    /// No more tries
    GivenUp,
}

impl From<StateFilter> for DeliveryState {
    fn from(filter: StateFilter) -> Self {
        match filter {
            StateFilter::Waiting => Self::Waiting,
            StateFilter::Sending => Self::Sending,
            StateFilter::Done => Self::Done,
            StateFilter::GivenUp => Self::GivenUp,
        }
    }
}

/// Finds the store's directory, opens it for reading and lets `account` speak.
pub(super) fn with_store(
    format: &Format,
    named: Option<&Path>,
    output: &mut Output,
    account: impl AsyncFnOnce(&SqliteStore, &mut Output) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let Some(state) = state(format, named, output) else { return Ok(Exit::Config) };
    setup::runtime()?.block_on(async {
        let store = setup::store_to_read(&state).await?;
        let exit = account(&store, output).await;
        store.close().await;
        exit
    })
}

/// The same for reading and writing; a store that is not there is not made.
pub(super) fn with_store_to_write(
    format: &Format,
    named: Option<&Path>,
    output: &mut Output,
    account: impl AsyncFnOnce(&SqliteStore, &mut Output) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let Some(state) = state(format, named, output) else { return Ok(Exit::Config) };
    setup::runtime()?.block_on(async {
        setup::store_to_read(&state).await?.close().await;
        let store = SqliteStore::open(&state).await?;
        let exit = account(&store, output).await;
        store.close().await;
        exit
    })
}

pub(super) fn state(format: &Format, named: Option<&Path>, output: &mut Output) -> Option<PathBuf> {
    if let Some(state) = &format.state {
        return Some(state.clone());
    }
    match config::state(&setup::file(named), &Environment::looking_only()) {
        Ok(state) => Some(state),
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            None
        }
    }
}

/// Retells an item's way. Exits with 1 when the address was never listed.
///
/// # Errors
/// When the store cannot be read.
pub fn why(arguments: &WhyArguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let url = arguments.url.trim();
    let key = address::canonical(url).unwrap_or_else(|| url.to_owned());
    with_store(&arguments.format, named, output, async |store, output| {
        let ways = store.ways(url, &key).await?;
        if ways.is_empty() {
            output.complain(&format!("{url} was never listed by a source"));
            return Ok(Exit::Finding);
        }
        for way in &ways {
            if arguments.format.json {
                output.json(way)?;
            } else {
                tell_way(way, output)?;
            }
        }
        Ok(Exit::Success)
    })
}

/// Which text was judged.
fn read_from(basis: Basis, url: &str) -> String {
    match basis {
        Basis::Page => format!("read from {url}"),
        Basis::Listing => format!("judged on what its source lists at {url}"),
        Basis::Feed => "judged on the feed's own text".to_owned(),
        Basis::Amp => format!("read from its AMP version {url}"),
        Basis::Print => format!("read from its print version {url}"),
        Basis::Alternate => format!("read from another version, {url}"),
        Basis::Mirror => format!("read from the mirror, {url}"),
        Basis::Rendering => format!("read from {url} as a browser shows it"),
        Basis::Pdf => format!("read from the PDF file {url}"),
    }
}

/// What was read and not judged.
fn besides(other: &Alternate) -> String {
    let words = other.text.split_whitespace().count();
    match &other.reason {
        Some(reason) => format!("not on the {}: {reason}", other.basis.as_str()),
        None => format!("not on the {}, which gives only {words} words", other.basis.as_str()),
    }
}

fn tell_way(way: &Way, output: &mut Output) -> anyhow::Result<()> {
    let entry = &way.item.entry;
    output.line(format!("{}", or_dash(&entry.title)))?;
    output.line(format!("  {}", entry.link.as_deref().or(entry.place.as_deref()).unwrap_or("(no address)")))?;
    output.line(format!("{}  listed by {} as item {}", time(way.item.listed_at), way.item.source, way.item.id))?;
    for (at, reason) in &way.tries {
        output.line(format!("{}  not read: {reason}", time(*at)))?;
    }
    if let Some(account) = &way.article {
        let article = &account.article;
        output.line(format!(
            "{}  {} ({} words{}, by {})",
            time(account.judged_at),
            read_from(article.basis, &account.final_url),
            article.text.split_whitespace().count(),
            article.language.as_ref().map(|language| format!(", {language}")).unwrap_or_default(),
            article.method
        ))?;
        if let Some(other) = &account.alternate {
            output.line(format!("  {}", besides(other)))?;
        }
        output.line(format!("  story: {} — {}", or_dash(&account.story_title), account.relation))?;
    }
    let state = match (way.state, &way.reason) {
        (state, Some(reason)) => format!("{}: {reason}", state.as_str()),
        (state, None) => state.as_str().to_owned(),
    };
    output.line(format!("  state: {state}"))?;
    if let (ItemState::Waiting, Some(next_at)) = (way.state, way.next_at) {
        output.line(format!("  asked for again at {}", time(next_at)))?;
    }
    for verdict in &way.verdicts {
        let sign = if verdict.matched { "+" } else { "-" };
        output.line(format!("  {sign} rule {}: {}", verdict.rule, verdict.reason))?;
        if let Some(outcome) = way.outcomes.iter().find(|outcome| outcome.rule == verdict.rule) {
            output.line(format!("      {}: {}", outcome.kind.as_str(), outcome.reason))?;
        }
    }
    for look in &way.looks {
        let alert = look.alert.map(|alert| format!(" (alert {alert})")).unwrap_or_default();
        output.line(format!("{}  looked at again: {}{alert}", time(look.at), look.reason))?;
    }
    if let Some(at) = way.next_look {
        output.line(format!("  looked at again at {}", time(at)))?;
    }
    for delivery in &way.deliveries {
        tell_delivery(delivery, output)?;
    }
    output.line("")?;
    Ok(())
}

/// Prints the sums. Exits with 1 when they do not add up.
///
/// # Errors
/// When the store cannot be read.
pub fn ledger(format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    with_store(format, named, output, async |store, output| {
        let ledger = store.ledger().await?;
        let faults = ledger.faults();
        if format.json {
            let mut value = serde_json::to_value(&ledger)?;
            value["faults"] = serde_json::to_value(&faults)?;
            output.json(&value)?;
        } else {
            tell_ledger(&ledger, output)?;
        }
        for fault in &faults {
            output.complain(fault);
        }
        Ok(if faults.is_empty() { Exit::Success } else { Exit::Finding })
    })
}

/// The sums, a line each, and whether they add up.
///
/// # Errors
/// When the answer cannot be written.
pub fn tell_ledger(ledger: &Ledger, output: &mut Output) -> anyhow::Result<()> {
    let states = ItemState::ALL.map(|state| (state.as_str(), ledger.states.get(&state).copied().unwrap_or(0)));
    let outcomes = OutcomeKind::ALL.map(|kind| (kind.as_str(), ledger.outcomes.get(&kind).copied().unwrap_or(0)));
    let deliveries =
        DeliveryState::ALL.map(|state| (state.as_str(), ledger.delivery_states.get(&state).copied().unwrap_or(0)));
    let verdicts = [("matched", ledger.matched_verdicts), ("not matched", ledger.unmatched_verdicts)];
    output.line(sum("listed", ledger.listed, &states))?;
    output.line(sum("verdicts", ledger.judged_rules, &verdicts))?;
    output.line(sum("matched", ledger.matched, &outcomes))?;
    output.line(sum("deliveries", ledger.deliveries, &deliveries))?;
    if ledger.held > 0 {
        let held = HeldState::ALL.map(|state| (state.as_str(), ledger.held_states.get(&state).copied().unwrap_or(0)));
        output.line(sum("held", ledger.held, &held))?;
    }
    let verdict = if ledger.faults().is_empty() { "The ledger adds up." } else { "The ledger does NOT add up." };
    output.line(verdict)?;
    Ok(())
}

fn sum(name: &str, whole: u64, parts: &[(&str, u64)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    format!("{name:<10} {whole:>8} = {}", parts.join(" + "))
}

/// Says how the tower stands.
///
/// # Errors
/// When the store cannot be read.
pub fn status(format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    with_store(format, named, output, async |store, output| {
        let status = store.status(clock::now()).await?;
        if format.json {
            output.json(&status)?;
        } else {
            tell_status(&status, output)?;
        }
        Ok(Exit::Success)
    })
}

fn tell_status(status: &Status, output: &mut Output) -> anyhow::Result<()> {
    output.line(format!(
        "sources    {} watched, {} due, {} failing",
        status.sources,
        status.sources_due,
        status.failing.len()
    ))?;
    output.line(format!("last heard {}", status.heard_at.map_or("never".into(), time)))?;
    output.line(format!(
        "items      {} to read, {} judged today, {} could not be read",
        status.items_waiting, status.judged_today, status.unreadable_total
    ))?;
    output.line(format!("outbox     {} to send, {} given up", status.outbox_waiting, status.outbox_given_up))?;
    for trouble in &status.troubles {
        output.line(format!("\ntrouble    {} {}: {}", trouble.source, trouble.kind.says(), trouble.reason))?;
        let told = if trouble.told { "operators were told" } else { "operators were not told yet" };
        output.line(format!("           {} since {}, {told}", trouble.kind.as_str(), time(trouble.since)))?;
    }
    for source in &status.failing {
        let reason = source.reason.as_ref().map(ToString::to_string).unwrap_or_default();
        output.line(format!("\nfailing    {} ({}): {reason}", source.name, times(source.failures)))?;
        output.line(format!(
            "           last heard {}, asked again {}",
            source.heard_at.map_or("never".into(), time),
            time(source.next_at)
        ))?;
    }
    if !status.unreadable.is_empty() {
        output.line("\nCould not be read:")?;
    }
    for item in &status.unreadable {
        output.line(format!("  {}  {}: {}", time(item.at), item.source, or_dash(&item.title)))?;
        output.line(format!("      {}", item.link.as_deref().unwrap_or("(no address)")))?;
        output.line(format!("      {}", item.reason))?;
    }
    if status.outbox_given_up > 0 {
        output.line("\nSee `atalaya outbox list --only given-up`; `atalaya outbox retry all` tries them again.")?;
    }
    Ok(())
}

/// Lists, shows or retries deliveries.
///
/// # Errors
/// When the store cannot be read or, for `retry`, written.
pub fn outbox(command: &OutboxCommand, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        OutboxCommand::List { only, channel, limit, format } => {
            let filter = DeliveryFilter {
                state: only.map(DeliveryState::from),
                channel: channel.as_deref().map(ChannelName::new),
                limit: *limit,
            };
            with_store(format, named, output, async |store, output| {
                let rows = store.deliveries(&filter).await?;
                for row in &rows {
                    if format.json {
                        output.json(row)?;
                    } else {
                        tell_delivery(row, output)?;
                    }
                }
                if rows.is_empty() && !format.json {
                    output.line("no deliveries")?;
                }
                Ok(Exit::Success)
            })
        }
        OutboxCommand::Show { id, format } => with_store(format, named, output, async |store, output| {
            let account = match store.delivery(id).await {
                Ok(Some(account)) => account,
                Ok(None) => {
                    output
                        .complain(&format!("no delivery has an id that begins with `{id}`; see `atalaya outbox list`"));
                    return Ok(Exit::Finding);
                }
                Err(error @ StoreError::Ambiguous { .. }) => {
                    output.complain(&error.to_string());
                    return Ok(Exit::Finding);
                }
                Err(error) => return Err(error.into()),
            };
            if format.json {
                output.json(&account)?;
                return Ok(Exit::Success);
            }
            tell_delivery(&account.row, output)?;
            for attempt in &account.tries {
                let end = match (&attempt.ended_at, &attempt.reason) {
                    (Some(at), Some(reason)) => format!("{} {reason}", time(*at)),
                    (Some(at), None) => time(*at),
                    (None, _) => "no answer was committed: in doubt".into(),
                };
                output.line(format!("  try {} → {end}", time(attempt.begun_at)))?;
            }
            if let Some(message) = &account.message {
                output.line("")?;
                output.line(message)?;
            }
            Ok(Exit::Success)
        }),
        OutboxCommand::Held { limit, format } => with_store(format, named, output, async |store, output| {
            for row in store.held(*limit).await? {
                if format.json {
                    output.json(&row)?;
                    continue;
                }
                let rules: Vec<&str> = row.rules.iter().map(|rule| rule.as_str()).collect();
                let lane = row.subscription.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
                output.line(format!(
                    "{}  {} → {}{lane}  [{}]",
                    time(row.due_at),
                    row.channel,
                    row.receiver,
                    rules.join(", ")
                ))?;
                output.line(format!("    {}: {}", or_dash(&row.title), row.why))?;
            }
            Ok(Exit::Success)
        }),
        OutboxCommand::Retry { id, format } => {
            let Some(state) = state(format, named, output) else { return Ok(Exit::Config) };
            setup::runtime()?.block_on(async {
                // Opened for reading first: asking for another try must not create a store.
                setup::store_to_read(&state).await?.close().await;
                let store = SqliteStore::open(&state).await?;
                let count = store.retry(id, clock::now()).await?;
                store.close().await;
                if count == 0 {
                    output.complain(&format!("nothing to try again for `{id}`"));
                    return Ok(Exit::Finding);
                }
                output
                    .line(format!("{count} {} due now", if count == 1 { "delivery is" } else { "deliveries are" }))?;
                Ok(Exit::Success)
            })
        }
    }
}

fn tell_delivery(row: &DeliveryRow, output: &mut Output) -> anyhow::Result<()> {
    let short = row.id.as_str().get(..12).unwrap_or(row.id.as_str());
    let rules: Vec<&str> = row.rules.iter().map(|rule| rule.as_str()).collect();
    output.line(format!(
        "{short}  {:<8} {} → {}  [{}]",
        row.state.as_str(),
        row.channel,
        row.receiver,
        rules.join(", ")
    ))?;
    output.line(format!("    {}  {}", time(row.created_at), or_dash(&row.title)))?;
    if let Some(reason) = &row.reason {
        let tries = if row.attempts == 1 { "try" } else { "tries" };
        output.line(format!("    {} {tries}: {reason}", row.attempts))?;
    }
    if let (DeliveryState::Waiting, Some(next_at)) = (row.state, row.next_at) {
        output.line(format!("    next try {}", time(next_at)))?;
    }
    Ok(())
}

fn times(count: u32) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// A time for people: UTC, to the second.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

pub(super) fn or_dash(text: &str) -> impl Display + '_ {
    if text.trim().is_empty() { "(no title)" } else { text }
}
