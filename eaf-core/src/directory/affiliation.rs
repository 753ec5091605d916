//! Affiliation of a member as SQL columns: groups, persons who report to the member, and persons
//! for whom the member is the deputy now, with their rights.
//!
//! A member is read with each request, so the affiliation is part of the same statement.

use crate::actor::{Affiliation, Principal};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

/// SQL columns of the [`Affiliation`] of the member in the row `m`. `$3` is the present time.
pub(super) fn columns() -> String {
    let (groups, manages) = (groups_of("m"), manages_of("m"));
    let (their_groups, they_manage) = (groups_of("p"), manages_of("p"));
    format!(
        "coalesce((select r.cost_centre from eaf.reporting r
                   where r.tenant_id = m.tenant_id and r.actor_id = m.actor_id), '') as cost_centre,
         {groups} as groups, {manages} as manages,
         coalesce((select jsonb_agg(jsonb_build_object('id', p.actor_id, 'roles', p.roles,
                            'groups', {their_groups}, 'manages', {they_manage}) order by p.actor_id)
                   from eaf.deputy d
                   join eaf.member p on p.tenant_id = d.tenant_id and p.actor_id = d.actor_id and p.roles <> '{{}}'
                   where d.tenant_id = m.tenant_id and d.deputy_id = m.actor_id
                     and $3 >= d.starts_at and $3 < d.ends_at), '[]') as stands_in_for"
    )
}

/// SQL array of the keys of the groups of the member in the row `member`.
fn groups_of(member: &str) -> String {
    format!(
        "array(select g.key from eaf.group_member g
               where g.tenant_id = {member}.tenant_id and g.actor_id = {member}.actor_id order by g.key)"
    )
}

/// SQL array of the actor ids of the current members whose manager is the member in the row
/// `member`.
fn manages_of(member: &str) -> String {
    format!(
        "array(select r.actor_id from eaf.reporting r
               join eaf.member e on e.tenant_id = r.tenant_id and e.actor_id = r.actor_id and e.roles <> '{{}}'
               where r.tenant_id = {member}.tenant_id and r.manager = {member}.actor_id order by r.actor_id)"
    )
}

/// Reads the affiliation from a row with these columns.
pub(super) fn read(row: &PgRow) -> Result<Affiliation, sqlx::Error> {
    let Json(stands_in_for): Json<Vec<Principal>> = row.try_get("stands_in_for")?;
    Ok(Affiliation {
        groups: row.try_get("groups")?,
        stands_in_for,
        manages: row.try_get("manages")?,
        cost_centre: row.try_get("cost_centre")?,
    })
}
