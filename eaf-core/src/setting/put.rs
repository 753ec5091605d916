//! Change of a product's settings by an admin, with its audit row.

use super::{Error, current, with_defaults};
use crate::actor::Attribution;
use crate::audit::{self, Act};
use crate::db::TenantTx;
use serde_json::{Map, Value};
use sqlx::types::Json;

/// Change of a product's settings. The values fit the schema; the caller has checked them.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub plugin: &'a str,
    pub schema: &'a Value,
    /// Number of the version that the admin changed, 0 if there was none.
    pub based_on: i32,
    /// All values that the admin sets. A setting without a value has its default.
    pub values: &'a Map<String, Value>,
}

/// Adds a version of the settings in the caller's transaction, and returns its number. Values that
/// equal the stored ones add no version.
///
/// # Errors
/// [`Error::Changed`] if the last version is not the one that the change is based on.
pub async fn put(tx: &mut TenantTx, change: Change<'_>, by: &Attribution) -> Result<i32, Error> {
    let Change { plugin, schema, based_on, values } = change;
    lock(tx, plugin).await?;
    let stored = current(tx, plugin).await?;
    let (number, before) = stored.map_or((0, Map::new()), |version| (version.number, version.values));
    if number != based_on {
        return Err(Error::Changed { current: number });
    }
    if &before == values {
        return Ok(number);
    }
    insert(tx, plugin, number + 1, values, by).await?;
    let (old, new) = differences(with_defaults(schema, &before)?, with_defaults(schema, values)?);
    let act = Act::new("settings.put", format!("settings/{plugin}")).changing(old.into(), new.into());
    audit::record_act(tx, by, &act).await.map_err(Error::Audit)?;
    Ok(number + 1)
}

async fn insert(
    tx: &mut TenantTx,
    plugin: &str,
    number: i32,
    values: &Map<String, Value>,
    by: &Attribution,
) -> Result<(), Error> {
    sqlx::query(
        "insert into eaf.tenant_setting (tenant_id, plugin, version, settings, updated_by) values ($1, $2, $3, $4, $5)",
    )
    .bind(tx.tenant())
    .bind(plugin)
    .bind(number)
    .bind(Json(values))
    .bind(by.actor)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    Ok(())
}

/// Lets one transaction at a time change the settings of a product in a tenant. A row lock would
/// not do, because settings that are set for the first time have no row yet.
async fn lock(tx: &mut TenantTx, plugin: &str) -> Result<(), Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.setting/' || $1::text || '/' || $2, 0))")
        .bind(tx.tenant())
        .bind(plugin)
        .execute(tx.conn())
        .await
        .map_err(Error::Lock)?;
    Ok(())
}

/// Settings whose value changes, before and after.
fn differences(mut old: Map<String, Value>, mut new: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let before = old.clone();
    old.retain(|name, value| new.get(name) != Some(value));
    new.retain(|name, value| before.get(name) != Some(value));
    (old, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_changed_settings_are_recorded() {
        let map = |value: Value| value.as_object().expect("an object").clone();
        let (old, new) = differences(map(json!({ "a": 1, "b": 2 })), map(json!({ "a": 1, "b": 3, "c": 4 })));
        assert_eq!((old, new), (map(json!({ "b": 2 })), map(json!({ "b": 3, "c": 4 }))));
    }
}
