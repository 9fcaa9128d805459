use super::Preset;
use super::Saying;
use super::of_alert;
use super::of_notice;
use super::within;
use crate::channel::Answer;
use crate::channel::Channel;
use crate::channel::HttpAnswer;
use crate::channel::KINDS;
use crate::channel::Letterhead;
use crate::channel::Method;
use crate::channel::Telling;
use crate::channel::Test;
use crate::channel::Wire;
use crate::model::Alert;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Fault;
use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::Reason;
use crate::model::Remark;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::TroubleKind;
use crate::model::setting::Settings;
use crate::model::setting::Value as Given;
use crate::render::sample;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

const HOSTILE: &str = "<!channel> @everyone @channel @room `rm` *bold* _x_ ~y~ [a](b) </a> & {{ x }} \u{202e}gpj.exe";

/// What each preset is configured with.
const PRESETS: &[(&str, &[(&str, &str)])] = &[
    ("slack", &[("slack", "https://hooks.slack.example/services/T0/B0/invented")]),
    ("discord", &[("discord", "https://discord.example/api/webhooks/1/invented")]),
    ("teams", &[("teams", "https://prod-1.logic.example/invoke?sig=invented")]),
    ("mattermost", &[("mattermost", "https://chat.example.org/hooks/invented")]),
    (
        "matrix",
        &[("matrix", "https://matrix.example.org"), ("room", "!room:example.org"), ("access_token", "invented-token")],
    ),
    ("ntfy", &[("ntfy", "https://ntfy.example.org/invented-topic")]),
    ("telegram", &[("telegram", "123456:invented"), ("chat", "-1001234567890")]),
    ("pagerduty", &[("pagerduty", "invented")]),
    ("alertmanager", &[("alertmanager", "http://127.0.0.1:9093")]),
    (
        "template",
        &[
            ("template", "{\"t\": {{ text | tojson }}, \"u\": {{ url | tojson }}}"),
            ("post_to", "https://bot.example.org/in?token=invented"),
        ],
    ),
];

fn settings(kind: &str, given: &[(&str, &str)]) -> Settings {
    let kind = KINDS.iter().find(|known| known.name == kind).expect("the kind exists");
    let mut settings = Settings::default();
    for key in kind.keys {
        if let Some((_, value)) = given.iter().find(|(name, _)| *name == key.name) {
            let value = match key.takes {
                crate::model::setting::Takes::Secret => Given::Secret((*value).into()),
                _ => Given::Text((*value).to_owned()),
            };
            settings.0.insert(key.name, value);
        }
    }
    settings
}

fn built(kind: &str, given: &[(&str, &str)]) -> Result<Arc<dyn Channel>, String> {
    let found = KINDS.iter().find(|known| known.name == kind).expect("the kind exists");
    (found.build)(&settings(kind, given)).map_err(|complaints| format!("{complaints:?}"))
}

fn preset(kind: &str) -> Arc<dyn Channel> {
    let (_, given) = PRESETS.iter().find(|(name, _)| *name == kind).expect("it is in the table");
    built(kind, given).expect("a channel")
}

fn message(channel: &dyn Channel, alert: &Alert) -> (Value, Method, url::Url, Vec<(&'static str, String)>) {
    let telling = Telling {
        alert,
        rules: &[RuleName::new("detention")],
        receiver: &channel.receivers()[0],
        id: &DeliveryId("0123456789abcdef0123456789abcdef".into()),
        sequence: 1,
        letterhead: &Letterhead::default(),
        feedback: None,
        now: alert.judged_at,
    };
    let frozen = channel.message(&telling).expect("a message");
    assert!(frozen.bytes.len() < 65_000, "{} bytes", frozen.bytes.len());
    let Wire::Post { method, url, headers } =
        channel.wire(&channel.receivers()[0], &frozen, &Letterhead::default(), alert.judged_at)
    else {
        panic!("a preset posts")
    };
    (serde_json::from_slice(&frozen.bytes).expect("JSON"), method, url, headers)
}

fn hostile(times: usize) -> Alert {
    let mut alert = sample::alert();
    alert.title = HOSTILE.repeat(times);
    alert.site_name = Some(HOSTILE.repeat(times));
    alert.rules[0].label = HOSTILE.repeat(times);
    alert.excerpts[0].text = HOSTILE.repeat(times);
    alert.excerpts[0].marks = vec![(0, 10)];
    alert.url = "https://paper.example/a|b>c)d`e*f'g\"h?q=<x>".into();
    alert
}

/// Every text in a JSON value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_preset_says_title_link_sentence_and_rule() {
    for (kind, _) in PRESETS {
        let (body, ..) = message(&*preset(kind), &sample::alert());
        let all = texts(&body).join("\n").replace('\\', "");
        for needed in
            ["tres centros de detención", "https://faro.example.org/2026/11/22/relatores-puerto-claro?seccion=pais"]
        {
            assert!(all.contains(needed), "{kind}: {needed} is missing in {body:#}");
        }
        assert!(all.contains("Detained and disappeared"), "{kind}: {body:#}");
        assert!(all.contains("pidieron ver a todos"), "{kind}: {body:#}");
    }
}

#[test]
fn no_preset_lets_a_stranger_mention_reorder_or_link() {
    for (kind, _) in PRESETS {
        let (body, ..) = message(&*preset(kind), &hostile(1));
        let all = texts(&body).join("\n");
        assert!(!all.contains('\u{202e}'), "{kind}: an override stays in {all}");
        match *kind {
            "slack" => {
                assert!(!all.contains("<!channel>") && all.contains("&lt;!channel&gt;"), "{all}");
                assert!(!all.contains('`'), "{all}");
            }
            "discord" => {
                assert_eq!(body["allowed_mentions"], serde_json::json!({ "parse": [] }));
                // A footer shows no markup.
                let shown =
                    texts(&body["embeds"][0]["description"]).join("\n") + &texts(&body["embeds"][0]["title"])[0];
                assert!(shown.contains("\\*bold\\*") && shown.contains("\\`rm\\`"), "{shown}");
                assert!(!shown.contains("[a](b)"), "{shown}");
            }
            "teams" => assert!(all.contains("\\*bold\\*") && !all.contains("[a](b)") && !all.contains("{{"), "{all}"),
            "mattermost" => {
                assert!(!all.contains("@channel") && !all.contains("@everyone") && !all.contains("[a](b)"), "{all}");
            }
            "matrix" => {
                assert_eq!(body["m.mentions"], serde_json::json!({}));
                let formatted = body["formatted_body"].as_str().expect("HTML");
                assert!(formatted.contains("&lt;!channel&gt;") && !formatted.contains("<!channel>"), "{formatted}");
                assert_eq!(formatted.matches("</a>").count(), 1, "{formatted}");
            }
            "telegram" => {
                let text = body["text"].as_str().expect("text");
                assert!(text.contains("&lt;/a&gt;") && text.matches("</a>").count() == 1, "{text}");
            }
            // No markup there.
            _ => {}
        }
        // What could end a link is encoded.
        assert!(!all.contains("a|b") && !all.contains("c)d"), "{kind}: {all}");
    }
}

#[test]
fn ten_thousand_letters_stay_within_each_limit() {
    for (kind, _) in PRESETS {
        let (body, ..) = message(&*preset(kind), &hostile(130));
        let length = |pointer: &str| {
            let text = body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{kind}: {pointer}"));
            (text.len(), text.chars().count())
        };
        match *kind {
            "slack" => {
                assert!(body["blocks"].as_array().expect("blocks").len() <= 50);
                assert!(length("/blocks/0/text/text").1 <= 3000);
                assert!(length("/blocks/1/text/text").1 <= 3000);
            }
            "discord" => {
                let (title, description) = (length("/embeds/0/title").1, length("/embeds/0/description").1);
                assert!(title <= 256 && description <= 4096, "{title} {description}");
                assert!(title + description + length("/embeds/0/footer/text").1 <= 6000);
            }
            "teams" => assert!(body.to_string().len() <= 28_000),
            "mattermost" => assert!(length("/text").1 <= 16_383),
            "matrix" => assert!(body.to_string().len() <= 60_000),
            "ntfy" => assert!(length("/message").0 <= 4096 && length("/title").0 <= 250),
            "telegram" => assert!(length("/text").1 <= 4096),
            "pagerduty" => assert!(length("/payload/summary").1 <= 1024 && length("/dedup_key").1 <= 255),
            _ => assert!(body.to_string().len() <= 100_000),
        }
    }
}

#[test]
fn no_secret_is_shown_and_the_message_goes_where_it_should() {
    for (kind, _) in PRESETS {
        let channel = preset(kind);
        assert!(!channel.receivers()[0].contains("invented"), "{kind}: {:?}", channel.receivers());
        let (_, method, url, headers) = message(&*channel, &sample::alert());
        let expected = match *kind {
            "slack" => "https://hooks.slack.example/services/T0/B0/invented",
            "discord" => "https://discord.example/api/webhooks/1/invented?wait=true",
            "teams" => "https://prod-1.logic.example/invoke?sig=invented",
            "mattermost" => "https://chat.example.org/hooks/invented",
            "matrix" => {
                "https://matrix.example.org/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/msg_0123456789abcdef0123456789abcdef"
            }
            "ntfy" => "https://ntfy.example.org/",
            "telegram" => "https://api.telegram.org/bot123456:invented/sendMessage",
            "pagerduty" => "https://events.pagerduty.com/v2/enqueue",
            "alertmanager" => "http://127.0.0.1:9093/api/v2/alerts",
            _ => "https://bot.example.org/in?token=invented",
        };
        assert_eq!(url.as_str(), expected, "{kind}");
        assert_eq!(method, if *kind == "matrix" { Method::Put } else { Method::Post }, "{kind}");
        assert!(headers.contains(&("content-type", "application/json".to_owned())), "{kind}");
        let token = headers.iter().find(|(name, _)| *name == "authorization").map(|(_, value)| value.as_str());
        assert_eq!(token, (*kind == "matrix").then_some("Bearer invented-token"), "{kind}");
    }
}

#[test]
fn each_service_is_understood_when_it_refuses() {
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
    for (kind, status, body, gone, pause) in [
        ("slack", 404, "no_service", true, None),
        ("slack", 404, "channel_not_found", false, None),
        ("slack", 410, "channel_is_archived", true, None),
        ("discord", 404, "{\"code\": 10015}", true, None),
        ("discord", 429, "{\"message\": \"slow\", \"retry_after\": 64.57}", false, Some(64)),
        ("matrix", 429, "{\"errcode\": \"M_LIMIT_EXCEEDED\", \"retry_after_ms\": 2500}", false, Some(2)),
        ("telegram", 429, "{\"ok\": false, \"parameters\": {\"retry_after\": 35}}", false, Some(35)),
        ("telegram", 429, "{\"ok\": false, \"parameters\": {\"retry_after\": 1e300}}", false, Some(48 * 3600)),
        ("telegram", 403, "{\"description\": \"Forbidden: bot was blocked by the user\"}", true, None),
        ("mattermost", 400, "{\"id\": \"web_hook.get_incoming.app_error\"}", true, None),
        ("teams", 404, "", false, None),
        ("pagerduty", 500, "", false, None),
    ] {
        let channel = preset(kind);
        let answer = HttpAnswer { status, retry_after: None, body: body.into() };
        assert_eq!(channel.gone(&answer), gone, "{kind} {status}");
        let Answer::Failed { fault, .. } = channel.answer(&answer, now) else {
            panic!("{kind} {status} is no success")
        };
        let until = match fault {
            Fault::Throttled { until } => until.map(|until| until.duration_since(now).as_secs()),
            _ => None,
        };
        assert_eq!(until, pause, "{kind} {status}");
    }
    let moved = HttpAnswer {
        status: 400,
        retry_after: None,
        body: "{\"ok\": false, \"parameters\": {\"migrate_to_chat_id\": -100987}}".into(),
    };
    let Answer::Failed { text, .. } = preset("telegram").answer(&moved, now) else { panic!("it moved") };
    assert!(text.contains("the chat is now `-100987`"), "{text}");
    assert!(matches!(
        preset("teams").answer(&HttpAnswer { status: 202, retry_after: None, body: String::new() }, now),
        Answer::Accepted { .. }
    ));
}

fn trouble(event: NoticeEvent) -> Notice {
    let since: Timestamp = "2026-11-23T06:41:07Z".parse().expect("a time");
    let remark = Remark {
        source: SourceName::new("paper"),
        label: None,
        host: "paper.example".into(),
        event,
        kind: TroubleKind::Wall,
        since,
        reason: Reason::Wall { detail: HOSTILE.into() },
        reminder: 0,
        until: (event == NoticeEvent::Recovered).then_some(since),
    };
    Notice { event, remarks: vec![remark], made_at: since + SignedDuration::from_hours(2), endpoint: None }
}

#[test]
fn the_end_of_a_trouble_has_the_key_of_its_beginning_and_resolves_it() {
    let (failing, recovered) = (of_notice(&trouble(NoticeEvent::Failing)), of_notice(&trouble(NoticeEvent::Recovered)));
    assert_eq!(failing.key(), recovered.key());
    assert_ne!(failing.key(), of_alert(&sample::alert(), &[RuleName::new("detention")]).key());
    let body = |kind: &str, notice: &Notice| -> Value {
        let channel = preset(kind);
        let announcement = crate::channel::Announcement {
            notice,
            receiver: &channel.receivers()[0],
            id: &DeliveryId("ab".into()),
            sequence: 1,
            letterhead: &Letterhead::default(),
            now: notice.made_at,
        };
        serde_json::from_slice(&channel.notice(&announcement).expect("a message").bytes).expect("JSON")
    };
    let (begin, end) = (trouble(NoticeEvent::Failing), trouble(NoticeEvent::Recovered));
    assert_eq!(body("pagerduty", &begin)["event_action"], "trigger");
    assert_eq!(body("pagerduty", &end)["event_action"], "resolve");
    assert_eq!(body("pagerduty", &begin)["dedup_key"], body("pagerduty", &end)["dedup_key"]);
    let (first, last) = (body("alertmanager", &begin), body("alertmanager", &end));
    assert_eq!(first[0]["labels"], last[0]["labels"], "labels are the identity");
    assert_eq!(last[0]["endsAt"], "2026-11-23T08:41:07Z");
    for (kind, _) in PRESETS {
        body(kind, &begin);
        body(kind, &end);
    }
}

#[test]
fn an_update_of_a_story_goes_into_the_same_incident() {
    let mut alert = sample::alert();
    let (first, ..) = message(&*preset("pagerduty"), &alert);
    alert.update = Some(sample::update());
    alert.revision = 2;
    let (second, ..) = message(&*preset("pagerduty"), &alert);
    assert_eq!(first["dedup_key"], second["dedup_key"]);
    assert!(second["payload"]["summary"].as_str().is_some_and(|text| text.starts_with("Update: ")), "{second:#}");
}

#[test]
fn every_preset_has_a_test_message() {
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
    let name = ChannelName::new("newsroom");
    for (kind, _) in PRESETS {
        let test = Test { channel: &name, id: "msg_test", letterhead: &Letterhead::default(), now };
        let frozen = preset(kind).test(&test).expect("a message");
        assert!(String::from_utf8_lossy(&frozen.bytes).contains("newsroom"), "{kind}");
    }
}

#[test]
fn a_template_that_would_fail_later_fails_at_the_load() {
    let with = |template: &str, content_type: &str| {
        built(
            "template",
            &[("template", template), ("post_to", "https://bot.example.org/in"), ("content_type", content_type)],
        )
        .err()
    };
    assert_eq!(with("{{ headline }} {{ url }}", "text/plain"), None);
    let every = "{{ type }}{{ id }}{{ headline }}{{ url }}{{ origin }}{{ rules }}{{ sentences }}{{ lines }}{{ text }}\
                 {{ subject }}{{ over }}{{ at }}{% if url %}{{ url | tojson }}{% endif %}";
    assert_eq!(with(every, "text/plain"), None);
    for (template, content_type, expected) in [
        ("{{ headlin }}", "text/plain", "uses `headlin`"),
        ("{{ headlin | tojson }}", "application/json", "uses `headlin`"),
        ("{{ headline", "text/plain", "line 1"),
        ("{\"t\": \"{{ headline }}\"}", "application/json", "not JSON"),
        ("{\"t\": {{ url.host | tojson }}}", "application/json", "fails on"),
        ("{% if type == 'alert.matched' %}{}{% endif %}", "application/json", "fails on an update"),
        ("{% for x in range(2000000) %}aaaaaaaaaa{% endfor %}", "text/plain", "fails on"),
        ("{}", "json", "content type"),
    ] {
        let complaint = with(template, content_type).unwrap_or_else(|| panic!("{template} was taken"));
        assert!(complaint.contains(expected), "{template}: {complaint}");
    }
}

#[test]
fn a_wrong_setting_is_said_with_what_to_write() {
    for (kind, given, expected) in [
        ("slack", &[("slack", "hooks.slack.example/x")][..], "is not an address"),
        ("slack", &[("slack", "http://hooks.slack.example/x")], "http` would send"),
        ("discord", &[("discord", "https://user:pass@discord.example/x")], "user name"),
        ("ntfy", &[("ntfy", "https://ntfy.example.org/")], "no topic"),
        ("telegram", &[("telegram", "12:x"), ("chat", "the group")], "is no chat"),
        ("telegram", &[("telegram", "a token"), ("chat", "1")], "no token"),
        ("matrix", &[("matrix", "https://m.example.org"), ("room", "#x:example.org"), ("access_token", "t")], "no id"),
        ("pagerduty", &[("pagerduty", "k"), ("severity", "loud")], "no severity"),
    ] {
        let complaint = built(kind, given).err().unwrap_or_else(|| panic!("{kind} {given:?} was taken"));
        assert!(complaint.contains(expected), "{kind}: {complaint}");
    }
}

#[test]
fn a_credential_that_is_only_looked_at_passes() {
    for kind in ["slack", "discord", "teams", "mattermost", "ntfy"] {
        built(kind, &[(kind, super::STAND_IN)]).expect("it passes");
    }
}

#[test]
fn what_does_not_fit_is_left_out_from_the_end() {
    struct Small;
    impl Preset for Small {
        fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
            saying.fitting(50, |saying| saying.plain(10_000).into_bytes())
        }
        fn call(&self, _: &crate::channel::Frozen) -> (Method, url::Url, Vec<(&'static str, String)>) {
            (Method::Post, url::Url::parse("https://a.example/").expect("a URL"), Vec::new())
        }
    }
    let body = Small.body(&of_alert(&sample::alert(), &[RuleName::new("detention")]), "x");
    assert!(body.is_err_and(|error| error.contains("50 are allowed")));
    assert_eq!(within("añb", 3), "…");
    assert_eq!(within("añb", 4), "añb");
    assert_eq!(within("añbcdef", 6), "añ…");
}
