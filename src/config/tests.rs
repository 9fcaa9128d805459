//! Promises of the whole reader: a fixture per fault with its message, everything at once, and no secret ever.

mod kinds;

use super::Diagnostic;
use super::Environment;
use super::Loaded;
use super::load::load_with;
use super::render;
use insta::Settings;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

const FIXTURES: &str = "tests/data/config";

fn environment() -> Environment {
    let variable = |name: &str| (name == "SECRET").then(|| "the secret of the variable".to_owned());
    Environment { variable: Arc::new(variable), ..Environment::empty() }
}

fn read(file: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load_with(file, &environment(), kinds::SOURCES, kinds::CHANNELS).map_err(super::Diagnostics::into_inner)
}

/// Errors and warnings alike.
fn found(file: &Path) -> Vec<Diagnostic> {
    read(file).map_or_else(|found| found, |loaded| loaded.warnings)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

/// A file of its own for each test, private to its owner.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("atalaya.toml");
    fs::write(&file, text).expect("the file is written");
    permit(&file, 0o600);
    (directory, file)
}

fn permit(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("the mode is set");
}

/// The messages that a text gives, as `line:column: severity: message`.
fn messages(text: &str) -> Vec<String> {
    let (_directory, file) = written(text);
    found(&file).iter().map(|found| found.to_string().split_once(".toml").expect("a name").1.to_owned()).collect()
}

const PAPER: &str = "[source.paper]\nfeed = \"https://paper.example/feed\"\n";

#[test]
fn every_fault_has_its_fixture_and_its_message() {
    let mut fixtures: Vec<PathBuf> = fs::read_dir(FIXTURES)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| !path.ends_with("snapshots"))
        .collect();
    fixtures.sort();
    assert!(fixtures.len() >= 40, "{} fixtures", fixtures.len());
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../tests/data/config/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in fixtures {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let file = if path.is_dir() { path.join("main.toml") } else { path };
        let found = found(&file);
        assert!(!found.is_empty(), "{} is a fixture without a fault", file.display());
        for diagnostic in &found {
            assert!(!diagnostic.help.is_empty(), "no remedy for {diagnostic}");
        }
        settings.bind(|| insta::assert_snapshot!(name, render::text(&found, false, 100)));
    }
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let found = found(&fixture("five_faults_at_once.toml"));
    let errors: Vec<_> = found.iter().filter(|found| found.is_error()).map(Diagnostic::position).collect();
    assert_eq!(errors, [Some((1, 1)), Some((4, 9)), Some((5, 9)), Some((8, 22)), Some((12, 13))]);
}

#[test]
fn a_place_is_told_by_line_and_by_column_in_characters() {
    for (text, place) in [
        ("evry = 1", ":1:1: "),
        ("[politeness]\n  gap = 5", ":2:9: "),
        ("[politeness]\r\n  gap = 5", ":2:9: "),
        ("[entity.a]\nstrong = [\"ñandú\", \"é\", 5]", ":2:25: "),
        ("[entity.a]\nstrong = [\n  \"x\",\n  true,\n]", ":4:3: "),
        ("[rule.a]\nmatch = 'ñ AND @b'", ":2:16: "),
        ("[rule.a]\nmatch = \"\"\"\nñ AND\n  @b\"\"\"", ":4:3: "),
        ("[rule.a]\nmatch = \"\\u00f1 AND @b\"", ":2:9: "),
    ] {
        let all = messages(&format!("{text}\n{PAPER}"));
        assert!(all.iter().any(|message| message.starts_with(place)), "{text}: {all:?}");
    }
}

#[test]
fn a_secret_never_shows_up() {
    let secret = "hunter2-and-more";
    let texts = [
        format!("[mail]\nserver = \"a.example\"\npassword = \"{secret}\"\nfrom = \"{secret}\"\n"),
        format!("[mail]\npasswort = \"{secret}\"\n"),
        format!("[mail]\nPASSWORD = '{secret}'\n"),
        format!("mail = {{ server = \"a\", password = \"{secret}\", prt = 2 }}\n"),
        format!("mail.password = [\"{secret}\"]\n"),
        format!("mail.password = {{ value = \"{secret}\" }}\n"),
        format!("mail.password = {{ fiel = \"{secret}\" }}\n"),
        format!("[mail]\npassword = \"{secret}\n"),
        format!("[mail]\npassword = \"\"\"\n{secret}\n"),
        format!("[mail]\npassword = {secret}\n"),
        format!("[mail]\npassword {secret}\n"),
        format!("[mail]\npassword: {secret}\n"),
        format!("[mail]\npassword = \"{secret}\" \"{secret}\"\n"),
        format!("[mail]\npassword = \"{secret}\"\npassword = \"{secret}\"\n"),
        format!("[channel.a]\nwebhook = \"https://a.example/\"\nsecret = \"{secret}\"\nemail = \"{secret}\"\n"),
        format!("[channel.a]\nwebhook = \"https://a.example/\"\nsecret = \"{secret} is refused by its kind\"\n"),
        format!("[channel.a]\nwebhook = \"https://a.example/\"\nsecret_key = \"{secret}\"\n"),
        format!("[channel.a]\nsecret = \"{secret}\"\n"),
        format!("secret = \"{secret}\"\n"),
        format!("[source.a]\nfeed = \"ftp://reader:{secret}@a.example/\"\n"),
        format!("[source.a]\nfeed = ftp://reader:{secret}@a.example/\n"),
        format!("[source.a]\nfed = \"https://reader:{secret}@a.example/\"\n"),
    ];
    for text in texts {
        for mode in [0o600, 0o644] {
            let (_directory, file) = written(&text);
            permit(&file, mode);
            let found = found(&file);
            assert!(!found.is_empty(), "{text}");
            let json: String = found.iter().map(|found| found.to_json().to_string()).collect();
            let plain = render::text(&found, false, 80);
            for shown in [&plain, &render::text(&found, true, 200), &json, &format!("{found:?}")] {
                assert!(!shown.contains(secret), "{text}\n{shown}");
                assert!(!shown.contains("hunter2"), "{text}\n{shown}");
            }
        }
    }
}

#[test]
fn a_secret_in_a_file_that_others_can_read_is_warned_of() {
    let text = format!(
        "{PAPER}[channel.a]\nwebhook = \"https://a.example/\"\nsecret = \"long enough\"\n\
         [subscription.a]\nrules = \"all\"\nchannels = [\"a\"]\n[operators]\nchannels = [\"a\"]\n"
    );
    let (_directory, file) = written(&text);
    assert!(found(&file).is_empty());
    permit(&file, 0o640);
    let warnings = read(&file).expect("a warning is no error").warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].position(), Some((5, 10)));
    assert!(warnings[0].message.contains("others can read"), "{}", warnings[0]);
}

#[test]
fn a_secret_is_read_from_where_it_lies_and_loses_its_last_newline() {
    let (directory, file) = written(&format!(
        "{PAPER}[mail]\nserver = \"a.example\"\nfrom = \"a@a.example\"\nusername = \"a\"\npassword = {{ WAY }}\n"
    ));
    fs::write(directory.path().join("key"), "two lines\nof it\n").expect("written");
    let template = fs::read_to_string(&file).expect("it was written");
    let environment = Environment { credentials_directory: Some(directory.path().to_owned()), ..environment() };
    for (way, secret) in [
        ("file = 'key'", "two lines\nof it"),
        ("credential = 'key'", "two lines\nof it"),
        ("env = 'SECRET'", "the secret of the variable"),
    ] {
        fs::write(&file, template.replace("WAY", way)).expect("written");
        let loaded = load_with(&file, &environment, kinds::SOURCES, kinds::CHANNELS).expect("it loads");
        let password = loaded.config.mail.and_then(|mail| mail.password).expect("a password");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&password), secret);
    }
    for way in ["credential = '../key'", "credential = '.'", "file = 'none'", "env = 'NONE'"] {
        fs::write(&file, template.replace("WAY", way)).expect("written");
        assert!(load_with(&file, &environment, kinds::SOURCES, kinds::CHANNELS).is_err(), "{way}");
    }
}

#[test]
fn a_pack_s_rule_can_be_switched_off_but_not_replaced_in_silence() {
    let (_directory, file) = written(&format!("packs = [\"venezuela\"]\n{PAPER}"));
    let rules = read(&file).expect("it loads").config.rules;
    let first = rules[0].name.clone();
    let (_directory, file) = written(&format!("packs = [\"venezuela\"]\n{PAPER}[rule.{first}]\nenabled = false\n"));
    let fewer = read(&file).expect("it loads").config.rules;
    assert_eq!(fewer.len(), rules.len() - 1);
    assert!(fewer.iter().all(|rule| rule.name != first));
    let (_directory, file) = written(&format!("packs = [\"venezuela\"]\n{PAPER}[rule.{first}]\nmatch = \"mine\"\n"));
    let refused = read(&file).map(drop).expect_err("it is refused");
    assert_eq!(refused.len(), 1);
    assert!(refused[0].help.contains("enabled = false"), "{}", refused[0].help);
}

#[test]
fn what_is_not_written_has_its_default() {
    let (directory, file) = written(PAPER);
    let Loaded { config, warnings, files } = read(&file).expect("it loads");
    assert!(warnings.is_empty());
    assert_eq!(files, std::slice::from_ref(&file));
    assert_eq!(config.state, directory.path().join("state"));
    assert_eq!(config.egress, super::Egress::default());
    assert_eq!((config.egress.max_bytes, config.egress.concurrency), (16 * 1024 * 1024, 64));
    assert_eq!(config.politeness.gap.as_secs(), 2);
    let retry: Vec<_> = config.reading.retry.iter().map(|pause| super::duration::duration_text(*pause)).collect();
    assert_eq!(retry, ["1m", "5m", "30m", "2h", "6h", "12h", "1d"]);
    let source = &config.sources[0];
    let crate::schedule::Schedule::Adaptive(share) = source.schedule else { panic!("{:?}", source.schedule) };
    assert_eq!((share.weight, share.floor.as_secs(), share.at_most.as_secs()), (1.0, 900, 10_800));
    assert_eq!((config.polling.budget, source.heed.as_hours()), (1.0, 24));
    assert_eq!(source.first_poll, crate::source::FirstPoll::Within(jiff::SignedDuration::from_hours(24)));
}

#[test]
fn the_service_manager_s_directory_is_used_unless_another_is_written() {
    let environment = Environment { state_directory: Some("/var/lib/atalaya".into()), ..Environment::empty() };
    let state = |text: &str| {
        let (directory, file) = written(text);
        let loaded = load_with(&file, &environment, kinds::SOURCES, kinds::CHANNELS).expect("it loads");
        loaded.config.state.strip_prefix(directory.path()).map(Path::to_owned).unwrap_or(loaded.config.state)
    };
    assert_eq!(state(PAPER), Path::new("/var/lib/atalaya"));
    assert_eq!(state(&format!("state = \"here\"\n{PAPER}")), Path::new("here"));
    assert_eq!(state(&format!("state = \"/there\"\n{PAPER}")), Path::new("/there"));
}

#[test]
fn mail_says_who_sends_and_takes_the_usual_port() {
    for (security, server, port) in
        [("tls", "a.example", 465), ("starttls", "a.example", 587), ("plain", "127.0.0.1", 25), ("plain", "::1", 25)]
    {
        let (_directory, file) = written(&format!(
            "{PAPER}[mail]\nserver = \"{server}\"\nsecurity = \"{security}\"\nfrom = \"Tower <a@b.example>\"\n"
        ));
        let config = read(&file).expect("it loads").config;
        assert_eq!(config.mail.map(|mail| mail.port), Some(port));
        assert_eq!(config.letterhead.from, "Tower <a@b.example>");
        assert_eq!(config.letterhead.envelope_from, "a@b.example");
        assert_eq!(config.letterhead.domain, "b.example");
    }
}

#[test]
fn files_are_included_in_the_order_of_their_names_and_paths_are_relative_to_their_file() {
    let (directory, file) = written(&format!("include = [\"rules/*.toml\"]\n{PAPER}"));
    fs::create_dir(directory.path().join("rules")).expect("a directory");
    for (name, text) in [
        ("b.toml", "[entity.b]\nstrong = [\"Bee\"]\n"),
        ("a.toml", "[rule.a]\nmatch = \"@b\"\n[egress]\nextra_ca = \"ca.pem\"\n"),
        (".hidden.toml", "nonsense"),
        ("notes.txt", "nonsense"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\n"),
    ] {
        fs::write(directory.path().join("rules").join(name), text).expect("written");
    }
    let loaded = read(&file).expect("it loads");
    let names: Vec<_> = loaded.files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["atalaya.toml", "a.toml", "b.toml"]);
    assert_eq!(loaded.config.egress.extra_ca, Some(directory.path().join("rules/ca.pem")));
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_told_with_a_remedy() {
    let (directory, file) = written("");
    fs::write(&file, b"label = \"\xff\"").expect("written");
    for (file, said) in [
        (file.clone(), "did not contain valid UTF-8"),
        (directory.path().join("none.toml"), "no such file"),
        (directory.path().to_owned(), "is a directory"),
    ] {
        let found = found(&file);
        assert_eq!(found.len(), 1);
        assert!(found[0].is_error() && found[0].message.contains(said), "{}", found[0]);
        assert_eq!(found[0].to_json()["line"], serde_json::Value::Null);
    }
}

#[test]
fn json_tells_file_line_column_severity_message_and_help() {
    let found = found(&fixture("every_as_a_bare_number.toml"));
    let expected = serde_json::json!({
        "file": "tests/data/config/every_as_a_bare_number.toml",
        "line": 3,
        "column": 9,
        "severity": "error",
        "message": "`every` has no unit of time",
        "help": "say in which unit: `\"15s\"` for seconds, `\"15m\"` for minutes",
    });
    assert_eq!(found.iter().map(Diagnostic::to_json).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_source_on_this_machine_may_be_asked_often() {
    for host in ["127.0.0.1:80", "localhost", "[::1]", "wiki.example"] {
        let text = format!(
            "[egress.hosts]\n\"wiki.example\" = \"127.0.0.1\"\n[source.a]\nfeed = \"http://{host}/\"\nevery = \"1s\"\n"
        );
        assert_eq!(messages(&text), [""; 0], "{host}");
    }
    let text = "[source.a]\nfeed = \"http://a.example/\"\nevery = \"4m\"\n";
    assert_eq!(messages(text), [":3:9: warning: asked so often, many sites block the caller"]);
}

#[test]
fn what_is_switched_off_is_checked_all_the_same() {
    let (_directory, file) = written(&format!("{PAPER}enabled = false\n[rule.a]\nmatch = \"b\"\nenabled = false\n"));
    let config = read(&file).expect("it loads").config;
    assert!(config.sources.is_empty() && config.rules.is_empty());
    let all = messages(&format!("{PAPER}enabled = false\n[rule.a]\nmatch = \"(b\"\nenabled = false\n"));
    assert_eq!(all.len(), 1, "{all:?}");
}

#[test]
fn the_plain_rendering_is_drawn_in_ascii_and_without_colour() {
    let found = found(&fixture("five_faults_at_once.toml"));
    let plain = render::text(&found, false, 80);
    let drawn = |letter: char| letter == '\u{1b}' || ('\u{2500}'..='\u{25ff}').contains(&letter);
    assert!(!plain.contains(drawn), "{plain}");
    let coloured = render::text(&found, true, 80);
    assert!(coloured.contains("\u{1b}["));
    for diagnostic in &found {
        let first = diagnostic.render(false);
        assert_eq!(first.lines().next(), Some(diagnostic.headline().as_str()));
    }
}

#[test]
fn no_text_makes_the_reader_panic() {
    let faults = [
        "",
        "\u{feff}",
        "=",
        "[",
        "[[",
        "]",
        "a",
        "a=",
        "a.b.",
        "\"\"\"",
        "'''",
        "{",
        "a={",
        "a=[",
        "a={b=",
        "\\",
        "password",
        "password \t",
        "password =",
    ];
    for fault in faults {
        for text in
            [fault.to_owned(), format!("{PAPER}{fault}"), format!("{fault}\n{PAPER}"), format!("a = \"{fault}\"\n")]
        {
            let (_directory, file) = written(&text);
            render::text(&found(&file), true, 20);
        }
    }
    // Every cut of a whole configuration, on character boundaries.
    let whole = super::example();
    for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)).step_by(61) {
        let (_directory, file) = written(&whole[..cut]);
        render::text(&found(&file), false, 100);
    }
}

proptest! {
    /// Whatever slip of the finger breaks the file around it.
    #[test]
    fn no_slip_of_the_finger_shows_a_secret(
        at in 0_usize..400,
        removed in 0_usize..12,
        put in "[\\[\\]{}=\"'#,.\\\\ \n\ta-z]{0,3}",
    ) {
        const FIRST: &str = "correct-horse";
        const LAST: &str = "battery-staple";
        let text = format!(
            "[mail]\nserver = \"a.example\"\nfrom = \"a@a.example\"\nusername = \"a\"\n\
             password = \"{FIRST}-{LAST}\"\nport = 70000\n\
             [channel.a]\nwebhook = \"https://a.example/\"\nsecret = \"{FIRST}-{LAST}\"\n\
             [channel.b]\nb = {{ secret = '{FIRST}-{LAST}', webhook = 1 }}\n{PAPER}"
        );
        let at = at.min(text.len());
        let end = (at + removed).min(text.len());
        // A slip in the very name of the key leaves nothing to know it by.
        prop_assume!(!hits_a_key(&text, at, end));
        let slipped = format!("{}{put}{}", &text[..at], &text[end..]);
        let (_directory, file) = written(&slipped);
        let shown = render::text(&found(&file), false, 200);
        prop_assert!(!shown.contains(FIRST) && !shown.contains(LAST), "{slipped}\n{shown}");
    }
}

/// Whether a change of `start..end` touches the name of a key that holds a secret.
fn hits_a_key(text: &str, start: usize, end: usize) -> bool {
    ["password", "secret"]
        .iter()
        .any(|key| text.match_indices(key).any(|(at, key)| start <= at + key.len() && end >= at))
}

#[test]
fn a_shell_may_look_at_what_only_the_service_can_read() {
    let (_directory, file) = written(&format!(
        "{PAPER}[mail]\nserver = \"a.example\"\nfrom = \"a@a.example\"\nusername = \"a\"\npassword = {{ credential = 'key' }}\n"
    ));
    assert!(load_with(&file, &environment(), kinds::SOURCES, kinds::CHANNELS).is_err(), "the service needs it");
    let looking = Environment { looking_only: true, ..environment() };
    let warnings = load_with(&file, &looking, kinds::SOURCES, kinds::CHANNELS).expect("a shell only looks").warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains("only inside the service")), "{warnings:?}");
}

#[test]
fn the_state_is_found_though_the_rest_is_wrong() {
    let (directory, file) = written("state = \"ledger\"\n[source.x]\nfed = \"https://paper.example/feed\"\n");
    assert_eq!(super::state(&file, &environment()).expect("it is found"), directory.path().join("ledger"));
    let (_directory, file) = written("state = 7\n");
    assert!(super::state(&file, &environment()).is_err());
    assert!(super::state(Path::new("/nowhere/atalaya.toml"), &environment()).is_err());
}

#[test]
fn a_source_is_rendered_when_needed_where_there_is_a_service_and_by_a_proxy_only_when_it_says_so_itself() {
    use crate::source::Render;
    let service = "[rendering]\nurl = \"http://127.0.0.1:3000/?url={url}\"\n";
    let proxy = "proxy = \"socks5h://127.0.0.1:9050\"\n";
    let render = |way: &str| format!("render = \"{way}\"\n");
    for (text, expected) in [
        (PAPER.to_owned(), Render::Never),
        (format!("{PAPER}{service}"), Render::WhenNeeded),
        (format!("{PAPER}{}{service}", render("never")), Render::Never),
        (format!("{PAPER}{}", render("never")), Render::Never),
        (format!("{PAPER}{}{service}", render("always")), Render::Always),
        (format!("{PAPER}{proxy}{service}"), Render::Never),
        (format!("[egress]\n{proxy}{PAPER}{service}"), Render::Never),
        (format!("[egress]\n{proxy}{PAPER}proxy = false\n{service}"), Render::WhenNeeded),
        (format!("{PAPER}{proxy}{}{service}", render("always")), Render::Always),
    ] {
        let (_directory, file) = written(&text);
        let loaded = super::load(&file, &environment()).map_err(super::Diagnostics::into_inner).expect(&text);
        assert_eq!(loaded.config.sources[0].render, expected, "{text}");
    }
    for (text, said) in [
        (format!("{PAPER}{}", render("always")), "error: `render` is of no use without `[rendering]`"),
        (format!("{PAPER}{}{service}", render("allways")), "error: `render` cannot be `allways`"),
        (format!("{PAPER}{proxy}{}{service}", render("when_needed")), "warning: a source with a proxy is not rendered"),
        ("[rendering]\nurl = \"http://127.0.0.1:3000/\"\n".to_owned(), "error: `url` does not say where"),
    ] {
        assert!(messages(&text).iter().any(|message| message.contains(said)), "{text}: {:#?}", messages(&text));
    }
}

#[test]
fn the_thresholds_of_stories_are_what_the_manual_says() {
    let lines: String =
        super::keys::STORIES.keys.iter().map(|key| format!("{} = {}\n", key.name, key.default)).collect();
    let (_directory, file) = written(&format!("{PAPER}[stories]\n{lines}"));
    assert_eq!(read(&file).expect("it loads").config.stories, crate::story::Thresholds::default());
    let (_directory, file) = written(&format!("{PAPER}[stories]\ncopy = 1.5\nwithin = \"1h\"\n"));
    assert_eq!(read(&file).map(drop).expect_err("a share is at most 1").len(), 1);
}
