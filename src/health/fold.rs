//! Remarks that go out now → messages: one for all troubles, one for all that is right again.

use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::Remark;
use jiff::SignedDuration;
use jiff::Timestamp;

/// How long operators may not be reached before their fallback is tried.
pub const UNHEARD: SignedDuration = SignedDuration::from_mins(5);

/// Folds remarks into at most one notice per event, each in the order of sources, whatever order they come in.
pub fn fold(mut remarks: Vec<Remark>, now: Timestamp) -> Vec<Notice> {
    remarks.sort_by_cached_key(|remark| (remark.source.clone(), remark.kind, remark.since, remark.reminder));
    NoticeEvent::ALL
        .into_iter()
        .map(|event| {
            let remarks = remarks.iter().filter(|remark| remark.event == event).cloned().collect();
            Notice { event, remarks, made_at: now, endpoint: None }
        })
        .filter(|notice| !notice.remarks.is_empty())
        .collect()
}
