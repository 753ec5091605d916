//! Reports about a virtual machine's network that VMware Tools send from inside the guest.
//!
//! vCenter keeps a report after a power-off. A report also contains addresses that other machines
//! cannot reach: link-local addresses, container bridges, virtual addresses of clusters.
//! [`Guest::address`] chooses the address that people use.

use super::Error;
use super::properties::Properties;
use super::xml::Element;
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    pub tools: Tools,
    /// IP addresses of the machine's network cards, in the order of the cards; `None` if VMware
    /// Tools report no cards.
    pub cards: Option<Vec<IpAddr>>,
    /// IP address that VMware Tools report as the machine's main address; `None` without a report.
    pub first: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tools {
    NotInstalled,
    NotRunning,
    Running,
}

impl Guest {
    /// Reachable IP address of the machine. An IPv4 address is preferred to an IPv6 address. The
    /// main address counts only if VMware Tools report no cards, because it may be that of a bridge
    /// inside the guest.
    ///
    /// `None` if no address is reachable, or while VMware Tools do not run, because the report is
    /// then out of date.
    pub fn address(&self) -> Option<IpAddr> {
        if self.tools != Tools::Running {
            return None;
        }
        let candidates = self.cards.as_deref().unwrap_or(self.first.as_slice());
        let routable = || candidates.iter().filter(|address| is_routable(address));
        routable().find(|address| address.is_ipv4()).or_else(|| routable().next()).copied()
    }
}

pub fn read(found: &Properties) -> Result<Guest, Error> {
    let tools = match (found.text("guest.toolsRunningStatus")?, found.text("guest.toolsVersionStatus2")?) {
        (Some("guestToolsRunning"), _) => Tools::Running,
        (_, Some("guestToolsNotInstalled")) => Tools::NotInstalled,
        _ => Tools::NotRunning,
    };
    let listed = found.get("guest.net")?.filter(|net| !net.children.is_empty());
    let cards = listed.map(|net| net.children.iter().flat_map(card).collect());
    Ok(Guest { tools, cards, first: found.text("guest.ipAddress")?.and_then(|text| text.parse().ok()) })
}

/// Usable addresses of one network entry in the report of VMware Tools. An entry with a negative
/// `deviceConfigId` is a bridge or tunnel inside the guest and not a network card, so it has no
/// usable addresses.
fn card(net: &Element) -> Vec<IpAddr> {
    if net.text_of("deviceConfigId").and_then(|id| id.parse::<i64>().ok()).is_some_and(|id| id < 0) {
        return Vec::new();
    }
    let usable =
        |address: &&Element| !matches!(address.text_of("state"), Some("duplicate" | "invalid" | "inaccessible"));
    match net.child("ipConfig").filter(|config| config.child("ipAddress").is_some()) {
        Some(config) => {
            let detailed = config.all("ipAddress").filter(usable);
            detailed.filter_map(|address| address.text_of("ipAddress")?.parse().ok()).collect()
        }
        None => net.all("ipAddress").filter_map(|address| address.text.parse().ok()).collect(),
    }
}

fn is_routable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(tools: Tools, cards: Option<&[&str]>, first: &str) -> Guest {
        let parse = |text: &&str| text.parse().unwrap();
        Guest { tools, cards: cards.map(|cards| cards.iter().map(parse).collect()), first: first.parse().ok() }
    }

    #[test]
    fn a_routable_ipv4_address_of_a_card_is_preferred() {
        for (cards, first, expected) in [
            (Some(&["fe80::1", "2001:db8::7", "10.0.0.7"][..]), "fe80::1", Some("10.0.0.7")),
            (Some(&["fe80::1", "2001:db8::7"]), "fe80::1", Some("2001:db8::7")),
            (Some(&["169.254.3.4"]), "172.17.0.1", None),
            // The report lists only bridges inside the guest and no network card.
            (Some(&[]), "172.17.0.1", None),
            (None, "10.0.0.7", Some("10.0.0.7")),
            (None, "127.0.0.1", None),
        ] {
            let found = guest(Tools::Running, cards, first).address();
            assert_eq!(found, expected.map(|text| text.parse().unwrap()), "{cards:?} {first}");
        }
    }

    #[test]
    fn an_address_is_valid_only_while_tools_run() {
        assert_eq!(guest(Tools::NotRunning, Some(&["10.0.0.7"]), "10.0.0.7").address(), None);
    }
}
