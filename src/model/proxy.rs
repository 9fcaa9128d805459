//! The address of a proxy, as an operator wrote it → what may be used and told of it. It can hold a password, which no
//! text of ours repeats.

use aws_lc_rs::digest;
use std::fmt;
use url::Host;
use url::Url;

/// SOCKS has no port in the URL standard; RFC 1928 §3 names this one.
const SOCKS_PORT: u16 = 1080;

/// Where requests go through. Shown without its user information.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy(Url);

/// Why an address is none of a proxy that we use. Texts repeat nothing of what was written but known schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// No URL, or none with a host.
    #[error("the address of the proxy cannot be read")]
    Unreadable,
    /// A SOCKS proxy that is given addresses: we would have to look up the names.
    #[error("with `{0}://` the names of watched sites would be looked up on this machine, where others see it")]
    LocalNames(&'static str),
    /// Neither HTTP nor SOCKS.
    #[error("the proxy speaks neither HTTP nor SOCKS")]
    Scheme,
    /// A path, query or fragment.
    #[error("the address of a proxy has no path")]
    Path,
}

impl ProxyError {
    /// What to write instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::LocalNames("socks4" | "socks4a") => "write `socks5h://`: SOCKS 5, and the proxy looks up the names",
            Self::LocalNames(_) => "write `socks5h://`: then the proxy looks up the names",
            Self::Unreadable | Self::Scheme | Self::Path => {
                "write `http://HOST:PORT`, `https://HOST:PORT` or `socks5h://HOST:PORT`"
            }
        }
    }
}

impl Proxy {
    /// Reads `http://`, `https://` or `socks5h://` with a host, and perhaps a port and user information.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let mut url = Url::parse(text.trim()).map_err(|_| ProxyError::Unreadable)?;
        match url.scheme() {
            "http" | "https" | "socks5h" => {}
            "socks5" => return Err(ProxyError::LocalNames("socks5")),
            "socks4" => return Err(ProxyError::LocalNames("socks4")),
            "socks4a" => return Err(ProxyError::LocalNames("socks4a")),
            _ => return Err(ProxyError::Scheme),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ProxyError::Unreadable);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::Path);
        }
        if url.scheme() == "socks5h" && url.port().is_none() {
            url.set_port(Some(SOCKS_PORT)).map_err(|()| ProxyError::Unreadable)?;
        }
        Ok(Self(url))
    }

    /// Twelve hexadecimal digits that differ where the whole address does, user information included, and do not give it
    /// away: the beginning of its SHA-256.
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.0.as_str().as_bytes());
        digest.as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The whole address, user information included: for the one who connects, and for no text.
    pub fn address(&self) -> &Url {
        &self.0
    }

    /// The name that must be looked up to reach the proxy itself; `None` when it is given by its address.
    pub fn name(&self) -> Option<&str> {
        match self.0.host()? {
            Host::Domain(name) => Some(name),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(formatter, "{}://{host}", self.0.scheme())?;
        self.0.port().map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Proxy;
    use super::ProxyError;

    #[test]
    fn only_proxies_that_look_up_the_names_themselves_are_taken() {
        for (text, expected) in [
            ("http://proxy.example:3128", Ok("http://proxy.example:3128")),
            (" https://proxy.example/ ", Ok("https://proxy.example")),
            ("socks5h://127.0.0.1:9050", Ok("socks5h://127.0.0.1:9050")),
            ("socks5h://[::1]", Ok("socks5h://[::1]:1080")),
            ("socks5://127.0.0.1:9050", Err(ProxyError::LocalNames("socks5"))),
            ("socks4a://127.0.0.1:9050", Err(ProxyError::LocalNames("socks4a"))),
            ("ftp://proxy.example", Err(ProxyError::Scheme)),
            ("ana:geheim@proxy.example:3128", Err(ProxyError::Scheme)),
            ("proxy.example", Err(ProxyError::Unreadable)),
            ("socks5h:///", Err(ProxyError::Unreadable)),
            ("http://proxy.example/pac", Err(ProxyError::Path)),
        ] {
            let read = Proxy::parse(text).map(|proxy| proxy.to_string());
            assert_eq!(read.as_deref().map_err(|error| *error), expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_in_no_text() {
        let proxy = Proxy::parse("socks5h://ana:geheim@127.0.0.1:9050").expect("a proxy");
        assert!(proxy.address().as_str().contains("geheim"));
        for text in [proxy.to_string(), format!("{proxy:?}"), format!("{:?}", Some(&proxy)), proxy.fingerprint()] {
            assert_eq!(text.matches("geheim").count() + text.matches("ana").count(), 0, "{text}");
        }
    }

    #[test]
    fn proxies_that_differ_in_their_login_alone_differ_in_their_fingerprint() {
        let of = |text: &str| Proxy::parse(text).expect(text).fingerprint();
        assert_eq!(of("http://ana:geheim@proxy.example"), of(" http://ana:geheim@proxy.example/"));
        for other in ["http://ana:anders@proxy.example", "http://luz:geheim@proxy.example", "http://proxy.example"] {
            assert_ne!(of("http://ana:geheim@proxy.example"), of(other), "{other}");
        }
    }
}
