//! Every preset over real sockets: one alert, told by all of them to a server that writes down what comes.

use crate::world::RULE;
use crate::world::World;
use crate::world::entry;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;
use std::thread;

/// A call as it came.
#[derive(Debug)]
struct Call {
    line: String,
    head: String,
    body: Value,
}

/// Writes every call down. The first one to `/_matrix/` is answered with 500, the others with 200.
fn recorder(calls: Sender<Call>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let mut failed = false;
        for stream in listener.incoming() {
            let Some(call) = stream.ok().and_then(|stream| heard(stream, &mut failed)) else { continue };
            if calls.send(call).is_err() {
                break;
            }
        }
    });
    port
}

fn heard(mut stream: TcpStream, failed: &mut bool) -> Option<Call> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, body) = loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let wanted: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.trim().parse().ok())?;
        if bytes.len() >= end + 4 + wanted {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes[end + 4..].to_vec());
        }
    };
    let line = head.lines().next()?.to_owned();
    let status = if line.contains("/_matrix/") && !std::mem::replace(failed, true) { 500 } else { 200 };
    stream
        .write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}").as_bytes())
        .ok()?;
    Some(Call { line, head, body: serde_json::from_slice(&body).ok()? })
}

#[test]
fn one_alert_reaches_every_service_as_it_wants_it() {
    let (send, calls) = channel();
    let port = recorder(send);
    let base = format!("http://127.0.0.1:{port}");
    let mut world = World::without_receivers();
    let channels = format!(
        "[channel.slack]\nslack = \"{base}/services/T0/B0/slack\"\n\n\
         [channel.discord]\ndiscord = \"{base}/api/webhooks/1/discord\"\n\n\
         [channel.teams]\nteams = \"{base}/workflows/teams?sig=abc\"\n\n\
         [channel.mattermost]\nmattermost = \"{base}/hooks/mattermost\"\n\n\
         [channel.matrix]\nmatrix = \"{base}\"\nroom = \"!room:example.org\"\naccess_token = \"token-of-matrix\"\n\n\
         [channel.ntfy]\nntfy = \"{base}/invented-topic\"\n\n\
         [channel.telegram]\ntelegram = \"123:abc\"\nchat = \"-100123\"\nserver = \"{base}\"\n\n\
         [channel.pagerduty]\npagerduty = \"invented\"\nserver = \"{base}\"\n\n\
         [channel.alertmanager]\nalertmanager = \"{base}/am\"\n\n\
         [channel.own]\ntemplate = '{{\"own\": {{{{ text | tojson }}}}}}'\npost_to = \"{base}/own\"\n\n\
         [subscription.all]\nrules = \"all\"\nchannels = [\"slack\", \"discord\", \"teams\", \"mattermost\", \"matrix\", \"ntfy\",\n\
             \"telegram\", \"pagerduty\", \"alertmanager\", \"own\"]\n"
    );
    world.configure(&format!(
        "{}\n[source.paper]\nfeed = \"{}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\n{channels}\n{RULE}",
        world.outside(),
        world.site.url("/feed.xml")
    ));
    let title = "Families &amp; lawyers @everyone wait";
    let link = world.site.article("/a", title, "Two men said that they were victims of torture.");
    world.site.feed("/feed.xml", &[entry("a", title, link.clone())]);
    world.start();
    let mut got: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    // Ten services, and Matrix a second time.
    for _ in 0..11 {
        let call = calls.recv_timeout(crate::world::PATIENCE).unwrap_or_else(|_| panic!("in vain\n{}", world.log()));
        got.entry(call.line.clone()).or_default().push(call);
    }
    world.stop();
    assert!(
        !world.log().contains("token-of-matrix") && !world.log().contains("123:abc"),
        "secrets stay out of the log"
    );
    let one = |needle: &str| -> &Call {
        let mut found = got.iter().filter(|(line, _)| line.contains(needle)).flat_map(|(_, calls)| calls);
        found.next().unwrap_or_else(|| panic!("no call with {needle} in {:?}", got.keys()))
    };
    let says = |value: &Value| value.to_string().replace('\\', "");
    assert!(says(&one("/services/T0/B0/slack").body["blocks"]).contains("Families &amp; lawyers"));
    assert_eq!(one("/api/webhooks/1/discord?wait=true").body["embeds"][0]["url"], link.as_str());
    let card = &one("/workflows/teams?sig=abc").body["attachments"][0]["content"];
    assert_eq!(card["actions"][0]["url"], link.as_str());
    assert!(!says(&one("/hooks/mattermost").body).contains("@everyone"));
    assert_eq!(one("POST / ").body["topic"], "invented-topic");
    assert_eq!(one("/bot123:abc/sendMessage").body["chat_id"], "-100123");
    assert_eq!(one("/v2/enqueue").body["event_action"], "trigger");
    assert_eq!(one("/am/api/v2/alerts").body[0]["generatorURL"], link.as_str());
    assert!(says(&one("/own").body["own"]).contains("torture"));
    let matrix: Vec<&Vec<Call>> =
        got.iter().filter(|(line, _)| line.starts_with("PUT /_matrix/")).map(|(_, calls)| calls).collect();
    assert_eq!((matrix.len(), matrix[0].len()), (1, 2), "both tries have one transaction id");
    assert_eq!(matrix[0][0].body, matrix[0][1].body);
    assert!(matrix[0][0].head.to_lowercase().contains("authorization: bearer token-of-matrix"));
}

/// The calls that have come, by the path of each.
fn by_path(calls: &Receiver<Call>) -> BTreeMap<String, Call> {
    let path = |call: &Call| call.line.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
    calls.try_iter().map(|call| (path(&call), call)).collect()
}

#[test]
fn calls_are_those_of_apprise_where_both_speak() {
    let (send, calls) = channel();
    let port = recorder(send);
    let base = format!("http://127.0.0.1:{port}");
    let key = "0123456789abcdef0123456789abcdef";
    let slack = "TTTTTTTTT/BBBBBBBBB/abcdefghijklmnopqrstuvwx";
    let mattermost = "abcdefghijklmnopqrstuvwx";
    let telegram = "123456789:abcdefg_hijklmnop";
    let sent = crate::world::python(
        "apprise_calls.py",
        &[
            &port.to_string(),
            &format!("slack://{slack}"),
            "discord://1234/abcd?format=markdown",
            &format!("tgram://{telegram}/12315544/?format=html"),
            &format!("pagerduty://{key}@token/source/component"),
            &format!("ntfy://127.0.0.1:{port}/topic"),
            &format!("mmost://127.0.0.1:{port}/{mattermost}"),
        ],
    );
    if sent.status.code() == Some(3) {
        println!("apprise is not installed: the comparison was left out; tests/run installs it");
        return;
    }
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let theirs = by_path(&calls);

    let mut world = World::without_receivers();
    let channels = format!(
        "[channel.slack]\nslack = \"{base}/services/{slack}\"\n[channel.discord]\ndiscord = \"{base}/api/webhooks/1234/abcd\"\n\
         [channel.telegram]\ntelegram = \"{telegram}\"\nchat = \"12315544\"\nserver = \"{base}\"\n\
         [channel.pagerduty]\npagerduty = \"{key}\"\nserver = \"{base}\"\n[channel.ntfy]\nntfy = \"{base}/topic\"\n\
         [channel.mattermost]\nmattermost = \"{base}/hooks/{mattermost}\"\n"
    );
    world.configure(&format!("{}\n{channels}", world.outside()));
    for name in ["slack", "discord", "telegram", "pagerduty", "ntfy", "mattermost"] {
        let tried = world.atalaya(&["webhook", "test", name]);
        assert!(tried.status.success(), "{name}: {tried:?}");
    }
    let ours = by_path(&calls);
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "the same addresses");
    assert_eq!(ours.len(), 6);

    // Looks, and what has a newer form.
    let left_out = [
        "icon_url",
        "username",
        "avatar_url",
        "tts",
        "wait",
        "images",
        "component",
        "author",
        "color",
        "attachments",
        "mrkdwn",
        "disable_web_page_preview",
        "disable_notification",
    ];
    for (path, theirs) in &theirs {
        let ours = &ours[path];
        assert!(ours.head.to_lowercase().contains("content-type: application/json"), "{path}");
        same_shape(&theirs.body, &ours.body, &left_out, path);
    }
}

/// Every key of theirs that matters is one of ours, with a value of the same kind.
fn same_shape(theirs: &Value, ours: &Value, left_out: &[&str], path: &str) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs.iter().filter(|(key, _)| !left_out.contains(&key.as_str())) {
                let other = ours.get(key).unwrap_or_else(|| panic!("{path}: no {key} in {ours:?}"));
                same_shape(value, other, left_out, &format!("{path} {key}"));
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                same_shape(theirs, ours, left_out, path);
            }
        }
        // Numbers of chats may be written either way.
        (Value::Number(theirs), Value::String(ours)) => assert_eq!(theirs.to_string(), *ours, "{path}"),
        (theirs, ours) => {
            assert_eq!(std::mem::discriminant(theirs), std::mem::discriminant(ours), "{path}: {theirs} {ours}");
        }
    }
}
