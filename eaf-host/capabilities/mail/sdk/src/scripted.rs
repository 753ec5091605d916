//! Replacements of the imported functions of `eaf:mail` in native tests of workflows. The test's
//! script gives the answer to each call.

use super::Recipient;
use eaf_sdk::Failure;
use eaf_sdk::host::{bytes, value};
use eaf_sdk::testing::script::{ask, ask_or};
use serde_json::{Value, json};

type Bytes = Vec<u8>;

pub struct Mailer(String);

impl Mailer {
    pub fn open(grant: &str) -> Result<Self, Failure> {
        ask("mail.open", json!({ "grant": grant })).map(|_| Mailer(grant.into()))
    }

    pub fn send(&self, template: &str, to: Recipient, facts: &[u8]) -> Result<Bytes, Failure> {
        ask_or("mail.send", self.arguments(template, to, facts), one_sent()).map(|answer| bytes(&answer))
    }

    pub fn send_while(&self, template: &str, to: Recipient, facts: &[u8], condition: &[u8]) -> Result<Bytes, Failure> {
        let mut args = self.arguments(template, to, facts);
        args["condition"] = value(condition);
        ask_or("mail.send-while", args, one_sent()).map(|answer| bytes(&answer))
    }

    fn arguments(&self, template: &str, to: Recipient, facts: &[u8]) -> Value {
        let to = match to {
            Recipient::Actor(id) => json!({ "actor": id }),
            Recipient::People(people) => json!({ "people": people }),
        };
        json!({ "grant": self.0, "template": template, "to": to, "facts": value(facts) })
    }
}

/// Answer to a mail (one mail sent, none failed) for test scripts that define no answer.
fn one_sent() -> Value {
    json!({ "sent": 1, "failed": 0 })
}
