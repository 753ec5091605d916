//! Platform actors. They belong to no tenant and see no customer data.

use super::Error;
use crate::Core;
use crate::id::ActorId;
use serde::{Deserialize, Serialize};

const TABLE: &str = "eaf.operator";

#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    pub actor: ActorId,
    pub name: String,
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

/// Adds the operator, or renames who has the same (issuer, subject).
pub async fn put_operator(core: &Core, issuer: &str, subject: &str, name: &str) -> Result<ActorId, Error> {
    let clear = Sealed { issuer: issuer.to_owned(), subject: subject.to_owned(), name: name.to_owned() };
    let new = ActorId(core.world.uuid());
    let clear = serde_json::to_vec(&clear).map_err(|cause| Error::Corrupt { table: TABLE, actor: new, cause })?;
    sqlx::query_scalar(
        "insert into eaf.operator (actor_id, identity, sealed) values ($1, $2, $3)
         on conflict (identity) do update set sealed = excluded.sealed returning actor_id",
    )
    .bind(new)
    .bind(identity(core, issuer, subject).as_slice())
    .bind(core.keyring.seal_platform(TABLE, &clear))
    .fetch_one(core.db.platform_pool())
    .await
    .map_err(Error::Write)
}

pub async fn find_operator(core: &Core, issuer: &str, subject: &str) -> Result<Option<Operator>, Error> {
    let row: Option<(ActorId, Vec<u8>)> =
        sqlx::query_as("select actor_id, sealed from eaf.operator where identity = $1")
            .bind(identity(core, issuer, subject).as_slice())
            .fetch_optional(core.db.platform_pool())
            .await
            .map_err(Error::Read)?;
    row.map(|row| open(core, row)).transpose()
}

pub async fn operator(core: &Core, actor: ActorId) -> Result<Option<Operator>, Error> {
    let row: Option<(ActorId, Vec<u8>)> =
        sqlx::query_as("select actor_id, sealed from eaf.operator where actor_id = $1")
            .bind(actor)
            .fetch_optional(core.db.platform_pool())
            .await
            .map_err(Error::Read)?;
    row.map(|row| open(core, row)).transpose()
}

fn open(core: &Core, (actor, sealed): (ActorId, Vec<u8>)) -> Result<Operator, Error> {
    let clear = core.keyring.open_platform(TABLE, &sealed)?;
    let clear: Sealed =
        serde_json::from_slice(&clear).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
    Ok(Operator { actor, name: clear.name })
}

fn identity(core: &Core, issuer: &str, subject: &str) -> [u8; 32] {
    core.keyring.digest_platform("identity", &[issuer.as_bytes(), subject.as_bytes()])
}
