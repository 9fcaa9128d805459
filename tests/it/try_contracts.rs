//! `atalaya try …` is used by other programs: one line per input in order, exact keys, and no input ends the others.

use crate::world::command;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;

/// What a command answered.
struct Answer {
    code: i32,
    lines: Vec<Value>,
    complaints: String,
}

/// Runs the program in `folder` with `input` on standard input; every line of the answer must be JSON.
fn ask(folder: &Path, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Answer {
    let mut child = command()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A program that ends without reading is no fault of the writer.
    let writing = thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().expect("the program ends");
    writing.join().expect("written");
    let text = String::from_utf8(output.stdout).expect("answers are UTF-8");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!complaints.contains("panicked"), "{complaints}");
    Answer {
        code: output.status.code().expect("an exit code"),
        lines: text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect(),
        complaints,
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).expect("a file can be written");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// The keys of an object, in their order of writing.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// `serde_json` sorts keys unless told otherwise; the contract is about the set.
fn assert_keys(value: &Value, expected: &[&str]) {
    let mut expected = expected.to_vec();
    let mut found = keys(value);
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "{value}");
}

fn rss(title: &str, link: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>El Faro Rojo</title><item><guid>n-1</guid>\
         <title>{title}</title><link>{link}</link><pubDate>Tue, 04 Nov 2025 10:00:00 -0400</pubDate>\
         <description>Una nota breve.</description></item></channel></rss>"
    )
}

const FEED_KEYS: &[&str] = &["file", "format", "title", "entries", "warnings"];
const ENTRY_KEYS: &[&str] = &["id", "title", "link", "published", "updated", "summary", "content"];
const ARTICLE_KEYS: &[&str] =
    &["file", "title", "byline", "published", "language", "canonical_url", "text", "method", "warnings"];

#[test]
fn every_file_gives_one_line_in_order_though_some_are_no_feeds() {
    let folder = folder();
    let at = folder.path();
    write(at, "a.xml", rss("Vigilia en la plaza", "https://faro.example/1"));
    write(at, "b.xml.gz", packed(rss("Vigilia en la plaza", "https://faro.example/1").as_bytes()));
    write(at, "empty", "");
    write(at, "page.html", "<!doctype html><html><head><title>Portada</title></head><body>hola</body></html>");
    write(at, "cut.gz", &packed(rss("x", "y").as_bytes())[..40]);
    fs::create_dir(at.join("folder")).expect("a folder");
    let files = ["a.xml", "missing.xml", "empty", "folder", "page.html", "cut.gz", "b.xml.gz"];
    let arguments: Vec<&str> = ["try", "feed"].into_iter().chain(files).chain(["--json"]).collect();
    let answer = ask(at, &arguments, b"");
    assert_eq!(answer.code, 1);
    assert_eq!(answer.lines.iter().map(|line| line["file"].as_str().expect("a name")).collect::<Vec<_>>(), files);
    for line in &answer.lines[1..6] {
        assert_keys(line, &["file", "error"]);
    }
    for line in [&answer.lines[0], &answer.lines[6]] {
        assert_keys(line, FEED_KEYS);
        assert_eq!(line["title"], "El Faro Rojo");
        let entry = &line["entries"][0];
        assert_keys(entry, ENTRY_KEYS);
        assert_eq!(entry["id"], "n-1");
        assert_eq!(entry["title"], "Vigilia en la plaza");
        assert_eq!(entry["link"], "https://faro.example/1");
        assert_eq!(entry["published"], "2025-11-04T14:00:00Z");
        assert!(entry["published"].as_str().is_some_and(|time| time.parse::<Timestamp>().is_ok()));
        assert_eq!(entry["updated"], Value::Null);
        assert_eq!(entry["summary"], "Una nota breve.");
        assert_eq!(entry["content"], Value::Null);
    }
}

#[test]
fn the_keys_are_written_in_the_order_of_the_contract() {
    let folder = folder();
    write(folder.path(), "a.xml", rss("Vigilia", "https://faro.example/1"));
    let output = command().args(["try", "feed", "a.xml", "--json"]).current_dir(folder.path()).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let places: Vec<_> = FEED_KEYS.iter().map(|key| text.find(&format!("\"{key}\":")).expect("the key")).collect();
    // The feed's own title stands before the entries, theirs behind.
    assert!(places.is_sorted(), "{text}");
    assert!(output.status.success());
}

#[test]
fn a_feed_comes_by_standard_input_too() {
    let folder = folder();
    let answer =
        ask(folder.path(), &["try", "feed", "-", "--json"], rss("Vigilia", "https://faro.example/1").as_bytes());
    assert_eq!((answer.code, answer.lines[0]["file"].as_str()), (0, Some("-")));
    assert_eq!(answer.lines[0]["entries"][0]["title"], "Vigilia");
}

#[test]
fn relative_links_are_kept_as_they_are_or_made_absolute_against_the_given_address() {
    let folder = folder();
    write(folder.path(), "a.xml", rss("Vigilia", "/notas/1?p=2"));
    let without = ask(folder.path(), &["try", "feed", "a.xml", "--json"], b"");
    assert_eq!(without.lines[0]["entries"][0]["link"], "/notas/1?p=2");
    let with = ask(folder.path(), &["try", "feed", "a.xml", "--json", "--url", "https://faro.example/rss/all"], b"");
    assert_eq!(with.lines[0]["entries"][0]["link"], "https://faro.example/notas/1?p=2");
    let wrong = ask(folder.path(), &["try", "feed", "a.xml", "--json", "--url", "faro"], b"");
    assert_eq!((wrong.code, wrong.lines.len()), (2, 0));
}

#[test]
fn a_file_name_that_is_not_utf_8_is_a_name_like_others() {
    let folder = folder();
    let name = OsStr::from_bytes(b"ma\xf1ana.xml");
    fs::write(folder.path().join(name), rss("Vigilia", "https://faro.example/1")).expect("a file");
    for (stage, code) in [("feed", 0), ("article", 0)] {
        let arguments = [OsStr::new("try"), OsStr::new(stage), name, OsStr::new("missing"), OsStr::new("--json")];
        let answer = ask(folder.path(), &arguments, b"");
        assert_eq!(answer.code, code + 1, "the missing file: {}", answer.complaints);
        assert_eq!(answer.lines.len(), 2);
        assert_eq!(answer.lines[0]["file"], "ma\u{fffd}ana.xml");
        assert_eq!(answer.lines[1]["file"], "missing");
    }
}

#[test]
fn a_feed_that_was_encoded_twice_reads_as_it_was_meant() {
    let folder = folder();
    write(folder.path(), "twice.xml", rss("DetenciÃ³n en CumanÃ¡", "https://faro.example/1"));
    let answer = ask(folder.path(), &["try", "feed", "twice.xml", "--json"], b"");
    assert_eq!(answer.lines[0]["entries"][0]["title"], "Detención en Cumaná");
    assert!(answer.lines[0]["warnings"][0].as_str().is_some_and(|warning| warning.contains("twice")));
}

fn page(title: &str) -> String {
    let paragraph = "El comité se reunió el martes en la capital y escuchó a las familias, a sus abogados y a dos \
                     médicos que examinaron a los hombres después de su liberación. El ministro no respondió.";
    format!(
        "<!doctype html><html lang=\"es\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <link rel=\"canonical\" href=\"/notas/1\"><meta name=\"author\" content=\"Rosa Inventada\">\
         <meta property=\"article:published_time\" content=\"2025-11-04T10:00:00-04:00\"></head>\
         <body><article><h1>{title}</h1><p>{paragraph}</p><p>{paragraph}</p></article></body></html>"
    )
}

#[test]
fn every_page_gives_one_line_in_order_with_its_id() {
    let folder = folder();
    let at = folder.path();
    write(at, "a.html.gz", packed(page("Audiencia aplazada").as_bytes()));
    write(at, "latin.html", b"<html><meta charset=iso-8859-1><title>Se\xf1al</title><p>ma\xf1ana</p></html>");
    write(at, "empty.html", "");
    let lines = [
        json!({"id": "one", "url": "https://faro.example/n/1", "file": "a.html.gz"}).to_string().into_bytes(),
        json!({"id": 2, "html": page("Otra audiencia")}).to_string().into_bytes(),
        b"".to_vec(),
        json!({"id": "three", "file": "missing.html"}).to_string().into_bytes(),
        json!({"id": "four"}).to_string().into_bytes(),
        b"{broken".to_vec(),
        b"{\"id\":\"six\",\"html\":\"\xff\"}".to_vec(),
        json!({"id": "seven", "file": 7}).to_string().into_bytes(),
        json!({"id": "eight", "url": null, "file": "latin.html"}).to_string().into_bytes(),
        json!({"id": "nine", "file": "empty.html"}).to_string().into_bytes(),
        json!({"html": page("La última")}).to_string().into_bytes(),
    ];
    // The last line has no end.
    let answer = ask(at, &["try", "article", "--jsonl"], &lines.join(&b'\n'));
    assert_eq!((answer.code, answer.lines.len()), (1, 10));
    let line = |number: usize| &answer.lines[number];
    assert_keys(line(0), &[ARTICLE_KEYS, &["id"]].concat());
    assert_eq!((&line(0)["id"], &line(0)["file"]), (&json!("one"), &json!("a.html.gz")));
    assert_eq!(line(0)["title"], "Audiencia aplazada");
    assert_eq!(line(0)["byline"], "Rosa Inventada");
    assert_eq!(line(0)["published"], "2025-11-04T14:00:00Z");
    assert_eq!(line(0)["language"], "es");
    assert_eq!(line(0)["canonical_url"], "https://faro.example/notas/1");
    assert!(line(0)["text"].as_str().is_some_and(|text| text.starts_with("El comité") && text.contains("\n\n")));
    assert_eq!(line(1)["id"], 2);
    assert!(line(1).get("file").is_none());
    assert_eq!(line(1)["canonical_url"], Value::Null, "it is relative to an address that nobody gave");
    assert_keys(line(2), &["id", "file", "error"]);
    assert_keys(line(3), &["id", "error"]);
    assert_keys(line(4), &["line", "error"]);
    assert_eq!(line(4)["line"], 6);
    assert_keys(line(5), &["line", "error"]);
    assert_keys(line(6), &["line", "id", "error"]);
    assert_eq!(line(6)["id"], "seven");
    assert_eq!(line(7)["title"], "Señal");
    assert_eq!(line(8)["text"], "");
    assert_ne!(line(8)["warnings"], json!([]));
    assert_eq!(line(9)["title"], "La última");
    assert_keys(line(9), &ARTICLE_KEYS.iter().copied().filter(|key| *key != "file").collect::<Vec<_>>());
}

#[test]
fn pages_come_as_files_with_an_address_for_all() {
    let folder = folder();
    let at = folder.path();
    write(at, "a.html", page("Audiencia aplazada"));
    fs::create_dir(at.join("folder")).expect("a folder");
    let arguments = ["try", "article", "--url", "https://faro.example/x/", "a.html", "folder", "-", "--json"];
    let answer = ask(at, &arguments, page("Por la entrada").as_bytes());
    assert_eq!((answer.code, answer.lines.len()), (1, 3));
    assert_keys(&answer.lines[0], ARTICLE_KEYS);
    assert_eq!(answer.lines[0]["canonical_url"], "https://faro.example/notas/1");
    assert_keys(&answer.lines[1], &["file", "error"]);
    assert_eq!((&answer.lines[2]["file"], &answer.lines[2]["title"]), (&json!("-"), &json!("Por la entrada")));
}

#[test]
fn each_line_is_answered_before_the_next_is_asked_for() {
    let folder = folder();
    for (stage, line) in [("url", "{\"url\":\"https://faro.example/1\"}\n"), ("article", "{\"html\":\"<p>hola\"}\n")] {
        let mut child = command()
            .args(["try", stage, "--jsonl"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (mut stdin, mut stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        for _ in 0..2 {
            stdin.write_all(line.as_bytes()).expect("the program reads");
            let mut byte = [0];
            // Hangs here if the answer waits for more input.
            while byte != *b"\n" {
                stdout.read_exact(&mut byte).expect("an answer");
            }
        }
        drop(stdin);
        assert!(child.wait().expect("it ends").success(), "{stage}");
    }
}

const RULES: &str = "[entity.faro]\nkind = \"organisation\"\nlabel = \"Faro Rojo\"\nstrong = [\"Faro Rojo\"]\n\n\
                     [rule.torture]\nmatch = 'tortura OR torture'\n\n[rule.faro]\nmatch = '@faro'\n";

#[test]
fn texts_are_judged_one_by_one_and_offsets_are_bytes_of_the_field() {
    let folder = folder();
    write(folder.path(), "rules.toml", RULES);
    let texts = [
        json!({"id": "one", "lang": "es", "title": "Señal del Faro Rojo", "body": "Ñandú 🚨 — el Faro Rojo denuncia tortura."}),
        json!({"id": {"any": 2}, "title": null, "body": "Nada que decir."}),
    ];
    let bad = b"{\"id\":\"bad\",\"title\":\"x\",\"body\":3}\nnot json\n\xff\xfe\n";
    let input = [texts[0].to_string().as_bytes(), b"\n", bad, texts[1].to_string().as_bytes()].concat();
    let answer = ask(folder.path(), &["try", "rules", "--config", "rules.toml", "--json"], &input);
    assert_eq!((answer.code, answer.lines.len()), (1, 5), "{}", answer.complaints);
    let first = &answer.lines[0];
    assert_keys(first, &["id", "language", "mentions", "rules"]);
    assert_eq!(first["language"], "es");
    let mentions = first["mentions"].as_array().expect("a list");
    assert_eq!(mentions.len(), 2, "{first}");
    for (mention, field) in mentions.iter().zip(["title", "body"]) {
        assert_keys(mention, &["entity", "field", "start", "end", "text"]);
        assert_eq!((&mention["entity"], &mention["field"]), (&json!("faro"), &json!(field)));
        let place = |key: &str| usize::try_from(mention[key].as_u64().expect("a number")).expect("a place");
        let whole = texts[0][field].as_str().expect("text");
        assert_eq!(&whole[place("start")..place("end")], "Faro Rojo");
        assert_eq!(mention["text"], "Faro Rojo");
    }
    for rule in first["rules"].as_array().expect("a list") {
        assert_keys(rule, &["rule", "matched", "reason"]);
        assert_eq!(rule["matched"], true);
        assert!(rule["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    assert_keys(&answer.lines[1], &["line", "id", "error"]);
    assert_keys(&answer.lines[2], &["line", "error"]);
    assert_keys(&answer.lines[3], &["line", "error"]);
    let last = &answer.lines[4];
    assert_eq!(last["id"], json!({"any": 2}));
    assert!(
        last["rules"].as_array().is_some_and(|rules| rules.len() == 2 && rules.iter().all(|it| it["matched"] == false))
    );
}

#[test]
fn the_shipped_pack_is_a_file_of_rules_by_itself() {
    let folder = folder();
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/config/packs/venezuela.toml");
    let text = json!({"id": "n", "title": "Foro Penal: presos políticos en Venezuela", "body": "Sigue el Sebin."});
    let answer = ask(folder.path(), &["try", "rules", "--config", pack, "--json"], format!("{text}\n").as_bytes());
    assert_eq!((answer.code, answer.complaints.as_str()), (0, ""));
    let mentions = answer.lines[0]["mentions"].as_array().expect("a list");
    assert!(mentions.iter().any(|mention| mention["entity"] == "foro_penal"), "{}", answer.lines[0]);
}

#[test]
fn a_pack_of_ones_own_holds_entities_and_rules_and_nothing_else() {
    let folder = folder();
    let pack = format!("[pack]\nname = \"mine\"\n\n{RULES}");
    write(folder.path(), "mine.toml", &pack);
    write(folder.path(), "main.toml", "include = [\"mine.toml\"]\n\n[rule.torture]\nenabled = false\n");
    let input = b"{\"id\":1,\"title\":\"tortura\",\"body\":\"\"}\n";
    let alone = ask(folder.path(), &["try", "rules", "--config", "mine.toml", "--json"], input);
    assert_eq!(alone.lines[0]["rules"].as_array().map(Vec::len), Some(2));
    let included = ask(folder.path(), &["try", "rules", "--config", "main.toml", "--json"], input);
    let rules = included.lines[0]["rules"].as_array().expect("a list");
    assert!(!rules.iter().any(|rule| rule["rule"] == "torture" && rule["matched"] == true), "{rules:?}");
    write(folder.path(), "mine.toml", format!("state = \"x\"\n{pack}"));
    let more = ask(folder.path(), &["try", "rules", "--config", "mine.toml", "--json"], input);
    assert_eq!((more.code, more.lines.len()), (78, 0));
    assert!(more.complaints.contains("state"), "{}", more.complaints);
}

#[test]
fn a_file_is_judged_for_a_persons_question() {
    let folder = folder();
    write(folder.path(), "rules.toml", RULES);
    write(folder.path(), "nota.txt", "El Faro Rojo denuncia tortura en la cárcel.");
    write(folder.path(), "nota.html", page("Denuncian tortura").as_bytes());
    for file in ["nota.txt", "nota.html"] {
        let answer = ask(folder.path(), &["try", "rules", "--config", "rules.toml", "--json", file], b"");
        assert_eq!((answer.code, answer.lines.len()), (0, 1), "{}", answer.complaints);
        assert_eq!(answer.lines[0]["id"], file);
        let rules = answer.lines[0]["rules"].as_array().expect("a list");
        assert!(rules.iter().any(|rule| rule["rule"] == "torture" && rule["matched"] == true), "{file}");
    }
    let missing = ask(folder.path(), &["try", "rules", "--config", "rules.toml", "--json", "missing.txt"], b"");
    assert_eq!((missing.code, missing.lines.len()), (74, 0));
    assert!(missing.complaints.contains("missing.txt"), "{}", missing.complaints);
    let nothing = ask(folder.path(), &["try", "rules", "--config", "missing.toml", "--json"], b"");
    assert_eq!((nothing.code, nothing.lines.len()), (78, 0));
}

#[test]
fn addresses_get_one_line_each_in_order() {
    let folder = folder();
    let urls = ["https://faro.example/1?utm_source=rss", "HTTP://www.faro.example:80/1/#top", "nonsense"];
    let arguments: Vec<&str> = ["try", "url"].into_iter().chain(urls).chain(["--json"]).collect();
    let typed = ask(folder.path(), &arguments, b"");
    let lines: Vec<String> = urls.iter().map(|url| json!({ "url": url }).to_string()).collect();
    let piped = ask(folder.path(), &["try", "url", "--jsonl"], lines.join("\r\n").as_bytes());
    assert_eq!(typed.lines, piped.lines);
    assert_eq!((typed.code, piped.code), (1, 1));
    for (line, url) in typed.lines.iter().zip(urls) {
        assert_keys(line, &["url", "canonical"]);
        assert_eq!(line["url"], url);
    }
    assert_eq!(typed.lines[0]["canonical"], typed.lines[1]["canonical"]);
    assert!(typed.lines[0]["canonical"].is_string());
    assert_eq!(typed.lines[2]["canonical"], Value::Null);
    let bad = ask(
        folder.path(),
        &["try", "url", "--jsonl"],
        b"\xef\xbb\xbf{\"url\":\"https://faro.example/1\"}\n{}\n{\"url\":2}\n",
    );
    assert_eq!((bad.code, bad.lines.len()), (1, 3));
    assert!(bad.lines[0]["canonical"].is_string(), "a byte order mark is no part of the first line");
    assert_keys(&bad.lines[1], &["line", "error"]);
}

#[test]
fn no_input_is_no_answer_and_all_is_well() {
    let folder = folder();
    write(folder.path(), "rules.toml", RULES);
    let commands: [&[&str]; 5] = [
        &["try", "story", "--jsonl", "-"],
        &["try", "story", "--stream"],
        &["try", "article", "--jsonl"],
        &["try", "url", "--jsonl"],
        &["try", "rules", "--json", "--config", "rules.toml"],
    ];
    for arguments in commands {
        for input in [&b""[..], b"\n  \n\r\n"] {
            let answer = ask(folder.path(), arguments, input);
            assert_eq!((answer.code, answer.lines.len()), (0, 0), "{arguments:?}");
        }
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let folder = folder();
    write(folder.path(), "a.xml", rss("Vigilia", "https://faro.example/1"));
    write(folder.path(), "rules.toml", RULES);
    // More than a pipe holds.
    let feeds: Vec<&str> = ["try", "feed", "--json"].into_iter().chain([("a.xml"); 2000]).collect();
    let lines = |line: &str| format!("{line}\n").repeat(2000);
    let cases: [(&[&str], String); 5] = [
        (
            &["try", "story", "--jsonl", "-"],
            lines(r#"{"id":1,"title_a":"Faro","text_a":"a","title_b":"Rojo","text_b":"b"}"#),
        ),
        (&feeds, String::new()),
        (&["try", "url", "--jsonl"], lines(r#"{"url":"https://faro.example/a/rather/long/address/of/an/article/1"}"#)),
        (&["try", "article", "--jsonl"], lines(r#"{"html":"<p>hola</p>"}"#)),
        (&["try", "rules", "--json", "--config", "rules.toml"], lines(r#"{"id":1,"title":"Faro Rojo","body":""}"#)),
    ];
    for (arguments, input) in cases {
        let mut child = command()
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let writing = thread::spawn(move || stdin.write_all(input.as_bytes()).is_ok());
        let mut first = [0; 1];
        child.stdout.take().expect("a pipe").read_exact(&mut first).expect("the first line begins");
        let output = child.wait_with_output().expect("it ends");
        writing.join().expect("written, or nobody read");
        assert_eq!(first, *b"{", "{arguments:?}");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), complaints.as_ref()), (Some(0), ""), "{:?}", &arguments[..2]);
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device that is always full");
    let output = command().args(["try", "url", "https://faro.example/1"]).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("space"));
}

#[test]
fn each_stage_says_how_it_is_used() {
    for stage in ["feed", "article", "rules", "url", "story"] {
        let output = command().args(["try", stage, "--help"]).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{stage}");
        for needed in ["Usage: atalaya try", "Example", "--json"] {
            assert!(text.contains(needed), "{stage}: no {needed}\n{text}");
        }
    }
    let output = command().args(["try", "feed"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "a command line without a file is wrong");
}

/// What happened in Puerto Claro, in two languages.
const FIRE: &str = "Un incendio destruyó este martes 23 almacenes del puerto de Puerto Claro, confirmó el jefe de bomberos \
    Ramiro Quesada. Las llamas comenzaron a las 4.15 en el muelle Santa Rufina y causaron pérdidas por 12,5 millones de dólares, \
    según la empresa Navieras Halvorsen. La policía detuvo a dos empleados, y la fiscal Elena Marchetti pidió las \
    grabaciones de 48 cámaras.";
const FIRE_ENGLISH: &str = "A fire destroyed 23 warehouses in the port of Puerto Claro on Tuesday, fire chief Ramiro Quesada \
    confirmed. The flames began at 4.15 on the Santa Rufina pier and caused losses of 12.5 million dollars, according to the \
    company Navieras Halvorsen. Police arrested two employees, and prosecutor Elena Marchetti asked for the recordings of 48 \
    cameras.";
const FESTIVAL: &str = "El festival de música antigua reunirá este verano a doce conjuntos en la catedral y en el claustro de \
    San Bruno, explicó la directora Carmen Oteiza. Las entradas costarán 18 euros, y los ensayos estarán abiertos a los \
    alumnos del conservatorio y a quienes vivan en el barrio.";

fn pair(id: &str, first: &str, second: &str, hours: Option<f64>) -> String {
    json!({"id": id, "title_a": "Incendio en el puerto", "text_a": first, "title_b": "Otro título", "text_b": second,
        "dt_hours": hours})
    .to_string()
}

#[test]
fn every_pair_is_judged_by_itself_and_a_bad_line_ends_nothing() {
    let folder = folder();
    let copy = format!("Compartir en redes. {FIRE} Suscríbase.");
    let input = [
        pair("copy", FIRE, &copy, None),
        "{\"id\":\"bad\",\"text_a\":1}".to_owned(),
        pair("translation", FIRE_ENGLISH, FIRE, Some(5.0)),
        pair("late", FIRE, FIRE, Some(90.0)),
        pair("other", FIRE, FESTIVAL, Some(1.0)),
        "{}".to_owned(),
    ];
    let relations = [Some("suppress"), None, Some("fold"), Some("story"), Some("new"), Some("new")];
    let input = input.join("\n");
    let from_input = ask(folder.path(), &["try", "story", "--jsonl", "-"], input.as_bytes());
    write(folder.path(), "pairs.jsonl", &input);
    let from_file = ask(folder.path(), &["try", "story", "--jsonl", "pairs.jsonl"], b"");
    assert_eq!(from_input.lines, from_file.lines);
    assert_eq!((from_input.code, from_input.lines.len()), (1, 6), "{}", from_input.complaints);
    for (line, relation) in from_input.lines.iter().zip(relations) {
        match relation {
            Some(relation) => {
                assert_keys(line, &["id", "relation", "why"]);
                assert_eq!(line["relation"], relation, "{line}");
                assert!(line["why"].as_str().is_some_and(|why| !why.is_empty()));
            }
            None => assert_keys(line, &["line", "id", "error"]),
        }
    }
    assert_eq!(from_input.lines[0]["id"], "copy");
}

#[test]
fn a_stream_is_grouped_into_stories() {
    let folder = folder();
    let article = |id: i64, text: &str, time: &str, source: &str| {
        json!({"id": id, "title": format!("Título {id}"), "text": text, "time": time, "source": source}).to_string()
    };
    let input = [
        article(1, FIRE_ENGLISH, "2025-03-04T08:00:00Z", "a"),
        article(2, FESTIVAL, "2025-03-04T09:00:00Z", "a"),
        article(3, FIRE, "2025-03-04T10:00:00Z", "b"),
        article(4, &format!("{FIRE} Compartir."), "2025-03-04T11:00:00Z", "c"),
        article(5, FESTIVAL, "2025-03-30T09:00:00Z", "d"),
    ];
    let answer = ask(folder.path(), &["try", "story", "--stream"], input.join("\n").as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.complaints);
    let told = |line: &Value| (line["story"].clone(), line["relation"].as_str().map(str::to_owned), line["of"].clone());
    let found: Vec<_> = answer.lines.iter().map(told).collect();
    let expected = |story: i64, relation: &str, of: Option<i64>| (json!(story), Some(relation.to_owned()), json!(of));
    assert_eq!(
        found,
        [
            expected(1, "new", None),
            expected(2, "new", None),
            expected(1, "fold", Some(1)),
            expected(1, "suppress", Some(3)),
            expected(5, "new", None),
        ]
    );
    for line in &answer.lines {
        assert_keys(line, &["id", "story", "relation", "of", "why"]);
    }
}

#[test]
fn two_files_are_compared_page_with_text() {
    let folder = folder();
    let at = folder.path();
    let page = format!(
        "<!doctype html><html lang=es><head><title>Incendio</title></head><body><article><h1>Incendio</h1><p>{FIRE}</p></article></body></html>"
    );
    write(at, "page.html", page);
    write(at, "copy.txt", format!("Arde el puerto\n\n{FIRE}"));
    let answer = ask(at, &["try", "story", "page.html", "copy.txt", "--json"], b"");
    assert_eq!((answer.code, &answer.lines[0]["relation"]), (0, &json!("suppress")), "{}", answer.complaints);
    let output = command().args(["try", "story", "page.html", "copy.txt"]).current_dir(at).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("suppress: the same text as “Incendio”"));
    let missing = command().args(["try", "story", "page.html", "none.txt"]).current_dir(at).output().expect("it runs");
    assert_ne!(missing.status.code(), Some(0));
}

#[test]
fn a_configuration_sets_from_where_on_articles_are_alike() {
    let folder = folder();
    write(folder.path(), "strict.toml", format!("{RULES}\n[stories]\nwithin = \"4h\"\n"));
    let input = pair("translation", FIRE_ENGLISH, FIRE, Some(5.0));
    let arguments = ["try", "story", "--jsonl", "-", "--config", "strict.toml"];
    let answer = ask(folder.path(), &arguments, input.as_bytes());
    assert_eq!(answer.lines[0]["relation"], "new", "{}", answer.complaints);
}
