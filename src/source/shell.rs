//! (page, what it shows) → why it does not show what is looked for: it is a wall, or scripts are to build it and none
//! runs here. No kind of its own: what the kinds that read pages share.

use super::blocks;
use crate::article;
use crate::article::wall;
use crate::feed::plain;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;
use std::sync::LazyLock;

/// With more words than this a page says something without its scripts.
const SPEAKING: usize = 100;
/// With fewer, a page with scripts is built by them.
const SILENT: usize = 20;
/// Scripts stand at both ends of a page; behind this many bytes nobody looks.
const LOOKED_AT: usize = 1024 * 1024;

/// Elements that frameworks fill.
static MOUNTS: LazyLock<Selector> = LazyLock::new(|| {
    Selector::parse(
        "#root, #app, #__next, #__nuxt, #___gatsby, #react-root, #svelte, #main-app, #q-app, app-root, [ng-app], \
         [data-reactroot], [data-server-rendered]",
    )
    .expect("a list of selectors")
});

/// Why the page is not the page: [`Reason::Wall`] or [`Reason::NeedsScripts`] with what was seen; `None` when it is
/// neither. `html` is the page as it came, `page` the same parsed, `shown` its blocks.
pub fn refusal(html: &str, page: &Html, title: &str, shown: &[String]) -> Option<Reason> {
    let article = Article { title: title.to_owned(), text: shown.join("\n\n"), ..Article::default() };
    if let Err(wall @ Reason::Wall { .. }) = wall::judge(&article, html, "") {
        return Some(wall);
    }
    let head = html[..html.floor_char_boundary(LOOKED_AT)].to_ascii_lowercase();
    let scripts = head.matches("<script").count();
    let words = article.text.split_whitespace().count();
    if scripts == 0 || words >= SPEAKING {
        return None;
    }
    let scripts = format!("{scripts} {}", if scripts == 1 { "script" } else { "scripts" });
    if let Some(mount) = page.select(&MOUNTS).find(|mount| is_empty(*mount)) {
        return Some(Reason::NeedsScripts { detail: format!("an empty {} and {scripts}", tag(mount)) });
    }
    if let Some(plea) = plea(html, &head) {
        return Some(Reason::NeedsScripts { detail: format!("it says without scripts: “{plea}”") });
    }
    (words < SILENT).then(|| Reason::NeedsScripts { detail: format!("{scripts} and {words} words of text") })
}

/// The refusal for a page that nobody chose anything on yet.
pub fn unreadable(document: &Document<'_>) -> Option<Reason> {
    let given = article::decode(document);
    let page = Html::parse_document(&article::scan::defuse(&given).0);
    let shown = blocks::of(&page, None, &[]).unwrap_or_default();
    refusal(&given, &page, super::page::title(&page).as_deref().unwrap_or_default(), &shown)
}

fn is_empty(element: ElementRef<'_>) -> bool {
    element.text().all(|text| text.trim().is_empty())
}

fn tag(element: ElementRef<'_>) -> String {
    let name = element.value().name();
    element.value().id().map_or_else(|| format!("<{name}>"), |id| format!("<{name} id=\"{id}\">"))
}

/// What a `<noscript>` says, if it asks for scripts. `lower` is the beginning of `html` in lower case.
fn plea(html: &str, lower: &str) -> Option<String> {
    lower.match_indices("<noscript").take(20).find_map(|(at, _)| {
        let open = at + lower[at..].find('>')? + 1;
        let close = open + lower[open..].find("</noscript")?;
        let said = plain::title(&html[open..close]);
        said.to_lowercase().contains("javascript").then(|| said.chars().take(80).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::source::blocks;
    use scraper::Html;

    fn code(html: &str) -> Option<(&'static str, String)> {
        let page = Html::parse_document(html);
        let shown = blocks::of(&page, None, &[]).unwrap_or_default();
        refusal(html, &page, "", &shown).map(|reason| (reason.code(), reason.to_string()))
    }

    #[test]
    fn a_page_that_scripts_build_is_named_with_what_was_seen() {
        for (html, seen) in [
            ("<body><div id=root></div><script src=a.js></script>", "an empty <div id=\"root\"> and 1 script"),
            ("<body><app-root></app-root><script></script><script></script>", "an empty <app-root> and 2 scripts"),
            (
                "<body><p>Gaceta</p><noscript><b>Active JavaScript</b> para ver la página</noscript><script></script>",
                "it says without scripts: “Active JavaScript para ver la página”",
            ),
            ("<body><p>Cargando</p><script></script>", "1 script and 1 words of text"),
        ] {
            let (code, text) = code(html).expect(html);
            assert_eq!(code, "needs_scripts", "{html}");
            assert!(text.contains(seen), "{text}");
        }
    }

    #[test]
    fn a_page_that_speaks_does_not_need_its_scripts() {
        let speaking = format!("<body><div id=root></div><p>{}</p><script></script>", "una palabra ".repeat(60));
        for html in [speaking.as_str(), "<body><p>Nada nuevo</p>", "<body><div id=root></div>"] {
            assert_eq!(code(html), None, "{html}");
        }
    }

    #[test]
    fn a_wall_is_named_as_one() {
        let html = "<title>Just a moment...</title><body><div id=root></div><script></script><p>Verify you are human";
        assert_eq!(code(html).map(|it| it.0), Some("wall"));
    }
}
