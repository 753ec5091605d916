//! What the machine can do: a table with the log's columns and its two indexes, and nothing else.

use crate::ours::{Call, payload};
use eaf_core::testing::{Database, world};
use sqlx::postgres::{PgPool, PgPoolOptions};
use uuid::Uuid;

pub struct Raw {
    pool: PgPool,
}

impl Raw {
    pub async fn new(database: &Database) -> Raw {
        let pool =
            PgPoolOptions::new().max_connections(12).connect(database.superuser_url()).await.expect("a connection");
        sqlx::raw_sql(
            "create table bench_raw (tenant_id uuid, lane smallint, pos bigserial, stream_id uuid, version bigint, event_id uuid, type text,
               schema_version smallint, data bytea, meta bytea, at timestamptz default now(), leaf bytea, chain bytea,
               primary key (tenant_id, lane, pos), unique (tenant_id, stream_id, version))",
        )
        .execute(&pool)
        .await
        .expect("a table");
        Raw { pool }
    }

    pub fn insert(&self, events: usize) -> impl Fn() -> Call + Clone + Send + use<> {
        let pool = self.pool.clone();
        move || {
            let (pool, (data, meta)) = (pool.clone(), payload());
            Box::pin(async move {
                let streams: Vec<Uuid> = (0..events).map(|_| world().uuid()).collect();
                sqlx::query(
                    "insert into bench_raw (tenant_id, lane, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain)
                     select $1, 0, u, 1, u, 'bench.happened', 1, $3, $4, $5, $5 from unnest($2::uuid[]) u",
                )
                .bind(Uuid::from_u128(1))
                .bind(streams)
                .bind(&data[..])
                .bind(&meta[..])
                .bind(vec![0u8; 32])
                .execute(&pool)
                .await
                .expect("an insert");
                events
            })
        }
    }
}
