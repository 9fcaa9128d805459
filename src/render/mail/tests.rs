use super::HTML_LIMIT;
use super::Letter;
use super::LetterError;
use super::Links;
use super::SUBJECT_LIMIT;
use super::letter;
use crate::model::Alert;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Language;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::UpdateKind;
use crate::model::alert::RuleTold;
use crate::render::sample;
use proptest::prelude::*;

fn rules(names: &[&str]) -> Vec<RuleName> {
    names.iter().map(|name| RuleName::new(*name)).collect()
}

fn told(alert: &Alert) -> Letter {
    letter(alert, &rules(&["detention"]), "ana@example.org", None, Links::default()).expect("a letter")
}

#[test]
fn both_parts_hold_the_same_items() {
    let letter = told(&sample::alert());
    for item in [
        "Relatores de la ONU visitan tres centros de detención en Puerto Claro",
        "Detained and disappeared",
        "Detainees (privados de libertad) and International Court (CPI)",
        "International Court",
        "El Faro de Prueba",
        "Lucía Prado",
        "Spanish",
        "Sun 22 Nov 2026, 21:15 UTC",
        "https://faro.example.org/2026/11/22/relatores-puerto-claro?seccion=pais",
        "ana@example.org",
    ] {
        assert!(letter.text.contains(item), "text lacks {item}\n{}", letter.text);
        assert!(letter.html.contains(&item.replace('&', "&amp;")), "HTML lacks {item}\n{}", letter.html);
    }
    assert!(letter.text.contains("*privados de libertad*"), "{}", letter.text);
    assert!(letter.html.contains(">privados de libertad</mark>"));
}

#[test]
fn the_text_part_as_people_get_it() {
    insta::assert_snapshot!(told(&sample::alert()).text);
}

#[test]
fn only_the_receivers_rules_and_their_sentences_are_shown() {
    let mut alert = sample::alert();
    alert.rules.push(RuleTold {
        name: RuleName::new("secret-plan"),
        label: "Somebody else's rule".into(),
        reason: Reason::Matched { because: "\"planes\"".into() },
    });
    alert.excerpts.push(Excerpt {
        field: Field::Body,
        text: "Solo la otra regla quería esta frase.".into(),
        marks: Vec::new(),
        rules: rules(&["secret-plan"]),
    });
    let letter = told(&alert);
    for part in [&letter.text, &letter.html] {
        assert!(!part.contains("Somebody else"));
        assert!(!part.contains("esta frase"));
    }
    assert!(matches!(
        super::letter(&alert, &rules(&["unknown"]), "ana@example.org", None, Links::default()),
        Err(LetterError::NoRule)
    ));
}

#[test]
fn what_was_not_read_and_what_is_a_copy_is_said() {
    let mut alert = sample::alert();
    let plain = told(&alert);
    assert!(!plain.text.contains("NOTE") && !plain.html.contains("class=\"note\""));
    alert.unread = Some(Reason::Status { status: 403 });
    alert.copy_of = Some("Relatores en Puerto Claro".into());
    alert.revision = 2;
    let letter = told(&alert);
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("the server answered 403"));
        assert!(part.contains("Relatores en Puerto Claro"));
        assert!(part.contains("revision 2"));
    }
}

#[test]
fn an_update_says_what_changed_in_both_parts_and_needs_no_colours() {
    let mut alert = sample::alert();
    alert.update = Some(sample::update());
    alert.revision = 2;
    for (kind, subject) in [
        (UpdateKind::Edited, "Update: Relatores"),
        (UpdateKind::Corrected, "Corrected: Relatores"),
        (UpdateKind::Removed, "Removed: Relatores"),
        (UpdateKind::Restored, "Restored: Relatores"),
    ] {
        alert.update.as_mut().expect("it has one").kind = kind;
        let letter = told(&alert);
        assert!(letter.subject.starts_with(subject), "{}", letter.subject);
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("“tres” became “cinco”") && part.contains("and 2 more"), "{part}");
            assert!(!part.contains("Told again"), "{part}");
        }
        assert!(letter.text.contains("  Visitaron [-tres-] {+cinco+} centros.\n"), "{}", letter.text);
        assert!(
            letter.html.contains(">tres</del> <ins") && letter.html.contains("struck out: removed"),
            "{}",
            letter.html
        );
    }
}

#[test]
fn a_diff_of_any_size_keeps_the_limit_and_runs_no_markup() {
    let mut alert = sample::alert();
    let mut update = sample::update();
    let long = "<script>\"'&".repeat(3_000);
    update.facts = vec![long.clone(); 50];
    update.diff[0].pieces.iter_mut().for_each(|piece| piece.text.clone_from(&long));
    update.diff = vec![update.diff[0].clone(); 80];
    alert.update = Some(update);
    let letter = told(&alert);
    assert!(letter.html.len() < HTML_LIMIT && !letter.html.contains("<script"));
}

#[test]
fn a_subject_is_one_clean_line() {
    let mut alert = sample::alert();
    alert.title = format!("Uno\r\nBcc: evil@example.test \u{202e}{}", "muy largo ".repeat(40));
    let letter = super::letter(&alert, &rules(&["detention"]), "ana@example.org", Some("[press]"), Links::default())
        .expect("a letter");
    assert!(letter.subject.starts_with("[press] Uno Bcc: evil@example.test muy largo"), "{}", letter.subject);
    assert!(letter.subject.chars().count() <= SUBJECT_LIMIT);
    assert!(!letter.subject.contains(['\r', '\n', '\u{202e}']));
    alert.title = " \u{200b} ".into();
    assert_eq!(told(&alert).subject, "No headline, from El Faro de Prueba");
}

#[test]
fn nothing_of_a_stranger_is_markup() {
    let mut alert = sample::alert();
    let evil = "<script>alert('x')</script><img src=\"http://track.example.test/p.gif\">\"'&";
    alert.title = evil.into();
    alert.site_name = Some(evil.into());
    alert.byline = Some(evil.into());
    alert.rules[0].label = evil.into();
    alert.rules[0].reason = Reason::Matched { because: evil.into() };
    alert.copy_of = Some(evil.into());
    alert.excerpts[0].text = evil.into();
    alert.excerpts[0].marks = vec![(0, 8)];
    alert.entities[0].label = evil.into();
    alert.entities[0].forms = vec![evil.into()];
    let html = told(&alert).html;
    for forbidden in ["<script", "<img", "\"http://track"] {
        assert!(!html.contains(forbidden), "{forbidden} in\n{html}");
    }
}

#[test]
fn only_web_addresses_become_links() {
    let mut alert = sample::alert();
    for address in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "not an address"] {
        alert.url = address.into();
        let letter = told(&alert);
        assert!(!letter.html.contains("href="), "{address}");
        assert!(letter.text.contains(address));
    }
    alert.url = "https://example.org/a b?x=\"><b>\r\ny".into();
    let letter = told(&alert);
    assert!(
        letter.html.contains("href=\"https://example.org/a%20b?x=%22%3E%3Cb%3Ey\"") || letter.html.contains("a%20b")
    );
    assert!(!letter.html.contains("<b>"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let html = told(&sample::alert()).html;
    for forbidden in ["<img", "<link", "<iframe", "url(", "@import", " src="] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn arabic_runs_from_right_to_left() {
    let mut alert = sample::alert();
    alert.language = Language::parse("ar");
    alert.title = "محكمة دولية تنظر في القضية".into();
    let html = told(&alert).html;
    assert!(html.contains("<h1 class=\"ink\" dir=\"rtl\" lang=\"ar\""));
    assert!(html.contains("border-right:3px"));
    alert.language = None;
    assert!(told(&alert).html.contains("<h1 class=\"ink\" dir=\"auto\" style"));
}

#[test]
fn html_has_a_limit_whatever_the_alert() {
    let mut alert = sample::alert();
    let long = "\"'&<>".repeat(4_000);
    alert.title = long.clone();
    alert.byline = Some(long.clone());
    alert.url = format!("https://example.org/?{}", "&".repeat(3_900));
    alert.unread = Some(Reason::Wall { detail: long.clone() });
    alert.copy_of = Some(long.clone());
    let excerpt = Excerpt {
        field: Field::Body,
        text: long.clone(),
        marks: (0..10_000).map(|n| (n * 2, n * 2 + 1)).collect(),
        rules: rules(&["detention"]),
    };
    alert.excerpts = vec![excerpt; 40];
    let mut entity = alert.entities[0].clone();
    entity.label = long.clone();
    entity.forms = vec![long.clone(); 100];
    alert.entities = vec![entity; 200];
    let names: Vec<RuleName> = (0..200).map(|n| RuleName::new(format!("rule{n}"))).collect();
    alert.rules.extend(names.iter().map(|name| RuleTold {
        name: name.clone(),
        label: long.clone(),
        reason: Reason::Matched { because: long.clone() },
    }));
    let all = [names, rules(&["detention"])].concat();
    let letter = super::letter(&alert, &all, &long, Some(&long), Links::default()).expect("a letter");
    assert!(letter.html.len() < HTML_LIMIT, "{}", letter.html.len());
    assert!(letter.text.len() < HTML_LIMIT);
    assert!(letter.html.contains("more"), "says that there are more");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_gives_a_letter(title in "\\PC*", text in ".*", marks in prop::collection::vec((0usize..60, 0usize..60), 0..6)) {
        let mut alert = sample::alert();
        alert.title = title;
        alert.excerpts[0].text = text;
        alert.excerpts[0].marks = marks;
        let letter = told(&alert);
        prop_assert!(letter.html.len() < HTML_LIMIT);
        prop_assert!(!letter.subject.chars().any(char::is_control));
    }
}

/// Writes the mail for a look at it: `ATALAYA_SHOW=/tmp/mail.html cargo test --lib shows_a_mail`.
#[test]
fn shows_a_mail() {
    if let Some(file) = std::env::var_os("ATALAYA_SHOW") {
        std::fs::write(file, told(&sample::alert()).html).expect("the file is written");
    }
}

#[test]
fn both_parts_say_where_to_answer_that_it_was_not_relevant() {
    let link = "https://tower.example/feedback/YWIxMg.abc-_";
    let links = Links { feedback: Some(link) };
    let letter = letter(&sample::alert(), &rules(&["detention"]), "ana@example.org", None, links).expect("a letter");
    assert!(letter.text.contains(&format!("Not relevant? {link}\n")), "{}", letter.text);
    assert!(letter.html.contains(&format!("href=\"{link}\"")), "{}", letter.html);
    assert!(!told(&sample::alert()).text.contains("Not relevant"));
}
