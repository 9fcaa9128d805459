//! Pages that scripts build are shown by a browser service of the operator's, where there is one, and by no other way:
//! only such pages, only after guard and robots.txt, and what goes wrong with it hides nothing.

use crate::fetching::egress;
use crate::site::Reply;
use crate::site::Site;
use crate::site::Then;
use crate::world::Page;
use crate::world::RULE;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use atalaya::config::Egress;
use atalaya::config::Rendering;
use atalaya::net::RenderError;
use atalaya::net::Renderer;
use jiff::SignedDuration;
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

const SHELL: &str =
    "<!doctype html><title>Hearings</title><body><div id=\"root\"></div><script src=\"/app.js\"></script>";

/// What a browser makes of [`SHELL`].
const LIST: &str = "<!doctype html><title>Hearings</title><body><div id=\"root\"><ul><li><a href=\"/story\">A hearing\
                    </a></ul></div>";

/// The path at which the world's site stands in for the service.
fn service(page: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    format!("/browser?url={encoded}")
}

/// A world in which `source` is watched and pages are rendered.
fn world(source: impl Fn(&World) -> String) -> World {
    let mut world = World::new();
    let text = format!(
        "{}\n[rendering]\nurl = \"{}\"\nauthorization = \"Bearer geheim\"\ntimeout = \"2s\"\n\n\
         [source.court]\n{}every = \"1s\"\nfirst_poll = \"all\"\n\n{}\n{RULE}",
        world.outside(),
        world.site.url("/browser?url={url}"),
        source(&world),
        world.tellings("ana@example.org", "/200"),
    );
    world.configure(&text);
    world
}

fn page(world: &World) -> String {
    format!("page = \"{}\"\nitem = \"li\"\n", world.site.url("/list"))
}

#[test]
fn a_watched_page_that_scripts_build_is_read_as_a_browser_shows_it() {
    let mut world = world(page);
    let list = world.site.url("/list");
    // An ETag of the shell says nothing of what its scripts fetch.
    world.site.serve("/list", Page::html(SHELL).with("etag: \"shell\""));
    world.site.serve(&service(&list), Page::html(LIST));
    let story = world.site.article("/story", "A hearing", "The court heard of torture.");
    world.start();
    world.until("the story is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
    let two = LIST.replace("<ul>", "<ul><li><a href=\"/second\">Another hearing</a>");
    world.site.article("/second", "Another hearing", "A witness spoke of torture, too.");
    world.site.serve(&service(&list), Page::html(two));
    world.until("the second is told", |world| world.mails.len() == 2);
    world.stop();
    let asked = world.site.heard_for(&service(&list));
    assert!(asked.iter().all(|heard| heard.header("authorization") == Some("Bearer geheim")), "{asked:?}");
    assert!(world.site.heard_for("/list").iter().all(|heard| heard.header("if-none-match").is_none()));
    assert!(world.site.heard_for("/list").iter().all(|heard| heard.header("authorization").is_none()));
    assert!(!world.asked.contains(&service(&story)), "an article that can be read is not rendered");
    assert!(world.asked.iter().all(|path| path != "/app.js"), "{:?}", world.asked);
}

#[test]
fn an_article_that_scripts_build_is_judged_as_a_browser_shows_it_and_says_so() {
    let mut world = world(|world| format!("feed = \"{}\"\n", world.site.url("/feed.xml")));
    let (shell, plain) = (world.site.url("/shell"), world.site.article("/plain", "Plain", "On fences."));
    world.site.serve("/shell", Page::html(SHELL));
    world.site.serve(&service(&shell), Page::html(article("A report", "Three men spoke of torture.")));
    world.site.feed("/feed.xml", &[entry("a", "A report", shell.clone()), entry("b", "Plain", plain.clone())]);
    world.start();
    world.until("the article is told", |world| world.mails.len() == 1);
    world.until_asked("/feed.xml", 2);
    world.stop();
    let why = world.atalaya(&["why", &shell]);
    let told = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(told.contains("rendered: "), "{told}");
    assert!(!world.asked.contains(&service(&plain)), "{:?}", world.asked);
    assert_eq!(world.ledger_adds_up()["states"]["judged"], 2);
}

#[test]
fn what_the_service_fails_at_is_said_beside_what_is_wrong_with_the_page() {
    let mut world = world(page);
    let list = world.site.url("/list");
    world.site.serve("/list", Page::html(SHELL));
    world.site.serve_in_turn(&service(&list), vec![Page::status(502), Page::html(SHELL), Page::html(LIST)]);
    world.site.article("/story", "A hearing", "The court heard of torture.");
    world.start();
    world.until("the story is told at last", |world| world.mails.len() == 1);
    world.stop();
    let log = world.log();
    let failed: Vec<&str> = log.lines().filter(|line| line.contains("poll failed")).collect();
    assert_eq!(failed.len(), 2, "{failed:#?}");
    for (line, further) in failed.iter().zip(["answered 502", "rendered: an empty"]) {
        assert!(line.contains("needs_scripts") && line.contains("and 1 script") && line.contains(further), "{line}");
    }
    assert!(!log.contains("geheim"), "{log}");
}

#[test]
fn a_page_that_robots_are_to_leave_alone_or_a_source_that_is_never_rendered_does_not_reach_the_service() {
    for (robots, extra) in [("User-agent: *\nDisallow: /list\n", ""), ("", "render = \"never\"\n")] {
        let mut world = world(|world| page(world) + extra);
        let list = world.site.url("/list");
        world.site.serve("/robots.txt", Page::html(robots));
        world.site.serve("/list", Page::html(SHELL));
        world.site.serve(&service(&list), Page::html(LIST));
        world.start();
        world.until("two polls fail", |world| world.log().matches("poll failed").count() >= 2);
        world.stop();
        assert!(world.asked.iter().all(|path| !path.starts_with("/browser")), "{:?}", world.asked);
    }
}

#[test]
fn a_source_that_is_always_rendered_is_so_though_its_page_speaks_and_a_wall_never_is() {
    let mut world = world(|world| page(world) + "render = \"always\"\n");
    let list = world.site.url("/list");
    let wall = Page::html("<!doctype html><title>Just a moment...</title><body><script></script>");
    world.site.serve_in_turn("/list", vec![wall, Page::html(LIST.replace("/story", "/teaser"))]);
    world.site.serve(&service(&list), Page::html(LIST));
    let story = world.site.url("/story");
    world.site.serve("/story", Page::html(article("A hearing", "A short teaser.")));
    world.site.serve(&service(&story), Page::html(article("A hearing", "The court heard of torture.")));
    world.start();
    world.until("the story is told", |world| world.mails.len() == 1);
    world.stop();
    let browser = world.asked.iter().position(|path| path.starts_with("/browser")).expect("asked");
    let before = world.asked[..browser].iter().filter(|path| *path == "/list").count();
    assert!(before >= 2 && !world.asked.contains(&"/teaser".to_owned()), "{:?}", world.asked);
}

#[test]
fn the_host_of_a_page_is_left_alone_while_the_service_works() {
    let mut world = world(|world| format!("feed = \"{}\"\n", world.site.url("/feed.xml")));
    let configuration = world.configuration().replace("connections = 4", "connections = 1");
    world.configure(&configuration);
    let shell = world.site.url("/shell");
    world.site.serve("/shell", Page::html(SHELL));
    world.site.serve(&service(&shell), Page::silent());
    let plain = world.site.article("/plain", "Plain", "On torture.");
    world.site.feed("/feed.xml", &[entry("b", "Plain", plain), entry("a", "A report", shell.clone())]);
    world.start();
    world.until("both are asked for", |world| {
        ["/plain", &service(&shell)].iter().all(|path| world.asked.iter().any(|asked| asked == path))
    });
    world.until_asked("/feed.xml", 1);
    world.stop();
    let begun = world.site.heard_for(&service(&shell))[0].at;
    for heard in world.site.heard().iter().filter(|heard| heard.at > begun) {
        let pause = heard.at - begun;
        assert!(pause >= Duration::from_millis(1900), "{} after {pause:?}", heard.path());
    }
}

#[test]
fn try_article_shows_a_page_that_scripts_build_where_that_is_wanted_and_never_past_robots() {
    let world = world(page);
    let (list, file) = (world.site.url("/shell"), world.state().with_file_name("shell.html"));
    std::fs::write(&file, SHELL).expect("written");
    world.site.serve(&service(&list), Page::html(article("A hearing", "The court heard of torture.")));
    let tried = |arguments: &[&str]| {
        let file = file.display().to_string();
        let output = world.atalaya(&[&["try", "article", "--json", "--url", &list], arguments, &[&file]].concat());
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let plain = tried(&[]);
    assert!(plain["warnings"].to_string().contains("1 script"), "{plain}");
    assert!(world.site.heard().is_empty(), "nothing is asked without the switch");
    let shown = tried(&["--render"]);
    assert!(shown["text"].as_str().is_some_and(|text| text.contains("heard of torture")), "{shown}");
    assert!(shown["method"].as_str().is_some_and(|method| method.starts_with("rendered: ")), "{shown}");
    assert_eq!(world.site.heard_for(&service(&list))[0].header("authorization"), Some("Bearer geheim"));
    world.site.serve("/robots.txt", Page::html("User-agent: *\nDisallow: /shell\n"));
    let refused = tried(&["--render"]);
    assert!(refused["warnings"].to_string().contains("robots.txt"), "{refused}");
    assert_eq!(world.site.heard_for(&service(&list)).len(), 1);
}

#[test]
fn discover_finds_what_only_the_scripts_of_a_page_name_unless_it_is_never_rendered() {
    for (more, found) in [("", true), ("render = \"never\"\n", false)] {
        let world = world(|world| page(world) + more);
        let home = world.site.url("/home");
        world.site.serve("/home", Page::html(SHELL));
        let built = "<!doctype html><title>A paper</title><link rel=alternate type=application/rss+xml href=/feed.xml>";
        world.site.serve(&service(&home), Page::html(built));
        let link = world.site.url("/a");
        world.site.feed("/feed.xml", &[entry("a", "A hearing", link)]);
        let output = world.atalaya(&["discover", &home]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said.contains("/feed.xml"), found, "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(world.site.heard_for(&service(&home)).len(), usize::from(found));
    }
}

// ── the service by itself ──

fn rendering(site: &Site) -> Rendering {
    Rendering {
        url: format!("http://127.0.0.1:{}/render?wait=1&page={{url}}", site.port()),
        authorization: Some(SecretString::from("Bearer geheim")),
        timeout: SignedDuration::from_millis(500),
        concurrency: 1,
    }
}

/// Nothing of this machine is opened for sites.
fn closed() -> Egress {
    Egress { allow: Vec::new(), max_bytes: 1000, ..egress() }
}

async fn render(
    script: impl Fn() -> Reply + Send + Sync + 'static,
    page: &str,
) -> (Result<Vec<u8>, RenderError>, usize) {
    let site = Site::new(move |_| script()).await;
    let renderer = Renderer::new(&rendering(&site), &closed(), "Atalaya/0").expect("a renderer");
    let answer = renderer.render(&Url::parse(page).expect(page)).await;
    (answer.map(|page| page.body), site.requests().len())
}

#[tokio::test]
async fn the_service_may_be_on_this_machine_and_the_pages_that_it_is_given_may_not() {
    let good = || Reply::whole(200, "Content-Type: text/html\r\n", b"<p>shown");
    assert_eq!(render(good, "https://paper.example/a").await, (Ok(b"<p>shown".to_vec()), 1));
    for page in ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd"] {
        let (answer, asked) = render(good, page).await;
        assert!(matches!(answer, Err(RenderError::Refused(_))), "{page}: {answer:?}");
        assert_eq!(asked, 0, "{page}");
    }
}

#[tokio::test]
async fn what_the_service_answers_is_a_page_in_time_and_within_bounds_or_nothing() {
    const HTML: &str = "Content-Type: text/html\r\n";
    type Case = (&'static str, fn() -> Reply, fn(&RenderError) -> bool);
    let cases: Vec<Case> = vec![
        ("a status", || Reply::whole(500, HTML, b"<p>no"), |it| matches!(it, RenderError::Status(500))),
        ("a redirect", || Reply::to(302, "http://10.0.0.1/"), |it| matches!(it, RenderError::Status(302))),
        (
            "an image",
            || Reply::whole(200, "Content-Type: image/png\r\n", b"x"),
            |it| matches!(it, RenderError::NotAPage(_)),
        ),
        ("a giant", || Reply::whole(200, HTML, &[b'x'; 1001]), |it| matches!(it, RenderError::TooLarge(1000))),
        ("silence", || Reply::raw("", Then::Silence), |it| matches!(it, RenderError::TimedOut(_))),
        (
            "half a page",
            || Reply::raw("HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>", Then::Silence),
            |it| matches!(it, RenderError::TimedOut(_)),
        ),
        ("no HTTP", || Reply::raw("SSH-2.0\r\n", Then::Close), |it| matches!(it, RenderError::Unreachable(_))),
    ];
    for (fault, script, expected) in cases {
        let (answer, _) = render(script, "https://paper.example/geheim?token=geheim").await;
        let error = answer.expect_err(fault);
        assert!(expected(&error), "{fault}: {error:?}");
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}

#[tokio::test]
async fn no_more_pages_are_rendered_at_once_than_the_service_has_places() {
    let site = Site::new(|_| Reply::raw("", Then::Silence)).await;
    let renderer = Renderer::new(&rendering(&site), &closed(), "Atalaya/0").expect("a renderer");
    let page = Url::parse("https://paper.example/").expect("a URL");
    let answers = futures_util::future::join_all((0..4).map(|_| renderer.render(&page))).await;
    assert!(answers.iter().any(|answer| matches!(answer, Err(RenderError::Busy(_)))), "{answers:?}");
    assert!(site.requests().len() <= 2, "{}", site.requests().len());
}
