//! A name → the addresses that may be asked. A connection is made only to what was judged here, so an answer that
//! changes between judging and connecting (DNS rebinding) changes nothing.
//!
//! Literal addresses never come here: the connector takes them from the URL, where [`Guard::judge_url`] judged them.

use super::guard::Guard;
use super::guard::Refusal;
use reqwest::dns::Addrs;
use reqwest::dns::Name;
use reqwest::dns::Resolve;
use reqwest::dns::Resolving;
use std::collections::HashMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

/// Asks the table of `egress.hosts`, else the system, and keeps what the guard lets pass.
#[derive(Clone, Debug)]
pub struct Resolver {
    guard: Guard,
    hosts: Arc<HashMap<String, Vec<IpAddr>>>,
}

/// Every address of a name was refused.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{name}: {refusal}")]
pub struct NameRefused {
    /// The name.
    pub name: String,
    /// Why its first address was refused.
    pub refusal: Refusal,
}

/// A name that only the proxy may look up.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{name} is looked up by the proxy, not here")]
pub struct NameKept {
    /// The name.
    pub name: String,
}

/// Looks up where the proxy itself is, wherever that may be, and nothing else: with a proxy no question about a watched
/// site leaves this machine by another way.
#[derive(Clone, Debug)]
pub struct ProxyResolver {
    resolver: Resolver,
    name: Option<String>,
}

impl Resolver {
    /// The resolver of a client that asks through a proxy of this name; `None` when the proxy is given by its address.
    pub fn of_the_proxy_alone(self, name: Option<&str>) -> ProxyResolver {
        ProxyResolver { resolver: self, name: name.map(plain) }
    }

    /// Takes names (lower case) with their addresses; a name may occur more than once.
    pub fn new(guard: Guard, hosts: &[(String, IpAddr)]) -> Self {
        let mut table: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for (name, address) in hosts {
            table.entry(plain(name)).or_default().push(*address);
        }
        Self { guard, hosts: Arc::new(table) }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let answers = self.answers(name).await?;
        let mut refused = None;
        let mut passed = Vec::with_capacity(answers.len());
        for answer in answers {
            match self.guard.judge_address(answer.ip()) {
                Ok(()) => passed.push(answer),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refusal) if passed.is_empty() => Err(NameRefused { name: name.to_owned(), refusal }.into()),
            _ => Ok(passed),
        }
    }

    async fn answers(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        // Port 0 lets the connector put in the URL's.
        Ok(match self.hosts.get(&plain(name)) {
            Some(addresses) => addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect(),
            None => tokio::net::lookup_host((name, 0)).await?.collect(),
        })
    }
}

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, own) = (self.resolver.clone(), self.name.clone());
        Box::pin(async move {
            let name = name.as_str();
            if own.is_none_or(|own| own != plain(name)) {
                return Err(NameKept { name: name.to_owned() }.into());
            }
            let addresses: Addrs = Box::new(resolver.answers(name).await?.into_iter());
            Ok(addresses)
        })
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses: Addrs = Box::new(resolver.look_up(name.as_str()).await?.into_iter());
            Ok(addresses)
        })
    }
}

/// Lower case, without the root's dot.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::NameKept;
    use super::NameRefused;
    use super::ProxyResolver;
    use super::Resolver;
    use crate::net::guard::Guard;
    use reqwest::dns::Resolve;
    use std::net::IpAddr;

    fn resolver(answers: &[&str]) -> Resolver {
        let hosts: Vec<(String, IpAddr)> =
            answers.iter().map(|answer| ("paper.example".to_owned(), answer.parse().expect("an address"))).collect();
        Resolver::new(Guard::default(), &hosts)
    }

    #[tokio::test]
    async fn denied_answers_are_dropped_and_the_rest_is_kept() {
        let answers = resolver(&["10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"]).look_up("paper.example").await;
        let addresses: Vec<String> =
            answers.expect("two may be asked").iter().map(|answer| answer.ip().to_string()).collect();
        assert_eq!(addresses, ["8.8.8.8", "2606:4700::1111"]);
    }

    #[tokio::test]
    async fn a_name_with_none_but_denied_answers_is_a_refusal() {
        for answer in ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fd00::1", "0.0.0.0"] {
            let error = resolver(&[answer]).look_up("PAPER.example.").await.expect_err(answer);
            assert!(error.downcast_ref::<NameRefused>().is_some(), "{answer}: {error}");
        }
    }

    #[tokio::test]
    async fn with_a_proxy_only_the_proxys_own_name_is_looked_up() {
        let hosts = [("proxy.example", "10.0.0.1"), ("paper.example", "8.8.8.8")];
        let hosts = hosts.map(|(name, address)| (name.to_owned(), address.parse().expect("an address")));
        let resolver = Resolver::new(Guard::default(), &hosts);
        let of_proxy = resolver.clone().of_the_proxy_alone(Some("Proxy.Example."));
        let ask = async |resolver: &ProxyResolver, name: &str| resolver.resolve(name.parse().expect("a name")).await;
        let mut answers = ask(&of_proxy, "proxy.example").await.expect("the operator put it there");
        assert_eq!(answers.next().map(|answer| answer.ip().to_string()).as_deref(), Some("10.0.0.1"));
        let of_address = resolver.of_the_proxy_alone(None);
        for (resolver, name) in [(&of_proxy, "paper.example"), (&of_proxy, "localhost"), (&of_address, "paper.example")]
        {
            let error = ask(resolver, name).await.err().expect("kept");
            assert!(error.downcast_ref::<NameKept>().is_some(), "{name}: {error}");
        }
    }

    #[tokio::test]
    async fn the_systems_own_name_for_this_machine_is_refused() {
        let error = Resolver::new(Guard::default(), &[]).look_up("localhost").await.expect_err("loopback");
        assert!(error.downcast_ref::<NameRefused>().is_some(), "{error}");
    }
}
