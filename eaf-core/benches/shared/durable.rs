//! Check that the PostgreSQL server is durable. Figures of a server that is not durable are not
//! comparable.

use eaf_core::testing::Database;

pub async fn refuse_unless_durable(database: &Database) {
    let mut root = database.superuser().await;
    for switch in ["fsync", "synchronous_commit", "full_page_writes"] {
        let on: String = sqlx::query_scalar("select current_setting($1)")
            .bind(switch)
            .fetch_one(&mut root)
            .await
            .expect("a setting");
        assert_eq!(on, "on", "VOID: {switch} is off; run `make bench`");
    }
}
