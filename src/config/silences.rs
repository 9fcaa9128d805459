//! `[silence.NAME]` → what nobody is told of for a while.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::entities::owned;
use super::keys;
use super::subscriptions::any_named;
use super::table::Table;
use super::table::Text;
use crate::model::EntityName;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::route::Silence;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// One silence; `None` when it is wrong. The names are those of all, the faulty ones included.
pub(super) fn silence(
    definition: &Definition<'_>,
    rules: &[&str],
    entities: &[&str],
    sources: &[&str],
    report: &Report,
) -> Option<Silence> {
    let table = definition.table(report);
    table.refuse_unknown(&keys::SILENCE.names());
    let among = |key: &str, known: &[&str], what: &str| {
        any_named(&table, key, known, what).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let rules = among("rules", rules, "rule");
    let entities = among("entities", entities, "entity");
    let sources = among("sources", sources, "source");
    let author = table.required_text("author", "write who is responsible: `author = \"Ana\"`");
    let reason = table.required_text("reason", "write why: others will ask");
    let until = table.required_text("until", "write when it ends: `until = \"2026-12-01\"`");
    let from = table.text("from").map(|text| moment(&table, &text));
    let silence = Silence {
        name: definition.name.to_owned(),
        author: author?.text.to_owned(),
        reason: reason?.text.to_owned(),
        until: moment(&table, &until?)?,
        from: match from {
            Some(from) => Some(from?),
            None => None,
        },
        rules: rules.into_iter().map(RuleName::new).collect(),
        entities: entities.into_iter().map(EntityName::new).collect(),
        sources: sources.into_iter().map(SourceName::new).collect(),
        stories: owned(&table, "stories"),
    };
    if silence.is_boundless() && !["rules", "entities", "sources", "stories"].iter().any(|key| table.has(key)) {
        let help = "name what it covers: `rules`, `entities`, `sources` or `stories`";
        report.error(definition.place(), "it would mute everything", "covers nothing by name", help);
        return None;
    }
    Some(silence)
}

fn moment(table: &Table<'_>, text: &Text<'_>) -> Option<Timestamp> {
    let moment = parse_moment(text.text);
    if moment.is_none() {
        let help = "write a day such as \"2026-12-01\" (it counts from midnight UTC), or a time with its offset such as \
                    \"2026-12-01T08:00:00-04:00\"";
        table.report.error(&text.node.place, format!("`{}` is no moment", text.text), "here", help);
    }
    moment
}

/// A day, from midnight UTC, or a time with its offset.
pub(crate) fn parse_moment(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    if text.len() == "2026-12-01".len() { day().map(|day| day.timestamp()) } else { text.parse().ok() }
}
