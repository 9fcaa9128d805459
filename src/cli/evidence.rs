//! `atalaya evidence`: what alerts rest on, written out, checked, and made ready for an outside time stamp.

use super::Exit;
use super::account::Format;
use super::account::or_dash;
use super::account::time;
use super::account::with_store;
use super::output::Output;
use crate::clock;
use crate::evidence::Record;
use crate::evidence::chain;
use crate::evidence::chain::Flaw;
use crate::evidence::chain::Link;
use crate::evidence::chain::Walk;
use crate::evidence::pack;
use crate::evidence::page;
use crate::evidence::stamp;
use crate::evidence::warc::Warc;
use crate::model::AlertId;
use crate::store::AlertEvidence;
use crate::store::AlertFilter;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::story::address;
use anyhow::Context;
use clap::Args;
use clap::Subcommand;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use jiff::civil::Date;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Links that are read at once.
const LINKS: usize = 256;

/// `atalaya evidence`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List alerts with what is kept of each, newest first
    List {
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        format: Format,
    },
    /// Write what an alert rests on: a WARC 1.1 file and a page for people
    Export(ExportArguments),
    /// Check every record and every body against the SHA-256 that was kept; exit 1 if a single byte differs
    Verify {
        #[command(flatten)]
        format: Format,
    },
    /// Print the root of each day: written down elsewhere, it holds all that was kept up to that day
    Root(RootArguments),
}

/// `atalaya evidence export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  atalaya evidence export 12
  atalaya evidence export https://paper.example/2026/11/article --out ~/case-7")]
pub struct ExportArguments {
    /// The alert's number (see `atalaya evidence list`), or the article's address
    #[arg(value_name = "ALERT")]
    alert: String,
    /// The folder that the files are written into
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// `atalaya evidence root`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  atalaya evidence root
  atalaya evidence root --day 2026-11-24 --request day.tsq
  openssl ts -query -in day.tsq -text        what the request says")]
pub struct RootArguments {
    /// Only of this day (UTC); the last day before it that has a record counts
    #[arg(long, value_name = "DATE")]
    day: Option<Date>,
    /// Write a time-stamp request (RFC 3161) over that root into this file, for an authority of your choice
    #[arg(long, value_name = "FILE", requires = "day")]
    request: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Lists, exports, verifies.
///
/// # Errors
/// When the store cannot be read or a file cannot be written.
pub fn run(command: &Command, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        Command::List { limit, format } => with_store(format, named, output, async |store, output| {
            let filter = AlertFilter { url: None, limit: *limit };
            let rows = store.alerts(&filter).await?;
            for row in &rows {
                if format.json() {
                    output.json(row)?;
                    continue;
                }
                let kept = match row.records {
                    0 => "nothing kept".into(),
                    1 => "1 record".into(),
                    many => format!("{many} records"),
                };
                output.line(format!("{:>6}  {}  {kept}  {}", row.alert, time(row.created_at), or_dash(&row.title)))?;
                output.line(format!("        {}", row.url))?;
            }
            if rows.is_empty() && !format.json() {
                output.line("no alerts")?;
            }
            Ok(Exit::Success)
        }),
        Command::Export(arguments) => {
            with_store(&arguments.format, named, output, async |store, output| export(store, arguments, output).await)
        }
        Command::Verify { format } => {
            with_store(format, named, output, async |store, output| verify(store, format, output).await)
        }
        Command::Root(arguments) => {
            with_store(&arguments.format, named, output, async |store, output| root(store, arguments, output).await)
        }
    }
}

async fn export(store: &SqliteStore, arguments: &ExportArguments, output: &mut Output) -> anyhow::Result<Exit> {
    let given = arguments.alert.trim();
    let alerts: Vec<i64> = match given.parse() {
        Ok(number) => vec![number],
        Err(_) => {
            let key = address::canonical(given).unwrap_or_else(|| given.to_owned());
            let filter = AlertFilter { url: Some((given.to_owned(), key)), limit: 1_000 };
            store.alerts(&filter).await?.iter().map(|row| row.alert.0).collect()
        }
    };
    let mut written = 0;
    for number in alerts {
        let Some(found) = store.evidence_of(AlertId(number)).await? else { continue };
        write(store, number, &found, arguments, output).await?;
        written += 1;
    }
    if written == 0 {
        output.complain(&format!("no alert is known for `{given}`; see `atalaya evidence list`"));
        return Ok(Exit::Finding);
    }
    Ok(Exit::Success)
}

async fn write(
    store: &SqliteStore,
    number: i64,
    found: &AlertEvidence,
    arguments: &ExportArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let out = &arguments.out;
    fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let name = format!("alert-{number}.warc.gz");
    let records = found.records.iter().filter_map(|link| Some((link, link.record.as_deref()?)));
    let records: Vec<(&Link, &str, Record)> = records
        .map(|(link, text)| {
            let record =
                serde_json::from_str(text).with_context(|| format!("record {} cannot be read", link.number))?;
            Ok((link, text, record))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut warc = Warc::new(true);
    let at = found.alert.judged_at;
    let software = concat!("atalaya/", env!("CARGO_PKG_VERSION"));
    warc.info(software, &format!("what alert {number} rests on: {}", found.alert.title), at);
    for (link, text, record) in &records {
        for exchange in &record.exchanges {
            let packed = store.evidence_body(&exchange.body).await?;
            let packed = packed.with_context(|| Flaw::NoBody { number: link.number, digest: exchange.body })?;
            let body = pack::unpack(&packed).map_err(|detail| Flaw::BadBody {
                number: link.number,
                digest: exchange.body,
                detail,
            })?;
            warc.exchange(exchange, &body);
        }
        let uri = format!("urn:atalaya:record:{}", link.number);
        warc.resource(&uri, "application/json", record.taken_at, text.as_bytes());
    }
    let text = found.article.text.as_bytes();
    warc.resource(&format!("urn:atalaya:alert:{number}:text"), "text/plain;charset=utf-8", at, text);
    if let Some(besides) = &found.alternate {
        let uri = format!("urn:atalaya:alert:{number}:besides");
        warc.resource(&uri, "text/plain;charset=utf-8", at, besides.text.as_bytes());
    }
    let told = serde_json::to_vec(&found.alert).context("an alert is JSON")?;
    warc.resource(&format!("urn:atalaya:alert:{number}"), "application/json", at, &told);
    let file = out.join(&name);
    fs::write(&file, warc.finish()).with_context(|| format!("{} cannot be written", file.display()))?;
    let proven: Vec<page::Proven<'_>> = records
        .iter()
        .map(|(link, _, record)| page::Proven { number: link.number, digest: link.digest, link: link.link, record })
        .collect();
    let page = page::write(number, &found.alert, &found.article, found.alternate.as_ref(), &proven, &name);
    let beside = out.join(format!("alert-{number}.html"));
    fs::write(&beside, page).with_context(|| format!("{} cannot be written", beside.display()))?;
    if records.is_empty() {
        output
            .complain(&format!("of the pages behind alert {number} nothing was kept: the files hold its words alone"));
    }
    if arguments.format.json() {
        output.json(&json!({"alert": number, "warc": file, "page": beside, "records": records.len()}))?;
    } else {
        output.line(file.display().to_string())?;
        output.line(beside.display().to_string())?;
    }
    Ok(())
}

/// Walks the chain; what is found goes through `each`. Returns the walk and how many bodies were looked at.
async fn walk(
    store: &SqliteStore,
    bodies: bool,
    mut each: impl FnMut(Flaw) -> anyhow::Result<()>,
) -> anyhow::Result<(Walk, Counted)> {
    let bar = ProgressBar::new(store.evidence_length().await? as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} records, {eta} left").context("a template")?);
    let (mut walk, mut counted, mut after) = (Walk::default(), Counted::default(), 0);
    loop {
        let links = store.evidence_chain(after, LINKS).await?;
        let Some(last) = links.last() else { break };
        after = last.number;
        for link in &links {
            for flaw in walk.step(link) {
                each(flaw)?;
            }
            counted.records += 1;
            counted.removed += usize::from(link.record.is_none() && !link.told);
            if bodies {
                for flaw in bad_bodies(store, link, &mut counted).await? {
                    each(flaw)?;
                }
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok((walk, counted))
}

#[derive(Default)]
struct Counted {
    records: usize,
    removed: usize,
    bodies: usize,
}

/// What is wrong with the bodies that a record names.
async fn bad_bodies(store: &SqliteStore, link: &Link, counted: &mut Counted) -> anyhow::Result<Vec<Flaw>> {
    // A record that cannot be read was changed, and is named for that already.
    let record = link.record.as_deref().and_then(|text| serde_json::from_str::<Record>(text).ok());
    let mut flaws = Vec::new();
    for exchange in record.iter().flat_map(|record| &record.exchanges) {
        let (number, digest) = (link.number, exchange.body);
        counted.bodies += 1;
        match store.evidence_body(&digest).await? {
            None => flaws.push(Flaw::NoBody { number, digest }),
            Some(packed) => {
                flaws.extend(pack::unpack(&packed).err().map(|detail| Flaw::BadBody { number, digest, detail }))
            }
        }
    }
    Ok(flaws)
}

async fn verify(store: &SqliteStore, format: &Format, output: &mut Output) -> anyhow::Result<Exit> {
    let mut flaws = Vec::new();
    let (walk, counted) = walk(store, true, |flaw| {
        flaws.push(flaw.to_string());
        Ok(())
    })
    .await?;
    let root = walk.roots.last().map(|(_, root)| root.to_string());
    if format.json() {
        let Counted { records, removed, bodies } = counted;
        output.json(&json!({
            "records": records, "removed_by_retention": removed, "bodies": bodies, "root": root, "flaws": flaws,
        }))?;
    } else {
        output.line(format!(
            "{} records, {} of them emptied by retention; {} bodies",
            counted.records, counted.removed, counted.bodies
        ))?;
        if let Some(root) = root {
            output.line(format!("root {root}"))?;
        }
        output.line(if flaws.is_empty() { "Every byte is as it was kept." } else { "NOT as it was kept:" })?;
    }
    for flaw in &flaws {
        output.complain(flaw);
    }
    Ok(if flaws.is_empty() { Exit::Success } else { Exit::Finding })
}

async fn root(store: &SqliteStore, arguments: &RootArguments, output: &mut Output) -> anyhow::Result<Exit> {
    let mut flawed = 0;
    let (walk, _) = walk(store, false, |_| {
        flawed += 1;
        Ok(())
    })
    .await?;
    if flawed > 0 {
        output.complain("the chain is not as it was kept; `atalaya evidence verify` says where");
    }
    let mut roots = walk.roots;
    if let Some(day) = arguments.day {
        roots.retain(|(other, _)| *other <= day);
        roots.drain(..roots.len().saturating_sub(1));
    }
    for (day, root) in &roots {
        if arguments.format.json() {
            output.json(&json!({"day": day.to_string(), "root": root}))?;
        } else {
            output.line(format!("{day}  {root}"))?;
        }
    }
    let Some((day, root)) = roots.last() else {
        output.complain("nothing was kept up to then");
        return Ok(Exit::Finding);
    };
    if let Some(file) = &arguments.request {
        fs::write(file, stamp::request(root)).with_context(|| format!("{} cannot be written", file.display()))?;
        if *day >= chain::day(clock::now()) {
            output.complain(&format!("{day} is not over: its root changes with the next record"));
        }
    }
    Ok(if flawed == 0 { Exit::Success } else { Exit::Finding })
}
