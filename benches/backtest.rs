//! Fills a store with invented articles by the daemon's own commits and replays it through 300 rules over 3,000 entities.
//!
//! `cargo bench --bench backtest -- [--articles N] [--state FOLDER] [--rounds N]`
//!
//! Exits with 1 when the best round is below the bound. Texts are about 3 kB, words spread as in real ones (Zipf); about three
//! articles in a hundred match a rule.

use atalaya::backtest::Replay;
use atalaya::backtest::Standing;
use atalaya::config;
use atalaya::config::Environment;
use atalaya::daemon::replaying;
use atalaya::model::Article;
use atalaya::model::Entry;
use atalaya::model::Item;
use atalaya::model::ItemState;
use atalaya::model::Judgement;
use atalaya::model::Language;
use atalaya::model::Reason;
use atalaya::model::SourceName;
use atalaya::poll;
use atalaya::poll::NewItem;
use atalaya::poll::SourceState;
use atalaya::read;
use atalaya::read::Judged;
use atalaya::store::Claim;
use atalaya::store::Lease;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use atalaya::story::Fingerprint;
use atalaya::story::Relation;
use atalaya::story::Sketch;
use jiff::SignedDuration;
use jiff::Timestamp;
use random::Random;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

#[path = "random/mod.rs"]
mod random;

/// Articles a second.
const BOUND: f64 = 10_000.0;
const WORDS: usize = 450;
const VOCABULARY: usize = 40_000;
const RULES: usize = 300;
const ENTITIES: usize = 3_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let option = |name: &str| arguments.iter().position(|it| it == name).and_then(|at| arguments.get(at + 1));
    let number = |name: &str, default: usize| option(name).and_then(|it| it.parse().ok()).unwrap_or(default);
    let folder = tempfile::tempdir().expect("a folder");
    let state = option("--state").map_or(folder.path().to_owned(), Into::into);
    let (articles, rounds) = (number("--articles", 50_000), number("--rounds", 5));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if runtime.block_on(measure(&state, articles, rounds)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a line; a reader that went away is no fault.
fn print(line: &str) {
    use std::io::Write as _;
    let _broken_pipe = writeln!(std::io::stdout(), "{line}");
}

async fn measure(state: &Path, articles: usize, rounds: usize) -> bool {
    let words = words();
    let filled = state.join("atalaya.db").exists();
    let store = SqliteStore::open(state).await.expect("the store opens");
    if !filled {
        let begun = Instant::now();
        fill(&store, &words, articles).await;
        print(&format!("{articles} articles were committed in {:.1} s", begun.elapsed().as_secs_f64()));
    }
    let file = state.join("bench.toml");
    std::fs::write(&file, configuration(&words)).expect("a configuration");
    let loaded = config::load(&file, &Environment::looking_only());
    let loaded = loaded.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let standing = Arc::new(Standing::of(&loaded.config));
    let mut best = 0.0_f64;
    let (since, until) = (at(0), at(10_000_000));
    let bytes = std::fs::metadata(state.join("atalaya.db")).map_or(0, |it| it.len());
    print(&format!("{:.0} MB of database", bytes as f64 / 1e6));
    for round in 1..=rounds {
        let mut replay = Replay::new(Arc::clone(&standing), since);
        let begun = Instant::now();
        let mut matches = 0;
        let take = |article: &atalaya::backtest::Archived, verdicts: &[Vec<atalaya::model::Verdict>]| {
            matches += verdicts[0].len();
            replay.take(article, &verdicts[0]);
        };
        replaying::replay(&store, since, until, &[Arc::clone(&standing)], take, |_| {}).await.expect("a replay");
        let count = replay.figures().articles;
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        best = best.max(rate);
        print(&format!("round {round}: {count} articles, {matches} matches, {rate:.0} articles a second"));
    }
    store.close().await;
    print(&format!("best {best:.0} articles a second, bound {BOUND:.0}"));
    best >= BOUND
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_740_000_000 + second).expect("a time")
}

/// Made of syllables.
fn words() -> Vec<String> {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "xo", "zu", "tra", "bre", "cli",
        "dro", "plu",
    ];
    let mut random = Random(11);
    (0..VOCABULARY)
        .map(|place| {
            let count = 2 + random.below(3) + usize::from(place > 200);
            (0..count).map(|_| SYLLABLES[random.below(SYLLABLES.len())]).collect()
        })
        .collect()
}

fn word<'a>(words: &'a [String], random: &mut Random) -> &'a str {
    // Zipf with exponent 1: the inverse of its distribution function.
    let share = random.below(1 << 24) as f64 / f64::from(1 << 24);
    let place = ((VOCABULARY as f64).powf(share) - 1.0) as usize;
    &words[place.min(VOCABULARY - 1)]
}

fn text(words: &[String], number: u64) -> (String, String) {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9) + 1);
    let mut text = String::new();
    for place in 1..=WORDS {
        let _infallible = write!(text, "{}{}", word(words, &mut random), if place % 14 == 0 { ". " } else { " " });
        if place % 70 == 0 {
            text.push_str("\n\n");
        }
    }
    let title = (0..8).map(|_| word(words, &mut random)).collect::<Vec<_>>().join(" ");
    (title, text)
}

fn configuration(words: &[String]) -> String {
    let mut random = Random(5);
    let mut middle = || words[2_000 + random.below(VOCABULARY - 2_000)].clone();
    let mut text = String::from(
        "[mail]\nserver = \"127.0.0.1\"\nsecurity = \"plain\"\nfrom = \"a@tower.example\"\n\
         [channel.desk]\nemail = [\"ana@example.org\", \"luis@example.org\"]\n\
         [subscription.desk]\nrules = \"all\"\nchannels = [\"desk\"]\n",
    );
    for number in 0..ENTITIES {
        let names = [middle(), middle(), middle(), middle()];
        let _infallible = writeln!(
            text,
            "[entity.e{number}]\nstrong = [\"{} {}\"]\nweak = [\"{}\"]\nnear = [\"{}\"]",
            names[0], names[1], names[2], names[3]
        );
    }
    for number in 0..RULES {
        let (one, other, third) = (middle(), middle(), middle());
        let _infallible = writeln!(text, "[rule.r{number}]\nmatch = '@e{number} OR ({one} AND ({other} OR {third}))'");
    }
    text
}

async fn fill(store: &SqliteStore, words: &[String], articles: usize) {
    let name = SourceName::new("paper");
    let source = Registration {
        name: name.clone(),
        address: "https://paper.example/feed".into(),
        host: "paper.example".into(),
        first_due: at(0),
        asks: "feed https://paper.example/feed".into(),
        wait: SignedDuration::from_secs(900),
    };
    store.register_sources(&[source], at(0)).await.expect("sources are registered");
    let lease = SignedDuration::from_hours(9);
    let claim = |owner, limit| Claim { owner, now: at(1), lease, limit, per_host: limit, busy_hosts: &[] };
    let polls = store.claim_polls(&claim("lister", 1)).await.expect("a claim");
    let poll = polls.into_iter().next().expect("a lease");
    let items = (0..articles)
        .map(|number| {
            let link = format!("https://paper.example/{number}");
            NewItem {
                entry: Entry {
                    id: number.to_string(),
                    link: Some(link.clone()),
                    title: format!("Entry {number}"),
                    summary: Some(text(words, number as u64).1[..300].to_owned()),
                    ..Entry::default()
                },
                state: ItemState::Waiting,
                reason: None,
                host: Some("paper.example".into()),
                address_key: Some(link),
            }
        })
        .collect();
    let decision = poll::Decision {
        state: SourceState { polls: 1, heard_at: Some(at(0)), ..SourceState::default() },
        next_at: at(900_000_000),
        reason: Reason::NewEntries { count: articles },
        title: None,
        warnings: Vec::new(),
        health: atalaya::health::Diagnosis::default(),
        pause: None,
        host: None,
        items,
    };
    store.commit_poll(poll, &decision, at(0)).await.expect("a poll is committed");
    let mut done = 0;
    while done < articles {
        let leases: Vec<Lease<Item>> = store.claim_reads(&claim("reader", 500)).await.expect("a claim");
        assert!(!leases.is_empty(), "all that was listed is waiting");
        for lease in leases {
            let number: u64 = lease.job().entry.id.parse().expect("a number");
            let (title, text) = text(words, number);
            let link = lease.job().entry.link.clone().unwrap_or_default();
            let judged = Judged {
                sketch: Some(Sketch::of(&title, &text).to_bytes()),
                article: Article {
                    title,
                    text,
                    language: Language::parse("es"),
                    method: "invented".into(),
                    ..Article::default()
                },
                final_url: link.clone(),
                fingerprint: Fingerprint { addresses: vec![link.clone()], text: Some(format!("text {number}")) },
                relation: Relation::New { key: link },
                judgement: Judgement::default(),
                outcomes: Vec::new(),
                alert: None,
                evidence: None,
                alternate: None,
                weighed: false,
            };
            done += 1;
            // A new article each minute.
            let now = at(i64::try_from(done).unwrap_or(0) * 60);
            let decision = read::Decision::Judged(Box::new(judged));
            store.commit_read(lease, &decision, &[], at(0), now).await.map_err(|(error, _)| error).expect("a commit");
        }
    }
}
