//! What a host remembers of a stream, and what a package made of its first events: read less, decide the same.

use crate::append::activate;
use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::actor::Caller;
use eaf_core::command_bus::{Answer, Request, execute};
use eaf_core::contract::*;
use eaf_core::directory::add_tenant;
use eaf_core::testing::{Database, person};
use serde_json::{Map, Value, json};
use std::sync::Mutex;

/// So many events are worth a snapshot.
const LONG: usize = 4;
/// More is refused.
const MOST: i64 = 100;

/// A jar into which people put coins, with their names.
struct Jar {
    digest: &'static str,
    description: Description,
    /// What the decisions were made on.
    seen: Mutex<Vec<Seen>>,
    /// Grows every snapshot by so much.
    ballast: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    snapshot: bool,
    events: usize,
    coins: i64,
    names: String,
}

impl Jar {
    fn made_by(digest: &'static str) -> Jar {
        let anything = json!({ "type": "object" });
        let event = json!({ "type": "object", "properties": {
            "who": { "type": "string" }, "name": { "type": "string", "x-eaf-personal": { "subject": "who" } } } });
        let put = CommandType { name: "put".into(), version: 1, permission: None, schema: anything };
        let description = Description {
            commands: vec![put],
            events: vec![EventType { kind: "put".into(), schema_version: 1, schema: event }],
            views: Vec::new(),
            permissions: Vec::new(),
            workflows: Vec::new(),
        };
        Jar { digest, description, seen: Mutex::default(), ballast: 0 }
    }

    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().expect("a decision").clone()
    }
}

fn fold(stream: &LoadedStream) -> (i64, String) {
    let kept = stream.snapshot.as_ref();
    let mut coins = kept.and_then(|state| state["coins"].as_i64()).unwrap_or(0);
    let mut names = kept.and_then(|state| state["names"].as_str()).unwrap_or("").to_owned();
    for event in &stream.events {
        coins += event.data["coins"].as_i64().unwrap_or(0);
        names += event.data["name"].as_str().unwrap_or("");
    }
    (coins, names)
}

#[async_trait]
impl Domain for Jar {
    fn plugin(&self) -> &str {
        "jar"
    }
    fn digest(&self) -> &str {
        self.digest
    }
    fn generation(&self) -> i64 {
        1
    }
    fn description(&self) -> &Description {
        &self.description
    }
    async fn boundary(&self, _: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        Ok(BoundaryOutput { streams: vec![StreamRef { stream: "jar/1".into(), mode: StreamMode::Guard }] })
    }
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        let stream = &input.streams[0];
        let (coins, names) = fold(stream);
        let (snapshot, events) = (stream.snapshot.is_some(), stream.events.len());
        self.seen.lock().unwrap().push(Seen { snapshot, events, coins, names: names.clone() });
        let more = input.command.body["coins"].as_i64().unwrap_or(0);
        if coins + more > MOST {
            let (code, params) = ("full".into(), Map::from_iter([("coins".to_owned(), json!(coins))]));
            return Ok(Decision::Rejected(Rejection {
                kind: RejectionKind::Conflict,
                code,
                params,
                fields: Vec::new(),
            }));
        }
        let actor = input.context.actor;
        let data = json!({ "who": actor.id, "name": actor.name, "coins": more });
        let put = NewEvent { stream: stream.stream.clone(), kind: "put".into(), schema: 1, data };
        let state = json!({ "coins": coins, "names": names, "ballast": "x".repeat(self.ballast) });
        let snapshots = match events >= LONG {
            true => vec![Snapshot { stream: stream.stream.clone(), state }],
            false => Vec::new(),
        };
        Ok(Decision::Accepted(Accepted { events: vec![put], subject: None, preview: None, snapshots }))
    }
    async fn keys(&self, _: KeysInput) -> Result<KeysOutput, DomainError> {
        Ok(KeysOutput { keys: Vec::new() })
    }
    async fn project(&self, _: ProjectInput) -> Result<ProjectOutput, DomainError> {
        Ok(ProjectOutput { changes: Vec::new() })
    }
    async fn actions(&self, _: ActionsInput) -> Result<ActionsOutput, DomainError> {
        Ok(ActionsOutput { items: Vec::new() })
    }
}

struct Kitchen {
    database: Database,
    core: Core,
    jar: Jar,
    anna: Caller,
}

impl Kitchen {
    async fn open() -> Kitchen {
        let database = Database::fresh().await;
        let core = database.core().await;
        activate(&database, "jar", 1).await;
        let tenant = add_tenant(&core, "acme", "ACME").await.unwrap();
        let anna = Caller { name: "A".into(), ..person(tenant, &[]) };
        Kitchen { database, core, jar: Jar::made_by("first"), anna }
    }

    async fn put(&self, coins: i64) -> Answer {
        put(&self.core, &self.jar, &self.anna, coins).await
    }

    async fn snapshots(&self) -> i64 {
        let count = sqlx_count(&self.database, "select count(*) from eaf.snapshot").await;
        assert!(count <= 1, "one stream, one package");
        count
    }
}

async fn sqlx_count(database: &Database, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap()
}

async fn put(core: &Core, jar: &Jar, caller: &Caller, coins: i64) -> Answer {
    let idempotency_key = core.world.uuid().to_string();
    let request =
        Request { name: "put".into(), version: None, body: json!({ "coins": coins }), idempotency_key, dry_run: false };
    execute(core, jar, caller, request).await.unwrap()
}

fn refused(answer: &Answer) -> Option<&Value> {
    match answer {
        Answer::Rejected(rejection) => Some(&rejection.params["coins"]),
        Answer::Accepted { .. } => None,
    }
}

#[tokio::test]
async fn a_long_stream_comes_as_a_snapshot_and_the_events_after_it() {
    let kitchen = Kitchen::open().await;
    for coin in 1..=12 {
        kitchen.put(coin).await;
        let before = (1..coin).sum::<i64>();
        assert_eq!((kitchen.jar.last().coins, kitchen.jar.last().names.len() as i64), (before, coin - 1));
    }
    // After the fifth decision the first four events are never read again, after the ninth the first eight.
    let seen: Vec<(bool, usize)> = kitchen.jar.seen.lock().unwrap().iter().map(|s| (s.snapshot, s.events)).collect();
    let expected = [
        (false, 0),
        (false, 1),
        (false, 2),
        (false, 3),
        (false, 4),
        (true, 1),
        (true, 2),
        (true, 3),
        (true, 4),
        (true, 1),
        (true, 2),
        (true, 3),
    ];
    assert_eq!(seen, expected);
    // A host that remembers nothing decides on the same.
    let other = kitchen.database.core().await;
    put(&other, &kitchen.jar, &kitchen.anna, 0).await;
    assert_eq!(kitchen.jar.last(), Seen { snapshot: true, events: 4, coins: 78, names: "A".repeat(12) });
}

#[tokio::test]
async fn another_package_reads_the_events_and_replaces_the_snapshot() {
    let kitchen = Kitchen::open().await;
    for _ in 0..6 {
        kitchen.put(1).await;
    }
    assert_eq!(kitchen.snapshots().await, 1);
    let newer = Jar::made_by("second");
    put(&kitchen.core, &newer, &kitchen.anna, 1).await;
    assert_eq!(newer.last(), Seen { snapshot: false, events: 6, coins: 6, names: "A".repeat(6) });
    assert_eq!(kitchen.snapshots().await, 1, "the first package's is gone");
    put(&kitchen.core, &newer, &kitchen.anna, 1).await;
    assert_eq!(newer.last(), Seen { snapshot: true, events: 1, coins: 7, names: "A".repeat(7) });
}

#[tokio::test]
async fn what_other_hosts_append_is_seen_by_one_that_remembers() {
    let kitchen = Kitchen::open().await;
    kitchen.put(1).await;
    kitchen.put(1).await;
    let other = kitchen.database.core().await;
    put(&other, &kitchen.jar, &kitchen.anna, 98).await;
    // A no on what is remembered alone would be a yes.
    assert_eq!(refused(&kitchen.put(1).await), Some(&json!(100)));
}

/// The log goes back and grows to the same length, with other events: no version says that anything happened.
async fn rewrite(kitchen: &Kitchen, from: u64, coins: &[i64]) {
    let back = format!(
        "delete from eaf.event where pos >= {from}; delete from eaf.ledger where last_pos >= {from};
         delete from eaf.snapshot where version >= {from}"
    );
    kitchen.database.run(&back).await;
    let other = kitchen.database.core().await;
    for coin in coins {
        put(&other, &kitchen.jar, &kitchen.anna, *coin).await;
    }
}

#[tokio::test]
async fn a_host_that_remembers_another_past_decides_on_the_log() {
    let kitchen = Kitchen::open().await;
    for coin in [1, 1, 1] {
        kitchen.put(coin).await;
    }
    kitchen.put(0).await;
    assert_eq!(kitchen.jar.last().coins, 3);
    rewrite(&kitchen, 2, &[90, 5, 0]).await;
    let no = kitchen.put(10).await;
    assert_eq!(refused(&no), Some(&json!(96)), "decided on what was remembered");
    assert_eq!(kitchen.jar.last().events, 4);
    // And a shorter one.
    rewrite(&kitchen, 2, &[]).await;
    assert_eq!(refused(&kitchen.put(99).await), None);
    assert_eq!(kitchen.jar.last().coins, 1);
}

#[tokio::test]
async fn a_snapshot_of_another_past_is_not_used() {
    let kitchen = Kitchen::open().await;
    for _ in 0..5 {
        kitchen.put(1).await;
    }
    assert_eq!(kitchen.snapshots().await, 1);
    kitchen.database.run("create table kept as select * from eaf.snapshot").await;
    rewrite(&kitchen, 3, &[20, 20, 20, 0]).await;
    kitchen.database.run("delete from eaf.snapshot; insert into eaf.snapshot select * from kept").await;
    for core in [&kitchen.core, &kitchen.database.core().await] {
        put(core, &kitchen.jar, &kitchen.anna, 0).await;
        assert_eq!((kitchen.jar.last().snapshot, kitchen.jar.last().coins), (false, 62));
        kitchen.database.run("delete from eaf.snapshot; insert into eaf.snapshot select * from kept").await;
    }
    // Nor one that was tampered with.
    kitchen
        .database
        .run("update eaf.snapshot set chain = e.chain, state = '\\x0100' from eaf.event e where e.version = 4")
        .await;
    put(&kitchen.database.core().await, &kitchen.jar, &kitchen.anna, 0).await;
    assert_eq!((kitchen.jar.last().snapshot, kitchen.jar.last().coins), (false, 62));
}

#[tokio::test]
async fn an_erased_person_is_in_no_snapshot_and_in_no_memory() {
    let kitchen = Kitchen::open().await;
    let ben = Caller { name: "Canary-Ben".into(), ..person(kitchen.anna.tenant, &[]) };
    for _ in 0..5 {
        kitchen.put(1).await;
    }
    put(&kitchen.core, &kitchen.jar, &ben, 1).await;
    for _ in 0..5 {
        kitchen.put(1).await;
    }
    assert!(kitchen.jar.last().names.contains("Canary-Ben"));
    let rows = kitchen.database.dump().await;
    let (_, sealed) = rows.iter().find(|(table, _)| table.ends_with("snapshot")).expect("the table is dumped");
    assert!(sealed.contains(&ben.actor.to_string()) && !sealed.contains("Canary"), "{sealed}");

    let mut tx = kitchen.core.db.tenant(ben.tenant).await.unwrap();
    kitchen.core.keyring.destroy(&mut tx, ben.actor).await.unwrap();
    tx.commit().await.unwrap();
    // The host that remembers, and one that does not.
    for core in [&kitchen.core, &kitchen.database.core().await] {
        put(core, &kitchen.jar, &kitchen.anna, 1).await;
        let seen = kitchen.jar.last();
        assert!(!seen.snapshot && !seen.names.contains("Canary"), "{seen:?}");
        kitchen.database.run("delete from eaf.snapshot").await;
    }
    kitchen.put(1).await;
    kitchen.put(1).await;
    assert!(kitchen.jar.last().snapshot, "and what is left of the stream has a snapshot again");
}

#[tokio::test]
async fn a_state_that_is_too_large_is_not_kept_and_nobody_suffers() {
    let mut kitchen = Kitchen::open().await;
    kitchen.jar.ballast = 2 * 1024 * 1024;
    for _ in 0..7 {
        assert_eq!(refused(&kitchen.put(1).await), None);
    }
    assert_eq!((kitchen.snapshots().await, kitchen.jar.last().events), (0, 6));
}
