//! Whose data a command and its events hold: people of this tenant, and nobody else.
//!
//! An id from a body becomes the subject of personal fields and so of a key. One that names nobody would make a key that
//! no erasure ever destroys, and the id of the tenant itself cannot be destroyed at all.

use super::Error;
use crate::actor::Caller;
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

/// Refused at the member that names somebody else.
pub(super) async fn check_body(tx: &mut TenantTx, caller: &Caller, schema: &Value, body: &Value) -> Result<(), Error> {
    let marks = marks(schema, body);
    let named = marks.iter().filter(|mark| mark.named_at.is_some()).filter_map(|mark| mark.subject);
    let known = members(tx, named.filter(|subject| *subject != caller.actor)).await?;
    for mark in marks {
        let Some(pointer) = mark.named_at else { continue };
        if !mark.subject.is_some_and(|subject| subject == caller.actor || known.contains(&subject)) {
            return Err(Error::NoMember { pointer });
        }
    }
    Ok(())
}

/// Of all events of a decision: refused at the member of the body that the subject was taken from, or as the package's
/// fault.
pub(super) async fn check_events(
    tx: &mut TenantTx,
    about: &About<'_>,
    events: &[(&Value, &Value)],
) -> Result<(), Error> {
    let is_there = |subject: &ActorId| *subject == about.caller.actor || about.loaded.contains(subject);
    let marked: Vec<_> = events.iter().map(|(schema, data)| (marks(schema, data), *data)).collect();
    let subjects = marked.iter().flat_map(|(marks, _)| marks).filter_map(|mark| mark.subject);
    let known = members(tx, subjects.filter(|subject| !is_there(subject))).await?;
    for (marks, data) in marked {
        for mark in marks {
            if mark.subject.is_some_and(|subject| is_there(&subject) || known.contains(&subject)) {
                continue;
            }
            let named =
                mark.named_at.as_deref().and_then(|pointer| data.pointer(pointer)).filter(|named| named.is_string());
            return Err(match named.and_then(|named| place_of(about.body, named, String::new())) {
                Some(pointer) => Error::NoMember { pointer },
                None => Error::Personal(personal::Error::NoSubject { pointer: mark.pointer }),
            });
        }
    }
    Ok(())
}

/// Which of them are members. Erased ones too: what is said of them is refused as such. Who has a key and is no member, such
/// as the system itself, is nobody whom an erasure would reach.
async fn members(tx: &mut TenantTx, actors: impl Iterator<Item = ActorId>) -> Result<BTreeSet<ActorId>, Error> {
    let actors: BTreeSet<ActorId> = actors.collect();
    if actors.is_empty() {
        return Ok(actors);
    }
    let found: Vec<ActorId> =
        sqlx::query_scalar("select actor_id from eaf.member where tenant_id = $1 and actor_id = any ($2)")
            .bind(tx.tenant())
            .bind(actors.into_iter().collect::<Vec<_>>())
            .fetch_all(tx.conn())
            .await
            .map_err(Error::People)?;
    Ok(found.into_iter().collect())
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
