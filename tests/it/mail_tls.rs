//! Mail goes over TLS to the relay that was named, or nowhere. The relay is aiosmtpd; its authority is made per test.

use crate::world::PATIENCE;
use crate::world::helper;
use atalaya::channel::Answer;
use atalaya::config::MailRelay;
use atalaya::config::MailSecurity;
use atalaya::deliver::smtp::Smtp;
use atalaya::model::Fault;
use serde_json::Value;
use serde_json::json;
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;
use tempfile::TempDir;

const MESSAGE: &str = "Subject: Uno\r\n\r\nTexto.";
const LOGIN: (&str, &str) = ("atalaya", "geheim-4711");

/// A relay whose certificate is for one name.
struct Relay {
    folder: TempDir,
    port: u16,
    process: Child,
    said: Receiver<Value>,
}

impl Relay {
    /// `mode`: "tls", "starttls", or "bare" for a relay without TLS.
    fn start(mode: &str, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().to_str().expect("a plain path").to_owned();
        let (send, said) = channel();
        let (process, port) = helper("mailbox_tls.py", &[mode, &path, name], send, |value| value);
        Self { folder, port, process, said }
    }

    /// The way to it under a name, trusting the system's authorities and perhaps one of its folder.
    fn smtp(&self, server: &str, security: MailSecurity, authority: Option<&str>) -> Smtp {
        self.smtp_as(LOGIN, server, security, authority)
    }

    fn smtp_as(&self, login: (&str, &str), server: &str, security: MailSecurity, authority: Option<&str>) -> Smtp {
        let extra_ca: Option<PathBuf> = authority.map(|file| self.folder.path().join(file));
        let (username, password) = (Some(login.0.into()), Some(login.1.into()));
        let relay = MailRelay { server: server.into(), port: self.port, security, username, password, extra_ca };
        Smtp::new(&relay).expect("a way to the relay")
    }

    /// What it says next of logins and messages.
    fn next(&self) -> Value {
        self.said.recv_timeout(PATIENCE).expect("the relay says something")
    }

    /// The next things that it hears of are this login and this message. What was refused before must not have
    /// reached it, or it would have said that first.
    fn takes_only(&self, to: &str, encrypted: bool) {
        assert_eq!(self.next(), json!({ "login": [LOGIN.0, LOGIN.1] }));
        assert_eq!(self.next(), json!({ "to": [to], "encrypted": encrypted, "raw": format!("{MESSAGE}\r\n") }));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Ends with the test, whatever became of it.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

async fn send(smtp: &Smtp, to: &str) -> Answer {
    smtp.send("bounce@example.org", to, MESSAGE.as_bytes()).await
}

/// The mail is refused for a while, for certain not sent, and the text says why.
async fn refused(smtp: &Smtp, says: &[&str]) {
    match send(smtp, "never@example.org").await {
        Answer::Failed { fault, text, in_doubt } => {
            assert_eq!((fault, in_doubt), (Fault::Transient, false), "{text}");
            for word in says {
                assert!(text.contains(word), "{word:?} is not in: {text}");
            }
            assert!(!text.contains(LOGIN.1), "a secret: {text}");
        }
        Answer::Accepted { text } => panic!("accepted: {text}"),
    }
}

async fn accepted(smtp: &Smtp, to: &str) {
    let answer = send(smtp, to).await;
    assert_eq!(answer, Answer::Accepted { text: "250 taken".into() });
}

const BOTH: [(&str, MailSecurity); 2] = [("tls", MailSecurity::Tls), ("starttls", MailSecurity::StartTls)];

#[tokio::test]
async fn a_relay_of_a_named_authority_gets_login_and_mail_encrypted() {
    for (mode, security) in BOTH {
        for name in ["localhost", "127.0.0.1"] {
            let relay = Relay::start(mode, name);
            let smtp = relay.smtp(name, security, Some("ca.pem"));
            accepted(&smtp, "ana@example.org").await;
            relay.takes_only("ana@example.org", true);
            // The second mail goes over the same connection, without another login.
            accepted(&smtp, "eva@example.org").await;
            assert_eq!(relay.next()["to"], json!(["eva@example.org"]), "{mode} {name}");
            smtp.close().await;
        }
    }
}

#[tokio::test]
async fn a_relay_of_an_unknown_authority_gets_nothing() {
    for (mode, security) in BOTH {
        let relay = Relay::start(mode, "localhost");
        for authority in [None, Some("stranger.pem")] {
            let smtp = relay.smtp("localhost", security, authority);
            refused(&smtp, &["localhost, ", "UnknownIssuer", "extra_ca"]).await;
        }
        accepted(&relay.smtp("localhost", security, Some("ca.pem")), "ana@example.org").await;
        relay.takes_only("ana@example.org", true);
    }
}

#[tokio::test]
async fn a_relay_with_a_certificate_for_another_name_gets_nothing() {
    for (mode, security) in BOTH {
        let relay = Relay::start(mode, "127.0.0.1");
        refused(&relay.smtp("localhost", security, Some("ca.pem")), &["localhost, ", "not valid for name"]).await;
        accepted(&relay.smtp("127.0.0.1", security, Some("ca.pem")), "ana@example.org").await;
        relay.takes_only("ana@example.org", true);
    }
}

#[tokio::test]
async fn a_relay_without_tls_gets_nothing_when_tls_was_asked_for() {
    let relay = Relay::start("bare", "localhost");
    let starttls = relay.smtp("localhost", MailSecurity::StartTls, Some("ca.pem"));
    refused(&starttls, &["localhost, starting TLS", "offers no STARTTLS", "nothing is sent in the clear"]).await;
    let tls = relay.smtp("localhost", MailSecurity::Tls, Some("ca.pem"));
    refused(&tls, &["localhost, connecting", "does not begin with TLS", "starttls"]).await;
    accepted(&relay.smtp("localhost", MailSecurity::Plain, None), "ana@example.org").await;
    relay.takes_only("ana@example.org", false);
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such_and_the_mail_waits() {
    for (mode, security) in BOTH {
        let relay = Relay::start(mode, "localhost");
        let smtp = relay.smtp_as(("atalaya", "geheim-0815"), "localhost", security, Some("ca.pem"));
        refused(&smtp, &["localhost, logging in: 535", "check `username` and `password`"]).await;
        assert_eq!(relay.next(), json!({ "login": ["atalaya", "geheim-0815"] }), "{mode}");
        accepted(&relay.smtp("localhost", security, Some("ca.pem")), "ana@example.org").await;
        relay.takes_only("ana@example.org", true);
    }
}
