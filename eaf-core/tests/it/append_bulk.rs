//! `eaf.append_bulk`: many single events of one tenant at once, all of them or none.

use crate::append::{activate, request, stream};
use crate::chain::verify;
use eaf_core::Core;
use eaf_core::db::is_transient;
use eaf_core::directory;
use eaf_core::event_store::{AppendRequest, Error, Fence, Outcome, Position, append_batch, append_in_bulk};
use eaf_core::id::{StreamId, TenantId};
use eaf_core::testing::{Database, world};

/// A tenant that has a log of one event, on this stream.
async fn house() -> (Database, Core, TenantId, StreamId) {
    let database = Database::fresh().await;
    let core = database.core().await;
    let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let old = stream();
    append_batch(&core.db, tenant, &[&at(old, 0)]).await.unwrap();
    (database, core, tenant, old)
}

/// One event on a stream of which this version is expected.
fn at(stream: StreamId, version: u64) -> AppendRequest {
    request(&[(stream, Some(version), 1)])
}

fn ok(pos: u64) -> Outcome {
    let position = Position { epoch: 1, pos };
    Outcome::Ok { positions: Some((position, position)) }
}

#[tokio::test]
async fn all_are_recorded_in_order_as_eaf_append_would() {
    let (database, core, tenant, old) = house().await;
    let requests = [at(stream(), 0), at(old, 1), at(stream(), 0)];
    let requests: Vec<&AppendRequest> = requests.iter().collect();
    let outcomes = append_in_bulk(&core.db, tenant, &requests).await.unwrap();
    assert_eq!(outcomes, Some(vec![ok(2), ok(3), ok(4)]));
    assert_eq!(verify(&database, tenant).await, 4);
    let again = append_batch(&core.db, tenant, &requests).await.unwrap();
    for (request, (told, again)) in requests.iter().zip(outcomes.unwrap().into_iter().zip(again)) {
        let Outcome::Ok { positions } = told else { panic!("{told:?}") };
        assert_eq!(again, Outcome::Duplicate { answer: request.answer.clone(), positions });
    }
}

#[tokio::test]
async fn one_that_is_not_plain_leaves_all_out() {
    let (database, core, tenant, old) = house().await;
    activate(&database, "dcm", 2).await;
    let fenced =
        |generation| AppendRequest { fence: Some(Fence { plugin: "dcm".into(), generation }), ..at(stream(), 0) };
    let key = AppendRequest { key: String::new(), ..at(stream(), 0) };
    for spoiler in [at(old, 7), at(stream(), 7), request(&[(stream(), None, 1)]), key] {
        let requests = [&at(stream(), 0), &spoiler];
        assert_eq!(append_in_bulk(&core.db, tenant, &requests).await.unwrap(), None);
    }
    assert_eq!(append_in_bulk(&core.db, tenant, &[&fenced(1), &fenced(1)]).await.unwrap(), None);
    assert_eq!(append_in_bulk(&core.db, tenant, &[&fenced(2), &fenced(2)]).await.unwrap(), Some(vec![ok(2), ok(3)]));
    for without_log in
        [directory::add_tenant(&core.db, &core.by, "new", "New").await.unwrap(), TenantId(world().uuid())]
    {
        let requests = [&at(stream(), 0), &at(stream(), 0)];
        assert_eq!(append_in_bulk(&core.db, without_log, &requests).await.unwrap(), None);
        assert_eq!(database.events(without_log).await, 0);
    }
    assert_eq!(verify(&database, tenant).await, 3);
}

#[tokio::test]
async fn one_that_the_indexes_refuse_undoes_all() {
    let (database, core, tenant, old) = house().await;
    let known = at(stream(), 0);
    append_batch(&core.db, tenant, &[&known]).await.unwrap();
    let twice = at(stream(), 0);
    let same_stream = at(twice.streams[0].stream, 0);
    let mut poison = at(stream(), 0);
    poison.events[0].kind = "test.\0".into();
    for spoilers in
        [[&known, &at(stream(), 0)], [&at(old, 0), &at(stream(), 0)], [&twice, &same_stream], [&poison, &twice]]
    {
        let refused = append_in_bulk(&core.db, tenant, &spoilers).await;
        assert!(matches!(&refused, Err(error @ Error::Append(_)) if !is_transient(error)), "{refused:?}");
    }
    assert_eq!(verify(&database, tenant).await, 2);
}
