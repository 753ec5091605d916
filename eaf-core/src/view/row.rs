//! Rows of views, decoded for the API or for a plugin.

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
    /// Position of the last event of the batch in which the row changed last.
    pub position: Position,
    /// Values of the row by column name, in the order of the view's definition.
    pub columns: Map<String, Value>,
}

/// Format in which the instants of a decoded row are written.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    /// RFC 3339 text, such as `2026-11-29T13:05:07Z`, for the API.
    Api,
    /// Number of milliseconds since 1970, for a plugin.
    Plugin,
}

/// Reads the columns of a view from a database row. The first of them has the index `offset`.
pub(crate) fn decode(
    row: &PgRow,
    offset: usize,
    columns: &[Column],
    format: Format,
) -> Result<Map<String, Value>, sqlx::Error> {
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| Ok((column.name.clone(), value(row, offset + index, column.kind, format)?)))
        .collect()
}

fn value(row: &PgRow, index: usize, kind: ColumnType, format: Format) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        ColumnType::Text => row.try_get::<Option<String>, _>(index)?.into(),
        ColumnType::Integer => row.try_get::<Option<i64>, _>(index)?.into(),
        ColumnType::Boolean => row.try_get::<Option<bool>, _>(index)?.into(),
        ColumnType::Timestamp => row.try_get::<Option<OffsetDateTime>, _>(index)?.map(|at| instant(at, format)).into(),
        ColumnType::Json => row.try_get::<Option<Value>, _>(index)?.into(),
    })
}

fn instant(at: OffsetDateTime, format: Format) -> Value {
    match format {
        Format::Api => at.format(&Rfc3339).map_or(Value::Null, Value::String),
        Format::Plugin => ((at.unix_timestamp_nanos() / 1_000_000) as i64).into(),
    }
}
