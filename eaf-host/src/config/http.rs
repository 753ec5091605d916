//! Where the host listens and how people reach it.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use openidconnect::url::Url;
use std::net::SocketAddr;
use std::path::PathBuf;

pub const SECTION: Section = Section {
    title: "HTTP",
    about: "TLS ends at the ingress in front of the host.",
    keys: &[LISTEN, PUBLIC_URL, WEB_DIR],
};

const LISTEN: Key = Key {
    name: "http.listen",
    variable: "EAF_LISTEN",
    default: Default::Is("127.0.0.1:8080"),
    kind: Kind::Plain,
    about: "Address and port for API, web and health.",
};
const PUBLIC_URL: Key = Key {
    name: "http.public_url",
    variable: "EAF_PUBLIC_URL",
    default: Default::Required,
    kind: Kind::Plain,
    about: "The address that people use, such as `https://eaf.example`; links in mails begin with it, and sign-in comes back to it.",
};
const WEB_DIR: Key = Key {
    name: "http.web_dir",
    variable: "EAF_WEB_DIR",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Directory of the built web application (`web/dist`). Absent: the host serves the API alone.",
};

pub struct Http {
    pub listen: SocketAddr,
    /// Scheme, host and port; without a slash at the end.
    pub public_url: String,
    pub web: Option<PathBuf>,
}

pub fn read(values: &mut Values) -> Option<Http> {
    let listen = values.parse(&LISTEN, "an address with a port");
    let public_url = public_url(values);
    let web = values.text(&WEB_DIR).map(PathBuf::from);
    if web.as_ref().is_some_and(|dir| !dir.join("index.html").is_file()) {
        values.refuse(&WEB_DIR, "a directory with an index.html");
        return None;
    }
    Some(Http { listen: listen?, public_url: public_url?, web })
}

/// An origin and no more: the session's cookie belongs to all of a host, so two applications cannot share one.
fn public_url(values: &mut Values) -> Option<String> {
    let url = values.parse::<Url>(&PUBLIC_URL, "a URL")?;
    let origin = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "http" | "https") || url.as_str() != format!("{origin}/") {
        values.refuse(&PUBLIC_URL, "an http or https address without user, path and query");
        return None;
    }
    Some(origin)
}
