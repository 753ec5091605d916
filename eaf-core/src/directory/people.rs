//! Resolution of references to people: finds the members to whom permissions, groups, managers and
//! actor ids refer now.

use super::{Directory, Error, Member};
use crate::db::Db;
use crate::id::{ActorId, TenantId};
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Postgres, Row};

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
}

/// SQL condition that the query refers to the member in the row `m`. `$1` is the tenant, `$2` to
/// `$6` are the sets of the query.
const IS_MEANT: &str = "m.tenant_id = $1 and m.identity is not null and m.roles <> '{}'
    and (m.roles && $2 or m.actor_id = any ($5)
      or exists (select from eaf.group_member g
                 where g.tenant_id = $1 and g.actor_id = m.actor_id and g.key = any ($3))
      or exists (select from eaf.reporting r where r.tenant_id = $1 and r.actor_id = any ($4) and r.manager = m.actor_id))
    and m.actor_id <> all ($6)";

impl Directory {
    /// Reads the current members to whom the query refers, ordered by actor id.
    pub async fn people(&self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Member>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let sql =
            format!("select actor_id, sealed, locale, roles from eaf.member m where {IS_MEANT} order by actor_id");
        let rows = bind(sqlx::query(AssertSqlSafe(sql)).bind(tenant), query);
        let rows = rows.fetch_all(tx.conn()).await.map_err(Error::Read)?;
        let mut members = Vec::with_capacity(rows.len());
        for row in &rows {
            members.push(self.open_member(&mut tx, row).await?);
        }
        Ok(members)
    }
}

/// Reads the actor ids of the current members to whom the query refers, in order, and no personal
/// data.
pub async fn people_ids(db: &Db, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<ActorId>, Error> {
    let mut tx = db.tenant(tenant).await?;
    let sql = format!("select actor_id from eaf.member m where {IS_MEANT} order by actor_id");
    let rows = bind(sqlx::query(AssertSqlSafe(sql)).bind(tenant), query);
    let rows = rows.fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(|row| row.try_get("actor_id").map_err(Error::Read)).collect()
}

type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

fn bind<'q>(sql: Query<'q>, query: &'q PeopleQuery) -> Query<'q> {
    let PeopleQuery { roles, groups, managers_of, actors, except } = query;
    sql.bind(roles).bind(groups).bind(managers_of).bind(actors).bind(except)
}
