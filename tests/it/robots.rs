//! Pages are read as their sites wish; feeds are published for programs, and are not looked up.

use crate::fetching::client;
use crate::fetching::egress;
use crate::site::Reply;
use crate::site::Site;
use crate::site::Then;
use crate::world::Page;
use crate::world::RULE;
use crate::world::World;
use crate::world::entry;
use atalaya::config::Egress;
use atalaya::model::Fault;
use atalaya::model::Reason;
use atalaya::net::Door;
use atalaya::net::FetchError;
use atalaya::net::Request;
use atalaya::net::Robots;
use atalaya::net::robots::Word;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::time::Duration;
use std::time::Instant;
use url::Url;

const LIST: &str = "<!doctype html><title>News</title><ul><li><a href=\"/story\">A story</a></ul>";

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

async fn ask(robots: &Robots, site: &Site, path: &str, hours: i64) -> Word {
    let now = noon() + SignedDuration::from_hours(hours);
    robots.ask(&client(&egress()), None, &site.url("paper.example", path), now).await
}

fn times(site: &Site, path: &str) -> usize {
    site.requests().iter().filter(|heard| heard.path() == path).count()
}

#[tokio::test]
async fn robots_txt_is_asked_for_once_a_day_and_host() {
    let site = Site::new(|_| Reply::whole(200, "", b"User-agent: *\nDisallow: /private\nCrawl-delay: 7200\n")).await;
    let robots = Robots::default();
    let first = ask(&robots, &site, "/news", 0).await;
    assert_eq!(first, Word { may: Ok(()), delay: Some(SignedDuration::from_mins(1)), asked: true });
    for hours in [1, 23] {
        assert!(!ask(&robots, &site, "/news", hours).await.asked);
        assert!(matches!(
            ask(&robots, &site, "/private/1", hours).await.may,
            Err((Fault::Permanent, Reason::RobotsRefused { .. }))
        ));
    }
    assert_eq!(times(&site, "/robots.txt"), 1);
    assert!(ask(&robots, &site, "/news", 25).await.asked);
    assert_eq!(times(&site, "/robots.txt"), 2);
}

#[tokio::test]
async fn many_who_come_at_once_share_one_question() {
    let site = Site::new(|_| Reply::whole(200, "", b"User-agent: *\nDisallow: /private\n")).await;
    let robots = Robots::default();
    let all = futures_util::future::join_all((0..20).map(|_| ask(&robots, &site, "/news", 0))).await;
    assert!(all.iter().all(|word| word.may.is_ok()));
    assert_eq!(all.iter().filter(|word| word.asked).count(), 1);
    assert_eq!(times(&site, "/robots.txt"), 1);
}

#[tokio::test]
async fn a_site_without_one_has_no_wishes_and_a_broken_one_is_left_alone() {
    for (status, free) in [(401, true), (404, true), (410, true), (429, false), (500, false), (503, false)] {
        let site = Site::new(move |_| Reply::whole(status, "", b"User-agent: *\nDisallow: /\n")).await;
        let robots = Robots::default();
        for _ in 0..3 {
            let word = ask(&robots, &site, "/news", 0).await;
            assert_eq!(word.may.is_ok(), free, "{status}");
            assert!(!matches!(word.may, Err((Fault::Permanent, _))), "{status} passes");
        }
        assert_eq!(times(&site, "/robots.txt"), 1, "{status}");
    }
}

#[tokio::test]
async fn five_redirects_of_robots_txt_are_followed_and_more_are_none() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/robots.txt" => Reply::to(301, "/5"),
        "/1" => Reply::whole(200, "", b"User-agent: atalaya\nDisallow: /\n"),
        path => Reply::to(302, &format!("/{}", path[1..].parse::<u32>().unwrap_or(100) - 1)),
    })
    .await;
    assert!(ask(&Robots::default(), &site, "/news", 0).await.may.is_err());
    let site = Site::new(|heard| Reply::to(302, &format!("{}x", heard.path()))).await;
    assert!(ask(&Robots::default(), &site, "/news", 0).await.may.is_ok());
    assert_eq!(site.requests().len(), 6);
}

#[tokio::test]
async fn of_an_endless_robots_txt_the_first_500_kib_count() {
    let site = Site::new(|_| {
        let begin = b"HTTP/1.1 200 X\r\n\r\nUser-agent: *\nDisallow: /private\n".to_vec();
        Reply::raw(begin, Then::Repeat(b"# filler\n".repeat(2000), 100_000, Duration::ZERO))
    })
    .await;
    let robots = Robots::default();
    assert!(ask(&robots, &site, "/private", 0).await.may.is_err());
    assert!(ask(&robots, &site, "/news", 0).await.may.is_ok());
}

#[test]
fn feeds_are_asked_for_and_excluded_articles_are_unreadable_at_once() {
    let mut world = World::new();
    world.site.serve("/robots.txt", Page::html("User-agent: *\nDisallow: /private\n"));
    let hidden = world.site.article("/private/a", "Hidden torture", "A page that robots are asked not to read.");
    let open = world.site.article("/open", "Open", "A page about torture.");
    world.site.feed("/private/feed.xml", &[entry("a", "Hidden", hidden), entry("b", "Open", open)]);
    let configuration = world.configuration().replace("/feed.xml", "/private/feed.xml");
    world.configure(&configuration);
    world.start();
    world.until("the open page is told", |world| !world.mails.is_empty());
    world.until_asked("/private/feed.xml", 2);
    world.stop();
    assert_eq!(world.asked.iter().filter(|path| *path == "/private/a").count(), 0);
    assert_eq!(world.asked.iter().filter(|path| *path == "/robots.txt").count(), 1, "{:?}", world.asked);
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"]["unreadable"], 1, "{ledger}");
    let status = String::from_utf8_lossy(&world.atalaya(&["status"]).stdout).into_owned();
    assert!(status.contains("robots.txt:") && status.contains("`/private`"), "{status}");
}

#[test]
fn an_excluded_page_fails_with_that_reason_unless_its_source_is_to_read_it_all_the_same() {
    for (extra, read) in [("", false), ("robots = false\n", true)] {
        let mut world = World::new();
        world.site.serve("/robots.txt", Page::html("User-agent: atalaya\nDisallow: /\n"));
        world.site.serve("/list", Page::html(LIST));
        world.site.article("/story", "A story", "A page about torture.");
        world.configure(&format!(
            "{}\n[source.list]\npage = \"{}\"\nitem = \"li\"\nevery = \"1s\"\nfirst_poll = \"all\"\n{extra}\n{}\n{RULE}",
            world.outside(),
            world.site.url("/list"),
            world.tellings("ana@example.org", "/200"),
        ));
        world.start();
        world.until("the page is told, or it fails", |world| {
            if read { !world.mails.is_empty() } else { world.log().contains("poll failed") }
        });
        world.stop();
        assert_eq!(world.asked.iter().any(|path| path == "/list"), read, "{:?}", world.asked);
        assert_eq!(world.asked.iter().any(|path| path == "/robots.txt"), !read, "{:?}", world.asked);
        assert_eq!(world.log().contains("robots_refused"), !read);
    }
}

#[test]
fn the_pause_that_a_site_wishes_lies_between_robots_txt_and_each_page() {
    let mut world = World::new();
    world.site.serve("/robots.txt", Page::html("User-agent: *\nCrawl-delay: 1\n"));
    let links = ["/a", "/b"].map(|path| world.site.article(path, path, "A page of no interest."));
    world.site.feed("/feed.xml", &links.map(|link| entry(&link, "A page", link.clone())));
    let politely =
        world.configuration().replace("connections = 4", "connections = 1").replace("\"1s\"\nfirst", "\"1h\"\nfirst");
    world.configure(&politely);
    world.start();
    let mut moments = Vec::new();
    for count in 1..=3 {
        let pages = |world: &World| world.asked.iter().filter(|path| *path != "/feed.xml").count();
        world.until("the next page is asked for", |world| pages(world) == count);
        moments.push(Instant::now());
    }
    world.stop();
    assert_eq!(world.asked[1], "/robots.txt", "{:?}", world.asked);
    for pair in moments.windows(2) {
        let pause = pair[1] - pair[0];
        assert!(pause >= Duration::from_millis(900), "{pause:?}");
    }
}

/// A configuration in which `source` is watched at the names paper.test and other.test of the one site.
fn at_two_names(world: &mut World, source: &str) {
    let outside = world.outside().replace(
        "[egress]\n",
        "[egress]\nhosts = { \"paper.test\" = \"127.0.0.1\", \"other.test\" = \"127.0.0.1\" }\n",
    );
    let tellings = world.tellings("ana@example.org", "/200");
    world.configure(&format!(
        "{outside}\n[source.paper]\n{source}every = \"1s\"\nfirst_poll = \"all\"\n\n{tellings}\n{RULE}"
    ));
}

#[test]
fn a_site_that_an_article_redirects_to_is_asked_what_robots_may_read_before_it_is_followed() {
    for (extra, read) in [("", false), ("robots = false\n", true)] {
        let mut world = World::new();
        world.site.serve("/robots.txt", Page::html("User-agent: *\nDisallow: /there\n"));
        world.site.serve("/here", Page::to(302, &world.site.url_at("other.test", "/there")));
        world.site.article("/there", "Torture there", "A page about torture.");
        // A feed is published for programs, wherever it has moved to.
        world.site.serve("/feed.xml", Page::to(302, &world.site.url_at("other.test", "/there.xml")));
        let here = world.site.url_at("paper.test", "/here");
        world.site.feed("/there.xml", &[entry("a", "Here", here)]);
        let source = format!("feed = \"{}\"\n{extra}", world.site.url_at("paper.test", "/feed.xml"));
        at_two_names(&mut world, &source);
        world.start();
        world.until("the article is told, or cannot be read", |world| {
            if read { !world.mails.is_empty() } else { world.log().contains("could not be read") }
        });
        world.stop();
        assert_eq!(world.asked.iter().any(|path| path == "/there"), read, "{:?}", world.asked);
        let hosts: Vec<_> =
            world.site.heard_for("/robots.txt").iter().filter_map(|it| it.header("host").map(str::to_owned)).collect();
        let named = |name: &str| hosts.iter().any(|host| host.starts_with(name));
        assert_eq!((named("paper.test"), named("other.test")), (!read, !read), "{hosts:?}");
        assert_eq!(world.ledger_adds_up()["states"]["unreadable"].as_u64().unwrap_or(0), u64::from(!read));
    }
}

#[test]
fn a_site_that_a_watched_page_redirects_to_is_asked_too_and_the_own_site_is_not_asked_again() {
    let mut world = World::new();
    world.site.serve("/robots.txt", Page::html("User-agent: *\nDisallow: /there\n"));
    world.site.serve("/here", Page::to(302, "/there"));
    world.site.serve("/there", Page::to(302, &world.site.url_at("other.test", "/there-too")));
    world.site.serve("/there-too", Page::html(LIST));
    let source = format!("page = \"{}\"\nitem = \"li\"\n", world.site.url_at("paper.test", "/here"));
    at_two_names(&mut world, &source);
    world.start();
    world.until_asked("/there", 2);
    world.stop();
    assert!(world.log().contains("code=\"robots_refused\"") && world.log().contains("other.test:"), "{}", world.log());
    assert!(!world.asked.contains(&"/there-too".to_owned()), "{:?}", world.asked);
    assert_eq!(world.site.heard_for("/robots.txt").len(), 2, "{:?}", world.asked);
}

#[tokio::test]
async fn the_time_at_a_door_does_not_count_and_what_is_refused_never_gets_there() {
    struct Slow;
    #[async_trait::async_trait]
    impl Door for Slow {
        async fn admits(&self, url: &Url) -> Result<(), (Fault, Reason)> {
            assert!(url.path() == "/b", "{url} is not asked about");
            tokio::time::sleep(Duration::from_millis(600)).await;
            Ok(())
        }
    }
    let site = Site::new(|heard| match heard.path().as_str() {
        "/a" => {
            let host = String::from_utf8_lossy(&heard.header("host")[0]).into_owned();
            Reply::to(302, &format!("http://{}/b", host.replace("paper", "other")))
        }
        "/inside" => Reply::to(302, "http://10.0.0.1/"),
        _ => Reply::whole(200, "", b"there").after(Duration::from_millis(100)),
    })
    .await;
    let client = client(&Egress { timeout: SignedDuration::from_millis(500), ..egress() });
    let ask = async |path: &str| {
        let url = site.url("paper.example", path);
        let request = Request { url: &url, accept: "*/*", validators: None, max_bytes: None, capture: false };
        client.get_past(&Slow, None, &request).await
    };
    assert_eq!(ask("/a").await.expect("an answer").body, b"there");
    assert!(matches!(ask("/inside").await, Err(FetchError::Refused { .. })));
}
