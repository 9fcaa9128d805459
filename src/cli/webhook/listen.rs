//! A receiver for developers: calls → verified or not, printed. It keeps nothing.

use super::Secret;
use super::TOLERANCE;
use crate::channel::webhook::SignedHeaders;
use crate::channel::webhook::verify;
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::cli::setup;
use crate::clock;
use crate::render::line::clean;
use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The longest body that is read.
const LARGEST: usize = 1024 * 1024;

/// `atalaya webhook listen`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atalaya webhook listen --port 9000 --secret-file desk.secret\n\n\
    Without a secret it makes one, prints it, and takes calls that are signed with it.")]
pub struct Arguments {
    #[command(flatten)]
    secret: Secret,
    /// The port; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    port: u16,
    /// The address that it listens on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// What verified calls are answered, to see what the sender makes of it
    #[arg(long, value_name = "STATUS", default_value_t = 204, value_parser = clap::value_parser!(u16).range(200..=599))]
    answer: u16,
    /// End after so many calls
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    /// One JSON object a line for each call, with its body
    #[arg(long)]
    json: bool,
}

/// One call.
#[derive(Debug, Serialize)]
struct Call {
    /// Its `webhook-id`.
    id: String,
    /// Whether its signature holds.
    verified: bool,
    /// Why it does not.
    error: Option<String>,
    /// Whether one of that id was verified before: a receiver would leave it alone.
    again: bool,
    /// The body; null when it was no JSON.
    body: Value,
}

#[derive(Clone)]
struct Desk {
    secret: String,
    answer: StatusCode,
    calls: mpsc::Sender<Call>,
}

/// Receives until it is stopped.
///
/// # Errors
/// When the port cannot be bound, or nobody reads what is printed.
pub(super) fn run(arguments: &Arguments, output: &mut Output) -> anyhow::Result<Exit> {
    let (secret, made) = match arguments.secret.read()? {
        Some(secret) => (secret, false),
        None => (fresh(), true),
    };
    setup::runtime()?.block_on(async {
        let place = (arguments.address, arguments.port);
        let listener = TcpListener::bind(place).await.with_context(|| format!("{}:{}", place.0, place.1))?;
        let url = format!("http://{}/", listener.local_addr()?);
        if arguments.json {
            output.json(&serde_json::json!({ "listening": url, "secret": made.then_some(&secret) }))?;
        } else {
            output.line(format!("listening at {url}; stop with Ctrl-C"))?;
            if made {
                output.line(format!("secret {secret}"))?;
            }
        }
        output.flush()?;
        let (calls, mut heard) = mpsc::channel(64);
        let answer = StatusCode::from_u16(arguments.answer).context("the status")?;
        let router = Router::new().fallback(take).with_state(Desk { secret, answer, calls });
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let stop = stop.clone().cancelled_owned();
            async move { axum::serve(listener, router).with_graceful_shutdown(stop).await }
        });
        let told = tell(&mut heard, arguments, output).await;
        drop(heard);
        stop.cancel();
        server.await.context("the server")??;
        told
    })
}

async fn tell(heard: &mut mpsc::Receiver<Call>, arguments: &Arguments, output: &mut Output) -> anyhow::Result<Exit> {
    let mut seen = HashSet::new();
    let mut count = 0;
    while arguments.count.is_none_or(|most| count < most) {
        let mut call = tokio::select! {
            call = heard.recv() => match call {
                Some(call) => call,
                None => break,
            },
            _ = tokio::signal::ctrl_c() => break,
        };
        count += 1;
        call.again = call.verified && !seen.insert(call.id.clone());
        if arguments.json {
            output.json(&call)?;
        } else {
            output.line(words(&call))?;
        }
        output.flush()?;
    }
    Ok(Exit::Success)
}

fn words(call: &Call) -> String {
    let how = match (&call.error, call.again) {
        (Some(error), _) => format!("refused ({error})"),
        (None, true) => "again   ".to_owned(),
        (None, false) => "verified".to_owned(),
    };
    let text = |pointer: &str| call.body.pointer(pointer).and_then(Value::as_str).map(|text| clean(text, 100));
    let number = call.body["sequence"].as_u64().map(|number| format!("#{number}"));
    let parts = [Some(how), Some(clean(&call.id, 80)), text("/type"), number, text("/data/title")];
    parts.into_iter().flatten().collect::<Vec<String>>().join("  ")
}

async fn take(State(desk): State<Desk>, request: Request<Body>) -> (StatusCode, String) {
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long or broke off".into());
    };
    let header = |name: &str| text(&head.headers, name);
    let (id, timestamp, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let headers = SignedHeaders { id: &id, timestamp: &timestamp, signature: &signature };
    let error = verify(&desk.secret, headers, &bytes, clock::now(), TOLERANCE).err().map(|error| error.to_string());
    let answer = match &error {
        None => (desk.answer, String::new()),
        Some(error) => (StatusCode::UNAUTHORIZED, error.clone()),
    };
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let call = Call { id, verified: error.is_none(), error, again: false, body };
    if desk.calls.send(call).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "it stops".into());
    }
    answer
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A secret for this once.
fn fresh() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's source of randomness works");
    format!("whsec_{}", STANDARD.encode(bytes))
}
