//! Allowed exceptions: tables without a tenant, and functions that run as their owner.
//!
//! The list names the objects of this program's schema. On a newer schema, which an older host sees
//! during an upgrade, unlisted tables without a tenant and unlisted functions are allowed as well:
//! the newer program checked them at its start. Listed objects, and every table with a tenant, are
//! always checked.

use crate::db::schema;
use sqlx::postgres::PgConnection;
use std::collections::HashSet;

const WITHOUT_TENANT: &str = include_str!("../../../../migrations/tables-without-tenant.txt");

/// Functions that run with the rights of their owner: signature, and the role that may call each.
const SECURITY_DEFINER: [(&str, &str); 11] = [
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

pub(super) struct AllowList {
    tables: HashSet<String>,
    /// Functions that run with the rights of their owner: signature, and the role that may call
    /// each.
    as_owner: HashSet<(String, String)>,
}

impl AllowList {
    pub async fn load(conn: &mut PgConnection) -> Result<AllowList, sqlx::Error> {
        let mut allow_list = AllowList {
            tables: WITHOUT_TENANT.lines().map(str::to_owned).collect(),
            as_owner: SECURITY_DEFINER.map(|(function, role)| (function.to_owned(), role.to_owned())).into(),
        };
        if schema::is_newer(conn).await? {
            allow_list
                .tables
                .extend(sqlx::query_scalar::<_, String>(TABLES_WITHOUT_TENANT_SQL).fetch_all(&mut *conn).await?);
            let listed = SECURITY_DEFINER.map(|(function, _)| function);
            let newer =
                sqlx::query_as::<_, (String, String)>(NEWER_FUNCTIONS_SQL).bind(&listed[..]).fetch_all(conn).await?;
            allow_list.as_owner.extend(newer);
        }
        Ok(allow_list)
    }

    /// Whether the table may lack the column `tenant_id`. `table` is a name in schema `eaf`. For a
    /// table of another schema it is empty, and such a table must have the column.
    pub fn is_without_tenant(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    pub fn may_run_as_owner(&self, function: &str, role: &str) -> bool {
        self.as_owner.contains(&(function.to_owned(), role.to_owned()))
    }
}

/// SQL that lists all tables of schema `eaf` without the column `tenant_id`.
const TABLES_WITHOUT_TENANT_SQL: &str = "select c.relname::text from pg_class c
    where c.relnamespace = 'eaf'::regnamespace and c.relkind in ('r', 'p')
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')";

/// SQL that lists the functions of schema `eaf` that this program does not know, each with both
/// roles of the host.
const NEWER_FUNCTIONS_SQL: &str = "select f.name, r.name
    from (select format('eaf.%I(%s)', p.proname, oidvectortypes(p.proargtypes)) as name from pg_proc p
          where p.pronamespace = 'eaf'::regnamespace) f
    cross join unnest(array['eaf_app', 'eaf_platform']) r (name)
    where f.name <> all ($1)";
