//! Client of `eaf:mail`: mails to members of the tenant. A workflow names recipients by actor id or
//! by a reference to people, so that names, addresses and languages stay in the host.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(not(target_family = "wasm"))]
mod scripted;

#[cfg(target_family = "wasm")]
use imports as host;
#[cfg(not(target_family = "wasm"))]
use scripted as host;

use eaf_sdk::flow::{decode, encode};
use eaf_sdk::{Failure, People, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// Recipient given by actor id. A mail to an unknown person is a failure.
    Actor(&'a str),
    /// Recipients given by a reference to people, which the host resolves when the mail is sent. It
    /// is no failure if the reference means no one.
    People(People),
}

impl From<People> for Recipient<'_> {
    fn from(people: People) -> Self {
        Recipient::People(people)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub sent: u32,
    /// Number of recipients whose mail failed; the tenant's admins see which.
    pub failed: u32,
    /// Whether the condition no longer held, so that the remaining mails were not sent.
    #[serde(default)]
    pub skipped: bool,
}

/// Condition of a mail: a view's column that must still have a value when the mail is sent, since a
/// mail server can be unavailable for days. The column has type text, integer or boolean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition<'a> {
    view: &'static str,
    key: &'a str,
    member: &'static str,
    equals: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'static str>,
}

impl<'a> Condition<'a> {
    /// Creates the condition that the column `member` equals `equals` in the row of view `V` with
    /// the key `key`.
    ///
    /// # Panics If the view has no such column, which is a mistake in the package.
    pub fn on<V: View>(key: &'a str, member: &'static str, equals: impl Serialize) -> Self {
        assert!(V::COLUMNS.iter().any(|column| column.name == member), "{} has no column {member}", V::NAME);
        Condition { view: V::NAME, key, member, equals: json!(equals), after: None }
    }

    /// Restricts the recipients to those who got a mail from `template` in a run with the same key.
    pub fn after(self, template: &'static str) -> Self {
        Condition { after: Some(template), ..self }
    }
}

pub struct Mailer(host::Mailer);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Mailer::open(grant).map(Mailer)
    }

    /// Sends a mail from `template`, the name of a folder in the package's `mails/`.
    pub fn send(&self, template: &str, to: Recipient, facts: &impl Serialize) -> Result<Sent, Failure> {
        decode(self.0.send(template, to, &encode(facts))?)
    }

    /// Sends a mail to each recipient while the condition holds; the host reads the condition's row
    /// before each mail.
    pub fn send_while(
        &self,
        template: &str,
        to: Recipient,
        facts: &impl Serialize,
        condition: &Condition,
    ) -> Result<Sent, Failure> {
        decode(self.0.send_while(template, to, &encode(facts), &encode(condition))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::path::Path;

    /// Asserts that `T` reads a JSON document of the capability and writes the same document. The
    /// tests of the provider read these documents too.
    fn assert_round_trip<T: Serialize + DeserializeOwned>(name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents").join(name).with_extension("json");
        let text = std::fs::read_to_string(path).expect("the document is there");
        let document: Value = serde_json::from_str(&text).expect("the document is JSON");
        let typed: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(typed).expect("it serialises"), document, "{name}");
    }

    #[test]
    fn the_client_reads_and_writes_the_documents_of_the_capability_unchanged() {
        assert_round_trip::<Sent>("sent");
    }
}
