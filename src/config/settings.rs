//! `[egress]`, `[politeness]`, `[reading]`, `[stories]`, `contact` and `state` → how the world is treated.

use super::Egress;
use super::Evidence;
use super::Politeness;
use super::Polling;
use super::Reading;
use super::Web;
use super::definitions::single;
use super::diagnostic::Report;
use super::duration::Refusal;
use super::environment::Environment;
use super::files::Document;
use super::files::lower;
use super::instead;
use super::keys;
use super::node::Entry;
use super::node::Value;
use super::proxies;
use super::table::Table;
use super::table::instead;
use crate::evidence::Keep;
use crate::evidence::Retention;
use crate::source::Instead;
use crate::story::Thresholds;
use ipnet::IpNet;
use jiff::SignedDuration;
use std::fs;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::path::PathBuf;
use url::Url;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What `floor` may be, for all sources and for one.
pub(super) const FLOOR: RangeInclusive<SignedDuration> = SignedDuration::from_secs(1)..=SignedDuration::from_hours(24);

/// The same of `at_most`.
pub(super) const AT_MOST: RangeInclusive<SignedDuration> =
    SignedDuration::from_secs(1)..=SignedDuration::from_hours(24 * 366);

/// The same of `heed`.
pub(super) const HEED: RangeInclusive<SignedDuration> = SignedDuration::ZERO..=SignedDuration::from_hours(24 * 366);

impl Default for Egress {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            hosts: Vec::new(),
            proxy: None,
            extra_ca: None,
            connect_timeout: SignedDuration::from_secs(10),
            timeout: SignedDuration::from_secs(30),
            stall: SignedDuration::from_secs(10),
            max_bytes: 16 << 20,
            concurrency: 64,
        }
    }
}

impl Default for Politeness {
    fn default() -> Self {
        Self { gap: SignedDuration::from_secs(2), connections: 1 }
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            budget: 1.0,
            floor: SignedDuration::from_mins(15),
            at_most: SignedDuration::from_hours(3),
            heed: SignedDuration::from_hours(24),
        }
    }
}

impl Default for Reading {
    fn default() -> Self {
        let minutes = [1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60];
        Self {
            retry: minutes.into_iter().map(SignedDuration::from_mins).collect(),
            copies_within: SignedDuration::from_hours(72),
            instead: Instead::default(),
        }
    }
}

impl Default for Evidence {
    fn default() -> Self {
        let retention = Retention { age: DAY * 365, bytes: 10_000_000_000 };
        let hours = [1, 24, 7 * 24, 30 * 24];
        Self { keep: Keep::default(), retention, look_again: hours.map(SignedDuration::from_hours).into() }
    }
}

/// The table of the top level called `key`, its unknown keys reported.
pub(super) fn top_table<'a>(
    documents: &'a [Document],
    known: &'static keys::KnownTable,
    report: &'a Report,
) -> Option<(&'a Document, Table<'a>)> {
    let key = known.head.trim_matches(['[', ']']);
    let (document, entry) = single(documents, key, report)?;
    let Value::Table(entries) = &entry.node.value else {
        super::table::wrong_type(report, key, &entry.node, "a table", format!("write its head as `{}`", known.head));
        return None;
    };
    let table = Table { head: known.head, place: &entry.key_place, entries, report };
    table.refuse_unknown(&known.names());
    Some((document, table))
}

pub(super) fn egress(documents: &[Document], environment: &Environment, report: &Report) -> Egress {
    let default = Egress::default();
    let Some((document, table)) = top_table(documents, &keys::EGRESS, report) else { return default };
    let short = SignedDuration::from_millis(10)..=SignedDuration::from_mins(10);
    let allow = table.texts("allow");
    Egress {
        allow: allow.iter().filter_map(|range| table.accept(range.node, range_of(range.text))).collect(),
        hosts: table
            .table("hosts", "[egress.hosts]")
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| host(&table, entry))
            .collect(),
        proxy: proxies::proxy(&table, document, environment),
        extra_ca: certificates(&table, document),
        connect_timeout: table.duration("connect_timeout", default.connect_timeout, short.clone()),
        timeout: table.duration("timeout", default.timeout, short.clone()),
        stall: table.duration("stall", default.stall, short),
        max_bytes: table.size("max_size", default.max_bytes, 1 << 10..=1 << 30),
        concurrency: count(table.integer("concurrency", 64, 1..=4096)),
    }
}

pub(super) fn politeness(documents: &[Document], report: &Report) -> Politeness {
    let default = Politeness::default();
    let Some((_, table)) = top_table(documents, &keys::POLITENESS, report) else { return default };
    Politeness {
        gap: table.duration("gap", default.gap, SignedDuration::ZERO..=SignedDuration::from_hours(1)),
        connections: count(table.integer("connections", 1, 1..=64)),
    }
}

pub(super) fn polling(documents: &[Document], report: &Report) -> Polling {
    let default = Polling::default();
    let Some((_, table)) = top_table(documents, &keys::POLLING, report) else { return default };
    Polling {
        budget: table.number("budget", 0.01..=60.0).unwrap_or(default.budget),
        floor: table.duration("floor", default.floor, FLOOR),
        at_most: table.duration("at_most", default.at_most, AT_MOST),
        heed: table.duration("heed", default.heed, HEED),
    }
}

pub(super) fn reading(documents: &[Document], report: &Report) -> Reading {
    let default = Reading::default();
    let Some((_, table)) = top_table(documents, &keys::READING, report) else { return default };
    let retry = match table.list("retry", "[\"1m\", \"5m\", \"30m\"]") {
        Some(items) => {
            let range = SignedDuration::from_millis(1)..=DAY * 30;
            items.iter().filter_map(|node| table.as_duration("retry", node, &range)).collect()
        }
        None => default.retry,
    };
    let copies_within = table.duration("copies_within", default.copies_within, SignedDuration::ZERO..=DAY * 365);
    Reading { retry, copies_within, instead: instead::instead(&table, &default.instead) }
}

/// What is kept of the pages that were read.
pub(super) fn evidence(documents: &[Document], report: &Report) -> Evidence {
    let default = Evidence::default();
    let Some((_, table)) = top_table(documents, &keys::EVIDENCE, report) else { return default };
    let keep = table.text("keep").and_then(|text| {
        let names = Keep::ALL.map(|(name, _)| name);
        let known = Keep::ALL.iter().find(|(name, _)| *name == text.text.trim()).map(|(_, keep)| *keep);
        table.accept(
            text.node,
            known.ok_or_else(|| Refusal {
                message: format!("`{}` is no choice of what to keep", text.text),
                help: instead(text.text, &names, format_args!("write one of {}", names.join(", "))),
            }),
        )
    });
    let look_again = match table.list("look_again", "[\"1h\", \"1d\", \"7d\", \"30d\"]") {
        Some(items) => {
            let range = SignedDuration::from_millis(100)..=DAY * 3660;
            let mut steps: Vec<SignedDuration> =
                items.iter().filter_map(|node| table.as_duration("look_again", node, &range)).collect();
            steps.sort_unstable();
            steps.dedup();
            steps
        }
        None => default.look_again,
    };
    Evidence {
        look_again,
        keep: keep.unwrap_or(default.keep),
        retention: Retention {
            age: table.duration("age", default.retention.age, DAY..=DAY * 36_600),
            bytes: table.size("max_size", default.retention.bytes, 1 << 20..=1 << 50),
        },
    }
}

pub(super) fn stories(documents: &[Document], report: &Report) -> Thresholds {
    let default = Thresholds::default();
    let Some((_, table)) = top_table(documents, &keys::STORIES, report) else { return default };
    let share = |key: &str, default: f32| table.number(key, 0.01..=1.0).map_or(default, |share| share as f32);
    let passages =
        |key: &str, default: u32| u32::try_from(table.integer(key, default.into(), 1..=1000)).unwrap_or(default);
    Thresholds {
        within: table.duration("within", default.within, SignedDuration::ZERO..=DAY * 30),
        common_passage: passages("common_passage", default.common_passage),
        copy: share("copy", default.copy),
        copy_opening: share("copy_opening", default.copy_opening),
        excerpt: share("excerpt", default.excerpt),
        quoted_run: passages("quoted_run", default.quoted_run),
        excerpt_opening: share("excerpt_opening", default.excerpt_opening),
        reworded: share("reworded", default.reworded),
        translated: share("translated", default.translated),
        translated_story: share("translated_story", default.translated_story),
        story: share("story", default.story),
    }
}

/// What is answered over HTTP; `None` without the table.
pub(super) fn web(documents: &[Document], report: &Report) -> Option<Web> {
    let (_, table) = top_table(documents, &keys::WEB, report)?;
    let default = SocketAddr::from(([127, 0, 0, 1], 8460));
    let listen = match table.text("listen") {
        None => default,
        Some(text) => text.text.trim().parse().unwrap_or_else(|_| {
            let help = "write address and port, such as \"127.0.0.1:8460\" or \"[::1]:8460\"";
            report.error(&text.node.place, "`listen` is no address with a port", "here", help);
            default
        }),
    };
    let public = table.text("public").and_then(|text| {
        let url = Url::parse(text.text.trim()).ok();
        let plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        if let Some(url) = url.filter(plain) {
            return Some(url.to_string());
        }
        let help = "write the address that your reverse proxy answers, such as \"https://tower.example.org\"";
        report.error(&text.node.place, "`public` is no web address", "here", help);
        None
    });
    Some(Web { listen, public })
}

/// An address under which people are reached: a page or a mail address.
pub(super) fn contact(documents: &[Document], report: &Report) -> Option<String> {
    let (document, _) = single(documents, "contact", report)?;
    let start = document.start();
    let table = document.table(&start, report);
    let text = table.text("contact")?;
    let contact = text.text.trim();
    let page = Url::parse(contact).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let plain = contact.strip_prefix("mailto:").unwrap_or(contact);
    if page || (!contact.contains(char::is_whitespace) && plain.parse::<lettre::Address>().is_ok()) {
        return Some(contact.to_owned());
    }
    let help = "write a page or a mail address, such as \"https://example.org/about\" or \"admin@example.org\"";
    report.error(&text.node.place, "`contact` is neither a page nor a mail address", "here", help);
    None
}

/// How long a lease lasts.
pub(super) fn lease(documents: &[Document], report: &Report) -> SignedDuration {
    let default = SignedDuration::from_mins(1);
    let Some((document, _)) = single(documents, "lease", report) else { return default };
    let start = document.start();
    document.table(&start, report).duration("lease", default, SignedDuration::from_millis(500)..=DAY)
}

/// Where the database lies: `state`, else the service manager's directory, else `state` beside the main file.
pub(super) fn state(documents: &[Document], main: &Path, environment: &Environment, report: &Report) -> PathBuf {
    let given = single(documents, "state", report).and_then(|(document, _)| {
        let start = document.start();
        let text = document.table(&start, report).required_text("state", "write the path of a directory")?;
        Some(document.directory.join(text.text))
    });
    given
        .or_else(|| environment.state_directory.clone())
        .unwrap_or_else(|| main.parent().unwrap_or(Path::new("")).join("state"))
}

/// The file of `extra_ca`, which must hold a certificate.
pub(super) fn certificates(table: &Table<'_>, document: &Document) -> Option<PathBuf> {
    table.entry("extra_ca")?;
    let text = table.required_text("extra_ca", "write the path of a PEM file")?;
    let path = document.directory.join(text.text);
    let help = "write the path of a PEM file, relative to this one; it begins with `-----BEGIN CERTIFICATE-----`";
    let message = match fs::read(&path) {
        Ok(bytes) if memchr::memmem::find(&bytes, b"-----BEGIN CERTIFICATE-----").is_some() => return Some(path),
        Ok(_) => format!("{} holds no certificate", path.display()),
        Err(error) => format!("{} cannot be read: {}", path.display(), lower(&error.to_string())),
    };
    table.report.error(&text.node.place, message, "here", help);
    None
}

fn range_of(text: &str) -> Result<IpNet, Refusal> {
    let range = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    range.ok_or_else(|| Refusal {
        message: format!("`{text}` is not a range of addresses"),
        help: "write an address with the length of its prefix, such as \"10.1.0.0/16\" or \"127.0.0.1/32\"".into(),
    })
}

fn host(table: &Table<'_>, entry: &Entry) -> Option<(String, IpAddr)> {
    let help = "write `\"name.example.org\" = \"10.1.2.3\"`";
    let Value::Text(text) = &entry.node.value else {
        table.wrong_type(&entry.key, &entry.node, "an address", help);
        return None;
    };
    let address = text
        .parse::<IpAddr>()
        .map_err(|_| Refusal { message: format!("`{text}` is not an address"), help: help.into() });
    Some((entry.key.to_lowercase(), table.accept(&entry.node, address)?))
}

fn count(number: i64) -> usize {
    usize::try_from(number).expect("the range was checked and is positive")
}
