//! Row rules: which rows of a view a caller may read.

use super::Error;
use crate::actor::{ActorKind, Caller};
use crate::contract::ViewType;

/// Whether the caller may read the view, or at least some of its rows.
pub fn may_read(caller: &Caller, plugin: &str, view: &ViewType) -> bool {
    RowRule::of(caller, plugin, view).is_ok()
}

/// Row rule of one caller: the rows of a view that the caller may read.
pub(super) enum RowRule<'a> {
    AllRows,
    /// Only rows in which one of these columns equals the caller's actor id.
    OwnRows(Vec<&'a str>),
}

impl<'a> RowRule<'a> {
    pub fn of(caller: &Caller, plugin: &str, view: &'a ViewType) -> Result<Self, Error> {
        if caller.kind == ActorKind::System {
            return Ok(RowRule::AllRows);
        }
        let mut columns = Vec::new();
        let granted = view.read.iter().filter(|rule| caller.may(&format!("{plugin}.{}", rule.permission)));
        for rule in granted {
            let Some(column) = &rule.own else { return Ok(RowRule::AllRows) };
            columns.push(column.as_str());
        }
        if columns.is_empty() {
            return Err(Error::Forbidden(view.name.clone()));
        }
        Ok(RowRule::OwnRows(columns))
    }

    /// Appends the SQL `and (…)` with the condition of this rule. Appends nothing if the caller may
    /// read all rows.
    pub fn push_condition(&self, sql: &mut sqlx::QueryBuilder<sqlx::Postgres>, caller: &Caller) {
        let RowRule::OwnRows(columns) = self else { return };
        sql.push(" and (");
        let mut either = sql.separated(" or ");
        for column in columns {
            either.push(super::quoted(column)).push_unseparated(" = ").push_bind_unseparated(caller.actor.to_string());
        }
        sql.push(")");
    }
}
