//! An address → whether its site lets robots read it (RFC 9309). A site's robots.txt is asked for once and remembered for
//! a day; whoever comes meanwhile waits for the one answer. `now` is handed in.
//!
//! What can be had wrong is told apart: a site without a robots.txt (4xx) has no wishes, one that cannot give it at
//! present (429, 5xx, no answer) wants to be left alone for a while.

use super::client::Client;
use super::client::Request;
use super::failure::FetchError;
use super::guard::host_of;
use crate::model::Fault;
use crate::model::Proxy;
use crate::model::Reason;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use url::Url;

/// The name by which robots.txt speaks of us (RFC 9309 §2.2.1): the first word of our User-Agent.
pub const PRODUCT_TOKEN: &str = "atalaya";

/// RFC 9309 §2.4 allows a day.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How long a site is left alone that cannot give its robots.txt.
const UNREACHABLE: SignedDuration = SignedDuration::from_mins(10);

/// How long an old robots.txt is good while no new one can be had (RFC 9309 §2.4, §2.3.1.4).
const STALE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Longest pause between requests that a site may ask for with Crawl-delay; longer ones are cut to this.
pub const LONGEST_DELAY: SignedDuration = SignedDuration::from_secs(60);

/// RFC 9309 §2.5 asks for at least this; what is behind it is not read.
const MOST_BYTES: u64 = robotxt::BYTE_LIMIT as u64;

/// Sites that are remembered at once, and what their rules may weigh together, in bytes.
const MOST_SITES: usize = 4096;
const MOST_WEIGHT: usize = 32 << 20;

/// Longest rule that is quoted.
const LONGEST_QUOTE: usize = 120;

/// What every site said. Cheap to clone; all clones are the same memory.
#[derive(Clone, Debug, Default)]
pub struct Robots {
    sites: Arc<Mutex<HashMap<String, Site>>>,
}

#[derive(Debug)]
struct Site {
    said: Arc<tokio::sync::Mutex<Option<Said>>>,
    weight: usize,
    used: Timestamp,
}

#[derive(Clone, Debug)]
struct Said {
    wishes: Wishes,
    heard: Timestamp,
    until: Timestamp,
}

#[derive(Clone, Debug)]
enum Wishes {
    Known(Arc<robotxt::Robots>),
    Unknown { fault: Fault, reason: Reason },
}

/// What a site says of an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// Whether it may be read; else what helps (nothing, or waiting), and why.
    pub may: Result<(), (Fault, Reason)>,
    /// The pause between requests that the site wishes.
    pub delay: Option<SignedDuration>,
    /// Whether the site was asked for its robots.txt just now.
    pub asked: bool,
}

impl Robots {
    /// What the site of `url` says of it. Asks for its robots.txt by the way of `proxy` where none is remembered.
    pub async fn ask(&self, client: &Client, proxy: Option<&Proxy>, url: &Url, now: Timestamp) -> Word {
        let origin = url.origin().ascii_serialization();
        let place = self.place(&origin, now);
        let mut said = place.lock().await;
        if let Some(said) = said.as_ref().filter(|said| now < said.until) {
            return said.wishes.of(url, false).await;
        }
        let fresh = Said::from(fetch(client, proxy, url).await, said.as_ref(), url, now);
        self.weigh(&origin, fresh.wishes.weight());
        *said = Some(fresh.clone());
        drop(said);
        fresh.wishes.of(url, true).await
    }

    fn place(&self, origin: &str, now: Timestamp) -> Arc<tokio::sync::Mutex<Option<Said>>> {
        let mut sites = self.lock();
        if !sites.contains_key(origin) && sites.len() >= MOST_SITES {
            forget_one(&mut sites, origin);
        }
        let site =
            sites.entry(origin.to_owned()).or_insert_with(|| Site { said: Arc::default(), weight: 0, used: now });
        site.used = now;
        Arc::clone(&site.said)
    }

    /// Notes what a site's rules weigh, and forgets those that were not needed for longest when all weigh too much.
    fn weigh(&self, origin: &str, weight: usize) {
        let mut sites = self.lock();
        if let Some(site) = sites.get_mut(origin) {
            site.weight = weight;
        }
        while sites.len() > 1 && sites.values().map(|site| site.weight).sum::<usize>() > MOST_WEIGHT {
            forget_one(&mut sites, origin);
        }
    }

    /// A thread that died inside left no half-written site: every change is one assignment.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Site>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_one(sites: &mut HashMap<String, Site>, but: &str) {
    let oldest = sites.iter().filter(|(origin, _)| *origin != but).min_by_key(|(_, site)| site.used);
    if let Some(origin) = oldest.map(|(origin, _)| origin.clone()) {
        sites.remove(&origin);
    }
}

async fn fetch(client: &Client, proxy: Option<&Proxy>, url: &Url) -> Result<Vec<u8>, FetchError> {
    let mut address = url.clone();
    address.set_path("/robots.txt");
    address.set_query(None);
    address.set_fragment(None);
    let accept = "text/plain, */*;q=0.5";
    let request = Request { url: &address, accept, validators: None, max_bytes: Some(MOST_BYTES), capture: false };
    client.beginning_by(proxy, &request).await.map(|fetched| fetched.body)
}

impl Said {
    /// RFC 9309 §2.3.1.
    fn from(answer: Result<Vec<u8>, FetchError>, before: Option<&Self>, url: &Url, now: Timestamp) -> Self {
        let later = |pause: SignedDuration| now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        let known = |robots| Self { wishes: Wishes::Known(Arc::new(robots)), heard: now, until: later(REMEMBERED) };
        let error = match answer {
            Ok(bytes) => return known(robotxt::Robots::parse(&bytes, PRODUCT_TOKEN)),
            Err(FetchError::Status { status, .. }) if status < 500 && status != 429 => {
                return known(robotxt::Robots::allow_all());
            }
            Err(FetchError::Redirect(_)) => return known(robotxt::Robots::allow_all()),
            Err(error) => error,
        };
        if let Some(before) = before.filter(|it| it.wishes.is_known() && now.duration_since(it.heard) < STALE) {
            return Self { until: later(UNREACHABLE), ..before.clone() };
        }
        let fault = error.fault(now);
        let (reason, until) = match &error {
            FetchError::Status { status, .. } => {
                let detail = format!("{} answered {status} to the question what robots may read", host_of(url));
                let until = match &fault {
                    Fault::Throttled { until: Some(until) } => *until,
                    _ => later(UNREACHABLE),
                };
                (Reason::RobotsRefused { detail }, until)
            }
            // The site itself is out of reach: that is what is wrong, and the next try asks anew.
            _ => (error.reason(), now),
        };
        Self { wishes: Wishes::Unknown { fault, reason }, heard: now, until }
    }
}

impl Wishes {
    fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    fn weight(&self) -> usize {
        match self {
            Self::Known(robots) => {
                let rules = robots.rules().iter().map(|rule| rule.pattern().len() + size_of::<robotxt::Rule>());
                let maps = robots.sitemaps().iter().map(|map| map.as_str().len() + size_of::<Url>());
                rules.chain(maps).sum()
            }
            Self::Unknown { .. } => 0,
        }
    }

    async fn of(&self, url: &Url, asked: bool) -> Word {
        let robots = match self {
            Self::Unknown { fault, reason } => {
                return Word { may: Err((*fault, reason.clone())), delay: None, asked };
            }
            Self::Known(robots) => Arc::clone(robots),
        };
        let delay = robots
            .crawl_delay()
            .map(|delay| SignedDuration::try_from(delay).map_or(LONGEST_DELAY, |delay| delay.min(LONGEST_DELAY)));
        Word { may: judge(&robots, url), delay, asked }
    }
}

fn judge(robots: &robotxt::Robots, url: &Url) -> Result<(), (Fault, Reason)> {
    if robots.is_url_allowed(url) {
        return Ok(());
    }
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let rule = robots.matching_rule(path).map_or("/", |rule| rule.pattern());
    let rule: String = rule.chars().filter(|letter| !letter.is_control()).take(LONGEST_QUOTE).collect();
    let detail = format!("{} asks {} not to read `{rule}`", host_of(url), who(robots));
    Err((Fault::Permanent, Reason::RobotsRefused { detail }))
}

fn who(robots: &robotxt::Robots) -> &'static str {
    if robots.user_agent() == robotxt::ANY_AGENT { "robots" } else { PRODUCT_TOKEN }
}

#[cfg(test)]
mod tests {
    use super::Said;
    use super::Wishes;
    use super::judge;
    use crate::model::Fault;
    use crate::model::Reason;
    use crate::net::failure::FetchError;
    use jiff::SignedDuration;
    use jiff::Timestamp;
    use url::Url;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn url(path: &str) -> Url {
        Url::parse("https://paper.example").and_then(|base| base.join(path)).expect(path)
    }

    fn status(status: u16, retry_after: Option<&str>) -> FetchError {
        let retry_after = retry_after.map(str::to_owned);
        FetchError::Status { host: "paper.example".into(), status, retry_after, date: None, wall: None }
    }

    #[test]
    fn our_own_group_is_obeyed_and_the_longest_rule_wins() {
        let text = b"User-agent: *\nDisallow: /\n\nUser-agent: Atalaya\nDisallow: /archive\nAllow: /archive/open\n\
                     Disallow: /*?print=\n";
        let robots = robotxt::Robots::parse(text, super::PRODUCT_TOKEN);
        for (path, may) in [
            ("/news/1", true),
            ("/archive/1", false),
            ("/archive/open/1", true),
            ("/news/1?print=1", false),
            ("/news/1#archive", true),
        ] {
            assert_eq!(judge(&robots, &url(path)).is_ok(), may, "{path}");
        }
        let (fault, reason) = judge(&robots, &url("/archive/1")).expect_err("disallowed");
        assert_eq!(fault, Fault::Permanent);
        assert_eq!(reason.to_string(), "robots.txt: paper.example asks atalaya not to read `/archive`");
    }

    #[test]
    fn no_robots_txt_is_no_wish_and_a_broken_site_is_left_alone_for_a_while() {
        let now = at("2026-11-24T12:00:00Z");
        let said = |answer| Said::from(Err(answer), None, &url("/news"), now);
        for code in [401, 403, 404, 410, 451, 304] {
            let said = said(status(code, None));
            assert!(said.wishes.is_known(), "{code}");
            assert_eq!(said.until, at("2026-11-25T12:00:00Z"), "{code}");
        }
        for (code, retry_after, until) in [
            (500, None, "2026-11-24T12:10:00Z"),
            (503, Some("3600"), "2026-11-24T13:00:00Z"),
            (429, Some("7200"), "2026-11-24T14:00:00Z"),
            (429, None, "2026-11-24T12:10:00Z"),
        ] {
            let said = said(status(code, retry_after));
            assert_eq!(said.until, at(until), "{code}");
            let Wishes::Unknown { fault, reason: Reason::RobotsRefused { .. } } = said.wishes else {
                panic!("{code}: {said:?}");
            };
            assert_ne!(fault, Fault::Permanent, "{code}");
        }
        let gone = FetchError::Unreachable { host: "paper.example".into(), cause: "refused".into() };
        let said = said(gone);
        assert_eq!(said.until, now, "asked anew at the next try");
        assert!(matches!(said.wishes, Wishes::Unknown { reason: Reason::ConnectionFailed { .. }, .. }));
    }

    #[test]
    fn an_old_robots_txt_is_good_while_no_new_one_can_be_had_but_not_for_ever() {
        let first = at("2026-11-01T00:00:00Z");
        let known = Said::from(Ok(b"User-agent: *\nDisallow: /private".to_vec()), None, &url("/"), first);
        let day = SignedDuration::from_hours(24);
        for (days, good) in [(2, true), (29, true), (31, false)] {
            let now = first + day * days;
            let said = Said::from(Err(status(503, None)), Some(&known), &url("/"), now);
            assert_eq!(said.wishes.is_known(), good, "{days} days");
            assert_eq!(said.until, now + SignedDuration::from_mins(10));
        }
    }

    #[test]
    fn a_page_in_place_of_robots_txt_forbids_nothing() {
        let robots = robotxt::Robots::parse(b"<!DOCTYPE html><p>User-agent: *<p>Disallow: /", super::PRODUCT_TOKEN);
        assert_eq!(judge(&robots, &url("/news")), Ok(()));
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let began = std::time::Instant::now();
        let stars = format!("User-agent: *\nDisallow: /{}b", "*a".repeat(200_000));
        let many = format!("User-agent: *\n{}", "Disallow: /*a*a*a*a*a*b\n".repeat(20_000));
        let path = url(&format!("/{}", "a".repeat(8000)));
        for text in [stars, many] {
            let robots = robotxt::Robots::parse(text.as_bytes(), super::PRODUCT_TOKEN);
            assert_eq!(judge(&robots, &path), Ok(()));
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
