//! Mails to people of the tenant, over SMTP.
//!
//! | file | what |
//! |---|---|
//! | [`config`] | what a tenant admin sets for a connection |
//! | [`connection_type`] | what of that is stored, and what refused |
//! | [`message`], [`address`] | headers and both bodies as bytes |
//! | [`wire`], [`tls`] | the connection, within a bound and with a server that is trusted |
//! | [`token`] | a log-in without a password |
//! | [`reach`] | which servers and how many log-ins the deployment allows |
//! | [`smtp`], [`reply`] | the conversation with the server, and what it said to each mail |
//! | [`send`] | who gets one, under which id, and what is written down |
//! | [`delivery`] | one mail after the other, and what keeps the others waiting |
//! | [`schedule`], [`limits`] | when a mail is tried again, and how many conversations there may be |
//! | [`check`] | whether a connection is usable, and a mail for trial |
//! | [`condition`] | whether a mail still fits when it is about to be sent |
//! | [`office`], [`core_office`] | directory, connections and mail log, as `send` needs them |
//!
//! A refused recipient is recorded for the tenant's admins and fails nothing. Addresses and subjects are never logged.

mod address;
mod check;
mod condition;
mod config;
mod connection_type;
mod core_office;
mod delivery;
mod failure;
mod limits;
mod message;
mod office;
mod reach;
mod reply;
mod schedule;
mod send;
mod smtp;
mod tls;
mod token;
mod wire;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use check::Tested;
use eaf_capability::egress::{Policy, Purpose};
use eaf_capability::{
    Call, ConnectionType, Failure, Logins, Packages, Polled, Provider, Registration, Report, Started,
};
use eaf_core::connection::Connection;
use eaf_core::id::{ActorId, TenantId};
use limits::Limits;
use office::Office;
use reach::Reach;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Mail servers.
pub static MAIL: Purpose = Purpose { name: "mail", ports: &[25, 465, 587, 2525] };
/// Where a mail connection fetches its OAuth 2 tokens.
pub static MAIL_TOKEN: Purpose = Purpose { name: "mail-token", ports: &[443] };

inventory::submit! { &MAIL }
inventory::submit! { &MAIL_TOKEN }
inventory::submit! {
    Registration { name: "mail", make: |parts| {
        Arc::new(Mail {
            office: Arc::new(core_office::CoreOffice { core: parts.core.clone() }),
            packages: parts.packages.clone(),
            public_url: parts.public_url.clone(),
            tokens: token::Tokens::default(),
            limits: Limits::default(),
            deadlines: smtp::PATIENT,
            egress: parts.egress.clone(),
            logins: parts.logins.clone(),
            contact: CONTACT,
        })
    } }
}

struct Mail {
    office: Arc<dyn Office>,
    packages: Arc<dyn Packages>,
    public_url: String,
    tokens: token::Tokens,
    limits: Limits,
    deadlines: smtp::Deadlines,
    egress: Arc<Policy>,
    logins: Arc<Logins>,
    /// How long the first contact may take in a test.
    contact: Duration,
}

/// Longer than a vCenter's: mail servers let strangers wait, and a page waits for 35 s.
const CONTACT: Duration = Duration::from_secs(25);

impl Mail {
    fn reach(&self, tenant: TenantId) -> Reach<'_> {
        Reach { egress: &self.egress, logins: &self.logins, tokens: &self.tokens, tenant, contact: self.contact }
    }
}

/// A call's mails go out one after the other, and a server may let each wait for minutes.
const LONGEST_CALL: Duration = Duration::from_secs(3_600);

#[async_trait]
impl Provider for Mail {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        match call.function.as_str() {
            "send" | "send-while" => send::send(self, call).await.map(Started::Done),
            other => Err(failure::permanent("unknown-function", format!("mail has no function {other}."))),
        }
    }

    async fn poll(&self, _call: &Call, _handle: &Value) -> Result<Polled, Failure> {
        Err(failure::permanent("nothing-pending", "mail leaves nothing pending.".into()))
    }

    async fn gave_up(&self, call: &Call, failure: &Failure) -> Result<(), Failure> {
        match call.function.as_str() {
            "send" | "send-while" => send::gave_up(self, call, failure).await,
            _ => Ok(()),
        }
    }

    async fn again(&self, call: &Call, item: &str) -> Result<Value, Failure> {
        send::again(self, call, item).await
    }

    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        check::check(self, tenant, Tested::Stored(connection), None).await
    }

    async fn trial(&self, tenant: TenantId, connection: &str, actor: ActorId) -> Report {
        check::check(self, tenant, Tested::Stored(connection), Some(actor)).await
    }

    async fn check_draft(&self, tenant: TenantId, draft: &Connection, trial: Option<ActorId>) -> Report {
        check::check(self, tenant, Tested::Draft(draft), trial).await
    }

    fn keep_trying(&self) -> Option<Duration> {
        Some(schedule::KEPT)
    }

    fn longest_call(&self) -> Option<Duration> {
        Some(LONGEST_CALL)
    }

    fn connections(&self) -> ConnectionType {
        connection_type::connection_type()
    }
}
