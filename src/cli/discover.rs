//! `atalaya discover`: an address → what can be watched there, each fetched and read, as source blocks to paste.

use super::Exit;
use super::output::Output;
use super::setup;
use super::shown::Stage;
use crate::config::Config;
use crate::config::Egress;
use crate::config::Politeness;
use crate::daemon::tower::user_agent;
use crate::discover;
use crate::discover::Candidate;
use crate::discover::Found;
use crate::discover::sitemap;
use crate::discover::sitemap::Sitemap;
use crate::feed;
use crate::feed::charset;
use crate::model::Document;
use crate::net::Client;
use crate::net::FetchError;
use crate::net::Fetched;
use crate::net::Request;
use crate::source::host_key;
use crate::source::unreadable;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// What is asked for: any page or feed.
const ACCEPT: &str = "text/html, application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, \
                      */*;q=0.5";

/// Declared and linked feeds that are asked for.
const MOST_FEEDS: usize = 12;
/// Sitemaps that are asked for, those of an index included.
const MOST_SITEMAPS: usize = 6;

/// In characters.
const LONGEST_TITLE: usize = 120;

/// `atalaya discover`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya discover https://paper.example >> atalaya.toml\n  \
                        atalaya discover --json paper.example")]
pub struct Arguments {
    /// The page of a site, or a feed
    #[arg(value_name = "URL")]
    url: String,
    /// One JSON object per finding
    #[arg(long)]
    json: bool,
    /// When nothing is named anywhere, also try the places where feeds usually stand
    #[arg(long)]
    guess: bool,
}

/// Something that was fetched and read.
#[derive(Serialize)]
struct Finding {
    /// `feed`, `sitemap` or `hub`.
    kind: &'static str,
    url: Url,
    found_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Url>,
    /// Whether a source block can watch it.
    watchable: bool,
    /// The source that watches it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    watched_as: Option<String>,
    /// To paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<String>,
}

/// Searches, then prints blocks, the newest first. Exits with 1 when there is nothing to watch.
///
/// # Errors
/// When no client can be made or the answer cannot be written.
pub fn run(arguments: &Arguments, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(url) = address(&arguments.url) else {
        output.complain(&format!("{} is no web address", arguments.url));
        return Ok(Exit::Finding);
    };
    let loaded = match setup::load_if_any(config, output) {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let config = loaded.as_ref().map(|loaded| &loaded.config);
    let egress = config.map_or_else(Egress::default, |config| config.egress.clone());
    let gap = config.map_or(Politeness::default(), |config| config.politeness).gap.unsigned_abs();
    let client = Client::new(&egress, &user_agent(config.and_then(|config| config.contact.as_deref())))?;
    let mut scout = Scout {
        client,
        gap,
        stage: config.map(Stage::of).transpose()?.flatten(),
        asked: HashSet::new(),
        tried: HashSet::new(),
        found: Vec::new(),
        remarks: Vec::new(),
    };
    let searched = setup::runtime()?.block_on(scout.search(&url, arguments.guess));
    for remark in &scout.remarks {
        output.complain(&discover::one_line(remark));
    }
    if let Err(error) = searched {
        output.complain(&error.to_string());
        return Ok(Exit::Failure);
    }
    let findings = arranged(scout.found, config);
    for (index, finding) in findings.iter().enumerate() {
        if arguments.json {
            output.json(finding)?;
            continue;
        }
        if index > 0 && finding.block.is_some() {
            output.line("")?;
        }
        output.line(text(finding).trim_end())?;
    }
    if findings.iter().any(|finding| finding.watchable) {
        return Ok(Exit::Success);
    }
    output.complain(&hint(&url, arguments.guess));
    Ok(Exit::Finding)
}

/// A whole address, or one without its scheme, as people type it.
fn address(given: &str) -> Option<Url> {
    let given = given.trim();
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if given.contains("://") {
        return Url::parse(given).ok().filter(is_web);
    }
    Url::parse(&format!("https://{given}")).ok().filter(is_web)
}

fn hint(url: &Url, guessed: bool) -> String {
    let guess = if guessed { "" } else { " `--guess` also tries where feeds usually stand." };
    let page = toml::Value::from(url.as_str());
    format!(
        "nothing to subscribe to was found at {url}.{guess} The page itself can be watched: `page = {page}` with `item = \
         \"…\"`, the CSS selector of one article in its list, or `watch = {page}` for every block of text that is added"
    )
}

/// Feeds first, the newest and then the fullest first, each with the block that watches it.
fn arranged(mut findings: Vec<Finding>, config: Option<&Config>) -> Vec<Finding> {
    let sources = config.map(|config| config.sources.as_slice()).unwrap_or_default();
    let watched: HashMap<String, &str> =
        sources.iter().map(|plan| (discover::key(plan.watch.address()), plan.name.as_str())).collect();
    let mut names: HashSet<String> = sources.iter().map(|plan| plan.name.as_str().to_owned()).collect();
    findings.sort_by_key(|finding| {
        let rank = ["feed", "sitemap", "hub"].iter().position(|kind| *kind == finding.kind);
        (!finding.watchable, rank, std::cmp::Reverse(finding.newest), std::cmp::Reverse(finding.entries))
    });
    for finding in findings.iter_mut().filter(|finding| finding.watchable) {
        match watched.get(&discover::key(&finding.url)) {
            Some(name) => finding.watched_as = Some((*name).to_owned()),
            None => {
                let title = finding.title.as_deref();
                let name = discover::name(&finding.url, title, &mut names);
                finding.block = Some(discover::block(&name, &finding.url, title));
            }
        }
    }
    findings
}

/// TOML: what is no block is a comment.
fn text(finding: &Finding) -> String {
    let mut says = Vec::new();
    if let Some(entries) = finding.entries {
        says.push(format!("{entries} {}", if entries == 1 { "entry" } else { "entries" }));
    }
    says.extend(finding.newest.map(|newest| format!("the newest of {}", newest.strftime("%Y-%m-%d"))));
    says.extend(finding.format.clone());
    says.push(format!("found by {}", finding.found_by));
    let says = says.join(", ");
    let mut text = match (&finding.watched_as, finding.watchable) {
        (Some(name), _) => format!("# {}: watched already, as [source.{name}]; {says}\n", finding.url),
        (None, true) => format!("# {says}\n"),
        (None, false) => format!("# {}: {}, {says}\n", finding.kind, finding.url),
    };
    for hub in &finding.hubs {
        text.push_str(&format!("# its hub: {hub}\n"));
    }
    text.push_str(finding.block.as_deref().unwrap_or_default());
    text
}

/// Asks, politely, and remembers what it was told.
struct Scout<'a> {
    client: Client,
    gap: Duration,
    /// Shows pages that scripts build, where there is a service for it.
    stage: Option<Stage<'a>>,
    /// Hosts.
    asked: HashSet<String>,
    /// Candidates, under `discover::key`.
    tried: HashSet<String>,
    found: Vec<Finding>,
    remarks: Vec<String>,
}

impl Scout<'_> {
    /// In the order in which things are believed; what costs the site more is asked only when there was nothing before.
    async fn search(&mut self, url: &Url, guess: bool) -> Result<(), FetchError> {
        let fetched = self.get(url).await?;
        self.tried.insert(discover::key(url));
        self.tried.insert(discover::key(&fetched.url));
        let given = Candidate { url: url.clone(), found: Found::Given, title: None };
        if let Ok(inner) = self.take(&given, &fetched) {
            self.sitemaps(inner.into_iter().filter(sitemap::speaks_of_news).collect()).await;
            return Ok(());
        }
        let fetched = self.as_shown(fetched).await;
        let named = discover::named(&document(&fetched), &fetched.links);
        for hub in named.hubs {
            self.found.push(Finding::new("hub", hub, "the page"));
        }
        self.try_all(&named.declared, MOST_FEEDS, usize::MAX).await;
        if !self.has_feed() {
            self.try_all(&named.hinted, MOST_FEEDS, usize::MAX).await;
        }
        let named_by_robots = self.robots(&fetched.url).await;
        self.sitemaps(named_by_robots).await;
        if !self.has_feed()
            && let Some(remark) = remark_on(&fetched)
        {
            self.remarks.push(format!("{}: {remark}", fetched.url));
        }
        if guess && !self.has_feed() {
            self.try_all(&discover::guesses(&fetched.url), usize::MAX, 1).await;
        }
        match named.comment_feeds {
            0 => {}
            1 => self.remarks.push("1 feed of comments was left out".into()),
            count => self.remarks.push(format!("{count} feeds of comments were left out")),
        }
        Ok(())
    }

    /// A page that scripts are to build as a browser shows it: it may name feeds then.
    async fn as_shown(&mut self, fetched: Fetched) -> Fetched {
        let (Some(stage), Some(reason)) = (&self.stage, unreadable(&document(&fetched))) else { return fetched };
        match stage.shown(&fetched, &reason).await {
            None => fetched,
            Some(Ok(shown)) => shown,
            Some(Err(why)) => {
                self.remarks.push(format!("{}: {why}", fetched.url));
                fetched
            }
        }
    }

    fn has_feed(&self) -> bool {
        self.found.iter().any(|finding| finding.watchable)
    }

    /// Tries at most `most` candidates, until `enough` of them are feeds.
    async fn try_all(&mut self, candidates: &[Candidate], most: usize, enough: usize) {
        let before = self.found.len();
        for candidate in candidates.iter().take(most) {
            if self.found[before..].iter().filter(|finding| finding.watchable).count() >= enough {
                return;
            }
            self.attempt(candidate).await;
        }
    }

    /// One candidate: fetched, read, and kept or remarked on. The sitemaps of an index are given back.
    async fn attempt(&mut self, candidate: &Candidate) -> Vec<Url> {
        if !self.tried.insert(discover::key(&candidate.url)) {
            return Vec::new();
        }
        let taken = match self.get(&candidate.url).await {
            Ok(fetched) => self.take(candidate, &fetched),
            Err(error) => Err(error.to_string()),
        };
        match taken {
            Ok(more) => more,
            // A guess that is wrong was nobody's word.
            Err(_) if candidate.found == Found::Guess => Vec::new(),
            Err(why) => {
                self.remarks.push(format!("{}, named by {}: {why}", candidate.url, candidate.found.as_str()));
                Vec::new()
            }
        }
    }

    /// The sitemaps that robots.txt names. Most sites have none, or nothing in it: no remark.
    async fn robots(&mut self, page: &Url) -> Vec<Url> {
        let Ok(robots) = page.join("/robots.txt") else { return Vec::new() };
        let Ok(fetched) = self.get(&robots).await else { return Vec::new() };
        discover::sitemaps_of_robots(&String::from_utf8_lossy(&fetched.body), &fetched.url)
    }

    /// These, and those of their indexes that speak of news.
    async fn sitemaps(&mut self, mut waiting: Vec<Url>) {
        let mut asked = 0;
        while !waiting.is_empty() && asked < MOST_SITEMAPS {
            let candidate = Candidate { url: waiting.remove(0), found: Found::Robots, title: None };
            asked += 1;
            let inner = self.attempt(&candidate).await;
            waiting.splice(0..0, inner.into_iter().filter(sitemap::speaks_of_news));
        }
    }

    /// Keeps what was fetched if it is a feed or a sitemap.
    fn take(&mut self, candidate: &Candidate, fetched: &Fetched) -> Result<Vec<Url>, String> {
        let url = fetched.moved.clone().unwrap_or_else(|| candidate.url.clone());
        let (text, _) =
            charset::decode(&fetched.body, fetched.content_type.as_deref(), charset::xml_label(&fetched.body));
        let mut finding = Finding::new("feed", url, candidate.found.as_str());
        let mut inner = Vec::new();
        match sitemap::read(&text, &fetched.url) {
            Some(Sitemap::Index(sitemaps)) => {
                finding.kind = "sitemap";
                finding.format = Some(format!("an index of {}", sitemaps.len()));
                inner = sitemaps;
            }
            Some(Sitemap::Pages { pages, news, newest }) => {
                finding.kind = "sitemap";
                finding.format =
                    Some(if news > 0 { "news".into() } else { "pages, none of them marked as news".into() });
                finding.entries = Some(if news > 0 { news } else { pages });
                finding.newest = newest;
                finding.watchable = news > 0 && feed::read(&document(fetched)).is_ok_and(|it| !it.entries.is_empty());
            }
            None => {
                let listing = feed::read(&document(fetched)).map_err(|reason| reason.to_string())?;
                let title = listing.title.or_else(|| candidate.title.clone());
                if title.as_deref().is_some_and(discover::is_title_of_comments) {
                    return Err("a feed of comments, left out".into());
                }
                finding.title = title
                    .map(|title| discover::one_line(&title).chars().take(LONGEST_TITLE).collect())
                    .filter(|title: &String| !title.is_empty());
                finding.format = Some(listing.format);
                finding.entries = Some(listing.entries.len());
                finding.newest = listing.entries.iter().filter_map(|entry| entry.published.or(entry.updated)).max();
                finding.hubs = discover::hubs(&text, &fetched.url);
                finding.watchable = true;
            }
        }
        self.found.push(finding);
        Ok(inner)
    }

    /// One request; the host's pause before it when it was asked before.
    async fn get(&mut self, url: &Url) -> Result<Fetched, FetchError> {
        if host_key(url).is_some_and(|host| !self.asked.insert(host)) {
            tokio::time::sleep(self.gap).await;
        }
        self.client.get(&Request { url, accept: ACCEPT, validators: None, max_bytes: None, capture: false }).await
    }
}

impl Finding {
    fn new(kind: &'static str, url: Url, found_by: &'static str) -> Self {
        Self {
            kind,
            url,
            found_by,
            title: None,
            format: None,
            entries: None,
            newest: None,
            hubs: Vec::new(),
            watchable: false,
            watched_as: None,
            block: None,
        }
    }
}

/// What helps with an address that names nothing.
fn remark_on(fetched: &Fetched) -> Option<String> {
    if serde_json::from_slice::<serde_json::Value>(&fetched.body).is_ok_and(|it| it.is_object() || it.is_array()) {
        return Some("this is JSON, which a source with `json` watches, by pointers to its items".into());
    }
    unreadable(&document(fetched)).map(|reason| reason.to_string())
}

fn document(fetched: &Fetched) -> Document<'_> {
    Document { url: &fetched.url, content_type: fetched.content_type.as_deref(), bytes: &fetched.body }
}
