//! How fast articles are sketched and looked up, and what an index takes: the half of `bench/stories` that needs the
//! library. `--time FILE` takes pairs of articles as `atalaya try story --jsonl` does, and prints each figure as JSON:
//! name → [value, bound, whether more is better]. The index is filled with made-up articles: random passages, and names of
//! which some are common, at the mean size of the sketches of the file.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use atalaya::story::Index;
use atalaya::story::Known;
use atalaya::story::Sketch;
use random::Random;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;
use std::time::Instant;

#[path = "random/mod.rs"]
mod random;

const ARTICLES: usize = 1_000_000;
const DAYS: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((mode, [file])) if mode == "--time" => time(file),
        // `cargo bench` and `cargo test` start it with nothing or options of their own.
        _ => println!("stories: give --time FILE; bench/stories does"),
    }
}

fn time(file: &str) {
    let texts: Vec<(String, String)> = fs::read_to_string(file)
        .expect("the file can be read")
        .lines()
        .flat_map(|line| {
            let pair: Value = serde_json::from_str(line).expect("a line is JSON");
            let text = |key: &str| pair[key].as_str().unwrap_or_default().to_owned();
            [(text("title_a"), text("text_a")), (text("title_b"), text("text_b"))]
        })
        .collect();
    let mut figures = BTreeMap::new();
    let sketches: Vec<Sketch> = texts.iter().map(|(title, text)| Sketch::of(title, text)).collect();
    // The best of several rounds is the one that others disturbed least.
    let mut best = f64::MAX;
    for _ in 0..15 {
        let began = processor_seconds();
        texts.iter().for_each(|(title, text)| _ = std::hint::black_box(Sketch::of(title, text)));
        best = best.min(processor_seconds() - began);
    }
    figures.insert("sketches per processor second", json!([texts.len() as f64 / best, 20_000, true]));
    let sizes: Vec<usize> = sketches.iter().map(|sketch| sketch.to_bytes().len()).collect();
    figures.insert("bytes of a sketch, largest", json!([sizes.iter().max(), 1024, false]));
    figures.insert("bytes of a sketch, mean", json!([sizes.iter().sum::<usize>() / sizes.len(), null, false]));
    look_up(&sketches, &mut figures);
    println!("{}", json!(figures));
}

/// Sketches of the sizes that the file has, with other contents: the bytes of passages and names are replaced.
fn made_up(sketches: &[Sketch]) -> Vec<Vec<u8>> {
    let mut random = Random(1);
    (0..ARTICLES)
        .map(|number| {
            let mut bytes = sketches[number % sketches.len()].to_bytes();
            let passages = usize::from(bytes[13]);
            for passage in bytes[14..14 + passages * 5].chunks_exact_mut(5) {
                // One in fifty is a phrase that many have.
                let value = if random.below(50) == 0 { random.below(4096) as u64 } else { random.next() };
                passage.copy_from_slice(&value.to_le_bytes()[..5]);
            }
            for feature in bytes[14 + passages * 5..].chunks_exact_mut(4) {
                // A name stays a name; half of them are of the four thousand that news is full of.
                let value = if random.below(2) == 0 { (random.below(4096) as u64) << 8 } else { random.next() };
                let kept = feature[0] & 7;
                feature.copy_from_slice(&value.to_le_bytes()[..4]);
                feature[0] = feature[0] & !7 | kept;
            }
            bytes
        })
        .collect()
}

/// Time that the processor worked for this program: others on the machine do not count.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("the system tells about processes");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn look_up(sketches: &[Sketch], figures: &mut BTreeMap<&str, Value>) {
    let stored = made_up(sketches);
    let per_day = ARTICLES.div_ceil(DAYS);
    let mut index = Index::default();
    let mut least = f64::MAX;
    for _ in 0..3 {
        index = Index::default();
        let began = processor_seconds();
        for (day, articles) in stored.chunks(per_day).enumerate() {
            let known = |at: usize| (day * per_day + at) as i64;
            let articles = articles.iter().enumerate().map(|(at, bytes)| (known(at), bytes.as_slice()));
            index.insert_stored(day as i32, articles.map(|(item, bytes)| (Known { item, story: item }, bytes)));
        }
        least = least.min(processor_seconds() - began);
    }
    figures.insert("processor seconds to build 1 M", json!([least, 1, false]));
    figures.insert("megabytes of an index of 1 M", json!([index.bytes() as f64 / 1e6, 700, false]));
    let asked: Vec<Sketch> = stored
        .iter()
        .step_by(ARTICLES / 20_000)
        .map(|bytes| Sketch::from_bytes(bytes).expect("it was stored"))
        .collect();
    let mut times = vec![Duration::MAX; asked.len()];
    for _ in 0..3 {
        for (sketch, time) in asked.iter().zip(&mut times) {
            let began = Instant::now();
            assert!(!std::hint::black_box(index.resembling(sketch, 0)).is_empty(), "an article resembles itself");
            *time = (*time).min(began.elapsed());
        }
    }
    times.sort_unstable();
    let microseconds = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e6;
    figures.insert("microseconds to look up, median", json!([microseconds(0.5), null, false]));
    figures.insert("microseconds to look up, p99", json!([microseconds(0.99), 1000, false]));
    let began = Instant::now();
    let newcomers = 20_000;
    for (number, bytes) in stored.iter().take(newcomers).enumerate() {
        let sketch = Sketch::from_bytes(bytes).expect("it was stored");
        index.insert(Known { item: (ARTICLES + number) as i64, story: 0 }, DAYS as i32, &sketch);
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / newcomers as f64;
    figures.insert("microseconds to insert one", json!([each, null, false]));
}
