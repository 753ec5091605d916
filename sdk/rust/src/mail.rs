//! Mails to people of the tenant, named by id or permission: names, addresses and languages stay in the host.

use crate::flow::{decode, encode};
use crate::host;
use crate::view::View;
use crate::workflow::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// One person, by actor id.
    Actor(&'a str),
    /// Everyone who holds this permission of the plugin, except one person.
    HoldersExcept {
        permission: &'a str,
        except: &'a str,
    },
    Holders {
        permission: &'a str,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub sent: u32,
    /// Refused recipients; the tenant's admins see them.
    pub failed: u32,
    /// Was a mail left out because its condition no longer held?
    #[serde(default)]
    pub skipped: bool,
}

/// A column of a row that must still equal a value when the mail is sent, which may be a day later:
/// the mail server may be away. The column is a text, an integer or a boolean.
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
    /// # Panics
    /// When the view has no such column, which is a mistake in the package.
    pub fn on<V: View>(key: &'a str, member: &'static str, equals: impl Serialize) -> Self {
        assert!(V::COLUMNS.iter().any(|column| column.name == member), "{} has no column {member}", V::NAME);
        Condition { view: V::NAME, key, member, equals: json!(equals), after: None }
    }

    /// Of those who hold a permission only they are told who got this mail about the same thing.
    pub fn after(self, template: &'static str) -> Self {
        Condition { after: Some(template), ..self }
    }
}

pub struct Mailer(host::Mailer);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        host::Mailer::open(grant).map(Mailer)
    }

    /// `template` is a folder in the package's `mails/`.
    pub fn send(&self, template: &str, to: Recipient, facts: &impl Serialize) -> Result<Sent, Failure> {
        decode(self.0.send(template, to, &encode(facts))?)
    }

    /// Sends only while the condition holds; the host reads the row before each mail.
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
