//! Mails to people of the tenant, named by id or permission: names, addresses and languages stay in the host.

use crate::flow::{decode, encode};
use crate::host;
use crate::workflow::Failure;
use serde::{Deserialize, Serialize};

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
}
