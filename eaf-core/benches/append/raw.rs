//! Raw INSERT, the baseline with which the benchmark compares the host: a table with the log's
//! columns and two indexes.

use crate::connections::Connections;
use crate::ours::{Call, payload};
use eaf_core::testing::{Database, ambient};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

const EVENTS: &str =
    "insert into bench_raw (tenant_id, lane, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain)
     select $1, 0, stream, 1, id, type, 1, data, meta, $7, $7
     from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[]) u(stream, id, type, data, meta)";

const EVENTS_AND_LEDGER: &str =
    "with event as (
       insert into bench_raw (tenant_id, lane, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain)
       select $1, 0, stream, 1, id, type, 1, data, meta, $7, $7
       from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[]) u(stream, id, type, data, meta))
     insert into bench_raw_ledger select $1, $1, stream::text, $7, 0, 1, 1, decode(repeat('61', 100), 'hex'), now(), now()
     from unnest($2) stream";

pub struct Raw {
    connections: Connections,
}

impl Raw {
    pub async fn new(database: &Database) -> Raw {
        let options: PgConnectOptions = database.superuser_url().parse().expect("a URL");
        let connections = Connections::to(&options).await;
        sqlx::raw_sql(
            "create table bench_raw (tenant_id uuid, lane smallint, pos bigserial, stream_id uuid, version bigint, event_id uuid, type text,
               schema_version smallint, data bytea, meta bytea, at timestamptz default now(), leaf bytea, chain bytea,
               primary key (tenant_id, lane, pos), unique (tenant_id, stream_id, version));
             create table bench_raw_ledger (tenant_id uuid, actor_id uuid, key text collate \"C\", fingerprint bytea, lane smallint,
               first_pos bigint, last_pos bigint, answer bytea, at timestamptz, keep_until timestamptz, primary key (tenant_id, actor_id, key))",
        )
        .execute(&mut *connections.take().await)
        .await
        .expect("a table");
        Raw { connections }
    }

    /// Inserts this number of events by one statement, each event with all columns.
    pub fn insert(&self, events: usize) -> impl Fn() -> Call + Clone + Send + use<> {
        self.call(events, EVENTS)
    }

    /// Inserts events, and for each event a ledger row with key and answer: the writes of an append
    /// without its checks.
    pub fn insert_with_ledger(&self, events: usize) -> impl Fn() -> Call + Clone + Send + use<> {
        self.call(events, EVENTS_AND_LEDGER)
    }

    fn call(&self, events: usize, sql: &'static str) -> impl Fn() -> Call + Clone + Send + use<> {
        let connections = self.connections.clone();
        move || {
            let (connections, (data, meta)) = (connections.clone(), payload());
            Box::pin(async move {
                let streams: Vec<Uuid> = (0..events).map(|_| ambient().uuid()).collect();
                let ids: Vec<Uuid> = (0..events).map(|_| ambient().uuid()).collect();
                let query = sqlx::query(sql)
                    .bind(Uuid::from_u128(1))
                    .bind(streams)
                    .bind(ids)
                    .bind(vec!["bench.happened"; events])
                    .bind(vec![&data[..]; events])
                    .bind(vec![&meta[..]; events])
                    .bind(vec![0u8; 32]);
                query.execute(&mut *connections.take().await).await.expect("an insert");
                events
            })
        }
    }
}
