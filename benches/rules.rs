//! Judges invented articles against rule sets of several sizes, other engines beside it on the same texts and names.
//!
//! `cargo bench --bench rules -- [--names N[,N…]] [--articles N] [--seed N] [--engines]`
//!
//! Exits with 1 when a bound is missed. Everything is seeded and invented: words of syllables, as frequent as those of a
//! language (Zipf), articles of the length of real ones with marks, references, dashes and quotes; names of one to four
//! capitalised words that articles are made to mention. Speeds are of one thread, best of several rounds. `judge` gives
//! every rule a verdict with its reason, as the daemon writes it down; `matches` only those rules that match.

use aho_corasick::AhoCorasick;
use aho_corasick::AhoCorasickKind;
use atalaya::model::EntityName;
use atalaya::model::RuleName;
use atalaya::rule::EntitySpec;
use atalaya::rule::RuleSet;
use atalaya::rule::RuleSpec;
use atalaya::rule::Text;
use atalaya::rule::parse;
use atalaya::text::Normal;
use atalaya::text::Words;
use atalaya::text::fold;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// Bounds: names, megabytes a second at least, from the text as it came to the verdict of every rule that matches.
const SPEEDS: [(usize, f64); 2] = [(10_000, 60.0), (100_000, 30.0)];
/// Seconds a hundred thousand names may take to compile.
const BUILD: f64 = 0.2;
/// Megabytes that a million names may take.
const MEMORY: f64 = 100.0;
/// Milliseconds that the slowest but one of a hundred articles of 20 kB may take.
const SLOWEST: f64 = 1.0;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            print(&format!("rules: {fault}"));
            return ExitCode::from(2);
        }
    };
    let mut good = true;
    print("     names  rules   build s   memory MB   judge MB/s   matches MB/s   articles/s   p99 of 20 kB ms   hits");
    for &names in &options.names {
        good &= one(names, &options);
    }
    texts(&options);
    if options.engines {
        engines(&options);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One row of the table, and whether its bounds hold.
fn one(names: usize, options: &Options) -> bool {
    let world = World::made(names, options.articles, 3_700, options.seed);
    let (entities, rules) = world.configured();
    let before = resident();
    let started = clock();
    let set = RuleSet::compile(entities, rules);
    let build = clock() - started;
    // Without the specifications, which are the configuration's and were there before.
    let memory = resident() - before;
    let bytes: usize = world.articles.iter().map(|(title, body)| title.len() + body.len()).sum();
    let mut hits = 0;
    let judged = best(|| {
        hits = 0;
        for (title, body) in &world.articles {
            let judgement = set.judge(&Text::of(title, body, None));
            hits += judgement.verdicts.iter().filter(|verdict| verdict.matched).count();
            black_box(judgement);
        }
    });
    let matched = best(|| {
        for (title, body) in &world.articles {
            black_box(set.matches(&Text::of(title, body, None)));
        }
    });
    let long = World::made(names, 200, 20_000, options.seed);
    let mut slow: Vec<f64> = Vec::new();
    for (title, body) in &long.articles {
        // Of several rounds the best: what takes long is the article then, and not another program.
        let round = |_| {
            let started = Instant::now();
            black_box(set.judge(&Text::of(title, body, None)));
            started.elapsed().as_secs_f64()
        };
        slow.push((0..ROUNDS).map(round).fold(f64::MAX, f64::min));
    }
    slow.sort_by(f64::total_cmp);
    let p99 = slow[slow.len() * 99 / 100] * 1000.0;
    let speed = bytes as f64 / judged / 1e6;
    let speed_of_matches = bytes as f64 / matched / 1e6;
    print(&format!(
        "{names:>10} {:>6} {build:>9.3} {memory:>11.1} {speed:>12.1} {speed_of_matches:>14.1} {:>12.0} {p99:>17.3} {:>6}",
        set.rules().len(),
        world.articles.len() as f64 / judged,
        hits
    ));
    let mut good = build <= BUILD * (names as f64 / 1e5).max(1.0) && p99 <= SLOWEST;
    good &= names < 1_000_000 || memory <= MEMORY;
    good &= SPEEDS.iter().all(|&(bound, least)| bound != names || speed_of_matches >= least);
    if !good {
        print("            ^ misses a bound");
    }
    good
}

/// The steps before any name is looked for.
fn texts(options: &Options) {
    let world = World::made(1_000, options.articles, 3_700, options.seed);
    let bytes: usize = world.articles.iter().map(|(_, body)| body.len()).sum();
    let normal = best(|| world.articles.iter().for_each(|(_, body)| drop(black_box(Normal::of(body)))));
    let words = best(|| world.articles.iter().for_each(|(_, body)| drop(black_box(Words::of(body)))));
    print(&format!(
        "\nnormal form {:.0} MB/s; normal form and words {:.0} MB/s",
        bytes as f64 / normal / 1e6,
        bytes as f64 / words / 1e6
    ));
}

/// Names only, on text that is normalised already: how others find them.
fn engines(options: &Options) {
    print("\nfinding names in folded text, whole words only, MB/s (build s)");
    for &names in options.names.iter().filter(|&&names| names <= 100_000) {
        let world = World::made(names, options.articles, 3_700, options.seed);
        let folded: Vec<String> = world.articles.iter().map(|(_, body)| fold(Normal::of(body).text())).collect();
        let patterns: Vec<String> = world.names.iter().map(|name| fold(Normal::of(name).text())).collect();
        let bytes: usize = folded.iter().map(String::len).sum();
        let mut row = format!("{names:>10}");
        let mut found = Vec::new();
        let mut add = |name: &str, build: f64, run: &mut dyn FnMut() -> usize| {
            let mut count = 0;
            let seconds = best(|| count = run());
            found.push(count);
            row.push_str(&format!("   {name} {:.0} ({build:.2})", bytes as f64 / seconds / 1e6));
        };
        let set = {
            let (entities, _) = world.configured();
            let started = clock();
            let set = RuleSet::compile(entities, Vec::new());
            (set, clock() - started)
        };
        add("this", set.1, &mut || folded.iter().map(|text| set.0.matches(&Text::of("", text, None)).len()).sum());
        for (name, kind) in
            [("aho-corasick contiguous", AhoCorasickKind::ContiguousNFA), ("aho-corasick DFA", AhoCorasickKind::DFA)]
        {
            if kind == AhoCorasickKind::DFA && names > 10_000 {
                continue;
            }
            let started = clock();
            let Ok(engine) = AhoCorasick::builder().kind(Some(kind)).build(&patterns) else { continue };
            add(name, clock() - started, &mut || {
                let whole = |text: &str| {
                    engine.find_overlapping_iter(text).filter(|at| is_whole(text, at.start(), at.end())).count()
                };
                folded.iter().map(|text| whole(text)).sum()
            });
        }
        let mut unique = patterns.clone();
        unique.sort();
        unique.dedup();
        let started = clock();
        if let Ok(engine) = daachorse::DoubleArrayAhoCorasick::<u32>::new(&unique) {
            add("daachorse", clock() - started, &mut || {
                let whole = |text: &str| {
                    engine.find_overlapping_iter(text).filter(|at| is_whole(text, at.start(), at.end())).count()
                };
                folded.iter().map(|text| whole(text)).sum()
            });
        }
        print(&row);
        black_box(found);
    }
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back().is_none_or(|character| !character.is_alphanumeric());
    before && text[end..].chars().next().is_none_or(|character| !character.is_alphanumeric())
}

/// Invented names and articles that mention some.
struct World {
    names: Vec<String>,
    articles: Vec<(String, String)>,
    near: Vec<String>,
}

impl World {
    fn made(names: usize, articles: usize, bytes: usize, seed: u64) -> Self {
        let mut chance = Chance(seed | 1);
        let words: Vec<String> = (0..60_000).map(|rank| word(rank, &mut chance)).collect();
        let capitalised = |word: &str| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
        };
        let name = |chance: &mut Chance| {
            let count = [1, 2, 2, 2, 3, 3, 4][chance.below(7)];
            let parts: Vec<String> = (0..count).map(|_| capitalised(&words[200 + chance.below(59_000)])).collect();
            if count > 2 { format!("{} de {}", parts[0], parts[1..].join(" ")) } else { parts.join(" ") }
        };
        let list: Vec<String> = (0..names).map(|_| name(&mut chance)).collect();
        let near: Vec<String> = (0..3_000).map(|index| words[500 + index].clone()).collect();
        let articles = (0..articles).map(|_| article(&words, &list, bytes, &mut chance)).collect();
        Self { names: list, articles, near }
    }

    /// A thousand rules over entities of about ten names each, three in ten of them weak.
    fn configured(&self) -> (Vec<EntitySpec>, Vec<RuleSpec>) {
        let mut chance = Chance(99);
        let mut entities = Vec::new();
        for (index, group) in self.names.chunks(10).enumerate() {
            let (weak, strong): (Vec<_>, Vec<_>) = group.iter().cloned().enumerate().partition(|(at, _)| at % 10 < 3);
            let list = |names: Vec<(usize, String)>| names.into_iter().map(|(_, name)| name).collect();
            let some = |chance: &mut Chance| (0..6).map(|_| self.near[chance.below(3_000)].clone()).collect();
            entities.push(EntitySpec {
                name: Some(EntityName::new(format!("e{index}"))),
                strong: list(strong),
                weak: list(weak),
                near: some(&mut chance),
                against: some(&mut chance),
                ..EntitySpec::default()
            });
        }
        let rules = (0..1_000).map(|index| {
            let entity = chance.below(entities.len());
            let [one, other, third] = [0; 3].map(|_| &self.near[chance.below(3_000)]);
            let query = match index % 4 {
                0 => format!("@e{entity} AND ({one} OR {other})"),
                1 => format!("@e{entity} NEAR/10 {one}"),
                2 => format!("@e{entity} AND {one} AND NOT {other}"),
                _ => format!("@e{entity} OR (\"{one} {other}\" AND title:{third})"),
            };
            RuleSpec {
                name: RuleName::new(format!("r{index}")),
                label: None,
                query: parse(&query).expect("an invented query is one"),
                languages: Vec::new(),
                min_score: None,
                hit: Vec::new(),
                miss: Vec::new(),
            }
        });
        let rules = rules.collect();
        (entities, rules)
    }
}

/// An invented word; those of low rank are short, as in languages.
fn word(rank: usize, chance: &mut Chance) -> String {
    const HEADS: [&str; 18] =
        ["b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "tr", "pr", "ch", "qu", "br"];
    const HEARTS: [&str; 12] = ["a", "e", "i", "o", "u", "a", "e", "o", "ia", "ó", "í", "ue"];
    const TAILS: [&str; 8] = ["", "", "", "n", "s", "r", "l", "ñ"];
    let syllables = if rank < 60 { 1 } else { 2 + chance.below(3) };
    (0..syllables)
        .map(|_| format!("{}{}{}", HEADS[chance.below(18)], HEARTS[chance.below(12)], TAILS[chance.below(8)]))
        .collect()
}

/// About `bytes` of text: sentences and paragraphs, now and then a name, a quote, a dash or a reference.
fn article(words: &[String], names: &[String], bytes: usize, chance: &mut Chance) -> (String, String) {
    let mut body = String::with_capacity(bytes + 200);
    let length = bytes / 2 + chance.below(bytes);
    while body.len() < length {
        for place in 0..8 + chance.below(18) {
            let word = &words[chance.rank(words.len())];
            if place == 0 {
                let mut letters = word.chars();
                body.extend(letters.next().into_iter().flat_map(char::to_uppercase).chain(letters));
            } else {
                body.push_str(word);
            }
            body.push_str(match chance.below(90) {
                0..=4 => ", ",
                5 => " \u{2013} ",
                6 => ": \u{201c}",
                7 => "\u{201d} ",
                8 => "&nbsp;",
                _ => " ",
            });
            // A name in two hundred words: an article has about three.
            if chance.below(200) == 0 {
                body.push_str(&names[chance.below(names.len())]);
                body.push(' ');
            }
        }
        body.truncate(body.trim_end().len());
        body.push_str(if chance.below(5) == 0 { ".\n\n" } else { ". " });
    }
    let title: Vec<&str> = (0..9).map(|_| words[chance.rank(words.len())].as_str()).collect();
    (title.join(" "), body)
}

/// Numbers that are the same for the same seed (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit.max(1)
    }

    /// A rank as words have them: each half of what is left is as likely as the one before.
    fn rank(&mut self, limit: usize) -> usize {
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((limit as f64).powf(part) as usize - 1).min(limit - 1)
    }
}

/// Seconds of processor time of this process: what other programs do on the machine counts little.
fn clock() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// The fewest seconds of several rounds.
fn best(mut run: impl FnMut()) -> f64 {
    let mut fewest = f64::MAX;
    for _ in 0..ROUNDS {
        let started = clock();
        run();
        fewest = fewest.min(clock() - started);
    }
    fewest
}

/// Megabytes of memory in use.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or_default() * 4096.0 / 1e6
}

struct Options {
    names: Vec<usize>,
    articles: usize,
    seed: u64,
    engines: bool,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { names: vec![1_000, 10_000, 100_000, 1_000_000], articles: 3_000, seed: 7, engines: false };
        while let Some(argument) = arguments.next() {
            if argument == "--engines" {
                options.engines = true;
                continue;
            }
            if argument == "--bench" {
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{argument} takes a value"))?;
            let number = |text: &str| text.parse().map_err(|_| format!("{argument}: {text} is no number"));
            match argument.as_str() {
                "--names" => options.names = value.split(',').map(number).collect::<Result<_, _>>()?,
                "--articles" => options.articles = number(&value)?,
                "--seed" => options.seed = number(&value)? as u64,
                _ => return Err(format!("{argument} is not known")),
            }
        }
        Ok(options)
    }
}

/// Writes a line; a reader that went away is no fault.
fn print(line: &str) {
    use std::io::Write as _;
    let _broken_pipe = writeln!(std::io::stdout(), "{line}");
}
