//! Recomputes a tenant's hash chain without the database's functions.

use eaf_core::id::{EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::collections::HashMap;

/// Leaves, chain, positions and versions; panics at the first that is not as it must be. Answers the number of events.
pub async fn verify(database: &Database, tenant: TenantId) -> u64 {
    let mut root = database.superuser().await;
    let rows = sqlx::query(
        "select pos, stream_id, version, event_id, type, schema_version, data, meta, leaf, chain,
                (extract(epoch from at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint as micros
         from eaf.event where tenant_id = $1 and lane = 0 order by pos",
    )
    .bind(tenant)
    .fetch_all(&mut root)
    .await
    .unwrap();
    let mut versions: HashMap<StreamId, i64> = HashMap::new();
    let mut chain: Vec<u8> = sha(&[&[0], tenant.0.as_bytes(), &0i16.to_be_bytes()]);
    let (mut pos, mut last) = (0i64, i64::MIN);
    for row in rows {
        pos += 1;
        let (stream, event): (StreamId, EventId) = (row.get("stream_id"), row.get("event_id"));
        let version = versions.entry(stream).or_default();
        *version += 1;
        let (kind, schema): (String, i16) = (row.get("type"), row.get("schema_version"));
        let (data, meta, micros): (Vec<u8>, Vec<u8>, i64) = (row.get("data"), row.get("meta"), row.get("micros"));
        assert_eq!(row.get::<i64, _>("pos"), pos, "a gap");
        assert_eq!(row.get::<i64, _>("version"), *version, "a gap in a stream");
        assert!(micros >= last, "the clock went backwards along the lane");
        last = micros;
        let leaf = sha(&[
            &[1],
            tenant.0.as_bytes(),
            &0i16.to_be_bytes(),
            &pos.to_be_bytes(),
            stream.0.as_bytes(),
            &version.to_be_bytes(),
            event.0.as_bytes(),
            &micros.to_be_bytes(),
            &schema.to_be_bytes(),
            &length(kind.as_bytes()),
            kind.as_bytes(),
            &length(&meta),
            &meta,
            &length(&data),
            &data,
        ]);
        assert_eq!(row.get::<Vec<u8>, _>("leaf"), leaf, "leaf {pos}");
        chain = sha(&[&chain, &leaf]);
        assert_eq!(row.get::<Vec<u8>, _>("chain"), chain, "chain {pos}");
    }
    pos as u64
}

fn length(bytes: &[u8]) -> [u8; 4] {
    (bytes.len() as i32).to_be_bytes()
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    let mut sha = Sha256::new();
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().to_vec()
}
