//! Table of a view: its name, which is derived from the view's definition, and the checks of that
//! definition.

use super::{Error, read_error};
use crate::contract::{Column, ColumnType, ReadRule, ViewType};
use crate::db::TenantTx;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

const MAX_COLUMNS: usize = 64;
const RESERVED: [&str; 2] = ["tenant_id", "key"];

/// Table of one copy of a view. [`of`](Table::of) returns the table of the view's first copy.
pub(crate) struct Table<'a> {
    /// Name of the table, without the schema. The copy's checkpoints use it as the name of the
    /// consumer.
    pub name: String,
    /// Quoted name of the table with the schema, for SQL.
    pub sql: String,
    pub view: &'a ViewType,
    definition: Arc<TableDefinition>,
}

/// View definition with the values that are derived from it.
struct TableDefinition {
    view: ViewType,
    name: String,
    digest: String,
    spec: Value,
}

/// Cache of view definitions with their derived values, by plugin. Each request needs those of its
/// view, and packages have few views.
static DEFINITION_CACHE: LazyLock<Mutex<HashMap<String, Vec<Arc<TableDefinition>>>>> = LazyLock::new(Mutex::default);
/// Maximum number of cached definitions of one plugin. At this number, the definitions of that
/// plugin are removed from the cache.
const MAX_CACHED: usize = 256;

impl<'a> Table<'a> {
    pub fn of(plugin: &str, view: &'a ViewType) -> Result<Self, Error> {
        let mut plugins = DEFINITION_CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = plugins.get(plugin).and_then(|definitions| definitions.iter().find(|one| one.view == *view));
        let definition = match cached {
            Some(definition) => definition.clone(),
            None => {
                let definition = Arc::new(define(plugin, view)?);
                let definitions = plugins.entry(plugin.to_owned()).or_default();
                if definitions.len() >= MAX_CACHED {
                    definitions.clear();
                }
                definitions.push(definition.clone());
                definition
            }
        };
        let name = definition.name.clone();
        Ok(Table { sql: format!("eaf_view.{}", quoted(&name)), name, view, definition })
    }

    /// Finds the table of the view's live copy, in this transaction, and reads the epoch of the
    /// log.
    pub async fn live(tx: &mut TenantTx, plugin: &str, view: &'a ViewType) -> Result<(Self, u32), Error> {
        let table = Table::of(plugin, view)?;
        let (epoch, name): (i32, Option<String>) = sqlx::query_as(
            "select (select epoch from eaf.log_epoch),
                    (select table_name from eaf.view_copy where digest = $1 and state = 'live')",
        )
        .bind(table.digest())
        .fetch_one(tx.conn())
        .await
        .map_err(|cause| read_error(&view.name, cause))?;
        let name = name.ok_or_else(|| Error::NotCreated(view.name.clone()))?;
        Ok((table.copy(name), epoch as u32))
    }

    /// Table of another copy of the same view, with the table name `name`.
    pub fn copy(self, name: String) -> Self {
        Table { sql: format!("eaf_view.{}", quoted(&name)), name, ..self }
    }

    pub fn digest(&self) -> &str {
        &self.definition.digest
    }

    /// Definition of the view as JSON, in the form that the SQL function `eaf.create_view` takes.
    pub fn spec(&self) -> &Value {
        &self.definition.spec
    }

    pub fn column(&self, name: &str) -> Option<&'a Column> {
        self.view.columns.iter().find(|column| column.name == name)
    }

    /// Columns of the view as SQL text, such as `, "a", "b"`, in the order of the definition.
    pub fn column_list(&self) -> String {
        self.view.columns.iter().map(|column| format!(", {}", quoted(&column.name))).collect()
    }
}

fn define(plugin: &str, view: &ViewType) -> Result<TableDefinition, Error> {
    check(view)?;
    // Read rules and searched columns are not part of the digest: they change without a rebuild.
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
    Ok(TableDefinition { view: view.clone(), name: format!("v_{}", &digest[..32]), digest, spec })
}

/// Quotes a name for SQL. The name was also checked by [`check`].
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Checks the definition of a view, so that its table can be created.
pub fn check(view: &ViewType) -> Result<(), Error> {
    let reject = |why: String| Err(Error::Definition { view: view.name.clone(), why });
    if view.columns.is_empty() || view.columns.len() > MAX_COLUMNS {
        return reject(format!("it needs 1 to {MAX_COLUMNS} columns"));
    }
    for (index, column) in view.columns.iter().enumerate() {
        let name = column.name.as_str();
        if !is_column_name(name) || RESERVED.contains(&name) {
            return reject(format!(
                "`{name}` cannot name a column: 1 to 48 lower-case letters, digits and `_`, a letter first, and none \
                 of {}",
                RESERVED.join(", ")
            ));
        }
        if view.columns[..index].iter().any(|other| other.name == name) {
            return reject(format!("two columns have the name `{name}`"));
        }
        if column.search && column.kind != ColumnType::Text {
            return reject(format!("the searched column `{name}` is no text column"));
        }
        if column.kind == ColumnType::Json && (column.filter || column.sort) {
            return reject(format!("the json column `{name}` can be neither filtered nor sorted"));
        }
    }
    if let Some(thing) = &view.thing
        && !view.columns.iter().any(|column| column.name == thing.name && column.kind == ColumnType::Text)
    {
        return reject(format!("`{}`, the name of its thing, is no text column", thing.name));
    }
    view.read.iter().find_map(|rule| read_rule_error(view, rule)).map_or(Ok(()), reject)
}

/// Describes the error in a read rule. `None`: the rule is valid.
fn read_rule_error(view: &ViewType, rule: &ReadRule) -> Option<String> {
    let is_column = |name: &str, kind| view.columns.iter().any(|column| column.name == name && column.kind == kind);
    match (rule.own.as_deref(), rule.asked.as_deref(), rule.through.as_ref()) {
        (Some(own), None, None) => {
            (!is_column(own, ColumnType::Text)).then(|| format!("a read rule names `{own}`, which is no text column"))
        }
        (None, Some(asked), None) => (!is_column(asked, ColumnType::Json))
            .then(|| format!("a read rule names `{asked}`, which is no json column")),
        (None, None, _) => None,
        _ => Some("a read rule has two of `own`, `asked` and `through`".to_owned()),
    }
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
            read: vec![ReadRule { permission: "read".into(), own: None, asked: None, through: None }],
            events: vec!["requested".into()],
            thing: None,
            on_departure: None,
            people: Vec::new(),
        }
    }

    #[test]
    fn a_changed_definition_has_another_table() {
        let one = view(&[("status", ColumnType::Text)]);
        let same = Table::of("dcm", &one).unwrap().name;
        assert_eq!(Table::of("dcm", &one.clone()).unwrap().name, same);
        assert_ne!(Table::of("other", &one).unwrap().name, same);
        let mut newer = one.clone();
        newer.version = 2;
        assert_ne!(Table::of("dcm", &newer).unwrap().name, same);
    }

    #[test]
    fn read_rules_are_not_part_of_the_table_name() {
        let one = view(&[("owner", ColumnType::Text)]);
        let mut other = one.clone();
        other.read =
            vec![ReadRule { permission: "read".into(), own: Some("owner".into()), asked: None, through: None }];
        assert_eq!(Table::of("dcm", &one).unwrap().name, Table::of("dcm", &other).unwrap().name);
    }

    #[test]
    fn a_read_rule_names_a_text_column_or_a_json_column_of_people() {
        let rejected = |own: Option<&str>, asked: Option<&str>| {
            let mut one = view(&[("owner", ColumnType::Text), ("waits_for", ColumnType::Json)]);
            let (own, asked) = (own.map(Into::into), asked.map(Into::into));
            one.read.push(ReadRule { permission: "read".into(), own, asked, through: None });
            matches!(check(&one), Err(Error::Definition { .. }))
        };
        assert!(!rejected(Some("owner"), None) && !rejected(None, Some("waits_for")) && !rejected(None, None));
        for (own, asked) in [
            (Some("waits_for"), None),
            (Some("missing"), None),
            (None, Some("owner")),
            (None, Some("missing")),
            (Some("owner"), Some("waits_for")),
        ] {
            assert!(rejected(own, asked), "{own:?} {asked:?}");
        }
    }

    #[test]
    fn an_invalid_column_is_rejected() {
        for name in ["", "key", "tenant_id", "_pos", "1a", "A", "a\"b", "a b", "a;drop", &"a".repeat(49)] {
            let bad = view(&[(name, ColumnType::Text)]);
            assert!(matches!(Table::of("dcm", &bad), Err(Error::Definition { .. })), "{name}");
        }
        let mut json = view(&[("facts", ColumnType::Json)]);
        json.columns[0].filter = true;
        assert!(Table::of("dcm", &json).is_err());
    }
}
