//! Digests that are due, in PostgreSQL, with the calls that collected their mails.

use super::failure::transient;
use super::mail_store::{Deferral, Person, Status};
use super::pg_mail_store::unreadable;
use eaf_capability::{Call, Failure, HostCode};
use eaf_core::Core;
use eaf_core::capability::granted::{Resolution, resolve};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::mail_log::digest::{self, Begun, DigestLease, Due};
use eaf_core::mail_log::{self, Key, LoggedMail};
use eaf_core::workflow;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Name of the mail capability in grants.
const CAPABILITY: &str = "mail";

pub struct DigestQueue {
    pub core: Arc<Core>,
}

/// Call that collected a mail, as it may be made now.
pub enum CallNow {
    Permitted(Box<Call>),
    /// The mail is settled with this status, because the call cannot be made any more.
    Ended(Status),
}

impl DigestQueue {
    pub async fn claim(&self, duration: Duration) -> Result<Option<DigestLease>, Failure> {
        digest::claim(&self.core.db, self.core.ambient.now(), duration).await.map_err(unreadable)
    }

    pub async fn due(&self, lease: &DigestLease) -> Result<Option<Due>, Failure> {
        digest::due(&self.core.db, lease, self.core.ambient.now()).await.map_err(unreadable)
    }

    pub async fn begin(&self, lease: &DigestLease, begun: &Begun, mails: &[&str]) -> Result<bool, Failure> {
        digest::begin(&self.core.db, lease, begun, mails).await.map_err(unreadable)
    }

    pub async fn begin_transmission(&self, lease: &DigestLease, digest: &str) -> Result<bool, Failure> {
        digest::begin_transmission(&self.core.db, lease, digest).await.map_err(unreadable)
    }

    pub async fn defer(&self, tenant: TenantId, digest: &str, deferral: &Deferral<'_>) -> Result<(), Failure> {
        let now = self.core.ambient.now();
        mail_log::defer(&self.core.db, tenant, Key::Digest(digest), deferral, now).await.map_err(unreadable)
    }

    pub async fn settle(
        &self,
        tenant: TenantId,
        digest: &str,
        status: &Status,
        relay: Option<&str>,
    ) -> Result<(), Failure> {
        mail_log::set_status(&self.core.db, tenant, Key::Digest(digest), status, relay).await.map_err(unreadable)
    }

    pub async fn postpone(&self, lease: &DigestLease, at: OffsetDateTime) -> Result<(), Failure> {
        digest::postpone(&self.core.db, lease, at).await.map_err(unreadable)
    }

    pub async fn finish(&self, lease: &DigestLease) -> Result<(), Failure> {
        digest::finish(&self.core.db, lease).await.map_err(unreadable)
    }

    /// Person who is a member now; `None` if the person was removed or erased.
    pub async fn member(&self, tenant: TenantId, actor: ActorId) -> Result<Option<Person>, Failure> {
        let member = self.core.directory.member(tenant, actor).await.map_err(unreadable)?;
        Ok(member.filter(|member| !member.roles.is_empty()).map(Person::from))
    }

    /// Reads the call that collected a mail from the journal of its run, with the grant as it is
    /// now.
    pub async fn call_of(&self, tenant: TenantId, logged: &LoggedMail) -> Result<CallNow, Failure> {
        let run = workflow::find_ended(&self.core.db, &self.core.journal, tenant, logged.mail.run).await;
        let run = match run {
            Ok(Some(run)) => run,
            // The facts of a person who was erased cannot be read any more.
            Ok(None) | Err(workflow::Error::Erased(_)) => return Ok(CallNow::Ended(Status::Skipped)),
            Err(error) => return Err(unreadable(error)),
        };
        let Some(entry) = run.entries.into_iter().find(|entry| entry.sequence == logged.mail.sequence) else {
            return Ok(CallNow::Ended(Status::Skipped));
        };
        let grant = entry.grant.as_deref().unwrap_or_default();
        let resolved = resolve(&self.core.db, &self.core.connections, tenant, &run.plugin, CAPABILITY, grant).await;
        let granted = match resolved.map_err(unreadable)? {
            Resolution::Granted(granted) => *granted,
            Resolution::Denied(denial) => {
                return Ok(CallNow::Ended(Status::Failed(denial.failure(CAPABILITY, grant).code)));
            }
            Resolution::Inactive(_) => {
                return Ok(CallNow::Ended(Status::Failed(HostCode::ProductInactive.as_str().into())));
            }
        };
        Ok(CallNow::Permitted(Box::new(Call {
            tenant,
            plugin: run.plugin,
            run: logged.mail.run,
            event: run.event,
            sequence: entry.sequence,
            idempotency_key: entry.idempotency_key,
            granted,
            function: entry.function,
            args: entry.args,
            trace: run.trace,
        })))
    }
}

/// Failure of a digest whose lease is over.
pub fn lease_over() -> Failure {
    transient(HostCode::Waiting, "Another host may send this digest now.".into())
}
