//! message-db (github.com/message-db/message-db), a store with which the benchmark compares the
//! host. It is installed from its files into the same cluster.

use crate::connections::Connections;
use crate::load::rate;
use crate::ours::{Call, payload};
use eaf_core::testing::{Database, ambient};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files of message-db, in the order of message-db's own installer. The extension pgcrypto is not
/// installed, because newer PostgreSQL does not need it for random ids.
const FILES: [&str; 15] = [
    "schema/message-store.sql",
    "tables/messages.sql",
    "types/message.sql",
    "functions/message-store-version.sql",
    "functions/hash-64.sql",
    "functions/acquire-lock.sql",
    "functions/category.sql",
    "functions/is-category.sql",
    "functions/id.sql",
    "functions/cardinal-id.sql",
    "functions/stream-version.sql",
    "functions/write-message.sql",
    "indexes/messages-id.sql",
    "indexes/messages-stream.sql",
    "indexes/messages-category.sql",
];

pub struct MessageDb {
    connections: Connections,
    next: Arc<AtomicUsize>,
}

impl MessageDb {
    /// Installs message-db. `None`: `EAF_BENCH_MESSAGE_DB` is not set.
    pub async fn install(database: &Database) -> Option<MessageDb> {
        let dir = PathBuf::from(std::env::var_os("EAF_BENCH_MESSAGE_DB")?).join("database");
        let options: PgConnectOptions = database.superuser_url().parse().expect("a URL");
        let options = options.options([("search_path", "message_store,public")]);
        let connections = Connections::to(&options).await;
        for file in FILES {
            let sql = read(&dir.join(file));
            let mut conn = connections.take().await;
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *conn)
                .await
                .unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        Some(MessageDb { connections, next: Arc::default() })
    }

    /// Number of callers at which the rate of writes to one category is highest. With more callers
    /// the rate is lower, because each write locks the category.
    pub async fn best_callers(&self) -> usize {
        let mut best = (0.0, 1);
        for callers in [1, 2, 4, 8, 12] {
            let rate = rate(callers, self.write(1, 1)).await;
            if rate > best.0 {
                best = (rate, callers);
            }
        }
        println!("message-db, one category, is best with {} connections: {:.0} events/s", best.1, best.0);
        best.1
    }

    /// Writes one message to each of `streams` new streams of a category, by one statement.
    pub fn write(&self, categories: usize, streams: usize) -> impl Fn() -> Call + Clone + Send + use<> {
        let (connections, next) = (self.connections.clone(), self.next.clone());
        let one = |n: usize| {
            format!(
                "write_message(${0}::varchar, ${1}::varchar, 'BenchHappened', $1::jsonb, $2::jsonb, -1)",
                2 * n + 3,
                2 * n + 4
            )
        };
        let sql = format!("select {}", (0..streams).map(one).collect::<Vec<_>>().join(", "));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the payload is JSON");
        let (data, meta) = (text(&payload().0), text(&payload().1));
        move || {
            let category = next.fetch_add(1, Ordering::Relaxed) % categories;
            let (connections, sql) = (connections.clone(), sql.clone());
            let (data, meta) = (data.clone(), meta.clone());
            Box::pin(async move {
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(data).bind(meta);
                for _ in 0..streams {
                    let id = ambient().uuid().to_string();
                    query = query.bind(id.clone()).bind(format!("bench{category}-{id}"));
                }
                query.execute(&mut *connections.take().await).await.expect("a write");
                streams
            })
        }
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
