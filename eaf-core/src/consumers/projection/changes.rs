//! Row changes that a component returned: checked against the view's columns and applied in order.

use crate::contract::{Column, ColumnType, RowChange};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Maximum length, in bytes, of the key of a view row.
const MAX_KEY: usize = 200;
/// Maximum length, in bytes, of a text in an indexed column. An entry of a B-tree index, which also
/// contains the other indexed columns, holds about 2,700 bytes.
const MAX_INDEXED_TEXT: usize = 2_000;

/// Reason why a row change does not fit the view's columns. It names declared columns only, because
/// other text of the plugin may contain personal data.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Invalid {
    #[error("a column that is not declared")]
    UndeclaredColumn,
    #[error("a value of the wrong type in column {0}")]
    WrongType(String),
    #[error("a text too long to be indexed in column {0}")]
    TooLong(String),
    #[error("a patch of a row that does not exist")]
    NoSuchRow,
    #[error("a key that is empty, too long or holds a null character")]
    Key,
}

/// New content of each changed row, by the row's key; `None`: the row is deleted. Values are in the
/// form that `jsonb_to_recordset` reads; instants are RFC 3339.
pub(super) type RowChanges = BTreeMap<String, Option<Map<String, Value>>>;

/// Applies `changes` in order to `rows`, which contains the current rows by key. Returns the
/// changed rows.
pub(super) fn apply_changes(
    columns: &[Column],
    rows: Map<String, Value>,
    changes: Vec<RowChange>,
) -> Result<RowChanges, Invalid> {
    let mut changed = RowChanges::new();
    for change in changes {
        match change {
            RowChange::Upsert { key, row } => {
                check_key(&key)?;
                changed.insert(key, Some(check_row(columns, row)?));
            }
            RowChange::Patch { key, set } => {
                let set = check_row(columns, set)?;
                let mut row = match (changed.remove(&key), rows.get(&key)) {
                    (Some(row), _) => row.ok_or(Invalid::NoSuchRow)?,
                    (None, Some(Value::Object(row))) => check_row(columns, row.clone())?,
                    _ => return Err(Invalid::NoSuchRow),
                };
                row.extend(set);
                changed.insert(key, Some(row));
            }
            RowChange::Delete { key } => {
                check_key(&key)?;
                changed.insert(key, None);
            }
        }
    }
    Ok(changed)
}

fn check_key(key: &str) -> Result<(), Invalid> {
    if key.is_empty() || key.len() > MAX_KEY || key.contains('\0') {
        return Err(Invalid::Key);
    }
    Ok(())
}

fn check_row(columns: &[Column], row: Map<String, Value>) -> Result<Map<String, Value>, Invalid> {
    row.into_iter()
        .map(|(name, value)| {
            let column = columns.iter().find(|column| column.name == name).ok_or(Invalid::UndeclaredColumn)?;
            Ok((name, to_column_value(column, value)?))
        })
        .collect()
}

fn to_column_value(column: &Column, value: Value) -> Result<Value, Invalid> {
    let wrong = || Invalid::WrongType(column.name.clone());
    match (column.kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        (ColumnType::Text, Value::String(text)) => {
            if (column.filter || column.sort) && text.len() > MAX_INDEXED_TEXT {
                return Err(Invalid::TooLong(column.name.clone()));
            }
            Ok(Value::String(storable(text)))
        }
        (ColumnType::Integer, Value::Number(number)) if number.is_i64() => Ok(Value::Number(number)),
        (ColumnType::Boolean, value @ Value::Bool(_)) => Ok(value),
        (ColumnType::Timestamp, Value::Number(number)) => {
            let nanos = i128::from(number.as_i64().ok_or_else(wrong)?) * 1_000_000;
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| wrong())?;
            // PostgreSQL has no year 0.
            if at.year() < 1 {
                return Err(wrong());
            }
            at.format(&Rfc3339).map(Value::String).map_err(|_| wrong())
        }
        (ColumnType::Json, value) => Ok(storable_json(value)),
        _ => Err(wrong()),
    }
}

/// Replaces null characters, which a text in PostgreSQL cannot contain. A person can send such a
/// character, and it must not park the view.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(storable_json).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, member)| (storable(name), storable_json(member))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns() -> Vec<Column> {
        let column =
            |name: &str, kind| Column { name: name.into(), kind, filter: name == "name", sort: false, search: false };
        vec![
            column("name", ColumnType::Text),
            column("count", ColumnType::Integer),
            column("at", ColumnType::Timestamp),
            column("facts", ColumnType::Json),
        ]
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn upsert(key: &str, row: Value) -> RowChange {
        RowChange::Upsert { key: key.into(), row: map(row) }
    }

    fn patch(key: &str, set: Value) -> RowChange {
        RowChange::Patch { key: key.into(), set: map(set) }
    }

    #[test]
    fn changes_of_one_row_are_applied_in_order() {
        let rows = map(json!({"b": {"name": "old", "count": 1, "at": 0}}));
        let changes = vec![
            upsert("a", json!({"name": "new"})),
            patch("a", json!({"count": 2})),
            patch("b", json!({"count": 2})),
            patch("b", json!({"name": null})),
            upsert("c", json!({})),
            RowChange::Delete { key: "c".into() },
        ];
        let changed = apply_changes(&columns(), rows, changes).unwrap();
        assert_eq!(changed["a"], Some(map(json!({"name": "new", "count": 2}))));
        assert_eq!(changed["b"], Some(map(json!({"name": null, "count": 2, "at": "1970-01-01T00:00:00Z"}))));
        assert_eq!(changed["c"], None);
    }

    #[test]
    fn an_invalid_change_is_rejected_without_repeating_its_text() {
        let rejected = |change| apply_changes(&columns(), Map::new(), vec![change]).unwrap_err();
        assert_eq!(rejected(upsert("a", json!({"other": 1}))), Invalid::UndeclaredColumn);
        assert_eq!(rejected(upsert("a", json!({"name": 1}))), Invalid::WrongType("name".into()));
        assert_eq!(rejected(upsert("a", json!({"count": 1.5}))), Invalid::WrongType("count".into()));
        assert_eq!(rejected(upsert("a", json!({"count": u64::MAX}))), Invalid::WrongType("count".into()));
        assert_eq!(rejected(upsert("a", json!({"at": i64::MAX}))), Invalid::WrongType("at".into()));
        assert_eq!(rejected(upsert("a", json!({"at": -62_150_000_000_000_i64}))), Invalid::WrongType("at".into()));
        assert_eq!(rejected(upsert("a", json!({"name": "x".repeat(2_001)}))), Invalid::TooLong("name".into()));
        assert_eq!(rejected(patch("a", json!({"count": 1}))), Invalid::NoSuchRow);
        assert_eq!(rejected(upsert("", json!({}))), Invalid::Key);
        let deleted = vec![RowChange::Delete { key: "a".into() }, patch("a", json!({"count": 1}))];
        assert_eq!(apply_changes(&columns(), Map::new(), deleted), Err(Invalid::NoSuchRow));
    }

    #[test]
    fn a_null_character_is_replaced() {
        let changes = vec![upsert("a", json!({"name": "a\0b", "facts": {"x\0": ["\0"]}}))];
        let changed = apply_changes(&columns(), Map::new(), changes).unwrap();
        let row = changed["a"].clone().unwrap();
        assert_eq!(row["name"], "a\u{fffd}b");
        assert_eq!(row["facts"], json!({"x\u{fffd}": ["\u{fffd}"]}));
    }
}
