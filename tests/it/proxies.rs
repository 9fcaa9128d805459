//! Who is watching stays hidden behind a proxy: names go to the proxy alone, and everything of a source goes its way.

use crate::fetching::egress;
use crate::sessions::TlsSite;
use crate::site::Reply;
use crate::site::Site;
use crate::world::Page;
use crate::world::RULE;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use atalaya::config::Egress;
use atalaya::deliver::http::Poster;
use atalaya::model::Proxy;
use atalaya::net::Client;
use atalaya::net::FetchError;
use atalaya::net::Fetched;
use atalaya::net::Request;
use base64::Engine;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use url::Url;

/// A proxy on loopback that speaks HTTP and SOCKS 5, remembers what it was asked, and leads every name to one port of
/// this machine.
struct Middleman {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Middleman {
    /// With `login` (`name:password`) it lets nobody else through.
    fn start(to: u16, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let witness = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                let witness = Arc::clone(&witness);
                // An error is a caller who went away.
                thread::spawn(move || serve(stream, to, login, &witness).ok());
            }
        });
        Self { port, heard }
    }

    fn proxy(&self, scheme: &str, login: &str) -> Proxy {
        Proxy::parse(&format!("{scheme}://{login}127.0.0.1:{}", self.port)).expect("a proxy")
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no poison").clone()
    }
}

fn serve(mut stream: TcpStream, to: u16, login: Option<&str>, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut first = [0];
    stream.read_exact(&mut first)?;
    if first[0] == 5 { socks(stream, to, login, heard) } else { http(stream, first[0], to, login, heard) }
}

/// RFC 1928 and RFC 1929.
fn socks(mut stream: TcpStream, to: u16, login: Option<&str>, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let counted = |stream: &mut TcpStream| -> std::io::Result<Vec<u8>> {
        let mut length = [0];
        stream.read_exact(&mut length)?;
        let mut bytes = vec![0; length[0].into()];
        stream.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let methods = counted(&mut stream)?;
    if let Some(login) = login {
        if !methods.contains(&2) {
            return stream.write_all(&[5, 0xff]);
        }
        stream.write_all(&[5, 2])?;
        stream.read_exact(&mut [0])?;
        let given = [counted(&mut stream)?, counted(&mut stream)?].join(&b':');
        stream.write_all(&[1, u8::from(given != login.as_bytes())])?;
        if given != login.as_bytes() {
            return Ok(());
        }
    } else {
        stream.write_all(&[5, 0])?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let target = if head[3] == 3 {
        String::from_utf8_lossy(&counted(&mut stream)?).into_owned()
    } else {
        "an address, not a name".to_owned()
    };
    stream.read_exact(&mut [0; 2])?;
    heard.lock().expect("no poison").push(format!("SOCKS {target}"));
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    join(stream, TcpStream::connect(("127.0.0.1", to))?)
}

fn http(
    mut stream: TcpStream,
    first: u8,
    to: u16,
    login: Option<&str>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    heard.lock().expect("no poison").push(line.trim_end_matches(" HTTP/1.1").to_owned());
    if let Some(login) = login {
        let wanted = base64::engine::general_purpose::STANDARD.encode(login);
        if !head.contains(&wanted) {
            return stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    }
    let mut site = TcpStream::connect(("127.0.0.1", to))?;
    if line.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    } else {
        let url = Url::parse(line.split(' ').nth(1).unwrap_or_default()).expect("a whole address");
        let head = head.replacen(url.as_str(), url.path(), 1);
        site.write_all(head.as_bytes())?;
    }
    join(stream, site)
}

fn join(stream: TcpStream, site: TcpStream) -> std::io::Result<()> {
    let (mut from, mut to) = (stream.try_clone()?, site.try_clone()?);
    thread::spawn(move || {
        let _ended = std::io::copy(&mut from, &mut to);
        let _ended = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (site, stream);
    std::io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Both)
}

async fn ask(client: &Client, proxy: &Proxy, url: &str) -> Result<Fetched, FetchError> {
    let url = Url::parse(url).expect("a URL");
    let request = Request { url: &url, accept: "*/*", validators: None, max_bytes: None, capture: false };
    client.get_by(Some(proxy), &request).await
}

fn client(egress: &Egress) -> Client {
    Client::new(egress, "Atalaya/0").expect("a client")
}

/// `trap.invalid` leads to an address of this machine where somebody counts who knocks; the other names lead nowhere.
async fn trap() -> (Egress, Site) {
    let trap = Site::at("127.0.0.2:0".parse().expect("an address"), |_| Reply::whole(200, "", b"trapped")).await;
    let mut egress = egress();
    egress.allow.push("127.0.0.2/32".parse().expect("a range"));
    egress.hosts.push(("trap.invalid".into(), "127.0.0.2".parse().expect("an address")));
    (egress, trap.expect("this machine has 127.0.0.2"))
}

#[tokio::test]
async fn with_a_proxy_no_name_is_looked_up_here() {
    let site = Site::new(|_| Reply::whole(200, "", b"news")).await;
    let middleman = Middleman::start(site.port(), None);
    let (egress, trap) = trap().await;
    let client = client(&egress);
    let trapped = format!("http://trap.invalid:{}/feed", trap.port());
    for scheme in ["http", "socks5h"] {
        let proxy = middleman.proxy(scheme, "");
        for url in ["http://paper.invalid/feed", trapped.as_str(), "http://abcdefghij234567.onion/feed"] {
            assert_eq!(ask(&client, &proxy, url).await.expect(url).body, b"news", "{scheme} {url}");
        }
    }
    assert_eq!(trap.connections(), 0);
    let requests = site.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.header("proxy-authorization").is_empty()));
    assert_eq!(
        middleman.heard(),
        [
            "GET http://paper.invalid/feed",
            &format!("GET {trapped}"),
            "GET http://abcdefghij234567.onion/feed",
            "SOCKS paper.invalid",
            "SOCKS trap.invalid",
            "SOCKS abcdefghij234567.onion",
        ]
    );
    // The same names without a proxy: the trap works, and the other name is nowhere.
    let direct = async |url: &str| crate::fetching::ask(&client, &Url::parse(url).expect("a URL")).await;
    assert_eq!(direct(&trapped).await.expect("the trap").body, b"trapped");
    assert!(matches!(direct("http://paper.invalid/feed").await, Err(FetchError::Unreachable { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tls_goes_through_a_proxy_to_the_site_itself() {
    let site = TlsSite::start("1.3", "close");
    let middleman = Middleman::start(site.port, None);
    // Without any address for the name on this side.
    let egress = Egress { hosts: Vec::new(), ..site.egress(0) };
    let client = client(&egress);
    for scheme in ["http", "socks5h"] {
        let proxy = middleman.proxy(scheme, "");
        assert_eq!(ask(&client, &proxy, "https://paper.tls.example/feed").await.expect(scheme).body, b"ok");
    }
    assert_eq!(middleman.heard(), ["CONNECT paper.tls.example:443", "SOCKS paper.tls.example"]);
    let error = ask(&client, &middleman.proxy("http", ""), "https://paper.example/").await.expect_err("another name");
    assert!(matches!(error, FetchError::Certificate { .. }), "the certificate is judged: {error:?}");
}

#[tokio::test]
async fn literal_addresses_are_judged_before_a_proxy_hears_of_them() {
    let target = |path: &str| path.split_once("/to/").map(|(_, target)| target.to_owned()).unwrap_or_default();
    let site = Site::new(move |heard| Reply::to(302, &target(&heard.path()))).await;
    let middleman = Middleman::start(site.port(), None);
    let client = client(&Egress { allow: Vec::new(), ..egress() });
    let denied = [
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://localhost/",
        "http://a.localhost./",
    ];
    for scheme in ["http", "socks5h"] {
        let proxy = middleman.proxy(scheme, "");
        for url in denied.into_iter().chain(["ftp://paper.invalid/", "http://ana:geheim@paper.invalid/"]) {
            let error = ask(&client, &proxy, url).await.expect_err(url);
            assert!(matches!(error, FetchError::Refused { .. }), "{url}: {error:?}");
            assert_eq!(middleman.heard(), [""; 0], "{url}");
        }
        for url in denied {
            let error = ask(&client, &proxy, &format!("http://paper.invalid/to/{url}")).await.expect_err(url);
            assert!(matches!(error, FetchError::Refused { .. }), "{url}: {error:?}");
        }
        let heard = std::mem::take(&mut *middleman.heard.lock().expect("no poison"));
        assert!(!heard.is_empty() && heard.iter().all(|line| line.contains("paper.invalid")), "{heard:?}");
    }
}

#[tokio::test]
async fn the_password_reaches_the_proxy_and_no_text() {
    let site = Site::new(|_| Reply::whole(200, "", b"news")).await;
    let middleman = Middleman::start(site.port(), Some("ana:geheim"));
    let client = client(&egress());
    for scheme in ["http", "socks5h"] {
        let proxy = middleman.proxy(scheme, "ana:geheim@");
        assert_eq!(ask(&client, &proxy, "http://paper.invalid/").await.expect(scheme).body, b"news");
    }
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    for scheme in ["http", "socks5h"] {
        let wrong = middleman.proxy(scheme, "ana:falsch77@");
        let nobody = Proxy::parse(&format!("{scheme}://ana:falsch77@127.0.0.1:{closed}")).expect("a proxy");
        for proxy in [&wrong, &nobody] {
            for url in ["http://paper.invalid/", "https://paper.invalid/"] {
                let error = ask(&client, proxy, url).await.expect_err("no way");
                let texts = format!("{error} {error:?} {} {:?} {client:?}", error.reason(), error.reason());
                assert!(!texts.contains("falsch77") && !texts.contains("geheim"), "{texts}");
            }
        }
    }
}

#[tokio::test]
async fn webhooks_go_through_the_proxy_unless_the_operator_has_put_the_receiver_on_the_map() {
    let site = Site::new(|_| Reply::whole(200, "", b"")).await;
    let middleman = Middleman::start(site.port(), None);
    let egress = Egress { proxy: Some(middleman.proxy("socks5h", "")), ..egress() };
    let poster = Poster::new(&egress, "Atalaya/0").expect("a poster");
    let inside = [site.url("paper.example", "/hook"), site.url("127.0.0.1", "/hook")];
    for url in &inside {
        assert_eq!(poster.post(url, &[], b"{}").await.expect("an answer").status, 200);
    }
    assert_eq!(middleman.heard(), [""; 0]);
    let outside = Url::parse("http://receiver.invalid/hook").expect("a URL");
    assert_eq!(poster.post(&outside, &[], b"{}").await.expect("an answer").status, 200);
    assert_eq!(middleman.heard(), ["SOCKS receiver.invalid"]);
}

#[test]
fn a_source_its_articles_and_their_redirects_go_through_its_proxy_and_others_do_not() {
    let mut world = World::new();
    let port = Url::parse(&world.site.url("/")).expect("a URL").port().expect("a port");
    let middleman = Middleman::start(port, None);
    let proxy = middleman.proxy("socks5h", "");
    let direct = world.site.article("/direct", "Direct", "A page about torture that is asked for directly.");
    world.site.feed("/direct.xml", &[entry("d", "Direct", direct)]);
    world.site.serve("/story", Page::html(article("Hidden", "A page about torture that nobody sees us read.")));
    let moved = Page { headers: vec!["location: http://pages.invalid/story".into()], ..Page::status(302) };
    world.site.serve("/moved", moved);
    world.site.feed("/hidden.xml", &[entry("h", "Hidden", "http://links.invalid/moved")]);
    world.configure(&format!(
        "{}\n[source.hidden]\nfeed = \"http://paper.invalid/hidden.xml\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\
         proxy = \"{proxy}\"\n\n[source.open]\nfeed = \"{}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\n{}\n{RULE}",
        world.outside(),
        world.site.url("/direct.xml"),
        world.tellings("ana@example.org", "/200"),
    ));
    world.start();
    world.until("both are told", |world| world.mails.len() >= 2);
    world.stop();
    let mut heard = middleman.heard();
    heard.sort();
    heard.dedup();
    assert_eq!(heard, ["SOCKS links.invalid", "SOCKS pages.invalid", "SOCKS paper.invalid"]);
    assert!(world.asked.iter().any(|path| path == "/robots.txt"), "{:?}", world.asked);
}

#[test]
fn a_source_with_a_proxy_is_not_subscribed_to_since_a_hub_would_be_told_our_address() {
    for hidden in [true, false] {
        let mut world = World::new();
        let (hub, _orders) = world.hub("86400");
        let site = Url::parse(&world.site.url("/")).expect("a URL").port().expect("a port");
        let middleman = Middleman::start(site, None);
        let mut page = Page::xml(crate::world::feed(&[]));
        page.headers.push(format!(
            "link: <http://127.0.0.1:{hub}/>; rel=\"hub\", <http://paper.invalid/feed.xml>; rel=\"self\""
        ));
        world.site.serve("/feed.xml", page);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let (address, proxy) = match hidden {
            true => {
                ("http://paper.invalid/feed.xml".to_owned(), format!("proxy = \"{}\"", middleman.proxy("socks5h", "")))
            }
            false => (world.site.url("/feed.xml"), String::new()),
        };
        world.configure(&format!(
            "{}\n[web]\nlisten = \"127.0.0.1:{port}\"\npublic = \"http://127.0.0.1:{port}\"\n\n\
             [source.paper]\nfeed = \"{address}\"\nevery = \"1s\"\n{proxy}\n\n{}\n{RULE}",
            world.outside(),
            world.tellings("ana@example.org", "/200"),
        ));
        world.start();
        if hidden {
            world.until_asked("/feed.xml", 3);
        } else {
            world
                .until("the hub has verified", |world| world.hub_events.iter().any(|event| event["hub"] == "verified"));
        }
        world.stop();
        assert_eq!(world.hub_events.is_empty(), hidden, "{:?}", world.hub_events);
        assert_eq!(world.log().contains("the hub was asked"), !hidden);
    }
}

#[test]
fn an_item_whose_source_has_gone_is_asked_for_by_no_other_way() {
    let mut world = World::new();
    let site = Url::parse(&world.site.url("/")).expect("a URL").port().expect("a port");
    let middleman = Middleman::start(site, None);
    let link = world.site.url("/a");
    world.site.serve_in_turn("/a", vec![Page::status(503), Page::html(article("Late", "A page about torture."))]);
    world.site.feed("/hidden.xml", &[entry("a", "Late", link)]);
    world.site.feed("/feed.xml", &[]);
    let staying = world.configuration().replace("[\"100ms\", \"200ms\"]", "[\"2s\", \"100ms\"]");
    let hidden = format!(
        "\n[source.hidden]\nfeed = \"http://paper.invalid/hidden.xml\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\
         proxy = \"{}\"\n",
        middleman.proxy("socks5h", "")
    );
    world.configure(&format!("{staying}{hidden}"));
    world.start();
    world.until("the page has failed once", |world| world.asked.iter().any(|path| path == "/a"));
    world.configure(&staying);
    world.signal("HUP");
    world.until("nobody says any more how to ask", |world| world.log().contains("code=\"source_gone\""));
    world.until("its tries are used up", |world| world.log().contains("could not be read"));
    world.stop();
    assert_eq!(world.asked.iter().filter(|path| *path == "/a").count(), 1);
    assert_eq!(world.ledger_adds_up()["states"]["unreadable"], 1);
}
