//! Tests of the read rule by people: who reads a row whose reference asks them, and what `me`
//! finds.

use crate::toy::{delete, record, upsert};
use crate::views::{House, all, house};
use eaf_core::actor::{Caller, Principal};
use eaf_core::event_store::Position;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::person;
use eaf_core::view::{self, Error, Filter, PackageView, Query};
use serde_json::{Value, json};
use uuid::Uuid;

const ANNA: u128 = 1;
const BEN: u128 = 2;
const REPORT: u128 = 9;

fn id(number: u128) -> ActorId {
    ActorId(Uuid::from_u128(number))
}

/// Person who may read what others ask of the person.
fn actor(tenant: TenantId, number: u128, permissions: &[&str]) -> Caller {
    Caller { actor: id(number), ..person(tenant, &[&["toy.act"], permissions].concat()) }
}

/// Ben, who stands in for these persons.
fn deputy(house: &House, stands_in_for: Vec<Principal>) -> Caller {
    let mut ben = actor(house.acme, BEN, &[]);
    ben.affiliation.stands_in_for = stands_in_for;
    ben
}

/// Anna with all rights by which a row can ask her.
fn anna() -> Principal {
    Principal {
        id: id(ANNA),
        roles: vec!["approver".into()],
        permissions: vec!["toy.approve".into()],
        groups: vec!["finance".into()],
        manages: vec![id(REPORT)],
    }
}

async fn ask(house: &House, rows: Vec<(&str, Value)>) -> Position {
    let rows = rows.into_iter().map(|(key, people)| upsert(key, json!({ "waits_for": people })));
    let last = record(&house.core, house.acme, rows.collect()).await;
    house.project(house.acme).await;
    last
}

/// Rows that ask Anna in each way, each with its kind as key.
async fn ask_anna(house: &House) -> Position {
    let rows = vec![
        ("actor", json!({ "actors": [id(REPORT), id(ANNA)] })),
        ("group", json!({ "groups": ["board", "finance"] })),
        ("manager", json!({ "managers_of": [id(REPORT)] })),
        ("permission", json!({ "permissions": ["approve"] })),
        ("other", json!({ "permissions": ["operate"], "groups": ["board"], "actors": [id(REPORT)] })),
    ];
    ask(house, rows).await
}

async fn query(house: &House, caller: &Caller, filter: Option<&str>) -> Result<Vec<String>, Error> {
    let filters = filter.into_iter().map(|list| Filter::parse("waits_for", list)).collect();
    let page =
        view::query(&house.core.db, caller, PackageView::alone("toy", house.toy.view()), &Query { filters, ..all() })
            .await?;
    Ok(page.items.into_iter().map(|row| row.key).collect())
}

async fn seen(house: &House, caller: &Caller) -> Vec<String> {
    let keys = query(house, caller, None).await.unwrap();
    for key in ["actor", "group", "manager", "permission", "other"] {
        let row = view::get(&house.core.db, caller, PackageView::alone("toy", house.toy.view()), key).await.unwrap();
        assert_eq!(row.is_some(), keys.iter().any(|seen| seen == key), "{key}: list and single row agree");
    }
    assert_eq!(query(house, caller, Some("me")).await.unwrap(), keys, "who reads only what asks them");
    keys
}

#[tokio::test]
async fn a_row_asks_by_actor_group_manager_and_permission() {
    let house = house().await;
    ask_anna(&house).await;
    let mut caller = actor(house.acme, ANNA, &[]);
    assert_eq!(seen(&house, &caller).await, ["actor"]);
    caller.affiliation.groups = vec!["finance".into()];
    assert_eq!(seen(&house, &caller).await, ["actor", "group"]);
    caller.affiliation.manages = vec![id(7), id(REPORT)];
    assert_eq!(seen(&house, &caller).await, ["actor", "group", "manager"]);
    caller.permissions.push("toy.approve".into());
    assert_eq!(seen(&house, &caller).await, ["actor", "group", "manager", "permission"]);
    // The person left the group, and the permission of another plugin is another one.
    caller.affiliation.groups.clear();
    caller.permissions = vec!["toy.act".into(), "other.approve".into(), "approve".into()];
    assert_eq!(seen(&house, &caller).await, ["actor", "manager"]);
}

#[tokio::test]
async fn a_deputy_reads_what_asks_the_person_in_each_way() {
    let house = house().await;
    ask_anna(&house).await;
    assert_eq!(seen(&house, &deputy(&house, vec![anna()])).await, ["actor", "group", "manager", "permission"]);
    assert!(seen(&house, &deputy(&house, vec![])).await.is_empty(), "a deputyship that ended");
    let plain = Principal { permissions: vec![], groups: vec![], manages: vec![], ..anna() };
    assert_eq!(seen(&house, &deputy(&house, vec![plain.clone()])).await, ["actor"]);
    let third = Principal { id: id(3), groups: vec!["finance".into()], ..plain.clone() };
    assert_eq!(seen(&house, &deputy(&house, vec![third, plain])).await, ["actor", "group"]);
}

#[tokio::test]
async fn an_excepted_person_is_not_asked_and_gives_a_deputy_nothing() {
    let house = house().await;
    let asks = |except: Value| json!({ "actors": [id(ANNA)], "groups": ["finance"], "except": except });
    let rows = vec![
        ("no-exception", asks(json!([]))),
        ("not-anna", asks(json!([id(ANNA)]))),
        ("not-ben", asks(json!([id(BEN)]))),
        ("not-both", asks(json!([id(ANNA), id(BEN)]))),
    ];
    ask(&house, rows).await;
    let mut own = actor(house.acme, ANNA, &[]);
    own.affiliation.groups = vec!["finance".into()];
    assert_eq!(seen(&house, &own).await, ["no-exception", "not-ben"]);
    let mut ben = deputy(&house, vec![anna()]);
    assert_eq!(seen(&house, &ben).await, ["no-exception"]);
    let other = Principal { id: id(3), ..anna() };
    assert_eq!(seen(&house, &deputy(&house, vec![anna(), other])).await, ["no-exception", "not-anna"]);
    ben.affiliation.groups = vec!["finance".into()];
    assert_eq!(seen(&house, &ben).await, ["no-exception", "not-anna"], "asked for his own sake");
}

#[tokio::test]
async fn each_reference_of_a_list_asks_for_itself() {
    let house = house().await;
    let finance = json!({ "groups": ["finance"], "except": [id(ANNA)], "must_hold": ["approve"] });
    let rows = vec![
        ("empty", json!([])),
        ("first", json!([{ "actors": [id(ANNA)] }, finance])),
        ("last", json!([finance, { "actors": [id(ANNA)] }])),
        ("none", json!([finance, { "actors": [id(REPORT)] }])),
        ("no-reference", json!([null, 5, "finance"])),
        ("text", json!("finance")),
    ];
    ask(&house, rows).await;
    let found = async |caller: &Caller| query(&house, caller, Some("me")).await.unwrap();
    let mut caller = actor(house.acme, ANNA, &["toy.approve"]);
    caller.affiliation.groups = vec!["finance".into()];
    assert_eq!(found(&caller).await, ["first", "last"], "an exception counts in its own reference");
    let mut ben = deputy(&house, vec![anna()]);
    assert_eq!(found(&ben).await, ["first", "last"], "asked for Anna");
    ben.affiliation.groups = vec!["finance".into()];
    ben.permissions.push("toy.approve".into());
    assert_eq!(found(&ben).await, ["first", "last", "none"], "asked for his own sake");
}

#[tokio::test]
async fn a_person_and_a_deputy_without_a_demanded_permission_read_nothing() {
    let house = house().await;
    let asks = |demanded: Value| json!({ "actors": [id(ANNA), id(BEN)], "must_hold": demanded });
    let rows = vec![
        ("approve", asks(json!(["approve"]))),
        ("none", asks(json!([]))),
        ("one-of-two", asks(json!(["operate", "approve"]))),
        ("operate", asks(json!(["operate"]))),
        ("permission", json!({ "permissions": ["approve"], "must_hold": ["operate"] })),
    ];
    ask(&house, rows).await;
    assert_eq!(seen(&house, &actor(house.acme, ANNA, &[])).await, ["none"]);
    let mut own = actor(house.acme, ANNA, &["toy.approve"]);
    assert_eq!(seen(&house, &own).await, ["approve", "none", "one-of-two"]);
    own.permissions = vec!["toy.act".into(), "approve".into(), "other.operate".into()];
    assert_eq!(seen(&house, &own).await, ["none"], "a permission of another plugin");
    let holder = Principal { id: id(3), permissions: vec!["toy.operate".into(), "toy.approve".into()], ..anna() };
    let mut deputy = Caller { actor: id(4), ..deputy(&house, vec![anna(), holder]) };
    assert_eq!(seen(&house, &deputy).await, ["none"], "the deputy holds no permission that is demanded");
    deputy.permissions.push("toy.operate".into());
    assert_eq!(seen(&house, &deputy).await, ["none", "one-of-two", "permission"]);
    deputy.affiliation.stands_in_for[0].permissions.clear();
    assert_eq!(seen(&house, &deputy).await, ["none", "permission"], "the person holds none");
}

#[tokio::test]
async fn no_one_is_asked_by_null_or_by_another_document() {
    let house = house().await;
    let rows = vec![
        ("absent", Value::Null),
        ("empty", json!({})),
        ("empty-sets", json!({ "permissions": [], "groups": [], "actors": [] })),
        ("excepts-alone", json!({ "except": [id(3)] })),
        ("marked", json!({ "x-eaf-people": { "actors": [id(ANNA)] } })),
        ("text", json!(id(ANNA))),
        ("list", json!([id(ANNA), "approve", "finance"])),
        ("deputies", json!({ "with_deputies": true })),
    ];
    ask(&house, rows).await;
    assert!(seen(&house, &deputy(&house, vec![anna()])).await.is_empty());
    let mut own = actor(house.acme, ANNA, &["toy.approve"]);
    own.affiliation.groups = vec!["finance".into()];
    assert!(seen(&house, &own).await.is_empty());
}

#[tokio::test]
async fn me_finds_what_asks_the_caller_also_for_readers_of_all_rows() {
    let house = house().await;
    ask_anna(&house).await;
    let mut reader = actor(house.acme, BEN, &["toy.read"]);
    assert_eq!(query(&house, &reader, None).await.unwrap().len(), 5);
    assert!(query(&house, &reader, Some("me")).await.unwrap().is_empty());
    reader.affiliation.stands_in_for = vec![anna()];
    let asked = ["actor", "group", "manager", "permission"];
    assert_eq!(query(&house, &reader, Some("me")).await.unwrap(), asked);
    // A caller who may read the view by another rule alone reads no more by the filter.
    let mut owner = actor(house.acme, ANNA, &[]);
    owner.permissions = vec!["toy.mine".into(), "toy.approve".into()];
    assert!(query(&house, &owner, Some("me")).await.unwrap().is_empty());
    owner.permissions = vec!["toy.approve".into()];
    assert!(matches!(query(&house, &owner, Some("me")).await, Err(Error::Forbidden(_))));
    for bad in ["", "Me", "me,me", "me,you", "you", "null", &id(ANNA).to_string(), "me\u{0}"] {
        let refused = query(&house, &reader, Some(bad)).await;
        assert!(matches!(refused, Err(Error::FilterValue { .. })), "{bad:?}: {refused:?}");
    }
}

#[tokio::test]
async fn rules_combine_and_no_row_of_another_tenant_is_read() {
    let house = house().await;
    let own = upsert("own", json!({ "owner": id(ANNA) }));
    record(&house.core, house.acme, vec![own]).await;
    ask_anna(&house).await;
    let caller = actor(house.acme, ANNA, &["toy.mine"]);
    assert_eq!(query(&house, &caller, None).await.unwrap(), ["actor", "own"]);
    assert_eq!(query(&house, &caller, Some("me")).await.unwrap(), ["actor"]);
    let mut foreign = actor(house.globex, ANNA, &["toy.approve", "toy.read"]);
    foreign.affiliation.stands_in_for = vec![anna()];
    for filter in [None, Some("me")] {
        assert!(query(&house, &foreign, filter).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn live_updates_reach_those_who_are_asked_also_of_a_deleted_row() {
    let house = house().await;
    let before = ask_anna(&house).await;
    record(&house.core, house.acme, vec![delete("group"), delete("other")]).await;
    house.project(house.acme).await;
    let changed = async |caller: &Caller| {
        let changes =
            view::changed_since(&house.core.db, caller, PackageView::alone("toy", house.toy.view()), before, 10)
                .await
                .unwrap();
        changes.rows.into_iter().map(|change| (change.key, change.deleted)).collect::<Vec<_>>()
    };
    assert_eq!(changed(&deputy(&house, vec![anna()])).await, [("group".to_owned(), true)]);
    assert!(changed(&deputy(&house, vec![])).await.is_empty());
}
