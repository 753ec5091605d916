//! Rows of a plugin's views, projected from the events of a test stage.

use super::stage::{Stage, call};
use crate::document::*;
use crate::{Plugin, View, Views, component};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

type Row = Map<String, Value>;

impl<P: Plugin> Stage<P> {
    /// Rows of a view by key, projected from the stage's events. Projecting one event after the
    /// other and projecting all events at once must give the same rows.
    pub fn view<V: View>(&self) -> BTreeMap<String, Row> {
        self.view_named(V::NAME)
    }

    pub fn view_named(&self, name: &str) -> BTreeMap<String, Row> {
        let mut types = Vec::new();
        P::Views::describe(&mut types);
        let view = types.into_iter().find(|v| v.name == name).unwrap_or_else(|| panic!("no view `{name}`"));
        let events: Vec<_> = self.log.iter().filter(|r| view.events.contains(&r.kind)).cloned().collect();
        let one_by_one = events.iter().fold(BTreeMap::new(), |rows, e| project::<P>(&view, rows, vec![e.clone()]));
        let at_once = project::<P>(&view, BTreeMap::new(), events);
        assert_eq!(one_by_one, at_once, "view `{name}` depends on how events are batched");
        at_once
    }

    /// Actions on one row that the caller gets, as the view's `actions` returns them.
    pub fn offered<V: View>(&self, actor: &Actor, key: &str) -> RowActions {
        let rows = self.view::<V>();
        let row = rows.get(key).unwrap_or_else(|| panic!("no row {key} in {}", V::NAME));
        actions_of::<P>(V::NAME, key, row, self.context(actor))
    }
}

pub(super) fn actions_of<P: Plugin>(view: &str, key: &str, row: &Row, context: Context) -> RowActions {
    let mut row = row.clone();
    row.insert("key".into(), key.into());
    let input = ActionsInput { view: view.into(), rows: vec![row], context };
    let output: ActionsOutput = call(component::actions::<P>, &input);
    output.items.into_iter().next().expect("one item per row")
}

fn project<P: Plugin>(
    view: &ViewType,
    mut rows: BTreeMap<String, Row>,
    events: Vec<Recorded>,
) -> BTreeMap<String, Row> {
    let input = KeysInput { view: view.name.clone(), events: events.clone() };
    let KeysOutput { keys } = call(component::keys::<P>, &input);
    let known = keys.iter().filter_map(|k| rows.get(k).map(|r| (k.clone(), Value::Object(r.clone())))).collect();
    let input = ProjectInput { view: view.name.clone(), events, rows: known };
    let ProjectOutput { changes } = call(component::project::<P>, &input);
    for change in changes {
        match change {
            RowChange::Upsert { key, row } => {
                check_types(view, &row);
                assert!(keys.contains(&key), "row {key} was changed and not named by `keys`");
                rows.insert(key, row);
            }
            RowChange::Patch { key, set } => rows.entry(key).or_default().extend(set),
            RowChange::Delete { key } => drop(rows.remove(&key)),
        }
    }
    rows
}

fn check_types(view: &ViewType, row: &Row) {
    for (name, value) in row {
        let column = view.columns.iter().find(|c| &c.name == name);
        let column = column.unwrap_or_else(|| panic!("view `{}` has no column `{name}`", view.name));
        let fits = match column.kind.as_str() {
            "text" => value.is_string(),
            "integer" | "timestamp" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => true,
        };
        assert!(fits || value.is_null(), "{}.{name} is {} and got {value}", view.name, column.kind);
    }
}
