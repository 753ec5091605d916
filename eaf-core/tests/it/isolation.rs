//! Tests of the isolation of tenants: with another tenant set, no row of a tenant can be read,
//! counted, changed, added or guessed, on every table of the catalogue, as the application role and
//! as the owner.

use crate::toy::Toy;
use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};

struct Table {
    name: String,
    columns: Vec<(String, String)>,
    /// Columns of each primary or unique key, in one text, separated by commas.
    keys: Vec<String>,
    /// Statements that drop and create each foreign key.
    references: Vec<(String, String)>,
    /// Name of a column that the application role may update; empty if the role may update no
    /// column.
    changeable: String,
}

/// Database in which both tenants have a row in each table, and the connections that attack acme's
/// rows in transactions of globex.
pub struct Range {
    root: PgConnection,
    app: PgConnection,
    owner: PgConnection,
    /// Tables of the database. Each has acme's row and a row that does not exist, both as JSON.
    tables: Vec<(Table, [String; 2])>,
    pub database: Database,
}

pub fn acme() -> TenantId {
    TenantId::derive("acme")
}

pub fn globex() -> TenantId {
    TenantId::derive("globex")
}

/// Tenant without any row.
fn initech() -> TenantId {
    TenantId::derive("initech")
}

impl Range {
    pub async fn open() -> Range {
        let database = Database::fresh().await;
        // Creates the views' tables, which no migration does.
        eaf_core::consumers::prepare(&database.core().await.db, &Toy::new()).await.unwrap();
        let mut root = database.superuser().await;
        let mut tables = Vec::new();
        for table in tables_of_tenants(&mut root).await {
            loosen(&mut root, &table).await;
            let row = seed(&mut root, &table, acme(), 1).await;
            seed(&mut root, &table, globex(), 2).await;
            let nowhere = TenantId::derive("nowhere");
            let made_up = seed(&mut root, &table, nowhere, 3).await;
            run(&mut root, format!("delete from {} where tenant_id = '{nowhere}'", table.name)).await.unwrap();
            tables.push((table, [row, made_up]));
        }
        for (_, make) in tables.iter().flat_map(|(table, _)| &table.references) {
            run(&mut root, make.clone()).await.unwrap();
        }
        assert!(tables.len() >= 15, "the catalogue was not found");
        assert!(tables.iter().any(|(table, _)| table.name.starts_with("eaf_view.")), "no table of a view");
        let app = database.as_role("eaf_app").await;
        let mut owner = database.as_role("eaf_migrate").await;
        run(&mut owner, "set role eaf_owner".into()).await.unwrap();
        Range { root, app, owner, tables, database }
    }

    /// Replaces the connection of the application role, so that the attacks run through `app`.
    pub fn attack_through(&mut self, app: PgConnection) {
        self.app = app;
    }

    /// Runs all attacks. Returns the attacks that changed or revealed a row, one line for each.
    pub async fn violations(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for n in 0..self.tables.len() {
            found.extend(self.violations_of(n).await);
        }
        found
    }

    async fn violations_of(&mut self, n: usize) -> Vec<String> {
        let mut found = Vec::new();
        let (table, [row, made_up]) = &self.tables[n];
        // The owner is tested too: its functions run for one tenant, and grants do not restrict it.
        for (role, conn) in [("eaf_app", &mut self.app), ("eaf_owner", &mut self.owner)] {
            for attempt in attempts(table, acme(), row) {
                if went_through(conn, globex(), &attempt).await {
                    found.push(format!("{role}: {attempt}"));
                }
            }
            for (guess, other) in guesses(table, row).iter().zip(guesses(table, made_up)) {
                let (result, other_result) = (answer(conn, guess).await, answer(conn, &other).await);
                if result != other_result {
                    found.push(format!(
                        "{role}: {guess}: {result:?}, and {other_result:?} for a row that does not exist"
                    ));
                }
            }
        }
        found
    }
}

/// Attacks on the rows of the tenant `victim`: SQL statements that must affect no row, or must
/// fail.
fn attempts(table: &Table, victim: TenantId, row: &str) -> Vec<String> {
    let name = &table.name;
    let row = row.replace('\'', "''");
    let mut attempts = vec![
        format!("select 1 from {name} where tenant_id = '{victim}'"),
        format!("select 1 from (select count(*) as n from {name}) c where n > 1"),
        insert(table, &format!("jsonb_populate_record(null::{name}, '{row}')")),
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

/// SQL statement that inserts the rows of the SQL expression `row`, without generated columns.
fn insert(table: &Table, row: &str) -> String {
    let columns: Vec<&str> = table.columns.iter().map(|(column, _)| column.as_str()).collect();
    let columns = columns.join(", ");
    format!("insert into {} ({columns}) select {columns} from {row}", table.name)
}

/// Statements that must not reveal, by result or error, whether a row with known values exists.
fn guesses(table: &Table, row: &str) -> Vec<String> {
    let name = &table.name;
    let row = row.replace('\'', "''");
    let known = format!("jsonb_populate_record(null::{name}, '{row}')");
    let mine = format!(r#"jsonb_populate_record(null::{name}, '{row}'::jsonb || '{{"tenant_id": "{}"}}')"#, initech());
    let mut guesses = vec![insert(table, &mine)];
    for row in [&known, &mine] {
        let insert = format!("{} on conflict", insert(table, row));
        guesses.push(format!("{insert} do nothing"));
        let set = &table.changeable;
        guesses.extend(table.keys.iter().map(|key| format!("{insert} ({key}) do update set {set} = excluded.{set}")));
    }
    for key in &table.keys {
        for key in [key, &beside_tenant(table, key)] {
            let same = format!("({key}) = (select {key} from {known})");
            guesses.push(format!("select 1 from {name} where {same}"));
            // The statement divides by zero if the condition is evaluated before the policy.
            guesses.push(format!("select 1 from {name} where 1 / (({same})::int - 1) < 0"));
        }
    }
    guesses
}

/// Columns of a key without the tenant's id. If the key has no other column: all columns of the
/// table without the tenant's id.
fn beside_tenant(table: &Table, key: &str) -> String {
    let of_tenants = |column: &&str| *column != "tenant_id";
    let rest: Vec<&str> = key.split(", ").filter(of_tenants).collect();
    let all = || table.columns.iter().map(|(column, _)| column.as_str()).filter(of_tenants).collect();
    if rest.is_empty() { all() } else { rest }.join(", ")
}

async fn answer(conn: &mut PgConnection, guess: &str) -> Result<u64, String> {
    within(conn, initech(), guess).await.map_err(|error| format!("{} {error}", sqlstate(&error)))
}

async fn went_through(conn: &mut PgConnection, tenant: TenantId, attempt: &str) -> bool {
    match within(conn, tenant, attempt).await {
        Ok(rows) => rows > 0,
        // An error of a constraint, such as a duplicate key, means that a policy did not reject the
        // row.
        Err(error) => sqlstate(&error) != "42501",
    }
}

/// Runs a statement in a transaction of this tenant, and rolls the transaction back.
async fn within(conn: &mut PgConnection, tenant: TenantId, statement: &str) -> Result<u64, sqlx::Error> {
    run(conn, format!("begin; select set_config('app.tenant_id', '{tenant}', true)")).await.unwrap();
    let done = run(conn, statement.to_owned()).await;
    run(conn, "rollback".into()).await.unwrap();
    done
}

pub fn sqlstate(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
}

async fn tables_of_tenants(root: &mut PgConnection) -> Vec<Table> {
    let rows = sqlx::query(
        "select c.oid::regclass::text as name, array_agg(quote_ident(a.attname) order by a.attnum) as columns,
                array_agg(format_type(a.atttypid, null) order by a.attnum) as types,
                (array_agg(quote_ident(a.attname)
                           order by has_column_privilege('eaf_app', c.oid, a.attnum, 'update') desc, a.attnum))[1] as changeable,
                array(select (select string_agg(quote_ident(k.attname), ', ' order by n)
                              from unnest(i.indkey::int2[]) with ordinality u (attnum, n)
                              join pg_attribute k on k.attrelid = c.oid and k.attnum = u.attnum where n <= i.indnkeyatts)
                      from pg_index i where i.indrelid = c.oid and i.indisunique) as keys,
                array(select format('alter table %s drop constraint %I', c.oid::regclass, f.conname)
                      from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' order by f.oid) as drops,
                array(select format('alter table %s add constraint %I %s', c.oid::regclass, f.conname, pg_get_constraintdef(f.oid))
                      from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' order by f.oid) as makes
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         where n.nspowner = to_regrole('eaf_owner') and c.relkind in ('r', 'p')
           and exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')
         group by c.oid order by 1",
    )
    .fetch_all(root)
    .await
    .unwrap();
    let pairs = |row: &PgRow, one, other| {
        row.get::<Vec<String>, _>(one).into_iter().zip(row.get::<Vec<String>, _>(other)).collect()
    };
    let table = |row: &PgRow| Table {
        name: row.get("name"),
        columns: pairs(row, "columns", "types"),
        keys: row.get("keys"),
        references: pairs(row, "drops", "makes"),
        changeable: row.get("changeable"),
    };
    rows.iter().map(table).collect()
}

/// Drops check constraints and foreign keys of a table, because a row with invented values would
/// violate them. The foreign keys are created again later.
async fn loosen(root: &mut PgConnection, table: &Table) {
    let checks: Vec<String> = sqlx::query_scalar(
        "select quote_ident(conname) from pg_constraint where conrelid = $1::text::regclass and contype = 'c'",
    )
    .bind(&table.name)
    .fetch_all(&mut *root)
    .await
    .unwrap();
    for check in checks {
        run(root, format!("alter table {} drop constraint {check}", table.name)).await.unwrap();
    }
    for (drop, _) in &table.references {
        run(root, drop.clone()).await.unwrap();
    }
}

/// Inserts a row of a tenant and returns the row as JSON. Columns with the same name have the same
/// value in all of the tenant's rows, so that foreign keys are valid.
async fn seed(root: &mut PgConnection, table: &Table, tenant: TenantId, number: u8) -> String {
    let value = |(column, kind): &(String, String)| match kind.as_str() {
        _ if column == "tenant_id" => format!("'{tenant}'"),
        "uuid" => format!("md5('{column} {number}')::uuid"),
        "text" | "character varying" | "bytea" => format!("'{column} {number}'"),
        "smallint" | "integer" | "bigint" | "numeric" => number.to_string(),
        "boolean" => "true".into(),
        "timestamp with time zone" => "now()".into(),
        "interval" => "interval '1 day'".into(),
        "json" | "jsonb" => "'{}'".into(),
        array if array.ends_with("[]") => "'{}'".into(),
        other => panic!("a sample value for the type {other} of {}.{column} is missing here", table.name),
    };
    let names: Vec<_> = table.columns.iter().map(|(name, _)| name.clone()).collect();
    let values: Vec<_> = table.columns.iter().map(value).collect();
    let insert = format!(
        "insert into {} as t ({}) overriding system value values ({}) returning to_jsonb(t)::text",
        table.name,
        names.join(", "),
        values.join(", ")
    );
    sqlx::query_scalar(AssertSqlSafe(insert)).fetch_one(root).await.unwrap()
}

async fn run(conn: &mut PgConnection, statement: String) -> Result<u64, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await.map(|done| done.rows_affected())
}

#[tokio::test]
async fn no_table_reads_or_accepts_rows_of_another_tenant() {
    let found = Range::open().await.violations().await;
    assert!(found.is_empty(), "{found:#?}");
}

/// Condition of the policies of row-level security.
const RULE: &str = "tenant_id = (select current_setting('app.tenant_id')::uuid)";
/// Pairs of SQL statements: the first makes a hole in the isolation of tenants, the second closes
/// the hole. `T` is the table.
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

/// Statements of [`HOLES`] for a table, and statements that remove the tenant from each key and
/// each reference.
fn holes(table: &Table) -> Vec<(String, String)> {
    let said = |statement: &str| statement.replace("RULE", RULE).replace(" T", &format!(" {}", table.name));
    let mut holes: Vec<_> = HOLES.iter().map(|(hole, mend)| (said(hole), said(mend))).collect();
    for key in &table.keys {
        let rogue = format!("alter table T add constraint rogue unique ({})", beside_tenant(table, key));
        holes.push((said(&rogue), said("alter table T drop constraint rogue")));
    }
    for (drop, make) in table.references.iter().filter(|(_, make)| make.contains("tenant_id, ")) {
        let rogue = make.replace("tenant_id, ", "");
        let (_, target) = rogue.split_once(" REFERENCES ").unwrap();
        let (of, key) = target.split_once('(').unwrap();
        let unique = format!("alter table {of} add constraint rogue unique ({key}");
        holes.push((
            format!("{drop}; {unique}; {rogue}"),
            format!("{drop}; alter table {of} drop constraint rogue; {make}"),
        ));
    }
    holes
}

/// Tests the attacks themselves: they find each hole in each table without the catalogue check.
#[tokio::test]
async fn each_deliberate_hole_is_found_by_the_attacks() {
    let mut range = Range::open().await;
    let mut missed = Vec::new();
    for n in 0..range.tables.len() {
        for (hole, mend) in holes(&range.tables[n].0) {
            run(&mut range.root, hole.clone()).await.unwrap();
            if range.violations_of(n).await.is_empty() {
                missed.push(hole);
            }
            run(&mut range.root, mend).await.unwrap();
        }
    }
    assert!(missed.is_empty(), "seen by no attack: {missed:#?}");
    let left = range.violations().await;
    assert!(left.is_empty(), "a hole was not closed again: {left:#?}");
}

#[tokio::test]
async fn without_a_tenant_a_table_raises_an_error() {
    let mut range = Range::open().await;
    for (table, _) in &range.tables {
        for (statement, expected) in [("", "42704"), ("begin; set local app.tenant_id = ''; ", "22P02")] {
            let refused =
                run(&mut range.app, format!("{statement}select count(*) from {}", table.name)).await.unwrap_err();
            assert_eq!(sqlstate(&refused), expected, "{}: {refused}", table.name);
        }
        run(&mut range.app, "rollback".into()).await.unwrap();
        // The session now has the setting with an empty value; a new session has none.
        range.app = range.database.as_role("eaf_app").await;
    }
}

/// Privileges of the platform role on tables, each with the columns, `*` for all. The role reads no
/// payload of tenants' tables, and no views.
const PLATFORM: [&str; 47] = [
    "eaf._sqlx_migrations select *",
    "eaf.activation select *",
    "eaf.audit select tenant_id at anchor",
    "eaf.checkpoint select tenant_id plugin consumer epoch pos rebuild_at rebuild_again_at retry_at",
    "eaf.connection select tenant_id capability name server observe_at observe_until",
    "eaf.connection update observe_until",
    "eaf.departure select tenant_id departure_id due_at leased_until",
    "eaf.departure update leased_until",
    "eaf.event select tenant_id lane pos at",
    "eaf.function_source select *",
    "eaf.generation select *",
    "eaf.journal select tenant_id state started_at done_at anchor",
    "eaf.log_epoch select *",
    "eaf.mail_digest select tenant_id actor_id due_at leased_until",
    "eaf.mail_digest update leased_until",
    "eaf.master_key insert *",
    "eaf.master_key select *",
    "eaf.master_key update active retired_at",
    "eaf.operator insert *",
    "eaf.operator select *",
    "eaf.operator update identity sealed key_id removed_at",
    "eaf.package insert *",
    "eaf.package select *",
    "eaf.package update bytes stored_at",
    "eaf.platform_audit insert *",
    "eaf.platform_audit select *",
    "eaf.platform_denial insert *",
    "eaf.platform_denial select *",
    "eaf.platform_denial update nr count",
    "eaf.run select tenant_id run_id plugin digest state due_at lease_until",
    "eaf.session select tenant_id hash actor_id seen_at expires_at",
    "eaf.session update seen_at",
    "eaf.stopped_plugin delete *",
    "eaf.stopped_plugin insert *",
    "eaf.stopped_plugin select *",
    "eaf.subject_key select tenant_id key_id destroyed_at",
    "eaf.tenant select tenant_id slug",
    "eaf.tenant_product select tenant_id plugin enabled",
    "eaf.trigger insert *",
    "eaf.trigger select *",
    "eaf.trigger update retired_at",
    "eaf.used_state delete *",
    "eaf.used_state insert *",
    "eaf.used_state select *",
    "eaf.view select *",
    "eaf.view update active",
    "eaf.view_copy select *",
];

#[tokio::test]
async fn the_platform_role_has_the_listed_privileges_only() {
    let mut range = Range::open().await;
    let mut may: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass || ' ' || p || ' '
                  || case when has_table_privilege('eaf_platform', c.oid, p) then '*' else string_agg(a.attname, ' ' order by a.attnum) end
           from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0,
                unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
           where n.nspowner = to_regrole('eaf_owner') and c.relkind in ('r', 'p', 'v', 'm', 'f')
             and case when p in ('delete', 'truncate', 'trigger') then has_table_privilege('eaf_platform', c.oid, p)
                      else has_column_privilege('eaf_platform', c.oid, a.attnum, p) end
           group by c.oid, p",
    )
    .fetch_all(&mut range.root)
    .await
    .unwrap();
    may.sort();
    assert_eq!(may, PLATFORM);
}

#[tokio::test]
async fn the_platform_role_lists_tenants_and_heads_and_reads_no_payload() {
    let database = Database::fresh().await;
    let core = database.core().await;
    eaf_core::directory::add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    eaf_core::directory::add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    let listed: Vec<_> =
        eaf_core::directory::tenants(&core.db).await.unwrap().into_iter().map(|(_, slug)| slug).collect();
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
        assert_eq!(sqlstate(&refused), "42501", "{forbidden}");
    }
}

#[tokio::test]
async fn the_application_role_cannot_rewrite_the_log_or_the_audit() {
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
        assert_eq!(sqlstate(&refused), "42501", "{forbidden}");
    }
}
