//! Whose data a command and its events hold: people of this tenant, and nobody else.
//!
//! An id from a body becomes the subject of personal fields and so of a key. One that names nobody would make a key that
//! no erasure ever destroys, and the id of the tenant itself cannot be destroyed at all.

use super::Error;
use crate::actor::{ActorKind, Caller};
use crate::crypto::personal::{self, marks};
use crate::db::TenantTx;
use crate::id::ActorId;
use serde_json::Value;
use std::collections::BTreeSet;

/// What an event may be about besides members: whoever gave the command, and who could be read in what it was made on.
pub(super) struct About<'a> {
    pub caller: &'a Caller,
    pub loaded: &'a BTreeSet<ActorId>,
    pub body: &'a Value,
}

/// Refused at the member that names somebody else. What the system is told is the package's own words.
pub(super) async fn check_body(tx: &mut TenantTx, caller: &Caller, schema: &Value, body: &Value) -> Result<(), Error> {
    for mark in marks(schema, body) {
        let Some(pointer) = mark.named_at else { continue };
        let known = match mark.subject {
            Some(subject) if subject == caller.actor => true,
            Some(subject) if caller.kind == ActorKind::System => is_known(tx, subject).await?,
            Some(subject) => is_member(tx, subject).await?,
            None => false,
        };
        if !known {
            return Err(Error::NoMember { pointer });
        }
    }
    Ok(())
}

/// Refused at the member of the body that the subject was taken from, or as the package's fault.
pub(super) async fn check_event(
    tx: &mut TenantTx,
    about: &About<'_>,
    schema: &Value,
    data: &Value,
) -> Result<(), Error> {
    for mark in marks(schema, data) {
        let known = match mark.subject {
            Some(subject) if subject == about.caller.actor || about.loaded.contains(&subject) => true,
            Some(subject) => is_known(tx, subject).await?,
            None => false,
        };
        if known {
            continue;
        }
        let named =
            mark.named_at.as_deref().and_then(|pointer| data.pointer(pointer)).filter(|named| named.is_string());
        return Err(match named.and_then(|named| place_of(about.body, named, String::new())) {
            Some(pointer) => Error::NoMember { pointer },
            None => Error::Personal(personal::Error::NoSubject { pointer: mark.pointer }),
        });
    }
    Ok(())
}

/// Erased members too: what is said of them is refused as such.
async fn is_member(tx: &mut TenantTx, actor: ActorId) -> Result<bool, Error> {
    sqlx::query_scalar("select exists (select from eaf.member where tenant_id = $1 and actor_id = $2)")
        .bind(tx.tenant())
        .bind(actor)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::People)
}

/// Members, and who has a key because they acted here.
async fn is_known(tx: &mut TenantTx, actor: ActorId) -> Result<bool, Error> {
    if actor.0.is_nil() {
        return Ok(false);
    }
    let has_key: bool =
        sqlx::query_scalar("select exists (select from eaf.subject_key where tenant_id = $1 and subject_id = $2)")
            .bind(tx.tenant())
            .bind(actor)
            .fetch_one(tx.conn())
            .await
            .map_err(Error::People)?;
    Ok(has_key || is_member(tx, actor).await?)
}

fn place_of(value: &Value, wanted: &Value, pointer: String) -> Option<String> {
    if value == wanted {
        return Some(pointer);
    }
    match value {
        Value::Object(members) => {
            let mut members = members.iter();
            members.find_map(|(name, member)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                place_of(member, wanted, format!("{pointer}/{name}"))
            })
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| place_of(item, wanted, format!("{pointer}/{index}")))
        }
        _ => None,
    }
}
