//! Source kinds: state → request, reply → entries. A kind is one file and two lines here: `mod` and [`KINDS`].

use crate::model::Basis;
use crate::model::Proxy;
use crate::model::Reason;
use crate::model::SourceName;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::schedule::Schedule;
use jiff::SignedDuration;
use std::sync::Arc;
use url::Url;
use url::form_urlencoded;

mod blocks;
pub mod feed;
pub mod json;
pub mod page;
mod selection;
mod shell;
pub mod sitemap;
pub mod watch;

pub use crate::model::Document;
pub use crate::model::Listing;
pub use shell::unreadable;

/// Every kind of source. The kind's name is the key that chooses it: `[source.NAME]` with `feed = "…"`.
pub static KINDS: &[&Kind] = &[&feed::KIND, &sitemap::KIND, &page::KIND, &watch::KIND, &json::KIND];

/// One kind of source.
pub struct Kind {
    /// The key that chooses it and gives the address.
    pub name: &'static str,
    /// One or two sentences for the manual.
    pub doc: &'static str,
    /// What its table takes, the key `name` first. The keys that all sources share are `config`'s.
    pub keys: &'static [Key],
    /// Whole `[source.NAME]` tables; a test loads each.
    pub examples: &'static [&'static str],
    /// Builds a watch from a table whose types were checked.
    pub build: fn(&Settings) -> Built,
}

/// A watch, or all that is wrong with its table.
pub type Built = Result<Arc<dyn Watch>, Vec<Complaint>>;

/// One watched address and how its answers are read. Pure.
pub trait Watch: Send + Sync {
    /// What is asked for.
    fn address(&self) -> &Url;
    /// The value of the Accept header.
    fn accept(&self) -> &'static str;
    /// Whether the site publishes the address for programs to ask, as it does a feed: then robots.txt, which is for those
    /// who wander from link to link, says nothing about it.
    fn is_subscription(&self) -> bool {
        false
    }
    /// Whether what it reads is a page as browsers show it, which may need its scripts.
    fn is_page(&self) -> bool {
        false
    }
    /// Reads an answer.
    ///
    /// # Errors
    /// When the answer is not what the kind reads; an answer without entries is no error but a warning in the listing.
    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason>;
}

/// One `[source.NAME]` of the configuration, checked.
#[derive(Clone)]
pub struct SourcePlan {
    /// Its name.
    pub name: SourceName,
    /// Its title for people.
    pub label: Option<String>,
    /// Its kind's name.
    pub kind: &'static str,
    /// How it is asked and read.
    pub watch: Arc<dyn Watch>,
    /// When it is asked.
    pub schedule: Schedule,
    /// How far the wishes of its server may put off a check.
    pub heed: SignedDuration,
    /// What becomes of the entries of its first poll.
    pub first_poll: FirstPoll,
    /// Through which it and the pages that it lists are asked; `None` for directly.
    pub proxy: Option<Proxy>,
    /// Whether robots.txt is obeyed where the source is a watched page, and for the pages that it lists.
    pub robots: bool,
    /// Which of its pages are rendered: those that it watches and those that it lists.
    pub render: Render,
    /// What stands in for a page that it lists and that gives no article.
    pub instead: Instead,
}

/// What stands in for a page that gives no article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// Those of [`Basis::INSTEAD`] that are used, in the order in which they are tried.
    pub ways: Vec<Basis>,
    /// The address of a page at a mirror or archive, with `{url}` for the page's.
    pub mirror: Option<String>,
}

impl Default for Instead {
    fn default() -> Self {
        Self { ways: Basis::INSTEAD.to_vec(), mirror: None }
    }
}

impl Instead {
    /// The address of a page at the mirror, if there is one: the page's own as one value of a query, or as it stands in
    /// a path, as archives have it. Without its fragment, which no server is told.
    pub fn at_mirror(&self, page: &Url) -> Option<Url> {
        let template = self.mirror.as_ref()?;
        let mut page = page.clone();
        page.set_fragment(None);
        let (before, behind) = template.split_once("{url}")?;
        let page = match before.contains('?') {
            true => form_urlencoded::byte_serialize(page.as_str().as_bytes()).collect(),
            false => String::from(page),
        };
        Url::parse(&format!("{before}{page}{behind}")).ok()
    }
}

/// Which pages a browser service shows, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Render {
    /// None.
    Never,
    /// Those that scripts are to build.
    WhenNeeded,
    /// All that are no wall.
    Always,
}

impl Render {
    /// Whether a page is rendered that could not be read for this reason, or that could be read. A wall never is: its
    /// site does not want programs, and a browser that passes for a person is no answer to that.
    pub fn applies(self, unread: Option<&Reason>) -> bool {
        match (self, unread) {
            (Self::Never, _) | (Self::Always, Some(Reason::NotAPage { .. } | Reason::PdfUnreadable { .. })) => false,
            (Self::Always, Some(reason)) if reason.is_wall() => false,
            (Self::WhenNeeded, reason) => matches!(reason, Some(Reason::NeedsScripts { .. })),
            (Self::Always, _) => true,
        }
    }
}

/// What becomes of the entries that a source lists when it is polled for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstPoll {
    /// None is read: they are the baseline.
    Baseline,
    /// Those younger than this are read, and those without a date are the baseline.
    Within(SignedDuration),
    /// All are read.
    All,
}

/// The key of politeness: the host that an http(s) address is asked from, with its port when that is not the scheme's
/// own, in lower case and without the root's dot. `None` for what is not asked over HTTP.
pub fn host_key(url: &Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?;
    let host = host.strip_suffix('.').unwrap_or(host);
    Some(match url.port() {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::Instead;
    use super::host_key;
    use url::Url;

    #[test]
    fn one_server_has_one_key() {
        for (url, key) in [
            ("https://Paper.Example/feed", Some("paper.example")),
            ("https://paper.example:443/", Some("paper.example")),
            ("http://paper.example./", Some("paper.example")),
            ("http://paper.example:8080/", Some("paper.example:8080")),
            ("http://0x7f.1:80/", Some("127.0.0.1")),
            ("http://[::1]:9000/", Some("[::1]:9000")),
            ("mailto:ana@paper.example", None),
            ("data:text/plain,x", None),
        ] {
            assert_eq!(host_key(&Url::parse(url).expect(url)).as_deref(), key, "{url}");
        }
    }

    #[test]
    fn a_page_has_one_address_at_the_mirror() {
        let page = Url::parse("https://paper.example/a?x=1&y=2#top").expect("an address");
        for (template, address) in [
            ("https://archive.example/{url}", "https://archive.example/https://paper.example/a?x=1&y=2"),
            (
                "https://archive.example/?of={url}&as=text",
                "https://archive.example/?of=https%3A%2F%2Fpaper.example%2Fa%3Fx%3D1%26y%3D2&as=text",
            ),
        ] {
            let instead = Instead { mirror: Some(template.into()), ..Instead::default() };
            assert_eq!(instead.at_mirror(&page).as_ref().map(Url::as_str), Some(address));
        }
        assert_eq!(Instead::default().at_mirror(&page), None);
    }
}
