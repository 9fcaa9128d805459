//! What is secret stays secret: in logs at their loudest, in errors, in `check`, in reports, in mail.

use crate::world::SECRET;
use crate::world::World;
use crate::world::entry;

/// Stands in the configuration in every place that may hold something secret.
const TOKENS: [&str; 3] = ["hush-password", "hush-query", "hush-userinfo"];

#[test]
fn no_secret_is_seen_outside_of_its_place() {
    let mut world = World::new();
    // The webhook's address carries a token, the feed's address a key, and the relay a password that it never asks for.
    let configuration = world
        .configuration()
        .replace("/500x1\"", "/200\"")
        .replace("/200\"", "/500x1?token=hush-query\"")
        .replace("security = \"plain\"", "security = \"plain\"\nusername = \"tower\"\npassword = \"hush-password\"");
    world.configure(&configuration);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("two calls, and a try to log in", |world| world.calls.len() == 2 && world.log().contains("desk"));
    world.stop();

    let mut seen = world.log();
    for arguments in
        [&["check"][..], &["status"], &["outbox", "list"], &["outbox", "list", "--json"], &["ledger", "--json"]]
    {
        let output = world.atalaya(arguments);
        seen += &String::from_utf8_lossy(&output.stdout);
        seen += &String::from_utf8_lossy(&output.stderr);
    }
    // Now with a fault in each of the tables that hold secrets: what is quoted must not be the secret.
    let faulty = configuration
        .replace("password = \"hush-password\"", "pasword = \"hush-password\"\n")
        .replace("secret = ", "secrt = ")
        .replace("feed = \"http://", "feed = \"ftp://user:hush-userinfo@");
    world.configure(&faulty);
    let output = world.atalaya(&["check"]);
    assert_eq!(output.status.code(), Some(78));
    seen += &String::from_utf8_lossy(&output.stdout);
    seen += &String::from_utf8_lossy(&output.stderr);
    world.configure(&configuration);

    for secret in TOKENS.into_iter().chain([SECRET, SECRET.trim_start_matches("whsec_")]) {
        let place = seen.lines().find(|line| line.contains(secret));
        assert_eq!(place, None, "{secret} is seen");
    }
    for mail in &world.mails {
        assert!(TOKENS.iter().all(|token| !mail.to_string().contains(token)));
    }
}
