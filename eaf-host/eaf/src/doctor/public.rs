//! Checks of the public address: it leads to a host, and its certificate is valid for some time.

use super::{Check, chain};
use crate::config::Config;
use openidconnect::url::Url;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Remaining validity below which a certificate should have been renewed.
const RENEWAL: Duration = Duration::from_secs(14 * 86_400);

pub async fn check(config: &Config) -> Vec<Check> {
    let address = &config.http.public_url;
    let health = format!("{address}/actuator/health");
    let request = reqwest::Client::new().get(&health).timeout(TIMEOUT);
    let mut checks = vec![match request.send().await {
        Ok(answer) if answer.status().is_success() => Check::ok("public-address", format!("{address} answers")),
        Ok(answer) => Check::warning(
            "public-address",
            format!("{health} answers {}", answer.status().as_u16()),
            "start a host that is ready, and let the proxy in front lead to it",
        ),
        Err(cause) => Check::warning(
            "public-address",
            chain(&cause),
            "check name, network, certificate and CA; before the first start of a host this is expected",
        ),
    }];
    checks.extend(certificate(address).await);
    checks
}

/// Checks that the certificate is still valid after [`RENEWAL`]. `None`: the address has no TLS, or
/// does not answer, which another check reports.
async fn certificate(address: &str) -> Option<Check> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    handshake(host, port, Duration::ZERO).await.ok()?;
    let days = RENEWAL.as_secs() / 86_400;
    Some(match handshake(host, port, RENEWAL).await {
        Ok(()) => Check::ok("public-certificate", format!("valid for more than {days} days")),
        Err(_) => Check::warning(
            "public-certificate",
            format!("expires within {days} days"),
            "renew it; with cert-manager, look at the state of the Certificate",
        ),
    })
}

/// Clock that is this much ahead, so that a handshake fails for a certificate that expires until
/// then.
#[derive(Debug)]
struct Ahead(Duration);

impl TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + self.0))
    }
}

async fn handshake(host: &str, port: u16, ahead: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(Ahead(ahead)))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
    let connected = async {
        let stream = TcpStream::connect((host, port)).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    tokio::time::timeout(TIMEOUT, connected).await??;
    Ok(())
}
