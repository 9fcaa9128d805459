//! What the operator says of one site → how its pages are read: by selectors of theirs, before any extractor.

use super::blocks;
use super::extractors::Extractor;
use crate::feed::plain;
use dom_query::Document;
use dom_query::Matcher;
use std::sync::Arc;
use url::Url;

/// How the pages of some hosts are read. What is not given is as for any page.
#[derive(Clone, Default)]
pub struct Site {
    /// Names of hosts in lower case; those below them are meant too.
    pub hosts: Vec<String>,
    /// The elements that hold the body. Where a page has none of them it is read like any other.
    pub body: Option<Choice>,
    /// Elements that are no part of the article.
    pub remove: Option<Choice>,
    /// The element that holds the headline.
    pub title: Option<Choice>,
    /// The extractor for these pages.
    pub extractor: Option<&'static Extractor>,
}

/// A CSS selector that was understood.
#[derive(Clone)]
pub struct Choice(Arc<Matcher>);

impl Choice {
    /// Understands a selector.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(selector: &str) -> Result<Self, NoSelector> {
        Matcher::new(selector).map(|matcher| Self(Arc::new(matcher))).map_err(|_| NoSelector)
    }
}

/// A text that is no CSS selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no CSS selector")]
pub struct NoSelector;

impl Site {
    /// Whether a page is one of these.
    fn holds(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|own| host.strip_suffix(own.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.')))
    }

    /// Takes out what is no part of the article.
    pub(super) fn prune(&self, page: &Document) {
        if let Some(remove) = &self.remove {
            page.select_matcher(&remove.0).remove();
        }
    }

    /// The body, where the page has the elements for it.
    pub(super) fn body(&self, page: &Document) -> Option<String> {
        let chosen = page.select_matcher(&self.body.as_ref()?.0);
        let texts = chosen.nodes().iter().map(|node| blocks::of(&Document::from(node.html())).text(|_| true));
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// The headline, where the page has the element for it.
    pub(super) fn title(&self, page: &Document) -> Option<String> {
        let title = plain::fold(&page.select_single_matcher(&self.title.as_ref()?.0).text());
        (!title.is_empty()).then_some(title)
    }
}

/// The one of several that a page belongs to: the one with the longest name of a host.
pub fn of<'a>(sites: &'a [Site], url: &Url) -> Option<&'a Site> {
    let host = url.host_str()?.to_ascii_lowercase();
    let length = |site: &Site| site.hosts.iter().filter(|own| host.ends_with(own.as_str())).map(String::len).max();
    sites.iter().filter(|site| site.holds(&host)).max_by_key(|site| length(site))
}

#[cfg(test)]
mod tests {
    use super::Choice;
    use super::Site;
    use super::of;
    use url::Url;

    fn site(host: &str) -> Site {
        Site { hosts: vec![host.into()], ..Site::default() }
    }

    #[test]
    fn a_page_belongs_to_the_closest_site() {
        let sites = [site("example.org"), site("news.example.org")];
        for (address, host) in [
            ("https://example.org/a", Some("example.org")),
            ("https://www.example.org/a", Some("example.org")),
            ("https://m.News.example.org/a", Some("news.example.org")),
            ("https://badexample.org/a", None),
        ] {
            let found = of(&sites, &Url::parse(address).expect("an address"));
            assert_eq!(found.map(|site| site.hosts[0].as_str()), host, "{address}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        assert!(Choice::parse("div.story > p").is_ok());
        assert!(Choice::parse("div[").is_err() && Choice::parse("").is_err());
    }
}
