use super::payload::DigestPayload;
use super::payload::LIMIT;
use super::*;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Language;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::model::Tongue;
use crate::model::bulletin::NotHeard;
use crate::model::bulletin::RuleNamed;
use crate::model::bulletin::SilentRule;
use jiff::SignedDuration;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn line_of(number: usize, reason: Option<Reason>) -> Line {
    Line {
        title: format!("Line {number} <b>"),
        url: Some(format!("https://other.example/{number}")),
        source: SourceName::new("other"),
        reason,
    }
}

fn story_of(number: usize) -> StoryTold {
    StoryTold {
        story_key: format!("story {number}"),
        title: format!("Headline {number} & more"),
        url: format!("https://herald.example/{number}"),
        source: SourceName::new("herald"),
        site_name: Some("The Hill Herald".into()),
        language: Language::parse("es"),
        published: Some(at("2026-11-23T15:00:00Z")),
        level: if number == 0 { Level::Urgent } else { Level::Normal },
        rules: vec![RuleNamed {
            name: RuleName::new("court"),
            label: "The court".into(),
            reason: Reason::Matched { because: "\"tribunal\"".into() },
        }],
        excerpt: Some(Excerpt {
            field: Field::Body,
            text: format!("El tribunal oyó al testigo {number}."),
            marks: vec![(3, 11)],
            rules: vec![RuleName::new("court")],
        }),
        unread: None,
        update: None,
        alerts: 1,
        carried: vec![line_of(number + 1000, None)],
    }
}

fn bulletin(tongue: Tongue, stories: usize) -> Bulletin {
    let silence = Reason::Silenced {
        silence: "1".into(),
        by: "Ana".into(),
        because: "en la sala".into(),
        until: at("2026-12-01T00:00:00Z"),
    };
    Bulletin {
        occasion: Occasion::Digest,
        subscription: Some(SubscriptionName::new("morning")),
        tongue,
        zone: "America/Caracas".into(),
        plain: false,
        since: at("2026-11-23T12:00:00Z"),
        until: at("2026-11-24T12:00:00Z"),
        stories: (0..stories).map(story_of).collect(),
        elsewhere: vec![line_of(1, Some(Reason::Told))],
        folded: vec![line_of(2, Some(Reason::AlreadyTold))],
        muted: vec![line_of(3, Some(silence))],
        listening: Some(Listening {
            read: 412,
            heard: vec![(SourceName::new("herald"), 400), (SourceName::new("other"), 12)],
            resting: 2,
            not_heard: vec![NotHeard {
                source: SourceName::new("silent-paper"),
                since: Some(at("2026-11-20T12:00:00Z")),
                reason: Some(Reason::Status { status: 503 }),
            }],
            unread: vec![line_of(4, Some(Reason::EmptyPage))],
            silent_rules: vec![SilentRule {
                rule: RuleName::new("press"),
                since: at("2026-11-10T12:00:00Z"),
                usual: SignedDuration::from_hours(30),
            }],
        }),
    }
}

#[test]
fn both_parts_hold_the_same_items_in_the_readers_language() {
    for (tongue, subject, words) in [
        (
            Tongue::English,
            "[urgent] Digest morning, 2026-11-24: 2 stories",
            [
                "Also carried by",
                "Articles read: 412",
                "by Ana: en la sala",
                "since 2026-11-20 08:00, the server answered 503",
                "usually every 30 h",
                "Pages that could not be read: 1",
            ],
        ),
        (
            Tongue::Spanish,
            "[urgente] Resumen morning, 2026-11-24: 2 historias",
            [
                "También en",
                "Artículos leídos: 412",
                "por Ana: en la sala",
                "desde el 2026-11-20 08:00, el servidor respondió 503",
                "normalmente cada 30 h",
                "Páginas que no se pudieron leer: 1",
            ],
        ),
        (
            Tongue::Portuguese,
            "[urgente] Resumo morning, 2026-11-24: 2 histórias",
            [
                "Também em",
                "Artigos lidos: 412",
                "por Ana: en la sala",
                "desde 2026-11-20 08:00, o servidor respondeu 503",
                "normalmente a cada 30 h",
                "Páginas que não puderam ser lidas: 1",
            ],
        ),
    ] {
        let paper = paper(&bulletin(tongue, 2), "eva@example.org", None).expect("a paper");
        assert_eq!(paper.letter.subject, subject);
        assert_eq!(paper.rest, None);
        for (part, headline, line) in [
            (&paper.letter.text, "Headline 1 & more", "Line 4 <b>"),
            (&paper.letter.html, "Headline 1 &amp; more", "Line 4 &lt;b&gt;"),
        ] {
            let links = ["https://herald.example/0", "https://herald.example/1", "https://other.example/1001"];
            let more = [
                "https://other.example/1",
                "https://other.example/2",
                "https://other.example/3",
                "https://other.example/4",
            ];
            for needed in
                words.iter().chain(&links).chain(&more).chain(&[headline, line, "herald (400)", "silent-paper"])
            {
                assert!(part.contains(needed), "{needed} is missing in {tongue:?}:\n{part}");
            }
        }
        assert!(paper.letter.html.contains(&format!("<html lang=\"{}\">", tongue.code())));
        assert!(paper.letter.html.contains(">tribunal</mark>"));
    }
}

#[test]
fn an_empty_digest_says_so_and_proves_that_somebody_listened() {
    let empty =
        Bulletin { elsewhere: Vec::new(), folded: Vec::new(), muted: Vec::new(), ..bulletin(Tongue::English, 0) };
    let letter = paper(&empty, "eva@example.org", Some("[press]")).expect("a paper").letter;
    assert_eq!(letter.subject, "[press] Digest morning, 2026-11-24: nothing found");
    for part in [&letter.text, &letter.html] {
        for needed in ["Nothing was found", "Sources heard: 2", "Sources not heard: 1", "Line 4"] {
            assert!(part.contains(needed), "{needed} is missing:\n{part}");
        }
    }
}

#[test]
fn five_thousand_stories_fit_and_the_attached_list_holds_every_link() {
    let many =
        Bulletin { occasion: Occasion::Cap, subscription: None, listening: None, ..bulletin(Tongue::English, 5_000) };
    let paper = paper(&many, "eva@example.org", None).expect("a paper");
    assert!(paper.letter.html.len() < HTML_LIMIT, "{}", paper.letter.html.len());
    let (name, rest) = paper.rest.expect("a list goes along");
    assert_eq!(name, "everything.txt");
    for number in 0..5_000 {
        assert!(rest.contains(&format!("https://herald.example/{number}\n")), "{number}");
        assert!(rest.contains(&format!("https://other.example/{}\n", number + 1000)), "{number}");
    }
    let bytes = payload::json(&many).expect("JSON");
    assert!(bytes.len() <= LIMIT, "{}", bytes.len());
    let data = serde_json::from_slice::<DigestPayload>(&bytes).expect("it reads back").data;
    assert_eq!((data.sums.alerts, data.stories.len() + data.omitted.stories), (5_000, 5_000));
}

#[test]
fn hostile_texts_make_no_mail_too_large_and_no_markup() {
    let mut hostile = bulletin(Tongue::English, 300);
    for story in &mut hostile.stories {
        story.title = "<script>&\"'".repeat(500);
        story.url = "javascript:alert(1)".into();
        story.site_name = Some("\u{202e}<b>\r\nBcc: x@example.org".into());
        story.carried = (0..100).map(|number| line_of(number, None)).collect();
    }
    let paper = paper(&hostile, "eva@example.org", None).expect("a paper");
    assert!(paper.letter.html.len() < HTML_LIMIT, "{}", paper.letter.html.len());
    assert!(!paper.letter.html.contains("<script>") && !paper.letter.html.contains("href=\"javascript:"));
    assert!(!paper.letter.subject.contains('\n'));
}

#[test]
fn the_published_schema_names_every_key() {
    let schema = include_str!("../../../docs/schemas/digest.ready.1.json");
    let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
    let empty = Bulletin { listening: None, subscription: None, ..bulletin(Tongue::English, 0) };
    for bulletin in [bulletin(Tongue::English, 2), empty] {
        let bytes = payload::json(&bulletin).expect("JSON");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("it reads back");
        assert_eq!(schema["$id"], value["schema"]);
        crate::render::payload::tests::fits(&schema, &schema, &value, "");
    }
}
