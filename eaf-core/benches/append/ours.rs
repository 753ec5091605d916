//! Appends through the host, for the benchmark: each caller passes one request to the appender.

use eaf_core::actor::ActorKind;
use eaf_core::command_bus::CommandQuota;
use eaf_core::event_store::{AppendRequest, Fence, Meta, Outcome, PendingEvent, StreamWrite, append_plain_for_tests};
use eaf_core::id::{ActorId, CommandId, EventId, StreamId, TenantId};
use eaf_core::testing::Database;
use eaf_core::{Core, directory};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

pub type Call = Pin<Box<dyn Future<Output = usize> + Send>>;

pub struct Ours {
    pub core: Core,
    tenants: Arc<Vec<TenantId>>,
    /// Number of events whose append was acknowledged.
    acknowledged: Arc<AtomicUsize>,
    next: Arc<AtomicUsize>,
}

impl Ours {
    pub async fn new(database: &Database, tenants: usize) -> Ours {
        // The host has its default of 12 connections to append, and two for notifications.
        let config = eaf_core::db::Config { append_connections: 14, ..database.config() };
        database.run("select eaf.activate('bench', 1, '00')").await;
        let db = eaf_core::db::Db::connect(&config).await.expect("connections");
        let core =
            Core::start(db, eaf_core::testing::ambient(), eaf_core::testing::master_key(), CommandQuota::default());
        let mut made = Vec::new();
        for n in 0..tenants {
            made.push(
                directory::add_tenant(&core.db, &core.by, &format!("bench-{n}"), "Bench").await.expect("a tenant"),
            );
        }
        Ours { core, tenants: Arc::new(made), acknowledged: Arc::default(), next: Arc::default() }
    }

    /// Appends one event to each of `streams` new streams. The calls alternate between the first
    /// `tenants` of all tenants.
    pub fn append(&self, tenants: usize, streams: usize) -> impl Fn() -> Call + Clone + Send + use<> {
        let (core, all, next) = (self.core.clone(), self.tenants.clone(), self.next.clone());
        let acknowledged = self.acknowledged.clone();
        move || {
            let tenant = all[next.fetch_add(1, Ordering::Relaxed) % tenants];
            let (core, acknowledged) = (core.clone(), acknowledged.clone());
            Box::pin(async move {
                recorded(&core, tenant, streams).await;
                acknowledged.fetch_add(streams, Ordering::Relaxed);
                streams
            })
        }
    }

    /// Appends batches of 64 requests by one caller: the upper bound of the appender.
    pub fn batches(&self) -> impl Fn() -> Call + Clone + Send + use<> {
        let (core, tenant, acknowledged) = (self.core.clone(), self.tenants[0], self.acknowledged.clone());
        move || {
            let (core, acknowledged) = (core.clone(), acknowledged.clone());
            Box::pin(async move {
                let requests: Vec<AppendRequest> = (0..64).map(|_| request(&core, 1)).collect();
                let batch: Vec<(TenantId, &AppendRequest)> = requests.iter().map(|request| (tenant, request)).collect();
                let outcomes = append_plain_for_tests(&core.db, &batch).await.expect("an answer");
                assert!(
                    outcomes.iter().all(|outcome| matches!(outcome, Some(Outcome::Ok { .. }))),
                    "VOID: {outcomes:?}"
                );
                acknowledged.fetch_add(64, Ordering::Relaxed);
                64
            })
        }
    }

    /// Appends one event and returns its position.
    pub async fn append_to(&self, tenant: TenantId) -> u64 {
        let pos = recorded(&self.core, tenant, 1).await;
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        pos
    }

    pub fn tenant(&self, n: usize) -> TenantId {
        self.tenants[n]
    }

    /// Average number of events of the first tenant that one statement appended.
    pub async fn batch_size(&self, database: &Database) -> f64 {
        let batches = "select count(*)::float8 / count(distinct at) from eaf.event where tenant_id = $1";
        let query = sqlx::query_scalar(batches).bind(self.tenants[0]);
        query.fetch_one(&mut database.superuser().await).await.expect("the events can be read")
    }

    /// Asserts that the acknowledged events exist without gaps and with valid chains; otherwise the
    /// figures are not valid.
    pub async fn assert_sound(&self, database: &Database) {
        let recorded = database.recorded_count("bench.happened").await;
        assert_eq!(
            recorded as usize,
            self.acknowledged.load(Ordering::Relaxed),
            "VOID: acknowledged and recorded differ"
        );
        assert_eq!(database.broken_logs().await, Vec::<String>::new(), "VOID: the log is broken");
        println!("sound: {recorded} events acknowledged and recorded, no gap, all chains hold");
    }
}

async fn recorded(core: &Core, tenant: TenantId, streams: usize) -> u64 {
    match core.appender.append(tenant, request(core, streams)).await.expect("an answer") {
        Outcome::Ok { positions: Some((_, last)) } => last.pos,
        other => panic!("VOID: {other:?}"),
    }
}

fn request(core: &Core, streams: usize) -> AppendRequest {
    let (data, meta) = payload();
    let event = |stream| PendingEvent {
        stream,
        id: EventId(core.ambient.uuid()),
        kind: "bench.happened".into(),
        schema: 1,
        data: data.clone(),
        meta: meta.clone(),
    };
    AppendRequest {
        actor: ActorId::SYSTEM,
        key: core.ambient.uuid().to_string(),
        fingerprint: [7; 32],
        answer: vec![b'a'; 100],
        fence: Some(Fence { plugin: "bench".into(), generation: 1 }),
        streams: (0..streams)
            .map(|_| StreamWrite { stream: StreamId(core.ambient.uuid()), expected: Some(0) })
            .collect(),
        events: (0..streams).map(event).collect(),
    }
}

/// Payload of one event: 400 bytes of data, and metadata in the form of the command bus; the same
/// for all stores.
pub fn payload() -> &'static (Vec<u8>, Vec<u8>) {
    static PAYLOAD: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    PAYLOAD.get_or_init(make_payload)
}

fn make_payload() -> (Vec<u8>, Vec<u8>) {
    let meta = Meta {
        actor: ActorId::SYSTEM,
        actor_kind: ActorKind::System,
        command_id: CommandId(uuid::Uuid::nil()),
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        span_id: None,
        stream: "bench/thing/1".into(),
        plugin: "bench".into(),
        generation: 1,
        digest: "0".repeat(64),
    };
    let data = format!("{{\"d\":\"{}\"}}", "d".repeat(392));
    (data.into_bytes(), serde_json::to_vec(&meta).expect("metadata is JSON"))
}
