//! Row rules: which rows of a view a caller may read.

use super::Error;
use super::asked::ActsFor;
use crate::actor::{ActorKind, Caller};
use crate::contract::ViewType;

/// Whether the caller may read the view, or at least some of its rows.
pub fn may_read(caller: &Caller, plugin: &str, view: &ViewType) -> bool {
    RowRule::of(caller, plugin, view).is_ok()
}

/// Row rule of one caller: the rows of a view that the caller may read.
pub(super) enum RowRule<'a> {
    AllRows,
    /// Only rows that at least one of these conditions permits.
    SomeRows(Vec<Condition<'a>>),
}

/// Condition on a row, with the name of the column that it compares with the caller.
pub(super) enum Condition<'a> {
    /// The column equals the caller's actor id.
    Own(&'a str),
    /// The column has a reference to people that refers to one of these persons.
    Asked(&'a str, ActsFor),
}

impl<'a> RowRule<'a> {
    pub fn of(caller: &Caller, plugin: &str, view: &'a ViewType) -> Result<Self, Error> {
        if caller.kind == ActorKind::System {
            return Ok(RowRule::AllRows);
        }
        let mut conditions = Vec::new();
        let granted = view.read.iter().filter(|rule| caller.may(&format!("{plugin}.{}", rule.permission)));
        for rule in granted {
            let own = rule.own.as_deref().map(Condition::Own);
            let asked = rule.asked.as_deref().map(|column| Condition::Asked(column, ActsFor::of(caller, plugin)));
            let Some(condition) = own.or(asked) else { return Ok(RowRule::AllRows) };
            conditions.push(condition);
        }
        if conditions.is_empty() {
            return Err(Error::Forbidden(view.name.clone()));
        }
        Ok(RowRule::SomeRows(conditions))
    }

    /// Appends the SQL `and (…)` with the condition of this rule. Appends nothing if the caller may
    /// read all rows.
    pub fn push_condition(&self, sql: &mut sqlx::QueryBuilder<sqlx::Postgres>, caller: &Caller) {
        let RowRule::SomeRows(conditions) = self else { return };
        for (index, condition) in conditions.iter().enumerate() {
            sql.push(if index == 0 { " and (" } else { " or " });
            match condition {
                Condition::Own(column) => {
                    sql.push(super::quoted(column)).push(" = ").push_bind(caller.actor.to_string());
                }
                Condition::Asked(column, acts_for) => acts_for.push_condition(sql, column),
            }
        }
        sql.push(")");
    }
}
