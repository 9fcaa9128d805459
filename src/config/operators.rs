//! `[operators]` → who is told when a source fails, and when.

use super::diagnostic::Report;
use super::diagnostic::Severity;
use super::files::Document;
use super::keys;
use super::node::Value;
use super::settings::top_table;
use super::subscriptions::any_named;
use super::subscriptions::named;
use crate::health::Policy;
use crate::model::ChannelName;
use jiff::SignedDuration;

/// `[operators]`: who is told of trouble, never the readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operators {
    /// Where notices go.
    pub channels: Vec<ChannelName>,
    /// Where they go when none of these takes them.
    pub fallback: Vec<ChannelName>,
    /// When.
    pub policy: Policy,
}

/// The table; `None` when there is none. `channels` are the names of all.
pub(super) fn operators(documents: &[Document], channels: &[&str], report: &Report) -> Option<Operators> {
    let default = Policy::default();
    let (_, table) = top_table(documents, &keys::OPERATORS, report)?;
    let longest = SignedDuration::from_hours(24 * 365);
    let told: Vec<&str> = named(&table, "channels", channels, "channel");
    let fallback = any_named(&table, "fallback", channels, "channel");
    let remind = match table.entry("remind").map(|entry| &entry.node.value) {
        None => None,
        Some(Value::Text(text)) if text == "never" => None,
        Some(_) => {
            let shortest = SignedDuration::from_secs(1);
            Some(table.duration("remind", longest, shortest..=longest))
        }
    };
    Some(Operators {
        channels: told.into_iter().map(ChannelName::new).collect(),
        fallback: fallback.into_iter().map(ChannelName::new).collect(),
        policy: Policy {
            after: table.duration("after", default.after, SignedDuration::ZERO..=longest),
            group: table.duration("group", default.group, SignedDuration::ZERO..=SignedDuration::from_hours(24)),
            remind,
        },
    })
}

/// Warns that nobody is told of trouble, where somebody could be.
pub(super) fn unwatched(documents: &[Document], report: &Report) {
    let help = "add `[operators]` with `channels = [\"…\"]`: the channels of those who can mend it";
    let message = "nobody is told when a source fails";
    report.about_file(Severity::Warning, &documents[0].file.name, message.into(), help.into());
}
