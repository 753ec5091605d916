//! Imports of `eaf:mail`: one Rust function per imported function, so that a component imports only
//! those that its workflows call.

use super::Recipient;
use eaf_sdk::Failure;
use eaf_sdk::bindings::workflow::eaf::mail::outbox;

type Bytes = Vec<u8>;

pub struct Mailer(outbox::Mailer);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        Ok(Mailer(outbox::open(grant)?))
    }

    pub fn send(&self, template: &str, to: Recipient, facts: &[u8]) -> Result<Bytes, Failure> {
        Ok(self.0.send(template, &recipient(to), facts)?)
    }

    pub fn send_while(&self, template: &str, to: Recipient, facts: &[u8], condition: &[u8]) -> Result<Bytes, Failure> {
        Ok(self.0.send_while(template, &recipient(to), facts, condition)?)
    }
}

fn recipient(to: Recipient) -> outbox::Recipient {
    match to {
        Recipient::Actor(id) => outbox::Recipient::Actor(id.into()),
        Recipient::Holders { permission } => holders(permission, ""),
        Recipient::HoldersExcept { permission, except } => holders(permission, except),
    }
}

fn holders(permission: &str, except: &str) -> outbox::Recipient {
    outbox::Recipient::Holders(outbox::Holders { permission: permission.into(), except: except.into() })
}
