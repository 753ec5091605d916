//! Mails to members of the tenant, over SMTP.
//!
//! | module | content |
//! |---|---|
//! | [`config`] | settings of a mail connection |
//! | [`connection_type`] | form and checks of these settings |
//! | [`message`], [`address`] | headers and both bodies as bytes |
//! | [`wire`], [`tls`] | the connection, with a size limit and a trusted server |
//! | [`token`] | tokens for a login without a password |
//! | [`mail_server_access`] | permitted servers and logins |
//! | [`smtp`], [`reply`] | the SMTP session and the server's replies |
//! | [`send`] | recipients, ids and records of the mails |
//! | [`delivery`] | delivery in order, and what defers it |
//! | [`schedule`], [`limits`] | retries, and concurrent sessions |
//! | [`collect`] | way of a mail: at once, in a digest, or not at all |
//! | [`digest`], [`digest_delivery`] | content of a digest, and its delivery |
//! | [`digest_queue`] | digests that are due, with the calls of their mails |
//! | [`check`] | self-test of a connection, with a test mail |
//! | [`host_mail`] | mails of the host itself, such as invitations |
//! | [`people_facts`] | facts that name people |
//! | [`condition`] | condition of a mail, checked before it is sent |
//! | [`mail_store`], [`pg_mail_store`] | directory, connections and mail log, as `send` needs them
//! |
//!
//! A refused recipient is recorded for the tenant's admins and does not fail the call. Addresses
//! and subjects are never logged.

mod address;
mod check;
mod collect;
mod condition;
mod config;
mod connection_type;
mod delivery;
mod digest;
mod digest_delivery;
mod digest_queue;
mod failure;
mod failure_code;
mod host_mail;
mod limits;
mod mail_server_access;
mod mail_store;
mod message;
mod people_facts;
mod pg_mail_store;
mod reply;
mod schedule;
mod send;
mod smtp;
mod tls;
mod token;
mod wire;

#[cfg(test)]
mod tests;

use crate::failure_code::Code;
use async_trait::async_trait;
use check::Tested;
use eaf_capability::egress::{Policy, Purpose};
use eaf_capability::text::Texts;
use eaf_capability::{
    Call, Capability, ConnectionType, Failure, FailureCode, HostCode, HostMail, Interface, LoginLimiter, Packages,
    Polled, Provider, Registration, Report, Started, StoreError,
};
use eaf_core::connection::Connection;
use eaf_core::db::TenantTx;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::mail_log;
use limits::Limits;
use mail_server_access::MailServerAccess;
use mail_store::MailStore;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Purpose under which the egress policy permits or refuses connections to mail servers.
pub static MAIL: Purpose = Purpose { name: "mail", ports: &[25, 465, 587, 2525] };
/// Purpose under which the egress policy permits or refuses connections to the OAuth 2 token
/// endpoints of mail connections.
pub static MAIL_TOKEN: Purpose = Purpose { name: "mail-token", ports: &[443] };

inventory::submit! { &MAIL }
inventory::submit! { &MAIL_TOKEN }
inventory::submit! {
    Registration { name: "mail", interfaces: &[OUTBOX], failure_codes: Code::ALL, texts: TEXTS, audit: AUDIT, make: |parts| {
        Arc::new(Mail {
            store: Arc::new(pg_mail_store::PgMailStore { core: parts.core.clone() }),
            digests: Some(digest_queue::DigestQueue { core: parts.core.clone() }),
            packages: parts.packages.clone(),
            public_url: parts.public_url.clone(),
            tokens: token::Tokens::default(),
            limits: Limits::default(),
            deadlines: smtp::RFC_5321,
            egress: parts.egress.clone(),
            login_limiter: parts.login_limiter.clone(),
            contact: CONTACT,
        })
    } }
}

const TEXTS: Texts = Texts { de: include_str!("texts/de.toml"), en: include_str!("texts/en.toml") };
const AUDIT: Texts = Texts { de: include_str!("audit_texts/de.toml"), en: include_str!("audit_texts/en.toml") };
const OUTBOX: Interface = Interface { name: "outbox", functions: &["send", "send-while"] };

struct Mail {
    store: Arc<dyn MailStore>,
    /// Digests that are due; `None`: this provider sends none.
    digests: Option<digest_queue::DigestQueue>,
    packages: Arc<dyn Packages>,
    public_url: String,
    tokens: token::Tokens,
    limits: Limits,
    deadlines: smtp::Deadlines,
    egress: Arc<Policy>,
    login_limiter: Arc<LoginLimiter>,
    /// Time-out of the first contact with a mail server in a connection test.
    contact: Duration,
}

/// Default time-out of the first contact with a mail server in a connection test. It is longer than
/// for a vCenter because mail servers delay unknown clients, and shorter than the 35 s for which a
/// web page waits for the result.
const CONTACT: Duration = Duration::from_secs(25);

impl Mail {
    fn access(&self, tenant: TenantId) -> MailServerAccess<'_> {
        MailServerAccess {
            egress: &self.egress,
            login_limiter: &self.login_limiter,
            tokens: &self.tokens,
            tenant,
            contact: self.contact,
        }
    }
}

/// Maximum duration of one call. The mails of a call are sent one after the other, and a mail
/// server may delay each of them for minutes.
const LONGEST_CALL: Duration = Duration::from_secs(3_600);

#[async_trait]
impl Capability for Mail {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        match call.function.as_str() {
            "send" | "send-while" => send::send(self, call).await.map(Started::Done),
            other => Err(failure::permanent(HostCode::UnknownFunction, format!("mail has no function {other}."))),
        }
    }

    async fn poll(&self, _call: &Call, _handle: &Value) -> Result<Polled, Failure> {
        Err(failure::permanent(HostCode::NothingPending, "mail leaves nothing pending.".into()))
    }

    async fn abandon(&self, call: &Call, failure: &Failure) -> Result<(), Failure> {
        match call.function.as_str() {
            "send" | "send-while" => send::abandon(self, call, failure).await,
            _ => Ok(()),
        }
    }

    fn retry_budget(&self) -> Option<Duration> {
        Some(schedule::RETRY_TIME)
    }

    fn call_timeout(&self) -> Option<Duration> {
        Some(LONGEST_CALL)
    }
}

#[async_trait]
impl Provider for Mail {
    async fn repeat_item(&self, call: &Call, item: &str) -> Result<Value, Failure> {
        send::repeat_item(self, call, item).await
    }

    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        check::check(self, tenant, Tested::Stored(connection), None).await
    }

    async fn test_with_effect(&self, tenant: TenantId, connection: &str, actor: ActorId) -> Report {
        check::check(self, tenant, Tested::Stored(connection), Some(actor)).await
    }

    async fn check_draft(&self, tenant: TenantId, draft: &Connection, recipient: Option<ActorId>) -> Report {
        check::check(self, tenant, Tested::Draft(draft), recipient).await
    }

    async fn send_host_mail(&self, tenant: TenantId, connection: &str, mail: &HostMail<'_>) -> Result<(), Failure> {
        host_mail::send(self, tenant, connection, mail).await
    }

    /// Sends a digest that is due.
    async fn run_due(&self) -> bool {
        digest::send_due(self).await
    }

    /// Makes waiting mails due, because the new settings may be the ones that work.
    async fn connection_stored(&self, tx: &mut TenantTx, _connection: &str) -> Result<(), StoreError> {
        Ok(mail_log::retry_now(tx).await?)
    }

    fn connections(&self) -> ConnectionType {
        connection_type::connection_type()
    }
}
