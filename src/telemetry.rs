//! Logs: to the journal with fields of their own under systemd, else to standard error. Secrets never reach a log,
//! because nothing that holds one can be formatted (`secrecy`).

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How lines on standard error look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging for this process. `level` is an `EnvFilter` directive such as `info` or `atalaya=debug`; libraries
/// are heard from `warn` on. Under systemd (the journal is connected to standard error) lines go to the journal, where
/// `journalctl SOURCE=…`, `RULE=…`, `DELIVERY=…` find them.
///
/// # Errors
/// When `level` is no directive.
pub fn start(level: &str, format: LogFormat) -> Result<(), String> {
    let quiet = if level == "off" { "off" } else { "warn" };
    let directive = if level.contains('=') { level.to_owned() } else { format!("{quiet},atalaya={level}") };
    let filter = EnvFilter::try_new(directive).map_err(|error| format!("`{level}` is no log level: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let started = match (journal, format) {
        (Some(journal), _) => {
            // The default puts INFO at priority 5 (notice); systemd's own scale has 6 for information.
            let mut priorities = tracing_journald::PriorityMappings::new();
            priorities.info = tracing_journald::Priority::Informational;
            registry
                .with(
                    journal
                        .with_field_prefix(None)
                        .with_priority_mappings(priorities)
                        .with_syslog_identifier("atalaya".into()),
                )
                .try_init()
        }
        (None, LogFormat::Text) => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
                    .with_target(false),
            )
            .try_init(),
        (None, LogFormat::Json) => registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr))
            .try_init(),
    };
    started.map_err(|error| format!("logging could not be started: {error}"))
}
