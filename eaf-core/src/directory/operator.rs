//! Platform actors. They belong to no tenant and see no customer data.

use super::{Directory, Error};
use crate::actor::By;
use crate::audit::{Act, platform};
use crate::crypto::master_key::Master;
use crate::id::ActorId;
use crate::session;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::PgConnection;
use time::OffsetDateTime;

const TABLE: &str = "eaf.operator";

#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    pub actor: ActorId,
    pub subject: String,
    pub name: String,
    /// None: is one.
    pub removed: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("actor", &self.actor).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    issuer: String,
    subject: String,
    name: String,
}

impl Directory {
    /// Adds the operator, or renames who has the same (issuer, subject).
    pub async fn put_operator(&self, by: &By, issuer: &str, subject: &str, name: &str) -> Result<ActorId, Error> {
        let mut tx = self.db.platform_pool().begin().await.map_err(Error::Write)?;
        let master = self.keyring.master_keys().wrapping(&mut tx).await?;
        let before = self.lock_operator(&mut tx, issuer, subject).await?;
        let actor = before.as_ref().map_or_else(|| ActorId(self.world.uuid()), |(actor, _)| *actor);
        let clear = Sealed { issuer: issuer.to_owned(), subject: subject.to_owned(), name: name.to_owned() };
        let clear = serde_json::to_vec(&clear).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
        let actor: ActorId = sqlx::query_scalar(
            "insert into eaf.operator (actor_id, identity, sealed, key_id) values ($1, $2, $3, $4)
         on conflict (identity) do update set sealed = excluded.sealed, key_id = excluded.key_id returning actor_id",
        )
        .bind(actor)
        .bind(match &before {
            // Of whom the former master key's digest is stored, it stays, until the keys are exchanged.
            Some((_, identity)) => identity.clone(),
            None => self.operator_identity(master, issuer, subject).to_vec(),
        })
        .bind(self.keyring.seal_platform_under(master, TABLE, &clear))
        .bind(&master.id.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(Error::Write)?;
        let name = if before.is_some() { "operator.rename" } else { "operator.add" };
        platform::record(&mut tx, by, &Act::new(name, object(actor))).await?;
        tx.commit().await.map_err(Error::Write)?;
        Ok(actor)
    }

    /// They are signed out everywhere and no operator any more. `None`: there is none.
    pub async fn remove_operator(&self, by: &By, issuer: &str, subject: &str) -> Result<Option<ActorId>, Error> {
        let mut tx = self.db.platform_pool().begin().await.map_err(Error::Write)?;
        let Some((actor, _)) = self.lock_operator(&mut tx, issuer, subject).await? else { return Ok(None) };
        // The identity is given up as well, for hosts that do not know of removed_at, and to be added again.
        sqlx::query(
            "update eaf.operator set removed_at = now(), identity = sha256(identity || actor_id::text::bytea)
         where actor_id = $1",
        )
        .bind(actor)
        .execute(&mut *tx)
        .await
        .map_err(Error::Write)?;
        let act = Act::new("operator.remove", object(actor)).changing(json!({ "operator": true }), json!(null));
        platform::record(&mut tx, by, &act).await?;
        tx.commit().await.map_err(Error::Write)?;
        // They open nothing any more; rows that a crash leaves here end by themselves.
        session::end_all_of_operator(&self.db, actor).await.map_err(Error::Sessions)?;
        Ok(Some(actor))
    }

    pub async fn find_operator(&self, issuer: &str, subject: &str) -> Result<Option<Operator>, Error> {
        let row: Option<Row> = sqlx::query_as(
            "select actor_id, sealed, removed_at from eaf.operator where identity = any ($1) and removed_at is null",
        )
        .bind(self.operator_identities(issuer, subject))
        .fetch_optional(self.db.platform_pool())
        .await
        .map_err(Error::Read)?;
        row.map(|row| self.open_operator(row)).transpose()
    }

    /// None: they are none, or not any more.
    pub async fn operator(&self, actor: ActorId) -> Result<Option<Operator>, Error> {
        Ok(self.operators_among(&[actor]).await?.pop().filter(|operator| operator.removed.is_none()))
    }

    /// With those who were removed, to say who acted.
    pub async fn operators_among(&self, actors: &[ActorId]) -> Result<Vec<Operator>, Error> {
        self.select_operators(Some(actors)).await
    }

    /// All that there are and were, the oldest first.
    pub async fn operators(&self) -> Result<Vec<Operator>, Error> {
        self.select_operators(None).await
    }
}

/// How many operators were sealed under another master key.
pub(crate) struct Resealed {
    pub done: u64,
    /// Under a key that is not given.
    pub unreadable: i64,
}

impl Directory {
    /// Seals all of them under this master key.
    pub(crate) async fn reseal_operators(&self, master: &Master) -> Result<Resealed, Error> {
        let mut tx = self.db.platform_pool().begin().await.map_err(Error::Write)?;
        let rows: Vec<(ActorId, Vec<u8>, Option<OffsetDateTime>)> =
            sqlx::query_as("select actor_id, sealed, removed_at from eaf.operator where key_id <> $1 for update")
                .bind(&master.id.0)
                .fetch_all(&mut *tx)
                .await
                .map_err(Error::Read)?;
        let mut resealed = Resealed { done: 0, unreadable: 0 };
        for (actor, sealed, removed) in rows {
            let Ok(clear) = self.keyring.open_platform(TABLE, &sealed) else {
                resealed.unreadable += 1;
                continue;
            };
            let known: Sealed =
                serde_json::from_slice(&clear).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
            sqlx::query(
            "update eaf.operator set sealed = $2, key_id = $3, identity = coalesce($4, identity) where actor_id = $1",
        )
        .bind(actor)
        .bind(self.keyring.seal_platform_under(master, TABLE, &clear))
        .bind(&master.id.0)
        .bind(removed.is_none().then(|| self.operator_identity(master, &known.issuer, &known.subject).to_vec()))
        .execute(&mut *tx)
        .await
        .map_err(Error::Write)?;
            resealed.done += 1;
        }
        tx.commit().await.map_err(Error::Write)?;
        Ok(resealed)
    }
}

type Row = (ActorId, Vec<u8>, Option<OffsetDateTime>);

impl Directory {
    async fn select_operators(&self, actors: Option<&[ActorId]>) -> Result<Vec<Operator>, Error> {
        let rows: Vec<Row> = sqlx::query_as(
            "select actor_id, sealed, removed_at from eaf.operator
         where $1::uuid[] is null or actor_id = any ($1) order by created_at, actor_id",
        )
        .bind(actors)
        .fetch_all(self.db.platform_pool())
        .await
        .map_err(Error::Read)?;
        rows.into_iter().map(|row| self.open_or_nameless(row)).collect()
    }

    /// With the identity as it is stored. Locked, so that nobody else changes them meanwhile.
    async fn lock_operator(
        &self,
        conn: &mut PgConnection,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(ActorId, Vec<u8>)>, Error> {
        sqlx::query_as(
            "select actor_id, identity from eaf.operator where identity = any ($1) and removed_at is null for update",
        )
        .bind(self.operator_identities(issuer, subject))
        .fetch_optional(conn)
        .await
        .map_err(Error::Read)
    }

    fn open_operator(&self, (actor, sealed, removed): Row) -> Result<Operator, Error> {
        let clear = self.keyring.open_platform(TABLE, &sealed)?;
        let Sealed { subject, name, .. } =
            serde_json::from_slice(&clear).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
        Ok(Operator { actor, subject, name, removed })
    }

    /// One that is sealed under a master key that is gone has no name, and hides neither the others nor what they did.
    fn open_or_nameless(&self, row: Row) -> Result<Operator, Error> {
        let (actor, removed) = (row.0, row.2);
        match self.open_operator(row) {
            Err(Error::Crypto(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, %actor, "an operator does not open");
                Ok(Operator { actor, subject: String::new(), name: String::new(), removed })
            }
            opened => opened,
        }
    }
}

fn object(actor: ActorId) -> String {
    format!("operator/{actor}")
}

impl Directory {
    fn operator_identity(&self, master: &Master, issuer: &str, subject: &str) -> [u8; 32] {
        self.keyring.digest_platform_under(master, "identity", &[issuer.as_bytes(), subject.as_bytes()])
    }

    /// Under each master key that the host holds: while keys are exchanged either may be stored.
    fn operator_identities(&self, issuer: &str, subject: &str) -> Vec<Vec<u8>> {
        let master_keys = self.keyring.master_keys().all().iter();
        master_keys.map(|master| self.operator_identity(master, issuer, subject).to_vec()).collect()
    }
}
