use super::KIND;
use crate::channel::Built;
use crate::channel::Letterhead;
use crate::channel::Telling;
use crate::channel::Wire;
use crate::model::Alert;
use crate::model::DeliveryId;
use crate::model::Language;
use crate::model::RuleName;
use crate::model::setting::Settings;
use crate::model::setting::Value;
use crate::render::sample;

fn build(addresses: &[&str], prefix: Option<&str>) -> Built {
    let mut settings = Settings::default();
    settings.0.insert("email", Value::Texts(addresses.iter().map(|address| (*address).into()).collect()));
    if let Some(prefix) = prefix {
        settings.0.insert("subject_prefix", Value::Text(prefix.into()));
    }
    (KIND.build)(&settings)
}

fn letterhead() -> Letterhead {
    Letterhead {
        from: "Atalaya <alerts@example.org>".into(),
        envelope_from: "bounce@example.org".into(),
        domain: "example.org".into(),
    }
}

fn mail(alert: &Alert, letterhead: &Letterhead) -> String {
    let channel = build(&["ana@example.org"], None).map_err(|_| ()).expect("a channel");
    let telling = Telling {
        alert,
        rules: &[RuleName::new("detention")],
        receiver: "ana@example.org",
        id: &DeliveryId("0123456789abcdef0123456789abcdef".into()),
        sequence: 1,
        letterhead,
        feedback: None,
        now: "2026-11-22T21:32:00Z".parse().expect("a time"),
    };
    let frozen = channel.message(&telling).expect("a message");
    assert_eq!(frozen, channel.message(&telling).expect("a message"), "the same alert gives the same bytes");
    assert_eq!(frozen.id, format!("<0123456789abcdef0123456789abcdef@{}>", letterhead.domain));
    String::from_utf8(frozen.bytes).expect("a mail is ASCII")
}

/// The values of a header, unfolded.
fn header(mail: &str, name: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").expect("a mail has a head");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let prefix = format!("{name}: ");
    unfolded.split("\r\n").filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

#[test]
fn headers_are_there_once_each() {
    let mail = mail(&sample::alert(), &letterhead());
    for (name, value) in [
        ("From", "Atalaya <alerts@example.org>"),
        ("To", "ana@example.org"),
        ("Date", "Sun, 22 Nov 2026 21:32:00 +0000"),
        ("Message-ID", "<0123456789abcdef0123456789abcdef@example.org>"),
        ("MIME-Version", "1.0"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("List-Id", "Atalaya <alerts.example.org>"),
    ] {
        let found: Vec<String> = header(&mail, name).iter().map(|value| value.replace('"', "")).collect();
        assert_eq!(found, [value], "{name}");
    }
    for absent in ["Bcc", "Cc", "Reply-To", "Sender"] {
        assert!(header(&mail, absent).is_empty(), "{absent}");
    }
    assert_eq!(header(&mail, "Subject").len(), 1);
    assert!(header(&mail, "Content-Type")[0].starts_with("multipart/alternative"));
    let (text, html) = (mail.find("text/plain").expect("a text part"), mail.find("text/html").expect("an HTML part"));
    assert!(text < html, "the part that everybody can read comes first");
}

#[test]
fn mails_of_one_story_refer_to_one_root() {
    let first = mail(&sample::alert(), &letterhead());
    let mut alert = sample::alert();
    alert.title = "Another headline".into();
    alert.revision = 2;
    let second = mail(&alert, &letterhead());
    assert_eq!(header(&first, "References"), header(&second, "References"));
    assert!(header(&first, "References")[0].starts_with("<story."));
    alert.story_key = "another story".into();
    assert_ne!(header(&first, "References"), header(&mail(&alert, &letterhead()), "References"));
}

#[test]
fn identifiers_stay_whole_however_long_the_domain() {
    let domain = format!("{}.example.org", ["a-rather-long-label"; 8].join("."));
    let letterhead = Letterhead { domain: domain.clone(), ..letterhead() };
    let mail = mail(&sample::alert(), &letterhead);
    assert_eq!(header(&mail, "Message-ID"), [format!("<0123456789abcdef0123456789abcdef@{domain}>")]);
}

#[test]
fn a_domain_that_breaks_headers_is_refused() {
    for domain in ["", "exa mple.org", "example.org>\r\nBcc: x", "b@example.org"] {
        let letterhead = Letterhead { domain: domain.into(), ..letterhead() };
        let channel = build(&["ana@example.org"], None).map_err(|_| ()).expect("a channel");
        let telling = Telling {
            alert: &sample::alert(),
            rules: &[RuleName::new("detention")],
            receiver: "ana@example.org",
            id: &DeliveryId("0".into()),
            sequence: 1,
            letterhead: &letterhead,
            feedback: None,
            now: "2026-11-22T21:32:00Z".parse().expect("a time"),
        };
        assert!(channel.message(&telling).is_err(), "{domain}");
    }
}

#[test]
fn lines_are_short_end_with_crlf_and_are_ascii() {
    let mut arabic = sample::alert();
    arabic.language = Language::parse("ar");
    arabic.title = "محكمة دولية تنظر في القضية ".repeat(10);
    arabic.excerpts[0].text = "قال المحامي إن المحكمة ستنظر في القضية ".repeat(20);
    arabic.excerpts[0].marks = Vec::new();
    let mut plain = sample::alert();
    plain.title = "x".repeat(3000);
    plain.url = format!("https://example.org/{}", "y".repeat(3000));
    for alert in [sample::alert(), arabic, plain] {
        let mail = mail(&alert, &letterhead());
        assert!(mail.is_ascii());
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "a bare line end");
        let longest = mail.split("\r\n").map(str::len).max();
        assert!(longest <= Some(998), "{longest:?}");
    }
}

#[test]
fn the_shorter_encoding_is_taken() {
    let spanish = mail(&sample::alert(), &letterhead());
    assert_eq!(spanish.matches("quoted-printable").count(), 2, "Spanish is mostly ASCII");
    let mut arabic = sample::alert();
    arabic.excerpts[0].text = "قال المحامي إن المحكمة ستنظر في القضية ".repeat(12);
    arabic.excerpts[0].marks = Vec::new();
    arabic.excerpts.truncate(1);
    let arabic = mail(&arabic, &letterhead());
    let text = arabic.split("--atalaya-").nth(1).expect("a text part");
    assert!(text.contains("base64"), "{text}");
}

#[test]
fn a_headline_adds_no_header() {
    let mut alert = sample::alert();
    alert.title = "Uno\r\nBcc: evil@example.test\r\n\r\nbody".into();
    alert.site_name = Some("x\r\nBcc: evil@example.test".into());
    let mail = mail(&alert, &letterhead());
    assert!(header(&mail, "Bcc").is_empty());
    assert_eq!(header(&mail, "Subject"), ["Uno Bcc: evil@example.test body"]);
}

#[test]
fn every_address_gets_an_envelope_of_its_own() {
    let channel = build(&["ana@example.org", "luis@correo.example"], None).map_err(|_| ()).expect("a channel");
    assert_eq!(channel.receivers(), ["ana@example.org", "luis@correo.example"]);
    let frozen = crate::channel::Frozen { id: "<x@example.org>".into(), bytes: Vec::new() };
    let now = "2026-11-22T21:32:00Z".parse().expect("a time");
    assert_eq!(
        channel.wire("luis@correo.example", &frozen, &letterhead(), now),
        Wire::Mail { from: "bounce@example.org".into(), to: "luis@correo.example".into() }
    );
}

#[test]
fn an_international_domain_is_written_as_it_is_registered() {
    let channel = build(&["ana@año.example"], None).map_err(|_| ()).expect("a channel");
    assert_eq!(channel.receivers(), ["ana@xn--ao-zja.example"]);
}

#[test]
fn every_wrong_address_is_named() {
    let complaints = build(
        &["ana@example.org", "no address", "Ana <ana2@example.org>", "ANA@example.org", "añá@example.org", "a@b@"],
        Some(&"long ".repeat(20)),
    )
    .err()
    .expect("complaints");
    let named: Vec<_> = complaints.iter().map(|complaint| (complaint.key, complaint.index)).collect();
    assert_eq!(
        named,
        [
            ("email", Some(1)),
            ("email", Some(2)),
            ("email", Some(3)),
            ("email", Some(4)),
            ("email", Some(5)),
            ("subject_prefix", None)
        ]
    );
    assert_eq!(complaints[1].help, "write only `ana2@example.org`");
    assert!(build(&[], None).is_err(), "nobody");
}
