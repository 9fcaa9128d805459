//! Fills a store with invented articles by the daemon's own commits, indexes them and searches.
//!
//! `cargo bench --bench search -- [--articles N] [--seed N] [--state FOLDER] [--rounds N] [--binary ATALAYA]`
//!
//! Exits with 1 when the 95th percentile of the searches is above the bound. Words are made of syllables and spread as
//! in real texts (Zipf), so that there are terms in nearly every article and terms in one; a twentieth of the texts is
//! Chinese letters. Each search is one `Store::search` with its excerpts, newest first, 20 of them, in a process that has
//! the store open; with `--binary`, also the whole command.

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
use atalaya::search;
use atalaya::search::Search;
use atalaya::store::Claim;
use atalaya::store::Inquiry;
use atalaya::store::Lease;
use atalaya::store::Order;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use atalaya::story::Fingerprint;
use atalaya::story::Relation;
use jiff::SignedDuration;
use jiff::Timestamp;
use random::Random;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

#[path = "random/mod.rs"]
mod random;

/// What p95 must not exceed.
const BOUND: Duration = Duration::from_millis(50);
/// Words of an article, on average: about 3 kB.
const WORDS: usize = 450;
const VOCABULARY: usize = 60_000;
const SOURCES: usize = 50;
const BATCH: usize = 128;
/// Two months of news.
const PERIOD: i64 = 60 * 86_400;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            print(&format!("search: {fault}"));
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if runtime.block_on(measure(&options)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a line; a reader that went away is no fault.
fn print(line: &str) {
    use std::io::Write as _;
    let _broken_pipe = writeln!(std::io::stdout(), "{line}");
}

async fn measure(options: &Options) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let state = options.state.as_deref().unwrap_or(folder.path());
    let press = Press::new(options.seed);
    let filled = state.join("atalaya.db").exists();
    let store = SqliteStore::open(state).await.expect("the store opens");
    if filled {
        print("the store is there already: searched as it is");
    } else {
        fill(&store, &press, options.articles, state).await;
    }
    let good = searches(&store, &press, options.rounds).await;
    store.close().await;
    if let Some(binary) = &options.binary {
        commands(binary, state, &press);
    }
    good
}

/// Three quarters are read and then indexed, a quarter is read while the index is filled beside.
async fn fill(store: &SqliteStore, press: &Press, articles: usize, state: &Path) {
    let names: Vec<SourceName> = (0..SOURCES).map(|number| SourceName::new(format!("paper-{number}"))).collect();
    let sources: Vec<Registration> = names
        .iter()
        .map(|name| Registration {
            name: name.clone(),
            address: format!("https://{name}.example/feed"),
            host: format!("{name}.example"),
            first_due: at(0),
            asks: format!("feed https://{name}.example/feed"),
            wait: SignedDuration::from_secs(900),
        })
        .collect();
    store.register_sources(&sources, at(0)).await.expect("sources are registered");
    list(store, articles).await;
    let before = articles * 3 / 4;
    let begun = Instant::now();
    let (bytes, slowest) = commit(store, press, before).await;
    told("read and committed, index untouched", before, begun.elapsed(), slowest);
    let begun = Instant::now();
    let (count, slowest) = index(store, &|| false).await;
    told("indexed by themselves", count, begun.elapsed(), slowest);
    let done = std::sync::atomic::AtomicBool::new(false);
    let begun = Instant::now();
    let beside = async {
        let begun = Instant::now();
        let indexed = index(store, &|| !done.load(std::sync::atomic::Ordering::Relaxed)).await;
        (indexed, begun.elapsed())
    };
    let reading = async {
        let read = commit(store, press, articles - before).await;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        (read, begun.elapsed())
    };
    let (((more_bytes, slowest), took), ((count, slowest_batch), took_all)) = tokio::join!(reading, beside);
    told("read and committed, indexed beside", articles - before, took, slowest);
    told("  of which the index", count, took_all, slowest_batch);
    let size = size(state);
    print(&format!(
        "{:.0} MB of text, {size:.0} MB of database, of which the index {:.0} MB",
        (bytes + more_bytes) as f64 / 1e6,
        index_size(state).await / 1e6
    ));
}

fn told(what: &str, count: usize, took: Duration, slowest: Duration) {
    print(&format!(
        "{what:38} {count:>7} in {:>6.1} s: {:>6.0} a second, slowest transaction {:.0} ms",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
        slowest.as_secs_f64() * 1e3
    ));
}

fn size(state: &Path) -> f64 {
    let bytes = |file: &str| std::fs::metadata(state.join(file)).map_or(0, |it| it.len());
    bytes("atalaya.db") as f64 / 1e6
}

async fn index_size(state: &Path) -> f64 {
    use sqlx::ConnectOptions as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(state.join("atalaya.db"));
    let mut connection = options.connect().await.expect("the database opens");
    let bytes: i64 = sqlx::query_scalar(
        "SELECT (SELECT SUM(LENGTH(block)) FROM search_data) + (SELECT SUM(LENGTH(sz) + 10) FROM search_docsize)",
    )
    .fetch_one(&mut connection)
    .await
    .expect("a sum");
    bytes as f64
}

async fn list(store: &SqliteStore, articles: usize) {
    let claim = Claim {
        owner: "lister",
        now: at(0),
        lease: SignedDuration::from_hours(9),
        limit: SOURCES,
        per_host: 9,
        busy_hosts: &[],
    };
    let leases = store.claim_polls(&claim).await.expect("a claim");
    let each = articles.div_ceil(leases.len());
    for (place, lease) in leases.into_iter().enumerate() {
        let name = lease.job().source.clone();
        let items: Vec<NewItem> = (place * each..((place + 1) * each).min(articles))
            .map(|number| {
                let link = format!("https://{name}.example/{number}");
                NewItem {
                    entry: Entry {
                        id: number.to_string(),
                        link: Some(link.clone()),
                        title: format!("Entry {number}"),
                        ..Entry::default()
                    },
                    state: ItemState::Waiting,
                    reason: None,
                    host: Some(format!("{name}.example")),
                    address_key: Some(link),
                }
            })
            .collect();
        let decision = poll::Decision {
            state: SourceState { polls: 1, heard_at: Some(at(0)), ..SourceState::default() },
            next_at: at(900),
            reason: Reason::NewEntries { count: items.len() },
            title: None,
            warnings: Vec::new(),
            health: atalaya::health::Diagnosis::default(),
            pause: None,
            host: None,
            items,
        };
        store.commit_poll(lease, &decision, at(0)).await.expect("a poll is committed");
    }
}

/// Claims and commits so many readings. Returns bytes of text and the slowest commit.
async fn commit(store: &SqliteStore, press: &Press, articles: usize) -> (usize, Duration) {
    let (mut bytes, mut left, mut slowest) = (0, articles, Duration::ZERO);
    while left > 0 {
        let claim = Claim {
            owner: "reader",
            now: at(1),
            lease: SignedDuration::from_hours(9),
            limit: left.min(500),
            per_host: 500,
            busy_hosts: &[],
        };
        let leases: Vec<Lease<Item>> = store.claim_reads(&claim).await.expect("a claim");
        assert!(!leases.is_empty(), "all that was listed is waiting");
        left -= leases.len();
        for lease in leases {
            let number: u64 = lease.job().entry.id.parse().expect("a number");
            let (title, text, language) = press.article(number);
            bytes += text.len();
            let link = lease.job().entry.link.clone().unwrap_or_default();
            let published = at(i64::try_from(Random(number).next() % PERIOD.unsigned_abs()).unwrap_or(0) - PERIOD);
            let judged = Judged {
                article: Article {
                    title,
                    text,
                    language: Language::parse(language),
                    published: Some(published),
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
                sketch: None,
                weighed: false,
            };
            let decision = read::Decision::Judged(Box::new(judged));
            let begun = Instant::now();
            store.commit_read(lease, &decision, &[], at(0), at(2)).await.map_err(|(error, _)| error).expect("a commit");
            slowest = slowest.max(begun.elapsed());
        }
    }
    (bytes, slowest)
}

/// Indexes what waits, and goes on while `more` is to come, as the daemon does.
async fn index(store: &SqliteStore, more: &impl Fn() -> bool) -> (usize, Duration) {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    loop {
        let goes_on = more();
        let begun = Instant::now();
        let indexed = store.index(BATCH).await.expect("a batch is indexed");
        let took = begun.elapsed();
        slowest = slowest.max(took);
        count += indexed;
        if indexed < BATCH && !goes_on {
            return (count, slowest);
        }
        if goes_on {
            tokio::time::sleep(took.max(Duration::from_millis(5))).await;
        }
    }
}

/// Queries of every kind, from terms that stand everywhere to terms that stand nowhere.
fn queries(press: &Press, random: &mut Random) -> Vec<(&'static str, String)> {
    let mut common = || press.words[random.below(20)].clone();
    let (first, second) = (common(), common());
    let mut middle = || press.words[50 + random.below(2_000)].clone();
    let (third, fourth, fifth) = (middle(), middle(), middle());
    let rare = press.words[5_000 + random.below(50_000)].clone();
    // Not a Chinese one, whose text is one run of letters.
    let number = random.next() % 1000 * 20;
    let (_, text, _) = press.article(number);
    let words: Vec<&str> = text.split_whitespace().take(40).collect();
    let at = random.below(words.len().saturating_sub(3).max(1));
    let phrase = words.get(at..at + 3).map(|words| words.join(" ").replace(['.', ','], "")).unwrap_or(text.clone());
    vec![
        ("a common word", first.clone()),
        ("a word of some articles", third.clone()),
        ("a rare word", rare.clone()),
        ("a word that nobody wrote", format!("{third}xqz")),
        ("two common words", format!("{first} {second}")),
        ("two words", format!("{third} {fourth}")),
        ("common and rare", format!("{first} {rare}")),
        ("OR", format!("{third} OR {fourth} OR {fifth}")),
        ("NOT", format!("{third} -{first}")),
        ("NOT of a common word", format!("{rare} NOT {first}")),
        ("a phrase", format!("\"{phrase}\"")),
        ("a phrase of common words", format!("\"{first} {second}\"")),
        ("a beginning", format!("{}*", third.get(..5).unwrap_or(&third))),
        ("a short beginning", format!("{}*", third.get(..3).unwrap_or(&third))),
        ("title:", format!("title:{third}")),
        ("brackets", format!("title:({third} OR {fourth}) body:{first} -({fifth} OR {rare})")),
        ("lang: and source:", format!("{third} lang:es source:paper-{}", number % 50)),
        ("source: alone", format!("source:paper-{}", number % 50)),
        ("Chinese", "城市 OR 报告".to_owned()),
    ]
}

async fn searches(store: &SqliteStore, press: &Press, rounds: usize) -> bool {
    let mut good = true;
    for (order, name) in [(Order::Newest, "newest first"), (Order::Rank, "by rank")] {
        let mut random = Random(7);
        let mut times: Vec<(&'static str, Duration, usize)> = Vec::new();
        for _ in 0..rounds {
            for (kind, query) in queries(press, &mut random) {
                let begun = Instant::now();
                let parsed = search::parse(&query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
                let compiled = Search::compile(&parsed, &[]).expect("a search without entities");
                let inquiry = Inquiry { search: &compiled, since: None, until: None, order, limit: 20 };
                let found = store.search(&inquiry).await.expect("an answer");
                for find in &found.finds {
                    std::hint::black_box(compiled.excerpts(&find.article.title, &find.article.text));
                }
                times.push((kind, begun.elapsed(), found.finds.len()));
            }
        }
        print(&format!("\n{name}: {} searches; milliseconds{:>18}{:>9}{:>9}", times.len(), "p50", "p95", "slowest"));
        let mut kinds: Vec<&str> = times.iter().map(|time| time.0).collect();
        kinds.truncate(times.len() / rounds);
        for kind in kinds {
            let of_kind: Vec<Duration> = times.iter().filter(|time| time.0 == kind).map(|time| time.1).collect();
            let found = times.iter().filter(|time| time.0 == kind).map(|time| time.2).sum::<usize>() / rounds;
            print(&format!("  {:44}{}   {found} found", kind, figures(of_kind).1));
        }
        let (p95, line) = figures(times.iter().map(|time| time.1).collect());
        print(&format!("  {:44}{line}", "all"));
        if order == Order::Newest {
            good = p95 <= BOUND;
            print(&format!("  {} p95 at most {} ms", if good { "holds " } else { "MISSED" }, BOUND.as_millis()));
        }
    }
    good
}

fn figures(mut times: Vec<Duration>) -> (Duration, String) {
    times.sort_unstable();
    let share = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    let milliseconds = |time: Duration| format!("{:>9.1}", time.as_secs_f64() * 1e3);
    let line: String = [share(0.5), share(0.95), share(1.0)].map(milliseconds).concat();
    (share(0.95), line)
}

/// The whole command, from its start to its end.
fn commands(binary: &Path, state: &Path, press: &Press) {
    let mut random = Random(11);
    let mut times = Vec::new();
    for _ in 0..5 {
        for (_, query) in queries(press, &mut random) {
            let begun = Instant::now();
            let ran = Command::new(binary)
                .args(["search", "--state"])
                .arg(state)
                .args(["--", &query])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("the command starts");
            times.push(begun.elapsed());
            assert!(matches!(ran.code(), Some(0 | 1)), "{query}: {ran}");
        }
    }
    print(&format!("\n{:46}{}", format!("the whole command, {} times", times.len()), figures(times).1));
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).expect("a time of these years")
}

/// Writes articles: the same for the same number.
struct Press {
    words: Vec<String>,
    /// Sums of the words' weights.
    weights: Vec<f64>,
    seed: u64,
}

impl Press {
    fn new(seed: u64) -> Self {
        const HEADS: [&str; 24] = [
            "ba", "co", "de", "fu", "gi", "la", "me", "no", "pa", "que", "ri", "so", "ta", "vi", "za", "tra", "pre",
            "cons", "in", "des", "al", "es", "ci", "ma",
        ];
        const TAILS: [&str; 24] = [
            "ción", "dor", "do", "mente", "ría", "s", "n", "tos", "ra", "jo", "ña", "ble", "dad", "to", "nza", "l",
            "bre", "go", "vo", "xión", "ré", "ti", "lla", "pú",
        ];
        let mut random = Random(seed);
        let mut known = std::collections::BTreeSet::new();
        let mut words = Vec::with_capacity(VOCABULARY);
        while words.len() < VOCABULARY {
            // Words that are used much are short.
            let syllables = 1 + random.below(2) + usize::from(words.len() > 200) + usize::from(words.len() > 3000);
            let mut word = String::new();
            (0..syllables).for_each(|_| word.push_str(HEADS[random.below(HEADS.len())]));
            if words.len() > 40 {
                word.push_str(TAILS[random.below(TAILS.len())]);
            }
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut sum = 0.0;
        let weights = (0..VOCABULARY)
            .map(|rank| {
                sum += 1.0 / (rank as f64 + 2.7);
                sum
            })
            .collect();
        Self { words, weights, seed }
    }

    fn word(&self, random: &mut Random) -> &str {
        let wanted = random.unit() * self.weights[VOCABULARY - 1];
        &self.words[self.weights.partition_point(|sum| *sum < wanted).min(VOCABULARY - 1)]
    }

    /// Title, text and language.
    fn article(&self, number: u64) -> (String, String, &'static str) {
        let mut random = Random(self.seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        if number % 20 == 19 {
            return self.chinese(&mut random);
        }
        let title: Vec<&str> = (0..6 + random.below(6)).map(|_| self.word(&mut random)).collect();
        let mut text = String::new();
        let length = WORDS / 3 + random.below(WORDS * 4 / 3);
        for index in 0..length {
            text.push_str(self.word(&mut random));
            text.push_str(match random.below(90) {
                0..=4 if index + 1 < length => ". ",
                5..=8 => ", ",
                9 => ".\n\n",
                _ => " ",
            });
        }
        (title.join(" "), text, if number.is_multiple_of(3) { "en" } else { "es" })
    }

    fn chinese(&self, random: &mut Random) -> (String, String, &'static str) {
        // 3,000 letters, the first of them used most.
        let mut letters = |count: usize| -> String {
            (0..count)
                .map(|_| {
                    let rank = (3000.0_f64.powf(random.unit()) - 1.0) as u32;
                    char::from_u32(0x4e00 + rank * 7).unwrap_or('一')
                })
                .collect()
        };
        let title = letters(14);
        let sentences: Vec<String> = (0..25).map(|_| letters(28)).collect();
        (title, format!("{}。城市报告。", sentences.join("。")), "zh")
    }
}

struct Options {
    articles: usize,
    seed: u64,
    rounds: usize,
    state: Option<PathBuf>,
    binary: Option<PathBuf>,
}

impl Options {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { articles: 100_000, seed: 1, rounds: 10, state: None, binary: None };
        let mut arguments = arguments.filter(|argument| argument != "--bench");
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{argument} takes a number, not {value}"));
            match argument.as_str() {
                "--articles" => options.articles = usize::try_from(number()?).map_err(|error| error.to_string())?,
                "--seed" => options.seed = number()?,
                "--rounds" => options.rounds = usize::try_from(number()?.max(1)).map_err(|error| error.to_string())?,
                "--state" => options.state = Some(value.into()),
                "--binary" => options.binary = Some(value.into()),
                _ => return Err(format!("{argument} is not known")),
            }
        }
        Ok(options)
    }
}
