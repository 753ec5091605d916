//! What a tenant admin sets for a mail connection.
//!
//! ```json
//! {"host": "smtp.example.com", "port": 587, "tls": "starttls", "username": "eaf",
//!  "from": "cloud@example.com", "from_name": "Acme Cloud", "ca_certificate": "-----BEGIN CERTIFICATE-----…"}
//! ```
//!
//! `username`, `from_name` and `ca_certificate` (a private certificate authority, PEM) may be absent. The secret is `{"password": "…"}`.

use super::failure::configuration;
use crate::capabilities::Failure;
use lettre::Address;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// For a server on the same machine or a trusted network. A password is sent this way to the same machine only.
    None,
    /// The connection begins in clear and must be upgraded; a server that cannot is refused.
    Starttls,
    /// Encrypted from the first byte, usually on port 465.
    #[serde(rename = "tls")]
    Implicit,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    host: String,
    port: u16,
    tls: Tls,
    #[serde(default)]
    username: Option<String>,
    from: String,
    #[serde(default)]
    from_name: Option<String>,
    #[serde(default)]
    ca_certificate: Option<String>,
}

/// A connection that makes sense. Not `Debug`: it holds the password.
#[derive(Clone)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<Login>,
    pub from: Address,
    pub from_name: String,
    pub ca_certificate: Option<String>,
}

#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub password: String,
}

impl Config {
    pub fn read(config: &Value, secret: &Map<String, Value>) -> Result<Self, Failure> {
        let document = Document::deserialize(config).map_err(|cause| {
            configuration("connection-invalid", format!("The mail connection is incomplete: {cause}."))
        })?;
        if document.host.trim().is_empty() || document.port == 0 {
            return Err(configuration("connection-invalid", "The mail connection needs a host and a port.".into()));
        }
        let from: Address = document.from.parse().map_err(|_| {
            configuration("sender-invalid", "The sender of the mail connection is not a mail address.".into())
        })?;
        let login = login(document.username, secret)?;
        if login.is_some() && document.tls == Tls::None && !is_this_machine(&document.host) {
            return Err(configuration(
                "password-in-clear",
                "The mail connection would send its password unencrypted: set tls to starttls or tls.".into(),
            ));
        }
        Ok(Config {
            host: document.host,
            port: document.port,
            tls: document.tls,
            login,
            from,
            from_name: document.from_name.unwrap_or_default(),
            ca_certificate: document.ca_certificate,
        })
    }
}

fn login(username: Option<String>, secret: &Map<String, Value>) -> Result<Option<Login>, Failure> {
    let Some(username) = username.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let password = secret.get("password").and_then(Value::as_str).filter(|password| !password.is_empty());
    match password {
        Some(password) => Ok(Some(Login { username, password: password.to_owned() })),
        None => Err(configuration("password-missing", "The mail connection has a user name and no password.".into())),
    }
}

pub fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(change: Value, secret: Value) -> Result<Config, Failure> {
        let mut config =
            json!({"host": "mail.example.com", "port": 587, "tls": "starttls", "from": "cloud@example.com"});
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        Config::read(&config, secret.as_object().unwrap())
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence_without_values() {
        let secret = json!({"password": "canary-password"});
        for (change, code) in [
            (json!({"port": "x"}), "connection-invalid"),
            (json!({"hots": "x"}), "connection-invalid"),
            (json!({"host": " "}), "connection-invalid"),
            (json!({"from": "nobody\r\nRCPT TO:<x@y.z>"}), "sender-invalid"),
            (json!({"tls": "none", "username": "eaf"}), "password-in-clear"),
        ] {
            let failure = read(change, secret.clone()).err().expect("refused");
            assert_eq!(failure.code, code);
            assert!(!failure.message.contains("canary-password"), "{}", failure.message);
        }
        let failure = read(json!({"username": "eaf"}), json!({})).err().expect("refused");
        assert_eq!(failure.code, "password-missing");
    }

    #[test]
    fn a_password_in_clear_stays_on_this_machine() {
        let secret = json!({"password": "p"});
        assert!(read(json!({"tls": "none", "username": "eaf", "host": "127.0.0.1"}), secret.clone()).is_ok());
        assert!(read(json!({"tls": "none", "host": "mail.example.com"}), secret).is_ok(), "no login, no password");
    }
}
