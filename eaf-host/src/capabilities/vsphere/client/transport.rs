//! One HTTP exchange with a vCenter: verified TLS, time-outs, a bound on the answer's size. It knows how far a failed
//! exchange got, because what follows depends on it: what was never sent may be sent again.

use std::error::Error as _;
use std::sync::Once;
use std::time::Duration;

/// An answer is small; a list of all machines of a large vCenter is not asked for.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub connect: Duration,
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(10), answer: Duration::from_secs(60) }
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
    /// Nothing was sent.
    #[error("the certificate was refused: {0}")]
    Certificate(rustls::Error),
    /// Nothing was sent.
    #[error("no connection")]
    Connect(#[source] reqwest::Error),
    /// Something was sent; whether it had an effect is unknown.
    #[error("no answer")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the answer is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    #[error("the answer is not UTF-8")]
    Encoding,
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
}

pub struct Transport {
    http: reqwest::Client,
    url: reqwest::Url,
}

pub struct Answer {
    pub document: String,
    /// `name=value` of the session cookie, if the server set one.
    pub cookie: Option<String>,
}

impl Transport {
    /// `ca_certificate` is PEM and trusted beside the system's roots. Checks of certificates cannot be switched off.
    pub fn new(url: &str, ca_certificate: Option<&str>, timeouts: Timeouts) -> Result<Self, Error> {
        let url = reqwest::Url::parse(url).map_err(|_| Error::Address)?;
        if url.scheme() != "https" || !url.has_host() {
            return Err(Error::Address);
        }
        install_crypto();
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            // A redirect would carry the password elsewhere, and so would a proxy from the environment.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.answer)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("eaf/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = ca_certificate.filter(|pem| !pem.trim().is_empty()) {
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(Error::CaCertificate)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Transport { http: builder.build().map_err(Error::Client)?, url })
    }

    pub async fn post(&self, action: &str, cookie: Option<&str>, envelope: String) -> Result<Answer, Error> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", action)
            .body(envelope);
        if let Some(cookie) = cookie {
            request = request.header("Cookie", cookie);
        }
        let mut response = request.send().await.map_err(classify)?;
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
        // SOAP sends faults with status 500; every other status is not from the SOAP server.
        if status != 200 && status != 500 {
            return Err(Error::Status(status));
        }
        Ok(Answer { document: String::from_utf8(body).map_err(|_| Error::Encoding)?, cookie })
    }
}

/// rustls wants one provider per process; whoever comes first installs it.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn classify(error: reqwest::Error) -> Error {
    if let Some(tls) = tls_error(&error) {
        return Error::Certificate(tls);
    }
    if error.is_connect() {
        return Error::Connect(error);
    }
    Error::NoAnswer(error)
}

/// The certificate error inside, if that is what it is.
fn tls_error(error: &reqwest::Error) -> Option<rustls::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_)).then(|| tls.clone());
        }
        // An `io::Error` hides its payload from `source()`.
        next = match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(payload) => Some(payload),
            None => cause.source(),
        };
    }
    None
}
