//! "Not relevant": `GET` shows a page with one button, because programs that check mail follow every link; `POST` records it.

use super::Desk;
use super::signed::Purpose;
use crate::clock;
use crate::model::DeliveryId;
use crate::render::line::clean;
use crate::store::Said;
use crate::store::StoreError;
use crate::store::ToldTo;
use axum::body::to_bytes;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use std::sync::Arc;
use std::time::Duration;
use tracing::error;
use tracing::info;

/// The longest form that is read. Nothing in it is looked at.
const LARGEST: usize = 4 << 10;

/// How long a browser may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// `GET /feedback/TOKEN`: asks, and changes nothing.
pub(super) async fn ask(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Response {
    let Ok(_place) = desk.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match told(&desk, &token).await {
        Ok(Some(told)) => {
            let question = "<form method=\"post\"><button>Not relevant</button></form>\
                <p>Whoever runs this Atalaya sees it, and can make the rule better. Nothing else changes.</p>";
            page(StatusCode::OK, &told, question)
        }
        Ok(None) => nothing(),
        Err(error) => failed(&error),
    }
}

/// `POST /feedback/TOKEN`: records it. Twice is as once.
pub(super) async fn record(State(desk): State<Arc<Desk>>, Path(token): Path<String>, request: Request) -> Response {
    let Ok(_place) = desk.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let told = match told(&desk, &token).await {
        Ok(Some(told)) => told,
        Ok(None) => return nothing(),
        Err(error) => return failed(&error),
    };
    match tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), LARGEST)).await {
        Ok(Ok(_)) => {}
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    }
    let said = Said {
        alert: told.alert,
        rules: told.rules.clone(),
        relevant: false,
        by: told.receiver.clone(),
        at: clock::now(),
        note: None,
    };
    match desk.store.give_feedback(&said).await {
        Ok(_) => {
            info!(alert = %told.alert, by = told.receiver, "an alert was called not relevant");
            page(StatusCode::OK, &told, "<p><strong>Noted: not relevant.</strong> Thank you.</p>")
        }
        Err(error) => failed(&error),
    }
}

async fn told(desk: &Desk, token: &str) -> Result<Option<ToldTo>, StoreError> {
    match desk.signer.open(Purpose::FEEDBACK, token) {
        Some(signed) => desk.store.told_to(&DeliveryId(signed.subject)).await,
        None => Ok(None),
    }
}

fn page(status: StatusCode, told: &ToldTo, body: &str) -> Response {
    let title = escaped(&clean(&told.title, 300));
    let title = if title.is_empty() { "No headline".to_owned() } else { title };
    let rules: Vec<String> = told.labels.iter().map(|label| escaped(&clean(label, 100))).collect();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Was this relevant?</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <style>body{{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.2em}}\
         button{{font:inherit;font-weight:600;padding:.6em 1.4em;border-radius:8px;border:1px solid;cursor:pointer}}\
         </style></head><body><p>You were told for {}:</p><h1 dir=\"auto\" style=\"font-size:1.3em\">{title}</h1>{body}\
         </body></html>\n",
        rules.join(", ")
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, headers, html).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn nothing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn failed(error: &StoreError) -> Response {
    error!(%error, "the store failed while feedback was given");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
