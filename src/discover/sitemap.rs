//! A sitemap's text (sitemaps.org, Google's news extension) → what it holds. Only to tell whether it is worth watching: a
//! sitemap of news is a feed of the last two days, any other is a list of all pages there ever were.

use crate::feed::date;
use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

/// Behind this many pages or sitemaps nobody counts.
const MOST: usize = 50_000;

/// What a sitemap holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sitemap {
    /// Pages.
    Pages {
        /// How many.
        pages: usize,
        /// How many of them are news.
        news: usize,
        /// When the newest of the news was published.
        newest: Option<Timestamp>,
    },
    /// Other sitemaps, those that speak of news first, else the latest change first.
    Index(Vec<Url>),
}

/// Reads a sitemap; `None` when it is none. `base` is its address.
pub fn read(text: &str, base: &Url) -> Option<Sitemap> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut index: Option<bool> = None;
    let mut sitemaps: Vec<(Url, Option<Timestamp>)> = Vec::new();
    let (mut pages, mut news, mut newest) = (0, 0, None);
    let mut inside: Vec<u8> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let name = tag.local_name();
                if index.is_none() {
                    index = match name.as_ref() {
                        b"urlset" => Some(false),
                        b"sitemapindex" => Some(true),
                        _ => return None,
                    };
                }
                let prefixed = tag.name().prefix().is_some();
                match name.as_ref() {
                    b"url" => pages += 1,
                    b"news" if prefixed => news += 1,
                    _ => {}
                }
                inside = name.as_ref().to_vec();
                if pages > MOST {
                    break;
                }
            }
            Ok(Event::Text(text)) => {
                let Ok(text) = std::str::from_utf8(&text) else { continue };
                let text = text.trim();
                match inside.as_slice() {
                    _ if text.is_empty() => {}
                    b"loc" if index == Some(true) && sitemaps.len() < MOST => {
                        sitemaps.extend(base.join(text).ok().filter(is_web).map(|url| (url, None)));
                    }
                    b"lastmod" if index == Some(true) => {
                        if let Some(last) = sitemaps.last_mut() {
                            last.1 = date::parse(text);
                        }
                    }
                    b"publication_date" => newest = newest.max(date::parse(text)),
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    match index? {
        false => Some(Sitemap::Pages { pages, news, newest }),
        true => {
            sitemaps.sort_by_key(|(url, changed)| (!speaks_of_news(url), std::cmp::Reverse(*changed)));
            Some(Sitemap::Index(sitemaps.into_iter().map(|(url, _)| url).collect()))
        }
    }
}

/// Whether a sitemap's address says that it is one of news.
pub fn speaks_of_news(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    ["news", "noticias", "nachrichten", "actualites", "ultimas"].iter().any(|word| path.contains(word))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::Sitemap;
    use super::read;
    use url::Url;

    fn of(text: &str) -> Option<Sitemap> {
        read(text, &Url::parse("https://example.org/sitemap.xml").expect("an address"))
    }

    #[test]
    fn a_sitemap_of_news_is_told_from_one_of_pages() {
        let news = "<?xml version='1.0'?><urlset xmlns:news='x'><url><loc>https://example.org/a</loc><news:news>\
            <news:publication_date>2025-11-04T10:00:00Z</news:publication_date></news:news></url><url><loc>b</loc></url></urlset>";
        let newest = "2025-11-04T10:00:00Z".parse().ok();
        assert_eq!(of(news), Some(Sitemap::Pages { pages: 2, news: 1, newest }));
        let pages = "<urlset><url><loc>https://example.org/a</loc></url></urlset>";
        assert_eq!(of(pages), Some(Sitemap::Pages { pages: 1, news: 0, newest: None }));
        for other in ["<rss/>", "<rss><url/></rss>", "", "<html><url>"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn an_index_gives_its_news_and_then_its_latest_first() {
        let index = "<sitemapindex><sitemap><loc>/2019.xml</loc><lastmod>2019-01-01</lastmod></sitemap>\
            <sitemap><loc>/2025.xml</loc><lastmod>2025-11-04</lastmod></sitemap><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>";
        let Some(Sitemap::Index(found)) = of(index) else { panic!("an index") };
        assert_eq!(found.iter().map(Url::path).collect::<Vec<_>>(), ["/news.xml", "/2025.xml", "/2019.xml"]);
    }
}
