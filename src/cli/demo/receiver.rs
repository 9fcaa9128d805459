//! Webhook calls on loopback → verified or not, on a channel. A call is answered with 2xx only when its signature holds.

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest body in bytes.
const LARGEST: usize = 1024 * 1024;

/// Says whether the headers sign the body; the error is for people.
pub type Verify = Arc<dyn Fn(&HeaderMap, &[u8]) -> Result<(), String> + Send + Sync>;

/// The server. It stops at [`Receiver::close`].
pub struct Receiver {
    url: String,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The `webhook-id` header; empty when there was none.
    pub id: String,
    /// Whether it was signed, and if not, what was wrong.
    pub verified: Result<(), String>,
    /// The body; null when it was no JSON.
    pub body: serde_json::Value,
}

#[derive(Clone)]
struct Desk {
    verify: Verify,
    calls: mpsc::Sender<Call>,
}

impl Receiver {
    /// Binds a port of 127.0.0.1 and takes calls. The second value gives them; when it is dropped calls are still
    /// answered.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(verify: Verify) -> io::Result<(Self, mpsc::Receiver<Call>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let (calls, taken) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let router = Router::new().fallback(take).with_state(Desk { verify, calls });
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the webhook receiver stopped");
            }
        });
        tasks.close();
        Ok((Self { url, stop, tasks }, taken))
    }

    /// Where calls go.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops taking calls, after those that are under way.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn take(State(desk): State<Desk>, request: Request<Body>) -> (StatusCode, String) {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "only POST".into());
    }
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long or broke off".into());
    };
    let id = head.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let json = serde_json::from_slice(&bytes);
    let verified = (desk.verify)(&head.headers, &bytes);
    let verified = verified.and_then(|()| match &json {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the body is no JSON: {error}")),
    });
    let call = Call { id, verified: verified.clone(), body: json.unwrap_or_default() };
    if desk.calls.send(call).await.is_err() {
        tracing::debug!("nobody listens for calls any more");
    }
    match verified {
        Ok(()) => (StatusCode::OK, "verified".into()),
        Err(reason) => (StatusCode::UNAUTHORIZED, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::Receiver;
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn only_a_verified_call_is_answered_with_success() {
        let (receiver, mut calls) =
            Receiver::start(Arc::new(|headers, _| match headers.contains_key("webhook-signature") {
                true => Ok(()),
                false => Err("no signature".into()),
            }))
            .await
            .expect("a port");
        let client = reqwest::Client::new();
        let post = || client.post(receiver.url()).header("webhook-id", "msg_1").body(r#"{"type":"alert.matched"}"#);

        let answer = post().send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        let call = calls.recv().await.expect("a call");
        assert_eq!(call.verified, Err("no signature".into()));

        let answer = post().header("webhook-signature", "v1,x").send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let call = calls.recv().await.expect("a call");
        assert_eq!((call.id.as_str(), &call.verified), ("msg_1", &Ok(())));
        assert_eq!(call.body, json!({"type": "alert.matched"}));

        let answer = post().header("webhook-signature", "v1,x").body("{").send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        drop(client);
        receiver.close().await;
    }
}
