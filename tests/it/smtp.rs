//! What becomes of a mail at each thing that a relay can say or fail to say. The relay is a script over a real socket.

use atalaya::channel::Answer;
use atalaya::config::MailRelay;
use atalaya::config::MailSecurity;
use atalaya::deliver::smtp::Smtp;
use atalaya::deliver::smtp::Timeouts;
use atalaya::model::Fault;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

const MESSAGE: &[u8] = b"Subject: Uno\r\n\r\n.a line that begins with a dot\r\n";

/// How the relay answers to one thing.
#[derive(Clone, Copy)]
enum Reply {
    Say(&'static str),
    /// Closes the connection without a word.
    Hang,
    /// Says nothing for ever.
    Silence,
}
use Reply::Hang;
use Reply::Say;
use Reply::Silence;

/// What the relay answers, and where: the first rule whose word begins the line; `.` is the end of a message.
struct Relay {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// `script`: (what is heard, answer). What is not in it is answered as a friendly relay would.
    async fn start(script: &'static [(&'static str, Reply)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                note(&log, "connected");
                tokio::spawn(serve(stream, script, Arc::clone(&log)));
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no test panicked here").clone()
    }

    fn count(&self, line: &str) -> usize {
        self.heard().iter().filter(|heard| heard.starts_with(line)).count()
    }

    fn smtp(&self, security: MailSecurity) -> Smtp {
        self.smtp_with(security, None)
    }

    fn smtp_with(&self, security: MailSecurity, login: Option<(&str, &str)>) -> Smtp {
        let relay = MailRelay {
            server: "127.0.0.1".into(),
            port: self.address.port(),
            security,
            username: login.map(|(user, _)| user.into()),
            password: login.map(|(_, password)| password.into()),
            extra_ca: None,
        };
        Smtp::new(&relay).expect("a way to the relay").with_timeouts(Timeouts {
            connect: Duration::from_millis(400),
            command: Duration::from_millis(400),
            message: Duration::from_millis(400),
        })
    }
}

fn note(log: &Mutex<Vec<String>>, line: &str) {
    log.lock().expect("no test panicked here").push(line.to_owned());
}

async fn serve(stream: TcpStream, script: &'static [(&'static str, Reply)], log: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut in_message = false;
    let mut heard = String::from("GREETING");
    loop {
        let reply =
            script.iter().find(|(word, _)| heard.starts_with(word)).map_or_else(|| usual(&heard), |(_, reply)| *reply);
        match reply {
            Say("") => {}
            Say(text) => {
                if stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await.is_err() {
                    return;
                }
                in_message = text.starts_with("354");
            }
            Hang => return,
            Silence => std::future::pending().await,
        }
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(1..) => {}
                _ => return,
            }
            let line = line.trim_end_matches("\r\n").to_owned();
            note(&log, &line);
            if !in_message || line == "." {
                heard = line;
                break;
            }
        }
    }
}

fn usual(heard: &str) -> Reply {
    match heard.split([' ', ':']).next().unwrap_or_default() {
        "GREETING" => Say("220 relay.example ready"),
        "EHLO" => Say("250-relay.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
        "DATA" => Say("354 go on"),
        "." => Say("250 2.0.0 queued as 4711"),
        "AUTH" => Say("235 welcome"),
        "QUIT" => Say("221 bye"),
        _ => Say("250 fine"),
    }
}

fn failed(answer: Answer) -> (Fault, String, bool) {
    match answer {
        Answer::Failed { fault, text, in_doubt } => (fault, text, in_doubt),
        Answer::Accepted { text } => panic!("accepted: {text}"),
    }
}

async fn send(smtp: &Smtp) -> Answer {
    smtp.send("bounce@example.org", "ana@example.org", MESSAGE).await
}

#[tokio::test]
async fn a_mail_arrives_byte_for_byte_in_an_envelope_of_its_own() {
    let relay = Relay::start(&[]).await;
    let answer = send(&relay.smtp(MailSecurity::Plain)).await;
    assert_eq!(answer, Answer::Accepted { text: "250 2.0.0 queued as 4711".into() });
    assert_eq!(
        relay.heard(),
        [
            "connected",
            "EHLO example.org",
            "MAIL FROM:<bounce@example.org>",
            "RCPT TO:<ana@example.org>",
            "DATA",
            "Subject: Uno",
            "",
            "..a line that begins with a dot",
            "",
            ".",
        ]
    );
}

#[tokio::test]
async fn what_the_relay_says_decides_what_becomes_of_the_mail() {
    const THROTTLED: Fault = Fault::Throttled { until: None };
    type Case = (&'static [(&'static str, Reply)], Fault, bool, &'static str);
    let cases: &[Case] = &[
        (&[("RCPT", Say("451 4.7.1 greylisted"))], Fault::Transient, false, "451 4.7.1 greylisted"),
        (&[("RCPT", Say("452 4.2.2 mailbox full"))], Fault::Transient, false, "452"),
        (&[("RCPT", Say("550 5.1.1 no such user"))], Fault::Permanent, false, "550 5.1.1 no such user"),
        (&[("RCPT", Say("554 5.7.1 Relay access denied"))], Fault::Transient, false, "does not take mail from us"),
        (&[("RCPT", Say("421 4.3.2 closing"))], THROTTLED, false, "421"),
        (&[("GREETING", Say("421 too many connections"))], THROTTLED, false, "421"),
        (&[("GREETING", Say("554 5.7.1 blocked"))], Fault::Transient, false, "the relay refuses us"),
        (&[("MAIL", Say("451 busy"))], Fault::Transient, false, "451"),
        (&[("MAIL", Say("530 5.7.0 authentication required"))], Fault::Transient, false, "does not accept our login"),
        (&[("MAIL", Say("553 5.7.1 not your address"))], Fault::Transient, false, "does not accept our sender"),
        (&[("DATA", Say("554 5.6.0 no"))], Fault::Permanent, false, "554"),
        (&[(".", Say("451 4.3.0 try later"))], Fault::Transient, false, "451"),
        (&[(".", Say("552 5.3.4 too big"))], Fault::Permanent, false, "552"),
        (&[(".", Say("421 4.4.2 shutting down"))], THROTTLED, false, "421"),
        (&[(".", Hang)], Fault::Transient, true, "waiting for the answer"),
        (&[(".", Silence)], Fault::Transient, true, "no answer within"),
        (&[("DATA", Hang)], Fault::Transient, false, "handing the message over"),
        (&[("RCPT", Hang)], Fault::Transient, false, "giving the recipient"),
        (&[("RCPT", Silence)], Fault::Transient, false, "no answer within"),
        (&[("GREETING", Hang)], Fault::Transient, false, "connecting"),
        (&[("GREETING", Silence)], Fault::Transient, false, "no answer within"),
        (&[("GREETING", Say("this is no mail server"))], Fault::Transient, false, "connecting"),
    ];
    for (number, (script, fault, in_doubt, says)) in cases.iter().enumerate() {
        let relay = Relay::start(script).await;
        let (got, text, doubt) = failed(send(&relay.smtp(MailSecurity::Plain)).await);
        assert_eq!((got, doubt), (*fault, *in_doubt), "case {number}: {text}");
        assert!(text.contains(says), "case {number}: {text}");
    }
}

#[tokio::test]
async fn a_refused_recipient_takes_nobody_along_and_the_connection_serves_again() {
    let relay = Relay::start(&[("RCPT TO:<gone@", Say("550 5.1.1 no such user"))]).await;
    let smtp = relay.smtp(MailSecurity::Plain);
    for round in 0..3 {
        let (fault, _, _) = failed(smtp.send("bounce@example.org", "gone@example.org", MESSAGE).await);
        assert_eq!(fault, Fault::Permanent, "{round}");
        assert!(matches!(send(&smtp).await, Answer::Accepted { .. }), "{round}");
    }
    assert_eq!(relay.count("connected"), 1, "one connection serves them all");
    assert_eq!(relay.count("NOOP"), 5, "each reuse asks first");
    assert_eq!(relay.count("RSET"), 3, "a refusal is cleared away");
}

#[tokio::test]
async fn idle_connections_end_with_a_goodbye() {
    let relay = Relay::start(&[]).await;
    let smtp = relay.smtp(MailSecurity::Plain);
    assert!(matches!(send(&smtp).await, Answer::Accepted { .. }));
    assert_eq!(relay.count("QUIT"), 0);
    smtp.close().await;
    assert_eq!(relay.count("QUIT"), 1);
    for _ in 0..51 {
        assert!(matches!(send(&smtp).await, Answer::Accepted { .. }));
    }
    assert_eq!((relay.count("QUIT"), relay.count("connected")), (2, 3), "fifty mails go over one connection");
}

#[tokio::test]
async fn an_idle_connection_that_died_costs_no_try() {
    for script in [&[("NOOP", Hang)][..], &[("NOOP", Say("421 too slow"))], &[("NOOP", Silence)]] {
        let relay = Relay::start(Box::leak(script.to_vec().into_boxed_slice())).await;
        let smtp = relay.smtp(MailSecurity::Plain);
        for _ in 0..2 {
            assert!(matches!(send(&smtp).await, Answer::Accepted { .. }));
        }
        assert_eq!(relay.count("connected"), 2);
        let ends = relay.heard().iter().filter(|line| *line == ".").count();
        assert_eq!(ends, 2, "each mail goes out once");
    }
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_when_starttls_is_missing() {
    let relay = Relay::start(&[]).await;
    let smtp = relay.smtp_with(MailSecurity::StartTls, Some(("atalaya", "geheim-4711")));
    let (fault, text, in_doubt) = failed(send(&smtp).await);
    assert_eq!((fault, in_doubt), (Fault::Transient, false));
    assert!(text.contains("STARTTLS"), "{text}");
    assert_eq!(relay.count("AUTH") + relay.count("MAIL"), 0, "{:?}", relay.heard());
}

#[tokio::test]
async fn a_login_is_used_and_never_told() {
    let relay = Relay::start(&[]).await;
    let smtp = relay.smtp_with(MailSecurity::Plain, Some(("atalaya", "geheim-4711")));
    assert!(matches!(send(&smtp).await, Answer::Accepted { .. }));
    // base64 of "\0atalaya\0geheim-4711"
    assert_eq!(relay.count("AUTH PLAIN AGF0YWxheWEAZ2VoZWltLTQ3MTE="), 1, "{:?}", relay.heard());

    let relay = Relay::start(&[("AUTH", Say("535 5.7.8 bad credentials"))]).await;
    let smtp = relay.smtp_with(MailSecurity::Plain, Some(("atalaya", "geheim-4711")));
    let (fault, text, _) = failed(send(&smtp).await);
    assert_eq!(fault, Fault::Transient, "the operator mends it, and the alert waits");
    assert!(text.contains("check `username`"), "{text}");
    assert!(!text.contains("geheim") && !text.contains("AGF0"), "{text}");

    let relay = Relay::start(&[("EHLO", Say("250 relay.example"))]).await;
    let smtp = relay.smtp_with(MailSecurity::Plain, Some(("atalaya", "geheim-4711")));
    assert!(failed(send(&smtp).await).1.contains("offers no login"));
}

#[tokio::test]
async fn without_tls_mail_leaves_this_machine_for_nowhere() {
    let relay = MailRelay {
        server: "192.0.2.1".into(),
        port: 25,
        security: MailSecurity::Plain,
        username: None,
        password: None,
        extra_ca: None,
    };
    let smtp = Smtp::new(&relay).expect("a way to the relay");
    let (fault, text, _) = failed(send(&smtp).await);
    assert_eq!(fault, Fault::Transient);
    assert!(text.contains("192.0.2.1 is not this machine"), "{text}");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_tried_again() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let relay = Relay { address: free, heard: Arc::default() };
    let (fault, text, in_doubt) = failed(send(&relay.smtp(MailSecurity::Plain)).await);
    assert_eq!((fault, in_doubt), (Fault::Transient, false));
    assert!(text.contains("connecting"), "{text}");
}

#[tokio::test]
async fn four_mails_are_under_way_at_most() {
    let relay = Relay::start(&[(".", Silence)]).await;
    let smtp = Arc::new(relay.smtp(MailSecurity::Plain));
    let sends: Vec<_> = (0..6)
        .map(|_| {
            let smtp = Arc::clone(&smtp);
            tokio::spawn(async move { send(&smtp).await })
        })
        .collect();
    let mut first = Vec::new();
    for (number, send) in sends.into_iter().enumerate() {
        failed(send.await.expect("a send ends"));
        if number == 0 {
            first = relay.heard();
        }
    }
    assert_eq!(first.iter().filter(|line| *line == "MAIL FROM:<bounce@example.org>").count(), 4);
    assert_eq!(relay.count("MAIL"), 6);
}

#[test]
fn a_bad_certificate_file_is_told_before_the_first_mail() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let relay = |path: std::path::PathBuf| MailRelay {
        server: "relay.example".into(),
        port: 465,
        security: MailSecurity::Tls,
        username: None,
        password: None,
        extra_ca: Some(path),
    };
    let error = |path| Smtp::new(&relay(path)).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error(file.path().to_owned()).contains("holds no certificates"));
    assert!(error("/nowhere/ca.pem".into()).contains("cannot be read"));
}
