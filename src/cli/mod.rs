//! Commands: arguments in, text or JSON lines and an exit code out.

use crate::telemetry::LogFormat;
use clap::Parser;
use clap::Subcommand;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

mod account;
mod attempt;
mod backtest;
mod check;
pub mod demo;
mod discover;
mod evidence;
mod export;
mod feedback;
mod import;
mod init;
mod output;
mod poll;
mod preview;
mod run;
mod search;
mod setup;
mod shown;
mod silence;
mod suggest;
mod webhook;

use output::Output;

/// What the exit code of a command says. `--help` prints this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Success = 0,
    /// The command did its work and found something wrong, such as sums that do not add up, or `search` found nothing.
    Finding = 1,
    /// The command line is wrong, such as a query that cannot be understood; clap itself exits with the same.
    Usage = 2,
    /// The configuration has errors (`EX_CONFIG`).
    Config = 78,
    /// Something outside failed: a file, the database, the network (`EX_IOERR`).
    Failure = 74,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

const AFTER_HELP: &str = "\
Examples:
  atalaya demo                      watch an invented newsstand for a while
  atalaya init                      write a commented atalaya.toml
  atalaya check                     say everything that is wrong with it
  atalaya discover https://…        what can be watched there, as source blocks to paste
  atalaya run                       keep watch
  atalaya poll paper --wait         have a source polled as soon as politeness allows
  atalaya why https://…             what became of that article, and why
  atalaya evidence export 12        what alert 12 rests on, as a WARC file and a page
  atalaya search 'tortur* -deporte' what was read that says so
  atalaya preview digest morning    the next digest of that subscription, as it stands now
  atalaya try route --rule court    who would hear of that rule, when and why
  atalaya backtest diff OLD NEW     which alerts another configuration wins and loses
  atalaya try rules https://…       what the rules say of a page, without telling anybody

Exit codes: 0 all is well; 1 the command found something wrong, or `search` nothing; 2 wrong command line;
74 a file, the database or the network failed; 78 the configuration has errors.";

/// Watches feeds and pages, reads every article, tells one story once, by mail and webhook.
#[derive(Debug, Parser)]
#[command(name = "atalaya", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Arguments {
    /// The configuration [default: ./atalaya.toml, else /etc/atalaya/atalaya.toml]
    #[arg(long, short, global = true, value_name = "FILE", env = "ATALAYA_CONFIG")]
    config: Option<PathBuf>,
    /// How much is logged: off, error, warn, info, debug, trace, or a filter such as atalaya::net=debug
    /// [default: info; off for `demo`]
    #[arg(long, global = true, value_name = "LEVEL", env = "ATALAYA_LOG")]
    log: Option<String>,
    /// How log lines look
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch an invented newsstand with the real daemon, and see mail and webhooks arrive
    Demo(demo::Arguments),
    /// Write a commented configuration
    Init(init::Arguments),
    /// Say everything that is wrong with the configuration, without starting anything
    Check(check::Arguments),
    /// Find what can be watched at an address, and print the source blocks to paste
    Discover(discover::Arguments),
    /// Turn an OPML list of feeds into source blocks
    Import(import::Arguments),
    /// Write the watched feeds as a list that other readers take
    Export(export::Arguments),
    /// Keep watch until told to stop
    Run,
    /// Have sources polled as soon as politeness allows
    Poll(poll::Arguments),
    /// Retell an item's way through the ledger
    Why(account::WhyArguments),
    /// Look for articles that were read by what they say
    Search(search::Arguments),
    /// Say what a configuration would have told of what was read, or what another would tell instead
    Backtest(backtest::Arguments),
    /// Say whether an alert was relevant, or list what was said
    Feedback(feedback::Arguments),
    /// Propose words that might make a rule better, from feedback; nothing is changed
    Suggest(suggest::Arguments),
    /// Print the sums; exit 1 if they do not add up
    Ledger(account::Format),
    /// Say how the tower stands: what is due, what is failing, what could not be read
    Status(account::Format),
    /// Look at deliveries, or try them again
    #[command(subcommand)]
    Outbox(account::OutboxCommand),
    /// Show what would be sent, without sending it
    #[command(subcommand)]
    Preview(preview::PreviewCommand),
    /// Mute something for a while, and see what is muted
    #[command(subcommand)]
    Silence(silence::SilenceCommand),
    /// Try endpoints, receive and check calls, send again what was missed
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Write out what alerts rest on, and check that nobody touched it
    #[command(subcommand)]
    Evidence(evidence::Command),
    /// Run one stage on files, addresses or standard input, without storing or telling anything
    #[command(subcommand)]
    Try(attempt::TryCommand),
}

/// Runs the program: reads the command line, does what it says, says how it went.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::standard();
    let config = arguments.config.as_deref();
    let level = arguments.log.as_deref();
    let done = match &arguments.command {
        Command::Demo(demo) => demo::run(demo, level.unwrap_or("off"), arguments.log_format, &mut output),
        Command::Init(init) => init::run(init, config, &mut output),
        Command::Check(check) => check::run(check, config, &mut output),
        Command::Discover(discover) => discover::run(discover, config, &mut output),
        Command::Import(import) => import::run(import, config, &mut output),
        Command::Export(export) => export::run(export, config, &mut output),
        Command::Run => run::run(config, level.unwrap_or("info"), arguments.log_format, &mut output),
        Command::Poll(poll) => poll::run(poll, config, &mut output),
        Command::Why(why) => account::why(why, config, &mut output),
        Command::Search(search) => search::run(search, config, &mut output),
        Command::Backtest(backtest) => backtest::run(backtest, config, &mut output),
        Command::Feedback(feedback) => feedback::run(feedback, config, &mut output),
        Command::Suggest(suggest) => suggest::run(suggest, config, &mut output),
        Command::Ledger(format) => account::ledger(format, config, &mut output),
        Command::Status(format) => account::status(format, config, &mut output),
        Command::Outbox(outbox) => account::outbox(outbox, config, &mut output),
        Command::Preview(preview) => preview::run(preview, config, &mut output),
        Command::Silence(silence) => silence::run(silence, config, &mut output),
        Command::Webhook(webhook) => webhook::run(webhook, config, &mut output),
        Command::Evidence(evidence) => evidence::run(evidence, config, &mut output),
        Command::Try(attempt) => attempt::run(attempt, config, &mut output),
    };
    // A full disk or a closed pipe may show only now.
    let done = done.and_then(|exit| output.flush().map(|()| exit).map_err(Into::into));
    match done {
        Ok(exit) => exit.into(),
        // Whoever reads our output has read enough.
        Err(error) if is_broken_pipe(&error) => Exit::Success.into(),
        Err(error) => {
            output.complain(&format!("{error:#}"));
            Exit::Failure.into()
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe))
}
