//! Queries on a view: filters and sort on declared columns, with keyset pagination.
//!
//! In both directions, rows with a null in the sorted column come last, ordered by key. Rows with
//! equal values are ordered by key, in the direction of the sort. So pages neither overlap nor skip
//! rows, and one index serves both directions. Rows with a value are read from the index, forwards
//! or backwards; rows with null are read by a second statement.

use super::asked::{ActsFor, ME};
use super::cursor::Cursor;
use super::row_rules::{ROW, RowRule};
use super::search::{self, Search};
use super::{Error, Format, PackageView, Row, Table, decode, quoted, read_error};
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
use tracing::{Instrument, Span};

/// Maximum number of rows on a page of a list.
pub const MAX_LIMIT: u32 = 200;
/// Names of a list's query parameters that are not filters on columns.
pub const PARAMETERS: [&str; 5] = ["sort", "cursor", "limit", "after", search::PARAMETER];
/// Maximum number of values that one filter may list.
const MAX_VALUES: usize = 100;
/// Collation by which text columns are sorted. It is that of their index: see `eaf.view_table`.
const COLLATION: &str = "collate \"und-x-icu\"";

#[derive(Debug, Clone)]
pub struct Query {
    pub filters: Vec<Filter>,
    /// Text of a search. Each of its words must occur in a searched column, or be the row's key.
    /// `None`: there is no search.
    pub search: Option<String>,
    /// Order of the rows. `None`: the best matches of the search first; without a search, by key.
    pub sort: Option<Sort>,
    /// Cursor that the previous page gave as its `next`. `None`: the first page is read.
    pub after: Option<String>,
    /// Maximum number of rows on this page, 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// Condition on rows: the value of the column is one of these values. On a column that an `asked`
/// rule of the view names, the value is [`ME`]: the reference refers to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub column: String,
    pub values: Vec<String>,
}

impl Filter {
    /// Parses the list `a,b` in the query parameter `?column=a,b`. A backslash escapes a comma or a
    /// backslash.
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
    /// Parses the value of the query parameter `?sort=column` or `?sort=-column`.
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
    /// Cursor of the next page; `None` on the last page.
    pub next: Option<String>,
}

pub async fn query(db: &Db, caller: &Caller, package: PackageView<'_>, query: &Query) -> Result<Page, Error> {
    page(db, caller, package, query).instrument(span(package)).await
}

fn span(package: PackageView<'_>) -> Span {
    tracing::info_span!("view", plugin = package.plugin, view = package.view.name)
}

async fn page(db: &Db, caller: &Caller, package: PackageView<'_>, query: &Query) -> Result<Page, Error> {
    let PackageView { plugin, view, .. } = package;
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        return Err(Error::Limit);
    }
    let mut tx = db.tenant(caller.tenant).await?;
    let rule = RowRule::of(&mut tx, caller, package).await?;
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    let search = query.search.as_deref().map(|text| Search::new(&table, text)).transpose()?;
    let cursor = query.after.as_deref().map(|text| Cursor::decode(text, query.sort.as_ref())).transpose()?;
    let limit = query.limit as usize;
    let mut found = Vec::new();
    for part in parts(&table, search.as_ref(), query.sort.as_ref(), cursor.as_ref())? {
        let mut sql = select(&table, caller, &rule);
        for filter in &query.filters {
            push_filter(&mut sql, &table, filter, || ActsFor::of(caller, plugin))?;
        }
        if let Some(search) = &search {
            search.push_condition(&mut sql);
        }
        part.push(&mut sql)?;
        // Reads one row more than the page, to know whether there is a next one.
        sql.push(" limit ").push_bind((limit + 1 - found.len()) as i64);
        found.extend(sql.build().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?);
        if found.len() > limit {
            break;
        }
    }
    let items = found.iter().take(limit).map(|found| row(found, view, epoch)).collect::<Result<Vec<_>, _>>()?;
    // The best matches of a search are one page, because a longer search finds more precisely.
    let is_paged = search.is_none() || query.sort.is_some();
    let has_more = is_paged && found.len() > limit;
    let next = items.last().filter(|_| has_more).map(|last| Cursor::after(last, query.sort.as_ref()).encode());
    Ok(Page { items, next })
}

/// Reads the row with this key. `None`: there is no such row, or the caller may not read it.
pub async fn get(db: &Db, caller: &Caller, package: PackageView<'_>, key: &str) -> Result<Option<Row>, Error> {
    one(db, caller, package, key).instrument(span(package)).await
}

async fn one(db: &Db, caller: &Caller, package: PackageView<'_>, key: &str) -> Result<Option<Row>, Error> {
    let PackageView { plugin, view, .. } = package;
    let mut tx = db.tenant(caller.tenant).await?;
    let rule = RowRule::of(&mut tx, caller, package).await?;
    if key.contains('\0') {
        return Ok(None);
    }
    let keys = spellings(key);
    let (table, epoch) = Table::live(&mut tx, plugin, view).await?;
    let mut sql = select(&table, caller, &rule);
    sql.push(" and key = any (").push_bind(&keys).push(")");
    sql.push(" order by key limit 1");
    let found = sql.build().fetch_optional(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    found.map(|found| row(&found, view, epoch)).transpose()
}

/// Reads the positions of the rows with these keys, as far as such rows exist. For the host itself,
/// so row rules do not apply.
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

fn select(table: &Table<'_>, caller: &Caller, rule: &RowRule<'_>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("select key, _pos{} from {} {ROW}", table.column_list(), table.sql));
    sql.push(" where tenant_id = ").push_bind(caller.tenant).push(" and not _deleted");
    rule.push_condition(&mut sql, caller);
    sql
}

fn row(found: &PgRow, view: &ViewType, epoch: u32) -> Result<Row, Error> {
    let pos: i64 = found.try_get(1).map_err(Error::Read)?;
    Ok(Row {
        key: found.try_get(0).map_err(Error::Read)?,
        position: Position { epoch, pos: pos as u64 },
        columns: decode(found, 2, &view.columns, Format::Api).map_err(Error::Read)?,
    })
}

fn push_filter(
    sql: &mut QueryBuilder<Postgres>,
    table: &Table<'_>,
    filter: &Filter,
    acts_for: impl Fn() -> ActsFor,
) -> Result<(), Error> {
    let invalid = || Error::FilterValue { column: filter.column.clone() };
    if let Some(column) = table.view.asked_columns().find(|column| column.name == filter.column) {
        if filter.values != [ME] {
            return Err(invalid());
        }
        sql.push(" and ");
        acts_for().push_condition(sql, ROW, &column.name);
        return Ok(());
    }
    let unknown = || Error::UnknownFilter { column: filter.column.clone() };
    let column = table.column(&filter.column).filter(|column| column.filter).ok_or_else(unknown)?;
    if filter.values.is_empty() || filter.values.len() > MAX_VALUES {
        return Err(invalid());
    }
    let texts = filter.values.iter().flat_map(|text| spellings(text));
    let values: Vec<Typed> =
        texts.map(|text| Typed::parse(column, &text).ok_or_else(invalid)).collect::<Result<_, _>>()?;
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

/// Part of a query's result. One statement reads it from one index, in order.
enum Part<'a> {
    BestMatches(&'a Search<'a>),
    ByKey { after: Option<&'a Cursor> },
    NonNull { column: &'a Column, direction: Direction, after: Option<&'a Cursor> },
    Null { column: &'a Column, after: Option<&'a Cursor> },
}

/// Parts of which a query's result consists, in order. A later part is read only if the page is not
/// full.
fn parts<'a>(
    table: &Table<'a>,
    search: Option<&'a Search<'a>>,
    sort: Option<&Sort>,
    cursor: Option<&'a Cursor>,
) -> Result<Vec<Part<'a>>, Error> {
    let Some(sort) = sort else {
        return match (search, cursor) {
            (None, after) => Ok(vec![Part::ByKey { after }]),
            (Some(search), None) => Ok(vec![Part::BestMatches(search)]),
            (Some(_), Some(_)) => Err(Error::Cursor),
        };
    };
    let unknown = || Error::UnknownSort { column: sort.column.clone() };
    let column = table.column(&sort.column).filter(|column| column.sort).ok_or_else(unknown)?;
    if cursor.is_some_and(|cursor| cursor.value().is_null()) {
        return Ok(vec![Part::Null { column, after: cursor }]);
    }
    let non_null = Part::NonNull { column, direction: sort.direction, after: cursor };
    Ok(vec![non_null, Part::Null { column, after: None }])
}

impl Part<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) -> Result<(), Error> {
        match self {
            Part::BestMatches(search) => search.push_order(sql),
            Part::ByKey { after } => {
                after_key(sql, *after);
                sql.push(" order by key");
            }
            Part::Null { column, after } => {
                sql.push(format!(" and {} is null", quoted(&column.name)));
                after_key(sql, *after);
                sql.push(" order by key");
            }
            Part::NonNull { column, direction, after } => {
                let name = quoted(&column.name);
                let name = if column.kind == ColumnType::Text { format!("{name} {COLLATION}") } else { name };
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

/// Value of a filter or cursor, parsed as the type of its column.
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
