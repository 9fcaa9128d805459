//! A record → a page that a person reads and prints: what was told, where it stood, when and how it was fetched, and by
//! which numbers anyone can check it. One file without anything from outside.

use super::Record;
use crate::model::Alert;
use crate::model::Alternate;
use crate::model::Article;
use crate::model::Digest;
use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

const TEMPLATE: &str = include_str!("page.html");

/// A record with its place in the chain.
#[derive(Clone, Debug, Serialize)]
pub struct Proven<'a> {
    /// Its number in the chain.
    pub number: i64,
    /// The SHA-256 of its JSON.
    pub digest: Digest,
    /// Its link.
    pub link: Digest,
    /// What was kept.
    #[serde(flatten)]
    pub record: &'a Record,
}

/// The page. `article` is what was judged, `besides` what was read besides, `file` the name of the WARC file beside it.
pub fn write(
    number: i64,
    alert: &Alert,
    article: &Article,
    besides: Option<&Alternate>,
    records: &[Proven<'_>],
    file: &str,
) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let split = |text: &str| text.split("\n\n").map(str::to_owned).collect::<Vec<String>>();
    let besides = besides.map(|besides| {
        let (what, reason) = (besides.basis.of_what(), besides.reason.as_ref().map(ToString::to_string));
        context! { what, reason, paragraphs => split(&besides.text) }
    });
    let parts = context! {
        number,
        alert => Serde(alert),
        judged_on => article.basis.of_what(),
        paragraphs => split(&article.text),
        besides,
        records => Serde(records),
        file,
    };
    environment.render_str(TEMPLATE, parts).expect("the page's template takes every record: its test renders it")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::Proven;
    use super::write;
    use crate::model::Alternate;
    use crate::model::Article;
    use crate::model::Basis;
    use crate::model::Digest;
    use crate::render::sample::alert;

    #[test]
    fn what_strangers_wrote_is_shown_and_never_run() {
        let (record, _) = sample::record();
        let mut alert = alert();
        alert.title = "<script>alert(1)</script>".into();
        alert.update = Some(crate::render::sample::update());
        let digest = Digest::of(record.to_json().as_bytes());
        let proven = Proven { number: 3, digest, link: Digest::of(b"link"), record: &record };
        let article = Article { text: "One.\n\nTwo & three.".into(), ..Article::default() };
        let besides = Alternate { basis: Basis::Feed, method: "feed".into(), text: "Four <b>".into(), reason: None };
        let page = write(12, &alert, &article, Some(&besides), &[proven], "alert-12.warc.gz");
        assert!(!page.contains("<script>"), "{page}");
        for shown in [
            "&lt;script&gt;",
            "“tres” became “cinco”",
            "<p>One.</p>",
            "Two &amp; three.",
            "the page itself",
            "the text in the feed",
            "<p>Four &lt;b&gt;</p>",
            "https:&#x2f;&#x2f;faro.example&#x2f;a",
            &digest.to_string(),
            "transfer-encoding",
            "alert-12.warc.gz",
        ] {
            assert!(page.contains(shown), "{shown} is missing in {page}");
        }
    }
}
