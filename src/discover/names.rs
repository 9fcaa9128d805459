//! (address, title, names that are taken) → the NAME of a `[source.NAME]`: letters, digits and dashes, short, never taken.

use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;
use url::Url;

/// A name may have 64 characters; these leave room for a number.
const LONGEST: usize = 48;

/// Labels in front of a host's own name.
const FRONT: &[&str] = &["www", "m", "feeds", "feed", "rss", "amp"];
/// Second-level labels that are a registry's.
const REGISTRY: &[&str] = &["com", "co", "org", "net", "gov", "gob", "edu", "ac", "or", "go", "info", "web"];
/// Words in a path that say only that it is a feed.
const EMPTY: &[&str] =
    &["feed", "feeds", "rss", "rss2", "atom", "index", "xml", "json", "default", "posts", "php", "rdf"];

/// A name for the feed at `url`: the site's own, with what tells it from the site's other feeds when that is taken. The
/// name is added to `taken`.
pub fn name(url: &Url, title: Option<&str>, taken: &mut HashSet<String>) -> String {
    let site = site(url);
    let path: Vec<String> =
        url.path().split(['/', '.']).map(slug).filter(|part| !EMPTY.contains(&part.as_str())).collect();
    let path = slug(&path.join("-"));
    let title = title.map(slug).unwrap_or_default();
    let title = title.strip_prefix(&site).map_or(title.as_str(), |rest| rest.trim_start_matches('-')).to_owned();
    let wished = [site.clone(), joined(&site, &path), joined(&site, &title)];
    let free = wished.into_iter().find(|name| !taken.contains(name));
    let name = free.unwrap_or_else(|| {
        let numbers = 2..;
        numbers.map(|number| format!("{site}-{number}")).find(|name| !taken.contains(name)).unwrap_or(site)
    });
    taken.insert(name.clone());
    name
}

fn joined(site: &str, rest: &str) -> String {
    clipped(if rest.is_empty() { site.to_owned() } else { format!("{site}-{rest}") })
}

fn clipped(name: String) -> String {
    // All ASCII by now.
    name.get(..LONGEST).map(|start| start.trim_end_matches('-').to_owned()).unwrap_or(name)
}

/// `www.paper.com.ve` → `paper`.
fn site(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let mut labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    if let Some(url::Host::Domain(_)) = url.host() {
        if labels.len() > 1 {
            labels.pop();
        }
        if labels.len() > 1 && labels.last().is_some_and(|label| REGISTRY.contains(label)) {
            labels.pop();
        }
        if labels.len() > 1 {
            labels.retain(|label| !FRONT.contains(label));
        }
    }
    let site = clipped(slug(&labels.join("-")));
    if site.is_empty() { "source".into() } else { site }
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.nfkd() {
        // Marks that stand by themselves after decomposition part nothing.
        let parts = letter.is_alphanumeric() || letter.is_whitespace() || letter.is_ascii_punctuation();
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if parts && !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::name;
    use std::collections::HashSet;
    use url::Url;

    #[test]
    fn names_are_short_and_each_is_given_once() {
        let mut taken = HashSet::new();
        for (url, title, expected) in [
            ("https://www.gaceta.com.ve/feed/", Some("La Gaceta"), "gaceta"),
            ("https://www.gaceta.com.ve/politica/rss.xml", None, "gaceta-politica"),
            ("https://gaceta.com.ve/feed?c=2", Some("Gaceta: Economía y más"), "gaceta-economia-y-mas"),
            ("https://gaceta.com.ve/feed?c=3", None, "gaceta-2"),
            ("https://feeds.blog.faro.example/atom", None, "blog-faro"),
            ("https://пример.example/rss", Some("Пример"), "xn-e1afmkfd"),
            ("http://127.0.0.1:8080/rss", None, "127-0-0-1"),
        ] {
            assert_eq!(name(&Url::parse(url).expect("an address"), title, &mut taken), expected, "{url}");
        }
        let long = Url::parse(&format!("https://faro.example/{}/rss", "long/".repeat(40))).expect("an address");
        taken.insert("faro".into());
        assert!(name(&long, None, &mut taken).len() <= 48);
    }
}
