//! Settings of a mail connection, as a tenant admin enters them.
//!
//! ```json
//! {"host": "smtp.example.com", "port": 587, "tls": "starttls", "username": "eaf",
//!  "from": "cloud@example.com", "from_name": "Acme Cloud", "reply_to": "desk@example.com",
//!  "ehlo_name": "eaf.example.com", "ca_certificate": "-----BEGIN CERTIFICATE-----…",
//!  "mails_per_minute": 30, "max_connections": 3}
//! ```
//!
//! Mandatory are `host`, `port`, `tls` and `from`. With a user name the secret is `{"password":
//! "…"}`, or with `"auth": "oauth2"`, `token_url`, `client_id` and `scope` it is `{"client_secret":
//! "…"}`: the host then fetches a token and logs in by XOAUTH2.

use super::address;
use super::failure::configuration;
use crate::failure_code::Code;
use eaf_capability::Failure;
use eaf_core::connection::Connection;
use lettre::Address;
use lettre::transport::smtp::extension::ClientId;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::IpAddr;
use time::OffsetDateTime;

/// Default of the setting `max_connections`: SMTP sessions that one host may have open at once.
const CONNECTIONS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// No encryption, for a mail server on the same machine or in a trusted network. The host sends
    /// a password in clear only to a mail server on the same machine.
    None,
    /// Encryption by STARTTLS: the SMTP session starts in clear and is then encrypted. A server
    /// without STARTTLS is refused.
    Starttls,
    /// Encryption of the SMTP session from the first byte, usually on port 465.
    #[serde(rename = "tls")]
    Implicit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    #[default]
    Password,
    OAuth2,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    host: String,
    port: u16,
    tls: Tls,
    username: Option<String>,
    auth: Option<Auth>,
    token_url: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
    from: String,
    from_name: Option<String>,
    reply_to: Option<String>,
    ehlo_name: Option<String>,
    ca_certificate: Option<String>,
    mails_per_minute: Option<u32>,
    max_connections: Option<u32>,
}

/// Valid settings of a mail connection, with the secret. The type has no `Debug`, because it
/// contains the password.
#[derive(Clone)]
pub struct Config {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<Login>,
    pub from: Address,
    pub from_name: String,
    pub reply_to: Option<Address>,
    /// Name by which this host introduces itself in the SMTP command EHLO.
    pub ehlo: ClientId,
    pub ca_certificate: Option<String>,
    /// Maximum number of mails per minute that all hosts together send over this connection;
    /// `None`: no limit.
    pub mails_per_minute: Option<u32>,
    /// Maximum number of SMTP sessions that one host may have open at once over this connection.
    pub max_connections: usize,
    /// Time when an admin stored the settings; `None` for a draft.
    pub set_at: Option<OffsetDateTime>,
}

/// User name at the mail server, with the password or token request that proves it.
#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub proof: Proof,
}

#[derive(Clone)]
pub enum Proof {
    Password(String),
    /// Login by XOAUTH2 with an access token, which the host requests by the client credentials
    /// grant of OAuth 2 (RFC 6749, section 4.4).
    Token(TokenRequest),
}

/// Request for an access token, sent to an OAuth 2 token endpoint with the client's id and secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    pub url: String,
    pub client_id: String,
    pub client_secret: String,
    pub scope: String,
}

impl Config {
    pub fn of(connection: &Connection) -> Result<Self, Failure> {
        let config = Config::read(&connection.config, &connection.secret)?;
        Ok(Config { set_at: connection.set_at, ..config })
    }

    pub fn read(config: &Value, secret: &Map<String, Value>) -> Result<Self, Failure> {
        let document = Document::deserialize(config).map_err(|cause| {
            configuration(Code::ConnectionInvalid, format!("The mail connection is incomplete: {cause}."))
        })?;
        if document.host.trim().is_empty() || document.port == 0 {
            return Err(configuration(Code::ConnectionInvalid, "The mail connection needs a host and a port.".into()));
        }
        if [document.mails_per_minute, document.max_connections].contains(&Some(0)) {
            return Err(configuration(
                Code::ConnectionInvalid,
                "A mail connection with a limit of 0 sends nothing.".into(),
            ));
        }
        let from = sender(&document.from)?;
        let reply_to = filled(&document.reply_to).map(sender).transpose()?;
        let ehlo = match filled(&document.ehlo_name) {
            Some(name) => client_id(name)?,
            None => ClientId::Domain(from.domain().to_owned()),
        };
        let login = login(&document, secret)?;
        if login.is_some() && document.tls == Tls::None && !is_this_machine(&document.host) {
            return Err(configuration(
                Code::PasswordInClear,
                "The mail connection would send its password unencrypted: set tls to starttls or tls.".into(),
            ));
        }
        Ok(Config {
            host: document.host.trim().to_owned(),
            port: document.port,
            tls: document.tls,
            login,
            from,
            from_name: document.from_name.unwrap_or_default(),
            reply_to,
            ehlo,
            ca_certificate: document.ca_certificate,
            mails_per_minute: document.mails_per_minute,
            max_connections: document.max_connections.map_or(CONNECTIONS, |most| (most as usize).clamp(1, 50)),
            set_at: None,
        })
    }
}

fn sender(text: &str) -> Result<Address, Failure> {
    address::read(text).map_err(|_| {
        configuration(Code::SenderInvalid, "The sender of the mail connection is not a mail address.".into())
    })
}

/// Parses the host name or IP address by which this host names itself in the SMTP command EHLO.
pub fn client_id(name: &str) -> Result<ClientId, Failure> {
    match name.parse() {
        Ok(IpAddr::V4(address)) => return Ok(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => return Ok(ClientId::Ipv6(address)),
        Err(_) => {}
    }
    let invalid =
        |_| configuration(Code::ConnectionInvalid, "The mail connection's `ehlo_name` is no host name.".into());
    address::domain(name).map(ClientId::Domain).map_err(invalid)
}

fn login(document: &Document, secret: &Map<String, Value>) -> Result<Option<Login>, Failure> {
    let Some(username) = filled(&document.username) else {
        return Ok(None);
    };
    let secret = |name: &str| {
        let text = secret.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or_else(|| {
            configuration(Code::PasswordMissing, "The mail connection has a user name and no password.".into())
        })
    };
    let proof = match document.auth.unwrap_or_default() {
        Auth::Password => Proof::Password(secret("password")?),
        Auth::OAuth2 => Proof::Token(TokenRequest {
            url: token_url(document)?,
            client_id: needed(&document.client_id)?,
            client_secret: secret("client_secret")?,
            scope: filled(&document.scope).unwrap_or_default().to_owned(),
        }),
    };
    Ok(Some(Login { username: username.to_owned(), proof }))
}

fn needed(text: &Option<String>) -> Result<String, Failure> {
    let missing =
        || configuration(Code::ConnectionInvalid, "A log-in by token needs `token_url` and `client_id`.".into());
    filled(text).map(str::to_owned).ok_or_else(missing)
}

fn token_url(document: &Document) -> Result<String, Failure> {
    let url = needed(&document.token_url)?;
    if is_token_url(&url) {
        return Ok(url);
    }
    Err(configuration(Code::ConnectionInvalid, "The `token_url` of the mail connection begins with https://.".into()))
}

/// Whether the host may send an OAuth 2 client secret to `url`: yes over HTTPS, or over HTTP to the
/// same machine. A URL with a user name or a password is refused.
pub fn is_token_url(url: &str) -> bool {
    let Ok(parsed) = reqwest::Url::parse(url) else { return false };
    let has_password = parsed.password().is_some() || !parsed.username().is_empty();
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    !has_password && (parsed.scheme() == "https" || (parsed.scheme() == "http" && is_this_machine(host)))
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
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
    fn an_error_of_the_settings_is_one_sentence_without_values() {
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

    #[test]
    fn ehlo_has_the_configured_name_or_the_senders_domain_in_ascii() {
        let hello = |change| read(change, json!({})).unwrap().ehlo.to_string();
        assert_eq!(hello(json!({})), "example.com");
        assert_eq!(hello(json!({"from": "cloud@müller.example"})), "xn--mller-kva.example");
        assert_eq!(hello(json!({"ehlo_name": "eaf.müller.example"})), "eaf.xn--mller-kva.example");
        assert_eq!(hello(json!({"ehlo_name": "192.0.2.7"})), "[192.0.2.7]");
        assert_eq!(hello(json!({"ehlo_name": "2001:db8::7"})), "[IPv6:2001:db8::7]");
        let failure = read(json!({"ehlo_name": "a b\r\nMAIL FROM:<x@y>"}), json!({})).err().expect("refused");
        assert_eq!(failure.code, "connection-invalid");
    }

    #[test]
    fn a_client_secret_is_never_sent_in_clear() {
        let with = |url: &str| {
            let change = json!({"username": "eaf@example.com", "auth": "oauth2", "client_id": "c", "token_url": url});
            read(change, json!({"client_secret": "s"})).is_ok()
        };
        assert!(with("https://login.example.com/t/oauth2/v2.0/token"));
        assert!(with("http://127.0.0.1:9999/token") && with("http://[::1]:9999/token"));
        assert!(!with("http://login.example.com/token") && !with("https://a:b@login.example.com/") && !with("login"));
    }
}
