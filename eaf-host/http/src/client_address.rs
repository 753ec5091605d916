//! Client address of a request, for rate limits before sign-in.
//!
//! Proxies append the client's address to `X-Forwarded-For`. Any client can send that header too,
//! so only the entries that trusted proxies wrote count.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Peer address of the connection. [`serve`](super::serve) inserts it into each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Client for the purpose of a rate limit: one IPv4 address, or the /64 of IPv6 that one site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Returns the last address in the chain (the entries of `X-Forwarded-For`, then the peer) that
    /// is not a trusted proxy's. Without a peer, as in tests, all requests count as one client.
    pub fn of(peer: Option<Peer>, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let Some(Peer(peer)) = peer else { return ClientAddress(Ipv4Addr::UNSPECIFIED.into()) };
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let mut forwarded: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut client = peer.to_canonical();
        while is_trusted(client, proxies) {
            // A proxy writes addresses only: an entry of another form ends the chain.
            let Some(previous) = forwarded.pop().and_then(address) else { break };
            client = previous;
        }
        ClientAddress(site(client))
    }
}

fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    proxies.iter().any(|network| network.contains(&address))
}

/// Parses an entry of `X-Forwarded-For`, with an optional port: `192.0.2.1:4711`,
/// `[2001:db8::1]:4711`. `None`: the entry is no address.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        ClientAddress::of(Some(Peer(peer.parse().unwrap())), &headers, &proxies).0.to_string()
    }

    #[test]
    fn only_addresses_from_trusted_proxies_count() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(client("192.0.2.1", &["198.51.100.7"], &proxies), "192.0.2.1", "the client wrote it");
        assert_eq!(client("10.0.0.2", &["198.51.100.7"], &[]), "10.0.0.2", "no proxy is named");
        assert_eq!(client("10.0.0.2", &["198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.2", &["203.0.113.9, 198.51.100.7, 10.1.1.1"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.2", &["203.0.113.9", "198.51.100.7:4711"], &proxies), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.2", &["198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.2", &["unknown"], &proxies), "10.0.0.2");
        assert_eq!(client("10.0.0.2", &[], &proxies), "10.0.0.2");
    }

    #[test]
    fn an_ipv6_site_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", &[], &[]), "2001:db8:1:2::");
        assert_eq!(client("2001:db8:1:2:ffff::1", &[], &[]), "2001:db8:1:2::");
        assert_eq!(client("2001:db8:1:3::1", &[], &[]), "2001:db8:1:3::");
    }
}
