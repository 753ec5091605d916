//! Condition on a json column with a reference to people, or a list of such references: one of
//! them refers to the caller, or to a person for whom the caller stands in.
//!
//! The database compares the reference with the caller, so that a list has whole pages of the rows
//! for which people wait. Resolving each row's reference to actor ids would read all rows.

use super::quoted;
use crate::actor::Caller;
use crate::contract::{ContextActor, PeopleRef, Principal};
use crate::id::ActorId;
use sqlx::{Postgres, QueryBuilder};

/// SQL name of one reference of a column.
const REFERENCE: &str = "asked.reference";

/// Name of the one value by which a list is filtered on such a column.
pub const ME: &str = "me";

/// Persons on whose behalf a caller acts, as a plugin sees them.
pub(super) struct ActsFor {
    caller: Principal,
    stands_in_for: Vec<Principal>,
}

impl ActsFor {
    pub fn of(caller: &Caller, plugin: &str) -> Self {
        let ContextActor { id, permissions, groups, manages, stands_in_for, .. } = ContextActor::of(caller, plugin);
        ActsFor { caller: Principal { id, permissions, groups, manages }, stands_in_for }
    }

    /// The person alone, without the persons for whom the person stands in.
    pub fn alone(person: Principal) -> Self {
        ActsFor { caller: person, stands_in_for: Vec::new() }
    }

    /// Appends the SQL condition that a reference in this column refers to one of the persons, and
    /// that the person and the caller are eligible by the same reference. It is never true for
    /// null. `row` is the alias of the table.
    pub fn push_condition(&self, sql: &mut QueryBuilder<Postgres>, row: &str, column: &str) {
        push_any_reference(sql, row, column, |sql| {
            push_eligible(sql, &self.caller);
            sql.push(" and (");
            push_sets(sql, &self.caller);
            for person in &self.stands_in_for {
                sql.push(" or ");
                push_eligible(sql, person);
                sql.push(" and ");
                push_sets(sql, person);
            }
            sql.push(")");
        });
    }
}

/// Appends the SQL condition that a reference in this column and `people` have a set in common. It
/// is never true for null. `row` is the alias of the table.
pub(super) fn push_overlap(sql: &mut QueryBuilder<Postgres>, row: &str, column: &str, people: &PeopleRef) {
    push_any_reference(sql, row, column, |sql| push_common_set(sql, people));
}

/// Appends the SQL condition that [`REFERENCE`] fulfils `condition` for one reference of the
/// column, which has one reference, a list of them or null.
fn push_any_reference(
    sql: &mut QueryBuilder<Postgres>,
    row: &str,
    column: &str,
    condition: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    let column = format!("{row}.{}", quoted(column));
    sql.push(format!(
        "exists (select from jsonb_array_elements(case jsonb_typeof({column}) when 'array' then {column} \
         when 'object' then jsonb_build_array({column}) else '[]' end) as asked(reference) where "
    ));
    condition(sql);
    sql.push(")");
}

/// Appends the SQL condition that the reference does not except the person, and demands no
/// permission or one that the person holds.
fn push_eligible(sql: &mut QueryBuilder<Postgres>, person: &Principal) {
    sql.push(format!("({REFERENCE} -> 'except' ? ")).push_bind(person.id.to_string()).push(") is not true");
    sql.push(format!(" and ({REFERENCE} -> 'must_hold' = '[]' or {REFERENCE} -> 'must_hold' ?| "));
    sql.push_bind(person.permissions.clone()).push(") is not false");
}

/// Appends the SQL condition that the person is in one of the sets of the reference.
fn push_sets(sql: &mut QueryBuilder<Postgres>, person: &Principal) {
    let people = PeopleRef {
        permissions: person.permissions.clone(),
        groups: person.groups.clone(),
        managers_of: person.manages.clone(),
        actors: vec![person.id],
        ..PeopleRef::default()
    };
    push_common_set(sql, &people);
}

/// Appends the SQL condition that the reference and `people` have a set in common.
fn push_common_set(sql: &mut QueryBuilder<Postgres>, people: &PeopleRef) {
    let ids = |ids: &[ActorId]| ids.iter().map(ToString::to_string).collect();
    let sets: [(&str, Vec<String>); 4] = [
        ("actors", ids(&people.actors)),
        ("permissions", people.permissions.clone()),
        ("groups", people.groups.clone()),
        ("managers_of", ids(&people.managers_of)),
    ];
    for (index, (set, members)) in sets.into_iter().enumerate() {
        sql.push(if index == 0 { "(" } else { " or " });
        sql.push(format!("{REFERENCE} -> '{set}' ?| ")).push_bind(members);
    }
    sql.push(")");
}
