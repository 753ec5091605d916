//! Settings of HTTP: listening address, public address, proxies.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use ipnet::IpNet;
use openidconnect::url::{Host, Url};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub const SECTION: Section = Section {
    title: "HTTP",
    about: "TLS ends at the ingress in front of the host.",
    keys: &[LISTEN, MANAGEMENT_LISTEN, DRAIN, PUBLIC_URL, WEB_DIR, PROXIES, PLAIN_HTTP],
};

const LISTEN: Key = Key {
    name: "http.listen",
    variable: "EAF_LISTEN",
    default: Default::Is("127.0.0.1:8080"),
    kind: Kind::Plain,
    about: "Address and port for API, web and `/actuator/health`.",
};
const MANAGEMENT_LISTEN: Key = Key {
    name: "http.management_listen",
    variable: "EAF_MANAGEMENT_LISTEN",
    default: Default::Is("127.0.0.1:9090"),
    kind: Kind::Plain,
    about: "Address and port for probes (`/actuator/health/startup`, `/liveness`, `/readiness`), metrics (`/actuator/prometheus`) and \
            versions (`/actuator/info`). Without sign-in: for the cluster's own network alone.",
};
const DRAIN: Key = Key {
    name: "http.drain_seconds",
    variable: "EAF_DRAIN_SECONDS",
    default: Default::Is("5"),
    kind: Kind::Plain,
    about: "Seconds for which a host that was told to stop reports that it is not ready and still serves, until load balancers \
            send it no more requests; 0 to 300.",
};
const PUBLIC_URL: Key = Key {
    name: "http.public_url",
    variable: "EAF_PUBLIC_URL",
    default: Default::Required,
    kind: Kind::Plain,
    about: "The public address, such as `https://eaf.example`, used in links of mails and for the redirect after sign-in.",
};
const WEB_DIR: Key = Key {
    name: "http.web_dir",
    variable: "EAF_WEB_DIR",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Directory of the built web application (`web/dist`). Absent: the host serves the API alone.",
};
const PROXIES: Key = Key {
    name: "http.trusted_proxies",
    variable: "EAF_TRUSTED_PROXIES",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Addresses and networks of the proxies in front, separated by commas, such as `10.0.0.0/8, fd00::/8`: their \
            `X-Forwarded-For` gives the client's address. Absent: the peer of the connection is the client.",
};

const PLAIN_HTTP: Key = Key {
    name: "http.danger_allow_plain_http",
    variable: "EAF_DANGER_ALLOW_PLAIN_HTTP",
    default: Default::Is("false"),
    kind: Kind::Plain,
    about: "`true` lets an attacker on the network take over sessions. Only for tests in an isolated network.",
};

pub struct Http {
    pub listen: SocketAddr,
    pub management_listen: SocketAddr,
    /// Time from the signal to stop until no connection is accepted any more.
    pub drain: Duration,
    /// Origin of the public address: scheme, host and port, without a slash at the end.
    pub public_url: String,
    /// True if people reach the host over the network without TLS, as
    /// `http.danger_allow_plain_http` permits.
    pub danger_plain_http: bool,
    pub web: Option<PathBuf>,
    pub proxies: Vec<IpNet>,
}

pub fn read(values: &mut Values) -> Option<Http> {
    let listen = values.parse(&LISTEN, "an address with a port");
    let management_listen = values.parse(&MANAGEMENT_LISTEN, "an address with a port");
    let drain = drain(values);
    let public_url = public_url(values);
    let web = values.text(&WEB_DIR).map(PathBuf::from);
    if web.as_ref().is_some_and(|dir| !dir.join("index.html").is_file()) {
        values.refuse(&WEB_DIR, "a directory with an index.html");
        return None;
    }
    let proxies = proxies(values);
    let (public_url, danger_plain_http) = public_url?;
    let (listen, management_listen) = (listen?, management_listen?);
    Some(Http { listen, management_listen, drain: drain?, public_url, danger_plain_http, web, proxies: proxies? })
}

fn drain(values: &mut Values) -> Option<Duration> {
    let seconds = values.parse(&DRAIN, "a number of seconds")?;
    if seconds <= 300 {
        return Some(Duration::from_secs(seconds));
    }
    values.refuse(&DRAIN, "0 to 300");
    None
}

fn proxies(values: &mut Values) -> Option<Vec<IpNet>> {
    let text = values.text(&PROXIES).unwrap_or_default();
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let network = |entry: &str| entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)).ok();
    let networks: Option<Vec<IpNet>> = entries.map(network).collect();
    if networks.is_none() {
        values.refuse(&PROXIES, "a list of addresses and networks");
    }
    networks
}

/// Reads the public address, which must be an origin without a path: cookies belong to a whole
/// host, so two applications cannot share a host. `None`: the setting is missing or invalid, which
/// is added to the problems.
fn public_url(values: &mut Values) -> Option<(String, bool)> {
    let url = values.parse::<Url>(&PUBLIC_URL, "a URL")?;
    let plain_http_allowed = values.parse::<bool>(&PLAIN_HTTP, "true or false")?;
    let origin = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "http" | "https") || url.as_str() != format!("{origin}/") {
        values.refuse(&PUBLIC_URL, "an http or https address without user, path and query");
        return None;
    }
    let is_open = url.scheme() == "http" && !is_local(&url);
    if is_open && !plain_http_allowed {
        values.refuse(&PUBLIC_URL, "an https address, unless EAF_DANGER_ALLOW_PLAIN_HTTP is true");
        return None;
    }
    Some((origin, is_open))
}

/// Whether the URL's host is a name or an address that means the browser's own machine, such as
/// `localhost`.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
