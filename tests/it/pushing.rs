//! WebSub with a real hub: subscribed, verified, renewed; a push makes the source due, and nothing else does.

use crate::world::Page;
use crate::world::World;
use crate::world::entry;
use crate::world::feed;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::ChildStdin;

/// A world whose feed names a hub that grants leases of so many seconds, is polled every hour, and whose web server
/// listens.
fn pushed(lease: &str) -> (World, ChildStdin) {
    let mut world = World::new();
    let (hub, orders) = world.hub(lease);
    let port = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let mut configuration = world.configuration().replace("every = \"1s\"", "every = \"1h\"");
    let _written =
        write!(configuration, "\n[web]\nlisten = \"127.0.0.1:{port}\"\npublic = \"http://127.0.0.1:{port}\"\n");
    world.configure(&configuration);
    serve(&world, hub, &[]);
    (world, orders)
}

/// Serves the feed with its hub in the Link header.
fn serve(world: &World, hub: u16, entries: &[(String, String, String)]) {
    let mut page = Page::xml(feed(entries));
    let own = world.site.url("/feed.xml");
    page.headers.push(format!("link: <http://127.0.0.1:{hub}/>; rel=\"hub\", <{own}>; rel=\"self\""));
    world.site.serve("/feed.xml", page);
}

fn saw(world: &World, what: &str) -> usize {
    world.hub_events.iter().filter(|event| event["hub"] == what).count()
}

fn delivered(world: &World, how: &str) -> Option<u64> {
    let event = world.hub_events.iter().find(|event| event["hub"] == "delivered" && event["how"] == how)?;
    event["status"].as_u64()
}

#[test]
fn a_push_brings_the_alert_at_once_though_polling_is_slow() {
    let (mut world, mut orders) = pushed("86400");
    world.start();
    world.until("the hub has verified", |world| saw(world, "verified") == 1);
    let hub = world.hub_port();
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    serve(&world, hub, &[entry("a", "A report", link)]);

    // A wrong signature is answered as if all were well and changes nothing; none at all is refused.
    writeln!(orders, "wrong").expect("the hub hears");
    world.until("the wrong one is answered", |world| delivered(world, "wrong").is_some());
    writeln!(orders, "unsigned").expect("the hub hears");
    world.until("the unsigned one is answered", |world| delivered(world, "unsigned").is_some());
    writeln!(orders, "stray").expect("the hub hears");
    world.until("the stray question is answered", |world| saw(world, "stray") == 1);
    assert_eq!(delivered(&world, "wrong"), Some(202));
    assert_eq!(delivered(&world, "unsigned"), Some(403));
    let stray = world.hub_events.iter().find(|event| event["hub"] == "stray").expect("it was answered");
    assert_eq!((&stray["verified"], &stray["status"]), (&Value::Bool(false), &Value::from(404)));
    assert_eq!(world.asked.iter().filter(|path| *path == "/feed.xml").count(), 1, "only the first poll so far");

    writeln!(orders, "good").expect("the hub hears");
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    assert_eq!(delivered(&world, "good"), Some(202));
    // A restart keeps the subscription and asks for no other.
    world.stop();
    world.start();
    world.until("the daemon turns", |world| world.notified.iter().any(|line| line.contains("WATCHDOG=1")));
    assert_eq!(saw(&world, "asked"), 1);
    world.stop();
}

#[test]
fn without_a_public_address_no_hub_is_asked() {
    let (mut world, _orders) = pushed("86400");
    let configuration = world.configuration();
    let without: String =
        configuration.lines().filter(|line| !line.starts_with("public")).map(|line| format!("{line}\n")).collect();
    world.configure(&without);
    world.start();
    world.until_asked("/feed.xml", 1);
    world.until("the daemon turns", |world| world.notified.iter().any(|line| line.contains("WATCHDOG=1")));
    assert_eq!(saw(&world, "asked"), 0);
    world.stop();
}
