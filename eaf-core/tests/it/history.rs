//! Tests of stream cache and snapshots: with them commands read fewer events and are decided in the
//! same way.

use crate::append::activate;
use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::actor::Caller;
use eaf_core::command_bus::{Answer, Error, Request};
use eaf_core::contract::*;
use eaf_core::directory::add_tenant;
use eaf_core::testing::{Database, person};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::sync::Mutex;

/// Minimum number of events at which the host stores a snapshot.
const LONG: usize = 100;
/// Number of coins in a full jar; more are rejected.
const MOST: i64 = 100;

/// Test plugin: people put coins with their names into a jar.
struct Jar {
    digest: &'static str,
    description: Description,
    /// Inputs of the decisions so far, from the first one on.
    seen: Mutex<Vec<Seen>>,
    /// Number of bytes that are added to each snapshot.
    ballast: usize,
    /// Calls of `fold` so far. For each call: whether it got a snapshot, and the number of events.
    folded: Mutex<Vec<(bool, usize)>>,
    folds: bool,
    /// Future that runs once, during the next fold.
    meanwhile: tokio::sync::Mutex<Option<BoxFuture<'static, ()>>>,
    /// Whether the boundary also reads the stream of the second jar, once the first stream is
    /// loaded.
    leads: bool,
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
            settings: None,
        };
        Jar {
            digest,
            description,
            seen: Mutex::default(),
            ballast: 0,
            folded: Mutex::default(),
            folds: true,
            meanwhile: tokio::sync::Mutex::default(),
            leads: false,
        }
    }

    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().expect("a decision").clone()
    }
}

fn fold(kept: Option<&Value>, events: &[Recorded]) -> (i64, String) {
    let mut coins = kept.and_then(|state| state["coins"].as_i64()).unwrap_or(0);
    let mut names = kept.and_then(|state| state["names"].as_str()).unwrap_or("").to_owned();
    for event in events {
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
    async fn boundary(&self, input: BoundaryInput) -> Result<BoundaryOutput, DomainError> {
        let jar = input.command.body["jar"].as_i64().unwrap_or(1);
        let mut streams = vec![StreamRef { stream: format!("jar/{jar}"), mode: StreamMode::Guard }];
        if self.leads && !input.loaded.is_empty() {
            streams.push(StreamRef { stream: "jar/2".into(), mode: StreamMode::Read });
        }
        Ok(BoundaryOutput { streams, people: Vec::new() })
    }
    async fn decide(&self, input: DecideInput) -> Result<Decision, DomainError> {
        let stream = &input.streams[0];
        let (coins, names) = fold(stream.snapshot.as_ref(), &stream.events);
        let (snapshot, events) = (stream.snapshot.is_some(), stream.events.len());
        self.seen.lock().unwrap().push(Seen { snapshot, events, coins, names: names.clone() });
        let more = input.command.body["coins"].as_i64().unwrap_or(0);
        if coins + more > MOST {
            let params = [("coins".to_owned(), json!(coins)), ("names".to_owned(), json!(names))];
            let (code, params) = ("full".into(), Map::from_iter(params));
            return Ok(Decision::Rejected(Rejection {
                kind: RejectionKind::Conflict,
                code,
                params,
                fields: Vec::new(),
            }));
        }
        let actor = input.context.actor;
        let text = "x".repeat(input.command.body["bytes"].as_u64().unwrap_or(0) as usize);
        let data = json!({ "who": actor.id, "name": actor.name, "coins": more, "text": text });
        let put = NewEvent { stream: stream.stream.clone(), kind: "put".into(), schema: 1, data };
        let times = input.command.body["times"].as_u64().unwrap_or(1) as usize;
        Ok(Decision::Accepted(Accepted { events: vec![put; times], subject: None, preview: None }))
    }
    async fn fold(&self, input: FoldInput) -> Result<Option<FoldOutput>, DomainError> {
        let (coins, names) = fold(input.snapshot.as_ref(), &input.events);
        self.folded.lock().unwrap().push((input.snapshot.is_some(), input.events.len()));
        if let Some(meanwhile) = self.meanwhile.lock().await.take() {
            meanwhile.await;
        }
        let state = json!({ "coins": coins, "names": names, "ballast": "x".repeat(self.ballast) });
        Ok(self.folds.then_some(FoldOutput { state }))
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
        let tenant = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        let anna = Caller { name: "A".into(), ..person(tenant, &[]) };
        Kitchen { database, core, jar: Jar::made_by("first"), anna }
    }

    async fn put(&self, coins: i64) -> Answer {
        put(&self.core, &self.jar, &self.anna, coins).await
    }

    /// Appends `times` events by one command.
    async fn fill(&self, times: usize) {
        let body = json!({ "times": times });
        assert_eq!(refused(&give(&self.core, &self.jar, &self.anna, body).await.unwrap()), None);
    }

    async fn snapshots(&self) -> i64 {
        let count = sqlx_count(&self.database, "select count(*) from eaf.snapshot").await;
        let streams = sqlx_count(&self.database, "select count(distinct stream_id) from eaf.snapshot").await;
        assert_eq!(count, streams, "one package");
        count
    }
}

async fn sqlx_count(database: &Database, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut database.superuser().await).await.unwrap()
}

async fn put(core: &Core, jar: &Jar, caller: &Caller, coins: i64) -> Answer {
    give(core, jar, caller, json!({ "coins": coins })).await.unwrap()
}

async fn give(core: &Core, jar: &Jar, caller: &Caller, body: Value) -> Result<Answer, Error> {
    give_as(core, jar, caller, body, core.ambient.uuid().to_string()).await
}

async fn give_as(
    core: &Core,
    jar: &Jar,
    caller: &Caller,
    body: Value,
    idempotency_key: String,
) -> Result<Answer, Error> {
    core.bus
        .execute(jar, caller, Request { name: "put".into(), body, idempotency_key, dry_run: false, precondition: None })
        .await
}

fn refused(answer: &Answer) -> Option<&Value> {
    match answer {
        Answer::Rejected(rejection) => Some(&rejection.params["coins"]),
        Answer::Accepted { .. } => None,
    }
}

#[tokio::test]
async fn a_long_stream_is_loaded_as_a_snapshot_and_the_events_after_it() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG - 1).await;
    for coin in [1, 2, 4, 8] {
        kitchen.put(coin).await;
    }
    // The decision with 100 events is the last without a snapshot.
    let seen: Vec<_> = kitchen.jar.seen.lock().unwrap().iter().map(|s| (s.snapshot, s.events, s.coins)).collect();
    assert_eq!(seen, [(false, 0, 0), (false, 99, 0), (false, 100, 1), (true, 0, 3), (true, 1, 7)]);
    assert_eq!(kitchen.jar.last().names, "A".repeat(102));
    // A host with an empty cache decides on the same history.
    let other = kitchen.database.core().await;
    put(&other, &kitchen.jar, &kitchen.anna, 0).await;
    assert_eq!(kitchen.jar.last(), Seen { snapshot: true, events: 2, coins: 15, names: "A".repeat(103) });
}

#[tokio::test]
async fn a_stream_with_rejected_commands_only_gets_a_snapshot() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG).await;
    for _ in 0..2 {
        assert_eq!(refused(&kitchen.put(MOST + 1).await), Some(&json!(0)));
    }
    assert_eq!(kitchen.jar.last(), Seen { snapshot: true, events: 0, coins: 0, names: "A".repeat(LONG) });
}

#[tokio::test]
async fn another_package_folds_the_events_and_replaces_the_snapshot() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG).await;
    kitchen.put(1).await;
    assert_eq!(kitchen.snapshots().await, 1);
    let newer = Jar::made_by("second");
    put(&kitchen.core, &newer, &kitchen.anna, 1).await;
    assert_eq!(newer.last(), Seen { snapshot: false, events: 101, coins: 1, names: "A".repeat(101) });
    assert_eq!(kitchen.snapshots().await, 1, "the first package's is deleted");
    put(&kitchen.core, &newer, &kitchen.anna, 1).await;
    assert_eq!(newer.last(), Seen { snapshot: true, events: 0, coins: 2, names: "A".repeat(102) });
}

#[tokio::test]
async fn a_stream_of_any_length_is_decided_without_an_earlier_snapshot() {
    let kitchen = Kitchen::open().await;
    kitchen.put(1).await;
    for _ in 0..41 {
        kitchen.fill(250).await;
    }
    // There are no snapshots, and the second package cannot use those of the first.
    kitchen.database.run("delete from eaf.snapshot").await;
    for jar in [Jar::made_by("first"), Jar::made_by("second")] {
        let core = kitchen.database.core().await;
        assert_eq!(refused(&put(&core, &jar, &kitchen.anna, MOST).await), Some(&json!(1)));
        assert_eq!((jar.last().coins, jar.last().names.len()), (1, 1 + 41 * 250));
        let folded = jar.folded.lock().unwrap().clone();
        assert!(folded.len() > 10 && folded.iter().all(|(_, events)| *events <= 1_001), "{folded:?}");
        assert!(folded[1..].iter().all(|(snapshot, _)| *snapshot), "folded from the first event: {folded:?}");
    }
    let unfolding = Jar { folds: false, ..Jar::made_by("third") };
    let refused = give(&kitchen.database.core().await, &unfolding, &kitchen.anna, json!({})).await;
    assert!(matches!(refused, Err(Error::TooMuchHistory { limit: 10_000 })), "{refused:?}");
}

#[tokio::test]
async fn a_few_events_that_are_large_together_are_folded() {
    let kitchen = Kitchen::open().await;
    for _ in 0..24 {
        give(&kitchen.core, &kitchen.jar, &kitchen.anna, json!({ "bytes": 200 * 1024 })).await.unwrap();
    }
    kitchen.put(1).await;
    assert_eq!((kitchen.jar.last().snapshot, kitchen.jar.last().names.len()), (true, 24));
}

#[tokio::test]
async fn a_long_stream_whose_boundary_grows_is_decided() {
    let kitchen = Kitchen::open().await;
    for jar in [1, 2] {
        for _ in 0..24 {
            let coin = json!({ "jar": jar, "coins": 1, "bytes": 200 * 1024 });
            give(&kitchen.core, &kitchen.jar, &kitchen.anna, coin).await.unwrap();
        }
    }
    kitchen.database.run("delete from eaf.snapshot").await;
    let (core, leading) = (kitchen.database.core().await, Jar { leads: true, ..Jar::made_by("first") });
    put(&core, &leading, &kitchen.anna, 1).await;
    assert_eq!((leading.last().snapshot, leading.last().coins), (true, 24));
    assert_eq!(kitchen.snapshots().await, 2);
}

#[tokio::test]
async fn concurrent_commands_fold_a_long_stream_once() {
    let kitchen = Kitchen::open().await;
    for _ in 0..41 {
        kitchen.fill(250).await;
    }
    kitchen.database.run("delete from eaf.snapshot").await;
    let (core, jar) = (kitchen.database.core().await, Jar::made_by("first"));
    let commands = (0..8).map(|_| put(&core, &jar, &kitchen.anna, 1));
    let answers = futures_util::future::join_all(commands).await;
    assert!(answers.iter().all(|answer| refused(answer).is_none()));
    assert_eq!(jar.last().coins, 7);
    let folded = jar.folded.lock().unwrap().iter().map(|(_, events)| events).sum::<usize>();
    assert!(folded < 2 * 41 * 250, "{folded} events were folded");
}

#[tokio::test]
async fn the_stream_cache_sees_events_of_other_hosts() {
    let kitchen = Kitchen::open().await;
    kitchen.put(1).await;
    kitchen.put(1).await;
    let other = kitchen.database.core().await;
    put(&other, &kitchen.jar, &kitchen.anna, 98).await;
    // On the cached history alone the command would be accepted.
    assert_eq!(refused(&kitchen.put(1).await), Some(&json!(100)));
}

async fn opened(kitchen: &Kitchen) -> String {
    kitchen.database.opened(&kitchen.core).await.into_iter().map(|(_, text)| text).collect()
}

/// Restores the log to an earlier state and lets it grow to its former length with other events, so
/// that the streams have the same versions as before.
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
async fn a_cached_history_of_an_earlier_epoch_is_not_used() {
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
    // The log is then restored to a shorter length.
    rewrite(&kitchen, 2, &[]).await;
    assert_eq!(refused(&kitchen.put(99).await), None);
    assert_eq!(kitchen.jar.last().coins, 1);
}

#[tokio::test]
async fn a_snapshot_of_an_earlier_epoch_is_not_used() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG).await;
    kitchen.put(1).await;
    assert_eq!(kitchen.snapshots().await, 1);
    kitchen.database.run("create table kept as select * from eaf.snapshot").await;
    rewrite(&kitchen, LONG as u64 - 1, &[20, 20, 20]).await;
    kitchen.database.run("delete from eaf.snapshot; insert into eaf.snapshot select * from kept").await;
    for core in [&kitchen.core, &kitchen.database.core().await] {
        put(core, &kitchen.jar, &kitchen.anna, 0).await;
        assert_eq!((kitchen.jar.last().snapshot, kitchen.jar.last().coins), (false, 60));
        kitchen.database.run("delete from eaf.snapshot; insert into eaf.snapshot select * from kept").await;
    }
    // A snapshot that was tampered with is not used either.
    kitchen
        .database
        .run("update eaf.snapshot set chain = e.chain, state = '\\x0100' from eaf.event e where e.version = 100")
        .await;
    put(&kitchen.database.core().await, &kitchen.jar, &kitchen.anna, 0).await;
    assert_eq!((kitchen.jar.last().snapshot, kitchen.jar.last().coins), (false, 60));
}

#[tokio::test]
async fn a_state_of_an_earlier_epoch_is_not_stored() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG).await;
    // Restores the log, which grows again.
    let mut conn = kitchen.database.superuser().await;
    let grown = "update eaf.event set chain = sha256(chain) where version > 100";
    *kitchen.jar.meanwhile.lock().await = Some(Box::pin(async move {
        sqlx::query(grown).execute(&mut conn).await.unwrap();
    }));
    kitchen.put(1).await;
    assert_eq!(kitchen.jar.folded.lock().unwrap().len(), 1);
    assert_eq!(kitchen.snapshots().await, 0);
}

#[tokio::test]
async fn a_slow_host_does_not_replace_a_newer_snapshot_with_an_older_one() {
    let kitchen = Kitchen::open().await;
    kitchen.fill(LONG).await;
    let (other, anna) = (kitchen.database.core().await, kitchen.anna.clone());
    *kitchen.jar.meanwhile.lock().await = Some(Box::pin(async move {
        let jar = Jar::made_by("first");
        give(&other, &jar, &anna, json!({ "times": LONG })).await.unwrap();
        assert_eq!(jar.folded.lock().unwrap().len(), 1);
    }));
    kitchen.put(1).await;
    assert_eq!(kitchen.jar.folded.lock().unwrap().len(), 1);
    assert_eq!(sqlx_count(&kitchen.database, "select version from eaf.snapshot").await, 201);
}

#[tokio::test]
async fn an_erased_person_is_in_no_snapshot_and_no_cache() {
    let kitchen = Kitchen::open().await;
    let ben = Caller { name: "Canary-Ben".into(), ..person(kitchen.anna.tenant, &[]) };
    put(&kitchen.core, &kitchen.jar, &ben, 1).await;
    kitchen.fill(LONG).await;
    for _ in 0..2 {
        kitchen.put(1).await;
    }
    assert!(kitchen.jar.last().names.contains("Canary-Ben") && kitchen.jar.last().snapshot);
    let rows = kitchen.database.dump().await;
    let (_, sealed) = rows.iter().find(|(table, _)| table.ends_with("snapshot")).expect("the table is dumped");
    assert!(sealed.contains(&ben.actor.to_string()) && !sealed.contains("Canary"), "{sealed}");

    let mut tx = kitchen.core.db.tenant(ben.tenant).await.unwrap();
    kitchen.core.keyring.destroy(&mut tx, ben.actor).await.unwrap();
    tx.commit().await.unwrap();
    // A host with a cached history, and one without.
    for core in [&kitchen.core, &kitchen.database.core().await] {
        put(core, &kitchen.jar, &kitchen.anna, 1).await;
        let seen = kitchen.jar.last();
        assert!(!seen.snapshot && !seen.names.contains("Canary"), "{seen:?}");
        kitchen.database.run("delete from eaf.snapshot").await;
    }
    kitchen.put(1).await;
    kitchen.put(1).await;
    let seen = kitchen.jar.last();
    assert!(seen.snapshot && !seen.names.contains("Canary"), "what is left has a snapshot again: {seen:?}");
}

#[tokio::test]
async fn a_rejection_that_names_others_is_unreadable_after_their_erasure() {
    let kitchen = Kitchen::open().await;
    let Kitchen { core, jar, anna, .. } = &kitchen;
    let ben = Caller { name: "Canary-Ben".into(), ..person(anna.tenant, &[]) };
    put(core, jar, &ben, 1).await;
    let give_again = |key: &'static str, coins: i64| give_as(core, jar, anna, json!({ "coins": coins }), key.into());
    let no = give_again("no", MOST).await.unwrap();
    assert!(matches!(&no, Answer::Rejected(no) if no.params["names"] == "Canary-Ben"), "{no:?}");
    assert_eq!(give_again("no", MOST).await.unwrap(), no, "the first answer");
    let yes = give_again("yes", 1).await.unwrap();
    assert!(opened(&kitchen).await.contains("Canary-Ben"));

    let mut tx = core.db.tenant(ben.tenant).await.unwrap();
    core.keyring.destroy(&mut tx, ben.actor).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(give_again("no", MOST).await, Err(Error::Erased)));
    assert_eq!(give_again("yes", 1).await.unwrap(), yes, "what says nothing of him stays");
    let left = opened(&kitchen).await;
    assert!(!left.contains("Canary-Ben") && left.contains("jar/1"), "the rest of the row stays");
}

#[tokio::test]
async fn a_state_that_is_too_large_is_not_stored_and_commands_continue() {
    let mut kitchen = Kitchen::open().await;
    kitchen.jar.ballast = 2 * 1024 * 1024;
    kitchen.fill(LONG).await;
    for _ in 0..3 {
        assert_eq!(refused(&kitchen.put(1).await), None);
    }
    assert_eq!((kitchen.snapshots().await, kitchen.jar.last().events), (0, LONG + 2));
}
