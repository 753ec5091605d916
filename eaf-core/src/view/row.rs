//! A row, as the API or the plugin sees it.

use crate::contract::{Column, ColumnType};
use crate::event_store::Position;
use serde_json::{Map, Value};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub key: String,
    /// The log's position up to which the row was last changed.
    pub position: Position,
    /// In the definition's order.
    pub columns: Map<String, Value>,
}

/// For whom a row is read: instants are RFC 3339 for people, milliseconds for plugins.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Api,
    Plugin,
}

/// The columns of a row; the first stands at `offset` in the result.
pub(crate) fn decode(
    row: &PgRow,
    offset: usize,
    columns: &[Column],
    side: Side,
) -> Result<Map<String, Value>, sqlx::Error> {
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| Ok((column.name.clone(), value(row, offset + index, column.kind, side)?)))
        .collect()
}

fn value(row: &PgRow, index: usize, kind: ColumnType, side: Side) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        ColumnType::Text => row.try_get::<Option<String>, _>(index)?.into(),
        ColumnType::Integer => row.try_get::<Option<i64>, _>(index)?.into(),
        ColumnType::Boolean => row.try_get::<Option<bool>, _>(index)?.into(),
        ColumnType::Timestamp => row.try_get::<Option<OffsetDateTime>, _>(index)?.map(|at| instant(at, side)).into(),
        ColumnType::Json => row.try_get::<Option<Value>, _>(index)?.into(),
    })
}

fn instant(at: OffsetDateTime, side: Side) -> Value {
    match side {
        Side::Api => at.format(&Rfc3339).map_or(Value::Null, Value::String),
        Side::Plugin => ((at.unix_timestamp_nanos() / 1_000_000) as i64).into(),
    }
}
