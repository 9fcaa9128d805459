//! (look, reply) → whether the page is there, gone, or nobody knows.

use super::Look;
use super::Reply;
use super::Seen;
use super::share;
use crate::model::Article;
use crate::model::Fault;
use crate::model::Reason;
use crate::story::address;
use crate::text::Normal;
use crate::text::fold;
use url::Url;

/// With less of the told text on it a page at another address is another page.
const OTHER_PAGE: f64 = 0.1;

/// A page with more words than this is no notice that something is missing.
const NOTICE: usize = 120;

/// What pages say that are served in the place of a missing one, folded.
const MISSING: &[&str] = &[
    "404",
    "not found",
    "page cannot be found",
    "page can't be found",
    "page could not be found",
    "couldn't find",
    "could not find the page",
    "no longer available",
    "no longer exists",
    "does not exist",
    "doesn't exist",
    "has been removed",
    "has been deleted",
    "has been withdrawn",
    "has been retracted",
    "was removed",
    "pagina no encontrada",
    "no encontrada",
    "no se encuentra",
    "no se encontro",
    "no ha sido encontrada",
    "no hemos encontrado",
    "no pudimos encontrar",
    "ya no esta disponible",
    "ya no existe",
    "no existe",
    "fue eliminad",
    "ha sido eliminad",
    "ha sido retirad",
    "fue retirad",
    "pagina nao encontrada",
    "nao encontrada",
    "nao foi encontrada",
    "nao encontramos",
    "nao existe",
    "nao esta mais disponivel",
    "foi removid",
    "foi excluid",
];

/// What addresses are called that ask for a login, a subscription, consent or a proof of being human.
const ASKING: &[&str] = &[
    "login",
    "signin",
    "sign-in",
    "consent",
    "captcha",
    "challenge",
    "paywall",
    "subscri",
    "suscri",
    "assine",
    "/auth",
    "/sso",
    "/account",
    "/registro",
    "/cadastro",
];

/// What paths of home pages are called besides `/`.
const HOMES: &[&str] = &["home", "index", "index.html", "index.htm", "index.php", "inicio", "portada", "portal"];

/// What a reply shows of the page.
pub(super) fn see(look: &Look, reply: Reply) -> Seen {
    let (article, url, refused, capture, validators) = match reply {
        Reply::NotModified => return Seen::Unchanged,
        Reply::Failed { fault, reason } => return Seen::Failed { fault, reason },
        Reply::Gone { status, capture } => {
            return Seen::Gone { detail: format!("the page is gone ({status})"), capture };
        }
        Reply::Page { article, url, refused, capture, validators } => (article, url, refused, capture, validators),
    };
    match refused {
        Some(reason) if reason.is_wall() => return Seen::Failed { fault: Fault::Transient, reason },
        Some(Reason::ErrorPage { detail }) => {
            return Seen::Gone { detail: format!("an error page stands in its place: {detail}"), capture };
        }
        _ => {}
    }
    if let Some(word) = asks(&look.final_url, &url) {
        let reason = Reason::Wall { detail: format!("the address leads to a page of “{word}”") };
        return Seen::Failed { fault: Fault::Transient, reason };
    }
    let shared = share::share(&look.article.text, &article.text);
    if shared < super::REWRITTEN {
        if let Some(said) = missing(&article) {
            return Seen::Gone { detail: format!("the page says that it is gone: “{said}”"), capture };
        }
        if leads_home(&look.final_url, &url) {
            return Seen::Gone { detail: format!("the address leads to {url} instead"), capture };
        }
    }
    if shared < OTHER_PAGE && refused.is_none() && elsewhere(look, &url) {
        return Seen::Gone { detail: format!("the address leads to another page, {url}"), capture };
    }
    match refused {
        Some(reason) => Seen::Failed { fault: Fault::Transient, reason },
        None => Seen::Page { article, capture, validators },
    }
}

/// The headline or the short text of a page that says of itself that it is missing.
fn missing(article: &Article) -> Option<String> {
    if article.text.split_whitespace().count() > NOTICE {
        return None;
    }
    let first = article.text.split("\n\n").next().unwrap_or_default();
    [article.title.as_str(), first].into_iter().find_map(|said| {
        let folded = fold(Normal::of(said).text());
        let short: String = said.chars().take(120).collect();
        MISSING.iter().any(|words| folded.contains(words)).then_some(short)
    })
}

/// The word by which an address is recognised that asks readers for something before it shows a page.
fn asks(told: &str, url: &str) -> Option<&'static str> {
    let (told, url) = (told.to_lowercase(), url.to_lowercase());
    ASKING.iter().copied().find(|word| url.contains(word) && !told.contains(word))
}

/// Whether the answer came from a home page or a section above the article.
fn leads_home(told: &str, url: &str) -> bool {
    let (Ok(told), Ok(url)) = (Url::parse(told), Url::parse(url)) else { return false };
    if address::canonical(told.as_str()) == address::canonical(url.as_str()) {
        return false;
    }
    let parts = |url: &Url| -> Vec<String> {
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    let (before, now) = (parts(&told), parts(&url));
    let home = |part: &String| HOMES.contains(&part.as_str()) || part.len() == 2;
    let section = told.host_str() == url.host_str() && now.len() < before.len() && before.starts_with(&now);
    now.iter().all(home) || section
}

/// Whether it came from an address that was never the article's.
fn elsewhere(look: &Look, url: &str) -> bool {
    let known = [Some(look.final_url.as_str()), look.item.entry.link.as_deref(), look.article.canonical_url.as_deref()];
    let now = address::canonical(url);
    !known.into_iter().flatten().any(|known| address::canonical(known) == now)
}

#[cfg(test)]
mod tests {
    use super::leads_home;
    use super::missing;
    use crate::model::Article;

    #[test]
    fn home_pages_and_sections_are_told_from_new_addresses() {
        let told = "https://faro.example/pais/2026/11/relatores";
        for (url, home) in [
            ("https://faro.example/", true),
            ("https://faro.example", true),
            ("https://www.faro.example/es/", true),
            ("https://faro.example/pais", true),
            ("https://faro.example/pais/2026/", true),
            ("https://faro.example/index.php", true),
            (told, false),
            ("https://faro.example/pais/2026/11/relatores/amp", false),
            ("https://faro.example/nacional/relatores", false),
            ("https://faro.example/pai", false),
        ] {
            assert_eq!(leads_home(told, url), home, "{url}");
        }
        assert!(leads_home("https://faro.example/?p=12", "https://faro.example/"));
        assert!(!leads_home("https://faro.example/?p=12", "https://faro.example/?p=12&utm_source=x"));
    }

    #[test]
    fn a_short_page_that_says_missing_is_and_a_report_about_missing_people_is_not() {
        let page = |title: &str, text: &str| Article { title: title.into(), text: text.into(), ..Article::default() };
        assert!(missing(&page("Página no encontrada", "")).is_some());
        assert!(missing(&page("Faro", "Lo sentimos, esta nota ya no está disponible.")).is_some());
        assert!(missing(&page("Error 404", "Vuelve a la portada.")).is_some());
        let report = "La joven no se encuentra en ninguna lista. ".repeat(40);
        assert!(missing(&page("No se encuentra en las listas", &report)).is_none());
    }
}
