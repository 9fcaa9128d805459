use super::read;
use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;
use url::Url;

fn listing(bytes: &[u8]) -> Result<Listing, Reason> {
    let url = Url::parse("https://feeds.example.test/all.xml").expect("an address");
    read(&Document { url: &url, content_type: None, bytes })
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/feeds/", $name)).as_slice()
    };
}

/// Format, then id, link and title of each entry.
type Expected<'a> = (&'a str, &'a [(&'a str, Option<&'a str>, &'a str)]);

#[test]
fn every_dialect_is_read_and_every_fault_is_overcome() {
    const FIRST: (&str, Option<&str>, &str) = ("faro-1", Some("https://faro.example.org/1"), "Nota 1");
    const SECOND: (&str, Option<&str>, &str) = ("faro-2", Some("https://faro.example.org/2"), "Nota 2");
    let cases: &[(&str, &[u8], Expected<'_>)] = &[
        ("well formed RSS", fixture!("well_formed.rss"), ("rss2", &[FIRST, SECOND])),
        (
            "well formed Atom",
            fixture!("well_formed.atom"),
            ("atom", &[("tag:post.example.org,2025:1", Some("https://feeds.example.test/1"), "Court hears witnesses")]),
        ),
        (
            "well formed JSON",
            fixture!("well_formed.json"),
            ("json_feed", &[("1", Some("https://gazeta.example.org/1"), "Tribunal ouve testemunhas")]),
        ),
        (
            "RDF items without a link",
            fixture!("rdf_item_without_link.rdf"),
            (
                "rss1",
                &[
                    ("https://faro.example.org/1", Some("https://faro.example.org/1"), "Nota 1"),
                    ("https://faro.example.org/2", Some("https://faro.example.org/2"), "Nota 2"),
                ],
            ),
        ),
        ("a wrong label", fixture!("declares_utf16_but_is_utf8.rss"), ("rss2", &[FIRST])),
        ("UTF-16", fixture!("utf16_with_mark.rss"), ("rss2", &[FIRST])),
        ("no label", fixture!("windows_1252_undeclared.rss"), ("rss2", &[FIRST])),
        ("words before the feed", fixture!("warning_before_the_declaration.rss"), ("rss2", &[FIRST])),
        (
            "an open item",
            fixture!("item_not_closed.rss"),
            ("rss2", &[("faro-1", None, "Nota 1"), ("faro-2", None, "Nota 2")]),
        ),
        (
            "a cut feed",
            fixture!("cut_in_the_middle.rss"),
            ("rss2", &[FIRST, ("https://faro.example.org/2", Some("https://faro.example.org/2"), "Nota 2")]),
        ),
        ("open CDATA", fixture!("cdata_not_closed.rss"), ("rss2", &[("faro-1", None, "Nota 1"), SECOND])),
        ("a namespace", fixture!("no_version_and_a_namespace_of_its_own.rss"), ("rss2", &[FIRST])),
        ("Atom 0.3", fixture!("atom_0_3.atom"), ("atom", &[FIRST])),
        (
            "empty elements",
            fixture!("empty_media_title_and_atom_content.atom"),
            ("atom", &[("faro-1", None, "Nota 1")]),
        ),
        ("what makes feed-rs panic", fixture!("mail_beside_wide_letters_and_a_huge_duration.rss"), ("rss2", &[FIRST])),
        (
            "entities",
            fixture!("undefined_entities_and_bare_ampersands.rss"),
            ("rss2", &[("faro-1", Some("https://faro.example.org/?a=1&b=2"), "Pan & agua R&D")]),
        ),
        (
            "a guid for a link",
            fixture!("guid_is_the_only_link.rss"),
            ("rss2", &[("https://faro.example.org/1", Some("https://faro.example.org/1"), "Nota 1")]),
        ),
        (
            "relative links",
            fixture!("links_are_relative.rss"),
            ("rss2", &[("faro-1", Some("https://faro.example.org/nota/1"), "Nota 1")]),
        ),
        (
            "a link elsewhere",
            fixture!("link_only_in_another_namespace.rss"),
            ("rss2", &[("faro-1", Some("https://faro.example.org/1?a=1&b=2"), "Nota 1")]),
        ),
    ];
    for (name, bytes, (format, expected)) in cases {
        let found = listing(bytes).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let entries: Vec<_> = found
            .entries
            .iter()
            .map(|entry| (entry.id.as_str(), entry.link.as_deref(), entry.title.as_str()))
            .collect();
        assert_eq!((found.format.as_str(), entries.as_slice()), (*format, *expected), "{name}");
    }
}

#[test]
fn all_that_an_atom_entry_says_is_kept() {
    let entry = listing(fixture!("well_formed.atom")).expect("a feed").entries.remove(0);
    assert_eq!(entry.published.map(|time| time.to_string()).as_deref(), Some("2025-11-04T10:00:00Z"));
    assert_eq!(entry.updated.map(|time| time.to_string()).as_deref(), Some("2025-11-04T11:00:00Z"));
    assert_eq!(entry.summary.as_deref(), Some("Two neighbours spoke."));
    assert_eq!((entry.authors, entry.tags), (vec!["Ana Prado".to_owned()], vec!["justice".to_owned()]));
}

#[test]
fn what_an_item_says_is_found_whatever_stands_around_it() {
    let found = listing(fixture!("everything_at_once.rss")).expect("a feed");
    assert_eq!(found.title.as_deref(), Some("El Faro"));
    let entries: Vec<_> = found
        .entries
        .iter()
        .map(|entry| (entry.id.as_str(), entry.link.as_deref(), entry.title.as_str(), entry.summary.as_deref()))
        .collect();
    let text = "Dos vecinos hablaron.<p>Y un <img src=\"x.png\"> tercero";
    assert_eq!(
        entries,
        [
            ("faro-1", Some("https://faro.example.org/es/nota/1"), "Nota uno & media", Some(text)),
            ("faro-2", None, "Nota dos", Some("Sin fin de título")),
            ("https://faro.example.org/3", Some("https://faro.example.org/3"), "Nota tres", None),
        ]
    );
    let first = &found.entries[0];
    assert_eq!(
        (first.authors.as_slice(), first.tags.as_slice()),
        (&["Ana Prado".into()][..], &["justicia".into()][..])
    );
    assert_eq!(first.content.as_deref(), Some("<p>Dos vecinos hablaron.</p>"));
    let seconds = |index: usize| found.entries[index].published.map(|time| time.as_second());
    assert_eq!((seconds(0), seconds(2)), (Some(1_764_669_600), Some(1_764_669_600)));
}

#[test]
fn an_atom_entry_is_read_under_any_prefix_and_base() {
    let found = listing(fixture!("xhtml_and_base.atom")).expect("a feed");
    assert_eq!(found.title.as_deref(), Some("El Faro"));
    let entry = &found.entries[0];
    assert_eq!((entry.id.as_str(), entry.title.as_str()), ("faro-1", "Nota 1"));
    assert_eq!(entry.link.as_deref(), Some("https://faro.example.org/es/nota/1"));
    assert_eq!(entry.content.as_deref(), Some("<div><p>Dos &lt;vecinos&gt; <a href=\"x\">hablaron</a></p></div>"));
    assert_eq!(
        (entry.authors.as_slice(), entry.tags.as_slice()),
        (&["Ana Prado".into()][..], &["Justicia".into()][..])
    );
    let second = &found.entries[1];
    assert_eq!((second.title.as_str(), second.summary.as_deref()), ("Nota 2", Some("R&D")));
    assert_eq!(second.link.as_deref(), Some("https://faro.example.org/2"));
}

#[test]
fn what_feed_rs_reads_in_a_well_formed_feed_the_walker_reads_too() {
    use super::xml::feed_rs;
    let address = Url::parse("https://feeds.example.test/all.xml").expect("an address");
    for bytes in [fixture!("well_formed.rss"), fixture!("well_formed.atom"), fixture!("links_are_relative.rss")] {
        let (title, theirs) = feed_rs(std::str::from_utf8(bytes).expect("UTF-8"), &address).expect("feed-rs reads it");
        let ours = listing(bytes).expect("a feed");
        assert_eq!(ours.title, title);
        assert_eq!(ours.entries.len(), theirs.len());
        for (ours, theirs) in ours.entries.iter().zip(theirs) {
            assert_eq!(Some(&ours.id), theirs.guid.as_ref());
            assert_eq!(ours.title, super::plain::title(&theirs.title));
            assert_eq!((ours.published, &ours.summary), (theirs.published, &theirs.summary));
        }
    }
}

#[test]
fn accents_survive_every_encoding() {
    for bytes in [
        fixture!("declares_utf16_but_is_utf8.rss"),
        fixture!("utf16_with_mark.rss"),
        fixture!("windows_1252_undeclared.rss"),
    ] {
        assert_eq!(listing(bytes).expect("a feed").title.as_deref(), Some("Información"));
    }
}

#[test]
fn entries_without_guid_and_link_have_lasting_and_different_ids() {
    let ids = || -> Vec<String> {
        let found = listing(fixture!("neither_guid_nor_link.rss")).expect("a feed");
        found.entries.into_iter().map(|entry| entry.id).collect()
    };
    let first = ids();
    assert_ne!(first[0], first[1]);
    assert_eq!(first, ids());
}

#[test]
fn an_empty_feed_is_no_error_but_a_warning() {
    let found = listing(fixture!("no_entries.rss")).expect("a feed");
    assert!(found.entries.is_empty());
    assert_eq!(found.warnings, ["the feed holds no entry"]);
}

#[test]
fn what_is_no_feed_is_named() {
    for (bytes, expected) in [
        (fixture!("not_a_feed/page.html"), "an HTML page, titled “Página no encontrada”"),
        (fixture!("not_a_feed/opml.xml"), "an OPML list of feeds"),
        (fixture!("not_a_feed/sitemap.xml"), "a sitemap"),
        (fixture!("not_a_feed/error.json"), "JSON, but no JSON Feed"),
        (fixture!("not_a_feed/empty"), "an empty answer"),
        (fixture!("not_a_feed/words.txt"), "a text without any element of a feed"),
    ] {
        assert_eq!(listing(bytes), Err(Reason::NotAFeed { detail: expected.into() }));
    }
}

#[test]
fn no_cut_and_no_broken_byte_makes_the_parser_panic() {
    for bytes in [fixture!("well_formed.rss"), fixture!("well_formed.atom"), fixture!("well_formed.json")] {
        for length in 0..bytes.len() {
            let mut spoilt = bytes.to_vec();
            spoilt[length] = b'<';
            for text in [&bytes[..length], spoilt.as_slice()] {
                let answer = listing(text).map_err(|reason| reason.to_string());
                assert!(
                    answer.as_ref().err().is_none_or(|reason| !reason.contains("broke down")),
                    "{length}: {answer:?}"
                );
            }
        }
    }
}

#[test]
fn an_empty_result_says_what_was_seen_and_not_read() {
    let found = listing(b"<rss><channel><!-- <item><title>x</title></item> --></channel></rss>").expect("a feed");
    assert_eq!(found.warnings, ["the feed holds no entry, though `<item` or `<entry` stands in it 1 times"]);
}

#[test]
fn a_cut_feed_says_so() {
    let found = listing(b"<rss><channel><item><title>a</title></item><item><title>b").expect("a feed");
    assert_eq!(found.entries.len(), 2);
    assert!(found.warnings.contains(&"the document ends in the middle of an entry".to_owned()), "{:?}", found.warnings);
}

#[test]
fn where_older_entries_stand_is_read_wherever_the_feed_says_it() {
    let address =
        |path: &str| Some(Url::parse("https://feeds.example.test/").and_then(|url| url.join(path)).expect(path));
    for (text, archive, next, paged) in [
        (
            "<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='/now'/><link rel='prev-archive' \
             href='/7?a=1&amp;b=2'/><link rel='next' href='2.xml'/><entry><id>1</id></entry></feed>",
            Some("/7?a=1&b=2"),
            Some("/2.xml"),
            None,
        ),
        // Behind the entries, in RSS, beside its own link, which is another site's.
        (
            "<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><link>https://faro.example.org/</link><item><guid>1\
             </guid></item><a:link rel='NEXT' href='/2.xml'/></channel></rss>",
            None,
            Some("/2.xml"),
            None,
        ),
        (
            "<feed xml:base='/deep/'><link rel='next' href='2'/><entry><id>1</id></entry></feed>",
            None,
            Some("/deep/2"),
            None,
        ),
        (
            "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\"}],\"next_url\":\"/2.json\"}",
            None,
            Some("/2.json"),
            None,
        ),
        (
            "<rss><channel><generator>https://wordpress.org/?v=6.9</generator><item><guid>1</guid></item></channel></rss>",
            None,
            None,
            Some("/all.xml"),
        ),
        (
            "<feed><generator uri='https://wordpress.org/'>WordPress</generator><entry><id>1</id></entry></feed>",
            None,
            None,
            Some("/all.xml"),
        ),
        // Of an entry, of a picture, of nothing that is asked over HTTP, of another generator.
        (
            "<rss><channel><generator>Hugo</generator><image><link rel='next' href='/2'/></image><link rel='next' \
             href='javascript:go()'/><item><guid>1</guid><link rel='next' href='/2'/><title>Made with \
             WordPress</title></item></channel></rss>",
            None,
            None,
            None,
        ),
    ] {
        let older = listing(text.as_bytes()).expect(text).older;
        let expected = [archive, next, paged].map(|path| path.and_then(address));
        assert_eq!([older.archive, older.next, older.paged], expected, "{text}");
    }
}
