//! The source of a request: the peer, or the client's address as reported by trusted proxies.
//!
//! Any client may send `X-Forwarded-For`, so only those hops count that trusted proxies have
//! appended. `X-Real-IP` and `Forwarded` are ignored.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Maximal number of hops that are read. No chain of trusted proxies is longer.
const HOPS: usize = 32;

/// What counts as one client: an IPv4 address, or an IPv6 network (`/64`), whose addresses usually
/// belong to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SourceAddress(Option<IpAddr>);

/// The trusted proxies (`DISPATCH_TRUSTED_PROXIES`).
#[derive(Debug, Clone)]
pub(super) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub(super) fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.into())
    }

    /// Whether an address belongs to a trusted proxy.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The source of a request: the peer, or behind trusted proxies the last hop that is not one.
    ///
    /// A hop without a readable address ends the chain, and the proxy that reported it is the
    /// source.
    pub(super) fn source(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> SourceAddress {
        let Some(peer) = peer else { return SourceAddress(None) };
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut address = peer.ip();
        for hop in hops.take(HOPS) {
            if !self.trusts(address) {
                break;
            }
            match address_of(hop) {
                Some(hop) => address = hop,
                None => break,
            }
        }
        SourceAddress::new(address)
    }
}

impl SourceAddress {
    /// The source that an address belongs to.
    pub(super) fn new(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        }))
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("unknown"),
            Some(IpAddr::V4(address)) => address.fmt(f),
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
        }
    }
}

/// The address in a hop, which may have a port, brackets and a zone.
fn address_of(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim().trim_matches('"');
    if let Ok(address) = hop.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let without_zone = bare.split('%').next().unwrap_or(bare);
    without_zone.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        headers.insert("x-real-ip", "9.9.9.9".parse().unwrap());
        headers.insert("forwarded", "for=9.9.9.9".parse().unwrap());
        let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
        Proxies::new(&trusted).source(Some(peer), &headers).to_string()
    }

    #[test]
    fn the_peer_counts_unless_it_is_trusted() {
        for lines in [&[][..], &["6.6.6.6"], &["6.6.6.6, 7.7.7.7"], &["127.0.0.1"]] {
            assert_eq!(source(&[], "10.0.0.1", lines), "10.0.0.1", "{lines:?}");
            assert_eq!(source(&["127.0.0.0/8"], "10.0.0.1", lines), "10.0.0.1", "{lines:?}");
        }
        assert_eq!(Proxies::new(&[]).source(None, &HeaderMap::new()).to_string(), "unknown");
    }

    #[test]
    fn behind_trusted_proxies_the_last_hop_that_is_none_counts() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"];
        for (lines, expected) in [
            (&[][..], "127.0.0.1"),
            (&["6.6.6.6"], "6.6.6.6"),
            (&["1.1.1.1, 6.6.6.6"], "6.6.6.6"),
            (&["1.1.1.1, 6.6.6.6, 10.1.2.3"], "6.6.6.6"),
            (&["1.1.1.1", "6.6.6.6", "10.1.2.3 , 10.0.0.9"], "6.6.6.6"),
            (&["10.0.0.2, 10.0.0.1"], "10.0.0.2"),
            (&["6.6.6.6:4711"], "6.6.6.6"),
            (&["\"6.6.6.6:4711\""], "6.6.6.6"),
            (&["::ffff:6.6.6.6"], "6.6.6.6"),
            (&["6.6.6.6, ::ffff:10.0.0.1"], "6.6.6.6"),
            (&["2a00:1:2:3:4:5:6:7"], "2a00:1:2:3::/64"),
            (&["[2a00:1:2:3:4:5:6:7]"], "2a00:1:2:3::/64"),
            (&["[2a00:1:2:3:4:5:6:7]:443"], "2a00:1:2:3::/64"),
            (&["2a00:1:2:3::1, [2001:db8::1]:443"], "2a00:1:2:3::/64"),
            (&["fe80::1%eth0"], "fe80::/64"),
            (&["1.1.1.1, unknown"], "127.0.0.1"),
            (&["1.1.1.1, "], "127.0.0.1"),
            (&["1.1.1.1, _hidden, 10.0.0.1"], "10.0.0.1"),
            (&["1.1.1.1, 6.6.6.6.6"], "127.0.0.1"),
        ] {
            assert_eq!(source(&trusted, "127.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(source(&trusted, "::ffff:127.0.0.1", lines), expected, "{lines:?}");
        }
        let endless = "10.0.0.1,".repeat(1000) + "10.0.0.1";
        assert_eq!(source(&trusted, "127.0.0.1", &[&endless]), "10.0.0.1");
    }

    #[test]
    fn one_network_of_ipv6_is_one_sender() {
        let of = |address: &str| SourceAddress::new(address.parse().unwrap());
        assert_eq!(of("2a00:1:2:3::1"), of("2a00:1:2:3:ffff::9"));
        assert_ne!(of("2a00:1:2:3::1"), of("2a00:1:2:4::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
