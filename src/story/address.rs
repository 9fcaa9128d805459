//! Canonical addresses.

/// The canonical form of an address.
pub fn canonical(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(String::from)
}

/// The declared address, if it is trusted.
pub fn trusted_canonical(_page: &str, _declared: &str) -> Option<String> {
    None
}
