//! `eaf:mail`: mails to people of the tenant.

use super::bindings::eaf::mail::outbox::{Host, HostMailer, Recipient};
use super::bindings::eaf::workflow::flow::Failure;
use super::{Guest, Mailer, bytes, document};
use serde_json::{Value, json};
use wasmtime::component::Resource;

impl Host for Guest {
    async fn open(&mut self, grant: String) -> wasmtime::Result<Result<Resource<Mailer>, Failure>> {
        Guest::open(self, "mail", "outbox", grant).await
    }
}

impl HostMailer for Guest {
    async fn send(
        &mut self,
        this: Resource<Mailer>,
        template: String,
        to: Recipient,
        facts: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let args = arguments(template, to, &facts)?;
        Ok(self.call(&this, "send", args).await?.map(|value| bytes(&value)))
    }

    async fn send_while(
        &mut self,
        this: Resource<Mailer>,
        template: String,
        to: Recipient,
        facts: Vec<u8>,
        condition: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let mut args = arguments(template, to, &facts)?;
        args["condition"] = document(&condition, "the mail's condition")?;
        Ok(self.call(&this, "send-while", args).await?.map(|value| bytes(&value)))
    }

    async fn drop(&mut self, _this: Resource<Mailer>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn arguments(template: String, to: Recipient, facts: &[u8]) -> wasmtime::Result<Value> {
    let to = match to {
        Recipient::Actor(actor) => json!({"actor": actor}),
        Recipient::Holders((permission, except)) => json!({"holders": {"permission": permission, "except": except}}),
    };
    let facts = document(facts, "the mail's facts")?;
    Ok(json!({"template": template, "to": to, "facts": facts}))
}
