//! Form of the settings of a mail connection, as an admin enters them. The secret of a connection
//! without a login is the JSON object `{}`.

use super::address;
use super::config::{client_id, is_this_machine, is_token_url};
use eaf_capability::connection_type::{is_certificate, text};
use eaf_capability::text::Locales;
use eaf_capability::{ConnectionType, Field, Input, Violation};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static TEXTS: LazyLock<Locales> = LazyLock::new(|| {
    Locales::load(include_str!("connection_texts/de.toml"), include_str!("connection_texts/en.toml"))
        .expect("the built-in texts are whole; a test holds it")
});

const FIELDS: &[Field] = &[
    Field::text("host"),
    Field::new("port", Input::Number).initially("587"),
    Field::new("tls", Input::Choice(&["starttls", "tls", "none"])).initially("starttls"),
    // An empty or missing `auth` means a login by password.
    Field::new("auth", Input::Choice(&["", "oauth2"])),
    Field::text("token_url").by_token(),
    Field::text("client_id").by_token(),
    Field::text("scope").optional().by_token(),
    Field::text("username").optional(),
    Field::text("from"),
    Field::text("from_name").optional(),
    Field::text("reply_to").optional(),
    Field::text("ehlo_name").optional(),
    Field::new("mails_per_minute", Input::Number).optional(),
    Field::new("max_connections", Input::Number).optional(),
    Field::new("ca_certificate", Input::Certificate).optional(),
];

pub fn connection_type() -> ConnectionType {
    ConnectionType {
        config: json!({
            "type": "object",
            "required": ["host", "port", "tls", "from"],
            "additionalProperties": false,
            "properties": {
                "host": text(),
                "port": { "type": "integer", "minimum": 1, "maximum": u16::MAX },
                "tls": { "enum": ["none", "starttls", "tls"] },
                "username": optional(1_000),
                "auth": { "enum": ["password", "oauth2", null] },
                "token_url": optional(1_000),
                "client_id": optional(1_000),
                "scope": optional(1_000),
                "from": text(),
                "from_name": optional(1_000),
                "reply_to": optional(1_000),
                "ehlo_name": optional(253),
                "ca_certificate": optional(100_000),
                "mails_per_minute": { "type": ["integer", "null"], "minimum": 1, "maximum": 100_000 },
                "max_connections": { "type": ["integer", "null"], "minimum": 1, "maximum": 50 },
            },
        }),
        secret: json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "password": { "type": "string", "maxLength": 1_000 },
                "client_secret": { "type": "string", "maxLength": 1_000 },
            },
        }),
        non_routing_fields: &["from", "from_name", "reply_to", "ehlo_name", "mails_per_minute", "max_connections"],
        choices: &[],
        fields: FIELDS,
        texts: &TEXTS,
        validate,
    }
}

fn optional(longest: u32) -> Value {
    json!({ "type": ["string", "null"], "maxLength": longest })
}

fn validate(config: &Value, secret: Option<&Map<String, Value>>) -> Vec<Violation> {
    let text = |name: &str| config.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let login = text("username").is_some();
    let by_token = login && text("auth") == Some("oauth2");
    let proof = if by_token { "client_secret" } else { "password" };
    let has_proof = |secret: &Map<String, Value>| secret.get(proof).is_some_and(|text| text != "");
    let secret_pointer = if by_token { "/secret/client_secret" } else { "/secret/password" };
    [
        (text("from").is_some_and(|from| address::read(from).is_ok()), "/config/from", "format"),
        (text("reply_to").is_none_or(|to| address::read(to).is_ok()), "/config/reply_to", "format"),
        (text("ehlo_name").is_none_or(|name| client_id(name).is_ok()), "/config/ehlo_name", "format"),
        (text("ca_certificate").is_none_or(is_certificate), "/config/ca_certificate", "format"),
        (
            !login || text("tls") != Some("none") || text("host").is_some_and(is_this_machine),
            "/config/tls",
            "password-in-clear",
        ),
        (!by_token || text("token_url").is_some_and(is_token_url), "/config/token_url", "https"),
        (!by_token || text("client_id").is_some(), "/config/client_id", "required"),
        (!login || secret.is_none_or(has_proof), secret_pointer, "required"),
    ]
    .into_iter()
    .filter(|(holds, ..)| !holds)
    .map(|(_, pointer, code)| Violation { pointer, code })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use eaf_capability::connection_type::assert_form;

    #[test]
    fn the_form_and_its_texts_are_complete() {
        assert_form(&connection_type(), &["connection", "trial"]);
    }

    const LEAST: &str = r#"{"host": "mail.example.com", "port": 587, "tls": "starttls", "from": "cloud@example.com"}"#;

    fn with(change: Value) -> Value {
        let mut config: Value = serde_json::from_str(LEAST).unwrap();
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    }

    fn by_token(url: &str) -> Value {
        json!({"username": "eaf@example.com", "auth": "oauth2", "token_url": url, "client_id": "c"})
    }

    #[test]
    fn schema_and_provider_accept_the_same_settings() {
        let kind = connection_type();
        let schema = jsonschema::validator_for(&kind.config).unwrap();
        for (change, secret, good) in [
            (json!({}), json!({}), true),
            (json!({"username": ""}), json!({}), true),
            (json!({"username": "eaf"}), json!({"password": "p"}), true),
            (json!({"username": "eaf"}), json!({}), false),
            (json!({"username": "eaf"}), json!({"password": ""}), false),
            (json!({"username": "eaf", "tls": "none"}), json!({"password": "p"}), false),
            (json!({"username": "eaf", "tls": "none", "host": "::1"}), json!({"password": "p"}), true),
            (json!({"from": "nobody"}), json!({}), false),
            (json!({"port": 0}), json!({}), false),
            (json!({"port": 65536}), json!({}), false),
            (json!({"host": " "}), json!({}), false),
            (json!({"tls": "ssl"}), json!({}), false),
            (json!({"password": "canary"}), json!({}), false),
            (json!({"from": "cloud@müller.example", "reply_to": "desk@acme.example"}), json!({}), true),
            (json!({"reply_to": "desk"}), json!({}), false),
            (json!({"ehlo_name": "eaf.example.com", "mails_per_minute": 30, "max_connections": 3}), json!({}), true),
            (json!({"ehlo_name": "a b"}), json!({}), false),
            (json!({"mails_per_minute": 0}), json!({}), false),
            (by_token("https://login.example.com/token"), json!({"client_secret": "s"}), true),
            (by_token("https://login.example.com/token"), json!({"password": "s"}), false),
            (by_token("http://login.example.com/token"), json!({"client_secret": "s"}), false),
            (json!({"username": "eaf", "auth": "oauth2"}), json!({"client_secret": "s"}), false),
            (json!({"auth": "oauth2"}), json!({}), true),
        ] {
            let (config, secret) = (with(change), secret.as_object().unwrap());
            let stored = schema.is_valid(&config) && (kind.validate)(&config, Some(secret)).is_empty();
            assert_eq!((stored, Config::read(&config, secret).is_ok()), (good, good), "{config}");
        }
    }
}
