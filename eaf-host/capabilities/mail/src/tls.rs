//! TLS to a mail server: which certificates are trusted, and why a handshake failed.
//!
//! Trusted are the machine's certificate authorities, the authorities in the connection's setting
//! `ca_certificate`, and each certificate in that setting directly. Direct trust is needed because
//! appliances and Exchange sign their own certificates, which may be no authority's or lack a
//! usable name.

use super::config::Config;
use super::failure::configuration;
use super::wire::BoundedReader;
use crate::failure_code::Code;
use eaf_capability::Failure;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Codes of failures that occur during encryption. They show that a server answered at the address.
pub const ENCRYPTION: [Code; 9] = [
    Code::StarttlsNotOffered,
    Code::CertificateInvalid,
    Code::CertificateUnknown,
    Code::CertificateExpired,
    Code::CertificateOtherName,
    Code::CertificateRefused,
    Code::TlsTooOld,
    Code::TlsNotSpoken,
    Code::MailTlsFailed,
];

/// Starts TLS on the connection and verifies the mail server's certificate.
pub async fn secure(config: &Config, line: BoundedReader) -> Result<TlsStream<BoundedReader>, Failure> {
    let name = ServerName::try_from(config.host.clone())
        .map_err(|_| configuration(Code::ConnectionInvalid, "The mail connection's host is no host name.".into()))?;
    let connector = TlsConnector::from(client(config)?);
    connector.connect(name, line).await.map_err(|error| refused(config, &error))
}

fn client(config: &Config) -> Result<Arc<ClientConfig>, Failure> {
    let invalid = || {
        configuration(Code::CertificateInvalid, "The mail connection's `ca_certificate` is not a certificate.".into())
    };
    let pem = config.ca_certificate.as_deref().unwrap_or_default();
    let own: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let own: Vec<CertificateDer<'static>> = own.map_err(|_| invalid())?;
    if own.is_empty() && !pem.trim().is_empty() {
        return Err(invalid());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // A certificate that cannot be an authority is skipped here; it is still trusted directly.
    roots.add_parsable_certificates(own.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| configuration(Code::MailTlsFailed, "This host cannot speak TLS.".into()))?;
    let authorities = match WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build() {
        Ok(verifier) => Some(verifier),
        Err(_) if !own.is_empty() => None,
        Err(_) => return Err(configuration(Code::CertificateUnknown, "This machine trusts no authority.".into())),
    };
    let verifier = Arc::new(Trusted { authorities, own, provider });
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// Certificate verifier that accepts the certificates which [`WebPkiServerVerifier`] accepts, and
/// additionally each certificate in `own`.
#[derive(Debug)]
struct Trusted {
    /// Verifier of certificates that an authority signed; `None` if neither the machine nor the
    /// connection's settings name an authority.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    own: Vec<CertificateDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.own.iter().any(|own| own.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(verifier) => verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Failure that explains why a TLS handshake failed. Each cause that an admin repairs in another
/// way has its own code.
fn refused(config: &Config, error: &io::Error) -> Failure {
    let port = config.port;
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (code, message) = match cause {
        Some(rustls::Error::InvalidCertificate(cause)) => certificate(cause, &config.host),
        Some(rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ))
        | Some(rustls::Error::PeerIncompatible(_)) => (
            Code::TlsTooOld,
            "The mail server speaks only TLS that is too old: it needs TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or TLS 1.3."
                .into(),
        ),
        Some(rustls::Error::InvalidMessage(_)) => (
            Code::TlsNotSpoken,
            format!("The mail server does not begin with TLS on port {port}: set tls to starttls, or use port 465."),
        ),
        _ => (Code::MailTlsFailed, format!("No encrypted connection to port {port} of the mail server: check port and tls.")),
    };
    configuration(code, message)
}

fn certificate(cause: &CertificateError, host: &str) -> (Code, String) {
    match cause {
        CertificateError::UnknownIssuer => (
            Code::CertificateUnknown,
            "The mail server's certificate is from an authority that is not known here, or it signed itself.".into(),
        ),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => (
            Code::CertificateExpired,
            "The mail server's certificate is not valid at this time: it has expired.".into(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Code::CertificateOtherName, format!("The mail server's certificate is not for the name {host}."))
        }
        _ => (Code::CertificateRefused, "The mail server's certificate cannot be trusted as it is.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    #[test]
    fn causes_with_different_repairs_have_different_codes() {
        let document = json!({"host": "mail.acme.example", "port": 587, "tls": "starttls", "from": "a@acme.example"});
        let config = Config::read(&document, &Map::new()).unwrap();
        for (cause, code) in [
            (CertificateError::UnknownIssuer.into(), "certificate-unknown"),
            (CertificateError::Expired.into(), "certificate-expired"),
            (CertificateError::NotValidYet.into(), "certificate-expired"),
            (CertificateError::NotValidForName.into(), "certificate-other-name"),
            (CertificateError::BadEncoding.into(), "certificate-refused"),
            (rustls::Error::AlertReceived(AlertDescription::ProtocolVersion), "tls-too-old"),
            (rustls::Error::AlertReceived(AlertDescription::HandshakeFailure), "tls-too-old"),
            (rustls::PeerIncompatible::NoCipherSuitesInCommon.into(), "tls-too-old"),
            (rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "tls-not-spoken"),
            (rustls::Error::AlertReceived(AlertDescription::InternalError), "mail-tls-failed"),
        ] {
            let cause: rustls::Error = cause;
            assert_eq!(refused(&config, &io::Error::other(cause.clone())).code, code, "{cause:?}");
        }
        assert_eq!(refused(&config, &io::ErrorKind::UnexpectedEof.into()).code, "mail-tls-failed");
    }
}
