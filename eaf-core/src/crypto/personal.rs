//! Encryption of the personal members of a JSON document, each under the data key of the person
//! whom it describes: its subject.
//!
//! A schema marks a JSON member as personal with `"x-eaf-personal": {"subject": "<sibling>"}`. The
//! member `<sibling>` beside it holds the actor id of the subject. In the document the personal
//! member becomes `{"$sealed": "<base64>"}`. The sealed bytes contain the subject's id, so that the
//! member can be opened without the schema.

mod members;

pub use members::{PersonalMember, personal_members, unsupported_positions};

use super::{Keyring, SharedSeal};
use crate::db::TenantTx;
use crate::id::ActorId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const SEALED: &str = "$sealed";
/// Name of the JSON member with a value that is sealed for all of several people. Stored documents
/// contain this name, so it must not change.
const SHARED: &str = "$sealed-for-all";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{pointer} is personal, but the member that names its subject holds no actor id")]
    NoSubject { pointer: String },
    #[error("{pointer} uses a reserved name: rename $sealed or $sealed-for-all")]
    Reserved { pointer: String },
    #[error("{pointer} is not a sealed value")]
    Malformed { pointer: String },
    #[error("{pointer} could not be sealed or opened")]
    Crypto {
        pointer: String,
        #[source]
        cause: super::Error,
    },
}

/// Seals the personal JSON members of `data`. [`decrypt`] needs the same `aad`. Absent and null
/// members are not changed.
pub async fn encrypt(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    aad: &str,
    data: &mut Value,
) -> Result<(), Error> {
    if let Some(pointer) = reserved(data) {
        return Err(Error::Reserved { pointer });
    }
    for member in personal_members(schema, data) {
        let subject = member.subject.ok_or_else(|| Error::NoSubject { pointer: member.pointer.clone() })?;
        seal_member(keyring, tx, aad, data, &member.pointer, subject).await?;
    }
    Ok(())
}

/// Seals each personal JSON member whose sibling holds a person's actor id, under that person's
/// key. Leaves the others in clear, because the caller seals the whole document afterwards.
pub async fn encrypt_identified(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    aad: &str,
    data: &mut Value,
) -> Result<(), Error> {
    for member in personal_members(schema, data) {
        if let Some(subject) = member.subject {
            seal_member(keyring, tx, aad, data, &member.pointer, subject).await?;
        }
    }
    Ok(())
}

/// Seals the personal members whose subject is the caller of a command, for all of `people`,
/// because the caller's text may describe any of them.
pub async fn encrypt_for_all(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    aad: &str,
    data: &mut Value,
    people: &BTreeSet<ActorId>,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    for member in personal_members(schema, data).into_iter().filter(|member| member.subject_pointer.is_none()) {
        let Some(content) = data.pointer_mut(&member.pointer) else { continue };
        let aad = format!("{aad}\n{}", member.pointer);
        let sealed = keyring.seal_for_all(tx, people.clone(), &aad, content.to_string().as_bytes()).await;
        let SharedSeal { people, key, value } =
            sealed.map_err(|cause| Error::Crypto { pointer: member.pointer.clone(), cause })?;
        *content = json!({ SHARED: { "people": people, "key": BASE64.encode(key), "value": BASE64.encode(value) } });
    }
    Ok(())
}

/// JSON pointer to the first JSON member of `data` with a name that only this module may write.
/// `None`: there is no such member.
pub fn reserved(data: &Value) -> Option<String> {
    let mut found = Vec::new();
    visit(data, String::new(), &[SEALED, SHARED], &mut found);
    found.into_iter().next()
}

/// Actor ids of the people under whose own key a JSON member of `data` is sealed.
pub fn subjects(data: &Value) -> BTreeSet<ActorId> {
    let header = |pointer: &String| {
        let bytes = BASE64.decode(data.pointer(pointer)?[SEALED].as_str()?).ok()?;
        Some(Header::split(&bytes)?.0.subject)
    };
    sealed_members(data).iter().filter_map(header).collect()
}

/// Opens every sealed JSON member of `data`, and returns the people to whom the opened members
/// belong. A member of an erased person becomes an empty value of the same JSON type.
pub async fn decrypt(
    keyring: &Keyring,
    tx: &mut TenantTx,
    aad: &str,
    data: &mut Value,
) -> Result<BTreeSet<ActorId>, Error> {
    let mut people = BTreeSet::new();
    for pointer in sealed_members(data) {
        let malformed = || Error::Malformed { pointer: pointer.clone() };
        let member = data.pointer_mut(&pointer).ok_or_else(malformed)?;
        let text = member[SEALED].as_str().ok_or_else(malformed)?;
        let bytes = BASE64.decode(text).map_err(|_| malformed())?;
        let (header, sealed) = Header::split(&bytes).ok_or_else(malformed)?;
        let opened = keyring
            .open(tx, header.subject, &header.aad(aad, &pointer), sealed)
            .await
            .map_err(|cause| Error::Crypto { pointer: pointer.clone(), cause })?;
        *member = match opened {
            Some(plain) => {
                people.insert(header.subject);
                serde_json::from_slice(&plain).map_err(|_| malformed())?
            }
            None => header.empty(),
        };
    }
    Ok(people)
}

async fn seal_member(
    keyring: &Keyring,
    tx: &mut TenantTx,
    aad: &str,
    data: &mut Value,
    pointer: &str,
    subject: ActorId,
) -> Result<(), Error> {
    let Some(member) = data.pointer_mut(pointer) else { return Ok(()) };
    let header = Header { kind: kind(member), subject };
    let plain = member.to_string();
    let sealed = keyring
        .seal(tx, subject, &header.aad(aad, pointer), plain.as_bytes())
        .await
        .map_err(|cause| Error::Crypto { pointer: pointer.to_owned(), cause })?;
    *member = json!({ SEALED: BASE64.encode(header.join(&sealed)) });
    Ok(())
}

/// First bytes of a sealed JSON member. They contain the JSON type, so that the member of an erased
/// person can become an empty value of that type.
struct Header {
    /// JSON type of the sealed value, in the encoding of [`kind`].
    kind: u8,
    /// Person under whose key the value is sealed.
    subject: ActorId,
}

impl Header {
    fn join(&self, sealed: &[u8]) -> Vec<u8> {
        [&[self.kind], self.subject.0.as_bytes().as_slice(), sealed].concat()
    }

    fn split(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        let (subject, sealed) = rest.split_first_chunk::<16>()?;
        Some((Header { kind: *kind, subject: ActorId(Uuid::from_bytes(*subject)) }, sealed))
    }

    fn aad(&self, aad: &str, pointer: &str) -> String {
        format!("{}\n{aad}\n{pointer}", self.kind)
    }

    fn empty(&self) -> Value {
        match self.kind {
            b's' => Value::String(String::new()),
            b'n' => json!(0),
            b'b' => Value::Bool(false),
            b'a' => Value::Array(Vec::new()),
            b'o' => Value::Object(Map::new()),
            _ => Value::Null,
        }
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => b'0',
        Value::Bool(_) => b'b',
        Value::Number(_) => b'n',
        Value::String(_) => b's',
        Value::Array(_) => b'a',
        Value::Object(_) => b'o',
    }
}

/// JSON pointers to all objects of the form `{"$sealed": …}`.
fn sealed_members(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(data, String::new(), &[SEALED], &mut found);
    found
}

/// Collects JSON pointers to the objects that have a member with one of these names.
fn visit(value: &Value, pointer: String, names: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(members) if names.iter().any(|name| members.contains_key(*name)) => found.push(pointer),
        Value::Object(members) => {
            for (name, member) in members {
                visit(member, format!("{pointer}/{}", members::escape(name)), names, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, format!("{pointer}/{index}"), names, found);
            }
        }
        _ => {}
    }
}
