//! Personal members of a JSON document, sealed one by one under the key of the person whom they are about.
//!
//! A schema marks them: `"x-eaf-personal": {"subject": "<sibling>"}`, where the sibling holds the person's actor id. In
//! the document such a member becomes `{"$sealed": "<base64>"}`. The ciphertext names its subject, so that opening
//! needs no schema: what was sealed stays readable when a schema moves on.

mod marks;

pub use marks::{Mark, marks, unfollowed};

use super::{Among, Keyring};
use crate::db::TenantTx;
use crate::id::ActorId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const SEALED: &str = "$sealed";
/// As [`SEALED`], of what several people are the subjects.
const AMONG: &str = "$sealed-among";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{pointer} is personal, but its subject is not an actor id")]
    NoSubject { pointer: String },
    #[error("{pointer} uses the reserved member $sealed")]
    Reserved { pointer: String },
    #[error("{pointer} is not a sealed value")]
    Malformed { pointer: String },
    #[error("{pointer}")]
    Crypto {
        pointer: String,
        #[source]
        cause: super::Error,
    },
}

/// Seals what the schema marks. `place` names where the document will stand; it opens only there.
/// A member that is absent or null stays so.
pub async fn encrypt(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    place: &str,
    data: &mut Value,
) -> Result<(), Error> {
    if let Some(pointer) = reserved(data) {
        return Err(Error::Reserved { pointer });
    }
    for mark in marks(schema, data) {
        let subject = mark.subject.ok_or_else(|| Error::NoSubject { pointer: mark.pointer.clone() })?;
        seal_member(keyring, tx, place, data, &mark.pointer, subject).await?;
    }
    Ok(())
}

/// As [`encrypt`], but leaves in clear what has no subject: for documents that are sealed as a whole afterwards.
pub async fn encrypt_known(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    place: &str,
    data: &mut Value,
) -> Result<(), Error> {
    for mark in marks(schema, data) {
        if let Some(subject) = mark.subject {
            seal_member(keyring, tx, place, data, &mark.pointer, subject).await?;
        }
    }
    Ok(())
}

/// What whoever gave a command wrote in it, sealed among all these people: it goes with the first of them.
pub async fn encrypt_among(
    keyring: &Keyring,
    tx: &mut TenantTx,
    schema: &Value,
    place: &str,
    data: &mut Value,
    people: &BTreeSet<ActorId>,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    for mark in marks(schema, data).into_iter().filter(|mark| mark.named_at.is_none()) {
        let Some(member) = data.pointer_mut(&mark.pointer) else { continue };
        let place = format!("{place}\n{}", mark.pointer);
        let sealed = keyring.seal_among(tx, people.clone(), &place, member.to_string().as_bytes()).await;
        let Among { people, key, value } =
            sealed.map_err(|cause| Error::Crypto { pointer: mark.pointer.clone(), cause })?;
        *member = json!({ AMONG: { "people": people, "key": BASE64.encode(key), "value": BASE64.encode(value) } });
    }
    Ok(())
}

/// The first member, as a JSON pointer, that looks as if it were sealed: nobody but this module may write one.
pub fn reserved(data: &Value) -> Option<String> {
    let mut found = Vec::new();
    visit(data, String::new(), &[SEALED, AMONG], &mut found);
    found.into_iter().next()
}

/// Under whose keys members of the document are sealed.
pub fn subjects(data: &Value) -> BTreeSet<ActorId> {
    let header = |pointer: &String| {
        let bytes = BASE64.decode(data.pointer(pointer)?[SEALED].as_str()?).ok()?;
        Some(Header::split(&bytes)?.0.subject)
    };
    sealed_members(data).iter().filter_map(header).collect()
}

/// Opens every sealed member; answers whose data stand in clear now. Those of an erased person become empty values of the
/// same type.
pub async fn decrypt(
    keyring: &Keyring,
    tx: &mut TenantTx,
    place: &str,
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
            .open(tx, header.subject, &header.aad(place, &pointer), sealed)
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
    place: &str,
    data: &mut Value,
    pointer: &str,
    subject: ActorId,
) -> Result<(), Error> {
    let Some(member) = data.pointer_mut(pointer) else { return Ok(()) };
    let header = Header { kind: kind(member), subject };
    let plain = member.to_string();
    let sealed = keyring
        .seal(tx, subject, &header.aad(place, pointer), plain.as_bytes())
        .await
        .map_err(|cause| Error::Crypto { pointer: pointer.to_owned(), cause })?;
    *member = json!({ SEALED: BASE64.encode(header.join(&sealed)) });
    Ok(())
}

/// In front of the ciphertext: the value's type, so that an erased one can be replaced, and whose key it is.
struct Header {
    kind: u8,
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

    fn aad(&self, place: &str, pointer: &str) -> String {
        format!("{}\n{place}\n{pointer}", self.kind)
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

/// Pointers to all members of the form `{"$sealed": …}`.
fn sealed_members(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(data, String::new(), &[SEALED], &mut found);
    found
}

fn visit(value: &Value, pointer: String, marks: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(members) if marks.iter().any(|mark| members.contains_key(*mark)) => found.push(pointer),
        Value::Object(members) => {
            for (name, member) in members {
                visit(member, format!("{pointer}/{}", marks::escape(name)), marks, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, format!("{pointer}/{index}"), marks, found);
            }
        }
        _ => {}
    }
}
