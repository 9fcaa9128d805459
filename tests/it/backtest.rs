//! `atalaya backtest`: the same verdicts as the daemon's, the same bytes each time, and a reload that is held to its budget.

use crate::world::RULE;
use crate::world::World;
use crate::world::entry;
use atalaya::backtest::Replay;
use atalaya::backtest::Standing;
use atalaya::clock;
use atalaya::config;
use atalaya::config::Environment;
use atalaya::daemon::replaying;
use atalaya::model::Mention;
use atalaya::model::Reason;
use atalaya::model::Verdict;
use atalaya::store::sqlite::SqliteStore;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;

const RULES: &str = "[entity.court]\nstrong = [\"International Court of Harbours\"]\nweak = [\"ICH\"]\nnear = [\"judge\"]\n\
    [rule.court]\nmatch = '@court'\n[rule.jail]\nmatch = 'title:jail OR prison NEAR/3 cells'\n\
    [rule.spanish]\nmatch = 'cárcel'\nlanguages = [\"es\"]\n[rule.tagged]\nmatch = 'url:second'\n";

/// A long report, so that its copies are known by their passages.
fn report(about: &str) -> String {
    let sentences =
        ["The harbour stood still", "Families waited at the gate", "Nobody was let in", "A lawyer took notes"];
    let mut text = format!("A report of {about}.");
    for (place, sentence) in sentences.iter().cycle().take(60).enumerate() {
        text.push_str(&format!(" {sentence} on day {place} of {about}, as {} people said.", place * 7 + 3));
    }
    text
}

/// A world that has judged articles of many kinds: matched, copied at another address, unreadable with a matching feed text.
fn judged() -> World {
    let mut world = World::new();
    let configuration = format!("{}\n{RULES}", world.configuration());
    world.configure(&configuration);
    let entries: Vec<_> = [
        ("/first", "A report", report("torture in the prison cells")),
        ("/second", "A report", report("torture in the prison cells")),
        ("/court", "A judge speaks", "The judge of the ICH spoke of the harbour.".to_owned()),
        ("/not-court", "Ice hockey", "The ICH won again.".to_owned()),
        (
            "/jail",
            "Una cárcel nueva",
            "La cárcel de la ciudad abre sus puertas a los vecinos que quieren verla.".to_owned(),
        ),
        ("/nothing", "The weather", "It rains.".to_owned()),
    ]
    .into_iter()
    .map(|(path, title, body)| entry(path, title, world.site.article(path, title, &body)))
    .chain([entry("gone", "Torture in a headline", world.site.url("/gone"))])
    .collect();
    world.site.feed("/feed.xml", &entries);
    world.start();
    world.until("everything is settled", |world| {
        let ledger: Value = serde_json::from_slice(&world.atalaya(&["ledger", "--json"]).stdout).unwrap_or_default();
        ledger["states"]["judged"] == 6 && ledger["states"]["unreadable"] == 1
    });
    world
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("answers are UTF-8")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(output: &Output) -> Vec<Value> {
    told(output).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn beside(world: &World, name: &str, text: &str) -> (PathBuf, String) {
    let path = world.config_file().with_file_name(name);
    fs::write(&path, text).expect("a file");
    let name = path.display().to_string();
    (path, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_comes_to_the_verdicts_and_outcomes_that_the_daemon_came_to() {
    let world = tokio::task::spawn_blocking(|| {
        let mut world = judged();
        world.stop();
        world
    })
    .await
    .expect("a world");
    let loaded = config::load(&world.config_file(), &Environment::looking_only()).map_err(|_| "errors").expect("loads");
    let standing = Arc::new(Standing::of(&loaded.config));
    let store = SqliteStore::open(&world.state()).await.expect("the store opens");
    let mut replay = Replay::new(Arc::clone(&standing), Timestamp::MIN);
    let (mut verdicts, mut outcomes) = (BTreeMap::new(), BTreeMap::new());
    let take = |article: &atalaya::backtest::Archived, all: &[Vec<Verdict>]| {
        let kinds = replay.take(article, &all[0]);
        for (verdict, kind) in all[0].iter().zip(kinds) {
            let key = (article.item.id.0, verdict.rule.as_str().to_owned());
            verdicts.insert(key.clone(), (verdict.reason.clone(), verdict.mentions.clone()));
            outcomes.insert(key, kind.as_str().to_owned());
        }
    };
    replaying::replay(&store, Timestamp::MIN, clock::now(), &[standing], take, |_| {}).await.expect("a replay");
    let url = format!("sqlite://{}", world.state().join("atalaya.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("the database opens");
    let rows = sqlx::query("SELECT item_id, rule, reason, mentions FROM verdict").fetch_all(&mut database).await;
    let live: BTreeMap<(i64, String), (Reason, Vec<Mention>)> = rows
        .expect("rows")
        .iter()
        .map(|row| {
            let (reason, mentions): (String, String) = (row.get("reason"), row.get("mentions"));
            let reason = serde_json::from_str(&reason).expect("a reason");
            ((row.get("item_id"), row.get("rule")), (reason, serde_json::from_str(&mentions).expect("mentions")))
        })
        .collect();
    assert!(live.len() >= 7, "{live:#?}");
    assert_eq!(verdicts, live);
    let rows = sqlx::query("SELECT item_id, rule, kind FROM outcome").fetch_all(&mut database).await.expect("rows");
    let live: BTreeMap<(i64, String), String> =
        rows.iter().map(|row| ((row.get("item_id"), row.get("rule")), row.get("kind"))).collect();
    assert!(live.values().any(|kind| kind == "merged"), "a copy was merged: {live:#?}");
    assert_eq!(outcomes, live);
    let deliveries: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM delivery").fetch_one(&mut database).await.expect("a count");
    let messages: u64 = replay.figures().messages.values().flat_map(|days| days.values().map(|day| day.count)).sum();
    assert_eq!(i64::try_from(messages).expect("few"), deliveries);
}

#[test]
fn the_output_is_the_same_each_time_and_a_difference_says_by_which_words() {
    let mut world = judged();
    world.stop();
    let tomorrow = "2999-01-01";
    let arguments = ["backtest", "--since", "2020-01-01", "--until", tomorrow];
    let first = world.atalaya(&arguments);
    assert_eq!(code(&first), Some(0), "{}", complaint(&first));
    assert_eq!(told(&first), told(&world.atalaya(&arguments)));
    assert!(told(&first).contains("7 articles") && told(&first).contains("ana@example.org (desk)"), "{}", told(&first));
    let json = world.atalaya(&["backtest", "--since", "2020-01-01", "--until", tomorrow, "--json"]);
    let retold = &lines(&json)[0];
    assert_eq!(retold["articles"], 7);
    let rule = |name: &str| {
        let rules = retold["rules"].as_array().expect("rules");
        rules.iter().find(|rule| rule["rule"] == name).expect("a rule").clone()
    };
    assert_eq!((&rule("torture")["matched"], &rule("court")["matched"]), (&3.into(), &1.into()));

    let old = world.config_file().display().to_string();
    let same = world.atalaya(&["backtest", "diff", &old, &old]);
    assert_eq!(code(&same), Some(0), "{}{}", told(&same), complaint(&same));
    let changed = world.configuration().replace(RULE, "[rule.torture]\nmatch = 'torture NOT prison'\n");
    let (_, new) = beside(&world, "new.toml", &changed.replace("match = 'cárcel'", "match = 'cárcel OR rains'"));
    let differs = world.atalaya(&["backtest", "diff", &old, &new, "--json"]);
    assert_eq!(code(&differs), Some(1), "{}", complaint(&differs));
    let all = lines(&differs);
    let lost: Vec<&Value> = all.iter().filter(|line| line["turn"] == "lost").collect();
    assert_eq!(lost.len(), 1, "{all:#?}");
    assert_eq!((&lost[0]["rule"], &lost[0]["words"]), (&"torture".into(), &serde_json::json!(["torture"])));
    assert_eq!(lost[0]["no"], "excluded by \"prison\"");
    let marks = lost[0]["excerpt"]["text"].as_str().expect("an excerpt");
    assert!(marks.contains("torture"), "{marks}");
    let summary = all.last().expect("a summary");
    assert_eq!((&summary["lost"], &summary["matches_lost"]), (&1.into(), &1.into()), "the copy goes along: {summary}");
    let text = told(&world.atalaya(&["backtest", "diff", &old, &new]));
    assert!(text.contains("- torture") && text.contains("    after: excluded by \"prison\""), "{text}");
    let (_, wrong) = beside(&world, "wrong.toml", "[rule.x]\nmatch = '('\n");
    assert_eq!(code(&world.atalaya(&["backtest", "diff", &old, &wrong])), Some(78));
    assert_eq!(code(&world.atalaya(&["backtest", "--since", "yesterday"])), Some(2));
}

#[test]
fn a_reload_that_would_cause_too_much_mail_is_refused_until_its_volume_is_accepted() {
    let mut world = judged();
    let before = world.configuration();
    let wide = before.replace(RULE, "[rule.everything]\nmatch = 'the OR la OR torture'\n");
    let budget = |accept: &str| format!("{wide}\n[volume]\nmails_per_day = 3\n{accept}");
    world.configure(&budget(""));
    let checked = world.atalaya(&["check"]);
    assert_eq!(code(&checked), Some(78), "{}", told(&checked));
    for needed in ["ana@example.org (desk) would have got", "everything ", "accept = "] {
        assert!(told(&checked).contains(needed), "no {needed} in {}", told(&checked));
    }
    assert_eq!(code(&world.atalaya(&["backtest"])), Some(1));
    world.signal("HUP");
    world.until("the reload is refused", |world| world.log().contains("more mail than [volume] allows (3 a day)"));
    world.until("the service manager hears of it", |world| {
        world.notified.iter().any(|line| line.contains("reload refused") && line.contains("accept = "))
    });
    let wanted = told(&checked).split("`accept = ").nth(1).and_then(|rest| rest.split('`').next().map(str::to_owned));
    let wanted = wanted.expect("a number");
    world.configure(&budget(&format!("accept = {wanted}\n")));
    assert_eq!(code(&world.atalaya(&["check"])), Some(0));
    world.signal("HUP");
    world.until("it is in force", |world| world.log().contains("the new configuration is in force"));
    world.stop();
}
