//! `[rendering]`, and `render` of `[source.NAME]` → which pages a browser service shows.

use super::Rendering;
use super::diagnostic::Report;
use super::environment::Environment;
use super::files::Document;
use super::keys;
use super::secret;
use super::settings;
use super::table::Table;
use super::table::instead;
use crate::source::Render;
use jiff::SignedDuration;
use url::Url;

const URL_HELP: &str = "write `url = \"http://127.0.0.1:3000/content?url={url}\"`";

/// The names of [`Render`], in its order.
const WAYS: [(&str, Render); 3] =
    [("never", Render::Never), ("when_needed", Render::WhenNeeded), ("always", Render::Always)];

/// The browser service; `None` without the table.
pub(super) fn rendering(documents: &[Document], environment: &Environment, report: &Report) -> Option<Rendering> {
    let (document, table) = settings::top_table(documents, &keys::RENDERING, report)?;
    let seconds = SignedDuration::from_millis(100)..=SignedDuration::from_mins(5);
    let timeout = table.duration("timeout", SignedDuration::from_secs(30), seconds);
    let concurrency = usize::try_from(table.integer("concurrency", 2, 1..=64)).unwrap_or(1);
    let authorization = table
        .entry("authorization")
        .and_then(|entry| secret::read("authorization", &entry.node, document, environment, report));
    let url = table.required_text("url", URL_HELP)?;
    match fault(url.text) {
        Some(message) => {
            report.error(&url.node.place, message, "here", URL_HELP);
            None
        }
        None => Some(Rendering { url: url.text.to_owned(), authorization, timeout, concurrency }),
    }
}

/// Which pages of a source are rendered. Not those of one with a proxy, unless it says `always` itself: the service would
/// ask for them by its own way, and show who is watching.
pub(super) fn of_source(table: &Table<'_>, renders: bool, proxied: bool) -> Render {
    let wanted = table.text("render").and_then(|text| {
        let known = WAYS.iter().find(|(name, _)| *name == text.text).map(|(_, render)| *render);
        if known.is_none() {
            let message = format!("`render` cannot be `{}`", text.text);
            let names = WAYS.map(|(name, _)| name);
            table.report.error(&text.node.place, message, "here", instead(text.text, &names, "the ways are"));
        }
        known.map(|render| (render, text))
    });
    match wanted {
        Some((Render::Never, _)) => Render::Never,
        Some((_, text)) if !renders => {
            let help = "add `[rendering]` with the `url` of a browser service, or remove it";
            table.report.error(&text.node.place, "`render` is of no use without `[rendering]`", "here", help);
            Render::Never
        }
        Some((Render::WhenNeeded, text)) if proxied => {
            let help =
                "write `render = \"always\"` if the service asks by the proxy, too, or may be seen; else remove it";
            let message = "a source with a proxy is not rendered: the service would show who is watching";
            table.report.warning(&text.node.place, message, "not rendered", help);
            Render::Never
        }
        Some((render, _)) => render,
        None if renders && !proxied => Render::WhenNeeded,
        None => Render::Never,
    }
}

/// What is wrong with the template of an address.
pub(super) fn fault(template: &str) -> Option<String> {
    let Some((before, _)) = template.split_once("{url}") else {
        return Some("`url` does not say where the page's address belongs".into());
    };
    let whole = match Url::parse(&template.replace("{url}", "x")) {
        Ok(url) => url,
        Err(error) => return Some(format!("`url` is no address: {error}")),
    };
    if !matches!(whole.scheme(), "http" | "https") {
        return Some(format!("scheme `{}` is neither http nor https", whole.scheme()));
    }
    if !whole.username().is_empty() || whole.password().is_some() {
        return Some("`url` holds a user name or password: they belong into `authorization`".into());
    }
    // A page must not choose which machine is asked.
    let origin = Url::parse(before).ok().map(|url| url.origin());
    (origin != Some(whole.origin())).then(|| "`{url}` stands for a page, not for a host: it belongs behind it".into())
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_template_says_where_the_address_belongs_and_lets_no_page_choose_the_service() {
        for (template, good) in [
            ("http://127.0.0.1:3000/content?url={url}", true),
            ("https://browser.example/render/{url}?wait=2", true),
            ("http://127.0.0.1:3000/content", false),
            ("{url}", false),
            ("http://{url}/", false),
            ("http://browser{url}/", false),
            ("http://browser.example:80{url}/", false),
            ("ftp://browser.example/{url}", false),
            ("http://ana:geheim@browser.example/{url}", false),
            ("no address {url}", false),
        ] {
            assert_eq!(fault(template).is_none(), good, "{template}: {:?}", fault(template));
        }
    }
}
