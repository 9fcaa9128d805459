use super::STACK_BYTES;
use super::Terms;
use super::decode;
use super::extract;
use super::extractors;
use super::hostile;
use super::site::Choice;
use super::site::Site;
use super::wall;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use std::time::Duration;
use std::time::Instant;
use url::Url;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/pages/", $name)).as_slice()
    };
}

/// When the pages of the tests are fetched.
const NOW: &str = "2025-11-05T12:00:00Z";

fn read(bytes: &[u8]) -> (Article, Result<(), Reason>) {
    read_as(bytes, Some("text/html"), None)
}

fn read_as(bytes: &[u8], content_type: Option<&'static str>, site: Option<&Site>) -> (Article, Result<(), Reason>) {
    let (bytes, site) = (bytes.to_vec(), site.cloned());
    let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let url = Url::parse("https://www.faro.example.org/2025/11/pruebas").expect("an address");
        let document = Document { url: &url, content_type, bytes: &bytes };
        let site = site.as_ref();
        let article = extract(&document, &Terms { now: NOW.parse().expect("a time"), site });
        let verdict = wall::judge(&article, &decode(&document), "La fiscal presenta pruebas");
        (article, verdict)
    });
    reader.expect("a thread").join().expect("no panic")
}

#[test]
fn zero_bytes_are_no_text_and_cost_nothing() {
    let url = Url::parse("https://www.faro.example.org/").expect("an address");
    let bytes = b"<p>La\0 fiscal\0</p>".repeat(2);
    let document = Document { url: &url, content_type: Some("text/html"), bytes: &bytes };
    assert_eq!(decode(&document), "<p>La fiscal</p><p>La fiscal</p>");
}

#[test]
fn what_a_page_says_of_itself_is_read_wherever_it_stands() {
    for (name, bytes) in [
        ("json-ld", fixture!("article_with_json_ld.html")),
        ("meta", fixture!("article_with_meta_only.html")),
        ("nothing", fixture!("article_with_nothing_declared.html")),
    ] {
        let (article, verdict) = read(bytes);
        assert_eq!(verdict, Ok(()), "{name}");
        assert_eq!(article.title, "La fiscal presenta pruebas", "{name}");
        assert!(article.published.is_some_and(|time| time.to_string().starts_with("2025-11-04")), "{name}");
        let paragraphs: Vec<&str> = article.text.split("\n\n").filter(|line| line.len() > 100).collect();
        assert_eq!(paragraphs.len(), 4, "{name}: {}", article.text);
        assert!(paragraphs[2].starts_with("«Pedimos que el Estado responda»"), "{name}");
        assert!(!article.text.contains("derechos reservados") && !article.text.contains("Inicio"), "{name}");
        assert!(article.warnings.is_empty(), "{name}: {:?}", article.warnings);
    }
}

#[test]
fn a_page_s_own_account_is_complete() {
    let (article, _) = read(fixture!("article_with_json_ld.html"));
    assert_eq!(article.byline.as_deref(), Some("Ana Prado, Rui Telles"));
    assert_eq!(article.modified.map(|time| time.to_string()).as_deref(), Some("2025-11-04T11:30:00Z"));
    assert_eq!(article.language.as_ref().map(|language| language.as_str()), Some("es"));
    assert_eq!(article.canonical_url.as_deref(), Some("https://www.faro.example.org/justicia/pruebas"));
    assert_eq!(article.site_name.as_deref(), Some("El Faro"));
    assert_eq!(article.method, "judged");

    let (article, _) = read(fixture!("article_with_meta_only.html"));
    assert_eq!(article.byline.as_deref(), Some("Ana Prado"));
    assert_eq!(article.language.as_ref().map(|language| language.as_str()), Some("es"));
    assert_eq!(article.canonical_url.as_deref(), Some("https://faro.example.org/justicia/pruebas"));
}

#[test]
fn a_body_that_only_machines_are_told_is_taken() {
    let (article, verdict) = read(fixture!("body_in_json_ld_only.html"));
    assert_eq!((verdict, article.method.as_str()), (Ok(()), "json_ld"));
    assert_eq!(article.text.split("\n\n").count(), 1, "a raw line break in a string is repaired to a blank");
}

#[test]
fn a_long_body_is_not_lost_to_a_short_extract() {
    let sentence =
        "El tribunal de Puerto Claro escuchó ayer a los vecinos de la calle del puerto durante toda la mañana. ";
    let hidden: String = (0..10).map(|_| format!("<p class=\"comment hidden\">{sentence}</p>")).collect();
    let html =
        format!("<title>T</title><p>Corto.</p><div class=\"comment sidebar\" style=\"display:none\">{hidden}</div>");
    let (article, _) = read(html.as_bytes());
    assert_eq!(article.text.matches("escuchó").count(), 10, "{}", article.method);
}

#[test]
fn walls_and_shells_are_no_articles() {
    for (bytes, code) in [
        (fixture!("wall_challenge.html"), "wall"),
        (fixture!("wall_consent.html"), "wall"),
        (fixture!("wall_subscription.html"), "wall"),
        (fixture!("wall_empty_shell.html"), "empty_page"),
        (b"".as_slice(), "empty_page"),
    ] {
        let (article, verdict) = read(bytes);
        assert_eq!(verdict.as_ref().err().map(Reason::code), Some(code), "{article:?}");
    }
}

/// A tenth of each form here, as this is no release build; `bench/articles --hostile` holds the whole forms to two seconds.
#[test]
fn hostile_pages_end_soon_and_do_not_abort() {
    for form in hostile::FORMS {
        let page = (form.page)(form.bytes / 10);
        let started = Instant::now();
        let (_, _) = read_as(&page, form.content_type, None);
        assert!(started.elapsed() < Duration::from_secs(20), "{}", form.name);
    }
}

#[test]
fn no_time_is_later_than_the_fetch() {
    let page = |published: &str, modified: &str| {
        let html = format!(
            "<title>T</title><meta property=\"article:published_time\" content=\"{published}\">\
             <meta property=\"article:modified_time\" content=\"{modified}\"><p>x"
        );
        let (article, _) = read(html.as_bytes());
        (article.published.map(|time| time.to_string()), article.modified.map(|time| time.to_string()))
    };
    let earlier = "2025-11-04T08:00:00Z";
    assert_eq!(page(earlier, "2031-01-01T00:00:00Z"), (Some(earlier.into()), None), "an announcement is no time");
    assert_eq!(page("2025-11-05T13:30:00Z", ""), (Some(NOW.into()), None), "a clock that is fast");
}

#[test]
fn what_the_operator_says_of_a_site_is_done() {
    let choice = |selector: &str| Choice::parse(selector).ok();
    let html = "<title>The Paper</title><h1>Wrong</h1><b class=head>Right</b><div class=\"story comment\"><p>One.</p>\
                <p class=plug>Buy it.</p><p>Two.</p></div><div class=story>Three.</div>";
    let site = Site { body: choice("div.story"), remove: choice(".plug"), title: choice(".head"), ..Site::default() };
    let (article, _) = read_as(html.as_bytes(), None, Some(&site));
    assert_eq!((article.title.as_str(), article.method.as_str()), ("Right", "selector"));
    assert_eq!(article.text, "One.\n\nTwo.\n\nThree.");
    // A selector that finds nothing must not empty the page.
    let report = fixture!("article_with_meta_only.html");
    let astray = Site { body: choice("div.gone"), extractor: extractors::named("readability"), ..Site::default() };
    let (article, verdict) = read_as(report, None, Some(&astray));
    assert_eq!((verdict, article.method.as_str()), (Ok(()), "readability"));
}
