//! Tests of the search of rows by words.

use crate::toy::{record, upsert};
use crate::views::{House, all, house};
use eaf_core::testing::person;
use eaf_core::view::{self, Error, PackageView, Query, Sort};
use serde_json::{Value, json};

fn words(typed: &str) -> Query {
    Query { search: Some(typed.into()), ..all() }
}

async fn house_with(names: &[(&str, &str)]) -> House {
    let house = house().await;
    for tenant in [house.acme, house.globex] {
        let rows = names.iter().map(|(key, name)| upsert(key, json!({ "name": name, "owner": "someone" })));
        record(&house.core, tenant, rows.collect()).await;
        house.project(tenant).await;
    }
    house
}

async fn found(house: &House, typed: &str) -> Vec<String> {
    let page = house.query(words(typed)).await.expect("a search");
    page.items.into_iter().map(|row| row.key).collect()
}

#[tokio::test]
async fn a_row_matches_if_each_word_is_in_a_searched_column_in_any_case() {
    let house = house_with(&[
        ("a", "shop-web-01"),
        ("b", "Shop-Web-02"),
        ("c", "Lena Böhm 10.26.108.21"),
        ("d", "Lena Bo\u{308}hm 10.26.108.212"),
        ("e", "100%_done 'quoted' \\ <b>"),
    ])
    .await;
    assert_eq!(found(&house, "shop").await, ["a", "b"]);
    assert_eq!(found(&house, "  WEB   shop ").await, ["a", "b"]);
    assert_eq!(found(&house, "shop 02").await, ["b"]);
    assert_eq!(found(&house, "BÖHM").await, ["c", "d"], "an umlaut is written in two ways");
    assert_eq!(found(&house, "someone").await, [""; 0], "its column is not searched");
    for literal in ["%", "_", "'", "\\", "<b>", "100%_"] {
        assert_eq!(found(&house, literal).await, ["e"], "{literal} stands for itself");
    }
    assert_eq!(found(&house, "d").await.first().map(String::as_str), Some("d"), "the row's key is a word too");
}

#[tokio::test]
async fn exact_matches_come_first_then_prefix_matches() {
    let house = house_with(&[("a", "my web"), ("b", "web-01"), ("c", "web"), ("d", "web-0")]).await;
    assert_eq!(found(&house, "web").await, ["c", "d", "b", "a"]);
    let page = house.query(Query { limit: 2, ..words("web") }).await.unwrap();
    assert_eq!((page.items.len(), page.next), (2, None), "who wants more types more");
    let sort = Some(Sort::parse("-name"));
    let first = house.query(Query { limit: 2, sort: sort.clone(), ..words("web") }).await.unwrap();
    let second = house.query(Query { limit: 2, sort, after: first.next, ..words("web") }).await.unwrap();
    let keys: Vec<String> = first.items.into_iter().chain(second.items).map(|row| row.key).collect();
    assert_eq!(keys, ["b", "d", "c", "a"], "in an order that was asked for there are pages");
}

#[tokio::test]
async fn a_search_finds_only_rows_that_the_caller_may_read() {
    let house = house().await;
    let (caller, other) = (person(house.acme, &["toy.mine"]), person(house.acme, &["toy.mine"]));
    let owned = |key: &str, owner: Value| upsert(key, json!({ "name": "web", "owner": owner }));
    let rows = vec![owned("a", json!(caller.actor.to_string())), owned("b", json!(other.actor.to_string()))];
    record(&house.core, house.acme, rows).await;
    record(&house.core, house.globex, vec![upsert("c", json!({ "name": "web" }))]).await;
    for tenant in [house.acme, house.globex] {
        house.project(tenant).await;
    }
    let page =
        view::query(&house.core.db, &caller, PackageView::alone("toy", house.toy.view()), &words("web")).await.unwrap();
    let keys: Vec<&str> = page.items.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["a"]);
    let unprivileged = person(house.acme, &[]);
    let refused =
        view::query(&house.core.db, &unprivileged, PackageView::alone("toy", house.toy.view()), &words("web")).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn an_invalid_search_is_rejected() {
    let house = house_with(&[("a", "web")]).await;
    for bad in ["", "   ", "a\0b", &"x".repeat(101), "1 2 3 4 5 6 7 8 9"] {
        let refused = house.query(words(bad)).await;
        assert!(matches!(refused, Err(Error::FilterValue { .. })), "{bad:?}");
    }
    let cursor = house.query(Query { limit: 1, ..all() }).await.unwrap();
    assert!(cursor.next.is_none());
    let mut unsearched = house.toy.view().clone();
    unsearched.columns.iter_mut().for_each(|column| column.search = false);
    let caller = person(house.acme, &["toy.read"]);
    let refused = view::query(&house.core.db, &caller, PackageView::alone("toy", &unsearched), &words("web")).await;
    assert!(matches!(refused, Err(Error::UnknownFilter { .. })), "the table is the same, searched or not");
}
