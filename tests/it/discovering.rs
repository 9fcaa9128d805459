//! What can be watched at an address is found in the order in which it is to be believed, read before it is printed, and
//! printed so that it can be pasted. Real sockets, through the program.

use crate::site::Heard;
use crate::site::Reply;
use crate::site::Site;
use crate::world::command;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

const RSS: &[u8] = b"<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
    <title>La \"Gaceta\"</title><atom:link rel=\"hub\" href=\"https://hub.example.org/\"/>\
    <item><title>Uno</title><link>http://paper.example/1</link><pubDate>Tue, 04 Nov 2025 10:00:00 GMT</pubDate></item>\
    <item><title>Dos</title><link>http://paper.example/2</link></item></channel></rss>";

const NEWER: &[u8] = b"<rss version=\"2.0\"><channel><title>Gaceta: Pol\xc3\xadtica</title>\
    <item><title>Tres</title><link>http://paper.example/3</link><pubDate>Wed, 05 Nov 2025 10:00:00 GMT</pubDate></item>\
    </channel></rss>";

const COMMENTS: &[u8] = b"<rss version=\"2.0\"><channel><title>Comments on: La Gaceta</title>\
    <item><title>By Ana</title><link>http://paper.example/1#c</link></item></channel></rss>";

const NEWS: &[u8] = b"<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
    xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>http://paper.example/1</loc><news:news>\
    <news:publication><news:name>La Gaceta</news:name><news:language>es</news:language></news:publication>\
    <news:publication_date>2025-11-04T10:00:00Z</news:publication_date><news:title>Uno</news:title></news:news></url></urlset>";

fn page(head: &str, body: &str) -> Vec<u8> {
    format!("<!doctype html><html><head><title>La Gaceta</title>{head}</head><body>{body}</body></html>").into_bytes()
}

fn html(body: &[u8]) -> Reply {
    Reply::whole(200, "Content-Type: text/html\r\n", body)
}

fn xml(body: &[u8]) -> Reply {
    Reply::whole(200, "Content-Type: application/rss+xml\r\n", body)
}

fn missing() -> Reply {
    Reply::whole(404, "", b"")
}

/// Runs `discover` in a folder whose configuration opens the site under the name of an invented paper.
async fn discover(site: &Site, path: &str, arguments: &[&str], more: &str) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = format!(
        "[egress]\nallow = [\"127.0.0.1/32\"]\n[egress.hosts]\n\"paper.example\" = \"127.0.0.1\"\n[politeness]\ngap = \"0s\"\n{more}"
    );
    fs::write(folder.path().join("atalaya.toml"), configuration).expect("written");
    let url = site.url("paper.example", path).to_string();
    let arguments: Vec<String> =
        ["discover", &url].iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
    let at = folder.path().to_owned();
    // The site answers on this runtime, so the program must not block it.
    let running = tokio::task::spawn_blocking(move || run(&at, &arguments));
    (running.await.expect("the program runs"), folder)
}

fn run(folder: &Path, arguments: &[String]) -> Output {
    command().args(arguments).current_dir(folder).output().expect("the program runs")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("answers are UTF-8")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn paths(site: &Site) -> Vec<String> {
    site.requests().iter().map(Heard::path).collect()
}

#[tokio::test]
async fn what_a_site_declares_is_read_and_printed_as_blocks_that_pass_check_the_newest_first() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/" => Reply::whole(
            200,
            "Content-Type: text/html\r\nLink: </header.xml>; rel=\"alternate\"; type=\"application/atom+xml\"\r\n",
            &page(
                "<link rel=alternate type='application/rss+xml' href=/feed>\
                 <link rel=alternate type='application/rss+xml' href=/comments/feed>\
                 <link rel=alternate type='application/rss+xml' href=/unnamed>\
                 <link rel=alternate type='application/rss+xml' href=/gone>",
                "<a href=/rss>RSS</a>",
            ),
        ),
        "/feed" => xml(RSS),
        "/header.xml" => xml(NEWER),
        "/unnamed" => xml(COMMENTS),
        _ => missing(),
    })
    .await;
    let (output, folder) = discover(&site, "/", &[], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let text = told(&output);
    let blocks: toml::Table = text.parse().expect("TOML");
    let sources = blocks["source"].as_table().expect("sources");
    let labels: Vec<_> = sources.values().filter_map(|source| source["label"].as_str()).collect();
    assert_eq!(labels, ["Gaceta: Política", "La \"Gaceta\""], "{text}");
    let newer = text.find("header.xml").expect("the newer feed");
    assert!(newer < text.find("/feed\"").expect("the older feed"), "{text}");
    assert!(text.contains("# its hub: https://hub.example.org/"), "{text}");
    // Neither the hints, since something was declared, nor the comments are asked for.
    assert_eq!(paths(&site), ["/", "/feed", "/unnamed", "/gone", "/header.xml", "/robots.txt"]);
    let said = complaint(&output);
    assert!(said.contains("1 feed of comments was left out") && said.contains("/gone, named by"), "{said}");

    let pasted = fs::read_to_string(folder.path().join("atalaya.toml")).expect("it is there");
    fs::write(folder.path().join("atalaya.toml"), format!("{pasted}\n{text}")).expect("written");
    let checked = run(folder.path(), &["check".to_owned()]);
    assert!(checked.status.success(), "{}{}", told(&checked), complaint(&checked));
    let at = folder.path().to_owned();
    let url = site.url("paper.example", "/").to_string();
    let again = tokio::task::spawn_blocking(move || run(&at, &["discover".to_owned(), url])).await.expect("it runs");
    assert!(told(&again).contains("watched already, as [source."), "{}", told(&again));
    assert!(!told(&again).contains("\n[source."), "{}", told(&again));
}

#[tokio::test]
async fn an_address_that_is_a_feed_is_asked_for_and_nothing_else() {
    let site = Site::new(|_| xml(RSS)).await;
    let (output, _folder) = discover(&site, "/feed", &["--json"], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let finding: Value = serde_json::from_str(&told(&output)).expect("one line of JSON");
    assert_eq!(finding["kind"], "feed");
    assert_eq!(finding["found_by"], "the address itself");
    assert_eq!((&finding["entries"], &finding["newest"]), (&Value::from(2), &Value::from("2025-11-04T10:00:00Z")));
    assert_eq!(finding["hubs"][0], "https://hub.example.org/");
    assert!(finding["block"].as_str().is_some_and(|block| block.starts_with("[source.paper]\n")), "{finding}");
    assert_eq!(paths(&site), ["/feed"]);
}

#[tokio::test]
async fn links_on_the_page_are_tried_when_nothing_is_declared() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/" => html(&page("", "<a href=/canal>RSS</a><a href=/nota>Una nota</a>")),
        "/canal" => xml(RSS),
        _ => missing(),
    })
    .await;
    let (output, _folder) = discover(&site, "/", &[], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert!(told(&output).contains("found by a link on the page"), "{}", told(&output));
    assert_eq!(paths(&site), ["/", "/canal", "/robots.txt"]);
}

#[tokio::test]
async fn sitemaps_of_news_are_found_through_robots_txt_and_its_indexes() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/" => html(&page("", "")),
        "/robots.txt" => Reply::whole(200, "", b"User-agent: *\nSitemap: /index.xml\n"),
        "/index.xml" => xml(
            b"<sitemapindex><sitemap><loc>/2019.xml</loc></sitemap><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>",
        ),
        "/news.xml" => xml(NEWS),
        _ => missing(),
    })
    .await;
    let (output, _folder) = discover(&site, "/", &["--json"], "").await;
    let findings: Vec<Value> =
        told(&output).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let news = findings.iter().find(|it| it["format"] == "news").expect("the sitemap of news");
    assert_eq!((&news["kind"], &news["entries"]), (&Value::from("sitemap"), &Value::from(1)));
    assert_eq!(news["newest"], "2025-11-04T10:00:00Z");
    assert_eq!(paths(&site), ["/", "/robots.txt", "/index.xml", "/news.xml"]);
}

#[tokio::test]
async fn guesses_are_made_only_when_asked_for() {
    let script = |heard: &Heard| match heard.path().as_str() {
        "/seccion" => html(&page("", "")),
        "/rss.xml" => xml(RSS),
        "/feed/" => html(&page("", "No such page")),
        _ => missing(),
    };
    let site = Site::new(script).await;
    let (output, _folder) = discover(&site, "/seccion", &[], "").await;
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(said.contains("`--guess`") && said.contains("watch = \"http://paper.example:"), "{said}");
    assert_eq!(paths(&site), ["/seccion", "/robots.txt"]);

    let site = Site::new(script).await;
    let (output, _folder) = discover(&site, "/seccion", &["--guess"], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert!(told(&output).contains("found by a guess"), "{}", told(&output));
    assert_eq!(paths(&site), ["/seccion", "/robots.txt", "/feed/", "/rss.xml"]);
}

#[tokio::test]
async fn an_address_that_names_nothing_is_told_for_what_it_is() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/api" => Reply::whole(200, "Content-Type: application/json\r\n", b"{\"rows\": []}"),
        "/app" => html(&page("", "<div id=app></div><script src=/app.js></script>")),
        "/index.xml" => xml(b"<sitemapindex><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>"),
        "/news.xml" => xml(NEWS),
        _ => missing(),
    })
    .await;
    for (path, said) in [("/api", "this is JSON"), ("/app", "an empty <div id=\"app\"> and 1 script")] {
        let (output, _folder) = discover(&site, path, &[], "").await;
        assert_eq!(output.status.code(), Some(1));
        assert!(complaint(&output).contains(said), "{}", complaint(&output));
    }
    let (output, _folder) = discover(&site, "/index.xml", &["--json"], "").await;
    assert!(told(&output).contains("/news.xml"), "{}", told(&output));
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_and_addresses_are_guarded() {
    let site = Site::new(|_| Reply::whole(500, "", b"").after(Duration::ZERO)).await;
    let (output, _folder) = discover(&site, "/", &[], "").await;
    assert_eq!(output.status.code(), Some(74));
    assert!(complaint(&output).contains("500"), "{}", complaint(&output));

    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("http://127.0.0.1:{}/", site.port());
    let at = folder.path().to_owned();
    let guarded = tokio::task::spawn_blocking(move || run(&at, &["discover".to_owned(), url])).await.expect("it runs");
    assert_eq!(guarded.status.code(), Some(74));
    assert_eq!(site.requests().len(), 1, "{}", complaint(&guarded));
}
