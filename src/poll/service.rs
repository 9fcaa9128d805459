//! Host → the service that it is part of, as the key of a pause. Pure.
//!
//! `ana.tumblr.com` and `luz.tumblr.com` are one server to whoever counts requests, so the registrable domain counts. Of
//! the Public Suffix List only the registries' part is used: `github.io` is listed as a suffix because its pages belong
//! to different people, but one service answers for all of them.

use psl::Type;

/// The key of everything that answers for a host (`source::host_key`): its registrable domain with a dot in front and
/// the same port, or the host itself where it is an address or a bare name.
pub fn key(host: &str) -> String {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_address = name.starts_with('[') || name.rsplit('.').next().is_some_and(|last| last.parse::<u8>().is_ok());
    let Some(domain) = (if is_address { None } else { registrable(name) }) else { return host.to_owned() };
    match port {
        None => format!(".{domain}"),
        Some(port) => format!(".{domain}:{port}"),
    }
}

/// Whether a key stands for this host: itself, or the domain that it is in or below.
pub fn covers(key: &str, host: &str) -> bool {
    match key.strip_prefix('.') {
        Some(domain) => host == domain || host.ends_with(key),
        None => host == key,
    }
}

/// The keys that stand for this host.
pub fn keys_of(host: &str) -> impl Iterator<Item = String> {
    let below = host.match_indices('.').map(|(at, _)| host[at..].to_owned());
    [host.to_owned(), format!(".{host}")].into_iter().chain(below)
}

fn registrable(name: &str) -> Option<String> {
    let suffix = psl::suffix(name.as_bytes())?;
    if suffix.typ() != Some(Type::Private) {
        let domain = psl::domain(name.as_bytes())?;
        return std::str::from_utf8(domain.as_bytes()).ok().map(str::to_owned);
    }
    // One label more than what a registry gives out.
    let private = std::str::from_utf8(suffix.as_bytes()).ok()?;
    let mut labels = private;
    while let Some((_, parent)) = labels.split_once('.') {
        if psl::suffix(parent.as_bytes())
            .is_some_and(|suffix| suffix.typ() == Some(Type::Icann) && suffix.as_bytes().len() == parent.len())
        {
            return Some(labels.to_owned());
        }
        labels = parent;
    }
    Some(private.to_owned())
}

#[cfg(test)]
mod tests {
    use super::covers;
    use super::key;
    use super::keys_of;

    #[test]
    fn a_domain_covers_itself_and_what_is_below() {
        for (key, host, expected) in [
            (".tumblr.com", "tumblr.com", true),
            (".tumblr.com", "ana.tumblr.com", true),
            (".tumblr.com", "nottumblr.com", false),
            (".tumblr.com", "ana.tumblr.com:8080", false),
            ("tumblr.com", "ana.tumblr.com", false),
            ("[::1]:80", "[::1]:80", true),
        ] {
            assert_eq!(covers(key, host), expected, "{key} {host}");
            assert_eq!(keys_of(host).any(|it| it == key), expected, "{key} {host}");
        }
    }

    #[test]
    fn a_service_is_a_registrable_domain_and_its_port() {
        for (host, expected) in [
            ("ana.tumblr.com", ".tumblr.com"),
            ("tumblr.com", ".tumblr.com"),
            ("a.b.paper.com.ve", ".paper.com.ve"),
            ("ana.blogspot.com", ".blogspot.com"),
            ("a.paper.test:81", ".paper.test:81"),
            ("localhost:81", "localhost:81"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(key(host), expected, "{host}");
        }
    }
}
