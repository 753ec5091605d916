//! HTTP exchange with a vCenter: verified TLS, time-outs, and a limit on the size of an answer.
//! Errors say whether the request was sent, because a request that was not sent can be repeated.
//! The client connects only to addresses that the egress policy permits.

use super::server::Server;
use eaf_capability::contact::CONTACT_TIMEOUT;
use eaf_capability::egress::{self, Route};
use eaf_core::trace::Position;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

/// Maximum length, in bytes, of an answer. No call requests a list of all machines, so real answers
/// are shorter.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub connect: Duration,
    pub answer: Duration,
    /// Time-out of the first contact with the server in a connection test.
    pub contact: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(10), answer: Duration::from_secs(60), contact: CONTACT_TIMEOUT }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the address is not an https URL")]
    Address,
    #[error("the CA certificate is not PEM")]
    CaCertificate(#[source] reqwest::Error),
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// No request was sent: the egress policy refuses the address to this tenant.
    #[error("the egress policy refuses the address")]
    Egress(#[source] egress::Refused),
    /// No request was sent, because TLS refused the server's certificate. If a vCenter answered at
    /// the address before, its certificate may just be changing.
    #[error("the certificate was refused: {cause}")]
    Certificate { cause: rustls::Error, answered_before: bool },
    /// No request was sent: there is no connection to the server.
    #[error("no connection")]
    Connect(#[source] reqwest::Error),
    /// A request was sent and no answer came, so it is unknown whether the request had an effect.
    #[error("no answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("no answer in time")]
    TooSlow,
    #[error("the answer is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    /// The server that answered is not a vCenter. If a vCenter has answered at the address before,
    /// a proxy answered now, and its vCenter is starting.
    #[error("what answered with HTTP status {status} is no vCenter")]
    NotVCenter { status: u16, answered_before: bool },
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
}

#[derive(Clone)]
pub struct Transport {
    http: reqwest::Client,
    url: reqwest::Url,
    server: Arc<Server>,
    route: Route,
    /// Address of the server that answered the last request; `None` before the first answer.
    peer: Arc<Mutex<Option<SocketAddr>>>,
}

pub struct Answer {
    pub document: String,
    /// Session cookie that the answer sets, as `name=value`; `None` if it sets no cookie.
    pub cookie: Option<String>,
}

impl Transport {
    /// Creates a transport. `ca_certificate` is PEM; the certificate authorities in it are trusted
    /// in addition to those of the system. The check of certificates cannot be disabled.
    pub fn new(
        url: reqwest::Url,
        ca_certificate: Option<&str>,
        timeouts: Timeouts,
        server: Arc<Server>,
        route: Route,
    ) -> Result<Self, Error> {
        install_crypto();
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            // The client follows no redirect and ignores a proxy in the environment, because either
            // would disclose the password.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(route.clone()))
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.answer)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("eaf/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = ca_certificate.filter(|pem| !pem.trim().is_empty()) {
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(Error::CaCertificate)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Transport { http: builder.build().map_err(Error::Client)?, url, server, route, peer: Arc::default() })
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Copies the transport. The copy has its own [`peer`](Self::peer), the address that answered
    /// last.
    pub fn apart(&self) -> Transport {
        Transport { peer: Arc::default(), ..self.clone() }
    }

    /// Address of the server that answered the last request; `None` before the first answer.
    pub fn peer(&self) -> Option<SocketAddr> {
        *self.peer.lock().expect("no panic happens under this lock")
    }

    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Host name of the server, for traces.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Sends a document, with the trace that it is part of, if the trace is exported.
    pub async fn post(
        &self,
        action: &str,
        cookie: Option<&str>,
        operation: Option<&Position>,
        envelope: String,
    ) -> Result<Answer, Error> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", action)
            .body(envelope);
        if let Some(cookie) = cookie {
            request = request.header("Cookie", cookie);
        }
        if let Some(position) = operation {
            request = request.header("traceparent", position.traceparent());
        }
        self.route.check_literal().await.map_err(Error::Egress)?;
        let _permit = self.server.permit().await;
        let mut response = request.send().await.map_err(|error| self.classify(error))?;
        *self.peer.lock().expect("no panic happens under this lock") = response.remote_addr();
        let status = response.status().as_u16();
        let cookie = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .filter_map(|v| v.split(';').next())
            .find(|v| v.starts_with("vmware_soap_session="))
            .map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Error::NoAnswer)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        // Invalid UTF-8 is replaced and not refused, because users of virtual machines choose some
        // of the texts, and one of them must not make the whole answer unreadable.
        let document = String::from_utf8_lossy(&body).into_owned();
        // SOAP faults have the HTTP status 500. An answer with another status does not come from
        // vCenter.
        match status {
            200 | 500 if !is_page(&document) => Ok(Answer { document, cookie }),
            408 | 425 | 429 | 500.. => Err(Error::Status(status)),
            _ => Err(Error::NotVCenter { status, answered_before: self.server.has_answered() }),
        }
    }

    fn classify(&self, error: reqwest::Error) -> Error {
        if let Some(cause) = tls_error(&error) {
            return Error::Certificate { cause, answered_before: self.server.has_answered() };
        }
        if error.is_connect() {
            return Error::Connect(error);
        }
        Error::NoAnswer(error)
    }
}

/// Address of a vCenter's SOAP interface. People enter an address from their browser, or one
/// without a path; every vCenter serves SOAP under the path `/sdk`.
pub fn address(url: &str) -> Result<reqwest::Url, Error> {
    const OF_PEOPLE: [&str; 7] = ["", "sdk", "ui", "vsphere-client", "websso", "mob", "api"];
    let mut url = reqwest::Url::parse(url.trim()).map_err(|_| Error::Address)?;
    if url.scheme() != "https" || !url.has_host() {
        return Err(Error::Address);
    }
    let path = url.path().trim_matches('/').to_owned();
    let first = path.split('/').next().unwrap_or_default();
    let path = if OF_PEOPLE.contains(&first) { "sdk" } else { &path };
    url.set_path(path);
    url.set_query(None);
    Ok(url)
}

/// Whether the document is a web page, or a sentence such as "no healthy upstream", and not SOAP.
fn is_page(document: &str) -> bool {
    let start = document.trim_start_matches('\u{feff}').trim_start();
    let begins = |tag: &str| start.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag));
    !start.starts_with('<') || begins("<!doctype html") || begins("<html")
}

/// Installs the cryptography provider of rustls, which is needed once per process.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that a provider is already installed, which is no problem.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Certificate error because of which an HTTP request failed; `None` if the request failed for
/// another cause.
fn tls_error(error: &reqwest::Error) -> Option<rustls::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_)).then(|| tls.clone());
        }
        // `source()` of an `io::Error` skips the error inside it, so that error is read here.
        next = match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(payload) => Some(payload),
            None => cause.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_address_resolves_to_the_sdk() {
        for typed in
            ["", "/", "/ui", "/ui/app/home", "/sdk", "/sdk/", "/sdk/vimService", "/vsphere-client/?csp", "/mob/?moid=x"]
        {
            let address = address(&format!("https://VCenter.example:8443{typed}")).unwrap();
            assert!(address.as_str().starts_with("https://vcenter.example:8443/sdk"), "{typed}: {address}");
            assert_eq!(address.path(), "/sdk", "{typed}");
        }
        assert_eq!(address("https://proxy.example/berlin/sdk/").unwrap().path(), "/berlin/sdk");
        assert!(address("http://vcenter.example/sdk").is_err() && address("vcenter.example").is_err());
    }

    #[test]
    fn a_web_page_is_distinguished_from_an_answer() {
        for page in ["<!DOCTYPE html><p>", " <HTML><body>", "no healthy upstream", ""] {
            assert!(is_page(page), "{page}");
        }
        assert!(!is_page("\u{feff}<?xml version=\"1.0\"?><e/>") && !is_page("<soapenv:Envelope>"));
    }
}
