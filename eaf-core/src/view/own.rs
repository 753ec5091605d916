//! Which rows a caller may read.

use super::Error;
use crate::actor::{ActorKind, Caller};
use crate::contract::ViewType;

/// Whether there may be rows of this view for the caller.
pub fn may_read(caller: &Caller, plugin: &str, view: &ViewType) -> bool {
    Reach::of(caller, plugin, view).is_ok()
}

pub(super) enum Reach<'a> {
    All,
    /// Rows in which one of these columns is the caller.
    Own(Vec<&'a str>),
}

impl<'a> Reach<'a> {
    pub fn of(caller: &Caller, plugin: &str, view: &'a ViewType) -> Result<Self, Error> {
        if caller.kind == ActorKind::System {
            return Ok(Reach::All);
        }
        let mut own = Vec::new();
        let held = view.read.iter().filter(|rule| caller.may(&format!("{plugin}.{}", rule.permission)));
        for rule in held {
            let Some(column) = &rule.own else { return Ok(Reach::All) };
            own.push(column.as_str());
        }
        if own.is_empty() {
            return Err(Error::Forbidden(view.name.clone()));
        }
        Ok(Reach::Own(own))
    }

    /// Appends `and (…)`.
    pub fn restrict(&self, sql: &mut sqlx::QueryBuilder<sqlx::Postgres>, caller: &Caller) {
        let Reach::Own(columns) = self else { return };
        sql.push(" and (");
        let mut either = sql.separated(" or ");
        for column in columns {
            either.push(super::quoted(column)).push_unseparated(" = ").push_bind_unseparated(caller.actor.to_string());
        }
        sql.push(")");
    }
}
