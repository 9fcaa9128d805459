//! robots.txt → the sitemaps that it names. RFC 9309 leaves the `Sitemap:` line to others; sitemaps.org defines it: a
//! whole address, outside of all groups.

use url::Url;

/// More are a list of archives, not of news.
const MOST: usize = 50;

/// The sitemaps of a robots.txt, those that speak of news first, else in its order. `base` is its own address.
pub fn sitemaps_of_robots(text: &str, base: &Url) -> Vec<Url> {
    let mut found: Vec<Url> = Vec::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if !name.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case("sitemap") {
            continue;
        }
        let value = value.split(" #").next().unwrap_or_default().trim();
        let Ok(url) = base.join(value) else { continue };
        if matches!(url.scheme(), "http" | "https") && !value.is_empty() && !found.contains(&url) {
            found.push(url);
        }
    }
    found.sort_by_key(|url| !super::sitemap::speaks_of_news(url));
    found.truncate(MOST);
    found
}

#[cfg(test)]
mod tests {
    use super::sitemaps_of_robots;
    use url::Url;

    #[test]
    fn sitemap_lines_are_found_in_any_group_and_news_comes_first() {
        let text = "User-agent: *\r\nDisallow: /admin\r\nsitemap: https://example.org/sitemap.xml # all\r\n\
                    SITEMAP:/sitemap-news.xml\nSitemap: https://example.org/sitemap.xml\nSitemap:\n";
        let base = Url::parse("https://example.org/robots.txt").expect("an address");
        let found = sitemaps_of_robots(text, &base);
        let found: Vec<&str> = found.iter().map(Url::as_str).collect();
        assert_eq!(found, ["https://example.org/sitemap-news.xml", "https://example.org/sitemap.xml"]);
    }
}
