//! (addresses asked so far, status, Location) → the next address, or why it is not followed. Pure.

use super::guard::host_of;
use url::Url;

/// Redirects that are followed at most.
pub const MOST_HOPS: usize = 5;

/// The addresses of one request, from the one asked for to the one that is asked now.
#[derive(Clone, Debug)]
pub struct Chain {
    visited: Vec<Url>,
    permanent: usize,
}

/// Why a redirect is not followed. Texts name hosts, not whole addresses: those may hold what is not ours to log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirect {
    /// More than [`MOST_HOPS`].
    #[error("more than {MOST_HOPS} redirects, the last to {host}")]
    TooMany {
        /// Of the address that was not asked any more.
        host: String,
    },
    /// Back to an address that was asked before.
    #[error("redirects go round in a circle at {host}")]
    Loop {
        /// Of that address.
        host: String,
    },
    /// From https down to http: what was protected would no longer be.
    #[error("from https down to http at {host}")]
    Downgrade {
        /// Of the http address.
        host: String,
    },
    /// No Location header.
    #[error("status {status} without a Location")]
    NoLocation {
        /// Of the answer.
        status: u16,
    },
    /// A Location that is no URL.
    #[error("status {status} with a Location that is no address: {detail}")]
    Unreadable {
        /// Of the answer.
        status: u16,
        /// What is wrong with it.
        detail: url::ParseError,
    },
}

impl Chain {
    /// Begins with the address that was asked for.
    pub fn new(mut first: Url) -> Self {
        first.set_fragment(None);
        Self { visited: vec![first], permanent: 0 }
    }

    /// The address to be asked now.
    pub fn current(&self) -> &Url {
        self.visited.last().expect("a chain begins with an address and only grows")
    }

    /// Where the first address has moved for good: the end of the permanent redirects (301, 308) that stand at the
    /// chain's head. A temporary one ends them (RFC 9110 §15.4).
    pub fn moved(&self) -> Option<&Url> {
        (self.permanent > 0).then(|| &self.visited[self.permanent])
    }

    /// Goes on to where an answer points. Whether that may be asked is the guard's to say.
    ///
    /// # Errors
    /// Why the redirect is not followed.
    pub fn follow(&mut self, status: u16, location: Option<&[u8]>) -> Result<(), BadRedirect> {
        let location = location.ok_or(BadRedirect::NoLocation { status })?;
        // Servers write raw UTF-8 here; `join` encodes it as browsers do.
        let mut next = self
            .current()
            .join(&String::from_utf8_lossy(location))
            .map_err(|detail| BadRedirect::Unreadable { status, detail })?;
        next.set_fragment(None);
        let host = host_of(&next);
        if self.visited.contains(&next) {
            return Err(BadRedirect::Loop { host });
        }
        if self.current().scheme() == "https" && next.scheme() == "http" {
            return Err(BadRedirect::Downgrade { host });
        }
        if self.visited.len() > MOST_HOPS {
            return Err(BadRedirect::TooMany { host });
        }
        if matches!(status, 301 | 308) && self.permanent + 1 == self.visited.len() {
            self.permanent += 1;
        }
        self.visited.push(next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::BadRedirect;
    use super::Chain;
    use url::Url;

    fn chain(first: &str) -> Chain {
        Chain::new(Url::parse(first).expect(first))
    }

    #[test]
    fn five_hops_are_followed_and_the_sixth_is_not() {
        let mut chain = chain("http://paper.example/0");
        for hop in 1..=5 {
            assert_eq!(chain.follow(302, Some(format!("/{hop}").as_bytes())), Ok(()), "hop {hop}");
        }
        assert_eq!(chain.follow(302, Some(b"/6")), Err(BadRedirect::TooMany { host: "paper.example".into() }));
        assert_eq!(chain.current().as_str(), "http://paper.example/5");
    }

    #[test]
    fn a_circle_is_seen_at_its_first_turn() {
        let mut there_and_back = chain("http://paper.example/a#top");
        assert_eq!(there_and_back.follow(301, Some(b"/b")), Ok(()));
        assert_eq!(
            there_and_back.follow(301, Some(b"/a#end")),
            Err(BadRedirect::Loop { host: "paper.example".into() })
        );
        let mut to_itself = chain("http://paper.example/");
        assert!(matches!(to_itself.follow(302, Some(b"")), Err(BadRedirect::Loop { .. })));
    }

    #[test]
    fn https_never_steps_down_to_http() {
        let mut direct = chain("https://paper.example/");
        assert_eq!(
            direct.follow(301, Some(b"http://paper.example/feed")),
            Err(BadRedirect::Downgrade { host: "paper.example".into() })
        );
        let mut by_way = chain("http://paper.example/");
        assert_eq!(by_way.follow(301, Some(b"https://paper.example/")), Ok(()));
        assert_eq!(by_way.follow(301, Some(b"//other.example/")), Ok(()));
        assert_eq!(by_way.current().scheme(), "https");
        assert!(matches!(by_way.follow(301, Some(b"http://third.example/")), Err(BadRedirect::Downgrade { .. })));
    }

    #[test]
    fn only_the_permanent_head_of_a_chain_counts_as_moved() {
        let mut mixed = chain("http://paper.example/old");
        assert_eq!(mixed.moved(), None);
        for (status, location) in [(301, "/new"), (308, "/newer"), (302, "/today"), (301, "/elsewhere")] {
            assert_eq!(mixed.follow(status, Some(location.as_bytes())), Ok(()));
        }
        assert_eq!(mixed.moved().map(Url::as_str), Some("http://paper.example/newer"));
        let mut temporary_first = chain("http://paper.example/old");
        assert_eq!(temporary_first.follow(307, Some(b"/now")), Ok(()));
        assert_eq!(temporary_first.follow(301, Some(b"/new")), Ok(()));
        assert_eq!(temporary_first.moved(), None);
    }

    #[test]
    fn a_location_in_raw_utf8_is_encoded_as_browsers_do() {
        let mut chain = chain("http://paper.example/");
        assert_eq!(chain.follow(302, Some("/año".as_bytes())), Ok(()));
        assert_eq!(chain.current().as_str(), "http://paper.example/a%C3%B1o");
        assert!(matches!(chain.follow(302, None), Err(BadRedirect::NoLocation { status: 302 })));
        assert!(matches!(chain.follow(302, Some(b"http://[")), Err(BadRedirect::Unreadable { .. })));
    }
}
