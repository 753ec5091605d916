//! What a capability's connections look like, so that only what can work is stored, and nothing secret where it is shown.

use serde_json::{Map, Value, json};

pub struct ConnectionType {
    /// JSON Schemas. `config` is shown to people: it names every member and allows no other, so that nobody writes a
    /// password into it.
    pub config: Value,
    pub secret: Value,
    /// Members of `config` that may change while the stored secret is kept: they do not say where it is sent or whose it is.
    pub harmless: &'static [&'static str],
    /// What the provider lists for a form to choose from: members of `config`, and other words.
    pub choices: &'static [&'static str],
    /// What the schemas cannot say; asked only when they hold. Without a secret the stored one is kept.
    pub flaws: Flaws,
}

/// Asked with config and, unless the stored one is kept, secret.
pub type Flaws = fn(&Value, Option<&Map<String, Value>>) -> Vec<Flaw>;

/// What is wrong with one member. The code is one of those of `errors[]` in `docs/errors.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Into `{"config": …, "secret": …}`.
    pub pointer: &'static str,
    pub code: &'static str,
}

impl ConnectionType {
    /// Of a capability without connections: every one is refused.
    pub fn none() -> Self {
        ConnectionType {
            config: json!(false),
            secret: json!(false),
            harmless: &[],
            choices: &[],
            flaws: |_, _| Vec::new(),
        }
    }
}

/// A text with something in it.
pub fn text() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 1_000, "pattern": "\\S" })
}

/// PEM, and no key beside the certificate, because it is shown.
pub fn is_certificate(pem: &str) -> bool {
    !pem.contains("PRIVATE KEY")
        && reqwest::Certificate::from_pem_bundle(pem.as_bytes()).is_ok_and(|certificates| !certificates.is_empty())
}
