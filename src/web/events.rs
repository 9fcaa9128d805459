//! `GET /v1/events?after=NUMBER&limit=NUMBER`: what a channel was told, in order, for a receiver that missed some of it.
//!
//! The token of the request says whose events are meant. What is fetched is neither taken for delivered nor held back:
//! calls and fetched events carry the same ids, so that a receiver that keeps those which it has seen gets each once.

use super::Desk;
use crate::channel::ChannelPlan;
use crate::channel::Letterhead;
use crate::clock;
use crate::send;
use crate::send::Delivery;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tracing::error;
use url::form_urlencoded;

/// Events in one answer where nothing is said: none is longer than 20 kB.
const USUAL: usize = 100;

/// The most in one answer.
const MOST: usize = 500;

/// The longest token that is compared.
const LONGEST_TOKEN: usize = 512;

/// An answer.
#[derive(Debug, Serialize)]
struct Events {
    /// In order.
    events: Vec<Event>,
    /// The number of the last event of all: there are more when it is above that of the last one here.
    last: u64,
}

/// One event.
#[derive(Debug, Serialize)]
struct Event {
    /// Its number: `after` of the next question.
    sequence: u64,
    /// The `webhook-id` of its call.
    id: String,
    /// When it came about.
    created_at: Timestamp,
    /// What its call carries; null for what could not be rendered.
    body: Value,
}

/// A question: `after` and `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Question {
    after: u64,
    limit: usize,
}

pub(super) async fn list(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let Ok(_place) = desk.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let (channels, letterhead) = (desk.channels)();
    let Some(plan) = bearer(&request).and_then(|token| holder(&channels, token)) else {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let question = match question(request.uri().query().unwrap_or_default()) {
        Ok(question) => question,
        Err(wrong) => return (StatusCode::BAD_REQUEST, wrong).into_response(),
    };
    let (told, last) = match desk.store.told_after(&plan.name, question.after, question.limit).await {
        Ok(told) => told,
        Err(error) => {
            error!(%error, channel = %plan.name, "the store failed while events were fetched");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let now = clock::now();
    let events = told.iter().map(|delivery| event(plan, delivery, &letterhead, now)).collect();
    match serde_json::to_vec(&Events { events, last }) {
        Ok(body) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (headers, body).into_response()
        }
        Err(error) => {
            error!(%error, channel = %plan.name, "events could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn event(plan: &ChannelPlan, delivery: &Delivery, letterhead: &Letterhead, now: Timestamp) -> Event {
    let frozen = match &delivery.frozen {
        Some(frozen) => Ok(frozen.clone()),
        None => send::render(plan, delivery, letterhead, None, now),
    };
    let (id, body) = match frozen {
        Ok(frozen) => (frozen.id, serde_json::from_slice(&frozen.bytes).unwrap_or_default()),
        Err(detail) => {
            error!(detail, delivery = %delivery.id, "an event that was asked for could not be rendered");
            (delivery.id.to_string(), Value::Null)
        }
    };
    Event { sequence: delivery.sequence, id, created_at: delivery.created_at, body }
}

/// Every channel is asked, so that the time of an answer says nothing of which one it is.
fn holder<'a>(channels: &'a [ChannelPlan], token: &str) -> Option<&'a ChannelPlan> {
    let mut found = None;
    for plan in channels {
        if plan.channel.opens(token) {
            found = Some(plan);
        }
    }
    found
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= LONGEST_TOKEN).then_some(token)
}

fn question(query: &str) -> Result<Question, &'static str> {
    let mut question = Question { after: 0, limit: USUAL };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "after" => question.after = value.parse().map_err(|_| "`after` is no number\n")?,
            "limit" => {
                let limit: usize = value.parse().map_err(|_| "`limit` is no number\n")?;
                question.limit = limit.clamp(1, MOST);
            }
            _ => return Err("there is only `after` and `limit`\n"),
        }
    }
    Ok(question)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_bounds_and_a_slip_is_said() {
        for (query, expected) in [
            ("", Ok((0, USUAL))),
            ("after=7", Ok((7, USUAL))),
            ("after=7&limit=3", Ok((7, 3))),
            ("limit=0", Ok((0, 1))),
            ("limit=99999", Ok((0, MOST))),
            ("after=-1", Err(())),
            ("after=", Err(())),
            ("limit=x", Err(())),
            ("befor=3", Err(())),
        ] {
            let found = question(query).map(|question| (question.after, question.limit)).map_err(|_| ());
            assert_eq!(found, expected, "{query}");
        }
    }
}
