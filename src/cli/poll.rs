//! `atalaya poll`: names of sources → polled as soon as politeness allows, and when that is. It only makes them due in the
//! store; the daemon that runs, or the next one, asks.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::clock;
use crate::config;
use crate::model::Reason;
use crate::model::SourceName;
use crate::poll::early;
use crate::poll::early::Hold;
use crate::poll::early::Standing;
use crate::source::SourcePlan;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use clap::Args;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// How often the store is looked at while waiting.
const LOOK: Duration = Duration::from_millis(200);

/// How many names are offered in the place of an unknown one.
const OFFERED: usize = 5;

/// `atalaya poll`.
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon that runs polls them, or the next one that starts. No source is asked earlier than its floor after its last
request, nor while its server calls the last answer fresh, nor in a pause that it asked for; one that is being asked at
this moment is not asked twice. A pause that only failures made is passed over.

Examples:
  atalaya poll paper                when the source `paper` is polled, and why not sooner
  atalaya poll paper gazette --wait what came of it, when both were polled
  timeout 60 atalaya poll paper --wait --json

Exit 1: a name that no source has, a source that is gone for good or that no daemon knows yet; with --wait: a poll that
failed.")]
pub struct Arguments {
    /// Names of sources, as in `[source.NAME]`
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,
    /// Wait until they were polled, however long that takes, and say what came of it
    #[arg(long)]
    wait: bool,
    /// JSON instead of text, a line for each source
    #[arg(long)]
    json: bool,
}

/// What becomes of one wish.
#[derive(Debug, Serialize)]
struct Answer {
    source: SourceName,
    #[serde(flatten)]
    course: Course,
    /// When it was last asked before.
    asked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "poll", rename_all = "snake_case")]
enum Course {
    /// It is being asked at this moment; nothing is added to that.
    UnderWay,
    /// It is due.
    Due { at: Timestamp, hold: Option<Hold> },
    /// Its server said that it is gone, and it is not asked any more.
    Gone { since: Timestamp },
    /// It was never given to a daemon.
    NotYetKnown,
}

#[derive(Debug, Serialize)]
struct Outcome {
    reason: Option<Reason>,
    failures: u32,
    heard_at: Option<Timestamp>,
    next_at: Timestamp,
}

/// Makes sources due as soon as politeness allows and says when that is.
///
/// # Errors
/// When the store cannot be read or written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let loaded = match setup::load_if_any(Some(&setup::file(named)), output) {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let Some(config) = loaded.map(|loaded| loaded.config) else { return Ok(Exit::Config) };
    let mut plans: Vec<&SourcePlan> = Vec::new();
    let mut all_known = true;
    for name in &arguments.sources {
        match config.sources.iter().find(|plan| plan.name.as_str() == name) {
            Some(plan) if plans.iter().any(|taken| taken.name == plan.name) => {}
            Some(plan) => plans.push(plan),
            None => {
                all_known = false;
                output.complain(&format!("no source is named `{name}`{}", near(name, &config.sources)));
            }
        }
    }
    if !all_known {
        return Ok(Exit::Finding);
    }
    setup::runtime()?.block_on(async {
        // Opened for reading first: a wish must not create a store.
        setup::store_to_read(&config.state).await?.close().await;
        let store = SqliteStore::open(&config.state).await?;
        let exit = wish(&store, &plans, arguments, output).await;
        store.close().await;
        exit
    })
}

/// Names that may have been meant.
fn near(name: &str, sources: &[SourcePlan]) -> String {
    let names: Vec<&str> = sources.iter().map(|plan| plan.name.as_str()).collect();
    let part = name.to_lowercase();
    let mut offered: Vec<&str> = config::closest(name, &names).into_iter().collect();
    for known in names.iter().filter(|known| known.to_lowercase().contains(&part)) {
        if !offered.contains(known) {
            offered.push(known);
        }
    }
    let (beginning, offered) = match (offered.is_empty(), names.len()) {
        (_, 0) => return ": the configuration watches none".into(),
        (false, _) => ("did you mean", offered),
        (true, count) if count <= OFFERED => ("there are", names),
        (true, _) => ("there are among others", names),
    };
    let list: Vec<String> = offered.iter().take(OFFERED).map(|name| format!("`{name}`")).collect();
    let mark = if beginning == "did you mean" { "?" } else { "" };
    format!(": {beginning} {}{mark}", list.join(", "))
}

async fn wish(
    store: &SqliteStore,
    plans: &[&SourcePlan],
    arguments: &Arguments,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    let mut wished = Vec::new();
    for plan in plans {
        let (answer, seen) = hasten(store, plan).await?;
        if matches!(answer.course, Course::Gone { .. } | Course::NotYetKnown) {
            exit = Exit::Finding;
        }
        if !arguments.json {
            output.line(tell(&answer, clock::now()))?;
        } else if !arguments.wait {
            output.json(&answer)?;
        }
        wished.push((answer, seen));
    }
    if !arguments.wait {
        return Ok(exit);
    }
    output.flush()?;
    for (mut answer, seen) in wished {
        if let (Some(seen), Course::UnderWay | Course::Due { .. }) = (&seen, &answer.course) {
            let outcome = outcome(store, &answer.source, seen).await?;
            if outcome.as_ref().is_none_or(|outcome| outcome.failures > 0) {
                exit = Exit::Finding;
            }
            answer.outcome = outcome;
            if !arguments.json {
                output.line(tell_outcome(&answer))?;
            }
        }
        if arguments.json {
            output.json(&answer)?;
        }
    }
    Ok(exit)
}

/// Decides and writes, anew when the source was claimed in between.
async fn hasten(store: &SqliteStore, plan: &SourcePlan) -> Result<(Answer, Option<Standing>), StoreError> {
    let answer = |course, asked_at| Answer { source: plan.name.clone(), course, asked_at, outcome: None };
    loop {
        let now = clock::now();
        let Some(seen) = store.standing(&plan.name, now).await? else {
            return Ok((answer(Course::NotYetKnown, None), None));
        };
        let course = if let Some(since) = seen.gone_at {
            Course::Gone { since }
        } else if seen.is_asked {
            Course::UnderWay
        } else {
            let turn = early::earliest(plan, &seen, now);
            if !store.hasten(&plan.name, turn.at, &seen).await? {
                continue;
            }
            let paused = seen.pause.as_ref().map_or(Timestamp::MIN, |(_, until)| *until);
            if seen.next_at.max(paused) < turn.at {
                // It is due by its own time, which politeness has put there.
                Course::Due { at: seen.next_at.max(paused).max(now), hold: None }
            } else {
                Course::Due { at: turn.at, hold: turn.hold }
            }
        };
        return Ok((answer(course, seen.asked_at), Some(seen)));
    }
}

/// Waits until a poll was committed that `seen` does not know; `None` when the source is watched no more.
async fn outcome(store: &SqliteStore, source: &SourceName, seen: &Standing) -> Result<Option<Outcome>, StoreError> {
    loop {
        let Some(standing) = store.standing(source, clock::now()).await? else { return Ok(None) };
        let was_asked = standing.asked_at > seen.asked_at || (seen.is_asked && standing.fence == seen.fence);
        if was_asked && !standing.is_asked {
            let Standing { reason, failures, heard_at, next_at, .. } = standing;
            return Ok(Some(Outcome { reason, failures, heard_at, next_at }));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn tell(answer: &Answer, now: Timestamp) -> String {
    let source = &answer.source;
    let asked = answer.asked_at.map(|at| format!("asked {} ago", length(now.duration_since(at))));
    match &answer.course {
        Course::UnderWay => format!("{source}  is being polled at this moment"),
        Course::Due { at, .. } if *at <= now => {
            format!("{source}  is polled now ({})", asked.unwrap_or_else(|| "for the first time".into()))
        }
        Course::Due { at, hold } => {
            let why = match hold {
                None => "that is its turn, and nothing makes it wait longer".to_owned(),
                Some(Hold::Floor { seconds }) => {
                    format!("at least {} lie between two requests", length(SignedDuration::from_secs(*seconds)))
                }
                Some(Hold::Wish) => "its server wishes not to be asked earlier".into(),
                Some(Hold::Pause { key }) => {
                    let (whom, what) =
                        key.strip_prefix('.').map_or((key.as_str(), "host"), |domain| (domain, "service"));
                    format!("its {what} {whom} is paused until {}, as it asked", time(*at))
                }
            };
            let asked = asked.map(|asked| format!("{asked}; ")).unwrap_or_default();
            format!("{source}  is polled {}, in {}: {asked}{why}", time(*at), length(at.duration_since(now)))
        }
        Course::Gone { since } => format!(
            "{source}  is not polled: its server said that it is gone for good ({}); change its address, or switch it off \
             and on",
            time(*since)
        ),
        Course::NotYetKnown => {
            format!("{source}  is not known to the daemon yet; it is polled when one runs with this configuration")
        }
    }
}

fn tell_outcome(answer: &Answer) -> String {
    let source = &answer.source;
    let Some(outcome) = &answer.outcome else { return format!("{source}  is watched no more") };
    let reason = outcome.reason.as_ref().map(ToString::to_string).unwrap_or_default();
    let verb = if outcome.failures > 0 { "poll failed" } else { "polled" };
    format!("{source}  {verb}: {reason}; next poll {}", time(outcome.next_at))
}

/// A length of time for people, in its two largest units.
fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A time for people: UTC, to the second.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
