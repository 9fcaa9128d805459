//! What a silence covers is told to nobody, and stands in the ledger, in lists and in the digest; and who would hear of what
//! can be asked beforehand.

use crate::world::World;
use crate::world::entry;
use serde_json::Value;
use std::process::Output;

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn what_is_silenced_is_told_to_nobody_and_never_lost() {
    let mut world = World::new();
    let configuration = format!(
        "{}\n[person.eva]\nemail = \"eva@example.org\"\nlanguage = \"es\"\n\n\
         [subscription.morning]\nrules = \"all\"\nwho = [\"eva\"]\ndigest = \"0 8 * * *\"\n",
        world.configuration()
    );
    world.configure(&configuration);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link.clone())]);
    let silence = ["silence", "add", "--rule", "torture", "--until", "2h", "--author", "Ana", "--reason", "in court"];
    let made = json(&world.atalaya(&[&silence[..], &["--json"]].concat()));
    assert_eq!(made["name"], "1");
    let unknown = ["silence", "add", "--rule", "none", "--until", "2h", "--author", "Ana", "--reason", "x"];
    assert_eq!(world.atalaya(&unknown).status.code(), Some(2));

    world.start();
    world.until_asked("/a", 1);
    world.until_asked("/feed.xml", 3);
    assert_eq!((world.mails.len(), world.calls.len()), (0, 0), "nobody is told");
    let ledger = world.ledger_adds_up();
    assert_eq!((&ledger["matched"], &ledger["outcomes"]["muted"]), (&1.into(), &1.into()));
    assert_eq!(json(&world.atalaya(&["silence", "list", "--json"]))["muted"], 1);
    assert_eq!(json(&world.atalaya(&["silence", "muted", "1", "--json"]))["url"], link.as_str());

    let preview = json(&world.atalaya(&["preview", "digest", "morning", "--json"]));
    let digest = &preview["digest"];
    assert_eq!((&digest["muted"][0]["title"], &digest["tongue"]), (&"A report".into(), &"es".into()));
    assert_eq!(digest["listening"]["read"], 1);
    let text = world.atalaya(&["preview", "digest", "morning"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for needed in ["nada encontrado", "Silenciadas: 1", "por Ana: in court", "Artículos leídos: 1", &link] {
        assert!(text.contains(needed), "{needed} is missing:\n{text}");
    }

    assert_eq!(json(&world.atalaya(&["silence", "end", "1", "--json"]))["muted"], 1);
    let other = world.site.article("/b", "Another report", "It speaks of torture, too, in another town.");
    world.site.feed("/feed.xml", &[entry("b", "Another report", other), entry("a", "A report", link)]);
    world.until("what comes after its end is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world.stop();
    world.ledger_adds_up();
}

#[test]
fn try_route_says_who_would_hear_when_and_why() {
    let world = World::new();
    let configuration = format!(
        "{}\n[person.eva]\nemail = \"eva@example.org\"\ntimezone = \"Europe/Madrid\"\nquiet = [\"22:00-07:00\"]\n\n\
         [subscription.eva]\nrules = \"all\"\nwho = [\"eva\"]\n",
        world.configuration()
    );
    let mut world = world;
    world.configure(&configuration);
    let asked = json(&world.atalaya(&["try", "route", "--rule", "torture", "--at", "2026-11-24T23:00:00Z", "--json"]));
    let told = asked["told"].as_array().expect("a list");
    let eva = told.iter().find(|told| told["person"] == "eva").expect("Eva hears of it");
    assert_eq!((told.len(), &eva["later"]["code"]), (3, &"quiet_hours".into()));
    assert_eq!(eva["later"]["due"], "2026-11-25T06:00:00Z");
    assert!(told.iter().filter(|told| told["person"] != "eva").all(|told| told["later"] == Value::Null));
    let text = world.atalaya(&["try", "route", "--rule", "torture", "--at", "2026-11-24T12:00:00Z"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("eva (eva@example.org)  now"));
    assert_eq!(world.atalaya(&["try", "route", "--rule", "none"]).status.code(), Some(2));
}
