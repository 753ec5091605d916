//! Settings of a product in a tenant. A package describes them by a JSON Schema, the tenant's
//! admins set them, and a command or a workflow's call sees the values of its moment.
//!
//! A change adds a version and deletes nothing, so that the history shows each value with its
//! author and time. A setting without a stored value has the default of the schema.

mod put;

pub use put::{Change, put};

use crate::audit;
use crate::db::{self, TenantTx};
use crate::id::ActorId;
use serde_json::{Map, Value};
use sqlx::types::Json;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the settings could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the settings could not be locked")]
    Lock(#[source] sqlx::Error),
    #[error("the settings could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the schema of the settings is not a JSON Schema")]
    Schema(#[source] Box<jsonschema::ValidationError<'static>>),
    #[error("the settings are at version {current}, not at the version that the change was made on")]
    Changed { current: i32 },
    #[error("the change of the settings could not be recorded")]
    Audit(#[source] audit::Error),
}

/// One version of a product's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Number of the version, from 1.
    pub number: i32,
    /// Values by name that admins have set.
    pub values: Map<String, Value>,
    pub updated_by: ActorId,
    pub updated_at: OffsetDateTime,
}

type VersionRow = (i32, Json<Map<String, Value>>, ActorId, OffsetDateTime);

impl Version {
    fn from_row((number, Json(values), updated_by, updated_at): VersionRow) -> Version {
        Version { number, values, updated_by, updated_at }
    }
}

/// Reads the last version. `None`: no admin has set anything.
pub async fn current(tx: &mut TenantTx, plugin: &str) -> Result<Option<Version>, Error> {
    Ok(history(tx, plugin, None, 1).await?.pop())
}

/// Reads versions, the newest first: those below the number `before`, or the last ones.
pub async fn history(tx: &mut TenantTx, plugin: &str, before: Option<i32>, limit: u32) -> Result<Vec<Version>, Error> {
    let rows: Vec<VersionRow> = sqlx::query_as(
        "select version, settings, updated_by, updated_at from eaf.tenant_setting
         where tenant_id = $1 and plugin = $2 and version < $3 order by version desc limit $4",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(before.unwrap_or(i32::MAX))
    .bind(i64::from(limit))
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(rows.into_iter().map(Version::from_row).collect())
}

/// Reads the values that hold now: one for each setting that the schema describes. Without a
/// schema, the package has no settings.
pub async fn effective(tx: &mut TenantTx, plugin: &str, schema: Option<&Value>) -> Result<Map<String, Value>, Error> {
    let Some(schema) = schema else { return Ok(Map::new()) };
    let stored = current(tx, plugin).await?.map(|version| version.values).unwrap_or_default();
    with_defaults(schema, &stored)
}

/// Stored values, and the schema's defaults for the other settings. A stored value that the schema
/// refuses is replaced by the default, because a newer package may permit fewer values.
pub fn with_defaults(schema: &Value, stored: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let described = schema["properties"].as_object().into_iter().flatten();
    let mut values: Map<String, Value> =
        described.filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone()))).collect();
    if stored.is_empty() {
        return Ok(values);
    }
    let validator = jsonschema::validator_for(schema).map_err(|cause| Error::Schema(Box::new(cause)))?;
    for (name, value) in stored {
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        if validator.is_valid(&alone) {
            values.insert(name.clone(), value.clone());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn a_value_that_is_not_stored_or_that_the_schema_refuses_is_the_default() {
        let schema = json!({ "additionalProperties": false, "properties": {
            "term": { "type": "integer", "maximum": 36, "default": 24 },
            "least": { "type": "integer", "maximum": 36, "default": 1 },
            "note": { "type": "string", "default": "" },
            "kind": { "enum": ["a", "b"], "default": "a" },
        } });
        let values = |stored: Value| with_defaults(&schema, &map(stored)).unwrap();
        let expected = json!({ "term": 12, "least": 1, "note": "", "kind": "a" });
        assert_eq!(values(json!({ "term": 12, "least": 48, "note": 7, "removed": true })), map(expected));
        assert_eq!(values(json!({})), map(json!({ "term": 24, "least": 1, "note": "", "kind": "a" })));
    }

    #[test]
    fn values_for_a_schema_that_is_none_are_an_error() {
        let broken = json!({ "properties": { "term": { "type": "number-of-months", "default": 1 } } });
        assert!(matches!(with_defaults(&broken, &map(json!({ "term": 1 }))), Err(Error::Schema(_))));
    }
}
