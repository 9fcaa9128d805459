//! Canonical addresses.

/// The canonical form of an address.
pub fn canonical(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(String::from)
}
