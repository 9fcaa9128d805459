//! `[source.NAME]` → what is watched, and when.

use super::Egress;
use super::Polling;
use super::Reading;
use super::definitions::Definition;
use super::diagnostic::Report;
use super::duration::Refusal;
use super::duration::duration;
use super::environment::Environment;
use super::instead;
use super::keys;
use super::kinds;
use super::mail::is_loopback;
use super::node::Entry;
use super::node::Value;
use super::proxies;
use super::rendering;
use super::settings;
use super::table::Table;
use super::table::Text;
use super::table::instead;
use crate::model::SourceName;
use crate::schedule::Schedule;
use crate::schedule::ScheduleError;
use crate::schedule::allot::Share;
use crate::source::FirstPoll;
use crate::source::Kind;
use crate::source::SourcePlan;
use jiff::SignedDuration;
use std::net::IpAddr;
use url::Url;

const DEFAULT_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Below this many sites take a caller for an attack.
const RUDE_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_INTERVAL: SignedDuration = SignedDuration::from_hours(24 * 366);

/// One source; `None` when it is wrong or switched off.
#[expect(clippy::too_many_arguments, reason = "a source inherits from all of these tables")]
pub(super) fn source(
    definition: &Definition<'_>,
    kinds: &[&Kind],
    egress: &Egress,
    polling: &Polling,
    reading: &Reading,
    renders: bool,
    environment: &Environment,
    report: &Report,
) -> Option<SourcePlan> {
    let table = definition.table(report);
    let kind = kinds::choose(&table, kinds, &keys::SOURCE.names());
    let label = table.label();
    let first_poll = first_poll(&table);
    let enabled = table.flag("enabled", true);
    let watch = kind.and_then(|kind| {
        let settings = kinds::settings(&table, kind.keys, definition.document, environment)?;
        (kind.build)(&settings).map_err(|complaints| kinds::complain(&table, complaints, report)).ok()
    });
    let address = watch.as_ref().map(|watch| watch.address());
    let schedule = schedule(&table, polling, address.is_some_and(|url| is_here(url, &egress.hosts)));
    let heed = table.duration("heed", polling.heed, settings::HEED);
    let proxy = if proxies::is_off(&table) {
        None
    } else {
        proxies::proxy(&table, definition.document, environment).or_else(|| egress.proxy.clone())
    };
    let robots = robots(&table);
    let render = rendering::of_source(&table, renders, proxy.is_some());
    let instead = instead::instead(&table, &reading.instead);
    let name = SourceName::new(definition.name);
    let (kind, watch, schedule) = (kind?, watch?, schedule?);
    let kind = kind.name;
    enabled.then_some(SourcePlan {
        name,
        label,
        kind,
        watch,
        schedule,
        heed,
        first_poll,
        proxy,
        robots,
        render,
        instead,
    })
}

fn schedule(table: &Table<'_>, polling: &Polling, here: bool) -> Option<Schedule> {
    if let (Some(every), Some(cron)) = (table.entry("every"), table.entry("cron")) {
        for entry in [every, cron] {
            let message = format!("{} has both `every` and `cron`", table.head);
            table.report.error(&entry.key_place, message, "one of them", "keep one of the two");
        }
    }
    let zone = table.text("timezone");
    if let (Some(entry), false) = (table.entry("timezone"), table.has("cron")) {
        let help = "add `cron`, or remove it";
        table.report.error(&entry.key_place, "`timezone` is of no use without `cron`", "here", help);
    }
    if table.has("every") || table.has("cron") {
        for entry in ["weight", "floor", "at_most"].into_iter().filter_map(|key| table.entry(key)) {
            let message = format!("`{}` is of no use beside `every` or `cron`", entry.key);
            let help = "remove it, or remove `every` and `cron` to let the source's own rhythm say when it is asked";
            table.report.error(&entry.key_place, message, "here", help);
        }
    }
    if let Some(zone) = zone.filter(|zone| Schedule::zone(zone.text).is_err()) {
        refuse(table, &zone, &ScheduleError::UnknownZone);
        table.text("cron").and_then(|cron| cron_of(table, &cron, "UTC"));
        return None;
    }
    if table.has("cron") {
        let cron = table.text("cron")?;
        return cron_of(table, &cron, zone.map_or("UTC", |zone| zone.text));
    }
    let Some(entry) = table.entry("every") else { return Some(Schedule::Adaptive(share(table, polling, here))) };
    let range = SignedDuration::ZERO..=LONGEST_INTERVAL;
    let interval = table.as_duration("every", &entry.node, &range)?;
    match Schedule::every(interval) {
        Err(error) => {
            table.report.error(&entry.node.place, error.to_string(), "too often", error.help());
            None
        }
        Ok(schedule) => {
            warn_if_rude(table, entry, interval, here);
            Some(schedule)
        }
    }
}

/// What a source may claim of the budget that is asked as its own rhythm says.
fn share(table: &Table<'_>, polling: &Polling, here: bool) -> Share {
    let share = Share {
        weight: table.number("weight", 0.01..=100.0).unwrap_or(1.0),
        floor: table.duration("floor", polling.floor, settings::FLOOR),
        at_most: table.duration("at_most", polling.at_most, settings::AT_MOST),
    };
    for (key, interval) in [("floor", share.floor), ("at_most", share.at_most)] {
        if let Some(entry) = table.entry(key) {
            warn_if_rude(table, entry, interval, here);
        }
    }
    share
}

fn warn_if_rude(table: &Table<'_>, entry: &Entry, interval: SignedDuration, here: bool) {
    if interval < RUDE_INTERVAL && !here {
        let message = "asked so often, many sites block the caller";
        table.report.warning(&entry.node.place, message, "often", "write \"5m\" or more");
    }
}

fn cron_of(table: &Table<'_>, cron: &Text<'_>, zone: &str) -> Option<Schedule> {
    Schedule::cron(cron.text, zone).map_err(|error| refuse(table, cron, &error)).ok()
}

fn refuse(table: &Table<'_>, text: &Text<'_>, error: &ScheduleError) {
    table.report.error(&text.node.place, error.to_string(), "here", error.help());
}

/// Whether robots.txt is obeyed. Who does not obey it is to know what that may cost.
fn robots(table: &Table<'_>) -> bool {
    let robots = table.flag("robots", true);
    if let (false, Some(entry)) = (robots, table.entry("robots")) {
        let message = "pages are read that their site asks robots to leave alone";
        let help = "remove it, unless the site has agreed; a site that does not want robots may block you";
        table.report.warning(&entry.node.place, message, "not obeyed", help);
    }
    robots
}

fn first_poll(table: &Table<'_>) -> FirstPoll {
    let default = FirstPoll::Within(DEFAULT_LOOK_BACK);
    let Some(entry) = table.entry("first_poll") else { return default };
    match &entry.node.value {
        Value::Text(text) if text == "baseline" => FirstPoll::Baseline,
        Value::Text(text) if text == "all" => FirstPoll::All,
        Value::Text(text) if text.starts_with(|letter: char| letter.is_ascii_digit()) => {
            table.accept(&entry.node, duration(text)).map_or(default, FirstPoll::Within)
        }
        Value::Text(text) => {
            let refusal = Refusal {
                message: format!("`first_poll` cannot be `{text}`"),
                help: instead(text, &["baseline", "all"], "write an age such as \"24h\", or one of"),
            };
            table.accept::<FirstPoll>(&entry.node, Err(refusal)).unwrap_or(default)
        }
        _ => {
            let help = "write \"baseline\", \"all\", or an age such as \"24h\"";
            table.wrong_type("first_poll", &entry.node, "a string", help);
            default
        }
    }
}

/// Whether an address is on this machine, by name or by `[egress.hosts]`.
fn is_here(url: &Url, hosts: &[(String, IpAddr)]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let mapped = hosts.iter().find(|(name, _)| *name == host);
    mapped.map_or_else(|| is_loopback(host), |(_, address)| address.is_loopback())
}
