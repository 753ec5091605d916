//! Functions that a workflow component imports from `eaf:mail`: one Rust function per imported
//! function, so that the component imports only the functions that its workflows call.

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
        Recipient::People(people) => outbox::Recipient::People(outbox::People {
            permissions: people.permissions().to_vec(),
            groups: people.groups().to_vec(),
            managers_of: people.managers_of().to_vec(),
            actors: people.actors().to_vec(),
            except: people.excluded().to_vec(),
            must_hold: people.demanded().to_vec(),
            with_deputies: people.includes_deputies(),
        }),
    }
}
