//! Tests of the pages of a view: filters, sort and cursors.

use crate::toy::{record, upsert};
use crate::views::{House, all, house};
use eaf_core::view::{Direction, Error, Filter, Query, Sort};
use serde_json::json;

#[tokio::test]
async fn pages_are_complete_with_ties_and_nulls_in_both_directions() {
    let house = house().await;
    let size = |n: u64| (!n.is_multiple_of(7)).then_some(n % 5);
    for chunk in (0..1_000_u64).collect::<Vec<_>>().chunks(250) {
        let rows = chunk.iter().map(|n| {
            upsert(
                &format!("k{:04}", n * 7_919 % 1_000),
                json!({"size": size(*n), "name": format!("n{}", n % 3), "at": size(*n)}),
            )
        });
        record(&house.core, house.acme, rows.collect()).await;
    }
    house.project(house.acme).await;
    let expected = |descending: bool| {
        let mut rows: Vec<(Option<u64>, String)> =
            (0..1_000).map(|n: u64| (size(n), format!("k{:04}", n * 7_919 % 1_000))).collect();
        rows.sort_by(|(a, ka), (b, kb)| {
            // Rows without a size come last, by ascending key.
            let order = a.cmp(b).then(ka.cmp(kb));
            let order = if descending && a.is_some() { order.reverse() } else { order };
            a.is_none().cmp(&b.is_none()).then(order)
        });
        rows.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    for column in ["size", "at"] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let sort = Some(Sort { column: column.into(), direction });
            let keys = keys_of_all_pages(&house, Query { sort, limit: 77, ..all() }).await;
            assert_eq!(keys, expected(direction == Direction::Descending), "{column} {direction:?}");
        }
    }
    let mut by_key: Vec<String> = (0..1_000).map(|n| format!("k{n:04}")).collect();
    assert_eq!(keys_of_all_pages(&house, all()).await, by_key);

    let filters = vec![Filter::parse("name", "n0,n2"), Filter::parse("size", "3")];
    let wanted = |n: &u64| n % 3 != 1 && size(*n) == Some(3);
    by_key = (0..1_000).filter(wanted).map(|n: u64| format!("k{:04}", n * 7_919 % 1_000)).collect();
    by_key.sort();
    assert_eq!(keys_of_all_pages(&house, Query { filters, limit: 50, ..all() }).await, by_key);
}

async fn keys_of_all_pages(house: &House, mut query: Query) -> Vec<String> {
    let mut keys = Vec::new();
    loop {
        let page = house.query(query.clone()).await.unwrap();
        keys.extend(page.items.into_iter().map(|row| row.key));
        query.after = page.next;
        if query.after.is_none() {
            return keys;
        }
    }
}

#[tokio::test]
async fn texts_are_sorted_by_collation_across_pages() {
    let house = house().await;
    let names =
        ["Zander", "adler", "Braun", "Ärmel", "äpfel", "Adler", "web-02", "APP-01", "db-01", "über", "Ulm", "Ärmel"];
    let rows = names.iter().enumerate().map(|(n, name)| upsert(&format!("{n:02}"), json!({ "name": name })));
    record(&house.core, house.acme, rows.collect()).await;
    house.project(house.acme).await;
    let expected =
        ["adler", "Adler", "äpfel", "APP-01", "Ärmel", "Ärmel", "Braun", "db-01", "über", "Ulm", "web-02", "Zander"];
    for limit in [1, 2, 5, 200] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let sort = Some(Sort { column: "name".into(), direction });
            let keys = keys_of_all_pages(&house, Query { sort, limit, ..all() }).await;
            let mut found: Vec<&str> = keys.iter().map(|key| names[key.parse::<usize>().unwrap()]).collect();
            if direction == Direction::Descending {
                found.reverse();
            }
            assert_eq!(found, expected, "{limit} {direction:?}");
        }
    }
}

#[tokio::test]
async fn filter_values_can_escape_a_comma_and_ids_ignore_case() {
    let house = house().await;
    let id = "6561665f-0000-4000-8000-00000000000a";
    let rows = vec![
        upsert("a", json!({ "name": "Server 2022, Core" })),
        upsert("b", json!({ "name": "C:\\Temp" })),
        upsert("c", json!({ "name": "plain" })),
        upsert(id, json!({ "name": id })),
    ];
    record(&house.core, house.acme, rows).await;
    house.project(house.acme).await;
    for (list, expected) in [
        ("Server 2022\\, Core", vec!["a"]),
        ("Server 2022, Core", vec![]),
        ("Server 2022\\, Core,plain", vec!["a", "c"]),
        ("C:\\\\Temp", vec!["b"]),
        ("C:\\Temp", vec!["b"]),
        ("6561665F-0000-4000-8000-00000000000A", vec![id]),
    ] {
        let query = Query { filters: vec![Filter::parse("name", list)], ..all() };
        let mut keys = keys_of_all_pages(&house, query).await;
        keys.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(keys, expected, "{list}");
    }
    assert_eq!(house.row(&id.to_uppercase()).await.map(|row| row.key).as_deref(), Some(id));
    assert!(house.row("A").await.is_none(), "any other key is only itself");
}

#[tokio::test]
async fn only_declared_columns_can_be_filtered_and_sorted() {
    let house = house().await;
    let filter = |column: &str, list: &str| Query { filters: vec![Filter::parse(column, list)], ..all() };
    let sort = |text: &str| Query { sort: Some(Sort::parse(text)), ..all() };
    for column in ["facts", "tenant_id", "_pos", "key", "nothing", "name\" or true --"] {
        assert!(matches!(house.query(filter(column, "x")).await, Err(Error::UnknownFilter { .. })), "{column}");
        assert!(matches!(house.query(sort(column)).await, Err(Error::UnknownSort { .. })), "{column}");
    }
    for (column, value) in [("size", "three"), ("done", "yes"), ("at", "yesterday"), ("name", "a\0")] {
        assert!(matches!(house.query(filter(column, value)).await, Err(Error::FilterValue { .. })), "{column}");
    }
    for limit in [0, 201] {
        assert!(matches!(house.query(Query { limit, ..all() }).await, Err(Error::Limit)));
    }
    assert!(house.query(filter("name", "'; drop table eaf.event; --")).await.unwrap().items.is_empty());

    record(&house.core, house.acme, (0..3).map(|n| upsert(&format!("{n}"), json!({"size": n}))).collect()).await;
    house.project(house.acme).await;
    let next = house.query(Query { limit: 1, ..sort("size") }).await.unwrap().next.unwrap();
    for (after, sort) in
        [(next.as_str(), Some("-size")), (next.as_str(), Some("at")), (next.as_str(), None), ("e30", None), ("%", None)]
    {
        let query = Query { after: Some(after.into()), sort: sort.map(Sort::parse), ..all() };
        assert!(matches!(house.query(query).await, Err(Error::Cursor)), "{after} {sort:?}");
    }
}
