//! `atalaya import`: an OPML list → source blocks, printed or put into a file.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::discover;
use crate::feed::charset;
use crate::opml;
use anyhow::Context;
use clap::Args;
use std::collections::HashMap;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use url::Url;

/// No list of feeds is longer.
const LONGEST: u64 = 16 << 20;

/// `atalaya import`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya import feeds.opml\n  atalaya import feeds.opml --into sources.toml")]
pub struct Arguments {
    /// The list; `-` for standard input
    #[arg(value_name = "FILE.opml")]
    list: PathBuf,
    /// Put the blocks at the end of this file, which the configuration includes, instead of printing them
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

/// Turns each feed of the list into a block. Feeds that are watched already are left out, and everything that is left
/// out is said on standard error.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(arguments: &Arguments, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let shown = arguments.list.display();
    let bytes = bytes(&arguments.list).with_context(|| format!("{shown} cannot be read"))?;
    let (text, _) = charset::decode(&bytes, None, charset::xml_label(&bytes));
    let list = match opml::read(&text) {
        Ok(list) => list,
        Err(refusal) => {
            output.complain(&format!("{shown}:{refusal}"));
            return Ok(Exit::Finding);
        }
    };
    for remark in &list.remarks {
        output.complain(&format!("{shown}:{remark}"));
    }
    let mut known = match Known::of_configuration(config, output) {
        Ok(known) => known,
        Err(exit) => return Ok(exit),
    };
    let existing = arguments.into.as_deref().map(existing).transpose()?;
    if let (Some(text), Some(file)) = (&existing, &arguments.into) {
        known.add_file(text).with_context(|| format!("{} is no TOML, and stays as it is", file.display()))?;
    }
    let mut blocks = Vec::new();
    let mut folder: &[String] = &[];
    for feed in &list.feeds {
        if let Some(name) = known.addresses.get(&discover::key(&feed.url)) {
            output.complain(&format!("{} is watched already, as [source.{name}]: left out", feed.url));
            continue;
        }
        let wished = feed.name.as_deref().filter(|name| is_name(name) && !known.names.contains(*name));
        let name = match wished {
            Some(name) => name.to_owned(),
            None => discover::name(&feed.url, feed.label.as_deref(), &mut known.names),
        };
        known.names.insert(name.clone());
        let mut block = String::new();
        if feed.folder != folder {
            folder = &feed.folder;
            let title = if folder.is_empty() { "(no folder)".to_owned() } else { folder.join(" / ") };
            block.push_str(&format!("# {}\n", discover::one_line(&title)));
        }
        block.push_str(&discover::block(&name, &feed.url, feed.label.as_deref()));
        blocks.push(block);
    }
    let text = blocks.join("\n");
    match (&arguments.into, existing) {
        (Some(file), Some(existing)) if !blocks.is_empty() => {
            append(file, &existing, &text).with_context(|| format!("{} cannot be written", file.display()))?;
            output.complain(&format!("{} sources put into {}", blocks.len(), file.display()));
        }
        (Some(file), _) => output.complain(&format!("nothing new for {}", file.display())),
        (None, _) => output.line(text.trim_end())?,
    }
    Ok(Exit::Success)
}

/// What is watched already.
#[derive(Default)]
struct Known {
    names: HashSet<String>,
    /// Under `discover::key`, each with its name.
    addresses: HashMap<String, String>,
}

impl Known {
    fn of_configuration(config: Option<&Path>, output: &mut Output) -> Result<Self, Exit> {
        let mut known = Self::default();
        for plan in setup::load_if_any(config, output)?.iter().flat_map(|loaded| &loaded.config.sources) {
            known.names.insert(plan.name.as_str().to_owned());
            known.addresses.insert(discover::key(plan.watch.address()), plan.name.as_str().to_owned());
        }
        Ok(known)
    }

    /// The file may not be part of the configuration yet.
    fn add_file(&mut self, text: &str) -> anyhow::Result<()> {
        let file: toml::Table = text.parse()?;
        for (name, source) in file.get("source").and_then(toml::Value::as_table).into_iter().flatten() {
            self.names.insert(name.clone());
            let url = source.get("feed").and_then(toml::Value::as_str).and_then(|feed| Url::parse(feed).ok());
            self.addresses.extend(url.map(|url| (discover::key(&url), name.clone())));
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    letters && (1..=64).contains(&name.len())
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file == Path::new("-") {
        true => io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?,
        false => fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?,
    };
    match bytes.len() as u64 > LONGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 16 MiB")),
        false => Ok(bytes),
    }
}

/// Empty when there is no such file yet.
fn existing(file: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("{} cannot be read", file.display())),
    }
}

fn append(file: &Path, existing: &str, text: &str) -> io::Result<()> {
    let gap = match existing {
        "" => "",
        _ if existing.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    // In one piece, behind what is there: a failure leaves no half of what was there before.
    fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(format!("{gap}{text}").as_bytes())
}
