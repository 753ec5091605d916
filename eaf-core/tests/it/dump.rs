//! Contents of database tables as text, as a thief of the database would read them.

use eaf_core::testing::{Database, rows_as_text};

/// All rows of a table as text.
pub async fn table(database: &Database, table: &str) -> String {
    rows_as_text(&mut database.superuser().await, table).await
}

/// Name of the table that contains a view's rows, for the active definition of a view of the plugin
/// `toy`.
pub async fn view_table(database: &Database, view: &str) -> String {
    let mut conn = database.superuser().await;
    let name: String = sqlx::query_scalar("select table_name from eaf.view where view = $1 and active")
        .bind(view)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    format!("eaf_view.{name}")
}
