//! What is meant to be as it is: tables without a tenant, and functions that run as their owner.
//!
//! A program knows those of its own schema, by name. On a newer schema, as an older release meets it that is started again
//! while hosts are exchanged, those that it does not know are left to the newer program, which has checked them at its
//! start. What both know, and everything with a tenant, is checked all the same.

use crate::db::schema;
use sqlx::postgres::PgConnection;
use std::collections::HashSet;

const WITHOUT_TENANT: &str = include_str!("../../../../migrations/tables-without-tenant.txt");

/// Functions that run as their owner, with their arguments, and who may call them.
const AS_OWNER: [(&str, &str); 11] = [
    (
        "eaf.append(uuid, smallint, interval, uuid[], text[], bytea[], bytea[], text[], bigint[], integer[], uuid[], bigint[], integer[], \
         uuid[], text[], smallint[], bytea[], bytea[])",
        "eaf_app",
    ),
    (
        "eaf.append_plain(smallint, interval, text[], bigint[], uuid[], integer[], integer[], integer[], uuid[], text[], bytea[], bytea[], \
         integer[], integer[], uuid[], bigint[], uuid[], bigint[], uuid[], text[], smallint[], bytea[], bytea[])",
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
            let ours = AS_OWNER.map(|(function, _)| function);
            let theirs = sqlx::query_as::<_, (String, String)>(FUNCTIONS).bind(&ours[..]).fetch_all(conn).await?;
            known.as_owner.extend(theirs);
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

/// Those without the column.
const TABLES: &str = "select c.relname::text from pg_class c
    where c.relnamespace = 'eaf'::regnamespace and c.relkind in ('r', 'p')
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')";

/// Those that are not in the list, for the host's roles.
const FUNCTIONS: &str = "select f.name, r.name
    from (select format('eaf.%I(%s)', p.proname, oidvectortypes(p.proargtypes)) as name from pg_proc p
          where p.pronamespace = 'eaf'::regnamespace) f
    cross join unnest(array['eaf_app', 'eaf_platform']) r (name)
    where f.name <> all ($1)";
