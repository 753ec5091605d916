//! Resolution of references to people: finds the members to whom permissions, groups, managers and
//! actor ids refer now.

use super::{Directory, Error, Member};
use crate::db::Db;
use crate::id::{ActorId, TenantId};
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Postgres, Row};
use time::OffsetDateTime;

/// Reference to people for the directory, which knows roles but no permissions of products. It
/// refers to the persons who are in any of the sets and not in `except`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleQuery {
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    /// Actor ids of persons. Refers to the managers of these persons.
    pub managers_of: Vec<ActorId>,
    pub actors: Vec<ActorId>,
    pub except: Vec<ActorId>,
    /// Roles of which each result must have one. `None`: no role is demanded; empty: no person is a
    /// result.
    pub must_have_roles: Option<Vec<String>>,
    /// Whether the query also refers to the present deputies of these persons. A deputy in `except`
    /// or without a demanded role is no result either, and the deputy of such a person is not added
    /// for that person.
    pub with_deputies: bool,
}

/// SQL condition that the row `m` is a current member whom the query does not except, with one of
/// the demanded roles in `$7`. `$1` is the tenant, `$2` to `$6` are the sets of the query.
const IS_ELIGIBLE: &str = "m.tenant_id = $1 and m.identity is not null and m.roles <> '{}' and m.actor_id <> all ($6)
    and ($7::text[] is null or m.roles && $7)";

/// SQL condition that the row `m` is in one of the sets of the query.
const IS_IN_A_SET: &str = "(m.roles && $2 or m.actor_id = any ($5)
      or exists (select from eaf.group_member g
                 where g.tenant_id = $1 and g.actor_id = m.actor_id and g.key = any ($3))
      or exists (select from eaf.reporting r where r.tenant_id = $1 and r.actor_id = any ($4) and r.manager = m.actor_id))";

/// SQL that selects the actor ids of the deputies of the persons in `meant`, if `$8` asks for
/// deputies. `$9` is the present time.
const DEPUTIES: &str = "select d.deputy_id from eaf.deputy d join meant on meant.actor_id = d.actor_id
    where $8 and d.tenant_id = $1 and $9 >= d.starts_at and $9 < d.ends_at";

impl Directory {
    /// Reads the current members to whom the query refers, ordered by actor id.
    pub async fn people(&self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Member>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let sql = select("m.actor_id, m.sealed, m.locale, m.roles");
        let rows = bind(&sql, tenant, query, self.ambient.now());
        let rows = rows.fetch_all(tx.conn()).await.map_err(Error::Read)?;
        let mut members = Vec::with_capacity(rows.len());
        for row in &rows {
            members.push(self.open_member(&mut tx, row).await?);
        }
        Ok(members)
    }
}

/// Reads the actor ids of the current members to whom the query refers at the time `now`, in order,
/// and no personal data.
pub async fn people_ids(
    db: &Db,
    tenant: TenantId,
    query: &PeopleQuery,
    now: OffsetDateTime,
) -> Result<Vec<ActorId>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let sql = select("m.actor_id");
    let rows = bind(&sql, tenant, query, now).fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(|row| row.try_get("actor_id").map_err(Error::Read)).collect()
}

fn select(columns: &str) -> String {
    format!(
        "with meant as (select m.actor_id from eaf.member m where {IS_ELIGIBLE} and {IS_IN_A_SET})
         select {columns} from eaf.member m
         where {IS_ELIGIBLE} and m.actor_id in (select actor_id from meant union all {DEPUTIES})
         order by m.actor_id"
    )
}

type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

fn bind<'q>(sql: &str, tenant: TenantId, query: &'q PeopleQuery, now: OffsetDateTime) -> Query<'q> {
    let PeopleQuery { roles, groups, managers_of, actors, except, must_have_roles, with_deputies } = query;
    let sql = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(tenant).bind(roles).bind(groups);
    sql.bind(managers_of).bind(actors).bind(except).bind(must_have_roles).bind(with_deputies).bind(now)
}
