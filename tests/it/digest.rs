//! What is not told at once is told together, to people in their language and to programs, and a restart repeats nothing.

use crate::world::World;
use crate::world::entry;
use serde_json::Value;
use std::time::Duration;
use std::time::Instant;

/// Two persons and a webhook that are told in groups.
fn in_groups(world: &World) -> String {
    let all = "[subscription.everything]\nrules = \"all\"\nchannels = [\"desk\", \"case-system\"]\n";
    let groups = "[person.eva]\nemail = \"eva@example.org\"\nlanguage = \"es\"\ntimezone = \"America/Caracas\"\n\n\
                  [person.rui]\nemail = \"rui@example.org\"\nlanguage = \"pt\"\nformat = \"text\"\n\n\
                  [group.readers]\npersons = [\"eva\", \"rui\"]\n\n\
                  [subscription.soon]\nrules = \"all\"\nwho = [\"readers\", \"eva\"]\nchannels = [\"case-system\"]\n\
                  wait = \"8s\"\nevery = \"2h\"\n";
    world.configuration().replace(all, groups).replace("[channel.desk]\nemail = [\"ana@example.org\"]\n", "")
}

#[test]
fn a_group_is_one_message_to_each_in_their_language_and_a_kill_repeats_nothing() {
    let mut world = World::new();
    let text = |number| format!("In hall {number} they spoke of torture. Witness number {number} was heard.");
    let entries: Vec<(String, String, String)> = (1..=3)
        .map(|number| {
            let (path, title) = (format!("/{number}"), format!("Hearing number {number} in town {number}"));
            let link = world.site.article(&path, &title, &text(number));
            entry(&path, &title, link)
        })
        .collect();
    world.site.feed("/feed.xml", &entries);
    world.configure(&in_groups(&world));
    world.start();
    world.until("all pages are asked for", |world| (1..=3).all(|it| world.asked.contains(&format!("/{it}"))));
    // What waits is in the store: whoever comes next tells it.
    world.kill();
    world.start();
    world.until("two mails and a call", |world| world.mails.len() == 2 && world.calls.len() == 1);
    world.until_asked("/feed.xml", 2);
    assert_eq!((world.mails.len(), world.calls.len()), (2, 1));

    let to = |world: &World, who: &str| {
        let mail = world.mails.iter().find(|mail| World::header(mail, "to") == who);
        mail.expect("a mail to each").clone()
    };
    let (eva, rui) = (to(&world, "eva@example.org"), to(&world, "rui@example.org"));
    assert_eq!(World::header(&eva, "subject"), "soon: 3 historias");
    assert_eq!(World::header(&rui, "subject"), "soon: 3 histórias");
    assert_eq!(rui["html"], Value::Null, "Rui wants text alone");
    for (_, title, link) in &entries {
        for part in [&eva["text"], &eva["html"], &rui["text"]] {
            let part = part.as_str().expect("a part");
            assert!(part.contains(title.as_str()) && part.contains(link.as_str()), "{title} is missing:\n{part}");
        }
    }
    assert!(eva["html"].as_str().is_some_and(|html| html.contains("lang=\"es\"") && html.contains(">torture</mark>")));
    assert!(eva["text"].as_str().is_some_and(|text| text.contains("Enviado por Atalaya a eva@example.org (soon)")));
    let call = &world.calls[0];
    assert_eq!((call["error"].clone(), call["body"]["type"].clone()), (Value::Null, "digest.ready".into()));
    assert_eq!(call["body"]["data"]["sums"]["alerts"], 3);
    world.stop();
    let ledger = world.ledger_adds_up();
    assert_eq!((&ledger["held"], &ledger["held_states"]["told"]), (&9.into(), &9.into()));
    assert_eq!(ledger["outcomes"]["alerted"], 3);
}

#[test]
fn an_empty_digest_arrives_and_proves_that_somebody_listened() {
    let mut world = World::new();
    let all = "[subscription.everything]\nrules = \"all\"\nchannels = [\"desk\", \"case-system\"]\n";
    let minutely = "[person.eva]\nemail = \"eva@example.org\"\nlanguage = \"es\"\ntimezone = \"America/Caracas\"\n\n\
                    [subscription.minutely]\nrules = \"all\"\nwho = [\"eva\"]\nchannels = [\"case-system\"]\n\
                    digest = \"* * * * *\"\n";
    let configuration = world.configuration().replace(all, minutely);
    world.configure(&configuration);
    world.site.feed("/feed.xml", &[]);
    world.start();
    // A minute passes before one is due.
    let begun = Instant::now();
    while (world.mails.is_empty() || world.calls.is_empty()) && begun.elapsed() < Duration::from_secs(120) {
        world.one_event(Duration::from_secs(5));
    }
    let mail = world.mails.first().expect("a digest");
    assert!(World::header(mail, "subject").ends_with(": nada encontrado"), "{}", World::header(mail, "subject"));
    for part in ["text", "html"] {
        let text = mail[part].as_str().expect("both parts");
        for needed in ["Fuentes escuchadas: 1", "paper (0)", "Fuentes no escuchadas: 0", "Artículos leídos: 0"] {
            assert!(text.contains(needed), "{needed} is missing:\n{text}");
        }
    }
    let data = &world.calls[0]["body"]["data"];
    assert_eq!((&data["occasion"], &data["listening"]["heard"][0]["source"]), (&"digest".into(), &"paper".into()));
    world.stop();
    world.ledger_adds_up();
}
