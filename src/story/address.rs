//! address → its canonical form: the key under which two spellings of one page meet. Only what is known to be idle is
//! taken off; the form is for comparing and never shown or fetched. Order and evidence: redirectors, host, path,
//! fragment, then parameters by a table of names (`feed::tracking`); unknown parameters are never dropped, because they
//! hold the article's number on many sites.

use crate::feed::tracking;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

/// A redirector inside a redirector is common, more than a few are a loop.
const UNWRAPPINGS: usize = 5;

/// The canonical form of an http(s) address, or `None` when it is none.
pub fn canonical(url: &str) -> Option<String> {
    let mut address = Url::parse(url.trim()).ok().filter(is_web)?;
    for _ in 0..UNWRAPPINGS {
        match unwrapped(&address).filter(is_web) {
            Some(inner) => address = inner,
            None => break,
        }
    }
    let host = plain_host(address.host_str()?);
    let mut form = format!("https://{host}");
    if let Some(port) = address.port().filter(|port| !matches!(port, 80 | 443)) {
        form.push_str(&format!(":{port}"));
    }
    let path = plain_path(address.path());
    form.push_str(path.trim_end_matches('/'));
    if let Some(query) = address.query() {
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !idle(pair)).collect();
        pairs.sort_unstable();
        if !pairs.is_empty() {
            form.push('?');
            form.push_str(&pairs.join("&"));
        }
    }
    // A route inside a page (`#!a`, `#/a`, `#s/a`) is an address of its own; a place on a page (`#top`) is none.
    if let Some(fragment) = address.fragment().filter(|fragment| fragment.starts_with('!') || fragment.contains('/')) {
        form.push('#');
        form.push_str(fragment);
    }
    Some(form)
}

/// The canonical form of the address that a page declares for itself (`rel=canonical`, `og:url`), when it may be
/// believed: the same registrable domain as `page_url`, and no home page for a page that is none.
pub fn trusted_canonical(page_url: &str, declared: &str) -> Option<String> {
    let page = Url::parse(&canonical(page_url)?).ok()?;
    let form = canonical(page.join(declared.trim()).ok()?.as_str())?;
    let declared = Url::parse(&form).ok()?;
    let same_domain = registrable(page.host_str()?) == registrable(declared.host_str()?);
    let is_home = |address: &Url| address.path() == "/" && address.query().is_none() && address.fragment().is_none();
    let sends_home = is_home(&declared) && !is_home(&page);
    (same_domain && !sends_home).then_some(form)
}

fn is_web(address: &Url) -> bool {
    matches!(address.scheme(), "http" | "https") && address.has_host()
}

/// The address inside a redirector's.
fn unwrapped(address: &Url) -> Option<Url> {
    let host = address.host_str()?;
    let bare = host.strip_prefix("www.").unwrap_or(host);
    let path = address.path();
    let parameter = |names: &[&str]| {
        let pair = address.query_pairs().find(|(name, _)| names.contains(&name.as_ref()))?;
        Url::parse(&pair.1).ok()
    };
    match bare {
        _ if is_google(bare) && path == "/url" => parameter(&["url", "q"]),
        _ if is_google(bare) && path.starts_with("/amp/") => behind(address, "/amp/"),
        "news.google.com" => google_news(path),
        "l.facebook.com" | "lm.facebook.com" | "l.instagram.com" | "l.messenger.com" => parameter(&["u"]),
        "facebook.com" | "m.facebook.com" if path == "/l.php" => parameter(&["u"]),
        "out.reddit.com" => parameter(&["url"]),
        "t.umblr.com" | "href.li" => parameter(&["z"]),
        "youtube.com" if path == "/redirect" => parameter(&["q"]),
        "linkedin.com" if path.starts_with("/safety/go") || path == "/redir/redirect" => parameter(&["url"]),
        "vk.com" | "away.vk.com" if path == "/away.php" => parameter(&["to"]),
        "slack-redir.net" => parameter(&["url"]),
        "bing.com" if path == "/news/apiclick.aspx" => parameter(&["url"]),
        "feedproxy.google.com" => None,
        _ if bare.ends_with(".safelinks.protection.outlook.com") => parameter(&["url"]),
        _ if bare == "cdn.ampproject.org" || bare.ends_with(".cdn.ampproject.org") => {
            ["/c/", "/v/", "/wp/", "/i/"].into_iter().find_map(|prefix| behind(address, prefix))
        }
        _ => None,
    }
}

fn is_google(host: &str) -> bool {
    host.strip_prefix("google.").is_some_and(|rest| rest.len() <= 6)
}

/// `/amp/s/example.org/a` and `/c/s/example.org/a`: the `s` stands for https.
fn behind(address: &Url, prefix: &str) -> Option<Url> {
    let rest = address.path().strip_prefix(prefix)?;
    let rest = rest.strip_prefix("s/").unwrap_or(rest);
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    Url::parse(&format!("https://{rest}{query}"))
        .ok()
        .filter(|inner| inner.host_str().is_some_and(|host| host.contains('.')))
}

/// Old article ids of Google News hold the address in base64; those since 2024 are opaque, and stay as they are.
fn google_news(path: &str) -> Option<Url> {
    let id = path.rsplit_once("articles/")?.1.split('/').next()?;
    let bytes = URL_SAFE_NO_PAD.decode(id.trim_end_matches('=')).ok()?;
    let start = bytes.windows(4).position(|window| window == b"http")?;
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_graphic()).count();
    Url::parse(std::str::from_utf8(&bytes[start..start + length]).ok()?).ok()
}

/// Without the names of a site's front doors; the parser has lower-cased it.
fn plain_host(host: &str) -> &str {
    let mut host = host.trim_end_matches('.');
    while let Some((first, rest)) = host.split_once('.')
        && matches!(first, "www" | "m" | "amp" | "mobile")
        && rest.contains('.')
    {
        host = rest;
    }
    host
}

/// Without the path parts that ask for the AMP form, double slashes and the names of index pages.
fn plain_path(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let last = segments.len().saturating_sub(1);
    let mut plain = String::with_capacity(path.len());
    for (index, segment) in segments.into_iter().enumerate() {
        let edge = index == 0 || index == last;
        if edge && last > 0 && matches!(segment, "amp" | "amp.html" | "AMP") {
            continue;
        }
        let segment = match segment.strip_suffix(".amp") {
            Some(stem) if index == last => stem.to_owned(),
            _ if index == last => segment.replace(".amp.html", ".html"),
            _ => segment.to_owned(),
        };
        plain.push('/');
        plain.push_str(&segment);
    }
    plain
}

fn idle(pair: &str) -> bool {
    let name = tracking::name_of(pair);
    let value = pair.get(name.len() + 1..).unwrap_or_default();
    pair.is_empty()
        || tracking::is_tracking(name)
        || matches!(
            (name, value),
            ("amp", "" | "1" | "true") | ("outputType", "amp") | ("view" | "output" | "format", "amp")
        )
        || matches!((name, value), ("m", "1") | ("mobile", "1" | "true"))
}

/// The last two labels, or three where the second-level one is a registry's. An approximation without the public suffix
/// list, on the careful side: a wrong "other domain" only costs a hint.
fn registrable(host: &str) -> &str {
    if !matches!(url::Host::parse(host), Ok(url::Host::Domain(_))) {
        return host;
    }
    const REGISTRY: &[&str] =
        &["com", "co", "org", "net", "gov", "gob", "edu", "ac", "ne", "or", "go", "mil", "web", "info", "nom"];
    let labels: Vec<usize> = std::iter::once(0).chain(host.match_indices('.').map(|(at, _)| at + 1)).collect();
    let label = |back: usize| labels.len().checked_sub(back).map(|index| labels[index]);
    let second = label(2).map(|start| host[start..].split('.').next().unwrap_or_default());
    let country = label(1).is_some_and(|start| host[start..].len() == 2);
    let wanted = if country && second.is_some_and(|second| REGISTRY.contains(&second)) { 3 } else { 2 };
    label(wanted).map_or(host, |start| &host[start..])
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use super::trusted_canonical;

    #[test]
    fn spellings_of_one_page_meet() {
        let page = Some("https://example.org/news/a-story".to_owned());
        for spelling in [
            "https://example.org/news/a-story",
            "http://www.example.org/news/a-story/",
            "HTTPS://Example.ORG:443/./news/a-story#comments",
            "https://m.example.org/news/a-story?utm_source=x&fbclid=y",
            "https://amp.example.org/news/a-story",
            "https://example.org/news/a-story/amp/",
            "https://example.org/amp/news/a-story",
            "https://example.org/news/a-story?amp=1",
            "https://example.org/news/a-story?outputType=amp",
            "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fnews%2Fa-story&sa=D",
            "https://www.google.com/amp/s/example.org/news/a-story",
            "https://example-org.cdn.ampproject.org/c/s/example.org/news/a-story",
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fnews%2Fa-story&h=AT0",
            "https://out.reddit.com/t3_x?url=https%3A%2F%2Fexample.org%2Fnews%2Fa-story",
            "https://news.google.com/rss/articles/CBMiIGh0dHBzOi8vZXhhbXBsZS5vcmcvbmV3cy9hLXN0b3J50gEA?oc=5",
        ] {
            assert_eq!(canonical(spelling), page, "{spelling}");
        }
    }

    #[test]
    fn different_pages_stay_apart() {
        for (one, other) in [
            ("https://example.org/?p=31", "https://example.org/?p=32"),
            ("https://example.org/a?page=2", "https://example.org/a"),
            ("https://example.org/#!/story/1", "https://example.org/#!/story/2"),
            ("https://example.org/lede/#s/dd18", "https://example.org/lede/#s/e6f0"),
            ("https://es.example.org/a", "https://example.org/a"),
            ("https://example.org/a?id=1&lang=es", "https://example.org/a?id=1&lang=en"),
            ("https://example.org:8080/a", "https://example.org/a"),
            ("https://example.org/A", "https://example.org/a"),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one}");
        }
        assert_eq!(canonical("https://example.org/a?b=2&a=1"), canonical("https://example.org/a?a=1&b=2"));
    }

    #[test]
    fn what_is_no_web_address_has_no_form() {
        for given in ["", "tag:example.org,2025:1", "mailto:a@example.org", "/a", "javascript:alert(1)"] {
            assert_eq!(canonical(given), None, "{given}");
        }
    }

    #[test]
    fn a_form_is_its_own_form() {
        for given in
            ["https://www.example.org/a/?b=%20x&utm_a=1#x", "http://m.example.test", "https://example.org/á?q=ñ"]
        {
            let once = canonical(given).expect("a form");
            assert_eq!(canonical(&once), Some(once.clone()), "{given}");
        }
    }

    #[test]
    fn a_declared_address_is_believed_within_its_domain_only() {
        for (page, declared, expected) in [
            ("https://example.org/a?x=1", "https://www.example.org/a", Some("https://example.org/a")),
            ("https://m.news.example.com.ve/a", "/b", Some("https://news.example.com.ve/b")),
            ("https://blog.example.co.uk/a", "https://example.co.uk/a", Some("https://example.co.uk/a")),
            ("https://one.co.uk/a", "https://two.co.uk/a", None),
            ("https://one.com.ve/a", "https://two.com.ve/a", None),
            ("https://example.org/a", "https://example.org/", None),
            ("https://example.org/", "https://example.org/", Some("https://example.org")),
            ("https://example.org/a", "https://example.test/a", None),
            ("https://192.0.2.7/a", "https://198.51.2.7/a", None),
        ] {
            assert_eq!(trusted_canonical(page, declared).as_deref(), expected, "{page} {declared}");
        }
    }
}
