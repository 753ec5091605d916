//! With a real component and its breaker: one row that makes it loop takes nothing from the others.

use super::*;
use eaf_capability::text::Locales;
use eaf_core::actor::ActorKind;
use eaf_core::contract::ContextActor;
use eaf_core::event_store::Position;
use eaf_core::id::{ActorId, CommandId, TenantId};
use eaf_plugin::{fixtures, load};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

fn product() -> Product {
    let file = fixtures::package(fixtures::MANIFEST, fixtures::domain_of_rows(), None);
    let domain = load::load(&fixtures::wasm(), &file, 1, &Default::default()).unwrap().domain;
    Product {
        domain,
        name: "Rows".into(),
        version: "1.0.0".into(),
        imports: Default::default(),
        requests: Vec::new(),
        texts: Arc::new(Locales::load("", "").unwrap()),
    }
}

fn context() -> Context {
    let tenant = TenantId::derive("acme");
    Context {
        now: 0,
        tenant,
        actor: ContextActor {
            id: ActorId::SYSTEM,
            kind: ActorKind::System,
            name: String::new(),
            roles: Vec::new(),
            permissions: Vec::new(),
        },
        locale: "en".into(),
        settings: Default::default(),
        seed: String::new(),
        command_id: CommandId::derive(tenant, ActorId::SYSTEM, "key"),
        trace_id: String::new(),
    }
}

fn rows(titles: &[&str]) -> Vec<Row> {
    let row = |title: &&str| Row {
        key: title.trim_matches(['#', '!']).to_owned(),
        position: Position { epoch: 1, pos: 1 },
        columns: Map::from_iter([("title".to_owned(), json!(title))]),
    };
    titles.iter().map(row).collect()
}

/// Which rows are answered.
async fn asked(product: &Product, titles: &[&str]) -> Vec<bool> {
    let view = json!({ "name": "v", "version": 1, "columns": [], "read": [], "events": [] });
    let view: ViewType = serde_json::from_value(view).unwrap();
    let rows = rows(titles);
    let answers = ask(product, Input { view: &view, rows: &rows, context: context() }).await;
    answers.map(|answers| answers.iter().map(Option::is_some).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_loops_keeps_nobody_from_the_others_however_often_the_list_is_asked_for() {
    let product = product();
    let titles = ["#a", "#b", "#!c", "#d"];
    assert_eq!(asked(&product, &titles).await, [true, true, false, true]);
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(asked(&product, &titles).await, [true, true, false, true]);
    }
    assert!(began.elapsed() < Duration::from_secs(3), "it is left out: {:?}", began.elapsed());
    assert_eq!(asked(&product, &["#!c"]).await, [false], "the row alone");
    assert_eq!(asked(&product, &["#a"]).await, [true]);
    // Others of its kind, of which a page consists.
    for number in 0..5 {
        let (bad, worse) = (format!("#!x{number}"), format!("#!y{number}"));
        asked(&product, &[&bad, &worse]).await;
        assert_eq!(asked(&product, &["#a", "#b"]).await, [true, true], "page {number}");
    }
}
