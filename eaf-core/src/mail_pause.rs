//! Pauses of mail connections. While a connection is paused, no mail is sent over it, until an
//! admin resumes it; for example while the mail server is moved. Mail is a service of the platform:
//! see [`mail_log`](crate::mail_log).

use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, TenantId};
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the paused mail connections could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the pause of a mail connection could not be written")]
    Write(#[source] sqlx::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Pause {
    pub connection: String,
    pub paused_by: ActorId,
    pub paused_at: OffsetDateTime,
}

pub async fn list(db: &Db, tenant: TenantId) -> Result<Vec<Pause>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let sql = "select connection, paused_by, paused_at from eaf.mail_pause where tenant_id = $1 order by connection";
    sqlx::query_as(sql).bind(tenant).fetch_all(tx.conn()).await.map_err(Error::Read)
}

/// Pauses a connection in the caller's transaction, which also records the act in the audit.
pub async fn begin(tx: &mut TenantTx, connection: &str, by: ActorId) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.mail_pause (tenant_id, connection, paused_by) values ($1, $2, $3)
         on conflict (tenant_id, connection) do nothing",
    )
    .bind(tx.tenant())
    .bind(connection)
    .bind(by)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

pub async fn end(tx: &mut TenantTx, connection: &str) -> Result<(), Error> {
    sqlx::query("delete from eaf.mail_pause where tenant_id = $1 and connection = $2")
        .bind(tx.tenant())
        .bind(connection)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}
