//! `atalaya init`: writes the commented example.

use super::Exit;
use super::output::Output;
use crate::config;
use anyhow::Context;
use clap::Args;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

/// `atalaya init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to write it
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

/// Writes the example, readable by its owner alone, since it may come to hold a password.
///
/// # Errors
/// When the file is there already and `--force` was not given, or cannot be written.
pub fn run(arguments: &Arguments, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let file = arguments.file.as_deref().or(config).unwrap_or(Path::new("atalaya.toml"));
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if arguments.force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut opened = match options.open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            output.complain(&format!(
                "{} is there already; name another file, or say --force to replace it",
                file.display()
            ));
            return Ok(Exit::Finding);
        }
        Err(error) => return Err(error).with_context(|| format!("{} could not be written", file.display())),
    };
    opened
        .write_all(config::example().as_bytes())
        .with_context(|| format!("{} could not be written", file.display()))?;
    output.line(format!("wrote {}", file.display()))?;
    output.line("Next: put your sources and addresses into it, then")?;
    output.line(format!("  atalaya check --config {0}\n  atalaya run --config {0}", file.display()))?;
    if file.starts_with("/etc") {
        output.line(format!(
            "For the service: chmod 0644 {} (its user must be able to read it), keep secrets in credentials, and set\n  \
             state = \"/var/lib/atalaya\" so that `atalaya why` in a shell finds the service's database.",
            file.display()
        ))?;
    }
    Ok(Exit::Success)
}
