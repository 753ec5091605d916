//! Schema of a migrated database, written as one readable file.

use super::Database;

const HEADER: &str =
    "-- The schema as the migrations leave it, to be read and not to be run. Generated from a database.
-- Why tables and columns are as they are stands in the numbered files and in functions/.";

impl Database {
    /// Text of the file `migrations/schema.sql`, read from the catalogue of this database.
    pub async fn schema(&self) -> String {
        let mut conn = self.superuser().await;
        let objects: Vec<String> = sqlx::query_scalar(include_str!("schema.sql"))
            .fetch_all(&mut conn)
            .await
            .expect("the catalogue can be read");
        let revisions: Vec<String> = sqlx::query_scalar(
            "select format('-- functions/%s.sql %s %s', name, revision, encode(digest, 'hex'))
             from eaf.function_source order by name collate \"C\"",
        )
        .fetch_all(&mut conn)
        .await
        .expect("the functions can be read");
        format!("{HEADER}\n\n{}\n\n{}\n", objects.join("\n\n"), revisions.join("\n"))
    }
}
