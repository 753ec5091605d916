//! Tests of migrations: the generated `schema.sql`, and functions that are replaced when they
//! change.

use eaf_core::db::{check, migrate};
use eaf_core::testing::Database;
use std::collections::BTreeMap;
use std::path::Path;

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
const WRITE: &str =
    "EAF_GOLDEN=write bin/eaf dev exec --with postgres -- cargo test --workspace --test it -- migrations";

/// Parses the last lines of `schema.sql`, each `-- functions/NAME.sql REVISION DIGEST`. Returns
/// revision and digest by name.
fn revisions(page: &str) -> BTreeMap<&str, (i32, &str)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("-- functions/"));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, (words.next()?.parse().ok()?, words.next()?)))
        })
        .collect()
}

#[tokio::test]
async fn schema_sql_is_current_and_a_changed_function_has_a_new_revision() {
    let page = Path::new(MIGRATIONS).join("schema.sql");
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    let schema = Database::fresh().await.schema().await;
    let before = revisions(&committed);
    for (name, (revision, digest)) in revisions(&schema) {
        let (older, known) = before.get(name).copied().unwrap_or((0, ""));
        assert!(
            revision > older || digest == known,
            "functions/{name} has changed: raise the revision in its first line, or no installation will run it again"
        );
    }
    if std::env::var("EAF_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(page, schema).unwrap();
        return;
    }
    assert!(committed == schema, "migrations/schema.sql is not the schema; write it with: {WRITE}");
}

#[tokio::test]
async fn every_function_file_is_applied() {
    let files = std::fs::read_dir(Path::new(MIGRATIONS).join("functions")).unwrap();
    let mut files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let schema = Database::fresh().await.schema().await;
    assert_eq!(revisions(&schema).into_keys().collect::<Vec<_>>(), files);
}

/// Reads from the database whether the function `eaf.lagging_consumers` has the source of this
/// release, `ours`, or another one, `theirs`; and the function's recorded revision.
async fn source_of_the_function(database: &Database) -> (String, i32) {
    let query = "select case when prosrc like '%eaf.checkpoint%' then 'ours' else 'theirs' end, revision
                 from pg_proc, eaf.function_source where proname = 'lagging_consumers' and name = 'lagging_consumers'";
    sqlx::query_as(query).fetch_one(&mut database.superuser().await).await.unwrap()
}

const THEIRS: &str = "set role eaf_owner;
    create or replace function eaf.lagging_consumers() returns table (tenant_id uuid, plugin text, consumer text, view text,
      live boolean, pos bigint, head bigint, parked boolean, waits boolean, since timestamptz)
    language sql stable set search_path = pg_catalog, pg_temp as
      'select null::uuid, '''', '''', '''', true, 0, 0, true, true, now() where false';";

#[tokio::test]
async fn the_highest_revision_of_a_function_remains() {
    let database = Database::fresh().await;
    let url = database.url("eaf_migrate");
    let (_, ours) = source_of_the_function(&database).await;
    database.run(THEIRS).await;

    // An older release does not replace the function of a newer one.
    database
        .run("update eaf.function_source set revision = revision + 1, digest = sha256('') where name = 'lagging_consumers'")
        .await;
    migrate(&url).await.unwrap();
    assert_eq!(source_of_the_function(&database).await, ("theirs".into(), ours + 1));
    check(&database.db().await).await.unwrap();

    database.run("alter table eaf.function_source drop constraint function_source_revision_check").await;
    database.run("update eaf.function_source set revision = 0 where name = 'lagging_consumers'").await;
    migrate(&url).await.unwrap();
    assert_eq!(source_of_the_function(&database).await, ("ours".into(), ours));
    check(&database.db().await).await.unwrap();
}

#[tokio::test]
async fn concurrent_hosts_replace_functions_one_after_the_other() {
    let database = Database::fresh().await;
    let url = database.url("eaf_migrate");
    database.run(THEIRS).await;
    database.run("delete from eaf.function_source").await;
    let (one, other) = tokio::join!(migrate(&url), migrate(&url));
    one.and(other).unwrap();
    assert_eq!(source_of_the_function(&database).await.0, "ours");
}
