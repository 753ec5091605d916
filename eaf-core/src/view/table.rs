//! From a view's definition to the name of its table.

use super::{Error, read_error};
use crate::contract::{Column, ColumnType, ViewType};
use crate::db::TenantTx;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

const MAX_COLUMNS: usize = 64;
const RESERVED: [&str; 2] = ["tenant_id", "key"];

/// One copy of a view's table; [`of`](Table::of) is the first.
pub(crate) struct Table<'a> {
    /// Without schema; also the name of the copy's checkpoint.
    pub name: String,
    /// Quoted, with schema.
    pub sql: String,
    pub view: &'a ViewType,
    made: Arc<Made>,
}

/// What follows from a definition.
struct Made {
    view: ViewType,
    name: String,
    digest: String,
    spec: Value,
}

/// By product. Every request asks for its view's table, and the definitions of the packages that are served are few.
static MADE: LazyLock<Mutex<HashMap<String, Vec<Arc<Made>>>>> = LazyLock::new(Mutex::default);
/// Definitions of one product above which all of them are made anew.
const REMEMBERED: usize = 256;

impl<'a> Table<'a> {
    pub fn of(plugin: &str, view: &'a ViewType) -> Result<Self, Error> {
        let mut products = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let known = products.get(plugin).and_then(|made| made.iter().find(|made| made.view == *view));
        let made = match known {
            Some(made) => made.clone(),
            None => {
                let made = Arc::new(make(plugin, view)?);
                let known = products.entry(plugin.to_owned()).or_default();
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.push(made.clone());
                made
            }
        };
        Ok(Table { sql: format!("eaf_view.{}", quoted(&made.name)), name: made.name.clone(), view, made })
    }

    /// The copy that is read at this transaction's moment, and the log's epoch.
    pub async fn live(tx: &mut TenantTx, plugin: &str, view: &'a ViewType) -> Result<(Self, u32), Error> {
        let table = Table::of(plugin, view)?;
        let (epoch, name): (i32, Option<String>) = sqlx::query_as(
            "select (select epoch from eaf.log_epoch), (select table_name from eaf.view_copy where digest = $1 and state = 'live')",
        )
        .bind(table.digest())
        .fetch_one(tx.conn())
        .await
        .map_err(|cause| read_error(&view.name, cause))?;
        let name = name.ok_or_else(|| Error::NotCreated(view.name.clone()))?;
        Ok((table.copy(name), epoch as u32))
    }

    /// The same definition in this table.
    pub fn copy(self, name: String) -> Self {
        Table { sql: format!("eaf_view.{}", quoted(&name)), name, ..self }
    }

    pub fn digest(&self) -> &str {
        &self.made.digest
    }

    /// What `eaf.create_view` is given.
    pub fn spec(&self) -> &Value {
        &self.made.spec
    }

    pub fn column(&self, name: &str) -> Option<&'a Column> {
        self.view.columns.iter().find(|column| column.name == name)
    }

    /// `, "a", "b"` in the definition's order.
    pub fn column_list(&self) -> String {
        self.view.columns.iter().map(|column| format!(", {}", quoted(&column.name))).collect()
    }
}

fn make(plugin: &str, view: &ViewType) -> Result<Made, Error> {
    check(view)?;
    // What a rebuild depends on. Who may read and what is searched is not part of it: both change without one.
    let columns = view.columns.iter().cloned().map(|column| Column { search: false, ..column });
    let mut spec = json!({
        "plugin": plugin,
        "view": view.name,
        "version": view.version,
        "columns": columns.collect::<Vec<_>>(),
        "events": view.events,
    });
    let digest: String = Sha256::digest(spec.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    spec["digest"] = Value::String(digest.clone());
    Ok(Made { view: view.clone(), name: format!("v_{}", &digest[..32]), digest, spec })
}

/// A name as SQL. The names were checked before; quoting is the second wall.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a table can be made of it.
pub fn check(view: &ViewType) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::Definition { view: view.name.clone(), why });
    if view.columns.is_empty() || view.columns.len() > MAX_COLUMNS {
        return refuse(format!("it needs 1 to {MAX_COLUMNS} columns"));
    }
    for (index, column) in view.columns.iter().enumerate() {
        let name = column.name.as_str();
        if !is_column_name(name) || RESERVED.contains(&name) {
            return refuse(format!(
                "`{name}` cannot be a column's name: 1 to 48 lower-case letters, digits and `_`, a letter first, and none \
                 of {}",
                RESERVED.join(", ")
            ));
        }
        if view.columns[..index].iter().any(|other| other.name == name) {
            return refuse(format!("two columns are called `{name}`"));
        }
        if column.search && column.kind != ColumnType::Text {
            return refuse(format!("`{name}` is searched, and is no text column"));
        }
        if column.kind == ColumnType::Json && (column.filter || column.sort) {
            return refuse(format!("the json column `{name}` can be neither filtered nor sorted"));
        }
    }
    if let Some(thing) = &view.thing
        && !view.columns.iter().any(|column| column.name == thing.name && column.kind == ColumnType::Text)
    {
        return refuse(format!("its thing's name is `{}`, which is no text column", thing.name));
    }
    for own in view.read.iter().filter_map(|rule| rule.own.as_deref()) {
        if !view.columns.iter().any(|column| column.name == own && column.kind == ColumnType::Text) {
            return refuse(format!("a read rule names `{own}`, which is no text column"));
        }
    }
    Ok(())
}

fn is_column_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 48
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ReadRule;

    fn view(columns: &[(&str, ColumnType)]) -> ViewType {
        ViewType {
            name: "requests".into(),
            version: 1,
            columns: columns
                .iter()
                .map(|(name, kind)| Column {
                    name: (*name).into(),
                    kind: *kind,
                    filter: false,
                    sort: false,
                    search: false,
                })
                .collect(),
            read: vec![ReadRule { permission: "read".into(), own: None }],
            events: vec!["requested".into()],
            thing: None,
        }
    }

    #[test]
    fn another_definition_has_another_table() {
        let one = view(&[("status", ColumnType::Text)]);
        let same = Table::of("dcm", &one).unwrap().name;
        assert_eq!(Table::of("dcm", &one.clone()).unwrap().name, same);
        assert_ne!(Table::of("other", &one).unwrap().name, same);
        let mut newer = one.clone();
        newer.version = 2;
        assert_ne!(Table::of("dcm", &newer).unwrap().name, same);
    }

    #[test]
    fn who_may_read_changes_without_a_rebuild() {
        let one = view(&[("owner", ColumnType::Text)]);
        let mut other = one.clone();
        other.read = vec![ReadRule { permission: "read".into(), own: Some("owner".into()) }];
        assert_eq!(Table::of("dcm", &one).unwrap().name, Table::of("dcm", &other).unwrap().name);
    }

    #[test]
    fn a_name_that_is_no_name_is_refused() {
        for name in ["", "key", "tenant_id", "_pos", "1a", "A", "a\"b", "a b", "a;drop", &"a".repeat(49)] {
            let bad = view(&[(name, ColumnType::Text)]);
            assert!(matches!(Table::of("dcm", &bad), Err(Error::Definition { .. })), "{name}");
        }
        let mut json = view(&[("facts", ColumnType::Json)]);
        json.columns[0].filter = true;
        assert!(Table::of("dcm", &json).is_err());
    }
}
