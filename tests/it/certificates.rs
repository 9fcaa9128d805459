//! A certificate that is not to be trusted is told apart from a server that is away, over a real handshake.

use crate::fetching::ask;
use crate::fetching::client;
use crate::fetching::egress;
use crate::sessions::TlsSite;
use crate::world::World;
use atalaya::config::Egress;
use atalaya::model::Fault;
use atalaya::model::Reason;
use atalaya::net::FetchError;
use std::io::Write;
use std::net::TcpListener;
use url::Url;

async fn refused(site: &TlsSite, egress: &Egress, host: &str) -> String {
    let url = Url::parse(&format!("https://{host}:{}/geheim?token=geheim", site.port)).expect("a URL");
    let error = ask(&client(egress), &url).await.expect_err(host);
    assert!(matches!(error, FetchError::Certificate { .. }), "{error:?}");
    assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Transient, "it may be renewed");
    let reason = error.reason();
    assert!(matches!(reason, Reason::Certificate { .. }), "{reason:?}");
    let said = reason.to_string();
    assert!(said.contains(host) && !said.contains("geheim"), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_certificate_that_expired_comes_early_vouches_for_itself_or_is_anothers_is_named_as_that() {
    for newest in ["1.2", "1.3"] {
        for (fault, word) in [("expired", "expired"), ("early", "not valid yet"), ("self-signed", "")] {
            let site = TlsSite::with_a_fault(newest, "close", fault);
            let said = refused(&site, &site.egress(1), "host0.tls.example").await;
            assert!(said.starts_with("certificate: ") && said.contains(word), "{newest} {fault}: {said}");
        }
        let site = TlsSite::start(newest, "close");
        let stranger = Egress { extra_ca: None, ..site.egress(1) };
        refused(&site, &stranger, "host0.tls.example").await;
        let mut elsewhere = site.egress(1);
        elsewhere.hosts.push(("paper.example".to_owned(), "127.0.0.1".parse().expect("an address")));
        refused(&site, &elsewhere, "paper.example").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_that_speaks_no_tls_or_is_away_has_no_bad_certificate() {
    let listen = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let (plain, gone) = (listen(), listen());
    let port = |listener: &TcpListener| listener.local_addr().expect("bound").port();
    let ports = [port(&plain), port(&gone)];
    drop(gone);
    std::thread::spawn(move || {
        // An error is a caller who went away.
        while let Ok((mut stream, _)) = plain.accept() {
            stream.write_all(b"invalid peer certificate\r\n").ok();
        }
    });
    for port in ports {
        let url = Url::parse(&format!("https://paper.example:{port}/")).expect("a URL");
        let error = ask(&client(&egress()), &url).await.expect_err("no TLS");
        assert!(!matches!(error, FetchError::Certificate { .. }), "{error:?}");
        assert_eq!(error.reason().code(), "connection_failed");
    }
}

#[test]
fn the_health_of_a_source_names_its_certificate() {
    let site = TlsSite::with_a_fault("1.3", "close", "expired");
    let authority = site.egress(0).extra_ca.expect("an authority");
    let mut world = World::without_receivers();
    let outside = world.outside().replace(
        "[egress]\n",
        &format!(
            "[egress]\nextra_ca = \"{}\"\nhosts = {{ \"paper.tls.example\" = \"127.0.0.1\" }}\n",
            authority.display()
        ),
    );
    world.configure(&format!(
        "{outside}\n[source.paper]\nfeed = \"https://paper.tls.example:{}/feed\"\nevery = \"1s\"\n\
         [source.clock]\nfeed = \"{}\"\nevery = \"1s\"\n",
        site.port,
        world.site.url("/feed.xml")
    ));
    world.start();
    world.until("the poll fails", |world| world.log().contains("code=\"certificate\""));
    world.stop();
    let status = String::from_utf8_lossy(&world.atalaya(&["status"]).stdout).into_owned();
    assert!(status.contains("certificate: ") && status.contains("expired"), "{status}");
}
