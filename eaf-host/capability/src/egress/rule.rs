//! Rule of the egress policy, such as `vsphere@acme vcenter.acme.example:443`.
//!
//! A rule consists of the purpose, optionally `@` and the tenant's slug, and the target: a host
//! name, all names below a domain (`*.acme.example`), an address, or a network (`10.20.0.0/16`,
//! `[fd00:20::/32]`). A port (`:443`) or a range of ports (`:8000-8999`) may follow the target;
//! without a port, the rule permits the usual ports of the purpose.

use super::Purpose;
use super::guarded::Guard;
use eaf_core::id::TenantId;
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidRule {
    #[error("`{0}` is not `capability target` or `capability@tenant target`")]
    Shape(String),
    #[error("`{0}` is not one of {1}")]
    Purpose(String, String),
    #[error("`{0}` is not a tenant's slug")]
    Tenant(String),
    #[error("`{0}` is neither a host name in ASCII, `*.` and a domain, an address, nor a network")]
    Target(String),
    #[error("`{0}` is neither a port nor a range of ports")]
    Ports(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub purpose: &'static str,
    /// Tenant to which the rule applies; `None`: the rule applies to all tenants.
    pub tenant: Option<TenantId>,
    target: Target,
    /// Ports that the rule permits; `None`: the usual ports of the purpose.
    ports: Option<RangeInclusive<u16>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Host(String),
    /// All host names below a domain. The domain is stored with a leading dot, as `.acme.example`.
    Below(String),
    Network(IpNet),
}

impl Rule {
    pub fn parse(text: &str, purposes: &[&'static Purpose]) -> Result<Rule, InvalidRule> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [subject, target] = words.as_slice() else { return Err(InvalidRule::Shape(text.trim().to_owned())) };
        let (purpose, tenant) = match subject.split_once('@') {
            Some((purpose, slug)) => (purpose, Some(tenant(slug)?)),
            None => (*subject, None),
        };
        let names = || purposes.iter().map(|purpose| purpose.name).collect::<Vec<_>>().join(", ");
        let known = purposes.iter().find(|known| known.name == purpose);
        let purpose = known.ok_or_else(|| InvalidRule::Purpose(purpose.to_owned(), names()))?.name;
        let (target, port) = split_port(target).ok_or_else(|| InvalidRule::Target((*target).to_owned()))?;
        let ports = port.map(|port| ports(port).ok_or_else(|| InvalidRule::Ports(port.to_owned()))).transpose()?;
        Ok(Rule { purpose, tenant, target: Target::parse(target)?, ports })
    }

    pub fn is_for(&self, tenant: TenantId, port: u16, purpose: &Purpose) -> bool {
        let ports = match &self.ports {
            Some(ports) => ports.contains(&port),
            None => purpose.ports.contains(&port),
        };
        ports && self.tenant.is_none_or(|own| own == tenant)
    }

    /// Whether the rule could permit the host. This is decided before the host name is resolved.
    pub fn may_match(&self, host: &str) -> bool {
        match &self.target {
            Target::Host(name) => name == host,
            Target::Below(domain) => host.ends_with(domain),
            Target::Network(network) => host.parse().map_or(true, |address: IpAddr| network.contains(&address)),
        }
    }

    /// Whether the rule permits a connection to the host at this address.
    pub fn matches(&self, host: &str, address: IpAddr) -> bool {
        match &self.target {
            Target::Host(_) | Target::Below(_) => self.may_match(host),
            Target::Network(network) => network.contains(&address),
        }
    }

    /// Whether the rule permits an address that lies in these guarded networks. A rule for a host
    /// name never does, because the owner of the name's DNS zone could point the name at this
    /// machine.
    pub fn opens(&self, address: IpAddr, guards: &[Guard]) -> bool {
        let Target::Network(network) = &self.target else { return false };
        network.contains(&address) && guards.iter().all(|guard| guard.network.contains(network))
    }

    /// Whether the rule permits only a single server, by host name or address.
    pub fn names_one_server(&self) -> bool {
        match &self.target {
            Target::Host(_) => true,
            Target::Below(_) => false,
            Target::Network(network) => network.prefix_len() == network.max_prefix_len(),
        }
    }
}

impl Target {
    fn parse(text: &str) -> Result<Target, InvalidRule> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Target::Network(network.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Target::Network(IpNet::from(address.to_canonical())));
        }
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let (below, domain) = match name.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, name.as_str()),
        };
        if !is_name(domain) {
            return Err(InvalidRule::Target(text.to_owned()));
        }
        Ok(if below { Target::Below(format!(".{domain}")) } else { Target::Host(name) })
    }
}

/// Whether the text is a host name. Numeric forms such as `127.1` and `0x7f000001` are refused,
/// because name services read them as addresses.
fn is_name(name: &str) -> bool {
    let good = |label: &str| {
        let characters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=63).contains(&label.len()) && characters
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(good) && !last.starts_with(|c: char| c.is_ascii_digit())
}

fn tenant(slug: &str) -> Result<TenantId, InvalidRule> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (1..=40).contains(&slug.len()) && slug.bytes().all(good) {
        true => Ok(TenantId::derive(slug)),
        false => Err(InvalidRule::Tenant(slug.to_owned())),
    }
}

/// Splits a rule's target into host or network and port: `host:443`, `[::1]:443`, `[fd00::/8]` or
/// `fd00::/8`. The inner `Option` is the port; the result is `None` if the text is invalid.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((inside, Some(port))),
            None => after.is_empty().then_some((inside, None)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Some((host, Some(port))),
        _ => Some((text, None)),
    }
}

fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to): (u16, u16) = (from.parse().ok()?, to.parse().ok()?);
    (1 <= from && from <= to).then_some(from..=to)
}
