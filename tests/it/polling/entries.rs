//! Lines 41 to 44: what is new.

use super::stage::Script;
use super::stage::Stage;
use super::stage::listing;
use super::stage::raw;
use atalaya::model::Entry;
use atalaya::model::ItemState;
use atalaya::model::Reason;
use atalaya::model::SourceName;
use atalaya::poll::Decision;
use atalaya::poll::NewItem;
use atalaya::poll::SourceState;
use atalaya::store::Claim;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use jiff::SignedDuration;
use jiff::Timestamp;

pub const SCRIPTS: &[Script] = &[
    Script::new("line-41", |url| {
        let item = |guid: &str, title: &str, date: &str, link: &str| {
            format!("<item>{guid}<title>{title}</title><link>{}</link><pubDate>{date}</pubDate></item>", url(link))
        };
        let (named, unnamed) = ("<guid isPermaLink=\"false\">7</guid>", "");
        let early = "Tue, 24 Nov 2020 08:00:00 GMT";
        let late = "Wed, 25 Nov 2020 08:00:00 GMT";
        vec![
            raw(&(item(named, "Before", early, "/article?1") + &item(unnamed, "Before", early, "/article?2"))),
            raw(&(item(named, "After", late, "/article?3") + &item(unnamed, "After", late, "/article?2"))),
        ]
    }),
    Script::new("line-42", |url| vec![listing(&["a", "b"], url), listing(&["b"], url), listing(&["a", "b", "c"], url)]),
    Script {
        keys: "first_poll = \"baseline\"\n",
        ..Script::new("line-43", |url| vec![listing(&["a", "b", "c"], url), listing(&["a", "b", "c", "d"], url)])
    },
    Script::new("line-44", |url| {
        let item = |id: &str, date: &str| {
            format!(
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{id}</title><link>{}</link>{date}</item>",
                url("/article")
            )
        };
        let dated = |id: &str, date: &str| item(id, &format!("<pubDate>{date}</pubDate>"));
        let known = dated("known", "Tue, 24 Nov 2020 08:00:00 GMT");
        let rest = dated("future", "Thu, 24 Nov 2095 08:00:00 GMT")
            + &item("undated", "")
            + &dated("nonsense", "yesterday at tea time")
            + &dated("older", "Mon, 23 Nov 2015 08:00:00 GMT");
        vec![raw(&known), raw(&(known.clone() + &rest))]
    }),
];

#[test]
fn line_41_an_edit_of_title_date_or_link_is_nothing_new() {
    let stage = Stage::share();
    stage.heard("line-41", 4);
    assert_eq!(stage.ask("SELECT COUNT(*) FROM item WHERE source = 'line-41'"), "2");
}

#[test]
fn line_42_what_comes_back_stays_silent() {
    let stage = Stage::share();
    stage.heard("line-42", 3);
    stage.until_told("SELECT COUNT(*) FROM item WHERE source = 'line-42'", "3");
    stage.heard("line-42", 5);
    assert_eq!(stage.ask("SELECT COUNT(*) FROM item WHERE source = 'line-42'"), "3");
}

#[tokio::test]
async fn line_42_an_id_is_known_a_year_after_it_was_last_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).await.expect("it opens");
    let begin = Timestamp::from_second(1_800_000_000).expect("a time");
    let name = SourceName::new("paper");
    let registration = Registration {
        name: name.clone(),
        address: "https://paper.example/".into(),
        host: "paper.example".into(),
        first_due: begin,
        asks: "feed https://paper.example/".into(),
        wait: SignedDuration::from_mins(15),
    };
    store.register_sources(&[registration], begin).await.expect("registered");
    let item = NewItem {
        entry: Entry { id: "a".into(), ..Entry::default() },
        state: ItemState::Baseline,
        reason: Some(Reason::BeforeWatching),
        host: None,
        address_key: None,
    };
    let mut now = begin;
    for round in 0..=365 {
        let claim =
            Claim { owner: "a", now, lease: SignedDuration::from_mins(1), limit: 1, per_host: 1, busy_hosts: &[] };
        let lease = store.claim_polls(&claim).await.expect("a claim").remove(0);
        let decision = Decision {
            items: if round == 0 { vec![item.clone()] } else { Vec::new() },
            state: SourceState { polls: 1, ..SourceState::default() },
            next_at: now + SignedDuration::from_hours(24),
            reason: Reason::NothingNew,
            title: None,
            warnings: Vec::new(),
            pause: None,
            health: atalaya::health::Diagnosis::default(),
            host: None,
        };
        store.commit_poll(lease, &decision, now).await.expect("committed");
        now += SignedDuration::from_hours(24);
    }
    assert_eq!(store.known_entries(&name, &["a".into(), "b".into()]).await.expect("an answer").len(), 1);
}

#[test]
fn line_43_a_new_feed_floods_nobody_and_what_comes_next_is_read() {
    let stage = Stage::share();
    stage.heard("line-43", 2);
    stage.until_told("SELECT COUNT(*) FROM item WHERE source = 'line-43' AND state = 'baseline'", "3");
    stage.until_told("SELECT COUNT(*) FROM item WHERE source = 'line-43' AND state <> 'baseline'", "1");
}

#[test]
fn line_44_undated_future_and_unordered_entries_behind_a_known_one_are_read() {
    let stage = Stage::share();
    stage.heard("line-44", 2);
    stage
        .until_told("SELECT COUNT(*) FROM item WHERE source = 'line-44' AND state NOT IN ('baseline', 'too_old')", "5");
}
