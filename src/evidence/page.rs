//! A record → a page that a person reads and prints: what was told, where it stood, when and how it was fetched, and by
//! which numbers anyone can check it. One file without anything from outside.

use super::Record;
use crate::model::Alert;
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

/// The page. `text` is the text that was judged, `file` the name of the WARC file beside it.
pub fn write(number: i64, alert: &Alert, text: &str, records: &[Proven<'_>], file: &str) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let paragraphs: Vec<String> = text.split("\n\n").map(str::to_owned).collect();
    let parts = context! { number, alert => Serde(alert), paragraphs, records => Serde(records), file };
    environment.render_str(TEMPLATE, parts).expect("the page's template takes every record: its test renders it")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::Proven;
    use super::write;
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
        let page = write(12, &alert, "One.\n\nTwo & three.", &[proven], "alert-12.warc.gz");
        assert!(!page.contains("<script>"), "{page}");
        for shown in [
            "&lt;script&gt;",
            "“tres” became “cinco”",
            "<p>One.</p>",
            "Two &amp; three.",
            "https:&#x2f;&#x2f;faro.example&#x2f;a",
            &digest.to_string(),
            "transfer-encoding",
            "alert-12.warc.gz",
        ] {
            assert!(page.contains(shown), "{shown} is missing in {page}");
        }
    }
}
