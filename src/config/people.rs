//! `[person.NAME]` and `[group.NAME]` → who is told, each with a channel of their own.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::keys;
use super::rules::Grade;
use super::subscriptions::named;
use super::subscriptions::zone;
use super::table::Table;
use super::table::instead;
use crate::channel::ChannelPlan;
use crate::channel::email;
use crate::model::ChannelName;
use crate::model::Level;
use crate::model::PersonName;
use crate::model::Tongue;
use crate::model::setting::Settings;
use crate::model::setting::Value;
use crate::route::Caps;
use crate::route::People;
use crate::route::Person;
use crate::route::Quiet;
use std::collections::BTreeMap;

/// The persons without fault, and the channel of each.
pub(super) fn persons(
    definitions: &[Definition<'_>],
    has_mail: bool,
    report: &Report,
) -> (Vec<Person>, Vec<ChannelPlan>) {
    definitions.iter().filter_map(|definition| person(definition, has_mail, report)).unzip()
}

fn person(definition: &Definition<'_>, has_mail: bool, report: &Report) -> Option<(Person, ChannelPlan)> {
    let table = definition.table(report);
    table.refuse_unknown(&keys::PERSON.names());
    let tongue = chosen(&table, "language", &Tongue::ALL.map(Tongue::code)).and_then(Tongue::parse);
    let format = chosen(&table, "format", &["html", "text"]);
    let cap = |key| table.optional_integer(key, 1..=100_000).and_then(|most| u32::try_from(most).ok());
    let caps = Caps { minute: cap("per_minute"), hour: cap("per_hour") };
    let (quiet, zone) = (quiet(&table), zone(&table));
    if !has_mail {
        let help = "add `[mail]` with `server` and `from`: how mail leaves this machine";
        let message = format!("{} is told by mail, but there is no [mail]", table.head);
        report.error(definition.place(), message, "needs [mail]", help);
    }
    let address = table.required_text("email", "write `email = \"ana@example.org\"`")?;
    let mut settings = Settings::default();
    settings.0.insert("email", Value::Texts(vec![address.text.to_owned()]));
    if let Some(prefix) = table.text("subject_prefix") {
        settings.0.insert("subject_prefix", Value::Text(prefix.text.to_owned()));
    }
    let channel = match (email::KIND.build)(&settings) {
        Ok(channel) => channel,
        Err(complaints) => {
            for complaint in complaints {
                let place = table.entry(complaint.key).map_or(&address.node.place, |entry| &entry.node.place);
                report.error(place, format!("`{}`: {}", complaint.key, complaint.message), "here", complaint.help);
            }
            return None;
        }
    };
    let name = ChannelName::new(format!("person.{}", definition.name));
    let person = Person {
        name: PersonName::new(definition.name),
        channel: name.clone(),
        receiver: channel.receivers().into_iter().next()?,
        tongue: tongue.unwrap_or_default(),
        zone,
        plain: format == Some("text"),
        quiet,
        caps,
    };
    Some((person, ChannelPlan { name, kind: email::KIND.name, channel }))
}

/// The value of a key that takes one of these.
fn chosen<'a>(table: &Table<'a>, key: &str, known: &[&str]) -> Option<&'a str> {
    let text = table.text(key)?;
    if known.contains(&text.text) {
        return Some(text.text);
    }
    let help = instead(text.text, known, format!("`{key}` is one of"));
    table.report.error(&text.node.place, format!("`{}` is not a {key} that we know", text.text), "here", help);
    None
}

fn quiet(table: &Table<'_>) -> Vec<Quiet> {
    let mut all = Vec::new();
    for text in table.texts("quiet") {
        match Quiet::parse(text.text) {
            Some(quiet) => all.push(quiet),
            None => {
                let message = format!("`{}` is no pair of hours", text.text);
                let help = "write when it begins and ends by the clock on the wall, such as \"22:00-07:00\"";
                table.report.error(&text.node.place, message, "here", help);
            }
        }
    }
    all
}

/// The groups, each with its persons.
pub(super) fn groups(
    definitions: &[Definition<'_>],
    persons: &[Definition<'_>],
    report: &Report,
) -> BTreeMap<String, Vec<PersonName>> {
    let known: Vec<&str> = persons.iter().map(|person| person.name).collect();
    let mut groups = BTreeMap::new();
    for definition in definitions {
        let table = definition.table(report);
        table.refuse_unknown(&keys::GROUP.names());
        if known.contains(&definition.name) {
            let message = format!("`{}` is the name of a person already", definition.name);
            report.error(definition.place(), message, "the same name", "rename the group: `who` names both");
        }
        let members = named(&table, "persons", &known, "person").into_iter().map(PersonName::new).collect();
        groups.insert(definition.name.to_owned(), members);
    }
    groups
}

/// Everybody, and the levels of rules that are not of the normal one.
pub(super) fn people(persons: Vec<Person>, grades: Vec<Grade>) -> People {
    let graded = grades.into_iter().filter(|grade| grade.level != Level::Normal);
    People { persons, levels: graded.map(|grade| (grade.rule, grade.level)).collect() }
}
