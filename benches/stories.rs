//! dump
#![expect(clippy::print_stdout, reason = "it is a program that prints")]
use atalaya::story::{Alone, Sketch, overlap};
use serde_json::{Value, json};
use std::io::BufRead;
fn main() {
    let file = std::env::args().nth(2).or(std::env::args().nth(1)).expect("file");
    let rows: Vec<Value> = std::io::BufReader::new(std::fs::File::open(file).unwrap())
        .lines()
        .map(|l| serde_json::from_str(&l.unwrap()).unwrap())
        .collect();
    let s = |v: &Value, k: &str| v[k].as_str().unwrap_or("").to_owned();
    let began = std::time::Instant::now();
    let mut sk = Vec::new();
    for r in &rows {
        let _ = Sketch::of("", "");
        sk.push((Sketch::of(&s(r, "title_a"), &s(r, "text_a")), Sketch::of(&s(r, "title_b"), &s(r, "text_b"))));
    }
    eprintln!(
        "{} sketches/s, max bytes {}, mean {}",
        2.0 * rows.len() as f64 / began.elapsed().as_secs_f64(),
        sk.iter().map(|(a, b)| a.to_bytes().len().max(b.to_bytes().len())).max().unwrap(),
        sk.iter().map(|(a, b)| a.to_bytes().len() + b.to_bytes().len()).sum::<usize>() / rows.len() / 2
    );
    for (r, (a, b)) in rows.iter().zip(&sk) {
        let o = overlap(a, b, &Alone, 5);
        println!(
            "{}",
            json!({"id":r["id"],"kind":r["kind"],"label":r["label"],"la":r["lang_a"],"lb":r["lang_b"],"dt":r["dt_hours"],
          "exact":o.exact,"h":o.passages,"n":o.of_passages,"run":o.run,"l":o.opening,"l2":o.both_openings,"num":o.numbers,"onum":o.of_numbers,"fig":o.figures,"ofig":o.of_figures,"nam":o.names,"onam":o.of_names,"f":o.features,"con":o.contained,"cos":o.alike,"wa":a.to_bytes().len(),
          "na":a.passages().len(),"nb":b.passages().len()})
        );
    }
}
