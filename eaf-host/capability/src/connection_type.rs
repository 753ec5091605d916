//! Description of a capability's connections: the JSON Schemas of settings and secret, and the
//! form. It ensures that only usable settings are stored, and that no secret is in the settings,
//! which people see.

use crate::text::Locales;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

pub struct ConnectionType {
    /// JSON Schema of the connection's settings, which people see. It permits only the members that
    /// it names, so that a password cannot be written into the settings.
    pub config: Value,
    pub secret: Value,
    /// JSON members of `config` that may change while the stored secret stays. They determine
    /// neither where the secret is sent nor whose it is.
    pub non_routing_fields: &'static [&'static str],
    /// Names of the lists of choices that the provider offers: JSON members of `config`, and other
    /// words such as `template`.
    pub choices: &'static [&'static str],
    /// Fields of the connection's form, in the order of the form. Each is for one JSON member of
    /// `config`.
    pub fields: &'static [Field],
    /// Texts of the connection's form, by key: `name`, `lead`, `removal`, `trial` if
    /// [`Provider::test_with_effect`] has an effect, `fields.<name>.label`, `.hint` and
    /// `.options.<value>`, and `findings.<name>` for the results of a connection test.
    ///
    /// [`Provider::test_with_effect`]: crate::Provider::test_with_effect
    pub texts: &'static LazyLock<Locales>,
    /// Check of rules that a JSON Schema cannot express. It runs only if settings and secret match
    /// the schemas.
    pub validate: Validate,
}

/// Field of a connection's form, for one JSON member of `config`.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub input: Input,
    /// Whether the field may stay empty. The form then marks it as optional.
    pub optional: bool,
    /// Value that the field has in the form of a new connection; `None`: the field starts empty.
    pub initial: Option<&'static str>,
    /// Whether the form shows the field only for a login by access token.
    pub by_token: bool,
}

/// Kind of input element that the form shows for a field.
#[derive(Debug, Clone, Copy)]
pub enum Input {
    Text,
    Number,
    /// Input of several lines for certificates in PEM.
    Certificate,
    /// Choice of one of these values. If the empty value is chosen, `config` omits the JSON member.
    Choice(&'static [&'static str]),
}

impl Input {
    pub fn as_str(self) -> &'static str {
        match self {
            Input::Text => "text",
            Input::Number => "number",
            Input::Certificate => "certificate",
            Input::Choice(_) => "choice",
        }
    }
}

impl Field {
    pub const fn new(name: &'static str, input: Input) -> Self {
        Field { name, input, optional: false, initial: None, by_token: false }
    }

    pub const fn text(name: &'static str) -> Self {
        Field::new(name, Input::Text)
    }

    pub const fn optional(self) -> Self {
        Field { optional: true, ..self }
    }

    pub const fn initially(self, value: &'static str) -> Self {
        Field { initial: Some(value), ..self }
    }

    pub const fn by_token(self) -> Self {
        Field { by_token: true, ..self }
    }
}

/// Key of the text for one value of a choice field, such as `fields.auth.options.oauth2`. For the
/// empty value the key ends in `default`, because a TOML key cannot be empty.
pub fn option_key(field: &str, value: &str) -> String {
    let value = if value.is_empty() { "default" } else { value };
    format!("fields.{field}.options.{value}")
}

static NO_TEXTS: LazyLock<Locales> =
    LazyLock::new(|| Locales::load("", "").expect("the built-in texts are whole; a test holds it"));

/// Function that checks a connection's `config` and `secret`. The secret is `None` if the stored
/// secret stays.
pub type Validate = fn(&Value, Option<&Map<String, Value>>) -> Vec<Violation>;

/// Violation of a rule by one JSON member of a connection's settings or secret. Its code is one of
/// `errors[]` in `docs/errors.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer to the member in the document `{"config": …, "secret": …}`, such as
    /// `/config/url`.
    pub pointer: &'static str,
    pub code: &'static str,
}

impl ConnectionType {
    /// Description for a capability that has no connections. Its schemas refuse every connection.
    pub fn none() -> Self {
        ConnectionType {
            config: json!(false),
            secret: json!(false),
            non_routing_fields: &[],
            choices: &[],
            fields: &[],
            texts: &NO_TEXTS,
            validate: |_, _| Vec::new(),
        }
    }
}

/// JSON Schema of a string with at least one visible character.
pub fn text() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 1_000, "pattern": "\\S" })
}

/// Whether `pem` consists only of certificates in PEM. A private key is refused, because people see
/// the settings.
pub fn is_certificate(pem: &str) -> bool {
    !pem.contains("PRIVATE KEY")
        && reqwest::Certificate::from_pem_bundle(pem.as_bytes()).is_ok_and(|certificates| !certificates.is_empty())
}

/// Asserts that the form has exactly one field per JSON member of `config`. Also asserts that the
/// texts have a label for each field, and a text for each option and each finding of a connection
/// test, and no further text.
#[cfg(any(test, feature = "testing"))]
pub fn assert_form(kind: &ConnectionType, findings: &[&str]) {
    use std::collections::BTreeSet;
    let members: BTreeSet<&str> = kind.config["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let fields: BTreeSet<&str> = kind.fields.iter().map(|field| field.name).collect();
    assert_eq!((&fields, fields.len()), (&members, kind.fields.len()));
    let required = |name: &str| kind.config["required"].as_array().unwrap().iter().any(|member| member == name);
    assert!(kind.fields.iter().all(|field| !(field.optional && required(field.name))));
    assert!(kind.non_routing_fields.iter().all(|name| members.contains(name)));

    let mut expected: BTreeSet<String> = ["name", "lead", "removal"].map(Into::into).into();
    expected.extend(findings.iter().map(|name| format!("findings.{name}")));
    for field in kind.fields {
        expected.insert(format!("fields.{}.label", field.name));
        if let Input::Choice(values) = field.input {
            expected.extend(values.iter().map(|value| option_key(field.name, value)));
        }
    }
    let found: BTreeSet<String> =
        kind.texts.keys().filter(|key| !key.starts_with("failures.")).map(Into::into).collect();
    let mut optional: BTreeSet<String> = fields.iter().map(|name| format!("fields.{name}.hint")).collect();
    optional.insert("trial".into());
    assert_eq!(found.difference(&optional).cloned().collect::<BTreeSet<_>>(), expected);
}
