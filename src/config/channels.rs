//! `[channel.NAME]` → one way to tell people or programs.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::environment::Environment;
use super::keys;
use super::kinds;
use crate::channel::ChannelPlan;
use crate::channel::Kind;
use crate::model::ChannelName;

/// One channel; `None` when it is wrong. `has_mail` and `has_web` say whether there is a `[mail]` and a
/// `[web]` table, right or wrong.
pub(super) fn channel(
    definition: &Definition<'_>,
    kinds: &[&Kind],
    has_mail: bool,
    has_web: bool,
    environment: &Environment,
    report: &Report,
) -> Option<ChannelPlan> {
    let table = definition.table(report);
    let kind = kinds::choose(&table, kinds, &keys::CHANNEL.names())?;
    if let (true, false, Some(entry)) = (kind.needs_mail, has_mail, table.entry(kind.name)) {
        let message = format!("{} sends mail, but there is no [mail]", table.head);
        let help = "add `[mail]` with `server` and `from`: how mail leaves this machine";
        report.error(&entry.key_place, message, "needs [mail]", help);
    }
    if let (false, Some(entry)) = (has_web, table.entry("pull_token")) {
        let help = "add `[web]` with `listen`, or leave the token out";
        report.warning(&entry.key_place, "nobody can fetch anything: there is no [web]", "of no use", help);
    }
    let settings = kinds::settings(&table, kind.keys, definition.document, environment)?;
    let channel = (kind.build)(&settings).map_err(|complaints| kinds::complain(&table, complaints, report)).ok()?;
    Some(ChannelPlan { name: ChannelName::new(definition.name), kind: kind.name, channel })
}
