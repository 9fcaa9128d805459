//! `email`: alerts to people. One message and one envelope for each address.
//!
//! The Message-ID is made of the delivery's id, so a mail that is sent twice after a crash is recognised as one; all mails
//! of one story refer to the same root, so a mail program shows them together.

use super::Announcement;
use super::Answer;
use super::Built;
use super::Channel;
use super::Frozen;
use super::HttpAnswer;
use super::Kind;
use super::Letterhead;
use super::Roundup;
use super::Telling;
use super::Wire;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::Notice;
use crate::model::SubscriptionName;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::render::digest;
use crate::render::line::clean;
use crate::render::mail;
use crate::render::notice;
use jiff::Timestamp;
use lettre::Address;
use lettre::message::Body;
use lettre::message::Mailbox;
use lettre::message::Message;
use lettre::message::MultiPart;
use lettre::message::SinglePart;
use lettre::message::header::ContentDisposition;
use lettre::message::header::ContentTransferEncoding;
use lettre::message::header::ContentType;
use lettre::message::header::HeaderName;
use lettre::message::header::HeaderValue;
use std::collections::BTreeSet;
use std::sync::Arc;
use url::Host;

/// The kind.
pub static KIND: Kind = Kind {
    name: "email",
    doc: "Mails each alert, as text and HTML, to every address on its own.",
    keys: &[
        Key {
            name: "email",
            takes: Takes::Texts,
            required: true,
            doc: "The addresses. Each gets a mail of its own and does not see the others.",
        },
        Key {
            name: "subject_prefix",
            takes: Takes::Text,
            required: false,
            doc: "Stands before every subject, such as `[press]`; at most 40 characters.",
        },
    ],
    examples: &[
        "[channel.team]\nemail = [\"ana@example.org\", \"luis@example.org\"]\n",
        "[channel.press]\nemail = [\"press@example.org\"]\nsubject_prefix = \"[press]\"\n",
    ],
    needs_mail: true,
    build,
};

/// Longest subject prefix in characters.
const LONGEST_PREFIX: usize = 40;

struct Email {
    addresses: Vec<Address>,
    subject_prefix: Option<String>,
}

impl Channel for Email {
    fn receivers(&self) -> Vec<String> {
        self.addresses.iter().map(Address::to_string).collect()
    }

    fn message(&self, telling: &Telling<'_>) -> Result<Frozen, String> {
        let links = mail::Links { feedback: telling.feedback };
        let letter =
            mail::letter(telling.alert, telling.rules, telling.receiver, self.subject_prefix.as_deref(), links)
                .map_err(|error| error.to_string())?;
        envelope(
            &Head {
                id: telling.id,
                receiver: telling.receiver,
                letterhead: telling.letterhead,
                now: telling.now,
                root: format!("story.{}", short_hash(&telling.alert.story_key)),
                answers: first(telling),
                list: "alerts",
            },
            letter,
        )
    }

    fn notice(&self, announcement: &Announcement<'_>) -> Result<Frozen, String> {
        let letter = notice::letter(announcement.notice, announcement.receiver, self.subject_prefix.as_deref())
            .map_err(|error| error.to_string())?;
        envelope(
            &Head {
                id: announcement.id,
                receiver: announcement.receiver,
                letterhead: announcement.letterhead,
                now: announcement.now,
                root: format!("trouble.{}", short_hash(&trouble_of(announcement.notice))),
                answers: None,
                list: "operators",
            },
            letter,
        )
    }

    fn bulletin(&self, roundup: &Roundup<'_>) -> Result<Frozen, String> {
        let bulletin = roundup.bulletin;
        let paper = digest::paper(bulletin, roundup.receiver, self.subject_prefix.as_deref())
            .map_err(|error| error.to_string())?;
        let list = bulletin.subscription.as_ref().map_or("alerts", SubscriptionName::as_str);
        let head = Head {
            id: roundup.id,
            receiver: roundup.receiver,
            letterhead: roundup.letterhead,
            now: roundup.now,
            root: format!("digest.{}", short_hash(&format!("{list}\u{1f}{}", roundup.receiver))),
            answers: None,
            list,
        };
        sealed(&head, paper.letter, paper.rest, bulletin.plain)
    }

    fn wire(&self, receiver: &str, _frozen: &Frozen, letterhead: &Letterhead, _now: Timestamp) -> Wire {
        Wire::Mail { from: letterhead.envelope_from.clone(), to: receiver.to_owned() }
    }

    fn answer(&self, answer: &HttpAnswer, _now: Timestamp) -> Answer {
        Answer::Failed {
            fault: Fault::Permanent,
            text: format!("mail is not sent over HTTP (answered {})", answer.status),
            in_doubt: false,
        }
    }
}

/// What is needed of a telling or an announcement for the headers.
struct Head<'a> {
    id: &'a DeliveryId,
    receiver: &'a str,
    letterhead: &'a Letterhead,
    now: Timestamp,
    /// The left side of the Message-ID to which all mails of one thread refer.
    root: String,
    /// The delivery that this mail answers.
    answers: Option<&'a DeliveryId>,
    /// The left side of the List-Id.
    list: &'a str,
}

/// What an update answers: the first mail about the story to the same receiver.
fn first<'a>(telling: &Telling<'a>) -> Option<&'a DeliveryId> {
    let first = telling.alert.update.iter().flat_map(|update| &update.first);
    first.filter(|first| first.receiver == telling.receiver).map(|first| &first.delivery).next()
}

/// What a notice's thread is named after: the source and the beginning of its trouble, so that the end of a trouble
/// stands below its beginning; of several sources, all of them.
fn trouble_of(notice: &Notice) -> String {
    let troubles: Vec<String> =
        notice.remarks.iter().map(|remark| format!("{}\u{1f}{}", remark.source, remark.since)).collect();
    troubles.join("\u{1e}")
}

/// Puts headers and encodings around a letter.
fn envelope(head: &Head<'_>, letter: mail::Letter) -> Result<Frozen, String> {
    sealed(head, letter, None, false)
}

/// [`envelope`] of a letter with a text that goes along under a name, or without its HTML.
fn sealed(
    head: &Head<'_>,
    letter: mail::Letter,
    along: Option<(String, String)>,
    plain: bool,
) -> Result<Frozen, String> {
    let domain = &head.letterhead.domain;
    if domain.is_empty() || !domain.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'@')) {
        return Err(format!("`{domain}` cannot be the domain of a Message-ID"));
    }
    let from: Mailbox = head
        .letterhead
        .from
        .parse()
        .map_err(|error| format!("the From header `{}` cannot be read: {error}", head.letterhead.from))?;
    let to: Address =
        head.receiver.parse().map_err(|error| format!("the address `{}` is none: {error}", head.receiver))?;
    let id = format!("<{}@{domain}>", head.id);
    let root = format!("<{}@{domain}>", head.root);
    let text = part(ContentType::TEXT_PLAIN, letter.text);
    // Without a boundary lettre draws lots, and the same alert would not give the same bytes.
    let parts = MultiPart::alternative().boundary(format!("atalaya-{}", head.id)).singlepart(text);
    let parts = if plain { parts } else { parts.singlepart(part(ContentType::TEXT_HTML, letter.html)) };
    let parts = match along {
        None => parts,
        Some((name, text)) => MultiPart::mixed()
            .boundary(format!("atalaya-along-{}", head.id))
            .multipart(parts)
            .singlepart(attached(&name, text)),
    };
    let answers = head.answers.map(|first| format!("<{first}@{domain}>"));
    let references = answers.iter().fold(root, |root, answered| format!("{root} {answered}"));
    let mut builder = Message::builder()
        .date(head.now.into())
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .raw_header(verbatim("Message-ID", &id))
        .raw_header(verbatim("References", &references));
    if let Some(answers) = &answers {
        builder = builder.raw_header(verbatim("In-Reply-To", answers));
    }
    let message = builder
        .raw_header(verbatim("List-Id", &format!("Atalaya <{}.{domain}>", head.list)))
        .raw_header(verbatim("Auto-Submitted", "auto-generated"))
        .raw_header(verbatim("X-Auto-Response-Suppress", "All"))
        .multipart(parts)
        .map_err(|error| format!("the mail cannot be put together: {error}"))?;
    Ok(Frozen { id, bytes: message.formatted() })
}

/// A header whose value is short and printable ASCII: lettre would break a long identifier into encoded words, and then
/// it is no identifier any more.
fn verbatim(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.to_owned(), value.to_owned())
}

/// lettre takes base64 for most text that is not English; quoted-printable is often shorter, and readable in a raw mail.
fn part(content_type: ContentType, text: String) -> SinglePart {
    let encoded = |encoding| Body::new_with_encoding(text.clone(), encoding);
    let mut body = Body::new(text.clone());
    if matches!(body.encoding(), ContentTransferEncoding::Base64)
        && let Ok(printable) = encoded(ContentTransferEncoding::QuotedPrintable)
        && printable.len() < body.len()
    {
        body = printable;
    }
    SinglePart::builder().header(content_type).body(body)
}

/// A text that goes along, to be opened by its name.
fn attached(name: &str, text: String) -> SinglePart {
    let body = Body::new(text);
    SinglePart::builder().header(ContentType::TEXT_PLAIN).header(ContentDisposition::attachment(name)).body(body)
}

/// 32 hexadecimal digits.
fn short_hash(text: &str) -> String {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let mut addresses = Vec::new();
    let mut seen = BTreeSet::new();
    if settings.texts("email").is_empty() {
        complaints.push(Complaint::new("email", "names nobody", "write at least one address: `[\"ana@example.org\"]`"));
    }
    for (index, text) in settings.texts("email").iter().enumerate() {
        let mut complain = |message: String, help: String| {
            complaints.push(Complaint { index: Some(index), ..Complaint::new("email", message, help) });
        };
        match address(text) {
            Err((message, help)) => complain(message, help),
            Ok(address) if !seen.insert(address.to_string().to_lowercase()) => {
                complain(format!("`{address}` is named twice"), "leave one of them out".into());
            }
            Ok(address) => addresses.push(address),
        }
    }
    let subject_prefix = settings.text("subject_prefix").map(|prefix| clean(prefix, usize::MAX));
    if subject_prefix.as_ref().is_some_and(|prefix| prefix.chars().count() > LONGEST_PREFIX) {
        complaints.push(Complaint::new(
            "subject_prefix",
            format!("is longer than {LONGEST_PREFIX} characters"),
            "shorten it: the headline stands behind it, and phones show about 40 characters",
        ));
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let subject_prefix = subject_prefix.filter(|prefix| !prefix.is_empty());
    Ok(Arc::new(Email { addresses, subject_prefix }))
}

/// An address as SMTP takes it everywhere: ASCII, the domain in its registered form. Otherwise what is wrong, and help.
fn address(text: &str) -> Result<Address, (String, String)> {
    let trimmed = text.trim();
    if trimmed != text || trimmed.contains(['<', '>', ',', ';']) {
        let inner = trimmed.rsplit_once('<').map_or(trimmed, |(_, rest)| rest.trim_end_matches('>'));
        return Err((
            format!("`{text}` is not one bare address"),
            format!("write only `{}`", inner.split([',', ';']).next().unwrap_or(inner).trim()),
        ));
    }
    let Some((user, domain)) = text.rsplit_once('@') else {
        return Err((format!("`{text}` is no mail address"), "write it as `name@example.org`".into()));
    };
    if !user.is_ascii() {
        return Err((
            format!("`{text}` has letters before the `@` that many mail servers refuse"),
            "write an address with plain letters before the `@`".into(),
        ));
    }
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        match Host::parse(domain) {
            Ok(Host::Domain(name)) => name,
            _ => return Err((format!("`{domain}` is no domain"), "write it as `name@example.org`".into())),
        }
    };
    Address::new(user, &domain)
        .map_err(|error| (format!("`{text}` is no mail address: {error}"), "write it as `name@example.org`".into()))
}

#[cfg(test)]
mod tests;
