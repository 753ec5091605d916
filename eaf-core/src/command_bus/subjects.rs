//! Checks that a command names members of this tenant, and that the command and its events hold
//! personal data of this tenant's people alone.
//!
//! An actor id in a body names the person under whose key a personal field is sealed. If that id
//! belonged to no member, a key would be created that no erasure ever destroys.

use super::Error;
use crate::actor::Caller;
use crate::contract::person::{self, NamedPerson};
use crate::contract::{Description, Permission};
use crate::crypto::personal::{self, personal_members};
use crate::db::TenantTx;
use crate::id::ActorId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Sources of the people whom an event may be about, besides members: the caller, and the people in
/// the loaded streams.
pub(super) struct PersonReferences<'a> {
    pub caller: &'a Caller,
    pub loaded: &'a BTreeSet<ActorId>,
    pub body: &'a Value,
}

/// Checks that the persons whom personal members of the body are about are members of the tenant.
/// The error names the JSON member that refers to another person.
pub(super) async fn check_body(tx: &mut TenantTx, caller: &Caller, schema: &Value, body: &Value) -> Result<(), Error> {
    let marks = personal_members(schema, body);
    let named = marks.iter().filter(|mark| mark.subject_pointer.is_some()).filter_map(|mark| mark.subject);
    let known = members(tx, named.filter(|subject| *subject != caller.actor)).await?;
    for mark in marks {
        let Some(pointer) = mark.subject_pointer else { continue };
        if !mark.subject.is_some_and(|subject| subject == caller.actor || known.contains(&subject)) {
            return Err(Error::NoMember { pointer });
        }
    }
    Ok(())
}

/// Checks that the persons whom marked members of the body name are current members of the tenant
/// and hold the permissions of the marks. The error names the JSON member.
pub(super) async fn check_persons(
    tx: &mut TenantTx,
    description: &Description,
    schema: &Value,
    body: &Value,
) -> Result<(), Error> {
    let named = person::named(schema, body);
    let roles = roles(tx, named.iter().filter_map(|one| one.actor)).await?;
    named.into_iter().try_for_each(|one| check_person(one, &roles, &description.permissions))
}

fn check_person(
    NamedPerson { pointer, actor, mark }: NamedPerson,
    roles: &BTreeMap<ActorId, Vec<String>>,
    permissions: &[Permission],
) -> Result<(), Error> {
    let Some(has) = actor.and_then(|actor| roles.get(&actor)) else { return Err(Error::NoMember { pointer }) };
    let is_permitted = mark.roles(permissions).is_none_or(|needed| needed.iter().any(|role| has.contains(role)));
    match mark.permission {
        Some(permission) if !is_permitted => Err(Error::NotPermitted { pointer, permission }),
        _ => Ok(()),
    }
}

/// Reads the roles of those actors who are current members.
async fn roles(
    tx: &mut TenantTx,
    actors: impl Iterator<Item = ActorId>,
) -> Result<BTreeMap<ActorId, Vec<String>>, Error> {
    let actors: BTreeSet<ActorId> = actors.collect();
    if actors.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found: Vec<(ActorId, Vec<String>)> = sqlx::query_as(
        "select actor_id, roles from eaf.member
         where tenant_id = $1 and actor_id = any ($2) and identity is not null and roles <> '{}'",
    )
    .bind(tx.tenant())
    .bind(actors.into_iter().collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await
    .map_err(Error::People)?;
    Ok(found.into_iter().collect())
}

/// Checks all events of a decision. The error names the JSON member of the body that contains the
/// refused person's id. If the body does not contain that id, the error blames the package.
pub(super) async fn check_events(
    tx: &mut TenantTx,
    about: &PersonReferences<'_>,
    events: &[(&Value, &Value)],
) -> Result<(), Error> {
    let is_there = |subject: &ActorId| *subject == about.caller.actor || about.loaded.contains(subject);
    let marked: Vec<_> = events.iter().map(|(schema, data)| (personal_members(schema, data), *data)).collect();
    let subjects = marked.iter().flat_map(|(marks, _)| marks).filter_map(|mark| mark.subject);
    let known = members(tx, subjects.filter(|subject| !is_there(subject))).await?;
    for (marks, data) in marked {
        for mark in marks {
            if mark.subject.is_some_and(|subject| is_there(&subject) || known.contains(&subject)) {
                continue;
            }
            let named = mark
                .subject_pointer
                .as_deref()
                .and_then(|pointer| data.pointer(pointer))
                .filter(|named| named.is_string());
            return Err(match named.and_then(|named| pointer_to(about.body, named, String::new())) {
                Some(pointer) => Error::NoMember { pointer },
                None => Error::Personal(personal::Error::NoSubject { pointer: mark.pointer }),
            });
        }
    }
    Ok(())
}

/// Returns those of the actors that are members of the tenant. An erased member is included,
/// because data about that person cannot be sealed anyway. The system is not a member: it has a
/// data key that no erasure reaches.
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

fn pointer_to(value: &Value, wanted: &Value, pointer: String) -> Option<String> {
    if value == wanted {
        return Some(pointer);
    }
    match value {
        Value::Object(members) => {
            let mut members = members.iter();
            members.find_map(|(name, member)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointer_to(member, wanted, format!("{pointer}/{name}"))
            })
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| pointer_to(item, wanted, format!("{pointer}/{index}")))
        }
        _ => None,
    }
}
