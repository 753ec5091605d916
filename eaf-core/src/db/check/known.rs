//! What is meant to be as it is: tables without a tenant, and functions that run as their owner.
//!
//! A program knows those of its own schema. On a newer one it also believes what the newer migrations have written beside their
//! objects, as comments, which only the owner can: `without tenant`, `as owner for ROLE`. So the previous release can be started again
//! while hosts are exchanged. On its own schema comments change nothing.

use crate::db::schema;
use sqlx::postgres::PgConnection;
use std::collections::HashSet;

const WITHOUT_TENANT: &str = include_str!("../../../../migrations/tables-without-tenant.txt");

/// Functions that run as their owner, with their arguments, and who may call them.
const AS_OWNER: [(&str, &str); 12] = [
    (
        "eaf.append(uuid, smallint, interval, uuid[], text[], bytea[], bytea[], text[], bigint[], integer[], uuid[], bigint[], integer[], \
         uuid[], text[], smallint[], bytea[], bytea[])",
        "eaf_app",
    ),
    (
        "eaf.append_plain(smallint, interval, uuid[], uuid[], text[], bytea[], bytea[], text[], bigint[], integer[], uuid[], bigint[], \
         integer[], uuid[], text[], smallint[], bytea[], bytea[])",
        "eaf_app",
    ),
    (
        "eaf.append_bulk(uuid, smallint, interval, text, bigint, uuid[], text[], bytea[], bytea[], uuid[], bigint[], uuid[], text[], \
         smallint[], bytea[], bytea[])",
        "eaf_app",
    ),
    ("eaf.activate(text, bigint, text)", "eaf_platform"),
    ("eaf.activate_package(text, text, uuid)", "eaf_platform"),
    ("eaf.create_view(jsonb)", "eaf_platform"),
    ("eaf.rebuild_view(text, text)", "eaf_platform"),
    ("eaf.switch_view(text)", "eaf_platform"),
    ("eaf.drop_view_copy(text)", "eaf_platform"),
    ("eaf.new_epoch()", "eaf_platform"),
    ("eaf.prune(text, timestamp with time zone, integer)", "eaf_app"),
    ("eaf.prune_anchored(text, timestamp with time zone, integer)", "eaf_app"),
];

pub(super) struct Known {
    tables: HashSet<String>,
    as_owner: HashSet<(String, String)>,
}

impl Known {
    pub async fn load(conn: &mut PgConnection) -> Result<Known, sqlx::Error> {
        let mut known = Known {
            tables: WITHOUT_TENANT.lines().map(str::to_owned).collect(),
            as_owner: AS_OWNER.map(|(function, role)| (function.to_owned(), role.to_owned())).into(),
        };
        if schema::is_newer(conn).await? {
            known.tables.extend(sqlx::query_scalar::<_, String>(TABLES).fetch_all(&mut *conn).await?);
            known.as_owner.extend(sqlx::query_as::<_, (String, String)>(FUNCTIONS).fetch_all(conn).await?);
        }
        Ok(known)
    }

    /// `table` is empty outside schema eaf: no other schema may have a table without a tenant.
    pub fn is_without_tenant(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    pub fn may_run_as_owner(&self, function: &str, role: &str) -> bool {
        self.as_owner.contains(&(function.to_owned(), role.to_owned()))
    }
}

const TABLES: &str = "select c.relname::text from pg_class c
    where c.relnamespace = 'eaf'::regnamespace and obj_description(c.oid, 'pg_class') = 'without tenant'";

const FUNCTIONS: &str = "select format('eaf.%I(%s)', p.proname, oidvectortypes(p.proargtypes)),
      substr(obj_description(p.oid, 'pg_proc'), 14)
    from pg_proc p
    where p.pronamespace = 'eaf'::regnamespace and obj_description(p.oid, 'pg_proc') like 'as owner for %'";
