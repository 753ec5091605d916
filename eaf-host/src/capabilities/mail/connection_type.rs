//! What an admin may set for a connection to a mail server. A server without a login needs no secret: `{}`.

use super::config::is_this_machine;
use crate::capabilities::connection_type::{is_certificate, text};
use crate::capabilities::{ConnectionType, Flaw};
use lettre::Address;
use serde_json::{Map, Value, json};

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
                "username": { "type": ["string", "null"], "maxLength": 1_000 },
                "from": text(),
                "from_name": { "type": ["string", "null"], "maxLength": 1_000 },
                "ca_certificate": { "type": ["string", "null"], "maxLength": 100_000 },
            },
        }),
        secret: json!({
            "type": "object",
            "additionalProperties": false,
            "properties": { "password": { "type": "string", "maxLength": 1_000 } },
        }),
        harmless: &["from", "from_name"],
        flaws,
    }
}

fn flaws(config: &Value, secret: Option<&Map<String, Value>>) -> Vec<Flaw> {
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    let login = text("username").is_some_and(|name| !name.is_empty());
    let password = |secret: &Map<String, Value>| secret.get("password").is_some_and(|password| password != "");
    [
        (text("from").is_some_and(|from| from.parse::<Address>().is_ok()), "/config/from", "format"),
        (text("ca_certificate").is_none_or(is_certificate), "/config/ca_certificate", "format"),
        (
            !login || text("tls") != Some("none") || text("host").is_some_and(is_this_machine),
            "/config/tls",
            "password-in-clear",
        ),
        (!login || secret.is_none_or(password), "/secret/password", "required"),
    ]
    .into_iter()
    .filter(|(holds, ..)| !holds)
    .map(|(_, pointer, code)| Flaw { pointer, code })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::mail::config::Config;

    const LEAST: &str = r#"{"host": "mail.example.com", "port": 587, "tls": "starttls", "from": "cloud@example.com"}"#;

    fn with(change: Value) -> Value {
        let mut config: Value = serde_json::from_str(LEAST).unwrap();
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    }

    /// The provider must be able to read everything that is stored, and nothing that it could not is.
    #[test]
    fn what_is_stored_is_what_the_provider_reads() {
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
        ] {
            let (config, secret) = (with(change), secret.as_object().unwrap());
            let stored = schema.is_valid(&config) && (kind.flaws)(&config, Some(secret)).is_empty();
            assert_eq!((stored, Config::read(&config, secret).is_ok()), (good, good), "{config}");
        }
    }
}
