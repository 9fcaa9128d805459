//! An endpoint that fails, rests or wants no more costs nobody an alert; operators hear of it once, by another channel;
//! and people who write a receiver can try it.

use crate::store::words::all_reading;
use crate::store::words::at;
use crate::store::words::claim;
use crate::store::words::judge;
use crate::store::words::told;
use crate::world::SECRET;
use crate::world::World;
use crate::world::command;
use crate::world::entry;
use atalaya::channel::Frozen;
use atalaya::model::ChannelName;
use atalaya::model::Reason;
use atalaya::send::Call;
use atalaya::send::Decision;
use atalaya::send::Delivery;
use atalaya::send::endpoint::Heard;
use atalaya::store::Claim;
use atalaya::store::Lease;
use atalaya::store::Replay;
use atalaya::store::Store;
use atalaya::store::Work;
use atalaya::store::sqlite::SqliteStore;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// Invented papers report on so many things that match, each with another text.
fn reports(world: &World, from: usize, to: usize) {
    let entries: Vec<_> = (0..to)
        .map(|number| {
            let (id, title) = (format!("r{number}"), format!("Report {number} of the committee of the harbour town"));
            let path = format!("/{id}");
            let body = format!("Witness {number} spoke of torture in hall {number} on day {number}.");
            let link = if number >= from { world.site.article(&path, &title, &body) } else { world.site.url(&path) };
            entry(&id, &title, link)
        })
        .collect();
    world.site.feed("/feed.xml", &entries);
}

/// A world whose endpoint answers by `path`, and whose operators are told by mail.
fn world(path: &str) -> World {
    let mut world = World::new();
    let configuration = world.configuration().replace("/200\"", &format!("{path}\""))
        + "\n[channel.ops]\nemail = [\"ops@example.org\"]\n\n[operators]\nchannels = [\"ops\", \"case-system\"]\n";
    world.configure(&configuration);
    world
}

fn notices(world: &World) -> Vec<String> {
    let to_operators = world.mails.iter().filter(|mail| mail["to"] == serde_json::json!(["ops@example.org"]));
    to_operators.map(|mail| World::header(mail, "subject")).collect()
}

fn readers_mails(world: &World) -> usize {
    world.mails.iter().filter(|mail| mail["to"] == serde_json::json!(["ana@example.org"])).count()
}

fn json_lines(world: &World, arguments: &[&str]) -> Vec<Value> {
    let output = world.atalaya(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

#[test]
fn a_failing_endpoint_rests_is_told_once_and_gets_everything_when_it_is_back() {
    let broken = tempfile::NamedTempFile::new().expect("a file");
    let mut world = world(&format!("/500?while={}", broken.path().display()));
    reports(&world, 0, 8);
    world.start();
    world.until("calls fail, and operators and readers are told", |world| {
        notices(world).len() == 1 && readers_mails(world) == 8
    });
    assert_eq!(notices(&world), ["case-system does not take what is posted to it"]);
    // Some were under way when it broke, eight at most.
    world.until_asked("/feed.xml", 2);
    let failed = world.calls.len();
    assert!((5..=8).contains(&failed), "{failed} calls");
    let status = json_lines(&world, &["webhook", "status", "--json"]);
    assert_eq!((&status[0]["trouble"], &status[0]["waiting"]), (&"failing".into(), &8.into()), "{status:?}");

    // What comes now waits; readers get it by mail at once.
    reports(&world, 8, 10);
    world.until("two more mails", |world| readers_mails(world) == 10);
    world.until_asked("/feed.xml", 3);
    assert_eq!(world.calls.len(), failed, "it is left alone while it rests");

    broken.close().expect("it is mended");
    let replay = world.atalaya(&["webhook", "replay", "--since", "1d", "--channel", "case-system"]);
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    world.until("everything arrives, and operators are told", |world| {
        world.calls.len() == failed + 10 && notices(world).len() == 2
    });
    assert_eq!(notices(&world)[1], "case-system takes what is posted to it again");
    let ids = |calls: &[Value]| -> BTreeSet<String> {
        calls.iter().filter_map(|call| call["id"].as_str().map(str::to_owned)).collect()
    };
    let taken = ids(&world.calls[failed..]);
    assert_eq!(taken.len(), 10, "each of the ten once");
    assert!(ids(&world.calls[..failed]).is_subset(&taken), "under the ids of the first tries");
    let mut numbers: Vec<u64> =
        world.calls[failed..].iter().filter_map(|call| call["body"]["sequence"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<u64>>(), "numbers without gaps");
    assert!(world.calls.iter().all(|call| call["error"] == Value::Null), "the official library takes every signature");
    world.stop();
    assert!(world.atalaya(&["webhook", "status"]).status.success());
}

#[test]
fn after_one_probe_that_fails_the_endpoint_rests_longer() {
    let mut world = world("/500");
    reports(&world, 0, 6);
    world.start();
    world.until("calls fail, and operators are told", |world| notices(world).len() == 1 && readers_mails(world) == 6);
    world.until_asked("/feed.xml", 2);
    let failed = world.calls.len();
    let replay = world.atalaya(&["webhook", "replay", "--since", "1d", "--channel", "case-system"]);
    assert!(replay.status.success());
    world.until("one call tries", |world| world.calls.len() == failed + 1);
    world.until_asked("/feed.xml", 3);
    assert_eq!((world.calls.len(), notices(&world).len()), (failed + 1, 1), "a single call, and nobody is told again");
    let status = json_lines(&world, &["webhook", "status", "--json"]);
    let rest: jiff::Timestamp = status[0]["rests_until"].as_str().expect("it rests").parse().expect("a time");
    assert!(rest > atalaya::clock::now() + jiff::SignedDuration::from_mins(4), "{status:?}");
    world.stop();
}

#[test]
fn an_endpoint_that_answers_410_is_switched_off_until_somebody_asks_for_it() {
    let mut world = world("/410x1");
    reports(&world, 0, 1);
    world.start();
    world.until("the call is refused, and operators are told", |world| {
        world.calls.len() == 1 && notices(world).len() == 1
    });
    assert_eq!(notices(&world), ["case-system is switched off"]);
    reports(&world, 1, 2);
    world.until("readers have both", |world| readers_mails(world) == 2);
    world.until_asked("/feed.xml", 3);
    assert_eq!(world.calls.len(), 1, "it wanted no more");
    let given_up = json_lines(&world, &["outbox", "list", "--only", "given-up", "--json"]);
    let reasons: Vec<&str> = given_up.iter().filter_map(|row| row["reason"]["code"].as_str()).collect();
    assert_eq!(reasons, ["endpoint_off", "rejected"], "dead letters, newest first");
    let id = given_up[1]["id"].as_str().expect("an id");
    assert!(world.atalaya(&["webhook", "replay", id]).status.success());
    world.until("one is taken, and operators are told", |world| world.calls.len() == 2 && notices(world).len() == 2);
    assert_eq!(world.calls[1]["id"], format!("msg_{id}"), "the same id");
    assert!(world.atalaya(&["webhook", "replay", "--since", "1d", "--channel", "case-system"]).status.success());
    world.until("so is the other", |world| world.calls.len() == 3);
    assert_ne!(world.calls[2]["id"], world.calls[1]["id"], "what was taken is not sent again");
    world.stop();
}

#[test]
fn a_pause_that_the_endpoint_asks_for_is_kept_in_seconds_and_as_a_date() {
    for path in ["/429x1?after=8", "/503x1?date=9"] {
        let mut world = world(path);
        reports(&world, 0, 1);
        world.start();
        world.until("the first call", |world| world.calls.len() == 1);
        let begun = Instant::now();
        world.until("the second call", |world| world.calls.len() == 2);
        // The usual pause is 5 to 5.5 seconds.
        assert!(begun.elapsed() > Duration::from_secs(7), "{path}: {:?}", begun.elapsed());
        assert!(notices(&world).is_empty(), "that is no failure");
        world.stop();
    }
}

#[test]
fn a_redirect_is_not_followed_and_the_answer_is_kept_with_each_try() {
    let mut world = world("/302?body=3000");
    reports(&world, 0, 1);
    world.start();
    world.until("the first call", |world| world.calls.len() == 1);
    world.until_asked("/feed.xml", 2);
    assert!(world.calls.iter().all(|call| call["path"] == "/302?body=3000"), "{:?}", world.calls);
    let rows = json_lines(&world, &["outbox", "list", "--channel", "case-system", "--json"]);
    let id = rows[0]["id"].as_str().expect("an id");
    let attempts = json_lines(&world, &["webhook", "attempts", id, "--json"]);
    assert_eq!(attempts[0]["status"], 302, "{attempts:?}");
    assert_eq!(attempts[0]["answer"].as_str().map(str::len), Some(1024), "the first kilobyte");
    assert!(attempts[0]["took_ms"].is_i64() && attempts[0]["begun_at"].is_string(), "{attempts:?}");
    let words = String::from_utf8_lossy(&world.atalaya(&["webhook", "attempts", id]).stdout).into_owned();
    assert!(words.contains("  302  ") && words.contains("redirects are not followed"), "{words}");
    world.stop();
}

#[test]
fn a_slow_endpoint_does_not_hold_up_others() {
    let mut world = world("/hang");
    reports(&world, 0, 12);
    world.start();
    world.until("all mails, while no call has been answered", |world| readers_mails(world) == 12);
    assert!(world.calls.len() <= 8, "{} at once", world.calls.len());
    world.kill();
}

/// `atalaya webhook listen` as a developer has it beside the sender.
#[test]
fn a_test_message_reaches_the_developers_receiver_and_is_verified() {
    let mut world = World::without_receivers();
    let secret = world.state().with_file_name("hook.secret");
    fs::write(&secret, SECRET).expect("the secret is written");
    let mut listener = command()
        .args(["webhook", "listen", "--port", "0", "--json", "--count", "2", "--secret-file"])
        .arg(&secret)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(listener.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON") };
    let url = next()["listening"].as_str().expect("an address").to_owned();
    let channel = |name: &str, secret: &str, more: &str| {
        format!("[channel.{name}]\nwebhook = \"{url}\"\nsecret = \"{secret}\"\n{more}\n")
    };
    let other = "whsec_dGhlLW9sZC1zZWNyZXQtZm9yLXRoZS1tYW51YWw=";
    let configuration = world.configuration()
        + &channel("right", SECRET, "format = \"cloudevents\"")
        + &channel("wrong", other, "")
        + "[channel.letters]\nemail = [\"ana@example.org\"]\n";
    world.configure(&configuration);
    let right = world.atalaya(&["webhook", "test", "right", "--json"]);
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    let said: Value = serde_json::from_slice(&right.stdout).expect("JSON");
    assert_eq!((&said["status"], &said["taken"]), (&204.into(), &true.into()));
    let call = next();
    assert_eq!((&call["verified"], &call["body"]["type"]), (&true.into(), &"org.atalaya.endpoint.test.v1".into()));
    assert_eq!(call["id"], said["id"]);
    let wrong = world.atalaya(&["webhook", "test", "wrong"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("answered 401: no signature fits"), "{wrong:?}");
    assert_eq!(next()["verified"], false);
    assert!(listener.wait().expect("it ends").success());
    for name in ["letters", "nobody"] {
        assert_eq!(world.atalaya(&["webhook", "test", name]).status.code(), Some(1), "{name}");
    }
}

/// A call that the channel makes, as it is kept in files.
fn kept(folder: &std::path::Path) -> Vec<(&'static str, String)> {
    kept_with(folder, None)
}

/// The same, signed by a key as well.
fn kept_with(folder: &std::path::Path, signing_key: Option<&str>) -> Vec<(&'static str, String)> {
    use atalaya::channel::Letterhead;
    use atalaya::channel::Wire;
    use atalaya::channel::webhook::KIND;
    use atalaya::model::setting::Settings;
    use atalaya::model::setting::Value as Given;
    let mut settings = Settings::default();
    settings.0.insert("webhook", Given::Text("https://desk.example.org/".into()));
    settings.0.insert("secret", Given::Secret(SECRET.into()));
    if let Some(key) = signing_key {
        settings.0.insert("signing_key", Given::Secret(key.into()));
    }
    let channel = (KIND.build)(&settings).map_err(|_| ()).expect("a channel");
    let body = "{\"title\": \"Señal\"}";
    let frozen = Frozen { id: "msg_1".into(), bytes: body.into() };
    let Wire::Post { headers, .. } = channel.wire("", &frozen, &Letterhead::default(), atalaya::clock::now()) else {
        panic!("a webhook posts")
    };
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    fs::write(folder.join("headers"), format!("HTTP/1.1 200 OK\r\n{head}\r\n")).expect("the headers are written");
    fs::write(folder.join("body"), body).expect("the body is written");
    fs::write(folder.join("secret"), format!("{SECRET}\n")).expect("the secret is written");
    headers
}

#[test]
fn a_call_that_was_kept_in_files_is_verified_and_a_changed_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    kept(folder.path());
    let verify = |more: &[&str]| {
        let mut process = command();
        process.args(["webhook", "verify", "--secret-file", "secret", "--headers", "headers"]).args(more);
        process.current_dir(folder.path()).env_remove("ATALAYA_WEBHOOK_SECRET").output().expect("the program runs")
    };
    let valid = verify(&["body"]);
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stdout));
    assert_eq!(String::from_utf8_lossy(&valid.stdout), "valid: msg_1\n");
    fs::write(folder.path().join("body"), "{}").expect("the body is written");
    let changed = verify(&["body"]);
    assert_eq!(changed.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&changed.stdout), "not valid: no signature fits\n");
}

/// The official library for Node, where `tests/run` found a Node to install it for.
#[test]
fn the_official_library_for_node_takes_our_signatures() {
    let Some(modules) = std::env::var_os("ATALAYA_TEST_NODE_MODULES") else {
        println!("ATALAYA_TEST_NODE_MODULES is not set: the official library for Node was not tried");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let headers = kept(folder.path());
    fs::write(
        folder.path().join("check.js"),
        "const { Webhook } = require('standardwebhooks');\n\
         const [secret, headers, body] = JSON.parse(require('node:fs').readFileSync(0));\n\
         console.log(new Webhook(secret).verify(body, headers).title);\n",
    )
    .expect("the script is written");
    let headers: serde_json::Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    for (body, taken) in [("{\"title\": \"Señal\"}", true), ("{\"title\": \"Senal\"}", false)] {
        fs::write(folder.path().join("call"), serde_json::json!([SECRET, headers, body]).to_string()).expect("written");
        let output = Command::new("node")
            .arg("check.js")
            .current_dir(folder.path())
            .env("NODE_PATH", &modules)
            .stdin(fs::File::open(folder.path().join("call")).expect("it is there"))
            .output()
            .expect("node runs");
        assert_eq!(output.status.success(), taken, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Ed25519 by the `cryptography` package, which has nothing of ours.
const ED25519: &str = "
import base64, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
public, headers, body = json.load(sys.stdin)
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix('whpk_')))
tag = next(one for one in headers['webhook-signature'].split() if one.startswith('v1a,'))
signed = f\"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}\".encode()
key.verify(base64.b64decode(tag.removeprefix('v1a,')), signed)
";

#[test]
fn a_signature_by_key_is_taken_by_another_implementation_and_by_our_own() {
    let made = command().args(["webhook", "keys"]).output().expect("the program runs");
    let made = String::from_utf8_lossy(&made.stdout).into_owned();
    let key = |name: &str| made.lines().find_map(|line| line.strip_prefix(name)).expect("a key").trim().to_owned();
    let (private, public) = (key("private"), key("public"));
    let folder = tempfile::tempdir().expect("a folder");
    let headers = kept_with(folder.path(), Some(&private));
    let signatures: Vec<&str> = headers
        .iter()
        .filter(|(name, _)| *name == "webhook-signature")
        .flat_map(|(_, value)| value.split(' '))
        .collect();
    assert!(signatures.len() == 2 && signatures[0].starts_with("v1,"), "both ways: {signatures:?}");

    fs::write(folder.path().join("secret"), &public).expect("the key is written");
    let verify = |body: &str| {
        let mut process = command();
        process.args(["webhook", "verify", "--secret-file", "secret", "--headers", "headers", body]);
        process.current_dir(folder.path()).output().expect("the program runs").status.success()
    };
    assert!(verify("body"));
    assert!(!verify("headers"), "another body");

    let headers: serde_json::Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    for (body, taken) in [("{\"title\": \"Señal\"}", true), ("{\"title\": \"Senal\"}", false)] {
        fs::write(folder.path().join("call"), serde_json::json!([public, headers, body]).to_string()).expect("written");
        let output = crate::world::interpreter()
            .args(["-c", ED25519])
            .stdin(fs::File::open(folder.path().join("call")).expect("it is there"))
            .output()
            .expect("python runs");
        assert_eq!(output.status.success(), taken, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// So many deliveries that are due, of two channels.
async fn due(folder: &std::path::Path, of_desk: usize) -> SqliteStore {
    let store = SqliteStore::open(folder).await.expect("the store opens");
    let ids: Vec<String> = (0..of_desk).map(|number| format!("item{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for lease in all_reading(&store, &ids).await {
        let mut judged = told(lease.job(), &["courts"], &["https://desk.example.org/", "ana@paper.example"]);
        judged.alert.as_mut().expect("an alert").deliveries[0].channel = ChannelName::new("desk");
        judge(&store, lease, judged, 1).await;
    }
    store
}

fn of(leases: &[Lease<Delivery>], channel: &str) -> usize {
    leases.iter().filter(|lease| lease.job().channel.as_str() == channel).count()
}

/// Tries the endpoint of `desk` once, and hears this.
async fn tried(store: &SqliteStore, lease: Lease<Delivery>, heard: Heard, seconds: i64) {
    let frozen = Frozen { id: "msg_1".into(), bytes: b"{}".to_vec() };
    store.begin_attempt(&lease, &frozen, at(seconds)).await.expect("the try is noted");
    let decision = match heard {
        Heard::Taken => Decision::Done { reason: Reason::Accepted { answer: "answered 204".into() } },
        _ => {
            let reason = Reason::NotHandedOver { detail: "answered 500".into() };
            Decision::Again { at: at(seconds + 5), reason }
        }
    };
    let call = Call {
        address: "00ff".into(),
        heard,
        status: Some(500),
        answer: String::new(),
        took: at(1).duration_since(at(0)),
    };
    store.commit_call(lease, &decision, &call, &[], at(seconds)).await.expect("it is committed");
}

#[tokio::test]
async fn of_one_channel_few_are_under_way_and_others_are_handed_out_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = due(folder.path(), 12).await;
    let three = |owner, seconds| Claim { per_host: 3, ..claim(owner, seconds) };
    let first = store.claim_sends(&three("a", 1)).await.expect("a claim");
    assert_eq!((of(&first, "desk"), of(&first, "mail")), (3, 3));
    assert!(store.claim_sends(&three("b", 1)).await.expect("a claim").is_empty(), "as many as may be are under way");
    let two = Claim { per_host: 5, ..claim("b", 1) };
    let second = store.claim_sends(&two).await.expect("a claim");
    assert_eq!((of(&second, "desk"), of(&second, "mail")), (2, 2), "the rest of what may be");
    // A process that died holds nothing for longer than its lease.
    let later = store.claim_sends(&three("c", 62)).await.expect("a claim");
    assert_eq!((of(&later, "desk"), of(&later, "mail")), (3, 3));
}

#[tokio::test]
async fn behind_its_rest_an_endpoint_gets_one_call_and_after_a_success_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = due(folder.path(), 9).await;
    let mut leases = store.claim_sends(&claim("a", 1)).await.expect("a claim");
    leases.retain(|lease| lease.job().channel.as_str() == "desk");
    for lease in leases.drain(..6) {
        tried(&store, lease, Heard::Failed { until: None }, 2).await;
    }
    drop(leases);
    store.release("a").await.expect("leases are given back");
    let resting = store.claim_sends(&claim("a", 3)).await.expect("a claim");
    assert_eq!((of(&resting, "desk"), of(&resting, "mail")), (0, 9), "it rests; others do not wait for it");
    let due = store.next_due(Work::Send).await.expect("it answers").expect("something is due");
    assert!(due >= at(62), "nothing looks due that is not: {due}");
    let probes = store.claim_sends(&claim("a", 120)).await.expect("a claim");
    assert_eq!(of(&probes, "desk"), 1);
    let more = store.claim_sends(&claim("b", 120)).await.expect("a claim");
    assert_eq!(of(&more, "desk"), 0, "one at a time, whoever asks");
    let probe = probes.into_iter().find(|lease| lease.job().channel.as_str() == "desk").expect("the probe");
    tried(&store, probe, Heard::Taken, 121).await;
    let all = store.claim_sends(&claim("b", 122)).await.expect("a claim");
    assert_eq!(of(&all, "desk"), 8, "all the others at once");
}

#[tokio::test]
async fn what_was_taken_is_sent_again_only_on_request_and_keeps_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = due(folder.path(), 2).await;
    let leases = store.claim_sends(&claim("a", 1)).await.expect("a claim");
    for lease in leases.into_iter().filter(|lease| lease.job().channel.as_str() == "desk") {
        tried(&store, lease, Heard::Taken, 2).await;
    }
    let since = |done| Replay::Since { channel: ChannelName::new("desk"), since: at(0), done };
    assert_eq!(store.replay(&since(false), at(3)).await.expect("it answers"), 0);
    assert_eq!(
        store
            .replay(&Replay::Since { channel: ChannelName::new("desk"), since: at(9), done: true }, at(10))
            .await
            .expect("it answers"),
        0
    );
    let (told, last) = store.told_after(&ChannelName::new("desk"), 1, 9).await.expect("it answers");
    assert_eq!((told.len(), told[0].sequence, last), (1, 2, 2));
    assert_eq!(store.replay(&Replay::One(told[0].id.to_string()), at(3)).await.expect("it answers"), 1);
    let again = store.claim_sends(&claim("a", 3)).await.expect("a claim");
    assert_eq!((again.len(), again[0].job().sequence, again[0].job().frozen.is_some()), (1, 2, true));
    assert_eq!(store.replay(&since(true), at(3)).await.expect("it answers"), 1, "the one that is not being sent");
    assert!(store.ledger().await.expect("sums").faults().is_empty());
}

#[test]
fn kills_while_the_endpoint_misbehaves_lose_nothing_and_make_no_second_id() {
    const REPORTS: usize = 20;
    let broken = tempfile::NamedTempFile::new().expect("a file");
    let mut world = world(&format!("/chaos?while={}", broken.path().display()));
    let taken = |world: &World| -> BTreeSet<String> {
        let taken = world.calls.iter().filter(|call| call["status"] == 200);
        taken.filter_map(|call| call["id"].as_str().map(str::to_owned)).collect()
    };
    let hurry = |world: &World| {
        // Nothing waits when all were taken by chance.
        world.atalaya(&["webhook", "replay", "--since", "1d", "--channel", "case-system"]);
    };
    reports(&world, 0, REPORTS);
    for round in 0..12 {
        let before = world.calls.len();
        world.start();
        world.until("some calls, or all were taken", |world| {
            world.calls.len() >= before + 1 + round % 4 || taken(world).len() == REPORTS
        });
        world.kill();
        hurry(&world);
    }
    broken.close().expect("it is mended");
    world.start();
    let mut rounds = 0;
    while taken(&world).len() < REPORTS {
        rounds += 1;
        assert!(rounds < 600, "only {} were taken\n{}", taken(&world).len(), world.log());
        hurry(&world);
        world.one_event(Duration::from_millis(100));
    }
    world.until_asked("/feed.xml", 2);
    world.stop();
    let mut bodies: BTreeMap<&str, &Value> = BTreeMap::new();
    for call in &world.calls {
        assert_eq!(call["error"], Value::Null, "{call:#}");
        let id = call["id"].as_str().expect("an id");
        assert_eq!(*bodies.entry(id).or_insert(&call["body"]), &call["body"], "the same bytes under the same id");
    }
    assert_eq!(bodies.len(), REPORTS, "no report has a second id");
    let numbers: BTreeSet<u64> = bodies.values().filter_map(|body| body["sequence"].as_u64()).collect();
    assert_eq!(numbers, (1..=REPORTS as u64).collect(), "numbers without gaps");
}
