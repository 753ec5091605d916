//! Row rules: which rows of a view a caller may read.
//!
//! A rule `through` permits a row if the caller may read the row of another view. The database
//! finds that row by its key, in the live copy of the other view, for each row that it reads: so a
//! change of the other row applies at once, and a rebuild of the other view changes nothing here.

use super::asked::ActsFor;
use super::{Error, PackageView, Table, quoted, row_members};
use crate::actor::{ActorKind, Caller};
use crate::contract::{ReadRule, ViewType};
use crate::db::TenantTx;
use sqlx::{Postgres, QueryBuilder};

/// Alias of a view's table in a query, by which row rules name its columns.
pub(super) const ROW: &str = "r";
/// Alias of the other view's table in the condition of a rule `through`.
const OTHER_ROW: &str = "o";

/// Whether the caller may read the view, or at least some of its rows.
pub fn may_read(caller: &Caller, package: PackageView<'_>) -> bool {
    caller.kind == ActorKind::System || granted(caller, package).next().is_some()
}

/// Rules whose permission the caller has. A rule `through` counts if the caller may also read at
/// least some rows of the other view.
fn granted<'a>(caller: &Caller, package: PackageView<'a>) -> impl Iterator<Item = &'a ReadRule> {
    package.view.read.iter().filter(move |rule| {
        let other_is_readable =
            |view: &str| package.find(view).is_some_and(|other| OwnRule::of(caller, package.plugin, other).is_some());
        has_permission(caller, package.plugin, rule)
            && rule.through.as_ref().is_none_or(|through| other_is_readable(&through.view))
    })
}

fn has_permission(caller: &Caller, plugin: &str, rule: &ReadRule) -> bool {
    caller.may(&format!("{plugin}.{}", rule.permission))
}

/// Row rule of one caller: the rows of a view that the caller may read.
pub(super) struct RowRule<'a> {
    own: OwnRule<'a>,
    through: Vec<ThroughRule<'a>>,
}

/// Part of a row rule that compares columns of the view itself.
enum OwnRule<'a> {
    AllRows,
    /// Only rows that at least one of these conditions permits.
    SomeRows(Vec<Condition<'a>>),
}

/// Condition on a row, with the name of the column that it compares with the caller.
enum Condition<'a> {
    /// The column equals the caller's actor id.
    Own(&'a str),
    /// The column has a reference to people that refers to one of these persons.
    Asked(&'a str, ActsFor),
}

/// Part of a row rule that permits the rows whose column has the key of a row that the caller may
/// read in another view.
pub(super) struct ThroughRule<'a> {
    column: &'a str,
    /// Column of the other view that is compared, in open rows; `None`: its key, in all rows.
    open_by: Option<&'a str>,
    /// Table of the other view's live copy.
    pub table: Table<'a>,
    rule: OwnRule<'a>,
}

impl<'a> RowRule<'a> {
    /// Finds the rows that the caller may read, and the live tables of the views through which the
    /// caller may read them.
    pub async fn of(tx: &mut TenantTx, caller: &Caller, package: PackageView<'a>) -> Result<Self, Error> {
        let PackageView { plugin, view, .. } = package;
        let own = OwnRule::of(caller, plugin, view);
        if matches!(own, Some(OwnRule::AllRows)) {
            return Ok(RowRule { own: OwnRule::AllRows, through: Vec::new() });
        }
        let mut through = Vec::new();
        for rule in granted(caller, package).filter_map(|rule| rule.through.as_ref()) {
            let Some(other) = package.find(&rule.view) else { continue };
            let Some(of_other) = OwnRule::of(caller, plugin, other) else { continue };
            let (table, _) = Table::live(tx, plugin, other).await?;
            let open_by = rule.open_by.as_deref();
            through.push(ThroughRule { column: &rule.column, open_by, table, rule: of_other });
        }
        match own {
            None if through.is_empty() => Err(Error::Forbidden(view.name.clone())),
            own => Ok(RowRule { own: own.unwrap_or(OwnRule::SomeRows(Vec::new())), through }),
        }
    }

    /// Parts of the rule that permit rows through other views. Empty if the caller may read all
    /// rows.
    pub fn through(&self) -> &[ThroughRule<'a>] {
        &self.through
    }

    /// Appends the SQL `and (…)` with the condition of this rule on the row [`ROW`]. Appends
    /// nothing if the caller may read all rows.
    pub fn push_condition(&self, sql: &mut QueryBuilder<Postgres>, caller: &Caller) {
        let OwnRule::SomeRows(conditions) = &self.own else { return };
        sql.push(" and (");
        push_any(sql, conditions, ROW, caller);
        for (index, through) in self.through.iter().enumerate() {
            push_or(sql, conditions.len() + index);
            through.push_exists(sql, caller);
        }
        sql.push(")");
    }
}

impl<'a> OwnRule<'a> {
    /// Finds the rows of the view that the caller may read by the view's own columns. `None`: there
    /// are none.
    fn of(caller: &Caller, plugin: &str, view: &'a ViewType) -> Option<Self> {
        if caller.kind == ActorKind::System {
            return Some(OwnRule::AllRows);
        }
        let mut conditions = Vec::new();
        let rules = view.read.iter().filter(|rule| rule.through.is_none());
        for rule in rules.filter(|rule| has_permission(caller, plugin, rule)) {
            let own = rule.own.as_deref().map(Condition::Own);
            let asked = rule.asked.as_deref().map(|column| Condition::Asked(column, ActsFor::of(caller, plugin)));
            let Some(condition) = own.or(asked) else { return Some(OwnRule::AllRows) };
            conditions.push(condition);
        }
        (!conditions.is_empty()).then_some(OwnRule::SomeRows(conditions))
    }
}

impl Condition<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>, row: &str, caller: &Caller) {
        match self {
            Condition::Own(column) => {
                sql.push(format!("{row}.{} = ", quoted(column))).push_bind(caller.actor.to_string());
            }
            Condition::Asked(column, acts_for) => acts_for.push_condition(sql, row, column),
        }
    }
}

impl ThroughRule<'_> {
    fn push_exists(&self, sql: &mut QueryBuilder<Postgres>, caller: &Caller) {
        sql.push(format!("exists (select from {} {OTHER_ROW} where {OTHER_ROW}.tenant_id = ", self.table.sql));
        sql.push_bind(caller.tenant);
        sql.push(format!(" and {OTHER_ROW}.{} = {ROW}.{}", self.other_column(), quoted(self.column)));
        self.push_other_is_readable(sql, caller);
        sql.push(")");
    }

    fn other_column(&self) -> String {
        self.open_by.map_or_else(|| "key".into(), quoted)
    }

    /// Appends the SQL condition that the caller may read the other row. A deletion reaches those
    /// who could read the row, also if the other row was deleted too.
    fn push_other_is_readable(&self, sql: &mut QueryBuilder<Postgres>, caller: &Caller) {
        sql.push(format!(" and (not {OTHER_ROW}._deleted or {ROW}._deleted)"));
        if self.open_by.is_some() {
            sql.push(format!(" and not {OTHER_ROW}.{}", quoted(row_members::TERMINAL)));
        }
        let OwnRule::SomeRows(conditions) = &self.rule else { return };
        sql.push(" and (");
        push_any(sql, conditions, OTHER_ROW, caller);
        sql.push(")");
    }

    /// Appends a select of the rows whose other row changed after position `after` and up to
    /// `until`, as far as the caller may read them through it: key, position of the other row, and
    /// whether the row is deleted.
    pub fn push_changed(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        caller: &Caller,
        table: &Table<'_>,
        (after, until): (i64, i64),
    ) {
        sql.push(format!(
            "select {ROW}.key, {OTHER_ROW}._pos, {ROW}._deleted from {} {OTHER_ROW} join {} {ROW}
             on {ROW}.tenant_id = {OTHER_ROW}.tenant_id and {ROW}.{} = {OTHER_ROW}.{} where {OTHER_ROW}.tenant_id = ",
            self.table.sql,
            table.sql,
            quoted(self.column),
            self.other_column()
        ));
        sql.push_bind(caller.tenant);
        sql.push(format!(" and {OTHER_ROW}._pos > ")).push_bind(after);
        sql.push(format!(" and {OTHER_ROW}._pos <= ")).push_bind(until);
        self.push_other_is_readable(sql, caller);
    }
}

/// Appends the conditions as alternatives. Appends nothing if there are none.
fn push_any(sql: &mut QueryBuilder<Postgres>, conditions: &[Condition<'_>], row: &str, caller: &Caller) {
    for (index, condition) in conditions.iter().enumerate() {
        push_or(sql, index);
        condition.push(sql, row, caller);
    }
}

/// Appends ` or ` before each of several alternatives but the first.
fn push_or(sql: &mut QueryBuilder<Postgres>, index: usize) {
    if index > 0 {
        sql.push(" or ");
    }
}
