//! Protection of the connection to PostgreSQL against eavesdropping and impersonation.
//!
//! Events, wrapped keys and passwords pass over that connection. The default of sqlx,
//! `sslmode=prefer`, may send them in clear and verifies no certificate.

use super::Error;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::net::IpAddr;
use std::str::FromStr;

/// Protection of the connection to PostgreSQL, as its URL demands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A Unix socket or a loopback address: no data leaves the machine.
    Local,
    /// TLS that verifies the server's certificate and name.
    Verified,
    /// No protection: a third party can read the traffic or impersonate the server.
    Open,
}

pub fn transport(url: &str) -> Result<Transport, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|cause| Error::Address { role: "the host", cause })?;
    Ok(match options.get_ssl_mode() {
        _ if options.get_socket().is_some() || is_local(options.get_host()) => Transport::Local,
        PgSslMode::VerifyFull => Transport::Verified,
        _ => Transport::Open,
    })
}

/// Host and port to which sqlx connects for this URL. The URL's parameters may override its host
/// and port. `None`: the URL names a Unix socket, or is not valid.
pub fn server(url: &str) -> Option<(String, u16)> {
    let options = PgConnectOptions::from_str(url).ok()?;
    let host = options.get_host();
    let is_socket = options.get_socket().is_some() || host.starts_with('/') || host.is_empty();
    (!is_socket).then(|| (host.to_owned(), options.get_port()))
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_name_makes_a_connection_safe_that_leaves_the_machine() {
        let over = |rest: &str| transport(&format!("postgres://eaf_app:s@{rest}")).unwrap();
        for local in ["localhost/eaf", "127.1.2.3:1/eaf", "[::1]:5432/eaf", "%2Frun%2Fpg/eaf", "db/eaf?host=/run/pg"] {
            assert_eq!(over(local), Transport::Local, "{local}");
        }
        assert_eq!(over("db.example/eaf?sslmode=verify-full"), Transport::Verified);
        for open in [
            "db/eaf",
            "db/eaf?sslmode=require",
            "db/eaf?sslmode=verify-ca",
            "db/eaf?sslmode=disable",
            "localhost/eaf?host=db",
            "localhost/eaf?hostaddr=10.0.0.7",
            "localhost.evil.example/eaf",
            "0.0.0.0/eaf",
        ] {
            assert_eq!(over(open), Transport::Open, "{open}");
        }
    }
}
