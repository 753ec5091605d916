//! With another tenant set, nothing of a tenant can be read, counted, changed or added: on every table that the
//! catalogue knows, as the application role and as the owner.

use crate::toy::Toy;
use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

struct Table {
    name: String,
    columns: Vec<(String, String)>,
}

/// A database in which both tenants have a row in every table, and who attacks it: with globex set, for a row of acme.
pub struct Range {
    root: PgConnection,
    app: PgConnection,
    owner: PgConnection,
    /// With acme's row as JSON.
    tables: Vec<(Table, String)>,
    pub database: Database,
}

pub fn acme() -> TenantId {
    TenantId::derive("acme")
}

pub fn globex() -> TenantId {
    TenantId::derive("globex")
}

impl Range {
    pub async fn open() -> Range {
        let database = Database::fresh().await;
        // The tables of views are made while a host runs.
        eaf_core::projection::prepare(&database.core().await, &Toy::new()).await.unwrap();
        let mut root = database.superuser().await;
        let mut tables = Vec::new();
        for table in tables_of_tenants(&mut root).await {
            for tenant in [acme(), globex()] {
                seed(&mut root, &table, tenant).await;
            }
            let row = format!("select to_jsonb(t)::text from {} t where tenant_id = $1 limit 1", table.name);
            let row: String = sqlx::query_scalar(AssertSqlSafe(row)).bind(acme()).fetch_one(&mut root).await.unwrap();
            tables.push((table, row));
        }
        assert!(tables.len() >= 15, "the catalogue was not found");
        assert!(tables.iter().any(|(table, _)| table.name.starts_with("eaf_view.")), "no table of a view");
        let app = database.as_role("eaf_app").await;
        let mut owner = database.as_role("eaf_migrate").await;
        run(&mut owner, "set role eaf_owner".into()).await.unwrap();
        Range { root, app, owner, tables, database }
    }

    /// The application attacks through this connection from now on.
    pub fn attack_through(&mut self, app: PgConnection) {
        self.app = app;
    }

    /// What went through, one line each, on all tables or on this one.
    pub async fn violations(&mut self, only: Option<usize>) -> Vec<String> {
        let mut found = Vec::new();
        for (n, (table, row)) in self.tables.iter().enumerate() {
            if only.is_some_and(|only| only != n) {
                continue;
            }
            // The owner too: its functions run for one tenant as well, and no grant stands between it and a table.
            for (role, conn) in [("eaf_app", &mut self.app), ("eaf_owner", &mut self.owner)] {
                for attempt in attempts(table, acme(), row) {
                    if went_through(conn, globex(), &attempt).await {
                        found.push(format!("{role}: {attempt}"));
                    }
                }
            }
        }
        found
    }
}

/// Every one of them must touch nothing, or be refused.
fn attempts(table: &Table, victim: TenantId, row: &str) -> Vec<String> {
    let name = &table.name;
    let row = row.replace('\'', "''");
    let mut attempts = vec![
        format!("select 1 from {name} where tenant_id = '{victim}'"),
        format!("select 1 from (select count(*) as n from {name}) c where n > 1"),
        format!("insert into {name} select (jsonb_populate_record(null::{name}, '{row}')).*"),
        format!("delete from {name} where tenant_id = '{victim}'"),
        format!("update {name} set tenant_id = '{victim}'"),
    ];
    attempts.extend(
        table
            .columns
            .iter()
            .map(|(column, _)| format!("update {name} set {column} = {column} where tenant_id = '{victim}'")),
    );
    attempts
}

async fn went_through(conn: &mut PgConnection, tenant: TenantId, attempt: &str) -> bool {
    run(conn, format!("begin; select set_config('app.tenant_id', '{tenant}', true)")).await.unwrap();
    let done = run(conn, attempt.to_owned()).await;
    run(conn, "rollback".into()).await.unwrap();
    match done {
        Ok(rows) => rows > 0,
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            // A duplicate key would have been written, had the row been new; so would any other finding of a constraint.
            code != "42501"
        }
    }
}

async fn tables_of_tenants(root: &mut PgConnection) -> Vec<Table> {
    let rows = sqlx::query(
        "select c.oid::regclass::text as name, array_agg(quote_ident(a.attname) order by a.attnum) as columns,
                array_agg(format_type(a.atttypid, null) order by a.attnum) as types
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         where n.nspowner = to_regrole('eaf_owner') and c.relkind in ('r', 'p')
           and exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')
         group by c.oid order by 1",
    )
    .fetch_all(root)
    .await
    .unwrap();
    let table = |row: &sqlx::postgres::PgRow| Table {
        name: row.get("name"),
        columns: row.get::<Vec<String>, _>("columns").into_iter().zip(row.get::<Vec<String>, _>("types")).collect(),
    };
    rows.iter().map(table).collect()
}

/// A row of made-up values. Constraints between columns do not matter here, so they go.
async fn seed(root: &mut PgConnection, table: &Table, tenant: TenantId) {
    let constraints: Vec<String> = sqlx::query_scalar(
        "select quote_ident(conname) from pg_constraint where conrelid = $1::text::regclass and contype in ('c', 'f')",
    )
    .bind(&table.name)
    .fetch_all(&mut *root)
    .await
    .unwrap();
    for constraint in constraints {
        run(root, format!("alter table {} drop constraint {constraint}", table.name)).await.unwrap();
    }
    let value = |(column, kind): &(String, String)| match kind.as_str() {
        _ if column == "tenant_id" => format!("'{tenant}'"),
        "uuid" => "gen_random_uuid()".into(),
        "text" | "character varying" => "gen_random_uuid()::text".into(),
        "smallint" | "integer" | "bigint" | "numeric" => "1".into(),
        "boolean" => "true".into(),
        "bytea" => "uuid_send(gen_random_uuid())".into(),
        "timestamp with time zone" => "now()".into(),
        "interval" => "interval '1 day'".into(),
        "json" | "jsonb" => "'{}'".into(),
        array if array.ends_with("[]") => "'{}'".into(),
        other => panic!("a sample value for the type {other} of {}.{column} is missing here", table.name),
    };
    let names: Vec<_> = table.columns.iter().map(|(name, _)| name.clone()).collect();
    let values: Vec<_> = table.columns.iter().map(value).collect();
    let insert = format!(
        "insert into {} ({}) overriding system value values ({})",
        table.name,
        names.join(", "),
        values.join(", ")
    );
    run(root, insert).await.unwrap();
}

async fn run(conn: &mut PgConnection, statement: String) -> Result<u64, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await.map(|done| done.rows_affected())
}

#[tokio::test]
async fn no_table_shows_or_takes_rows_of_another_tenant() {
    let found = Range::open().await.violations(None).await;
    assert!(found.is_empty(), "{found:#?}");
}

/// Each way to make a hole, and how it is closed again; `T` stands for the table.
const RULE: &str = "tenant_id = (select current_setting('app.tenant_id')::uuid)";
const HOLES: [(&str, &str); 12] = [
    ("alter table T disable row level security", "alter table T enable row level security"),
    ("alter table T no force row level security", "alter table T force row level security"),
    ("alter policy tenant on T using (true)", "alter policy tenant on T using (RULE)"),
    ("alter policy tenant on T with check (true)", "alter policy tenant on T with check (RULE)"),
    ("alter policy tenant on T using (RULE or true)", "alter policy tenant on T using (RULE)"),
    ("alter policy tenant on T using (tenant_id is not null)", "alter policy tenant on T using (RULE)"),
    ("create policy second on T using (true)", "drop policy second on T"),
    ("create policy second on T to eaf_owner using (true)", "drop policy second on T"),
    ("create policy second on T for select to eaf_owner using (true)", "drop policy second on T"),
    ("create policy second on T for insert to eaf_owner with check (true)", "drop policy second on T"),
    ("create policy second on T for update to eaf_owner using (RULE) with check (true)", "drop policy second on T"),
    (
        "drop policy tenant on T; create policy tenant on T to eaf_app, eaf_owner using (true)",
        "alter policy tenant on T using (RULE) with check (RULE)",
    ),
];

/// The attacks must see each hole in each table by themselves, without the catalogue check.
#[tokio::test]
async fn each_hole_in_each_wall_lets_something_through() {
    let mut range = Range::open().await;
    let mut missed = Vec::new();
    for n in 0..range.tables.len() {
        let table = range.tables[n].0.name.clone();
        let said = |statement: &str| statement.replace("RULE", RULE).replace(" T", &format!(" {table}"));
        for (hole, mend) in HOLES {
            run(&mut range.root, said(hole)).await.unwrap();
            if range.violations(Some(n)).await.is_empty() {
                missed.push(said(hole));
            }
            run(&mut range.root, said(mend)).await.unwrap();
        }
    }
    assert!(missed.is_empty(), "seen by no attack: {missed:#?}");
    let left = range.violations(None).await;
    assert!(left.is_empty(), "a hole was not closed again: {left:#?}");
}

#[tokio::test]
async fn without_a_tenant_a_table_is_an_error_and_not_empty() {
    let mut range = Range::open().await;
    for (table, _) in &range.tables {
        for (statement, expected) in [("", "42704"), ("begin; set local app.tenant_id = ''; ", "22P02")] {
            let refused =
                run(&mut range.app, format!("{statement}select count(*) from {}", table.name)).await.unwrap_err();
            let code = refused.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            assert_eq!(code, expected, "{}: {refused}", table.name);
        }
        run(&mut range.app, "rollback".into()).await.unwrap();
        // From here on the session knows the setting; a new one does not.
        range.app = range.database.as_role("eaf_app").await;
    }
}

#[tokio::test]
async fn the_platform_lists_tenants_and_heads_and_reads_no_payload() {
    let database = Database::fresh().await;
    let core = database.core().await;
    eaf_core::directory::add_tenant(&core, "acme", "ACME").await.unwrap();
    eaf_core::directory::add_tenant(&core, "globex", "Globex").await.unwrap();
    let listed: Vec<_> = eaf_core::directory::tenants(&core).await.unwrap().into_iter().map(|(_, slug)| slug).collect();
    assert_eq!(listed, ["acme", "globex"]);
    let mut platform = database.as_role("eaf_platform").await;
    assert!(run(&mut platform, "select tenant_id, lane, max(pos) from eaf.event group by 1, 2".into()).await.is_ok());
    for forbidden in [
        "select name from eaf.tenant",
        "select data from eaf.event",
        "select count(*) from eaf.member",
        "select answer from eaf.ledger",
        "select wrapped from eaf.subject_key",
        "update eaf.tenant set slug = 'x'",
        "delete from eaf.event",
    ] {
        let refused = run(&mut platform, forbidden.into()).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).unwrap().into_owned();
        assert_eq!(code, "42501", "{forbidden}");
    }
}

#[tokio::test]
async fn the_application_cannot_rewrite_the_log_or_the_record_of_acts() {
    let database = Database::fresh().await;
    let mut app = database.as_role("eaf_app").await;
    for forbidden in [
        "insert into eaf.event select * from eaf.event",
        "update eaf.event set lane = 1",
        "delete from eaf.event",
        "truncate eaf.event",
        "insert into eaf.ledger select * from eaf.ledger",
        "delete from eaf.ledger",
        "update eaf.audit set outcome = 'ok'",
        "delete from eaf.audit",
        "insert into eaf.generation values ('dcm', 9, '')",
        "update eaf.log_epoch set epoch = 9",
        "select eaf.activate('dcm', 9, '')",
        "select eaf.tenant_table('eaf.event')",
        "set role eaf_owner",
    ] {
        let refused = run(&mut app, forbidden.into()).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).unwrap().into_owned();
        assert_eq!(code, "42501", "{forbidden}");
    }
}
