//! `atalaya webhook`: tries an endpoint, receives and checks calls, sends again what was missed, shows what was answered.

use super::Exit;
use super::account::Format;
use super::account::state;
use super::account::time;
use super::account::with_store;
use super::output::Output;
use super::search::Bound;
use super::search::moment;
use super::setup;
use crate::channel::Answer;
use crate::channel::Test;
use crate::channel::Wire;
use crate::channel::webhook::SignedHeaders;
use crate::channel::webhook::asymmetric::generate;
use crate::channel::webhook::verify;
use crate::clock;
use crate::daemon::tower::user_agent;
use crate::deliver::http::Poster;
use crate::model::ChannelName;
use crate::store::DeliveryAccount;
use crate::store::DeliveryTry;
use crate::store::EndpointRow;
use crate::store::Replay;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use crate::story::hexadecimal;
use anyhow::Context;
use clap::Args;
use clap::Subcommand;
use jiff::SignedDuration;
use serde_json::json;
use std::fs;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

mod listen;

/// How far a call's time may be from ours, as Standard Webhooks advises.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// `atalaya webhook`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Post a test message by a channel, and say what was answered
    #[command(after_help = "Example:\n  atalaya webhook test case-system")]
    Test {
        /// The channel's name
        #[arg(value_name = "CHANNEL")]
        channel: String,
        /// JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Receive calls on this machine, check their signatures and print them: for whoever writes a receiver
    Listen(listen::Arguments),
    /// Check the signature of a call that was kept in files; exit 1 if it does not hold
    #[command(
        after_help = "Example:\n  atalaya webhook verify --secret-file desk.secret --headers headers.txt body.json"
    )]
    Verify(VerifyArguments),
    /// Send again what was given up or missed, under the same ids
    #[command(
        after_help = "Examples:\n  atalaya webhook replay 5b1f0c0e\n  atalaya webhook replay --since 3d --channel case-system"
    )]
    Replay(ReplayArguments),
    /// Show each try of a delivery: when, the status, and the beginning of the answer
    Attempts {
        /// The delivery's id; the first digits are enough
        id: String,
        #[command(flatten)]
        format: Format,
    },
    /// Make a pair of Ed25519 keys: the private one for `signing_key`, the public one for the receiver
    Keys,
    /// Say how each endpoint stands: taking calls, resting, or switched off
    Status(Format),
}

/// Where the secret is.
#[derive(Debug, Args)]
pub struct Secret {
    /// A file with the secret, `whsec_…`, or the public key, `whpk_…`
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

/// The variable that holds the secret when no file is named.
const VARIABLE: &str = "ATALAYA_WEBHOOK_SECRET";

impl Secret {
    /// The secret, if any was given.
    fn read(&self) -> anyhow::Result<Option<String>> {
        match &self.secret_file {
            Some(file) => {
                let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
                Ok(Some(text.trim().to_owned()))
            }
            None => Ok(std::env::var(VARIABLE).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())),
        }
    }
}

/// `atalaya webhook verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    secret: Secret,
    /// A file with the call's headers, one a line, as `curl --dump-header` writes them
    #[arg(long, value_name = "FILE")]
    headers: PathBuf,
    /// Take a call as old as it is
    #[arg(long)]
    any_time: bool,
    /// The body, exactly as it came; `-` for standard input
    #[arg(value_name = "BODY", default_value = "-")]
    body: PathBuf,
}

/// `atalaya webhook replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The delivery's id; the first digits are enough
    #[arg(value_name = "ID", required_unless_present = "since", conflicts_with_all = ["since", "channel", "done"])]
    id: Option<String>,
    /// All that was made since then: a date, a time, or how long ago, such as 3d
    #[arg(long, value_name = "TIME", requires = "channel")]
    since: Option<String>,
    /// Of this channel
    #[arg(long, value_name = "NAME", requires = "since")]
    channel: Option<String>,
    /// Also what was taken
    #[arg(long, requires = "since")]
    done: bool,
    /// The directory of the database, instead of the configuration's
    #[command(flatten)]
    format: Format,
}

/// Does what the command says.
///
/// # Errors
/// When a file, the store or the network fails.
pub fn run(command: &Command, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        Command::Test { channel, json } => test(channel, *json, named, output),
        Command::Listen(arguments) => listen::run(arguments, output),
        Command::Verify(arguments) => check(arguments, output),
        Command::Replay(arguments) => replay(arguments, named, output),
        Command::Attempts { id, format } => attempts(id, format, named, output),
        Command::Keys => keys(output),
        Command::Status(format) => status(format, named, output),
    }
}

fn test(name: &str, as_json: bool, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(loaded) = setup::load(named, output) else { return Ok(Exit::Config) };
    let config = loaded.config;
    let name = ChannelName::new(name);
    let Some(plan) = config.channels.iter().find(|plan| plan.name == name) else {
        let known: Vec<&str> = config.channels.iter().map(|plan| plan.name.as_str()).collect();
        output.complain(&format!("there is no channel `{name}`; there is: {}", known.join(", ")));
        return Ok(Exit::Finding);
    };
    let now = clock::now();
    // No two tests are one, and nothing that was told has such an id.
    let id = format!("msg_test_{}", hexadecimal(format!("{name} {now} {}", std::process::id()).as_bytes(), 12));
    let test = Test { channel: &name, id: &id, letterhead: &config.letterhead, now };
    let frozen = match plan.channel.test(&test) {
        Ok(frozen) => frozen,
        Err(detail) => {
            output.complain(&format!("`{name}`: {detail}"));
            return Ok(Exit::Finding);
        }
    };
    let receiver = plan.channel.receivers().into_iter().next().unwrap_or_default();
    let Wire::Post { method, url, headers } = plan.channel.wire(&receiver, &frozen, &config.letterhead, now) else {
        output.complain(&format!("`{name}` does not post"));
        return Ok(Exit::Finding);
    };
    let poster = Poster::new(&config.egress, &user_agent(config.contact.as_deref()))?;
    let posted = setup::runtime()?.block_on(poster.send(method, &url, &headers, &frozen.bytes));
    let end = clock::now();
    let took = end.duration_since(now).as_millis();
    let (taken, status, said) = match posted {
        Ok(http) => match plan.channel.answer(&http, end) {
            Answer::Accepted { text } => (true, Some(http.status), text),
            Answer::Failed { text, .. } => (false, Some(http.status), text),
        },
        Err(error) => (false, None, error.to_string()),
    };
    if as_json {
        output.json(&json!({
            "channel": name, "receiver": receiver, "id": id, "taken": taken, "status": status, "answer": said,
            "took_ms": i64::try_from(took).unwrap_or(i64::MAX),
        }))?;
    } else {
        output.line(format!("{name} → {receiver}: {said}, in {took} ms"))?;
    }
    Ok(if taken { Exit::Success } else { Exit::Finding })
}

fn keys(output: &mut Output) -> anyhow::Result<Exit> {
    let (private, public) = generate().context("the system's source of randomness")?;
    output.line(format!("private {private}"))?;
    output.line(format!("public  {public}"))?;
    Ok(Exit::Success)
}

fn check(arguments: &VerifyArguments, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(secret) = arguments.secret.read()? else {
        output.complain(&format!("no secret: name its file with --secret-file, or set {VARIABLE}"));
        return Ok(Exit::Usage);
    };
    let head = fs::read_to_string(&arguments.headers).with_context(|| format!("{}", arguments.headers.display()))?;
    let header = |name: &str| {
        let pairs = head.lines().filter_map(|line| line.split_once(':'));
        pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next_back()
    };
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    if let Some(missing) = names.into_iter().find(|name| header(name).is_none()) {
        output.line(format!("not valid: there is no {missing}"))?;
        return Ok(Exit::Finding);
    }
    let [id, timestamp, signature] = names.map(|name| header(name).unwrap_or_default());
    let body = if arguments.body == Path::new("-") {
        let mut body = Vec::new();
        io::stdin().lock().read_to_end(&mut body).context("standard input")?;
        body
    } else {
        fs::read(&arguments.body).with_context(|| format!("{}", arguments.body.display()))?
    };
    let tolerance = if arguments.any_time { SignedDuration::MAX } else { TOLERANCE };
    match verify(&secret, SignedHeaders { id, timestamp, signature }, &body, clock::now(), tolerance) {
        Ok(()) => {
            output.line(format!("valid: {id}"))?;
            Ok(Exit::Success)
        }
        Err(error) => {
            output.line(format!("not valid: {error}"))?;
            Ok(Exit::Finding)
        }
    }
}

fn replay(arguments: &ReplayArguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let now = clock::now();
    let replay = match (&arguments.id, &arguments.since, &arguments.channel) {
        (Some(id), ..) => Replay::One(id.clone()),
        (None, Some(since), Some(channel)) => {
            let since = match moment(since, now, Bound::Since) {
                Ok(since) => since,
                Err(wrong) => {
                    output.complain(&wrong);
                    return Ok(Exit::Usage);
                }
            };
            Replay::Since { channel: ChannelName::new(channel.as_str()), since, done: arguments.done }
        }
        _ => return Ok(Exit::Usage),
    };
    let Some(folder) = state(&arguments.format, named, output) else { return Ok(Exit::Config) };
    setup::runtime()?.block_on(async {
        // Opened for reading first: asking for another try must not create a store.
        setup::store_to_read(&folder).await?.close().await;
        let store = SqliteStore::open(&folder).await?;
        let count = store.replay(&replay, now).await;
        store.close().await;
        let count = match count {
            Ok(count) => count,
            Err(error @ StoreError::Ambiguous { .. }) => {
                output.complain(&error.to_string());
                return Ok(Exit::Finding);
            }
            Err(error) => return Err(error.into()),
        };
        if arguments.format.json() {
            output.json(&json!({ "replayed": count }))?;
        } else if count > 0 {
            output.line(format!("{count} {} due now", if count == 1 { "delivery is" } else { "deliveries are" }))?;
        }
        if count == 0 {
            output.complain("nothing to send again");
            return Ok(Exit::Finding);
        }
        Ok(Exit::Success)
    })
}

fn attempts(id: &str, format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    with_store(format, named, output, async |store, output| {
        let account = match store.delivery(id).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                output.complain(&format!("no delivery has an id that begins with `{id}`; see `atalaya outbox list`"));
                return Ok(Exit::Finding);
            }
            Err(error @ StoreError::Ambiguous { .. }) => {
                output.complain(&error.to_string());
                return Ok(Exit::Finding);
            }
            Err(error) => return Err(error.into()),
        };
        for attempt in &account.tries {
            if format.json() {
                output.json(attempt)?;
            } else {
                tell_attempt(attempt, output)?;
            }
        }
        if account.tries.is_empty() && !format.json() {
            output.line(untried(&account))?;
        }
        Ok(Exit::Success)
    })
}

fn untried(account: &DeliveryAccount) -> String {
    match account.row.next_at {
        Some(at) => format!("not tried yet; next at {}", time(at)),
        None => "never tried".to_owned(),
    }
}

fn tell_attempt(attempt: &DeliveryTry, output: &mut Output) -> anyhow::Result<()> {
    let status = attempt.status.map_or_else(|| "   ".to_owned(), |status| status.to_string());
    let took = attempt.took_ms.map_or_else(String::new, |took| format!(" in {took} ms"));
    let said = match (&attempt.reason, attempt.ended_at) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(_)) => "ended".to_owned(),
        (None, None) => "no answer was committed: in doubt".to_owned(),
    };
    output.line(format!("{}  {status}  {said}{took}", time(attempt.begun_at)))?;
    for line in attempt.answer.iter().flat_map(|answer| answer.lines()).filter(|line| !line.trim().is_empty()) {
        let safe: String = line.chars().filter(|character| !character.is_control()).collect();
        output.line(format!("      {safe}"))?;
    }
    Ok(())
}

fn status(format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    with_store(format, named, output, async |store, output| {
        let endpoints = store.endpoints().await?;
        for endpoint in &endpoints {
            if format.json() {
                output.json(endpoint)?;
            } else {
                tell_endpoint(endpoint, output)?;
            }
        }
        if endpoints.is_empty() && !format.json() {
            output.line("no endpoint was called yet")?;
        }
        let well = endpoints.iter().all(|endpoint| endpoint.trouble.is_none());
        Ok(if well { Exit::Success } else { Exit::Finding })
    })
}

fn tell_endpoint(endpoint: &EndpointRow, output: &mut Output) -> anyhow::Result<()> {
    let says = endpoint.trouble.map_or("takes what is posted to it", |trouble| trouble.says());
    output.line(format!("{} {says}, since {}", endpoint.channel, time(endpoint.since)))?;
    let taken = endpoint.answered_at.map_or_else(|| "never".to_owned(), time);
    output.line(format!(
        "    {}: {} waiting, {} given up, last taken {taken}",
        endpoint.receiver, endpoint.waiting, endpoint.given_up
    ))?;
    if let Some(reason) = endpoint.reason.as_ref().filter(|_| endpoint.failures > 0) {
        output.line(format!("    {} not taken in a row, the last: {reason}", endpoint.failures))?;
    }
    if let Some(rest) = endpoint.rests_until {
        output.line(format!("    next call {}", time(rest)))?;
    }
    Ok(())
}
