//! The demo's newsstand under the real daemon with the shipped pack: what is true is told once, every trap stays
//! silent, and what cannot be read is listed.

use crate::world::World;
use atalaya::cli::demo::expected;
use atalaya::cli::demo::expected::Expectation;
use atalaya::cli::demo::expected::FAMILIES;
use atalaya::cli::demo::expected::Fate;
use atalaya::cli::demo::newsstand::Newsstand;
use atalaya::cli::demo::newsstand::Watch;
use atalaya::cli::demo::papers;
use atalaya::clock;
use atalaya::model::ItemState;
use atalaya::model::OutcomeKind;
use atalaya::store::Store;
use atalaya::store::Way;
use atalaya::store::sqlite::SqliteStore;
use atalaya::story::address;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;
use std::time::Instant;
use tokio::runtime::Runtime;

/// Articles appear for a quarter of a minute, and each is tried three times.
const LONGEST: Duration = Duration::from_secs(120);

/// The rule that answers for a family of the newsstand: of the pack, or one of ours that asks for one entity.
fn rule_of(family: &str) -> String {
    match family {
        "torture" => "torture".into(),
        "political_prisoners" => "arbitrary_detention".into(),
        entity => format!("speaks_of_{entity}"),
    }
}

/// The pack's entity of a family.
fn entity_of(family: &str) -> &str {
    match family {
        "icc" => "icc_court",
        "oas" => "oas_org",
        "faes" => "faes_ve_police",
        "colectivos" => "colectivos_ve_armed",
        same => same,
    }
}

fn configuration(world: &World, stand: &Newsstand) -> String {
    let mut text = world.outside().replacen("state = ", "packs = [\"venezuela\"]\nstate = ", 1);
    text.push_str(&world.tellings("desk@newsroom.example", "/200"));
    for family in FAMILIES {
        if !["torture", "political_prisoners"].contains(&family) {
            let _ = writeln!(text, "\n[rule.{}]\nmatch = '@{}'", rule_of(family), entity_of(family));
        }
    }
    for stall in stand.stalls() {
        let watch = match &stall.watch {
            Watch::Feed { url } => format!("feed = \"{url}\""),
            Watch::Page { url, item, link, title } => {
                // A list without dates would be taken for what was there before anybody watched.
                format!(
                    "page = \"{url}\"\nitem = \"{item}\"\nlink = \"{link}\"\ntitle = \"{title}\"\nfirst_poll = \"all\""
                )
            }
        };
        let _ = writeln!(text, "\n[source.{}]\n{watch}\nevery = \"1s\"", stall.name);
    }
    text
}

/// The address that a paper lists for an article.
fn listed_address(stand: &Newsstand, papers: &[papers::Paper], name: &str) -> String {
    let (paper, article) = papers::find(papers, name).expect("the article is there");
    if let Some(elsewhere) = &article.elsewhere {
        return listed_address(stand, papers, elsewhere);
    }
    let stall = stand.stalls().iter().find(|stall| stall.name == paper.name).expect("the paper is there");
    format!("{}{}", stall.base, article.path)
}

/// The items that `paper/slug` became; more than one where the paper lists it again.
async fn ways(store: &SqliteStore, url: &str, name: &str) -> Vec<Way> {
    let key = address::canonical(url).expect("a web address");
    let paper = name.split('/').next().expect("a paper");
    let ways = store.ways(url, &key).await.expect("the store answers");
    ways.into_iter().filter(|way| way.item.source.as_str() == paper).collect()
}

fn is_settled(way: &Way) -> bool {
    !matches!(way.state, ItemState::Waiting | ItemState::Reading)
}

/// Everything that became of the newsstand, by `paper/slug`.
fn watched(
    world: &mut World,
    stand: &Newsstand,
    runtime: &Runtime,
    expectations: &[Expectation],
) -> BTreeMap<String, Vec<Way>> {
    let papers = papers::all().expect("the papers are part of the program");
    let state = world.state();
    let store = runtime.block_on(SqliteStore::open_read_only(&state)).expect("the daemon made it");
    let begun = Instant::now();
    loop {
        let mut found = BTreeMap::new();
        for expectation in expectations {
            let url = listed_address(stand, &papers, &expectation.article);
            found.insert(expectation.article.clone(), runtime.block_on(ways(&store, &url, &expectation.article)));
        }
        let unsettled: Vec<&String> = found
            .iter()
            .filter(|(_, ways)| ways.is_empty() || !ways.iter().all(is_settled))
            .map(|(name, _)| name)
            .collect();
        let status = runtime.block_on(store.status(clock::now())).expect("the store answers");
        if unsettled.is_empty() && status.outbox_waiting == 0 {
            runtime.block_on(store.close());
            return found;
        }
        assert!(begun.elapsed() < LONGEST, "not settled: {unsettled:?}, {} to send", status.outbox_waiting);
        // Any event, or a moment later: settling makes none that could be waited for.
        world.one_event(Duration::from_millis(250));
    }
}

fn matched(ways: &[Way], rule: &str) -> bool {
    ways.iter().any(|way| way.verdicts.iter().any(|verdict| verdict.rule.as_str() == rule && verdict.matched))
}

fn outcomes(ways: &[Way], rule: &str) -> Vec<OutcomeKind> {
    let all = ways.iter().flat_map(|way| &way.outcomes).filter(|outcome| outcome.rule.as_str() == rule);
    all.map(|outcome| outcome.kind).collect()
}

/// What is wrong with what became of one article.
fn faults(expectation: &Expectation, expectations: &[Expectation], found: &BTreeMap<String, Vec<Way>>) -> Vec<String> {
    let ways = &found[&expectation.article];
    let mut faults = Vec::new();
    let state = match expectation.fate {
        Fate::Judged | Fate::Copy(_) => ItemState::Judged,
        Fate::Unreadable => ItemState::Unreadable,
        Fate::TooOld => ItemState::TooOld,
    };
    for way in ways.iter().filter(|way| way.state != state) {
        faults.push(format!("is {} and not {}: {:?}", way.state.as_str(), state.as_str(), way.reason));
    }
    if state != ItemState::Judged {
        if ways.iter().any(|way| !way.verdicts.is_empty() || !way.outcomes.is_empty()) {
            faults.push("has verdicts although nobody read it".into());
        }
        return faults;
    }
    for family in &expectation.silent {
        let rule = rule_of(family);
        for verdict in ways.iter().flat_map(|way| &way.verdicts) {
            if verdict.rule.as_str() == rule && verdict.matched {
                faults.push(format!("matches {family} ({}): {:?}", verdict.reason, expectation.trap));
            }
        }
    }
    if expectation.silent.len() == FAMILIES.len() && ways.iter().any(|way| !way.deliveries.is_empty()) {
        faults.push(format!("is a trap and was told all the same: {:?}", expectation.trap));
    }
    for family in &expectation.expect {
        let rule = rule_of(family);
        let kinds = outcomes(ways, &rule);
        if !matched(ways, &rule) {
            faults.push(format!("does not match {family}"));
        } else if kinds.is_empty() || kinds.iter().any(|k| !matches!(k, OutcomeKind::Alerted | OutcomeKind::Merged)) {
            faults.push(format!("matches {family}, and what became of it is {kinds:?}"));
        }
        // The first of an original and its copies to be read is told, and it alone.
        let original = match &expectation.fate {
            Fate::Copy(original) => original,
            _ => &expectation.article,
        };
        let copies = expectations.iter().filter(|other| other.fate == Fate::Copy(original.clone()));
        let same = copies.map(|copy| &copy.article).chain([original]);
        let told = same.flat_map(|name| outcomes(&found[name], &rule)).filter(|kind| *kind == OutcomeKind::Alerted);
        let told = told.count();
        if told != 1 {
            faults.push(format!("was told {told} times for {family}, its original and copies included"));
        }
    }
    faults
}

#[test]
fn every_article_of_the_newsstand_comes_out_as_its_paper_says() {
    let expectations = expected::expectations().expect("the papers are part of the program");
    let runtime = Runtime::new().expect("threads");
    let stand = runtime.block_on(Newsstand::start(clock::now())).expect("ports");
    let mut world = World::new();
    world.configure(&configuration(&world, &stand));
    world.start();
    let found = watched(&mut world, &stand, &runtime, &expectations);

    let faults: Vec<String> = expectations
        .iter()
        .flat_map(|expectation| {
            let faults = faults(expectation, &expectations, &found);
            faults.into_iter().map(|fault| format!("{} {fault}", expectation.article))
        })
        .collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));

    // The repost in the English of a translating machine, with the acronyms of its original.
    let repost = &found["freedom-relay/families-of-detainees"];
    let words: BTreeSet<&str> = repost
        .iter()
        .flat_map(|way| &way.verdicts)
        .filter(|verdict| verdict.matched)
        .flat_map(|verdict| &verdict.mentions)
        .map(|mention| mention.text.as_str())
        .collect();
    for needed in ["Special Actions Forces", "FAES", "International Criminal Court", "CPI", "collectives"] {
        assert!(words.iter().any(|word| word.contains(needed)), "no {needed} among {words:?}");
    }
    world.stop();
    while world.one_event(Duration::from_millis(200)) {}
    let title = "Families of detainees take new testimonies to The Hague";
    let mails: Vec<_> = world.mails.iter().filter(|mail| World::header(mail, "subject").contains(title)).collect();
    assert_eq!(mails.len(), 1, "the repost is told once");

    // No message, and no headline, came twice.
    let of_calls = world.calls.iter().map(|call| call["id"].to_string());
    let ids: Vec<String> = world.mails.iter().map(|mail| World::header(mail, "message-id")).chain(of_calls).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:#?}");
    assert!(world.calls.iter().all(|call| call["error"].is_null()), "every call is signed");
    let subjects: Vec<String> = world.mails.iter().map(|mail| World::header(mail, "subject")).collect();
    assert_eq!(subjects.iter().collect::<BTreeSet<_>>().len(), subjects.len(), "{subjects:#?}");
    assert_eq!(world.mails.len(), world.calls.len(), "each alert went both ways");
    runtime.block_on(stand.close());
}
