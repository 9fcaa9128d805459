//! The four ways to check a call in `docs/webhook.md` believe what the channel sends, and nothing else.
//! One whose interpreter is not installed is left out, and says so.

use atalaya::channel::Frozen;
use atalaya::channel::Letterhead;
use atalaya::channel::Wire;
use atalaya::channel::webhook::KIND;
use atalaya::clock;
use atalaya::model::setting::Settings;
use atalaya::model::setting::Value;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::path::Path;
use std::process::Command;

mod receiver;

const SECRET: &str = "whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs";
const OTHER: &str = "whsec_dGhlLW9sZC1zZWNyZXQtZm9yLXRoZS1tYW51YWw=";
const BODY: &str = "{\"title\": \"Señal\\n…\"}\n";

const PYTHON_DRIVER: &str = "
import os, sys
headers = {name: os.environ[name.upper().replace('-', '_')] for name in ('webhook-id', 'webhook-timestamp', 'webhook-signature')}
sys.exit(0 if verify(os.environ['SECRET'], headers, open('body', 'rb').read()) else 1)
";

const NODE_DRIVER: &str = "
const headers = Object.fromEntries(['webhook-id', 'webhook-timestamp', 'webhook-signature']
  .map((name) => [name, process.env[name.toUpperCase().replace('-', '_')]]));
process.exit(verify(process.env.SECRET, headers, require('node:fs').readFileSync('body')) ? 0 : 1);
";

/// The headers of a call that was made at `now`.
fn headers(now: Timestamp) -> Vec<(&'static str, String)> {
    let mut settings = Settings::default();
    settings.0.insert("webhook", Value::Text("https://desk.example.org/".into()));
    settings.0.insert("secret", Value::Secret(SECRET.into()));
    settings.0.insert("previous_secret", Value::Secret(OTHER.into()));
    let channel = (KIND.build)(&settings).map_err(|_| ()).expect("a channel");
    let frozen = Frozen { id: "msg_0123456789abcdef".into(), bytes: BODY.into() };
    match channel.wire("", &frozen, &Letterhead::default(), now) {
        Wire::Post { headers, .. } => headers,
        Wire::Mail { .. } => panic!("a webhook posts"),
    }
}

/// The first block of a language in the page.
pub fn snippet(language: &str) -> String {
    let page = include_str!("../../docs/webhook.md");
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("the page has the snippet");
    rest.split_once("```").expect("the snippet ends").0.to_owned()
}

fn believed(command: &[&str], folder: &Path, secret: &str, headers: &[(&str, String)], body: &str) -> bool {
    std::fs::write(folder.join("body"), body).expect("the body is written");
    let mut process = Command::new(command[0]);
    process.args(&command[1..]).current_dir(folder).env("SECRET", secret);
    for (name, value) in headers.iter().filter(|(name, _)| name.starts_with("webhook-")) {
        process.env(name.to_uppercase().replace('-', "_"), value);
    }
    let output = process.output().expect("the interpreter runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

#[test]
fn the_snippets_of_the_manual_believe_what_is_sent_and_nothing_else() {
    let now = clock::now();
    let changed = BODY.replace("Se", "Sa");
    for (language, driver, command) in [
        ("python", PYTHON_DRIVER, &["python3", "check"][..]),
        ("js", NODE_DRIVER, &["node", "check"]),
        ("sh", "", &["sh", "check"]),
    ] {
        if Command::new(command[0]).arg("-c").arg("").output().is_err() {
            println!("{} is not installed: the {language} snippet was not tried", command[0]);
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("check"), snippet(language) + driver).expect("the snippet is written");
        let tried = |secret, headers: &[(&str, String)], body| believed(command, folder.path(), secret, headers, body);
        let good = headers(now);
        assert!(tried(SECRET, &good, BODY), "{language}");
        assert!(tried(OTHER, &good, BODY), "{language}: while the secret changes");
        assert!(!tried(SECRET, &good, &changed), "{language}: another body");
        assert!(!tried("whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LWVudGlyZWx5", &good, BODY), "{language}: another secret");
        let old = headers(now - SignedDuration::from_secs(400));
        assert!(!tried(SECRET, &old, BODY), "{language}: an old call");
    }
}

#[test]
fn the_receiver_in_rust_believes_what_is_sent_and_nothing_else() {
    let code = include_str!("webhook_snippets/receiver.rs");
    assert!(code.ends_with(&snippet("rust")), "the manual shows another receiver than the one that is tried here");
    let now = clock::now();
    let tried = |secret: &str, headers: &[(&str, String)], body: &str| {
        let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str());
        receiver::verify(
            secret,
            header("webhook-id"),
            header("webhook-timestamp"),
            header("webhook-signature"),
            body.as_bytes(),
            now.as_second(),
        )
    };
    let good = headers(now);
    assert!(tried(SECRET, &good, BODY) && tried(OTHER, &good, BODY));
    assert!(!tried(SECRET, &good, &BODY.replace("Se", "Sa")), "another body");
    assert!(!tried("whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LWVudGlyZWx5", &good, BODY), "another secret");
    assert!(!tried(SECRET, &headers(now - SignedDuration::from_secs(400)), BODY), "an old call");
}
