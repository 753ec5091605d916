//! Views: rows that queries read, projected from events.

use crate::document::{Action, Message, RowActions};
use crate::{Command, Context, EventSet, Recorded, Rejection, command};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

pub trait View {
    type Event: EventSet;
    /// Type of a row of the view, with one member per column.
    type Row: Serialize + DeserializeOwned;

    const NAME: &'static str;
    /// Version of the view's definition, which must be raised with any change of the definition.
    /// The host then builds a new copy of the view beside the live copy.
    const VERSION: u16 = 1;
    const COLUMNS: &'static [Column];
    /// Rules for reading rows; the caller must satisfy one of them.
    const READ: &'static [ReadRule];
    /// Names of the event types that the view projects.
    const EVENTS: &'static [&'static str];
    /// Thing, such as a request, that each row shows. The audit trail uses it to show the thing's
    /// name and to find acts by this name. `None`: the rows show no thing of the audit trail.
    const THING: Option<Thing> = None;
    /// Name of the system's command for `{key}` that the host gives for each open row that may wait
    /// for people who have left the tenant, a group, a role or their reports. The view has the
    /// columns `terminal` (boolean) and `waiting_for` (json). `None`: the package is not notified.
    const ON_DEPARTURE: Option<&'static str> = None;
    /// Pointers to the actor ids in a row that are people's, such as `/decisions/*/approver_id`,
    /// where `*` means each element or member. Readers of the row get the names of these people in
    /// its member `people`.
    const PEOPLE: &'static [&'static str] = &[];

    /// Keys of the rows that the projection of this event reads or changes.
    fn keys(event: &Self::Event, recorded: &Recorded) -> Vec<String>;

    fn project(event: &Self::Event, recorded: &Recorded, rows: &mut Rows<Self::Row>);

    /// Actions on a row for this caller. The rules must be those of `decide`, so that `decide`
    /// accepts each allowed action.
    fn actions(_key: &str, _row: &Self::Row, _ctx: &Context) -> RowActions {
        RowActions::default()
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ReadRule {
    pub permission: &'static str,
    /// Name of a text column that must equal the caller's actor id. A rule with neither `own`,
    /// `asked` nor `through` permits all rows, and no rule may have two of them.
    pub own: Option<&'static str>,
    /// Name of a json column with a reference to people that must refer to the caller.
    pub asked: Option<&'static str>,
    /// Row of another view that the caller must be permitted to read.
    pub through: Option<Through>,
}

/// Reference of a view's rows to the rows of another view of the package.
#[derive(Debug, Clone, Copy)]
pub struct Through {
    /// Name of a text column that can be filtered by, with the key of the other row.
    pub column: &'static str,
    /// Name of the other view.
    pub view: &'static str,
    /// Name of a column of the other view that has the value in place of its key, in rows that are
    /// open.
    pub open_by: Option<&'static str>,
}

impl ReadRule {
    pub const fn all(permission: &'static str) -> Self {
        ReadRule { permission, own: None, asked: None, through: None }
    }

    pub const fn own(permission: &'static str, column: &'static str) -> Self {
        ReadRule { permission, own: Some(column), asked: None, through: None }
    }

    /// Permits the rows whose people are asked: the json column has a [`People`](crate::People), a
    /// list of them, or null, and one refers to the caller or to a person for whom the caller
    /// stands in. People in its [`except`](crate::People::except) gain nothing by it. A list of the
    /// view can be filtered by `?<column>=me`.
    pub const fn asked(permission: &'static str, column: &'static str) -> Self {
        ReadRule { permission, own: None, asked: Some(column), through: None }
    }

    /// Permits the rows whose column has the key of a row that the caller may read in the other
    /// view of this package. The column is a text with [`filter`](Column::filter), and the other
    /// view has no such rule itself.
    pub const fn through(permission: &'static str, column: &'static str, view: &'static str) -> Self {
        ReadRule { permission, own: None, asked: None, through: Some(Through { column, view, open_by: None }) }
    }

    /// Permits the rows whose column has the value of the column `open_by` in an open row that the
    /// caller may read in the other view of this package: its column `terminal` is false. Both
    /// columns are texts with [`filter`](Column::filter).
    pub const fn while_open(
        permission: &'static str,
        column: &'static str,
        view: &'static str,
        open_by: &'static str,
    ) -> Self {
        let through = Through { column, view, open_by: Some(open_by) };
        ReadRule { permission, own: None, asked: None, through: Some(through) }
    }
}

/// Thing, such as a request, that a row shows. The audit trail shows acts with the thing's name and
/// finds acts by that name.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    /// Name of the text column that contains the thing's name.
    pub name: &'static str,
    /// Categories of the streams that are named `<category>/<key>`, where `<key>` is the row's key.
    pub streams: &'static [&'static str],
    /// Categories of the streams that are named `<category>/<name>`, where `<name>` is the thing's
    /// name in lower case.
    pub named: &'static [&'static str],
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub filter: bool,
    pub sort: bool,
    pub search: bool,
}

impl Column {
    pub const fn text(name: &'static str) -> Self {
        Column { name, kind: "text", filter: false, sort: false, search: false }
    }

    pub const fn integer(name: &'static str) -> Self {
        Column { kind: "integer", ..Column::text(name) }
    }

    pub const fn boolean(name: &'static str) -> Self {
        Column { kind: "boolean", ..Column::text(name) }
    }

    /// Column for a time: milliseconds since 1970 in rows, RFC 3339 in the API.
    pub const fn timestamp(name: &'static str) -> Self {
        Column { kind: "timestamp", ..Column::text(name) }
    }

    pub const fn json(name: &'static str) -> Self {
        Column { kind: "json", ..Column::text(name) }
    }

    pub const fn filter(self) -> Self {
        Column { filter: true, ..self }
    }

    pub const fn sort(self) -> Self {
        Column { sort: true, ..self }
    }

    /// Includes the column's text in the search by words.
    pub const fn search(self) -> Self {
        Column { search: true, ..self }
    }
}

/// Rows whose keys the view's `keys` returned, as they change while events are projected.
#[derive(Debug)]
pub struct Rows<R>(BTreeMap<String, Slot<R>>);

#[derive(Debug)]
struct Slot<R> {
    row: Option<R>,
    existed: bool,
    changed: bool,
}

impl<R> Rows<R> {
    pub fn get(&self, key: &str) -> Option<&R> {
        self.0.get(key)?.row.as_ref()
    }

    /// Returns a row to be changed; `None` if no row has this key.
    pub fn change(&mut self, key: &str) -> Option<&mut R> {
        let slot = self.slot(key);
        slot.changed |= slot.row.is_some();
        slot.row.as_mut()
    }

    pub fn put(&mut self, key: &str, row: R) {
        let slot = self.slot(key);
        slot.row = Some(row);
        slot.changed = true;
    }

    pub fn remove(&mut self, key: &str) {
        let slot = self.slot(key);
        slot.row = None;
        slot.changed = true;
    }

    pub(crate) fn declare(&mut self, key: String, row: Option<R>) {
        let existed = row.is_some();
        self.0.entry(key).or_insert(Slot { row, existed, changed: false });
    }

    pub(crate) fn new() -> Self {
        Rows(BTreeMap::new())
    }

    /// Rows that were changed, by key. `None` instead of a row: the row was removed.
    pub(crate) fn into_changes(self) -> impl Iterator<Item = (String, Option<R>)> {
        self.0.into_iter().filter(|(_, s)| s.changed && (s.row.is_some() || s.existed)).map(|(k, s)| (k, s.row))
    }

    /// Finds the slot of a row.
    ///
    /// # Panics
    ///
    /// If the view's `keys` did not return the row's key. Such a row was not loaded, and a change
    /// would overwrite the stored row.
    fn slot(&mut self, key: &str) -> &mut Slot<R> {
        self.0.get_mut(key).expect("`keys` must name every changed row")
    }
}

impl RowActions {
    pub fn waiting_on(message: Message) -> Self {
        RowActions { waiting_on: Some(message), actions: Vec::new() }
    }

    pub fn idle() -> Self {
        RowActions::default()
    }

    /// Adds an action for the command `C`. The action is allowed if the caller holds the command's
    /// permission and `rule` is `Ok`; `decide` checks the same rule. `body` contains the members of
    /// the command's body whose values come from the row.
    pub fn offer<C: Command>(mut self, ctx: &Context, rule: Result<(), Rejection>, body: Value) -> Self {
        let body = body.as_object().cloned().unwrap_or_default();
        let refusal = command::permitted::<C>(ctx).and(rule).err();
        self.actions.push(Action {
            command: C::NAME.into(),
            allowed: refusal.is_none(),
            why: refusal.map(|r| Message { code: r.code, params: r.params }),
            body,
        });
        self
    }
}
