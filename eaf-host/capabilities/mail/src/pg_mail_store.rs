//! Storage of the mail capability in PostgreSQL, through eaf-core: directory of people,
//! connections, view rows and the mail log.

use super::failure::transient;
use super::mail_store::{Deferral, Entry, MailState, MailStore, Offer, Person, Preference, RowQuery, Status};
use async_trait::async_trait;
use eaf_capability::Failure;
use eaf_capability::HostCode;
use eaf_core::actor::Caller;
use eaf_core::connection::{Connection, ConnectionUse};
use eaf_core::directory::{self, Basis, MailPreference, Member, PeopleQuery};
use eaf_core::id::{ActorId, RunId, TenantId};
use eaf_core::view::{self, PackageView};
use eaf_core::{Core, consumers, event_store, mail_log, mail_pause};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Name of the mail capability in grants and connections.
const CAPABILITY: &str = "mail";
/// Maximum time to wait for a view to apply all events of the log. If the view takes longer, the
/// mail is deferred, and its condition is checked at the next attempt.
const VIEW: Duration = Duration::from_secs(2);

pub struct PgMailStore {
    pub core: Arc<Core>,
}

#[async_trait]
impl MailStore for PgMailStore {
    fn now(&self) -> OffsetDateTime {
        self.core.ambient.now()
    }

    async fn tenant_name(&self, tenant: TenantId) -> Result<String, Failure> {
        let found = directory::tenant(&self.core.db, tenant).await.map_err(unreadable)?;
        Ok(found.map(|tenant| tenant.name).unwrap_or_default())
    }

    async fn person(&self, tenant: TenantId, actor: ActorId) -> Result<Option<Person>, Failure> {
        let member = self.core.directory.member(tenant, actor).await.map_err(unreadable)?;
        Ok(member.map(Person::from))
    }

    async fn people(&self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Person>, Failure> {
        let members = self.core.directory.people(tenant, query).await.map_err(unreadable)?;
        Ok(members.into_iter().map(Person::from).collect())
    }

    async fn preference(&self, tenant: TenantId, actor: ActorId) -> Result<Preference, Failure> {
        let directory = &self.core.directory;
        let Some(stored) = directory.mail_preference(tenant, actor).await.map_err(unreadable)? else {
            return Ok(Preference::default());
        };
        let next_digest = match stored.delivery == MailPreference::DAILY {
            true => Some(directory.next_digest(tenant, &stored).await.map_err(unreadable)?),
            false => None,
        };
        Ok(Preference { tag: Some(stored.tag()), off: stored.off, next_digest })
    }

    async fn recipients_of(&self, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Failure> {
        mail_log::recipients_of(&self.core.db, tenant, run, template).await.map_err(unreadable)
    }

    async fn is_paused(&self, tenant: TenantId, connection: &str) -> Result<bool, Failure> {
        let paused = mail_pause::list(&self.core.db, tenant).await.map_err(unreadable)?;
        Ok(paused.iter().any(|pause| pause.connection == connection))
    }

    async fn offered(&self, tenant: TenantId, connection: &str) -> Result<u32, Failure> {
        mail_log::recent_offers(&self.core.db, tenant, connection).await.map_err(unreadable)
    }

    async fn connection(&self, tenant: TenantId, name: &str) -> Result<Option<Connection>, Failure> {
        self.core.connections.get(tenant, CAPABILITY, name).await.map_err(unreadable)
    }

    async fn used(
        &self,
        tenant: TenantId,
        connection: &str,
        set_at: Option<OffsetDateTime>,
        error: Option<&str>,
    ) -> Result<(), Failure> {
        let used = ConnectionUse { capability: CAPABILITY, name: connection, set_at };
        self.core.connections.record_use(tenant, used, error, None).await.map_err(unreadable)
    }

    async fn row(&self, query: &RowQuery<'_>) -> Result<Option<Map<String, Value>>, Failure> {
        let RowQuery { tenant, plugin, view, key, trace } = query;
        let mut tx = self.core.db.tenant(*tenant).await.map_err(unreadable)?;
        let head = event_store::head(&mut tx).await.map_err(unreadable)?;
        drop(tx);
        match consumers::wait_for(&self.core.db, &self.core.feed, *tenant, plugin, view, head, VIEW).await {
            // After a restore of the log, the view is in the new epoch, and its row is up to date.
            Ok(()) | Err(view::Error::OtherEpoch) => {}
            Err(view::Error::NotReached) => {
                return Err(transient(
                    HostCode::ViewBehind,
                    format!("The view {} has not seen the last events yet.", view.name),
                ));
            }
            Err(error) => return Err(unreadable(error)),
        }
        let caller = Caller::system(*tenant, (*trace).clone());
        let row = view::get(&self.core.db, &caller, PackageView::alone(plugin, view), key).await.map_err(unreadable)?;
        Ok(row.map(|row| row.columns))
    }

    async fn record(&self, entry: &Entry) -> Result<MailState, Failure> {
        let now = self.core.ambient.now();
        let known = mail_log::record(&self.core.db, entry.tenant, &entry.mail, now).await.map_err(unreadable)?;
        Ok(mail_state(entry.tenant, known))
    }

    async fn collect(&self, entry: &Entry, at: OffsetDateTime, tag: Option<&str>) -> Result<bool, Failure> {
        let mail_log::Mail { message_id, recipient, .. } = &entry.mail;
        let basis = tag.map_or(Basis::Absent, |tag| Basis::Tag(tag.to_owned()));
        let collected = self.core.directory.collect_mail(entry.tenant, (*recipient, message_id), at, &basis).await;
        collected.map_err(unreadable)
    }

    async fn pending_of(&self, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<MailState>, Failure> {
        let known = mail_log::pending_of(&self.core.db, tenant, run, sequence).await.map_err(unreadable)?;
        Ok(known.into_iter().map(|known| mail_state(tenant, known)).collect())
    }

    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure> {
        mail_log::offer(&self.core.db, entry.tenant, &entry.mail.message_id, connection, rate).await.map_err(unreadable)
    }

    async fn begin_transmission(&self, entry: &Entry) -> Result<bool, Failure> {
        mail_log::begin_transmission(&self.core.db, entry.tenant, &entry.mail.message_id).await.map_err(unreadable)
    }

    async fn defer(&self, entry: &Entry, deferral: &Deferral<'_>) -> Result<(), Failure> {
        let now = self.core.ambient.now();
        mail_log::defer(&self.core.db, entry.tenant, &entry.mail.message_id, deferral, now).await.map_err(unreadable)
    }

    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure> {
        mail_log::set_status(&self.core.db, entry.tenant, &entry.mail.message_id, status, relay)
            .await
            .map_err(unreadable)
    }
}

pub fn mail_state(tenant: TenantId, known: mail_log::LoggedMail) -> MailState {
    MailState {
        entry: Entry { tenant, mail: known.mail },
        status: known.status,
        attempts: known.attempts,
        unanswered: known.unanswered,
        deferrals: known.deferrals,
        deferred_since: known.deferred_since,
        next_at: known.next_at,
        written_at: known.created_at,
    }
}

impl From<Member> for Person {
    fn from(member: Member) -> Self {
        Person { actor: member.actor, name: member.name, email: member.email, locale: member.locale }
    }
}

/// Failure because of a database error. The cause is logged; it contains no personal data.
pub fn unreadable(error: impl std::error::Error) -> Failure {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(%error, cause, "mail could not use the database");
    transient(HostCode::DirectoryUnreadable, "What is needed to send a mail could not be read or written.".into())
}
