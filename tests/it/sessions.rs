//! TLS sessions are resumed with more sites than the library remembers by itself, and idle connections do not pile up.

use crate::fetching::egress;
use crate::fetching::in_a_process_of_its_own;
use crate::world::helper;
use atalaya::config::Egress;
use atalaya::net::Client;
use atalaya::net::Request;
use futures_util::StreamExt;
use serde_json::Value;
use std::process::Child;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;
use std::time::Duration;
use url::Url;

/// More than the 256 that rustls remembers by itself. `ATALAYA_TLS_HOSTS=1000` makes the measurement of the manual.
const HOSTS: usize = 300;

/// Longer than anything takes that works; an idle connection lives for four seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A site over TLS at every name below tls.example.
pub struct TlsSite {
    process: Child,
    pub port: u16,
    said: Receiver<Value>,
    folder: tempfile::TempDir,
}

impl TlsSite {
    pub fn start(newest: &str, manner: &str) -> Self {
        Self::with_a_fault(newest, manner, "")
    }

    /// The same, with a certificate that is `expired`, comes too `early`, or is `self-signed`.
    pub fn with_a_fault(newest: &str, manner: &str, fault: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (send, said) = channel();
        let path = folder.path().to_str().expect("a path in UTF-8");
        let (process, port) = helper("tls_site.py", &[path, newest, manner, fault], send, |value| value);
        Self { process, port, said, folder }
    }

    /// The next so many handshakes: how many of them resumed a session.
    fn resumed(&self, handshakes: usize) -> usize {
        let mut resumed = 0;
        let mut heard = 0;
        while heard < handshakes {
            let said = self.said.recv_timeout(PATIENCE).expect("every request makes a handshake");
            if let Some(again) = said["resumed"].as_bool() {
                heard += 1;
                resumed += usize::from(again);
            }
        }
        resumed
    }

    fn until_all_are_closed(&self) {
        while self.said.recv_timeout(PATIENCE).expect("idle connections are closed")["open"] != 0 {}
    }

    pub fn egress(&self, hosts: usize) -> Egress {
        let loopback = "127.0.0.1".parse().expect("an address");
        Egress {
            hosts: (0..hosts).map(|number| (format!("host{number}.tls.example"), loopback)).collect(),
            extra_ca: Some(self.folder.path().join("ca.pem")),
            ..egress()
        }
    }

    async fn ask_all(&self, client: &Client, hosts: usize) {
        let urls = (0..hosts)
            .map(|number| format!("https://host{number}.tls.example:{}/", self.port))
            .map(|url| Url::parse(&url).expect("a URL"));
        let asked = futures_util::stream::iter(urls).map(async |url: Url| {
            let request = Request { url: &url, accept: "*/*", validators: None, max_bytes: None, capture: false };
            client.get(&request).await.map(|fetched| fetched.body)
        });
        let answers: Vec<_> = asked.buffer_unordered(32).collect().await;
        for answer in answers {
            assert_eq!(answer.expect("an answer"), b"ok");
        }
    }
}

impl Drop for TlsSite {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

fn hosts() -> usize {
    std::env::var("ATALAYA_TLS_HOSTS").map_or(HOSTS, |text| text.parse().expect("a number"))
}

/// `ATALAYA_TLS_ROUNDS=5` shows whether the memory grows with the rounds.
fn more_rounds() -> usize {
    std::env::var("ATALAYA_TLS_ROUNDS").map_or(0, |text| text.parse().expect("a number"))
}

/// In KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// All connections are closed between the rounds, so that nothing but the session can be used again.
async fn rounds(newest: &str, manner: &str) {
    // The site is listened to on this thread; the client lives on another.
    let (site, hosts) = (TlsSite::start(newest, manner), hosts());
    let client = Client::for_sources(&site.egress(hosts), "Atalaya/0", hosts).expect("a client");
    let before = memory();
    site.ask_all(&client, hosts).await;
    assert_eq!(site.resumed(hosts), 0, "nothing was known in the first round");
    let open = memory();
    site.until_all_are_closed();
    let closed = memory();
    site.ask_all(&client, hosts).await;
    let resumed = site.resumed(hosts);
    let again = memory();
    for _ in 0..more_rounds() {
        site.until_all_are_closed();
        site.ask_all(&client, hosts).await;
        site.resumed(hosts);
    }
    let figures = format!(
        "TLS {newest}: {resumed} of {hosts} resumed; KiB before {before}, open {open}, closed {closed}, again {again}, at the end {}",
        memory()
    );
    // Into the test's captured output: the figures of the manual.
    let _unheard = std::io::Write::write_all(&mut std::io::stderr(), format!("{figures}\n").as_bytes());
    assert!(resumed * 10 >= hosts * 9, "{figures}");
}

/// In processes of their own: what they take of memory is measured, here and by others.
#[test]
fn tls_sessions_are_resumed_with_more_sites_than_the_library_remembers() {
    let figures = in_a_process_of_its_own("sessions::of_tls_1_3", &[]);
    // Into the test's captured output.
    let _unheard = std::io::Write::write_all(&mut std::io::stderr(), figures.as_bytes());
}

#[test]
fn tls_sessions_of_older_servers_are_resumed_too() {
    let _figures = in_a_process_of_its_own("sessions::of_tls_1_2", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs a process of its own: run by tls_sessions_are_resumed_…"]
async fn of_tls_1_3() {
    rounds("1.3", "keep").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs a process of its own: run by tls_sessions_of_older_servers_…"]
async fn of_tls_1_2() {
    rounds("1.2", "close").await;
}
