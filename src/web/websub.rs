//! The callback of WebSub hubs: `GET` confirms what we asked for, `POST` makes a source due.

use super::Desk;
use crate::clock;
use crate::push;
use crate::push::Confirmation;
use crate::push::Delivered;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tracing::error;
use tracing::info;
use tracing::warn;

/// The longest delivery that is read. Its content is thrown away; only its signature counts.
const LARGEST: usize = 16 << 20;

/// How long a hub may take to say what it has to say.
const PATIENCE: Duration = Duration::from_secs(30);

/// How soon behind the last poll a push may cause another.
const GAP: SignedDuration = SignedDuration::from_secs(10);

/// `GET /websub/TOKEN`: the hub verifies that it was us who asked.
pub(super) async fn confirm(State(desk): State<Arc<Desk>>, Path(token): Path<String>, request: Request) -> Response {
    let Ok(_place) = desk.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let push = match desk.store.push_by_token(&token).await {
        Ok(Some(push)) => push,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return failed(&error),
    };
    let (changed, answer) = match push::confirm(&push, request.uri().query().unwrap_or_default(), clock::now()) {
        Confirmation::NotFound => return StatusCode::NOT_FOUND.into_response(),
        Confirmation::Echo { challenge, push } => (push, challenge),
        Confirmation::Denied { push } => {
            warn!(source = %push.source, hub = push.hub, "the hub denied the subscription; polling goes on");
            (push, String::new())
        }
    };
    if let Err(error) = desk.store.save_push(&changed).await {
        return failed(&error);
    }
    if let Some(end) = changed.lease_end {
        info!(source = %changed.source, hub = changed.hub, %end, "the hub pushes");
    }
    answer.into_response()
}

/// `POST /websub/TOKEN`: something is new. The content is not taken from here; the source is asked.
pub(super) async fn deliver(State(desk): State<Arc<Desk>>, Path(token): Path<String>, request: Request) -> Response {
    let Ok(_place) = desk.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let push = match desk.store.push_by_token(&token).await {
        Ok(Some(push)) => push,
        // 410 tells a hub that still has an old subscription to forget it (§7).
        Ok(None) => return StatusCode::GONE.into_response(),
        Err(error) => return failed(&error),
    };
    let (parts, body) = request.into_parts();
    let signature = parts.headers.get("x-hub-signature").and_then(|value| value.to_str().ok());
    let body = match read(body).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    match push::delivered(&push, signature, &body) {
        Delivered::Refused => StatusCode::FORBIDDEN.into_response(),
        Delivered::Ignored => {
            warn!(source = %push.source, hub = push.hub, "a push with a wrong signature was ignored");
            StatusCode::ACCEPTED.into_response()
        }
        Delivered::Taken => {
            let now = clock::now();
            match desk.store.hurry(&push.source, now, GAP).await {
                Ok(_) => {
                    desk.polls.notify_one();
                    StatusCode::ACCEPTED.into_response()
                }
                Err(error) => failed(&error),
            }
        }
    }
}

async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    error!(%error, "the store failed while a hub was answered");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
