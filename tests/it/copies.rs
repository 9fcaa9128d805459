//! One thing that many papers print is told once, though each sets other words around it; and a report that says something
//! of its own is told, however much it shares with another.

use crate::world::Page;
use crate::world::World;
use crate::world::entry;
use serde_json::Value;

/// Some two hundred words of an invented agency. `case` is the sentence that the rule is about.
fn dispatch(case: &str) -> String {
    format!(
        "<p>{case}</p><p>The hearing room in Port Clare was full on Thursday morning when the public defender, Ines Marlow, read the \
         names of those who had been moved from the harbour prison during the night, and asked the bench to say where \
         each of them was being held and under whose orders the lorries had left the yard.</p><p>Nobody from the \
         prison service had come. The clerk read a letter in which the governor of the province promised an answer \
         before the end of the month, and the judge, who had waited for that letter since the spring, said that a \
         promise was not a list and put the matter down for another day.</p><p>Outside, mothers with photographs \
         stood along the railings. Some had slept there. A baker from the corner of Mill Street brought bread, and a \
         teacher wrote down for each family which cell block the last parcel had been accepted for, so that the \
         lawyers could compare her pages with the books of the gatehouse.</p>"
    )
}

fn page(before: &str, text: &str, after: &str) -> Page {
    Page::html(format!(
        "<!doctype html><html lang=\"en\"><head><title>{before}</title></head><body><article><h1>{before}</h1>{text}\
         <p>{after}</p></article></body></html>"
    ))
}

/// The first paper prints one page, and when that was told the second prints another. What became of the second.
fn second(first: Page, second: Page, told: usize) -> (World, Value) {
    let mut world = World::new();
    let echo =
        format!("\n[source.echo]\nfeed = \"{}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n", world.site.url("/echo.xml"));
    let configuration = world.configuration() + &echo;
    world.configure(&configuration);
    world.site.serve("/one", first);
    world.site.serve("/two", second);
    let (one, two) = (world.site.url("/one"), world.site.url("/two"));
    world.site.feed("/feed.xml", &[entry("one", "The harbour prison", one)]);
    world.site.feed("/echo.xml", &[]);
    world.start();
    world.until("the first is told", |world| world.mails.len() == 1);
    world.site.feed("/echo.xml", &[entry("two", "Families wait for a list", two.clone())]);
    world.until("the second is read", |world| world.asked.iter().any(|path| path == "/two"));
    world.until("the second is judged", |world| {
        let why = world.atalaya(&["why", "--json", &two]);
        serde_json::from_slice::<Value>(&why.stdout).is_ok_and(|why| why["state"] == "judged")
    });
    world.until("all is told", |world| world.mails.len() == told && world.calls.len() == told);
    world.stop();
    world.ledger_adds_up();
    let why = serde_json::from_slice(&world.atalaya(&["why", "--json", &two]).stdout).expect("JSON");
    (world, why)
}

#[test]
fn a_copy_with_other_words_around_it_is_told_once_and_says_what_it_shares() {
    let text = dispatch("A guard who gave evidence spoke of torture in the east wing.");
    let first = page("The harbour prison", &text, "Reporting by our correspondent.");
    let copy =
        page("Families wait for a list", &text, "Follow us for more from the region, every day, on every channel.");
    let (world, why) = second(first, copy, 1);
    assert_eq!(why["outcomes"][0]["kind"], "merged", "{why:#}");
    assert_eq!(why["article"]["relation"]["code"], "much_the_same", "{why:#}");
    let account = why["article"]["relation"]["account"].as_str().unwrap_or_default();
    assert!(account.contains("passages in common with “The harbour prison”"), "{account}");
    assert_eq!(world.mails.len(), 1);
}

#[test]
fn a_report_that_says_something_of_its_own_is_told_though_all_the_rest_is_the_same() {
    let first = page("The harbour prison", &dispatch("A guard spoke of torture in the east wing."), "By our staff.");
    let other =
        page("Families wait for a list", &dispatch("A doctor wrote of torture in a barracks."), "By an agency.");
    let (world, why) = second(first, other, 2);
    assert_eq!(why["outcomes"][0]["kind"], "alerted", "{why:#}");
    assert_eq!(world.mails.len(), 2);
}
