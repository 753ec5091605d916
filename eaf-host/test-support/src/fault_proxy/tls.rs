//! TLS on both sides of the proxy, with the certificate and CA of the simulator.

use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl Tls {
    /// Reads certificate and keys from a directory with `ca.pem`, `server.pem` and `server-key.pem`
    /// for localhost.
    pub fn from_dir(dir: &Path) -> io::Result<Tls> {
        let certificate = CertificateDer::from_pem_file(dir.join("server.pem")).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_file(dir.join("server-key.pem")).map_err(io::Error::other)?;
        let ca = CertificateDer::from_pem_file(dir.join("ca.pem")).map_err(io::Error::other)?;
        let mut roots = RootCertStore::empty();
        roots.add(ca).map_err(io::Error::other)?;
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(io::Error::other)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Tls { acceptor: Arc::new(server).into(), connector: Arc::new(client).into() })
    }

    pub(super) async fn accept(&self, client: TcpStream) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.acceptor.accept(client).await?))
    }

    pub(super) async fn connect(&self, server: TcpStream) -> io::Result<Box<dyn Stream>> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        Ok(Box::new(self.connector.connect(name, server).await?))
    }
}
