//! notice → the mail and the JSON that operators get. The reasons in it were written by strangers: they are made harmless
//! and short, and both outputs have a size that no input exceeds.

use super::frame;
use super::line::clean;
use super::mail::HTML_LIMIT;
use super::mail::Letter;
use super::mail::LetterError;
use super::mail::SUBJECT_LIMIT;
use super::payload::LIMIT;
use super::payload::PayloadError;
use super::payload::Why;
use super::payload::schema_id;
use super::words;
use crate::model::EndpointRemark;
use crate::model::EndpointTrouble;
use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::Remark;
use crate::model::TroubleKind;
use jiff::Timestamp;
use minijinja::Value;
use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// The value of `type` for trouble.
pub const FAILING: &str = "source.failing";

/// The value of `type` for its end.
pub const RECOVERED: &str = "source.recovered";

/// The value of `type` for an endpoint that does not take what is posted.
pub const ENDPOINT_FAILING: &str = "endpoint.failing";

/// The value of `type` for one that does again.
pub const ENDPOINT_RECOVERED: &str = "endpoint.recovered";

/// Longest name, label or host in characters.
const NAME: usize = 100;

/// Longest reason in characters.
const REASON: usize = 300;

/// What is wrong with sources, or is right again: for operators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoticePayload {
    /// What is told, and how `data` is made.
    pub r#type: String,
    /// When the notice was put together; the same at every try.
    pub timestamp: Timestamp,
    /// The `$id` of this schema.
    pub schema: String,
    /// The number of this event among all of its endpoint, from 1 and without gaps.
    #[schemars(range(min = 1))]
    pub sequence: u64,
    /// What is told.
    pub data: NoticeData,
}

/// What is wrong with an endpoint, or is right again: for operators, by another channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointPayload {
    /// What is told, and how `data` is made.
    pub r#type: String,
    /// When the notice was put together; the same at every try.
    pub timestamp: Timestamp,
    /// The `$id` of this schema.
    pub schema: String,
    /// The number of this event among all of its endpoint, from 1 and without gaps.
    #[schemars(range(min = 1))]
    pub sequence: u64,
    /// What is told.
    pub data: EndpointTold,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointTold {
    /// The channel's name in the configuration.
    pub channel: String,
    /// Its address without anything secret.
    pub receiver: String,
    /// What is, or was, wrong.
    pub trouble: EndpointTrouble,
    /// When the trouble began.
    pub since: Timestamp,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// Calls in a row that were not taken.
    pub failures: u32,
    /// What happened last, or what ended it.
    pub reason: Why,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeData {
    /// In the order of their names.
    pub sources: Vec<SourceTold>,
    /// How many did not fit.
    pub omitted: usize,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceTold {
    /// Its name in the configuration.
    pub name: String,
    /// Its title for people.
    pub label: Option<String>,
    /// The host of its address.
    pub host: String,
    /// What is, or was, wrong.
    pub kind: TroubleKind,
    /// When the trouble began.
    pub since: Timestamp,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// What happened last, or what ended it.
    pub reason: Why,
    /// 0 for the first telling, then the number of the reminder.
    pub reminder: u32,
}

/// The payload of `notice`, as JSON of at most [`LIMIT`] bytes: sources are left out until it fits, and counted.
/// `sequence` is its number among all that this endpoint is told.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json(notice: &Notice, sequence: u64) -> Result<Vec<u8>, PayloadError> {
    if let Some(endpoint) = &notice.endpoint {
        return endpoint_json(notice, endpoint, sequence);
    }
    let name = match notice.event {
        NoticeEvent::Failing => FAILING,
        NoticeEvent::Recovered => RECOVERED,
    };
    // No source takes fewer bytes than this, so more of them are never rendered for nothing.
    let longest = LIMIT / 150;
    let mut payload = NoticePayload {
        r#type: name.into(),
        timestamp: notice.made_at,
        schema: schema_id(name),
        sequence,
        data: NoticeData {
            sources: notice.remarks.iter().take(longest).map(told).collect(),
            omitted: notice.remarks.len().saturating_sub(longest),
        },
    };
    loop {
        let bytes = serde_json::to_vec(&payload)?;
        if bytes.len() <= LIMIT || payload.data.sources.pop().is_none() {
            return Ok(bytes);
        }
        payload.data.omitted += 1;
    }
}

fn endpoint_json(notice: &Notice, endpoint: &EndpointRemark, sequence: u64) -> Result<Vec<u8>, PayloadError> {
    let name = match notice.event {
        NoticeEvent::Failing => ENDPOINT_FAILING,
        NoticeEvent::Recovered => ENDPOINT_RECOVERED,
    };
    let reason = Why { code: endpoint.reason.code().into(), text: clean(&endpoint.reason.to_string(), REASON) };
    Ok(serde_json::to_vec(&EndpointPayload {
        r#type: name.into(),
        timestamp: notice.made_at,
        schema: schema_id(name),
        sequence,
        data: EndpointTold {
            channel: clean(endpoint.channel.as_str(), NAME),
            receiver: clean(&endpoint.receiver, 200),
            trouble: endpoint.trouble,
            since: endpoint.since,
            until: endpoint.until,
            failures: endpoint.failures,
            reason,
        },
    })?)
}

fn told(remark: &Remark) -> SourceTold {
    SourceTold {
        name: clean(remark.source.as_str(), NAME),
        label: label(remark),
        host: clean(&remark.host, NAME),
        kind: remark.kind,
        since: remark.since,
        until: remark.until,
        reason: Why { code: remark.reason.code().into(), text: clean(&remark.reason.to_string(), REASON) },
        reminder: remark.reminder,
    }
}

fn label(remark: &Remark) -> Option<String> {
    remark.label.as_deref().map(|label| clean(label, NAME)).filter(|label| !label.is_empty())
}

/// Renders `notice` for a `receiver`. `prefix` stands before the subject.
///
/// # Errors
/// When a template fails.
pub fn letter(notice: &Notice, receiver: &str, prefix: Option<&str>) -> Result<Letter, LetterError> {
    /// How many sources stand there in full, and how many more by name, until it fits.
    const SIZES: [(usize, usize); 3] = [(60, 200), (20, 200), (5, 20)];
    let templates = frame::templates()?;
    let title = notice.title();
    let subject = match prefix {
        Some(prefix) => clean(&format!("{prefix} {title}"), SUBJECT_LIMIT),
        None => clean(&title, SUBJECT_LIMIT),
    };
    let [.., smallest] = SIZES;
    for size in SIZES {
        let context = context(notice, &subject, receiver, size);
        let html = templates.get_template("notice.html")?.render(&context)?;
        if html.len() < HTML_LIMIT || size == smallest {
            let text = templates.get_template("notice.txt")?.render(&context)?;
            return Ok(Letter { subject, text, html });
        }
    }
    unreachable!("the last of SIZES returns")
}

fn context(notice: &Notice, subject: &str, receiver: &str, (full, named): (usize, usize)) -> Value {
    let endpoint = notice.endpoint.iter().map(|endpoint| endpoint_context(endpoint, notice.made_at));
    let remarks = notice.remarks.iter().take(full).map(|remark| source(remark, notice.made_at));
    let sources: Vec<Value> = endpoint.chain(remarks).collect();
    let rest = notice.remarks.get(full..).unwrap_or_default();
    let others: Vec<String> = rest
        .iter()
        .take(named)
        .map(|remark| format!("{} ({})", clean(remark.source.as_str(), NAME), remark.kind.as_str()))
        .collect();
    context! {
        subject,
        title => notice.title(),
        recovered => notice.event == NoticeEvent::Recovered,
        made_at => words::time(notice.made_at),
        sources,
        more => rest.len().saturating_sub(others.len()),
        others,
        receiver => clean(receiver, NAME),
    }
}

/// An endpoint as a source has it, for the same template.
fn endpoint_context(endpoint: &EndpointRemark, made_at: Timestamp) -> Value {
    context! {
        name => clean(endpoint.channel.as_str(), NAME),
        host => clean(&endpoint.receiver, NAME),
        says => endpoint.trouble.says(),
        remedy => endpoint.trouble.remedy(),
        reason => clean(&endpoint.reason.to_string(), REASON),
        since => words::time(endpoint.since),
        lasted => words::between(endpoint.since, endpoint.until.unwrap_or(made_at)),
        reminder => 0,
    }
}

fn source(remark: &Remark, made_at: Timestamp) -> Value {
    context! {
        name => clean(remark.source.as_str(), NAME),
        label => label(remark),
        host => clean(&remark.host, NAME),
        says => remark.kind.says(),
        remedy => remark.kind.remedy(),
        reason => clean(&remark.reason.to_string(), REASON),
        since => words::time(remark.since),
        lasted => words::between(remark.since, remark.until.unwrap_or(made_at)),
        reminder => remark.reminder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reason;
    use crate::model::SourceName;
    use crate::render::payload::tests::fits;

    fn notice(event: NoticeEvent, count: usize, reason: &str) -> Notice {
        let since: Timestamp = "2026-11-23T06:41:07Z".parse().expect("a time");
        let remarks = (0..count)
            .map(|number| Remark {
                source: SourceName::new(format!("paper-{number}")),
                label: Some("The <b>Invented</b> Paper".into()),
                host: "paper.example".into(),
                event,
                kind: TroubleKind::Wall,
                since,
                reason: Reason::Wall { detail: reason.into() },
                reminder: 0,
                until: (event == NoticeEvent::Recovered).then(|| since + jiff::SignedDuration::from_hours(30)),
            })
            .collect();
        Notice { event, remarks, made_at: since + jiff::SignedDuration::from_hours(30), endpoint: None }
    }

    #[test]
    fn both_parts_name_source_kind_time_reason_and_remedy() {
        let letter = letter(&notice(NoticeEvent::Failing, 1, "captcha <x>"), "ops@example.org", Some("[ops]"))
            .expect("a letter");
        assert_eq!(letter.subject, "[ops] paper-0 shows a wall to robots");
        for (part, reason) in [(&letter.text, "captcha <x>"), (&letter.html, "captcha &lt;x&gt;")] {
            for needed in
                ["paper-0", "paper.example", "shows a wall to robots", reason, "30 h", "23 Nov 2026", "Ask the site"]
            {
                assert!(part.contains(needed), "{needed} is missing:\n{part}");
            }
        }
        assert!(!letter.html.contains("<b>"), "a label is escaped");
    }

    #[test]
    fn the_end_of_a_trouble_says_how_long_it_lasted() {
        let letter = letter(&notice(NoticeEvent::Recovered, 1, "x"), "ops@example.org", None).expect("a letter");
        assert_eq!(letter.subject, "paper-0 is all right again");
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("30 h") && !part.contains("Ask the site"), "{part}");
        }
    }

    #[test]
    fn a_hundred_sources_are_all_named_and_ten_thousand_still_fit() {
        let hundred = letter(&notice(NoticeEvent::Failing, 100, "x"), "ops@example.org", None).expect("a letter");
        for number in 0..100 {
            let name = format!("paper-{number}");
            assert!(hundred.text.contains(&name) && hundred.html.contains(&name), "{name}");
        }
        let hostile = "&".repeat(5000);
        let notice = notice(NoticeEvent::Failing, 10_000, &hostile);
        let letter = letter(&notice, "ops@example.org", None).expect("a letter");
        assert!(letter.html.len() < HTML_LIMIT, "{}", letter.html.len());
        let bytes = json(&notice, 7).expect("JSON");
        assert!(bytes.len() <= LIMIT, "{}", bytes.len());
        let payload: NoticePayload = serde_json::from_slice(&bytes).expect("it reads back");
        assert_eq!(payload.data.sources.len() + payload.data.omitted, 10_000);
    }

    #[test]
    fn the_published_schemas_name_every_key_and_kind() {
        for (event, schema) in [
            (NoticeEvent::Failing, include_str!("../../docs/schemas/source.failing.1.json")),
            (NoticeEvent::Recovered, include_str!("../../docs/schemas/source.recovered.1.json")),
        ] {
            let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
            for kind in TroubleKind::ALL {
                let mut notice = notice(event, 1, "x");
                notice.remarks[0].kind = kind;
                let value: serde_json::Value =
                    serde_json::from_slice(&json(&notice, 7).expect("JSON")).expect("it reads back");
                assert_eq!(schema["$id"], value["schema"]);
                fits(&schema, &schema, &value, "");
            }
        }
    }

    fn endpoint(event: NoticeEvent, trouble: EndpointTrouble) -> Notice {
        let mut notice = notice(event, 0, "x");
        notice.endpoint = Some(EndpointRemark {
            channel: crate::model::ChannelName::new("case-system"),
            receiver: "https://desk.example.org/hook".into(),
            trouble,
            since: notice.made_at - jiff::SignedDuration::from_hours(3),
            failures: 5,
            reason: Reason::NotHandedOver { detail: "answered 500: <b>".into() },
            until: (event == NoticeEvent::Recovered).then_some(notice.made_at),
        });
        notice
    }

    #[test]
    fn an_endpoint_in_trouble_is_told_by_mail_and_by_json() {
        let notice = endpoint(NoticeEvent::Failing, EndpointTrouble::Off);
        let letter = letter(&notice, "ops@example.org", None).expect("a letter");
        assert_eq!(letter.subject, "case-system is switched off");
        for part in [&letter.text, &letter.html] {
            for needed in ["case-system", "https://desk.example.org/hook", "answered 500", "3 h", "webhook replay"] {
                assert!(part.contains(needed), "{needed} is missing:\n{part}");
            }
        }
        for (event, name, schema) in [
            (NoticeEvent::Failing, ENDPOINT_FAILING, include_str!("../../docs/schemas/endpoint.failing.1.json")),
            (NoticeEvent::Recovered, ENDPOINT_RECOVERED, include_str!("../../docs/schemas/endpoint.recovered.1.json")),
        ] {
            let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
            for trouble in [EndpointTrouble::Failing, EndpointTrouble::Off] {
                let bytes = json(&endpoint(event, trouble), 7).expect("JSON");
                let value: serde_json::Value = serde_json::from_slice(&bytes).expect("it reads back");
                assert_eq!((value["type"].as_str(), value["schema"].clone()), (Some(name), schema["$id"].clone()));
                fits(&schema, &schema, &value, "");
            }
        }
    }

    #[test]
    fn the_payload_says_its_type_and_schema() {
        let payload: NoticePayload =
            serde_json::from_slice(&json(&notice(NoticeEvent::Recovered, 1, "x"), 7).expect("JSON"))
                .expect("it reads back");
        assert_eq!(
            (payload.r#type.as_str(), payload.schema.as_str()),
            (RECOVERED, "urn:atalaya:schema:source.recovered:1")
        );
        assert_eq!(payload.data.sources[0].kind, TroubleKind::Wall);
        assert!(payload.data.sources[0].until.is_some());
    }
}
