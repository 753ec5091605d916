//! Open items of people: rows that stand for things, that have not reached their final state, and
//! that belong to a person or wait for people.

use super::asked::{ActsFor, push_overlap};
use super::row_rules::{ROW, RowRule};
use super::{Error, PackageView, Table, quoted, read_error, row_members};
use crate::actor::Caller;
use crate::contract::{ColumnType, PeopleRef, Principal, ViewType};
use crate::db::TenantTx;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

/// Relation of a person to an open item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The item belongs to the person: a column of a read rule `own` has the person's actor id.
    Own,
    /// The item waits for the person: a reference in the column `waiting_for` refers to the person.
    WaitsFor,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    pub key: String,
    pub name: String,
    /// Code of the column `status`. `None`: the view has no such column.
    pub status: Option<String>,
    /// References to the people for whom the item waits; empty: it waits for no people.
    pub waiting_for: Vec<PeopleRef>,
}

/// The first open items by name, and the number of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenItems {
    pub items: Vec<OpenItem>,
    pub total: u64,
}

/// Finds the open items of a person in a view, as far as the caller may read them. `person` has
/// the rights as the plugin sees them. Empty for a view whose rows stand for no things.
pub async fn open_items(
    tx: &mut TenantTx,
    caller: &Caller,
    package: PackageView<'_>,
    person: &Principal,
    relation: Relation,
    limit: u32,
) -> Result<OpenItems, Error> {
    let view = package.view;
    let Some(name) = view.thing.as_ref().map(|thing| thing.name.as_str()) else { return Ok(OpenItems::default()) };
    let Some(columns) = compared(view, relation) else { return Ok(OpenItems::default()) };
    let rule = match RowRule::of(tx, caller, package).await {
        Ok(rule) => rule,
        Err(Error::Forbidden(_)) => return Ok(OpenItems::default()),
        Err(cause) => return Err(cause),
    };
    let (table, _) = Table::live(tx, package.plugin, view).await?;
    let mut sql = select(&table, name);
    sql.push_bind(caller.tenant).push(format!(" and not _deleted and {} is not true and (", row_members::TERMINAL));
    push_relation(&mut sql, &columns, person, relation);
    sql.push(")");
    rule.push_condition(&mut sql, caller);
    sql.push(" order by 2, key limit ").push_bind(i64::from(limit));
    let rows: Vec<Found> =
        sql.build_query_as().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))?;
    let total = rows.first().map_or(0, |(.., total)| *total as u64);
    let item = |(key, name, status, people, _): Found| {
        let waiting_for = people.map(|Json(people)| references(people)).unwrap_or_default();
        OpenItem { key, name, status, waiting_for }
    };
    Ok(OpenItems { items: rows.into_iter().map(item).collect(), total })
}

/// References to people in a column, which has one or a list of them. A document that is no
/// reference to people refers to no one.
fn references(people: Value) -> Vec<PeopleRef> {
    let people = match people {
        Value::Array(people) => people,
        one => vec![one],
    };
    people.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect()
}

/// Lists the keys of open rows that may wait for one of these people, in order, after the key
/// `after`. Empty for a view without the columns `terminal` and `waiting_for`.
pub async fn waiting_keys(
    tx: &mut TenantTx,
    plugin: &str,
    view: &ViewType,
    people: &PeopleRef,
    after: &str,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let Some(columns) = compared(view, Relation::WaitsFor) else { return Ok(Vec::new()) };
    let (table, _) = Table::live(tx, plugin, view).await?;
    let mut sql = QueryBuilder::new(format!("select key from {} {ROW} where tenant_id = ", table.sql));
    sql.push_bind(tx.tenant()).push(format!(" and not _deleted and {} is not true", row_members::TERMINAL));
    for column in columns {
        sql.push(" and ");
        push_overlap(&mut sql, ROW, column, people);
    }
    sql.push(" and key > ").push_bind(after.to_owned()).push(" order by key limit ").push_bind(limit as i64);
    sql.build_query_scalar().fetch_all(tx.conn()).await.map_err(|cause| read_error(&view.name, cause))
}

type Found = (String, String, Option<String>, Option<Json<Value>>, i64);

/// Columns that the relation compares with the person. `None`: the view has none, or no column
/// `terminal`, so that none of its rows is open.
fn compared(view: &ViewType, relation: Relation) -> Option<Vec<&str>> {
    has(view, row_members::TERMINAL, ColumnType::Boolean).then_some(())?;
    let columns: Vec<&str> = match relation {
        Relation::Own => view.read.iter().filter_map(|rule| rule.own.as_deref()).collect(),
        Relation::WaitsFor => has(view, row_members::WAITING_FOR, ColumnType::Json)
            .then_some(row_members::WAITING_FOR)
            .into_iter()
            .collect(),
    };
    (!columns.is_empty()).then_some(columns)
}

fn has(view: &ViewType, name: &str, kind: ColumnType) -> bool {
    view.columns.iter().any(|column| column.name == name && column.kind == kind)
}

fn select(table: &Table<'_>, name: &str) -> QueryBuilder<Postgres> {
    let or_null = |column: &str, kind, sql_type: &str| match has(table.view, column, kind) {
        true => quoted(column),
        false => format!("null::{sql_type}"),
    };
    QueryBuilder::new(format!(
        "select key, coalesce({}, key), {}, {}, count(*) over () from {} {ROW} where tenant_id = ",
        quoted(name),
        or_null(row_members::STATUS, ColumnType::Text, "text"),
        or_null(row_members::WAITING_FOR, ColumnType::Json, "jsonb"),
        table.sql
    ))
}

fn push_relation(sql: &mut QueryBuilder<Postgres>, columns: &[&str], person: &Principal, relation: Relation) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            sql.push(" or ");
        }
        match relation {
            Relation::Own => {
                sql.push(format!("{} = ", quoted(column))).push_bind(person.id.to_string());
            }
            Relation::WaitsFor => ActsFor::alone(person.clone()).push_condition(sql, ROW, column),
        }
    }
}
