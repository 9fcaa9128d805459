//! `[volume]` → how much mail a new configuration may cause.

use super::Volume;
use super::diagnostic::Report;
use super::files::Document;
use super::keys;
use super::settings::top_table;
use jiff::SignedDuration;

/// `None` without the table, and where the number of mails is missing.
pub(super) fn volume(documents: &[Document], report: &Report) -> Option<Volume> {
    let (_, table) = top_table(documents, &keys::VOLUME, report)?;
    let mails = 1..=1_000_000;
    if !table.has("mails_per_day") {
        let help = "write the most mails that one receiver may get on one day, such as `mails_per_day = 50`";
        report.error(table.place, "[volume] lacks `mails_per_day`", "here", help);
    }
    let days = table.integer("days", 14, 1..=3660);
    let accept = table.optional_integer("accept", mails.clone()).unwrap_or(0);
    let mails_per_day = table.optional_integer("mails_per_day", mails)?;
    Some(Volume {
        mails_per_day: mails_per_day.unsigned_abs(),
        accept: accept.unsigned_abs(),
        back: SignedDuration::from_hours(24 * days),
    })
}
