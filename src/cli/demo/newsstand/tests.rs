//! The newsstand over real sockets: it can be read, and misbehaves as its papers say.

use super::Newsstand;
use super::Watch;
use crate::cli::demo::edition::Moment;
use crate::cli::demo::expected;
use crate::cli::demo::expected::Fate;
use crate::cli::demo::papers;
use jiff::SignedDuration;
use jiff::Timestamp;
use reqwest::Client;
use reqwest::header;
use std::collections::BTreeMap;

/// Opened so long ago that everything has appeared.
async fn full() -> Newsstand {
    Newsstand::start(crate::clock::now() - SignedDuration::from_secs(60)).await.expect("ports")
}

fn client() -> Client {
    Client::builder().pool_max_idle_per_host(0).build().expect("a client")
}

fn base<'a>(stand: &'a Newsstand, paper: &str) -> &'a str {
    &stand.stalls().iter().find(|stall| stall.name == paper).expect("the paper is there").base
}

fn watched(stand: &Newsstand, paper: &str) -> String {
    let stall = stand.stalls().iter().find(|stall| stall.name == paper).expect("the paper is there");
    match &stall.watch {
        Watch::Feed { url } | Watch::Page { url, .. } => url.clone(),
    }
}

#[tokio::test]
async fn every_feed_parses_and_every_entry_leads_to_its_page() {
    let (stand, client) = (full().await, client());
    let papers = papers::all().expect("the papers are part of the program");
    for paper in papers.iter().filter(|paper| paper.dialect != papers::Dialect::Page) {
        let url = watched(&stand, &paper.name);
        let bytes = client.get(&url).send().await.expect("an answer").bytes().await.expect("a body");
        // What the tolerant reader does before it parses.
        let bytes = bytes.strip_prefix("\u{feff}\n".as_bytes()).unwrap_or(&bytes);
        let parser = feed_rs::parser::Builder::new().base_uri(Some(&url)).build();
        let feed = parser.parse(bytes).unwrap_or_else(|error| panic!("{}: {error}", paper.name));
        let again = paper.articles.iter().filter(|article| article.again.is_some()).count();
        assert_eq!(feed.entries.len(), paper.articles.len() + again, "{}", paper.name);
        assert_eq!(feed.title.expect("a title").content, paper.title);
        for entry in feed.entries {
            let link = &entry.links.first().expect("a link").href;
            let status = client.get(link).send().await.expect("an answer").status();
            assert!(matches!(status.as_u16(), 200 | 403 | 404), "{link}: {status}");
            let title = entry.title.expect("a title").content.replace("&nbsp;", " ").replace('\u{a0}', " ");
            let known =
                paper.articles.iter().any(|a| title == a.title || a.edit.as_ref().is_some_and(|e| title == e.title));
            assert!(known, "{}: {title}", paper.name);
        }
    }
    stand.close().await;
}

#[tokio::test]
async fn the_watched_page_gives_items_to_its_selectors() {
    let (stand, client) = (full().await, client());
    let stall = stand.stalls().iter().find(|stall| matches!(stall.watch, Watch::Page { .. })).expect("a page");
    let Watch::Page { url, item, link, title } = &stall.watch else { unreachable!() };
    let text = client.get(url).send().await.expect("an answer").text().await.expect("a body");
    let links: Vec<_> = {
        let page = scraper::Html::parse_document(&text);
        let selector = |text: &str| scraper::Selector::parse(text).expect("a selector");
        let (item, link, title) = (selector(item), selector(link), selector(title));
        let items: Vec<_> = page.select(&item).collect();
        assert_eq!(items.len(), 3);
        assert!(items.iter().all(|item| item.select(&title).next().is_some()));
        items.iter().filter_map(|item| item.select(&link).next()?.attr("href").map(str::to_owned)).collect()
    };
    for link in links {
        let status = client.get(format!("{}{link}", stall.base)).send().await.expect("an answer").status();
        assert_eq!(status, 200, "{link}");
    }
    stand.close().await;
}

#[tokio::test]
async fn every_readable_page_holds_its_article_and_no_headline_of_another() {
    let (stand, client) = (full().await, client());
    let papers = papers::all().expect("the papers are part of the program");
    let mut texts = BTreeMap::new();
    for expectation in expected::expectations().expect("the papers are part of the program") {
        let (paper, article) = papers::find(&papers, &expectation.article).expect("it is there");
        if article.elsewhere.is_some() || expectation.fate == Fate::Unreadable {
            continue;
        }
        let url = format!("{}{}", base(&stand, &paper.name), article.path);
        let mut answer = client.get(&url).send().await.expect("an answer");
        if answer.status() == 403 {
            answer = client.get(&url).send().await.expect("an answer");
        }
        assert_eq!(answer.status(), 200, "{url}");
        let charset = if paper.has(papers::Fault::Windows1252) { "windows-1252" } else { "utf-8" };
        let html = answer.text_with_charset(charset).await.expect("a body");
        let mut reader = dom_smoothie::Readability::new(html.as_str(), Some(&url), None).expect("a page");
        let read = reader.parse().unwrap_or_else(|error| panic!("{}: {error}", expectation.article));
        let text = read.text_content.split_whitespace().collect::<Vec<_>>().join(" ");
        for paragraph in expectation.text.split("\n\n") {
            assert!(text.contains(paragraph), "{} lacks {paragraph}\n{text}", expectation.article);
        }
        for other in paper.articles.iter().filter(|other| other.slug != article.slug) {
            assert!(!text.contains(&other.title), "{} shows {}", expectation.article, other.title);
        }
        assert!(!text.contains("demostración") && !text.contains("demonstra"), "{}: {text}", expectation.article);
        texts.insert(expectation.article, (expectation.fate, text));
    }
    let copies: Vec<_> = texts
        .iter()
        .filter_map(|(name, (fate, text))| match fate {
            Fate::Copy(original) => Some((name, text, &texts[original].1)),
            _ => None,
        })
        .collect();
    assert_eq!(copies.len(), 3);
    for (name, text, original) in copies {
        assert_eq!(text, original, "{name}");
    }
    stand.close().await;
}

#[tokio::test]
async fn validators_and_gzip_are_honoured_and_windows_1252_is_what_it_says() {
    let (stand, client) = (full().await, Client::builder().no_gzip().build().expect("a client"));
    let url = watched(&stand, "folha-do-mangue");
    let first = client.get(&url).header(header::ACCEPT_ENCODING, "gzip").send().await.expect("an answer");
    assert_eq!(first.headers()[header::CONTENT_ENCODING], "gzip");
    let etag = first.headers()[header::ETAG].clone();
    let second = client.get(&url).header(header::IF_NONE_MATCH, etag).send().await.expect("an answer");
    assert_eq!(second.status(), 304);
    assert_eq!(second.bytes().await.expect("a body").len(), 0);
    let bare = client.get(watched(&stand, "nordeste-hoje")).send().await.expect("an answer");
    assert!(bare.headers().get(header::ETAG).is_none());
    let latin = client.get(watched(&stand, "tribuna-austral")).send().await.expect("an answer");
    let bytes = latin.bytes().await.expect("a body");
    assert!(std::str::from_utf8(&bytes).is_err());
    assert!(encoding_rs::WINDOWS_1252.decode(&bytes).0.contains("situación"));
    drop(client);
    stand.close().await;
}

#[tokio::test]
async fn papers_misbehave_as_their_files_say() {
    let (stand, client) = (full().await, client());
    let status = async |url: String| client.get(url).send().await.expect("an answer").status().as_u16();
    let feed = watched(&stand, "gaceta-del-llano");
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(status(feed.clone()).await);
    }
    assert_eq!(answers, [200, 503, 200, 200]);
    let refusing = format!("{}/2025/geneva-report-detention", base(&stand, "meridian-post"));
    assert_eq!([status(refusing.clone()).await, status(refusing).await], [403, 200]);
    let llano = base(&stand, "gaceta-del-llano");
    assert_eq!(status(format!("{llano}/?p=20859")).await, 404);
    assert_eq!(status(format!("{llano}/?p=20871&utm_source=x")).await, 200);
    assert_eq!(status(format!("{llano}/?p=208")).await, 200, "the front page");
    let wall = format!("{}/analysis/what-the-panel-found?utm_source=x", base(&stand, "andes-briefing"));
    let text = client.get(wall).send().await.expect("an answer").text().await.expect("a body");
    assert!(text.contains("Before you continue") && !text.contains("Puerto Cedral"));
    stand.close().await;
}

#[test]
fn articles_appear_and_change_when_their_time_comes() {
    let papers = papers::all().expect("the papers are part of the program");
    let bases: Vec<_> = papers.iter().map(|paper| format!("http://{}.test", paper.name)).collect();
    let opened: Timestamp = "2025-11-04T12:00:00Z".parse().expect("a time");
    let at = |elapsed| Moment { papers: &papers, bases: &bases, opened, elapsed };
    let shown = |elapsed| papers.iter().map(|paper| at(elapsed).visible(paper).count()).sum::<usize>();
    assert!(shown(0) < shown(4) && shown(4) < shown(15));
    assert_eq!(shown(15), papers.iter().map(|paper| paper.articles.len()).sum::<usize>());
    let (_, edited) = papers::find(&papers, "correo-del-avila/traslado-helicoide").expect("it is there");
    assert!(at(8).print(edited).title.contains("nueve"));
    let later = at(9).print(edited);
    assert!(later.title.contains("once") && later.paragraphs[0].contains("once"));
    assert_eq!(later.updated, opened + SignedDuration::from_secs(9));
    let (_, late) = papers::find(&papers, "freedom-relay/families-of-detainees").expect("it is there");
    assert_eq!(at(3).print(late).published, opened + SignedDuration::from_secs(3));
    assert!(at(3).print(late).paragraphs[0].contains("http://correo-del-avila.test/politica/2025/"));
}
