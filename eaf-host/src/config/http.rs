//! Where the host listens and how people reach it.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use openidconnect::url::Url;
use std::net::SocketAddr;

pub const SECTION: Section =
    Section { title: "HTTP", about: "TLS ends at the ingress in front of the host.", keys: &[LISTEN, PUBLIC_URL] };

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
    about: "The address that people use, such as `https://eaf.example`; links in mails begin with it.",
};

pub struct Http {
    pub listen: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
}

pub fn read(values: &mut Values) -> Option<Http> {
    let listen = values.parse(&LISTEN, "an address with a port");
    let public_url = values.parse::<Url>(&PUBLIC_URL, "a URL");
    Some(Http { listen: listen?, public_url: public_url?.as_str().trim_end_matches('/').to_string() })
}
