//! What was mailed to whom, by Message-ID. The row is written before the mail is sent, so that a repetition after a
//! crash carries the same id and a refused recipient is visible to the tenant's admins. Addresses are never stored here.

use crate::Core;
use crate::actor::TraceId;
use crate::db;
use crate::id::{ActorId, EventId, RunId, TenantId};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the mails could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the mail could not be recorded")]
    Write(#[source] sqlx::Error),
    #[error("eaf.mail_log, column status: '{0}' is no status")]
    Corrupt(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Derived from event, recipient and template.
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Sent,
    /// A code or a sentence without personal data: a server's own words may repeat the address.
    Failed(String),
    /// Not sent, because its condition no longer held.
    Skipped,
}

impl Status {
    fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Status::Pending => ("pending", None),
            Status::Sent => ("sent", None),
            Status::Failed(error) => ("failed", Some(error)),
            Status::Skipped => ("skipped", None),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub mail: Mail,
    pub status: Status,
    pub attempts: i32,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Records the intention and counts the attempt; answers what was known before: `Sent` means "do not send again",
/// `Pending` may mean that it was sent and the reply was lost.
pub async fn begin(core: &Core, tenant: TenantId, mail: &Mail) -> Result<Option<Status>, Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let before: Option<(String, Option<String>)> =
        sqlx::query_as("select status, error from eaf.mail_log where tenant_id = $1 and message_id = $2")
            .bind(tenant)
            .bind(&mail.message_id)
            .fetch_optional(tx.conn())
            .await
            .map_err(Error::Read)?;
    let before = before.map(|(status, error)| parse(&status, error)).transpose()?;
    sqlx::query(
        "insert into eaf.mail_log as m (tenant_id, message_id, plugin, template, event_id, run_id, recipient, trace, attempts)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 1)
         on conflict (tenant_id, message_id) do update set attempts = m.attempts + 1, updated_at = clock_timestamp()
           where m.status <> 'sent'",
    )
    .bind(tenant)
    .bind(&mail.message_id)
    .bind(&mail.plugin)
    .bind(&mail.template)
    .bind(mail.event)
    .bind(mail.run)
    .bind(mail.recipient)
    .bind(&mail.trace.0)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(before)
}

/// What came of it. A mail that was sent stays sent.
pub async fn mark(core: &Core, tenant: TenantId, message_id: &str, status: &Status) -> Result<(), Error> {
    let (word, error) = status.parts();
    let mut tx = core.db.tenant(tenant).await?;
    sqlx::query(
        "update eaf.mail_log set status = $3, error = $4, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and status <> 'sent'",
    )
    .bind(tenant)
    .bind(message_id)
    .bind(word)
    .bind(error)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Which mails to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    Failed,
}

/// Newest first.
pub async fn list(core: &Core, tenant: TenantId, which: Which, limit: u32) -> Result<Vec<Logged>, Error> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new(
        "select message_id, plugin, template, event_id, run_id, recipient, trace, status, error, attempts, created_at, updated_at
         from eaf.mail_log where tenant_id = ",
    );
    sql.push_bind(tenant);
    if which == Which::Failed {
        sql.push(" and status = 'failed'");
    }
    sql.push(" order by created_at desc, message_id limit ").push_bind(i64::from(limit));
    let mut tx = core.db.tenant(tenant).await?;
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(logged).collect()
}

fn logged(row: &PgRow) -> Result<Logged, Error> {
    let (status, error): (String, Option<String>) =
        (row.try_get("status").map_err(Error::Read)?, row.try_get("error").map_err(Error::Read)?);
    let status = parse(&status, error)?;
    let read = || -> Result<Logged, sqlx::Error> {
        Ok(Logged {
            mail: Mail {
                message_id: row.try_get("message_id")?,
                plugin: row.try_get("plugin")?,
                template: row.try_get("template")?,
                event: row.try_get("event_id")?,
                run: row.try_get("run_id")?,
                recipient: row.try_get("recipient")?,
                trace: TraceId(row.try_get("trace")?),
            },
            status: status.clone(),
            attempts: row.try_get("attempts")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    };
    read().map_err(Error::Read)
}

fn parse(status: &str, error: Option<String>) -> Result<Status, Error> {
    match status {
        "pending" => Ok(Status::Pending),
        "sent" => Ok(Status::Sent),
        "failed" => Ok(Status::Failed(error.unwrap_or_default())),
        "skipped" => Ok(Status::Skipped),
        other => Err(Error::Corrupt(other.to_owned())),
    }
}
