//! Replays traces of publishing through the scheduling of the daemon and of others, at equal numbers of requests.
//!
//! `cargo bench --bench schedule -- [--data FOLDER] [--feeds N] [--seed N] [--budget REQUESTS_PER_FEED_AND_HOUR]`
//!
//! Exits with 1 when the daemon's own schedule misses a bound. Made traces are seeded: rates spread as those of captured
//! feeds, profiles by hour and weekday in many time zones, clusters, busy days, silences and changes of pace. With
//! `--data`, the times in FOLDER/feeds/real.jsonl are replayed too, days drawn again where a capture is too short.

use atalaya::config::Polling;
use atalaya::schedule::allot::Allotment;
use atalaya::schedule::allot::Share;
use atalaya::schedule::rhythm::Rhythm;
use jiff::Timestamp;
use random::Random;
use std::collections::BTreeMap;
use std::process::ExitCode;

#[path = "random/mod.rs"]
mod random;

const LEARN_DAYS: i64 = 28;
const TEST_DAYS: i64 = 56;
const DAY: i64 = 86_400;
/// A Monday.
const START: i64 = 1_790_553_600;

/// The times of one feed's items, in seconds since the start, sorted.
type Trace = Vec<i64>;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            print(&format!("schedule: {fault}"));
            return ExitCode::from(2);
        }
    };
    let mut fleet = made(options.feeds, &mut Random(options.seed));
    if let Some(folder) = &options.data {
        let captured = match captured(folder, &mut Random(options.seed)) {
            Ok(traces) => traces,
            Err(fault) => {
                print(&format!("schedule: {fault}"));
                return ExitCode::from(2);
            }
        };
        compare("made", &fleet, &options);
        compare("captured", &captured, &options);
        fleet.extend(captured);
    }
    let good = compare(
        if options.data.is_some() { "all together, on which the bounds are" } else { "made" },
        &fleet,
        &options,
    );
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a line; a reader that went away is no fault.
fn print(line: &str) {
    use std::io::Write as _;
    let _broken_pipe = writeln!(std::io::stdout(), "{line}");
}

// ── what is compared ──

#[derive(Clone, Copy, Debug, PartialEq)]
enum Policy {
    Fixed,
    Rate,
    Root,
    Ours,
}

const POLICIES: [(Policy, &str); 4] = [
    (Policy::Fixed, "fixed interval"),
    (Policy::Rate, "interval ~ 1/rate"),
    (Policy::Root, "interval ~ 1/sqrt(rate)"),
    (Policy::Ours, "atalaya"),
];

/// What one policy came to.
struct Outcome {
    requests_per_hour: f64,
    delays: Vec<f64>,
    per_feed: Vec<f64>,
    longest_interval: f64,
}

fn compare(name: &str, traces: &[Trace], options: &Options) -> bool {
    let tested = traces.iter().flatten().filter(|time| **time >= LEARN_DAYS * DAY).count();
    print(&format!(
        "{name}: {} feeds, {} items, {tested} of them in the {TEST_DAYS} days of the test; minutes of delay",
        traces.len(),
        traces.iter().map(Vec::len).sum::<usize>()
    ));
    print(&format!(
        "{:24} {:>9} {:>7} {:>7} {:>7} {:>9} {:>7} {:>9}",
        "policy", "requests", "mean", "median", "p95", "per feed", "worst", "longest"
    ));
    let share = share();
    let outcomes = POLICIES.map(|(policy, label)| {
        let outcome = replay(policy, traces, options.budget);
        let figures = Figures::of(&outcome);
        print(&format!(
            "{label:24} {:>9.3} {:>7.1} {:>7.1} {:>7.1} {:>9.1} {:>7.0} {:>9.0}",
            outcome.requests_per_hour,
            figures.mean,
            figures.median,
            figures.p95,
            figures.per_feed,
            figures.worst_feed,
            outcome.longest_interval
        ));
        (outcome, figures)
    });
    let [(_, fixed), .., (ours, figures)] = &outcomes;
    let at_most = share.at_most.as_secs_f64() / 60.0;
    let bounds = [
        ("mean delay at most 12 minutes", figures.mean <= 12.0 / options.budget),
        ("p95 at most 30 minutes", figures.p95 <= 30.0 / options.budget),
        ("mean of the feeds' means at most twice the fixed one", figures.per_feed <= 2.0 * fixed.per_feed),
        ("no interval above `at_most`", ours.longest_interval <= at_most + 0.02),
        ("requests within a tenth of the budget", (ours.requests_per_hour / options.budget - 1.0).abs() <= 0.1),
    ];
    for (bound, holds) in bounds {
        print(&format!("  {} {bound}", if holds { "holds " } else { "MISSED" }));
    }
    print("");
    bounds.iter().all(|(_, holds)| *holds)
}

struct Figures {
    mean: f64,
    median: f64,
    p95: f64,
    per_feed: f64,
    worst_feed: f64,
}

impl Figures {
    fn of(outcome: &Outcome) -> Self {
        let mut delays = outcome.delays.clone();
        delays.sort_by(f64::total_cmp);
        let at = |share: f64| delays.get(((delays.len() as f64 * share) as usize).min(delays.len() - 1));
        Self {
            mean: mean(&delays),
            median: at(0.5).copied().unwrap_or_default(),
            p95: at(0.95).copied().unwrap_or_default(),
            per_feed: mean(&outcome.per_feed),
            worst_feed: outcome.per_feed.iter().copied().fold(0.0, f64::max),
        }
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / (numbers.len().max(1) as f64)
}

/// What a source may claim that says nothing of itself.
fn share() -> Share {
    let polling = Polling::default();
    Share { weight: 1.0, floor: polling.floor, at_most: polling.at_most }
}

struct Feed<'a> {
    trace: &'a [i64],
    next_item: usize,
    rhythm: Rhythm,
    asked: i64,
    due: i64,
    delays: Vec<f64>,
}

fn replay(policy: Policy, traces: &[Trace], budget: f64) -> Outcome {
    let share = share();
    let mut random = Random(7);
    let mut feeds: Vec<Feed<'_>> = traces
        .iter()
        .map(|trace| Feed {
            trace,
            next_item: 0,
            rhythm: Rhythm::default(),
            asked: 0,
            due: (random.unit() * 3600.0) as i64,
            delays: Vec::new(),
        })
        .collect();
    let (mut requests, mut longest) = (0_u64, 0);
    for day in 0..LEARN_DAYS + TEST_DAYS {
        let tested = day >= LEARN_DAYS;
        let now = at(day * DAY);
        let allotment = Allotment::among(feeds.iter().map(|feed| (&feed.rhythm, share)), budget, now);
        let stretch = stretch(policy, &feeds, share, budget);
        for feed in &mut feeds {
            while feed.due < (day + 1) * DAY {
                let time = feed.due;
                let from = feed.next_item;
                while feed.next_item < feed.trace.len() && feed.trace[feed.next_item] <= time {
                    feed.next_item += 1;
                }
                let new = &feed.trace[from..feed.next_item];
                let items: Vec<Timestamp> = new.iter().map(|time| at(*time)).collect();
                feed.rhythm.observe(&items, at(time));
                if tested {
                    requests += 1;
                    longest = longest.max(time - feed.asked);
                    let of_test = new.iter().filter(|item| **item >= LEARN_DAYS * DAY);
                    feed.delays.extend(of_test.map(|item| (time - item) as f64 / 60.0));
                }
                feed.asked = time;
                let jitter = 0.9 + 0.2 * random.unit();
                feed.due = match policy {
                    Policy::Ours => seconds(allotment.next(&feed.rhythm, share, at(time), jitter)).max(time + 1),
                    _ => time + (3600.0 / frequency(policy, &feed.rhythm, share, stretch) * jitter) as i64,
                };
            }
        }
    }
    Outcome {
        requests_per_hour: requests as f64 / (feeds.len() as f64 * TEST_DAYS as f64 * 24.0),
        per_feed: feeds.iter().filter(|feed| !feed.delays.is_empty()).map(|feed| mean(&feed.delays)).collect(),
        delays: feeds.into_iter().flat_map(|feed| feed.delays).collect(),
        longest_interval: longest as f64 / 60.0,
    }
}

/// Requests per hour of the policies that are only compared with.
fn frequency(policy: Policy, rhythm: &Rhythm, share: Share, stretch: f64) -> f64 {
    let (floor, at_most) = share.bounds();
    let raw = match policy {
        Policy::Fixed => 1.0,
        Policy::Rate => rhythm.per_hour(),
        Policy::Root | Policy::Ours => rhythm.per_hour().sqrt(),
    };
    (raw / stretch).clamp(3600.0 / at_most.as_secs_f64(), 3600.0 / floor.as_secs_f64())
}

/// The factor with which a compared policy meets the budget.
fn stretch(policy: Policy, feeds: &[Feed<'_>], share: Share, budget: f64) -> f64 {
    let (mut low, mut high) = (-20.0_f64, 20.0_f64);
    for _ in 0..40 {
        let half = 0.5 * (low + high);
        let requests: f64 = feeds.iter().map(|feed| frequency(policy, &feed.rhythm, share, half.exp())).sum();
        if requests > budget * feeds.len() as f64 { low = half } else { high = half }
    }
    low.exp()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).expect("a time of this century")
}

fn seconds(time: Timestamp) -> i64 {
    time.as_second() - START
}

// ── traces that are made ──

/// Spread as events and errors are.
trait Spread {
    fn normal(&mut self) -> f64;
    fn poisson(&mut self, mean: f64) -> usize;
}

impl Spread for Random {
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn poisson(&mut self, mean: f64) -> usize {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).max(0.0).round() as usize;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// How a kind of source spreads its items over the hours of its local day, and what a weekend has of a weekday.
struct Profile {
    share: f64,
    hours: [f64; 24],
    weekend: f64,
}

const PROFILES: [Profile; 5] = [
    // A newspaper: from early morning to late evening.
    Profile {
        share: 0.40,
        hours: [
            0.3, 0.15, 0.1, 0.1, 0.2, 0.6, 1.2, 1.6, 1.7, 1.6, 1.5, 1.5, 1.4, 1.3, 1.3, 1.4, 1.5, 1.6, 1.4, 1.2, 1.0,
            0.8, 0.6, 0.4,
        ],
        weekend: 0.55,
    },
    // An office, ministry or organisation: working hours of working days.
    Profile {
        share: 0.25,
        hours: [
            0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.4, 1.2, 2.2, 2.8, 2.8, 2.2, 1.8, 2.4, 2.6, 2.4, 1.6, 0.8, 0.4, 0.2,
            0.1, 0.0, 0.0,
        ],
        weekend: 0.1,
    },
    // An agency: around the clock.
    Profile {
        share: 0.10,
        hours: [
            0.7, 0.6, 0.6, 0.6, 0.7, 0.8, 1.0, 1.1, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1, 1.1, 1.0,
            0.9, 0.9, 0.8,
        ],
        weekend: 0.8,
    },
    // A blog: evenings, weekends too.
    Profile {
        share: 0.15,
        hours: [
            0.8, 0.4, 0.2, 0.1, 0.1, 0.1, 0.3, 0.6, 0.9, 1.0, 1.0, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.3, 1.6, 2.0, 2.2,
            2.2, 1.8, 1.2,
        ],
        weekend: 1.1,
    },
    // No profile at all.
    Profile { share: 0.10, hours: [1.0; 24], weekend: 1.0 },
];

/// Items a day, and the share of feeds that publish less: from the windows of 326 captured feeds (4 % hold less than three
/// hours, 13 % less than twelve, 22 % less than a day, half less than a fortnight, in 20 items).
const RATES: [(f64, f64); 6] = [(0.0, 0.03), (0.5, 1.43), (0.78, 20.0), (0.87, 40.0), (0.96, 160.0), (1.0, 200.0)];

/// One feed of each rate, evenly over the shares: the seed decides on everything else.
fn made(feeds: usize, random: &mut Random) -> Vec<Trace> {
    (0..feeds).map(|feed| trace(rate((feed as f64 + 0.5) / feeds as f64), random)).collect()
}

/// The rate below which a share of the feeds is, between the known ones in equal proportions.
fn rate(share: f64) -> f64 {
    let above = RATES.iter().position(|(known, _)| *known >= share).unwrap_or(RATES.len() - 1).max(1);
    let ((from, low), (to, high)) = (RATES[above - 1], RATES[above]);
    low * (high / low).powf((share - from) / (to - from))
}

/// One source that publishes `rate` items a day on average.
fn trace(rate: f64, random: &mut Random) -> Trace {
    let mut pick = random.unit();
    let profile = PROFILES
        .iter()
        .find(|profile| {
            pick -= profile.share;
            pick < 0.0
        })
        .unwrap_or(&PROFILES[0]);
    let zone = [-8, -5, -4, -4, -3, 0, 1, 1, 2, 3, 5, 8][random.below(12)];
    // A third publish in clusters of a few items within half an hour.
    let cluster = if random.unit() < 0.33 { 1.0 + 4.0 * random.unit() } else { 1.0 };
    // One in ten falls silent for two weeks, one in ten changes its pace.
    let silence = (random.unit() < 0.1).then(|| random.below(70) as i64);
    let change = (random.unit() < 0.1).then(|| (random.below(84) as i64, if random.unit() < 0.5 { 3.0 } else { 0.33 }));
    let mean_weight = (5.0 + 2.0 * profile.weekend) / 7.0 * profile.hours.iter().sum::<f64>();
    let mut times = Vec::new();
    for day in 0..LEARN_DAYS + TEST_DAYS {
        if silence.is_some_and(|from| (from..from + 14).contains(&day)) {
            continue;
        }
        // Some days are busy.
        let mut busy = (0.4 * random.normal() - 0.08).exp();
        if let Some((from, factor)) = change
            && day >= from
        {
            busy *= factor;
        }
        let weekend = if day % 7 >= 5 { profile.weekend } else { 1.0 };
        for (hour, weight) in (0_i64..).zip(profile.hours) {
            let expected = rate * busy * weekend * weight / mean_weight / cluster;
            for _ in 0..random.poisson(expected) {
                let start = day * DAY + (hour - zone) * 3600 + (random.unit() * 3600.0) as i64;
                let items = 1 + random.poisson(cluster - 1.0);
                for item in 0..items {
                    let after = if item == 0 { 0 } else { (random.unit() * 1800.0) as i64 };
                    times.push(start + after);
                }
            }
        }
    }
    sorted(times)
}

fn sorted(mut times: Vec<i64>) -> Trace {
    times.retain(|time| (0..(LEARN_DAYS + TEST_DAYS) * DAY).contains(time));
    times.sort_unstable();
    times
}

// ── traces that were captured ──

/// The times of feeds with twenty dated items or more. Where a capture reaches back far enough it is replayed as it is;
/// else its whole days are drawn again, working days and weekends apart.
fn captured(folder: &std::path::Path, random: &mut Random) -> Result<Vec<Trace>, String> {
    let path = folder.join("feeds/real.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut traces = Vec::new();
    for line in text.lines() {
        let feed: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let mut times: Vec<i64> = feed["entries"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["published"].as_i64().filter(|time| (946_684_800..START).contains(time)))
            .collect();
        times.sort_unstable();
        times.dedup();
        let [first, .., last] = times[..] else { continue };
        if times.len() < 20 {
            continue;
        }
        let days = LEARN_DAYS + TEST_DAYS;
        if last - first >= days * DAY {
            // Moved by whole weeks, so that its hours and weekdays stay what they were.
            let end = START + days * DAY;
            let weeks = (end - last).div_euclid(7 * DAY);
            let trace = sorted(times.iter().map(|time| time + weeks * 7 * DAY - START).collect());
            if trace.iter().filter(|time| **time >= LEARN_DAYS * DAY).count() >= 5 {
                traces.push(trace);
            }
            continue;
        }
        // The first day is cut off by the window.
        let mut by_day: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let (begin, end) = (first.div_euclid(DAY) + 1, last.div_euclid(DAY));
        for day in begin..=end {
            by_day.insert(day, Vec::new());
        }
        for time in times {
            if let Some(of_day) = by_day.get_mut(&time.div_euclid(DAY)) {
                of_day.push(time.rem_euclid(DAY));
            }
        }
        if by_day.len() < 3 {
            continue;
        }
        // 1 January 1970 was a Thursday.
        let is_weekend = |day: i64| (day + 3).rem_euclid(7) >= 5;
        let mut trace = Vec::new();
        for day in 0..days {
            let alike: Vec<&Vec<i64>> = by_day
                .iter()
                .filter(|(source, _)| is_weekend(**source) == (day % 7 >= 5))
                .map(|(_, times)| times)
                .collect();
            let pool = if alike.is_empty() { by_day.values().collect() } else { alike };
            // The same second of the day would be learned by heart.
            trace.extend(
                pool[random.below(pool.len())]
                    .iter()
                    .map(|time| day * DAY + time + ((random.unit() - 0.5) * 3600.0) as i64),
            );
        }
        traces.push(sorted(trace));
    }
    Ok(traces)
}

// ── the command line ──

struct Options {
    data: Option<std::path::PathBuf>,
    feeds: usize,
    seed: u64,
    budget: f64,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { data: None, feeds: 191, seed: 1, budget: 1.0 };
        while let Some(name) = arguments.next() {
            // Given by cargo.
            if name == "--bench" {
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{name} lacks a value or is unknown"))?;
            let wrong = || format!("{name} cannot be {value}");
            match name.as_str() {
                "--data" => options.data = Some(value.into()),
                "--feeds" => options.feeds = value.parse().ok().filter(|feeds| *feeds > 0).ok_or_else(wrong)?,
                "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
                "--budget" => options.budget = value.parse().ok().filter(|budget| *budget > 0.0).ok_or_else(wrong)?,
                _ => return Err(format!("{name} is unknown")),
            }
        }
        Ok(options)
    }
}
