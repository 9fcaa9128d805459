//! A small world on loopback → something for the real daemon to watch, and something that takes what it sends.
//!
//! [`newsstand`] serves invented papers (their texts are `papers/*.toml`), [`mailbox`] takes mail, [`receiver`] takes
//! webhook calls, [`display`] shows what arrives. Nothing here is known to the daemon: it polls, reads and sends over
//! real sockets as it does anywhere else, and `run` is what runs. [`expected`] says what must come of each article.

use super::Exit;
use super::account;
use super::output::Output;
use super::run::owner;
use super::setup;
use crate::channel::webhook;
use crate::channel::webhook::SignedHeaders;
use crate::clock;
use crate::config;
use crate::config::Environment;
use crate::config::duration;
use crate::daemon;
use crate::daemon::service::Service;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::telemetry;
use crate::telemetry::LogFormat;
use anyhow::Context;
use anyhow::anyhow;
use anyhow::bail;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::SignedDuration;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub mod display;
pub mod edition;
pub mod expected;
pub mod mailbox;
pub mod newsstand;
pub mod page;
pub mod papers;
pub mod receiver;
mod subject;

use mailbox::Mail;
use mailbox::Mailbox;
use newsstand::Newsstand;
use newsstand::Watch;
use receiver::Call;
use receiver::Receiver;
use receiver::Verify;

/// How often the ledger is asked for copies that were merged: they make no message that could be shown.
const MERGES_EVERY: Duration = Duration::from_millis(500);

/// `atalaya demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  atalaya demo              until Ctrl-C\n  atalaya demo --for 20s    ends by itself; exit 0 only if the\n                            ledger adds up and mail and webhooks went out"
)]
pub struct Arguments {
    /// End by itself after this long, such as 20s
    #[arg(long = "for", value_name = "DURATION", value_parser = read_duration)]
    length: Option<SignedDuration>,
    /// Where everything is written: the mails, the configuration, the database
    /// [default: a new folder in the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn read_duration(text: &str) -> Result<SignedDuration, String> {
    duration::duration(text).map_err(|refusal| format!("{}; {}", refusal.message, refusal.help))
}

/// What arrived.
#[derive(Default)]
struct Seen {
    mails: u64,
    verified: u64,
    refused: u64,
    merged: u64,
}

/// Serves the newsstand, watches it with the real daemon, and shows what arrives. Exits with 0 only if the ledger adds
/// up and at least one mail and one verified webhook call went out.
///
/// # Errors
/// When the small world cannot be set up.
pub fn run(arguments: &Arguments, level: &str, format: LogFormat, output: &mut Output) -> anyhow::Result<Exit> {
    telemetry::start(level, format).map_err(|error| anyhow!(error))?;
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("atalaya-demo-{}", std::process::id())),
    };
    fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
    let folder = folder.canonicalize().with_context(|| format!("{} could not be found", folder.display()))?;
    setup::runtime()?.block_on(show(&folder, arguments.length, output))
}

async fn show(folder: &Path, length: Option<SignedDuration>, output: &mut Output) -> anyhow::Result<Exit> {
    let secret = secret();
    let newsstand = Newsstand::start(clock::now()).await.context("the newsstand could not be opened")?;
    let (mailbox, mut mails) = Mailbox::start(folder.join("mail")).await.context("the mailbox could not be opened")?;
    let (receiver, mut calls) =
        Receiver::start(verify(secret.clone())).await.context("the receiver could not be opened")?;

    let file = folder.join("atalaya.toml");
    fs::write(&file, configuration(&newsstand, &mailbox, &receiver, &secret))
        .with_context(|| format!("{} could not be written", file.display()))?;
    let loaded = match config::load(&file, &Environment::process()) {
        Ok(loaded) => loaded,
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour));
            bail!("the demo's own configuration is refused");
        }
    };
    let state = loaded.config.state.clone();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&state).await.context("the store could not be opened")?);
    output.line(format!("The newsstand: {} invented papers on 127.0.0.1.", newsstand.stalls().len()))?;
    output.line(format!("Configuration: {}", file.display()))?;
    output.line(format!("Mail goes to:  {}/*.eml", folder.join("mail").display()))?;
    output.line(format!(
        "Watching with {} rules of the pack `venezuela`. {}",
        loaded.config.rules.len(),
        length.map_or("Ctrl-C ends it.".into(), |length| format!("Ends after {length:#}."))
    ))?;
    output.flush()?;

    let stop = CancellationToken::new();
    let (_never, reloads) = mpsc::channel(1);
    let mut tower = tokio::spawn(daemon::run(
        loaded.config,
        Arc::clone(&store),
        owner(),
        reloads,
        None,
        stop.clone(),
        Service::none(),
    ));
    let watching = watch(&*store, &mut mails, &mut calls, length, output);
    let mut seen = tokio::select! {
        seen = watching => seen?,
        ended = &mut tower => {
            ended.context("the daemon failed")??;
            bail!("the daemon ended by itself");
        }
    };
    stop.cancel();
    tower.await.context("the daemon failed")??;
    // What was sent while the tower stopped has arrived by now.
    while let Ok(mail) = mails.try_recv() {
        show_mail(&mail, &mut seen, output)?;
    }
    while let Ok(call) = calls.try_recv() {
        show_call(&call, &mut seen, output)?;
    }
    newsstand.close().await;
    mailbox.close().await;
    receiver.close().await;
    settle(folder, &state, &seen, output).await
}

/// Shows what arrives until the time is up or somebody presses Ctrl-C.
async fn watch(
    store: &dyn Store,
    mails: &mut mpsc::Receiver<Mail>,
    calls: &mut mpsc::Receiver<Call>,
    length: Option<SignedDuration>,
    output: &mut Output,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    let mut last_merge = 0;
    let mut ticks = tokio::time::interval(MERGES_EVERY);
    let length = length.map_or(Duration::MAX, |length| Duration::try_from(length).unwrap_or_default());
    let end = tokio::time::sleep(length.min(Duration::from_secs(60 * 60 * 24 * 365)));
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(end, interrupted);
    loop {
        tokio::select! {
            () = &mut end => break,
            _ = &mut interrupted => break,
            Some(mail) = mails.recv() => show_mail(&mail, &mut seen, output)?,
            Some(call) = calls.recv() => show_call(&call, &mut seen, output)?,
            _ = ticks.tick() => {
                let merges = store.merges_after(last_merge).await?;
                last_merge = merges.last().map_or(last_merge, |merge| merge.row);
                // One copy is merged for each rule that it matches: said once.
                for copy in merges.chunk_by(|one, other| one.url == other.url && one.source == other.source) {
                    seen.merged += 1;
                    let colour = output.colour;
                    display::merge(output.stream(), copy, colour)?;
                }
                output.flush()?;
            }
        }
    }
    Ok(seen)
}

fn show_mail(mail: &Mail, seen: &mut Seen, output: &mut Output) -> anyhow::Result<()> {
    seen.mails += 1;
    let colour = output.colour;
    display::mail(output.stream(), mail, colour)?;
    Ok(output.flush()?)
}

fn show_call(call: &Call, seen: &mut Seen, output: &mut Output) -> anyhow::Result<()> {
    match &call.verified {
        Ok(()) => {
            seen.verified += 1;
            let colour = output.colour;
            display::alert(output.stream(), &call.body, colour)?;
            output.line(format!("  webhook {} verified", call.id))?;
        }
        Err(error) => {
            seen.refused += 1;
            output.complain(&format!("webhook call {} was not signed as it should be: {error}", call.id));
        }
    }
    Ok(output.flush()?)
}

/// The sums at the end, and the exit code.
async fn settle(folder: &Path, state: &Path, seen: &Seen, output: &mut Output) -> anyhow::Result<Exit> {
    let store = setup::store_to_read(state).await?;
    let ledger = store.ledger().await?;
    let status = store.status(clock::now()).await?;
    store.close().await;
    output.line("")?;
    output.line(format!(
        "{} mails, {} verified webhook calls, {} copies merged.",
        seen.mails, seen.verified, seen.merged
    ))?;
    for item in &status.unreadable {
        output.line(format!("Could not be read: {} — {}", item.title, item.reason))?;
    }
    account::tell_ledger(&ledger, output)?;
    output.line(format!(
        "Everything is kept in {0}. What became of an article, and why:\n  atalaya why URL --state {1}",
        folder.display(),
        state.display()
    ))?;
    let faults = ledger.faults();
    for fault in &faults {
        output.complain(fault);
    }
    if seen.mails == 0 {
        output.complain("no mail arrived");
    }
    if seen.verified == 0 {
        output.complain("no verified webhook call arrived");
    }
    let well = faults.is_empty() && seen.mails > 0 && seen.verified > 0 && seen.refused == 0;
    Ok(if well { Exit::Success } else { Exit::Finding })
}

/// A configuration as an operator would write it, but for loopback being opened and pauses being short.
fn configuration(newsstand: &Newsstand, mailbox: &Mailbox, receiver: &Receiver, secret: &str) -> String {
    let mut text = format!(
        "# Written by `atalaya demo`. Loopback is opened here, by configuration, because the newsstand is there.\n\
         state = \"state\"\npacks = [\"venezuela\"]\n\n\
         [egress]\nallow = [\"127.0.0.0/8\"]\nconnect_timeout = \"2s\"\ntimeout = \"5s\"\n\n\
         [politeness]\ngap = \"100ms\"\n\n\
         [reading]\nretry = [\"2s\", \"4s\"]\n\n\
         [mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\nfrom = \"Atalaya <alerts@tower.example>\"\n\n\
         [channel.desk]\nemail = [\"desk@newsroom.example\"]\n\n\
         [channel.case-system]\nwebhook = \"{}\"\nsecret = \"{secret}\"\n\n\
         [subscription.everything]\nrules = \"all\"\nchannels = [\"desk\", \"case-system\"]\n",
        mailbox.address().port(),
        receiver.url()
    );
    for stall in newsstand.stalls() {
        let written = match &stall.watch {
            Watch::Feed { url } => write!(text, "\n[source.{}]\nfeed = \"{url}\"\n", stall.name),
            Watch::Page { url, item, link, title } => write!(
                text,
                "\n[source.{}]\npage = \"{url}\"\nitem = \"{item}\"\nlink = \"{link}\"\ntitle = \"{title}\"\n",
                stall.name
            ),
        };
        written.expect("a String takes everything");
        writeln!(text, "label = {:?}\nevery = \"2s\"\nfirst_poll = \"all\"", stall.title)
            .expect("a String takes everything");
    }
    text
}

/// A new signing secret.
fn secret() -> String {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's source of randomness works");
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// Checks a call as any receiver should.
fn verify(secret: String) -> Verify {
    Arc::new(move |headers: &HeaderMap, body: &[u8]| {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let signed = SignedHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        webhook::verify(&secret, signed, body, clock::now(), SignedDuration::from_mins(5))
            .map_err(|error| error.to_string())
    })
}
