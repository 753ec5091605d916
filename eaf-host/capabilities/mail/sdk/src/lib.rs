//! Client of `eaf:mail`: workflows send mails to members of the tenant. A workflow names recipients
//! by actor id or by a reference to people, because names, addresses and languages stay in the
//! host.

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
    /// Recipient given by actor id. A mail to an actor id that is no member of the tenant fails.
    Actor(&'a str),
    /// Recipients given by a reference to people, such as all who hold a permission. The host
    /// resolves the reference when it sends the mail. A reference that resolves to no person is not
    /// a failure.
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
    /// Number of mails that failed, or of which it is unknown whether they arrived. The tenant's
    /// admins see the recipients.
    pub failed: u32,
    /// Whether some mails of the call were not sent because the mail's condition no longer held.
    #[serde(default)]
    pub skipped: bool,
}

/// Condition of a mail: a column of a view's row must still have a given value when the mail is
/// sent. Mails need conditions because a mail server can be unavailable for days. The column has
/// type text, integer or boolean.
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
    /// Creates the condition that, in the row of view `V` with the key `key`, the column `member`
    /// equals `equals`.
    ///
    /// # Panics
    /// If the view has no such column, which is a mistake in the package.
    pub fn on<V: View>(key: &'a str, member: &'static str, equals: impl Serialize) -> Self {
        assert!(V::COLUMNS.iter().any(|column| column.name == member), "{} has no column {member}", V::NAME);
        Condition { view: V::NAME, key, member, equals: json!(equals), after: None }
    }

    /// Restricts the recipients to people who already got a mail from `template`, sent by a
    /// workflow run with the same key.
    pub fn after(self, template: &'static str) -> Self {
        Condition { after: Some(template), ..self }
    }
}

pub struct Mailer(host::Mailer);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Mailer::open(grant).map(Mailer)
    }

    /// Sends a mail that is rendered from `template`, the name of a folder in the package's
    /// `mails/`, such as `request-failed`.
    pub fn send(&self, template: &str, to: Recipient, facts: &impl Serialize) -> Result<Sent, Failure> {
        decode(self.0.send(template, to, &encode(facts))?)
    }

    /// Sends one mail per recipient while the condition holds. Immediately before each mail, the
    /// host reads the view's row that the condition names.
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

    /// Asserts that Rust type `T` deserialises the example JSON document `name` of the mail
    /// capability and serialises to the same document. The tests of the mail provider read the same
    /// examples.
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
