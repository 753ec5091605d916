//! Guarded networks: this machine, its link, the metadata service of a cloud, and addresses that
//! mean several machines. They contain no tenant's server.
//!
//! A rule of the egress policy permits an address in a guarded network only if the rule's own
//! network lies wholly inside the guarded one. So a rule for `0.0.0.0/0` permits the Internet and
//! not this machine.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Guarded network, and its description for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub network: IpNet,
    pub what: String,
}

const NETWORKS: [(&str, &str); 15] = [
    ("0.0.0.0/8", "this machine"),
    ("127.0.0.0/8", "this machine"),
    ("::/128", "this machine"),
    ("::1/128", "this machine"),
    // This network contains 169.254.169.254, the metadata service of most clouds.
    ("169.254.0.0/16", "link-local or metadata service"),
    ("fe80::/10", "link-local"),
    ("fd00:ec2::/32", "metadata service"),
    ("fd20:ce::254/128", "metadata service"),
    ("100.100.100.200/32", "metadata service"),
    ("168.63.129.16/32", "metadata service"),
    ("192.0.0.0/24", "metadata service or protocol assignments"),
    ("224.0.0.0/4", "multicast"),
    ("ff00::/8", "multicast"),
    ("240.0.0.0/4", "reserved or broadcast"),
    ("fec0::/10", "site-local"),
];

/// Lists the guarded networks that contain an address.
pub fn of(address: IpAddr) -> Vec<Guard> {
    let mut guards: Vec<Guard> = NETWORKS
        .iter()
        .map(|(network, what)| (network.parse::<IpNet>().expect("a constant network"), *what))
        .filter(|(network, _)| network.contains(&address))
        .map(|(network, what)| Guard { network, what: what.to_owned() })
        .collect();
    if let Some(inside) = embedded(address)
        && let Some(guard) = of(IpAddr::V4(inside)).first()
    {
        guards.push(Guard { network: IpNet::from(address), what: format!("leads to {inside}, {}", guard.what) });
    }
    guards
}

/// IPv4 address that an IPv6 address contains, to which a translator or a tunnel sends the packets.
/// `None` if the IPv6 address contains no IPv4 address.
pub fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let [a, b, c, .., y, z] = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // NAT64, also with a local prefix, and IPv4 addresses in IPv6 form.
        [0x64, 0xff9b, ..] => of(y, z),
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] if address != Ipv6Addr::LOCALHOST && !address.is_unspecified() => of(y, z),
        // 6to4, and Teredo, which stores the client's address inverted.
        [0x2002, ..] => of(b, c),
        [0x2001, 0, ..] if a == 0x2001 => of(!y, !z),
        _ => None,
    }
}
