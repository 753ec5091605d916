//! Operators: actors of the platform, who belong to no tenant and see no customer data.

use super::{Directory, Error};
use crate::actor::Attribution;
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
    /// Name of the operator. Empty if this host does not have the master key under which the row is
    /// sealed.
    pub name: String,
    /// Time at which the operator was removed. `None`: the person is an operator.
    pub removed: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Content of the column `sealed`, which is encrypted under a master key.
#[derive(Serialize, Deserialize)]
struct Sealed {
    issuer: String,
    subject: String,
    name: String,
}

impl Directory {
    /// Adds an operator, or renames the operator with this issuer and subject.
    pub async fn put_operator(
        &self,
        by: &Attribution,
        issuer: &str,
        subject: &str,
        name: &str,
    ) -> Result<ActorId, Error> {
        let mut tx = self.db.platform_tx().await.map_err(Error::Write)?;
        let master = self.keyring.master_keys().wrapping(&mut tx).await?;
        let before = self.lock_operator(&mut tx, issuer, subject).await?;
        let actor = before.as_ref().map_or_else(|| ActorId(self.ambient.uuid()), |(actor, _)| *actor);
        let plain = Sealed { issuer: issuer.to_owned(), subject: subject.to_owned(), name: name.to_owned() };
        let plain = serde_json::to_vec(&plain).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
        let actor: ActorId = sqlx::query_scalar(
            "insert into eaf.operator (actor_id, identity, sealed, key_id) values ($1, $2, $3, $4)
         on conflict (identity) do update set sealed = excluded.sealed, key_id = excluded.key_id returning actor_id",
        )
        .bind(actor)
        .bind(match &before {
            // A digest under the previous master key stays until the rotation replaces it.
            Some((_, identity)) => identity.clone(),
            None => self.operator_identity(master, issuer, subject).to_vec(),
        })
        .bind(self.keyring.seal_platform_under(master, TABLE, &plain))
        .bind(&master.id.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(Error::Write)?;
        let name = if before.is_some() { "operator.rename" } else { "operator.add" };
        platform::record(&mut tx, by, &Act::new(name, object(actor))).await?;
        tx.commit().await.map_err(Error::Write)?;
        Ok(actor)
    }

    /// Removes an operator and ends the operator's sessions. `None`: there is no such operator.
    pub async fn remove_operator(
        &self,
        by: &Attribution,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<ActorId>, Error> {
        let mut tx = self.db.platform_tx().await.map_err(Error::Write)?;
        let Some((actor, _)) = self.lock_operator(&mut tx, issuer, subject).await? else { return Ok(None) };
        // A changed identity lets the person be added again, and hosts that ignore removed_at find
        // no operator.
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
        // The sessions give no access any more; rows that remain after a crash expire.
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

    /// Reads an operator by actor id. `None`: there is no such operator, or the operator was
    /// removed.
    pub async fn operator(&self, actor: ActorId) -> Result<Option<Operator>, Error> {
        Ok(self.operators_among(&[actor]).await?.pop().filter(|operator| operator.removed.is_none()))
    }

    /// Lists the operators with these actor ids. Includes removed operators, because they may be
    /// the authors of earlier acts.
    pub async fn operators_among(&self, actors: &[ActorId]) -> Result<Vec<Operator>, Error> {
        self.select_operators(Some(actors)).await
    }

    /// Lists all operators, including removed ones, the oldest first.
    pub async fn operators(&self) -> Result<Vec<Operator>, Error> {
        self.select_operators(None).await
    }
}

/// Result of sealing operators under another master key.
pub(crate) struct Resealed {
    pub done: u64,
    /// Number of operators that are sealed under a master key that this host does not have.
    pub unreadable: i64,
}

impl Directory {
    /// Seals the rows of all operators under this master key.
    pub(crate) async fn reseal_operators(&self, master: &Master) -> Result<Resealed, Error> {
        let mut tx = self.db.platform_tx().await.map_err(Error::Write)?;
        let rows: Vec<(ActorId, Vec<u8>, Option<OffsetDateTime>)> =
            sqlx::query_as("select actor_id, sealed, removed_at from eaf.operator where key_id <> $1 for update")
                .bind(&master.id.0)
                .fetch_all(&mut *tx)
                .await
                .map_err(Error::Read)?;
        let mut resealed = Resealed { done: 0, unreadable: 0 };
        for (actor, sealed, removed) in rows {
            let Ok(plain) = self.keyring.open_platform(TABLE, &sealed) else {
                resealed.unreadable += 1;
                continue;
            };
            let known: Sealed =
                serde_json::from_slice(&plain).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
            sqlx::query(
            "update eaf.operator set sealed = $2, key_id = $3, identity = coalesce($4, identity) where actor_id = $1",
        )
        .bind(actor)
        .bind(self.keyring.seal_platform_under(master, TABLE, &plain))
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
        rows.into_iter().map(|row| self.open_or_unnamed(row)).collect()
    }

    /// Reads the actor id and the stored digest of an operator, and locks the row until the
    /// transaction ends. `None`: there is no such operator.
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
        let plain = self.keyring.open_platform(TABLE, &sealed)?;
        let Sealed { subject, name, .. } =
            serde_json::from_slice(&plain).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
        Ok(Operator { actor, subject, name, removed })
    }

    /// Opens the row of an operator. If this host does not have the row's master key, the operator
    /// gets an empty name, so that a list still shows the other operators.
    fn open_or_unnamed(&self, row: Row) -> Result<Operator, Error> {
        let (actor, removed) = (row.0, row.2);
        match self.open_operator(row) {
            Err(Error::Crypto(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, %actor, "an operator cannot be read: is EAF_MASTER_KEY_PREVIOUS missing?");
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

    /// Computes the digests by which an operator's row is found: one under each master key of the
    /// host, because during a rotation the row may have either.
    fn operator_identities(&self, issuer: &str, subject: &str) -> Vec<Vec<u8>> {
        let master_keys = self.keyring.master_keys().all().iter();
        master_keys.map(|master| self.operator_identity(master, issuer, subject).to_vec()).collect()
    }
}
