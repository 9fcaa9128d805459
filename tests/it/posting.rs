//! A message is posted once, to the address that was configured, and what became of it is never guessed.

use crate::fetching::egress;
use crate::site::Reply;
use crate::site::Site;
use crate::site::Then;
use atalaya::deliver::http::PostError;
use atalaya::deliver::http::Poster;
use atalaya::model::Fault;
use url::Url;

fn poster() -> Poster {
    Poster::new(&egress(), "Atalaya/0").expect("a poster")
}

#[tokio::test]
async fn bytes_and_headers_arrive_as_they_are() {
    let site = Site::new(|_| Reply::whole(202, "Retry-After: 7\r\n", &[b'y'; 5000])).await;
    let body = "{\"title\":\"¿Qué pasó?\",\"empty\":\"\\u0000\"}".as_bytes();
    let headers = [("webhook-id", "msg_1".to_owned()), ("content-type", "application/json".to_owned())];
    let answer = poster().post(&site.url("paper.example", "/hook?key=1"), &headers, body).await.expect("an answer");
    assert_eq!((answer.status, answer.retry_after.as_deref()), (202, Some("7")));
    assert_eq!(answer.body, "y".repeat(1024), "the first kilobyte is enough");
    let requests = site.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].head.starts_with(b"POST /hook?key=1 HTTP/1.1\r\n"));
    assert_eq!(requests[0].body, body);
    assert_eq!(requests[0].header("webhook-id"), [b"msg_1"]);
    assert_eq!(requests[0].header("user-agent"), [b"Atalaya/0"]);
    assert!(requests[0].header("cookie").is_empty() && requests[0].header("referer").is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_never_followed() {
    let site = Site::new(|_| Reply::to(307, "/elsewhere")).await;
    let answer = poster().post(&site.url("paper.example", "/hook"), &[], b"{}").await.expect("an answer");
    assert_eq!(answer.status, 307);
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_behind_its_status_is_an_answer() {
    let site = Site::new(|_| Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nok so f", Then::Close)).await;
    let answer = poster().post(&site.url("paper.example", "/hook"), &[], b"{}").await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok so f"));
}

#[tokio::test]
async fn a_connection_that_breaks_behind_the_request_leaves_the_message_in_doubt() {
    for answer in ["", "HTTP/1.1 2", "no http at all\r\n\r\n"] {
        let site = Site::new(move |_| Reply::raw(answer, Then::Close)).await;
        let error = poster().post(&site.url("paper.example", "/geheim"), &[], b"{}").await.expect_err(answer);
        assert!(matches!(error, PostError::Unanswered { .. }), "{answer:?}: {error:?}");
        assert!(error.in_doubt());
        assert_eq!(error.fault(), Fault::Transient);
        assert!(!format!("{error} {error:?}").contains("geheim"), "the path may be a secret: {error:?}");
        assert_eq!(site.requests().len(), 1, "it is not posted twice behind our back");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_is_in_doubt() {
    let port = Site::new(|_| Reply::raw("", Then::Close)).await.port();
    let url = Url::parse(&format!("http://paper.example:{port}/geheim")).expect("a URL");
    let error = poster().post(&url, &[], b"{}").await.expect_err("nobody listens");
    assert!(matches!(error, PostError::Unreachable { .. }), "{error:?}");
    assert!(!error.in_doubt());
    assert_eq!(error.fault(), Fault::Transient);
    assert!(!format!("{error} {error:?}").contains("geheim"), "the path may be a secret: {error:?}");
}

#[tokio::test]
async fn each_message_has_a_connection_of_its_own() {
    let site = Site::new(|_| Reply::whole(200, "", b"ok")).await;
    let poster = poster();
    for _ in 0..3 {
        poster.post(&site.url("paper.example", "/hook"), &[], b"{}").await.expect("an answer");
    }
    assert_eq!(site.connections(), 3);
}

#[tokio::test]
async fn a_header_that_would_smuggle_another_is_refused_without_its_value() {
    let site = Site::new(|_| Reply::whole(200, "", b"ok")).await;
    let headers = [("authorization", "geheim\r\nX: y".to_owned())];
    let error = poster().post(&site.url("paper.example", "/hook"), &headers, b"{}").await.expect_err("two lines");
    assert_eq!(error, PostError::Header { name: "authorization" });
    assert!(!error.to_string().contains("geheim"));
    assert_eq!(site.connections(), 0);
}
