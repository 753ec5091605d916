//! Reading a view: filters and order on declared columns, pages by keyset.
//!
//! Nulls come last in both directions, by key. Ties are broken by key, in the direction of the order, so that every page follows on
//! exactly and one index serves both directions: rows with a value are read from it forwards or backwards, and those without one are
//! asked for after them.

use super::cursor::Cursor;
use super::own::Reach;
use super::search::{self, Search};
use super::{Error, Row, Side, Table, decode, quoted, read_error};
use crate::actor::Caller;
use crate::contract::{Column, ColumnType, ViewType};
use crate::db::Db;
use crate::event_store::Position;
use crate::id::{TenantId, spellings};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use std::collections::HashMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub const MAX_LIMIT: u32 = 200;
/// Parameters of a list that are no filters.
pub const PARAMETERS: [&str; 5] = ["sort", "cursor", "limit", "after", search::PARAMETER];
const MAX_VALUES: usize = 100;
/// Capitals beside small letters, umlauts beside their vowels. As the index of a sorted text: see `eaf.view_table`.
const AS_PEOPLE_SORT: &str = "collate \"und-x-icu\"";

#[derive(Debug, Clone)]
pub struct Query {
    pub filters: Vec<Filter>,
    /// Words, each of which stands in a searched column.
    pub search: Option<String>,
    /// None: by key, or what fits a search best.
    pub sort: Option<Sort>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// The column equals one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub column: String,
    pub values: Vec<String>,
}

impl Filter {
    /// From `?column=a,b`. Behind a backslash a comma, and a backslash, are part of a value.
    pub fn parse(column: &str, list: &str) -> Self {
        let (mut values, mut value, mut characters) = (Vec::new(), String::new(), list.chars().peekable());
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.push(characters.next_if(|next| matches!(next, ',' | '\\')).unwrap_or('\\')),
                ',' => values.push(std::mem::take(&mut value)),
                _ => value.push(character),
            }
        }
        values.push(value);
        Filter { column: column.to_owned(), values }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub column: String,
    pub direction: Direction,
}

impl Sort {
    /// From `?sort=column` or `?sort=-column`.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('-') {
            Some(column) => Sort { column: column.to_owned(), direction: Direction::Descending },
            None => Sort { column: text.to_owned(), direction: Direction::Ascending },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<Row>,
    /// None: this was the last page.
    pub next: Option<String>,
}

pub async fn query(db: &Db, caller: &Caller, plugin: &str, view: &ViewType, query: &Query) -> Result<Page, Error> {
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        return Err(Error::Limit);
    }
    let reach = Reach::of(caller, plugin, view)?;
    let mut tx = db.tenant(caller.tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    let search = query.search.as_deref().map(|typed| Search::new(&table, typed)).transpose()?;
    let cursor = query.after.as_deref().map(|text| Cursor::decode(text, query.sort.as_ref())).transpose()?;
    let limit = query.limit as usize;
    let mut found = Vec::new();
    for part in parts(&table, search.as_ref(), query.sort.as_ref(), cursor.as_ref())? {
        let mut sql = select(&table, caller, &reach);
        for filter in &query.filters {
            push_filter(&mut sql, &table, filter)?;
        }
        if let Some(search) = &search {
            search.restrict(&mut sql);
        }
        part.push(&mut sql)?;
        // One more than asked for says that there is a next page.
        sql.push(" limit ").push_bind((limit + 1 - found.len()) as i64);
        found.extend(sql.build().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?);
        if found.len() > limit {
            break;
        }
    }
    let items = found.iter().take(limit).map(|found| row(found, view, epoch)).collect::<Result<Vec<_>, _>>()?;
    // What fits best is looked at; who wants more types more.
    let paged = search.is_none() || query.sort.is_some();
    let more = paged && found.len() > limit;
    let next = items.last().filter(|_| more).map(|last| Cursor::after(last, query.sort.as_ref()).encode());
    Ok(Page { items, next })
}

/// One row; `None` also when the caller may not see this one.
pub async fn get(db: &Db, caller: &Caller, plugin: &str, view: &ViewType, key: &str) -> Result<Option<Row>, Error> {
    let reach = Reach::of(caller, plugin, view)?;
    if key.contains('\0') {
        return Ok(None);
    }
    let keys = spellings(key);
    let mut tx = db.tenant(caller.tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    let mut sql = select(&table, caller, &reach);
    sql.push(" and key = any (").push_bind(&keys).push(")");
    sql.push(" order by key limit 1");
    let found = sql.build().fetch_optional(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    found.map(|found| row(&found, view, epoch)).transpose()
}

/// Of which events these rows are, for the host itself; those that are not there are left out.
pub async fn positions(
    db: &Db,
    tenant: TenantId,
    plugin: &str,
    view: &ViewType,
    keys: &[&str],
) -> Result<HashMap<String, Position>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    let mut sql = QueryBuilder::<Postgres>::new(format!("select key, _pos from {}", table.sql));
    sql.push(" where tenant_id = ")
        .push_bind(tenant)
        .push(" and not _deleted and key = any (")
        .push_bind(keys)
        .push(")");
    let found: Vec<(String, i64)> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    Ok(found.into_iter().map(|(key, pos)| (key, Position { epoch, pos: pos as u64 })).collect())
}

fn select(table: &Table<'_>, caller: &Caller, reach: &Reach<'_>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("select key, _pos{} from {}", table.column_list(), table.sql));
    sql.push(" where tenant_id = ").push_bind(caller.tenant).push(" and not _deleted");
    reach.restrict(&mut sql, caller);
    sql
}

fn row(found: &PgRow, view: &ViewType, epoch: u32) -> Result<Row, Error> {
    let pos: i64 = found.try_get(1).map_err(Error::Read)?;
    Ok(Row {
        key: found.try_get(0).map_err(Error::Read)?,
        position: Position { epoch, pos: pos as u64 },
        columns: decode(found, 2, &view.columns, Side::Api).map_err(Error::Read)?,
    })
}

fn push_filter(sql: &mut QueryBuilder<Postgres>, table: &Table<'_>, filter: &Filter) -> Result<(), Error> {
    let unknown = || Error::UnknownFilter { column: filter.column.clone() };
    let column = table.column(&filter.column).filter(|column| column.filter).ok_or_else(unknown)?;
    let unfit = || Error::FilterValue { column: filter.column.clone() };
    if filter.values.is_empty() || filter.values.len() > MAX_VALUES {
        return Err(unfit());
    }
    let texts = filter.values.iter().flat_map(|text| spellings(text));
    let values: Vec<Typed> =
        texts.map(|text| Typed::parse(column, &text).ok_or_else(unfit)).collect::<Result<_, _>>()?;
    sql.push(" and ").push(quoted(&column.name)).push(" in (");
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        value.bind(sql);
    }
    sql.push(")");
    Ok(())
}

/// What is read from one index in its order.
enum Part<'a> {
    Best(&'a Search<'a>),
    ByKey { after: Option<&'a Cursor> },
    Valued { column: &'a Column, direction: Direction, after: Option<&'a Cursor> },
    Null { column: &'a Column, after: Option<&'a Cursor> },
}

/// One after the other, as far as the page reaches.
fn parts<'a>(
    table: &Table<'a>,
    search: Option<&'a Search<'a>>,
    sort: Option<&Sort>,
    cursor: Option<&'a Cursor>,
) -> Result<Vec<Part<'a>>, Error> {
    let Some(sort) = sort else {
        return match (search, cursor) {
            (None, after) => Ok(vec![Part::ByKey { after }]),
            (Some(search), None) => Ok(vec![Part::Best(search)]),
            (Some(_), Some(_)) => Err(Error::Cursor),
        };
    };
    let unknown = || Error::UnknownSort { column: sort.column.clone() };
    let column = table.column(&sort.column).filter(|column| column.sort).ok_or_else(unknown)?;
    if cursor.is_some_and(|cursor| cursor.value().is_null()) {
        return Ok(vec![Part::Null { column, after: cursor }]);
    }
    let valued = Part::Valued { column, direction: sort.direction, after: cursor };
    Ok(vec![valued, Part::Null { column, after: None }])
}

impl Part<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) -> Result<(), Error> {
        match self {
            Part::Best(search) => search.best_first(sql),
            Part::ByKey { after } => {
                after_key(sql, *after);
                sql.push(" order by key");
            }
            Part::Null { column, after } => {
                sql.push(format!(" and {} is null", quoted(&column.name)));
                after_key(sql, *after);
                sql.push(" order by key");
            }
            Part::Valued { column, direction, after } => {
                let name = quoted(&column.name);
                let name = if column.kind == ColumnType::Text { format!("{name} {AS_PEOPLE_SORT}") } else { name };
                let (beyond, order) = match direction {
                    Direction::Ascending => (">", "asc"),
                    Direction::Descending => ("<", "desc"),
                };
                sql.push(format!(" and {} is not null", quoted(&column.name)));
                if let Some(cursor) = after {
                    sql.push(format!(" and ({name}, key) {beyond} ("));
                    Typed::from_json(column, cursor.value()).ok_or(Error::Cursor)?.bind(sql);
                    sql.push(", ").push_bind(cursor.key().to_owned()).push(")");
                }
                sql.push(format!(" order by {name} {order}, key {order}"));
            }
        }
        Ok(())
    }
}

fn after_key(sql: &mut QueryBuilder<Postgres>, cursor: Option<&Cursor>) {
    if let Some(cursor) = cursor {
        sql.push(" and key > ").push_bind(cursor.key().to_owned());
    }
}

/// A value from outside, of a column's type.
enum Typed {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Timestamp(OffsetDateTime),
}

impl Typed {
    fn parse(column: &Column, text: &str) -> Option<Self> {
        match column.kind {
            ColumnType::Text => (!text.contains('\0')).then(|| Typed::Text(text.to_owned())),
            ColumnType::Integer => text.parse().ok().map(Typed::Integer),
            ColumnType::Boolean => text.parse().ok().map(Typed::Boolean),
            ColumnType::Timestamp => OffsetDateTime::parse(text, &Rfc3339).ok().map(Typed::Timestamp),
            ColumnType::Json => None,
        }
    }

    fn from_json(column: &Column, value: &Value) -> Option<Self> {
        match (column.kind, value) {
            (ColumnType::Integer, Value::Number(number)) => number.as_i64().map(Typed::Integer),
            (ColumnType::Boolean, Value::Bool(value)) => Some(Typed::Boolean(*value)),
            (ColumnType::Text | ColumnType::Timestamp, Value::String(text)) => Typed::parse(column, text),
            _ => None,
        }
    }

    fn bind(self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Typed::Text(value) => sql.push_bind(value),
            Typed::Integer(value) => sql.push_bind(value),
            Typed::Boolean(value) => sql.push_bind(value),
            Typed::Timestamp(value) => sql.push_bind(value),
        };
    }
}
