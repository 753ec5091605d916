//! Digests: the mails of a person that wait to be sent as one mail. The row of a person's next
//! digest exists while mails wait for it, and one host at a time has the lease to send it.
//!
//! The first attempt fixes which mails are part of the digest, so that a repetition under the same
//! Message-ID has no other content: mail servers hide a second mail of the same id.

use super::{COLUMNS, Error, LoggedMail, read_row};
use crate::db::{Db, TenantTx};
use crate::id::{ActorId, TenantId};
use sqlx::AssertSqlSafe;
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum number of mails in one digest. Further mails wait for the digest that follows it.
pub const MAX_MAILS: i64 = 100;

/// Maximum number of leases of digests of one tenant. More than one, because the lease of a host
/// that was killed exists until its end.
const LEASES_OF_TENANT: i64 = 2;

/// Lease of a person's next digest: the right to send it until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLease {
    pub tenant: TenantId,
    pub person: ActorId,
    /// End of the lease by the database's clock. The end also serves as the fence of the lease.
    pub until: OffsetDateTime,
}

/// Digest of which a first attempt was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub message_id: String,
    /// Time of the first attempt, by the host's clock. Every attempt sends it as the mail's `Date`.
    pub at: OffsetDateTime,
}

/// Content of a digest that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Time for which the digest was scheduled, by the host's clock.
    pub at: OffsetDateTime,
    /// `None`: no attempt was made before.
    pub begun: Option<Begun>,
    /// Mails of the digest, the oldest first.
    pub mails: Vec<LoggedMail>,
}

/// Lets a pending mail wait for the digest at the time `at`. Changes nothing if an attempt to send
/// the mail was made before, or if the mail is settled.
pub(crate) async fn collect(
    tx: &mut TenantTx,
    message_id: &str,
    person: ActorId,
    at: OffsetDateTime,
) -> Result<(), Error> {
    let tenant = tx.tenant();
    let collected = sqlx::query(
        "update eaf.mail_log set collected_for = $3, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and status = 'pending' and attempts = 0 and collected_for is null",
    )
    .bind(tenant)
    .bind(message_id)
    .bind(at)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    if collected.rows_affected() > 0 {
        sqlx::query(
            "insert into eaf.mail_digest as d (tenant_id, actor_id, due_at) values ($1, $2, $3)
             on conflict (tenant_id, actor_id) do update set due_at = least(d.due_at, excluded.due_at)
             where d.digest is null",
        )
        .bind(tenant)
        .bind(person)
        .bind(at)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    }
    Ok(())
}

/// Leases the digest that has been due for the longest time at `now`, by the host's clock, of a
/// tenant to whose digests fewer than [`LEASES_OF_TENANT`] leases exist, so that a tenant whose
/// mail server is slow does not delay the others. `None`: no digest is due, or other workers have
/// the leases.
///
/// Concurrent claims do not see each other's lease and may give a tenant one lease more.
pub async fn claim(db: &Db, now: OffsetDateTime, duration: Duration) -> Result<Option<DigestLease>, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Write)?;
    let lease: Option<(TenantId, ActorId, OffsetDateTime)> = sqlx::query_as(
        "update eaf.mail_digest d set leased_until = clock_timestamp() + make_interval(secs => $2)
         from (select o.tenant_id, o.actor_id from eaf.mail_digest o
               where o.due_at <= $1
                 and (o.leased_until is null or o.leased_until < clock_timestamp())
                 and $3 > (select count(*) from eaf.mail_digest leased
                           where leased.tenant_id = o.tenant_id and leased.leased_until > clock_timestamp())
               order by o.due_at limit 1 for update skip locked) due
         where (d.tenant_id, d.actor_id) = (due.tenant_id, due.actor_id)
         returning d.tenant_id, d.actor_id, d.leased_until",
    )
    .bind(now)
    .bind(duration.as_secs_f64())
    .bind(LEASES_OF_TENANT)
    .fetch_optional(&mut *tx)
    .await
    .map_err(Error::Write)?;
    tx.commit().await.map_err(Error::Write)?;
    Ok(lease.map(|(tenant, person, until)| DigestLease { tenant, person, until }))
}

/// Reads the mails of a leased digest: those of its first attempt, or those that are due at `now`.
/// `None`: the lease is not the present one any more.
pub async fn due(db: &Db, lease: &DigestLease, now: OffsetDateTime) -> Result<Option<Due>, Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let row: Option<(OffsetDateTime, Option<String>, Option<OffsetDateTime>)> = sqlx::query_as(
        "select due_at, digest, began_at from eaf.mail_digest
         where tenant_id = $1 and actor_id = $2 and leased_until = $3",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .bind(lease.until)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    let Some((at, digest, began_at)) = row else { return Ok(None) };
    let sql = format!(
        "select {COLUMNS} from eaf.mail_log
         where tenant_id = $1 and recipient = $2 and status = 'pending' and collected_for is not null
           and case when $3::text is null then digest is null and collected_for <= $4 else digest = $3 end
         order by created_at, message_id limit $5"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(lease.tenant)
        .bind(lease.person)
        .bind(&digest)
        .bind(now)
        .bind(MAX_MAILS)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
    let mails = rows.iter().map(read_row).collect::<Result<_, _>>()?;
    let begun = digest.zip(began_at).map(|(message_id, at)| Begun { message_id, at });
    Ok(Some(Due { at, begun, mails }))
}

/// Records before the first attempt which mails are part of a digest. Returns false if the lease is
/// not the present one any more.
pub async fn begin(db: &Db, lease: &DigestLease, begun: &Begun, mails: &[&str]) -> Result<bool, Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let done = sqlx::query(
        "update eaf.mail_digest set digest = $4, began_at = $5
         where tenant_id = $1 and actor_id = $2 and leased_until = $3",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .bind(lease.until)
    .bind(&begun.message_id)
    .bind(begun.at)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "update eaf.mail_log set digest = $3, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = any ($2) and status = 'pending'",
    )
    .bind(lease.tenant)
    .bind(mails)
    .bind(&begun.message_id)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(true)
}

/// Records that the transmission of a digest's content begins: from now on, its mails may have
/// arrived. Returns false if the lease is over, so that another host may send the digest.
pub async fn begin_transmission(db: &Db, lease: &DigestLease, digest: &str) -> Result<bool, Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let done = sqlx::query(
        "update eaf.mail_log set unanswered = unanswered + 1, updated_at = clock_timestamp()
         where tenant_id = $1 and digest = $4 and status = 'pending' and exists (
           select from eaf.mail_digest where tenant_id = $1 and actor_id = $2 and leased_until = $3
             and leased_until > clock_timestamp())",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .bind(lease.until)
    .bind(digest)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Ends the lease of a digest whose next attempt is due at `at`, by the host's clock.
pub async fn postpone(db: &Db, lease: &DigestLease, at: OffsetDateTime) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    sqlx::query(
        "update eaf.mail_digest set due_at = $4, leased_until = null
         where tenant_id = $1 and actor_id = $2 and leased_until = $3",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .bind(lease.until)
    .bind(at)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(tx.commit().await?)
}

/// Ends the lease of a digest whose mails are settled. Mails that were collected meanwhile wait for
/// the digest that follows.
pub async fn finish(db: &Db, lease: &DigestLease) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    // The lock lets a mail that is collected now wait, and then create the row again.
    let is_held: Option<i32> = sqlx::query_scalar(
        "select 1 from eaf.mail_digest where tenant_id = $1 and actor_id = $2 and leased_until = $3 for update",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .bind(lease.until)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    if is_held.is_none() {
        return Ok(());
    }
    let next: Option<OffsetDateTime> = sqlx::query_scalar(
        "select min(collected_for) from eaf.mail_log where tenant_id = $1 and recipient = $2 and status = 'pending'",
    )
    .bind(lease.tenant)
    .bind(lease.person)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    let sql = match next {
        Some(_) => {
            "update eaf.mail_digest set due_at = $3, leased_until = null, digest = null, began_at = null
             where tenant_id = $1 and actor_id = $2"
        }
        None => "delete from eaf.mail_digest where tenant_id = $1 and actor_id = $2 and $3::timestamptz is null",
    };
    let query = sqlx::query(sql).bind(lease.tenant).bind(lease.person).bind(next);
    query.execute(tx.conn()).await.map_err(Error::Write)?;
    Ok(tx.commit().await?)
}

/// Moves the digest that a person's mails wait for to another time, because the person changed the
/// preferences. No mail moves to a later time, which may be after its deadline. A digest of which
/// an attempt was made keeps its time.
pub(crate) async fn reschedule(tx: &mut TenantTx, person: ActorId, at: OffsetDateTime) -> Result<(), sqlx::Error> {
    for sql in [
        "update eaf.mail_log set collected_for = least(collected_for, $3)
         where tenant_id = $1 and recipient = $2 and status = 'pending' and collected_for is not null
           and digest is null",
        "update eaf.mail_digest set due_at = least(due_at, $3) where tenant_id = $1 and actor_id = $2 and digest is null",
    ] {
        sqlx::query(sql).bind(tx.tenant()).bind(person).bind(at).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Makes the digests of the tenant due of which an attempt was made.
pub(super) async fn retry_now(tx: &mut TenantTx) -> Result<(), Error> {
    sqlx::query("update eaf.mail_digest set due_at = began_at where tenant_id = $1 and began_at is not null")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}
