//! (sender, recipient, message) → answer: hands a mail to the relay over SMTP (RFC 5321).
//!
//! One envelope has one recipient, so a refused one never takes others along. Every phase has its own limit; the longest
//! is for the answer to the final dot, because a sender that hangs up there makes the relay deliver a mail twice. What the
//! relay says against us (login, sender) is the operator's to mend and never loses an alert: only what it says against
//! the recipient or the message is permanent. Nothing here writes a log, so no credential gets into one.

use crate::channel::Answer;
use crate::config::MailRelay;
use crate::config::MailSecurity;
use crate::model::Fault;
use crate::render::line::clean;
use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::client::Certificate;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::commands::Data;
use lettre::transport::smtp::commands::Mail;
use lettre::transport::smtp::commands::Noop;
use lettre::transport::smtp::commands::Rcpt;
use lettre::transport::smtp::commands::Rset;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::timeout;

type SmtpError = lettre::transport::smtp::Error;

/// Connections at once, and idle ones kept.
const CONNECTIONS: usize = 4;

/// Messages over one connection; many relays end one at a hundred.
const MESSAGES: u32 = 50;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long each phase may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For each address of the relay: connection, TLS and greeting.
    pub connect: Duration,
    /// For each command.
    pub command: Duration,
    /// For the message and the answer to its final dot (RFC 5321 §4.5.3.2.6).
    pub message: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(30), command: Duration::from_secs(60), message: Duration::from_secs(600) }
    }
}

/// Why a relay cannot be used at all. Found before the first mail.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// `extra_ca` cannot be read.
    #[error("the certificates of `{file}` cannot be read: {source}")]
    ReadCertificates {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// `extra_ca` holds no certificates.
    #[error("`{file}` holds no certificates in PEM form")]
    NoCertificates {
        /// The file.
        file: String,
    },
    /// TLS cannot be set up, for example because the system has no certificate authorities.
    #[error("TLS cannot be set up: {0}")]
    Tls(SmtpError),
}

/// The way to one relay. Shared by all senders; keeps a few connections open.
pub struct Smtp {
    server: String,
    port: u16,
    security: MailSecurity,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    timeouts: Timeouts,
    places: Semaphore,
    idle: Mutex<Vec<Link>>,
}

/// An open connection that is ready for a message.
struct Link {
    connection: AsyncSmtpConnection,
    sent: u32,
}

/// Where in the dialogue a failure came; it decides whom it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connect,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    /// The whole message was handed over and its answer is awaited.
    Message,
}

/// A failure and its place.
struct Failure {
    phase: Phase,
    cause: Cause,
}

enum Cause {
    Smtp(SmtpError),
    TimedOut(Duration),
    Refused(String),
}

impl Smtp {
    /// Prepares the way to `relay`; connects to nothing yet.
    ///
    /// # Errors
    /// When its certificates cannot be read, or TLS cannot be set up.
    pub fn new(relay: &MailRelay) -> Result<Self, RelayError> {
        let tls = match relay.security {
            MailSecurity::Plain => None,
            MailSecurity::Tls | MailSecurity::StartTls => Some(tls(relay)?),
        };
        let login = match (&relay.username, &relay.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.expose_secret().to_owned())),
            _ => None,
        };
        Ok(Self {
            server: relay.server.clone(),
            port: relay.port,
            security: relay.security,
            tls,
            login,
            timeouts: Timeouts::default(),
            places: Semaphore::new(CONNECTIONS),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Hands `bytes` (a whole message with CRLF) over for one recipient. `from` is the envelope sender, empty for none.
    ///
    /// Waits for a free place when four messages are under way. An answer of the relay against the recipient or the
    /// message is permanent; everything else may be tried again.
    pub async fn send(&self, from: &str, to: &str, bytes: &[u8]) -> Answer {
        let recipient = match to.parse::<Address>() {
            Ok(address) => address,
            Err(error) => return permanent(format!("`{}` is no mail address: {error}", clean(to, 100))),
        };
        let sender = match from {
            "" => None,
            from => match from.parse::<Address>() {
                Ok(address) => Some(address),
                Err(error) => {
                    return transient(format!("the envelope sender `{}` is no address: {error}", clean(from, 100)));
                }
            },
        };
        let Ok(_place) = self.places.acquire().await else {
            return transient("the sender is shutting down".into());
        };
        if let Some(mut link) = self.reusable().await {
            match link.hand_over(sender.clone(), recipient.clone(), bytes, self.timeouts).await {
                // The relay ended a connection that it had answered on a moment ago: that says nothing about this message.
                Err(failure) if failure.is_about_the_connection() => drop(link),
                outcome => return self.finish(link, outcome).await,
            }
        }
        match self.open(sender.as_ref()).await {
            Ok(mut link) => {
                let outcome = link.hand_over(sender, recipient, bytes, self.timeouts).await;
                self.finish(link, outcome).await
            }
            Err(failure) => failure.answer(&self.server),
        }
    }

    /// An idle connection that still answers.
    async fn reusable(&self) -> Option<Link> {
        loop {
            let mut link = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let patience = self.timeouts.command.min(Duration::from_secs(10));
            if matches!(timeout(patience, link.connection.command(Noop)).await, Ok(Ok(_))) {
                return Some(link);
            }
        }
    }

    async fn finish(&self, mut link: Link, outcome: Result<Response, Failure>) -> Answer {
        let (answer, alive) = match outcome {
            Ok(response) => {
                let text = response.message().collect::<Vec<_>>().join(" ");
                (Answer::Accepted { text: clean(&format!("{} {text}", response.code()), 300) }, true)
            }
            Err(failure) => {
                // After a refusal the connection is as good as before, once the envelope is cleared.
                let alive = failure.was_answered()
                    && !failure.says_goodbye()
                    && matches!(timeout(self.timeouts.command, link.connection.command(Rset)).await, Ok(Ok(_)));
                (failure.answer(&self.server), alive)
            }
        };
        if alive && link.sent < MESSAGES {
            // Never more than there are places.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        } else if alive {
            link.end().await;
        }
        answer
    }

    /// Ends the idle connections, at shutdown and when the configuration has changed.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for link in idle {
            link.end().await;
        }
    }

    /// A new connection, protected and logged in as configured.
    async fn open(&self, sender: Option<&Address>) -> Result<Link, Failure> {
        let addresses = self.addresses().await?;
        let hello = sender.map_or_else(ClientId::default, |address| ClientId::Domain(address.domain().to_owned()));
        let wrapped = if self.security == MailSecurity::Tls { self.tls.clone() } else { None };
        let mut failure = refused(Phase::Connect, "the relay's name has no address");
        let mut open = None;
        for address in addresses {
            let connecting = AsyncSmtpConnection::connect_tokio1(address, None, &hello, wrapped.clone(), None);
            match within(self.timeouts.connect, Phase::Connect, connecting).await {
                Ok(connection) => {
                    open = Some(connection);
                    break;
                }
                Err(failed) => failure = failed,
            }
        }
        let Some(mut connection) = open else { return Err(failure) };
        if self.security == MailSecurity::StartTls {
            if !connection.can_starttls() {
                return Err(refused(
                    Phase::StartTls,
                    "the relay offers no STARTTLS, and nothing is sent in the clear; it may have been removed on the way",
                ));
            }
            if let Some(tls) = self.tls.clone() {
                within(self.timeouts.command, Phase::StartTls, connection.starttls(tls, &hello)).await?;
            }
        }
        if let Some(login) = &self.login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
                return Err(refused(Phase::Login, "the relay offers no login by password (AUTH PLAIN or LOGIN)"));
            }
            within(self.timeouts.command, Phase::Login, connection.auth(&mechanisms, login)).await?;
        }
        Ok(Link { connection, sent: 0 })
    }

    /// Where the relay is. Without protection only this machine is allowed, whatever its name resolves to today.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let resolving = lookup_host((self.server.as_str(), self.port));
        let found: Vec<SocketAddr> = match timeout(self.timeouts.connect, resolving).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => {
                return Err(refused(Phase::Connect, &format!("the relay's name cannot be resolved: {error}")));
            }
            Err(_) => return Err(Failure { phase: Phase::Connect, cause: Cause::TimedOut(self.timeouts.connect) }),
        };
        if self.security == MailSecurity::Plain
            && let Some(stranger) = found.iter().find(|address| !address.ip().to_canonical().is_loopback())
        {
            return Err(refused(
                Phase::Connect,
                &format!("{} is not this machine, and without TLS mail goes nowhere else", stranger.ip()),
            ));
        }
        Ok(found)
    }
}

impl Link {
    async fn hand_over(
        &mut self,
        sender: Option<Address>,
        recipient: Address,
        bytes: &[u8],
        timeouts: Timeouts,
    ) -> Result<Response, Failure> {
        self.sent += 1;
        let connection = &mut self.connection;
        within(timeouts.command, Phase::Sender, connection.command(Mail::new(sender, Vec::new()))).await?;
        within(timeouts.command, Phase::Recipient, connection.command(Rcpt::new(recipient, Vec::new()))).await?;
        within(timeouts.command, Phase::Data, connection.command(Data)).await?;
        // The second, empty piece is asked for when the first has been written: from then on the relay may have it all.
        let written = AtomicBool::new(false);
        let message = [bytes, &[]].into_iter().inspect(|piece| {
            if piece.is_empty() {
                written.store(true, Ordering::Relaxed);
            }
        });
        let outcome = within(timeouts.message, Phase::Message, connection.message_iter(message)).await;
        outcome.map_err(|failure| match written.load(Ordering::Relaxed) {
            true => failure,
            false => Failure { phase: Phase::Data, ..failure },
        })
    }

    /// Says goodbye, as RFC 5321 §4.1.1.10 asks, but does not insist on an answer.
    async fn end(mut self) {
        // Whether the relay hears it changes nothing for any mail.
        timeout(GOODBYE, self.connection.quit()).await.ok();
    }
}

async fn within<T>(
    limit: Duration,
    phase: Phase,
    step: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Failure> {
    match timeout(limit, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Failure { phase, cause: Cause::Smtp(error) }),
        Err(_) => Err(Failure { phase, cause: Cause::TimedOut(limit) }),
    }
}

impl Failure {
    fn code(&self) -> Option<u16> {
        match &self.cause {
            Cause::Smtp(error) => error.status().map(u16::from),
            _ => None,
        }
    }

    fn was_answered(&self) -> bool {
        self.code().is_some()
    }

    fn says_goodbye(&self) -> bool {
        self.code() == Some(421)
    }

    /// Whether a new connection may do better with the same message, and the message cannot have gone out on this one.
    fn is_about_the_connection(&self) -> bool {
        self.phase != Phase::Message && (!self.was_answered() || self.says_goodbye())
    }

    /// What it means for the delivery.
    fn answer(&self, server: &str) -> Answer {
        let doing = match self.phase {
            Phase::Connect => "connecting",
            Phase::StartTls => "starting TLS",
            Phase::Login => "logging in",
            Phase::Sender => "giving the sender",
            Phase::Recipient => "giving the recipient",
            Phase::Data => "handing the message over",
            Phase::Message => "waiting for the answer to the message",
        };
        let said = match &self.cause {
            Cause::Refused(why) => why.clone(),
            Cause::TimedOut(limit) => format!("no answer within {} s", limit.as_secs_f32()),
            Cause::Smtp(error) => said(error),
        };
        let text = clean(&format!("{server}, {doing}: {said}"), 400);
        match (self.code(), self.phase) {
            (Some(421), _) => Answer::Failed { fault: Fault::Throttled { until: None }, text, in_doubt: false },
            (Some(530 | 534 | 535 | 538), _) | (Some(500..), Phase::Login) => {
                transient(format!("{text} (the relay does not accept our login: check `username` and `password`)"))
            }
            (Some(500..), Phase::Connect | Phase::StartTls) => transient(format!("{text} (the relay refuses us)")),
            (Some(500..), Phase::Sender) => {
                transient(format!("{text} (the relay does not accept our sender: check `from` in `[mail]`)"))
            }
            (Some(500..), Phase::Recipient) if forbids_relaying(&said) => {
                transient(format!("{text} (the relay does not take mail from us for others: check `[mail]`)"))
            }
            (Some(500..), _) => permanent(text),
            (Some(_), _) => transient(text),
            (None, phase) => Answer::Failed { fault: Fault::Transient, text, in_doubt: phase == Phase::Message },
        }
    }
}

/// The relay's words against everybody, which come where words against one recipient are expected (5.7.1 serves both).
fn forbids_relaying(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["relay access denied", "relaying denied", "relay not permitted", "relaying not allowed", "unable to relay"]
        .iter()
        .any(|words| said.contains(words))
}

/// The relay's or the system's words, without lettre's around them.
fn said(error: &SmtpError) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match error.status() {
        Some(code) => format!("{} {innermost}", u16::from(code)),
        None => match innermost.to_string() {
            text if text.contains("UnknownIssuer") => {
                format!("{text} (if the relay is yours, name its authority with `extra_ca` in `[mail]`)")
            }
            text if text.contains("InvalidContentType") => {
                format!("{text} (this port does not begin with TLS; it may want `security = \"starttls\"`)")
            }
            text => text,
        },
    }
}

fn tls(relay: &MailRelay) -> Result<TlsParameters, RelayError> {
    let mut builder = TlsParameters::builder(relay.server.clone());
    if let Some(path) = &relay.extra_ca {
        let file = path.display().to_string();
        let pem = std::fs::read(path).map_err(|source| RelayError::ReadCertificates { file: file.clone(), source })?;
        if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
            return Err(RelayError::NoCertificates { file });
        }
        let certificates = Certificate::from_pem(&pem).map_err(|_| RelayError::NoCertificates { file })?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(RelayError::Tls)
}

fn refused(phase: Phase, why: &str) -> Failure {
    Failure { phase, cause: Cause::Refused(why.to_owned()) }
}

fn transient(text: String) -> Answer {
    Answer::Failed { fault: Fault::Transient, text, in_doubt: false }
}

fn permanent(text: String) -> Answer {
    Answer::Failed { fault: Fault::Permanent, text, in_doubt: false }
}
