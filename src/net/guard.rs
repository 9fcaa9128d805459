//! A URL or an address → may it be asked? Everything that feeds, pages and redirects name is judged here.
//!
//! Denied is what the registries call special-purpose, unless `egress.allow` opens it: IANA IPv4 and IPv6
//! Special-Purpose Address Registries (RFC 6890, RFC 8190; iana.org/assignments/iana-ipv4-special-registry and
//! iana-ipv6-special-registry), multicast (RFC 5771, RFC 4291 §2.7), and of IPv6 all that is not global unicast
//! (2000::/3, iana.org/assignments/ipv6-address-space). Forms that carry an IPv4 address are judged by it.
//! Ports are those of the Fetch standard's "bad ports": a request there would be read by another protocol's server.

use ipnet::IpNet;
use ipnet::Ipv4Net;
use ipnet::Ipv6Net;
use std::fmt;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use url::Host;
use url::Url;

/// Longest URL that is asked, in bytes: RFC 9110 §4.1 asks for 8000, and a redirect could hand us hundreds of kilobytes
/// to keep.
pub const LONGEST_URL: usize = 8192;

const LONGEST_SCHEME_TOLD: usize = 20;

/// Longest host in an error text: what DNS allows, and a port.
const LONGEST_HOST_TOLD: usize = 253 + 6;

/// Says what may be asked.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets special-purpose addresses pass only when one of `allow` contains them.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Judges scheme, user information, port and, when the host is a literal address in any spelling, the address.
    /// A name passes: it is judged when it was resolved, see [`super::resolve`].
    ///
    /// # Errors
    /// Why it must not be asked.
    pub fn judge_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().chars().take(LONGEST_SCHEME_TOLD).collect()));
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(Refusal::TooLong);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInformation);
        }
        if let Some(port) = url.port().filter(|port| BAD_PORTS.contains(port)) {
            return Err(Refusal::Port(port));
        }
        match url.host() {
            None => Err(Refusal::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.judge_address(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.judge_address(IpAddr::V6(address)),
        }
    }

    /// Judges one address.
    ///
    /// # Errors
    /// The block that it belongs to.
    pub fn judge_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let Some(block) = special_block(address) else { return Ok(()) };
        let opened = |candidate: &IpAddr| self.allow.iter().any(|net| net.contains(candidate));
        if opened(&address) || embedded(address).is_some_and(|inner| opened(&IpAddr::V4(inner))) {
            return Ok(());
        }
        Err(Refusal::Address { address, block: block.range, purpose: block.purpose })
    }
}

/// Why something must not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Neither http nor https; its first letters.
    Scheme(String),
    /// Longer than [`LONGEST_URL`].
    TooLong,
    /// A name or password before the host; it is not repeated here.
    UserInformation,
    /// No host at all.
    NoHost,
    /// A port that belongs to another protocol.
    Port(u16),
    /// An address that is not the public internet's.
    Address {
        /// As it was judged.
        address: IpAddr,
        /// The range that denies it.
        block: IpNet,
        /// What the registry says that the range is for.
        purpose: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(scheme) => write!(formatter, "scheme `{scheme}` is neither http nor https"),
            Self::TooLong => write!(formatter, "the URL is longer than {LONGEST_URL} bytes"),
            Self::UserInformation => formatter.write_str("the URL holds a user name or password"),
            Self::NoHost => formatter.write_str("the URL has no host"),
            Self::Port(port) => write!(formatter, "port {port} belongs to another protocol than HTTP"),
            Self::Address { address, block, purpose } => {
                write!(formatter, "{address} is in {block} ({purpose}), which only `egress.allow` opens")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Host and port: all that an error text tells of an address, since the rest of it may be a secret.
pub(crate) fn host_of(url: &Url) -> String {
    let host = crate::source::host_key(url).unwrap_or_else(|| "no host".to_owned());
    host.chars().take(LONGEST_HOST_TOLD).collect()
}

/// A range with its purpose.
struct Block {
    range: IpNet,
    purpose: &'static str,
}

impl Block {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, purpose: &'static str) -> Self {
        Self { range: IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)), purpose }
    }

    const fn v6(head: [u16; 4], prefix: u8, purpose: &'static str) -> Self {
        let address = Ipv6Addr::new(head[0], head[1], head[2], head[3], 0, 0, 0, 0);
        Self { range: IpNet::V6(Ipv6Net::new_assert(address, prefix)), purpose }
    }
}

/// The block that makes an address special, the embedded IPv4 address's where there is one.
fn special_block(address: IpAddr) -> Option<&'static Block> {
    let find = |blocks: &'static [Block], address: IpAddr| blocks.iter().find(|block| block.range.contains(&address));
    match address {
        IpAddr::V4(_) => find(V4_BLOCKS, address),
        IpAddr::V6(_) => match embedded(address) {
            Some(inner) => find(V4_BLOCKS, IpAddr::V4(inner)),
            None => find(V6_BLOCKS, address).or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some(&NOT_GLOBAL)),
        },
    }
}

/// The IPv4 address that an IPv4-mapped (RFC 4291 §2.5.5.2) or NAT64 (RFC 6052 §2.1) address leads to.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let nat64 = || {
        let segments = address.segments();
        (segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| {
            let [.., a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, d)
        })
    };
    address.to_ipv4_mapped().or_else(nat64)
}

/// Narrow ranges stand before the wide ones that hold them.
static V4_BLOCKS: &[Block] = &[
    Block::v4(0, 0, 0, 0, 8, "this network"),
    Block::v4(10, 0, 0, 0, 8, "private use"),
    Block::v4(100, 64, 0, 0, 10, "shared address space"),
    Block::v4(127, 0, 0, 0, 8, "loopback"),
    Block::v4(168, 63, 129, 16, 32, "a cloud's own services"),
    Block::v4(169, 254, 0, 0, 16, "link local"),
    Block::v4(172, 16, 0, 0, 12, "private use"),
    Block::v4(192, 0, 0, 0, 24, "IETF protocol assignments"),
    Block::v4(192, 0, 2, 0, 24, "documentation"),
    Block::v4(192, 31, 196, 0, 24, "AS112"),
    Block::v4(192, 52, 193, 0, 24, "multicast tunnelling"),
    Block::v4(192, 88, 99, 0, 24, "deprecated 6to4 relay anycast"),
    Block::v4(192, 168, 0, 0, 16, "private use"),
    Block::v4(192, 175, 48, 0, 24, "AS112"),
    Block::v4(198, 18, 0, 0, 15, "benchmarking"),
    Block::v4(198, 51, 100, 0, 24, "documentation"),
    Block::v4(203, 0, 113, 0, 24, "documentation"),
    Block::v4(224, 0, 0, 0, 4, "multicast"),
    Block::v4(255, 255, 255, 255, 32, "limited broadcast"),
    Block::v4(240, 0, 0, 0, 4, "reserved"),
];

static V6_BLOCKS: &[Block] = &[
    Block { range: IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128)), purpose: "unspecified" },
    Block { range: IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)), purpose: "loopback" },
    Block::v6([0, 0, 0, 0], 96, "deprecated IPv4-compatible"),
    Block::v6([0x64, 0xff9b, 1, 0], 48, "local translation to IPv4"),
    Block::v6([0x100, 0, 0, 0], 64, "discard only"),
    Block::v6([0x2001, 0, 0, 0], 32, "Teredo"),
    Block::v6([0x2001, 0, 0, 0], 23, "IETF protocol assignments"),
    Block::v6([0x2001, 0xdb8, 0, 0], 32, "documentation"),
    Block::v6([0x2002, 0, 0, 0], 16, "6to4"),
    Block::v6([0x2620, 0x4f, 0x8000, 0], 48, "AS112"),
    Block::v6([0x3fff, 0, 0, 0], 20, "documentation"),
    Block::v6([0x5f00, 0, 0, 0], 16, "segment routing"),
    Block::v6([0xfc00, 0, 0, 0], 7, "unique local"),
    Block::v6([0xfe80, 0, 0, 0], 10, "link local"),
    Block::v6([0xfec0, 0, 0, 0], 10, "deprecated site local"),
    Block::v6([0xff00, 0, 0, 0], 8, "multicast"),
];

static GLOBAL_UNICAST: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3));

static NOT_GLOBAL: Block = Block {
    range: IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
    purpose: "outside 2000::/3, the global unicast range",
};

/// fetch.spec.whatwg.org/#bad-port.
static BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

#[cfg(test)]
mod tests {
    use super::Guard;
    use super::Refusal;
    use url::Url;

    fn verdict(guard: &Guard, url: &str) -> Result<(), Refusal> {
        guard.judge_url(&Url::parse(url).expect(url))
    }

    #[test]
    fn every_spelling_of_a_special_address_is_refused() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0x7F.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "0.0.0.0",
            "0x0",
            "00",
            "127.255.255.254",
            "1%32%37.0.0.1",
            "１２７.０.０.１",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "10.0.0.1",
            "167772161",
            "10.1",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "0xc0a80101",
            "192.0.0.8",
            "192.0.0.192",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.175.48.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "4294967295",
            "168.63.129.16",
            "[::]",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::FFFF:10.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]",
            "[64:ff9b:1::808:808]",
            "[100::1]",
            "[100:0:0:1::1]",
            "[2001::1]",
            "[2001:0:7f00:1::]",
            "[2001:1::1]",
            "[2001:20::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[2002:808:808::1]",
            "[2620:4f:8000::1]",
            "[3fff::1]",
            "[3fff:fff::1]",
            "[5f00::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[febf::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[4000::1]",
            "[e000::1]",
            "[::ffff:0:127.0.0.1]",
            "[::5efe:127.0.0.1]",
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}/feed");
                match verdict(&guard, &url) {
                    Err(Refusal::Address { .. }) => {}
                    other => panic!("{url} gave {other:?}"),
                }
            }
        }
    }

    #[test]
    fn the_public_internet_passes() {
        let guard = Guard::default();
        for host in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "[2001:200::1]",
            "[2001:4860:4860::8888]",
            "[2003::1]",
            "[2606:4700::1111]",
            "[3ffe::1]",
            "example.org",
            "localhost",
            "metadata.google.internal",
        ] {
            assert_eq!(verdict(&guard, &format!("https://{host}/")), Ok(()), "{host}");
        }
    }

    #[test]
    fn only_http_without_credentials_on_a_port_of_its_own_passes() {
        let guard = Guard::default();
        for url in [
            "file:///etc/passwd",
            "ftp://example.org/",
            "gopher://example.org/",
            "data:text/plain,x",
            "javascript:0",
            "ws://example.org/",
        ] {
            assert!(matches!(verdict(&guard, url), Err(Refusal::Scheme(_))), "{url}");
        }
        for url in ["http://ana@example.org/", "http://:x@example.org/", "http://example.com%40x:y@example.org/"] {
            let refusal = verdict(&guard, url).expect_err(url);
            assert_eq!(refusal, Refusal::UserInformation);
        }
        for url in ["http://example.org:25/", "https://example.org:22/", "http://example.org:6667/"] {
            assert!(matches!(verdict(&guard, url), Err(Refusal::Port(_))), "{url}");
        }
        assert_eq!(verdict(&guard, "http://example.org:8080/"), Ok(()));
        let long = format!("http://example.org/{}", "x".repeat(9000));
        assert_eq!(verdict(&guard, &long), Err(Refusal::TooLong));
    }

    #[test]
    fn an_opened_range_opens_nothing_else() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().expect("a range"), "fd00:1::/32".parse().expect("a range")]);
        for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "[fd00:1::5]"] {
            assert_eq!(verdict(&guard, &format!("http://{host}/")), Ok(()), "{host}");
        }
        for host in ["10.0.0.1", "[::1]", "[fd00:2::5]", "[::127.0.0.1]", "0.0.0.0"] {
            assert!(verdict(&guard, &format!("http://{host}/")).is_err(), "{host}");
        }
    }

    #[test]
    fn a_refusal_names_address_block_and_remedy_but_no_password() {
        let guard = Guard::default();
        let refusal = verdict(&guard, "http://0xa9fea9fe/latest/meta-data").expect_err("link local");
        assert_eq!(
            refusal.to_string(),
            "169.254.169.254 is in 169.254.0.0/16 (link local), which only `egress.allow` opens"
        );
        let refusal = verdict(&guard, "http://ana:geheim@example.org/").expect_err("credentials");
        assert!(!refusal.to_string().contains("geheim"));
    }
}
