//! Addresses of this installation's own services, such as its database. The egress policy guards
//! them against connections of tenants.

use crate::config::Config;
use eaf_capability::egress::Service;
use eaf_core::db;
use openidconnect::url::Url;

pub fn of(config: &Config) -> Vec<Service> {
    let database = &config.database;
    let urls = [
        ("database", Some(&database.app_url)),
        ("database", Some(&database.direct_url)),
        ("database", Some(&database.platform_url)),
        ("database", database.migrate_url.as_ref()),
        ("identity provider", Some(&config.identity.issuer)),
        ("public address", Some(&config.http.public_url)),
    ];
    let mut services: Vec<Service> = Vec::new();
    for (what, url) in urls {
        let service = url.and_then(|url| service(what, url));
        services.extend(service.filter(|service| !services.contains(service)));
    }
    let listen = config.http.listen;
    services.push(Service { what: "API", host: listen.ip().to_string(), port: listen.port() });
    services
}

/// Host and port of the server that a URL names. `None`: the URL names no server, such as that of a
/// database on a local socket.
fn service(what: &'static str, url: &str) -> Option<Service> {
    if url.starts_with("postgres") {
        return db::server(url).map(|(host, port)| Service { what, host, port });
    }
    let url = Url::parse(url).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(Service { what, host: host.to_owned(), port: url.port_or_known_default()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_the_host_and_port_of_its_url() {
        let at = |url: &str| service("x", url).map(|service| (service.host, service.port));
        assert_eq!(at("postgres://u:p@db.internal/eaf"), Some(("db.internal".into(), 5432)));
        assert_eq!(at("postgresql://u:p@[fd00::5]:6432/eaf"), Some(("[fd00::5]".into(), 6432)));
        assert_eq!(at("https://id.example/realms/eaf"), Some(("id.example".into(), 443)));
        assert_eq!(at("postgres:///eaf?host=/run/postgresql"), None);
        assert_eq!(at("postgres:///eaf?host=db.internal&port=6432"), Some(("db.internal".into(), 6432)));
    }
}
