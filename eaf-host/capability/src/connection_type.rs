//! What a capability's connections look like, so that only what can work is stored, and nothing secret where it is shown.

use crate::text::Locales;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

pub struct ConnectionType {
    /// JSON Schemas. `config` is shown to people: it names every member and allows no other, so that nobody writes a
    /// password into it.
    pub config: Value,
    pub secret: Value,
    /// Members of `config` that may change while the stored secret is kept: they do not say where it is sent or whose it is.
    pub harmless: &'static [&'static str],
    /// What the provider lists for a form to choose from: members of `config`, and other words.
    pub choices: &'static [&'static str],
    /// The form in which people set `config`, in its order.
    pub fields: &'static [Field],
    /// What people read: `name`, `lead`, `removal`, `trial` where [`Provider::test_with_effect`] does something,
    /// `fields.<name>.label`, `.hint` and `.options.<value>`, and `findings.<name>` for the words of
    /// a test.
    ///
    /// [`Provider::test_with_effect`]: crate::Provider::test_with_effect
    pub texts: &'static LazyLock<Locales>,
    /// What the schemas cannot say; asked only when they hold. Without a secret the stored one is kept.
    pub flaws: Flaws,
}

/// One member of `config` in the form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub input: Input,
    /// Whether the form says that it may be left out.
    pub optional: bool,
    /// What a new connection begins with.
    pub initial: Option<&'static str>,
    /// Whether the form shows it only where the log-in is by token.
    pub by_token: bool,
}

/// How a member is typed.
#[derive(Debug, Clone, Copy)]
pub enum Input {
    Text,
    Number,
    /// PEM, of several lines.
    Certificate,
    /// One of these values; an empty one leaves the member out.
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

/// The key of an option's text; TOML has no empty key.
pub fn option_key(field: &str, value: &str) -> String {
    let value = if value.is_empty() { "default" } else { value };
    format!("fields.{field}.options.{value}")
}

static NO_TEXTS: LazyLock<Locales> =
    LazyLock::new(|| Locales::load("", "").expect("the built-in texts are whole; a test holds it"));

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
            fields: &[],
            texts: &NO_TEXTS,
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

/// Checks that the form has one field for each member of `config`, and that the texts have a label
/// for each field, a text for each option and each word of a test, and nothing besides.
#[cfg(any(test, feature = "testing"))]
pub fn assert_form(kind: &ConnectionType, findings: &[&str]) {
    use std::collections::BTreeSet;
    let members: BTreeSet<&str> = kind.config["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let fields: BTreeSet<&str> = kind.fields.iter().map(|field| field.name).collect();
    assert_eq!((&fields, fields.len()), (&members, kind.fields.len()));
    let required = |name: &str| kind.config["required"].as_array().unwrap().iter().any(|member| member == name);
    assert!(kind.fields.iter().all(|field| !(field.optional && required(field.name))));
    assert!(kind.harmless.iter().all(|name| members.contains(name)));

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
