//! Mail preferences: how mails reach a person, and which kinds the person turned off.

use super::{Basis, Directory, Error, basis, roles::require_current};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::id::{ActorId, TenantId};
use crate::mail_log::digest;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// SQLSTATE of PostgreSQL for a time zone that it does not know.
const INVALID_PARAMETER: &str = "22023";

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MailPreference {
    /// Way in which mails reach the person: [`AT_ONCE`](Self::AT_ONCE) or [`DAILY`](Self::DAILY).
    pub delivery: String,
    /// Hour of the digest in the time zone, from 0 to 23.
    pub hour: i32,
    /// Name of the time zone, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Kinds of mails that the person turned off, each as `plugin/template`.
    pub off: Vec<String>,
}

impl Default for MailPreference {
    /// Preference of a person who set none: each mail is sent at once.
    fn default() -> Self {
        MailPreference { delivery: Self::AT_ONCE.into(), hour: 8, time_zone: "UTC".into(), off: Vec::new() }
    }
}

impl MailPreference {
    pub const AT_ONCE: &str = "at-once";
    /// One digest a day.
    pub const DAILY: &str = "daily";

    /// Tag of the preference, for [`Basis::Tag`].
    pub fn tag(&self) -> String {
        basis::tag(&(&self.delivery, self.hour, &self.time_zone, &self.off))
    }

    fn document(&self) -> Value {
        json!({ "delivery": self.delivery, "hour": self.hour, "time_zone": self.time_zone, "off": self.off })
    }
}

impl Directory {
    /// Reads the mail preference of a person. `None`: the person set none.
    pub async fn mail_preference(&self, tenant: TenantId, actor: ActorId) -> Result<Option<MailPreference>, Error> {
        read(&mut self.db.tenant(tenant).await?, actor).await
    }

    /// Sets the mail preference of a current member. Mails that wait for a digest wait for the one
    /// at the new time, or are due now if the person wants mails at once. Fails with
    /// [`Error::TimeZone`] for an unknown time zone, and with [`Error::ChangedMeanwhile`] if the
    /// preference is not the one of `basis`.
    pub async fn set_mail_preference(
        &self,
        by: &Attribution,
        tenant: TenantId,
        actor: ActorId,
        new: &MailPreference,
        basis: &Basis,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, actor).await?;
        require_current(&mut tx, actor).await?;
        let before = read(&mut tx, actor).await?;
        basis.check(before.as_ref().map(MailPreference::tag).as_deref())?;
        let next = next_digest(&mut tx, new, self.ambient.now()).await?;
        write(&mut tx, actor, new).await?;
        let at = if new.delivery == MailPreference::DAILY { next } else { self.ambient.now() };
        digest::reschedule(&mut tx, actor, at).await.map_err(Error::Write)?;
        if before.as_ref() != Some(new) {
            let old = before.as_ref().map_or(Value::Null, MailPreference::document);
            let act = Act::new("mail-preference.set", format!("member/{actor}")).changing(old, new.document());
            audit::record_act(&mut tx, by, &act).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Lets a pending mail wait for the recipient's digest at `at`. Changes nothing and returns
    /// false if the recipient's preference is not the one of `basis` any more: the way of the mail
    /// must then be decided again.
    pub async fn collect_mail(
        &self,
        tenant: TenantId,
        (recipient, message_id): (ActorId, &str),
        at: OffsetDateTime,
        basis: &Basis,
    ) -> Result<bool, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, recipient).await?;
        let present = read(&mut tx, recipient).await?;
        if basis.check(present.as_ref().map(MailPreference::tag).as_deref()).is_err() {
            return Ok(false);
        }
        digest::collect(&mut tx, message_id, recipient, at).await.map_err(Error::Collect)?;
        tx.commit().await?;
        Ok(true)
    }

    /// Time of the next digest of a preference.
    pub async fn next_digest(&self, tenant: TenantId, preference: &MailPreference) -> Result<OffsetDateTime, Error> {
        next_digest(&mut self.db.tenant(tenant).await?, preference, self.ambient.now()).await
    }
}

/// Lets one transaction at a time change the preference of a person, which may have no row yet.
async fn lock(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query(
        "select pg_advisory_xact_lock(hashtextextended('eaf.mail_preference/' || $1::text || '/' || $2::text, 0))",
    )
    .bind(tx.tenant())
    .bind(actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

async fn read(tx: &mut TenantTx, actor: ActorId) -> Result<Option<MailPreference>, Error> {
    sqlx::query_as(
        "select delivery, hour, time_zone, off from eaf.mail_preference where tenant_id = $1 and actor_id = $2",
    )
    .bind(tx.tenant())
    .bind(actor)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)
}

async fn write(tx: &mut TenantTx, actor: ActorId, new: &MailPreference) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.mail_preference (tenant_id, actor_id, delivery, hour, time_zone, off)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, actor_id) do update set delivery = excluded.delivery, hour = excluded.hour,
           time_zone = excluded.time_zone, off = excluded.off, updated_at = clock_timestamp()",
    )
    .bind(tx.tenant())
    .bind(actor)
    .bind(&new.delivery)
    .bind(new.hour)
    .bind(&new.time_zone)
    .bind(&new.off)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// Computes the first time after `now` at which the clock in the time zone shows the hour.
async fn next_digest(
    tx: &mut TenantTx,
    preference: &MailPreference,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, Error> {
    let found = sqlx::query_scalar(
        "select case when today > local then today else today + interval '1 day' end at time zone $1
         from (select $3::timestamptz at time zone $1 as local,
                      date_trunc('day', $3::timestamptz at time zone $1) + make_interval(hours => $2) as today) t",
    )
    .bind(&preference.time_zone)
    .bind(preference.hour)
    .bind(now)
    .fetch_one(tx.conn())
    .await;
    found.map_err(|cause| match cause.as_database_error().and_then(|error| error.code()).as_deref() {
        Some(INVALID_PARAMETER) => Error::TimeZone,
        _ => Error::Read(cause),
    })
}

/// Deletes the preference of a person who is erased.
pub(super) async fn erase(tx: &mut TenantTx, actor: ActorId) -> Result<(), Error> {
    sqlx::query("delete from eaf.mail_preference where tenant_id = $1 and actor_id = $2")
        .bind(tx.tenant())
        .bind(actor)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}
