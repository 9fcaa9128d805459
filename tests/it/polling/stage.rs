//! Scripted sources under one daemon: each test writes what its server answers, and reads what it was asked. Tests that
//! run at the same time share the daemon, so that a poll of a second costs all of them a second.

use crate::world::Heard;
use crate::world::PATIENCE;
use crate::world::Page;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use crate::world::feed;
use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::Weak;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// From (path → address at the source's own host) to what its server answers.
pub type Answers = fn(&dyn Fn(&str) -> String) -> Vec<Page>;

/// A source and what its server answers, in turn; the last answer stays.
pub struct Script {
    pub name: &'static str,
    /// More lines of its table.
    pub keys: &'static str,
    pub answers: Answers,
    /// Other paths of its site.
    pub others: fn() -> Vec<(&'static str, Page)>,
}

impl Script {
    pub const fn new(name: &'static str, answers: Answers) -> Self {
        Self { name, keys: "", answers, others: Vec::new }
    }
}

/// The running daemon with all scripts.
pub struct Stage {
    world: Mutex<World>,
    site: crate::world::Site,
    database: std::path::PathBuf,
}

static SHARED: Mutex<Weak<Stage>> = Mutex::new(Weak::new());

impl Stage {
    /// The one that runs, or a new one.
    pub fn share() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(stage) = shared.upgrade() {
            return stage;
        }
        let stage = Arc::new(Self::build());
        *shared = Arc::downgrade(&stage);
        stage
    }

    fn build() -> Self {
        let mut world = World::without_receivers();
        world.site.serve("/article", Page::html(article("A report", "Nothing that a rule asks for.")));
        let mut hosts = String::from("\n[egress.hosts]\n");
        let mut sources = String::new();
        for script in super::validators::SCRIPTS
            .iter()
            .chain(super::pauses::SCRIPTS)
            .chain(super::moves::SCRIPTS)
            .chain(super::manners::SCRIPTS)
            .chain(super::entries::SCRIPTS)
            .chain(super::gaps::SCRIPTS)
        {
            let host = format!("{}.test", script.name);
            let path = format!("/{}", script.name);
            let url = |path: &str| world.site.url_at(&host, path);
            let _written = writeln!(hosts, "\"{host}\" = \"127.0.0.1\"");
            let _written = writeln!(
                sources,
                "\n[source.{}]\nfeed = \"{}\"\nevery = \"1s\"\n{}",
                script.name,
                url(&path),
                if script.keys.contains("first_poll") {
                    script.keys.into()
                } else {
                    format!("first_poll = \"all\"\n{}", script.keys)
                }
            );
            world.site.serve_in_turn(&path, (script.answers)(&url));
            for (path, page) in (script.others)() {
                world.site.serve(path, page);
            }
        }
        world.configure(&format!(
            "contact = \"https://tower.example/bot\"\n{}{hosts}{sources}\n{}{}",
            world.outside().replace("\ntimeout = \"5s\"", "\ntimeout = \"5s\"\nstall = \"1s\""),
            world.tellings("ana@example.org", "/"),
            crate::world::RULE
        ));
        world.start();
        Self { site: world.site.clone(), database: world.state().join("atalaya.db"), world: Mutex::new(world) }
    }

    /// The requests of a source from its first one, when there are `count`.
    pub fn heard(&self, source: &str, count: usize) -> Vec<Heard> {
        let path = format!("/{source}");
        until(&format!("{source} is asked {count} times"), || {
            let heard = self.site.heard_for(&path);
            (heard.len() >= count).then_some(heard)
        })
    }

    pub fn all_heard(&self) -> Vec<Heard> {
        self.site.heard()
    }

    pub fn url_at(&self, host: &str, path: &str) -> String {
        self.site.url_at(host, path)
    }

    /// Waits until the database answers this to a question.
    pub fn until_told(&self, question: &str, answer: &str) {
        until(&format!("{question} is {answer}"), || (ask(&self.database, question) == answer).then_some(()));
    }

    pub fn ask(&self, question: &str) -> String {
        ask(&self.database, question)
    }

    pub fn log(&self) -> String {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner).log()
    }
}

/// Looks every few milliseconds until there is an answer.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "in vain for {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The first cell of a question, as text; empty for NULL and for no row.
pub fn ask(database: &Path, question: &str) -> String {
    with(database, async |connection| {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT CAST(({question}) AS TEXT) AS answer")))
            .fetch_one(connection)
            .await
            .expect("the question is SQL");
        row.try_get::<Option<String>, _>("answer").expect("text").unwrap_or_default()
    })
}

/// Changes the database of a daemon that is stopped.
pub fn change(database: &Path, statement: &str) {
    with(database, async |connection| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(connection)
            .await
            .expect("the statement holds");
    });
}

fn with<T>(database: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database).busy_timeout(PATIENCE);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
        let answer = work(&mut connection).await;
        connection.close().await.expect("it closes");
        answer
    })
}

/// A feed of entries with these ids.
pub fn listing(ids: &[&str], url: &dyn Fn(&str) -> String) -> Page {
    let entries: Vec<_> = ids.iter().map(|id| entry(id, &format!("Title of {id}"), url("/article"))).collect();
    Page::xml(feed(&entries))
}

/// A feed whose items are written out.
pub fn raw(items: &str) -> Page {
    Page::xml(format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>An invented paper</title>\
         <link>http://paper.example/</link><description>News</description>{items}</channel></rss>"
    ))
}

/// The sources of a world of one's own, each with its host, and the daemon's polling made quick.
pub fn world(sources: &[(&str, &str, &str)], politeness: &str) -> World {
    let mut world = World::without_receivers();
    world.site.serve("/article", Page::html(article("A report", "Nothing that a rule asks for.")));
    let mut text = world.outside();
    if !politeness.is_empty() {
        text = text.replace("gap = \"0s\"\nconnections = 4", politeness);
    }
    let mut hosts: Vec<&str> = sources.iter().map(|(_, host, _)| *host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    text.push_str("\n[egress.hosts]\n");
    for host in hosts {
        let _written = writeln!(text, "\"{host}\" = \"127.0.0.1\"");
    }
    for (name, host, path) in sources {
        let url = world.site.url_at(host, path);
        let _written = write!(text, "\n[source.{name}]\nfeed = \"{url}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n");
    }
    let _written = write!(text, "\n{}\n{}", world.tellings("ana@example.org", "/"), crate::world::RULE);
    world.configure(&text);
    world
}
