//! No feed, page, redirect or name makes the daemon talk to an address that the operator has not opened.

use crate::fetching::ask;
use crate::fetching::egress;
use crate::site::Reply;
use crate::site::Site;
use atalaya::deliver::http::PostError;
use atalaya::deliver::http::Poster;
use atalaya::net::Client;
use atalaya::net::FetchError;
use std::net::IpAddr;
use url::Url;

/// Spellings of addresses that are not 127.0.0.1, the only one that the tests' `egress.allow` opens.
static REFUSED: &[&str] = &[
    "127.0.0.2",
    "127.0.0.2.",
    "127.2",
    "127.0.2",
    "2130706434",
    "0x7f000002",
    "0x7f.2",
    "0X7F.0.0.2",
    "0177.0.0.2",
    "017700000002",
    "1%32%37.0.0.2",
    "①②⑦.0.0.2",
    "１２７.0.0.2",
    "127。0。0。2",
    "0",
    "0x0",
    "0.0.0.0",
    "0.1",
    "10.0.0.1",
    "10.1",
    "167772161",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "0xc0a80001",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::127.0.0.2]",
    "[::ffff:127.0.0.2]",
    "[::ffff:7f00:2]",
    "[::FFFF:169.254.169.254]",
    "[64:ff9b::127.0.0.2]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
];

/// Servers at special addresses of this very machine and at the port of `site`: nobody may ever knock there.
async fn traps(site: &Site) -> Vec<Site> {
    let mut traps = Vec::new();
    for address in ["127.0.0.2", "::1"] {
        let address: IpAddr = address.parse().expect("an address");
        traps.extend(Site::at((address, site.port()).into(), |_| Reply::whole(200, "", b"secret")).await);
    }
    assert!(!traps.is_empty(), "this machine has 127.0.0.2");
    traps
}

fn assert_refused(form: &str, answer: Result<impl std::fmt::Debug, FetchError>) {
    match answer {
        Err(FetchError::Refused { .. }) => {}
        other => panic!("{form} gave {other:?}"),
    }
}

#[tokio::test]
async fn a_url_with_a_denied_address_in_any_spelling_is_not_asked() {
    let site = Site::new(|_| Reply::whole(200, "", b"welcome")).await;
    let traps = traps(&site).await;
    let client = Client::new(&egress(), "atalaya-test").expect("a client");
    for form in REFUSED {
        assert_refused(form, ask(&client, &site.url(form, "/")).await);
    }
    assert!(traps.iter().all(|trap| trap.connections() == 0));
    assert!(ask(&client, &site.url("127.1", "/")).await.is_ok(), "what is opened is open in every spelling");
}

#[tokio::test]
async fn a_redirect_to_a_denied_address_in_any_spelling_is_not_followed() {
    let site = Site::new(|heard| {
        let location = heard.path().trim_start_matches("/to/").to_owned();
        Reply::raw(
            [b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: ", location.as_bytes(), b"\r\n\r\n"].concat(),
            crate::site::Then::Next,
        )
    })
    .await;
    let traps = traps(&site).await;
    let client = Client::new(&egress(), "atalaya-test").expect("a client");
    for form in REFUSED {
        let target = format!("/to/http://{form}:{}/", site.port());
        assert_refused(form, ask(&client, &site.url("paper.example", &target)).await);
    }
    assert_eq!(site.requests().len(), REFUSED.len(), "each redirect was seen");
    for location in
        ["file:///etc/passwd", "ftp://paper.example/", "gopher://paper.example/", "http://u:p@paper.example/"]
    {
        assert_refused(location, ask(&client, &site.url("paper.example", &format!("/to/{location}"))).await);
    }
    assert!(traps.iter().all(|trap| trap.connections() == 0));
}

#[tokio::test]
async fn a_name_that_resolves_to_a_denied_address_is_not_asked() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/" => Reply::whole(200, "", b"welcome"),
        host => Reply::to(301, &format!("http://{}/", host.trim_start_matches('/'))),
    })
    .await;
    let traps = traps(&site).await;
    let addresses: Vec<IpAddr> = REFUSED
        .iter()
        .filter_map(|form| match site.url(form, "/").host() {
            Some(url::Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(url::Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        })
        .collect();
    assert_eq!(addresses.len(), REFUSED.len(), "each form is an address");
    let mut egress = egress();
    for (number, address) in addresses.iter().enumerate() {
        egress.hosts.push((format!("trap{number}.example"), *address));
    }
    let client = Client::new(&egress, "atalaya-test").expect("a client");
    for (number, address) in addresses.iter().enumerate() {
        let name = format!("trap{number}.example");
        let form = format!("{name} = {address}");
        assert_refused(&form, ask(&client, &site.url(&name, "/")).await);
        let hop = format!("/{name}:{}", site.port());
        assert_refused(&form, ask(&client, &site.url("paper.example", &hop)).await);
    }
    assert!(traps.iter().all(|trap| trap.connections() == 0));
}

#[tokio::test]
async fn of_a_name_with_good_and_denied_addresses_only_the_good_one_is_asked() {
    let site = Site::new(|_| Reply::whole(200, "", b"welcome")).await;
    let traps = traps(&site).await;
    let mut egress = egress();
    for address in ["127.0.0.2", "::1", "127.0.0.1", "169.254.169.254"] {
        egress.hosts.push(("mixed.example".into(), address.parse().expect("an address")));
    }
    let client = Client::new(&egress, "atalaya-test").expect("a client");
    let fetched = ask(&client, &site.url("mixed.example", "/")).await.expect("one address is open");
    assert_eq!(fetched.body, b"welcome");
    assert!(traps.iter().all(|trap| trap.connections() == 0));
}

#[tokio::test]
async fn without_an_opened_range_loopback_itself_is_refused() {
    let site = Site::new(|_| Reply::whole(200, "", b"welcome")).await;
    let mut egress = egress();
    egress.allow.clear();
    let client = Client::new(&egress, "atalaya-test").expect("a client");
    for host in ["127.0.0.1", "paper.example", "localhost", "LocalHost"] {
        let error = ask(&client, &site.url(host, "/")).await.expect_err(host);
        assert!(matches!(error, FetchError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains("egress.allow"), "{error}");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_webhook_to_a_denied_address_is_not_sent() {
    let site = Site::new(|_| Reply::whole(200, "", b"")).await;
    let traps = traps(&site).await;
    let mut egress = egress();
    egress.hosts.push(("trap.example".into(), "127.0.0.2".parse().expect("an address")));
    let poster = Poster::new(&egress, "atalaya-test").expect("a poster");
    let trap = site.url("trap.example", "/");
    let urls: Vec<Url> = REFUSED.iter().map(|form| site.url(form, "/")).chain([trap]).collect();
    for url in &urls {
        let error = poster.post(url, &[], b"{}").await.expect_err(url.as_str());
        assert!(matches!(error, PostError::Refused { .. }), "{url}: {error:?}");
        assert!(!error.in_doubt());
    }
    assert!(traps.iter().all(|trap| trap.connections() == 0));
}

#[test]
fn check_warns_of_a_source_whose_address_the_guard_will_refuse() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("atalaya.toml");
    let check = |egress: &str| {
        let text = format!(
            "[egress]\n{egress}\nhosts = {{ \"wiki.example\" = \"10.20.0.5\" }}\n\n\
             [source.inside]\nfeed = \"http://192.168.7.1/feed\"\n[source.wiki]\nfeed = \"http://wiki.example/feed\"\n\
             [source.paper]\nfeed = \"https://paper.example/feed\"\n"
        );
        std::fs::write(&file, text).expect("a file");
        let output = crate::world::command().arg("check").arg("--config").arg(&file).output().expect("it runs");
        assert!(output.status.success(), "a warning is no error");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = check("");
    for name in ["inside", "wiki"] {
        assert!(said.contains(&format!("[source.{name}] will not be asked: ")), "{said}");
    }
    assert!(said.contains("192.168.7.1") && said.contains("10.20.0.5") && !said.contains("source.paper"), "{said}");
    let said = check("allow = [\"192.168.7.1\", \"10.20.0.0/16\"]");
    assert!(!said.contains("will not be asked"), "{said}");
}
