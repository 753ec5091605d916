//! Tests with a real component and its circuit breaker: one row that loops does not affect the
//! others.

use super::*;
use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_core::actor::{Caller, TraceId};
use eaf_core::contract::ContextActor;
use eaf_core::event_store::Position;
use eaf_core::id::{ActorId, CommandId, TenantId};
use eaf_plugin::{fixtures, load};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

fn product() -> Product {
    let file = fixtures::package(fixtures::MANIFEST, fixtures::domain_of_rows(), None);
    let domain = load::load(&fixtures::wasm(), &file, 1, &fixtures::ceiling()).unwrap().domain;
    let texts = Arc::new(Locales::load("", "").unwrap());
    Product {
        domain,
        name: "Rows".into(),
        version: "1.0.0".into(),
        digest: String::new(),
        imports: Default::default(),
        requests: Vec::new(),
        texts: texts.clone(),
        mails: Arc::new(Templates::load(&BTreeMap::new(), texts).unwrap()),
    }
}

fn context() -> Context {
    let tenant = TenantId::derive("acme");
    Context {
        now: 0,
        tenant,
        actor: ContextActor::of(&Caller::system(tenant, TraceId(String::new())), "fixture"),
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

/// Whether each row got an answer, in the order of the rows.
async fn answered(product: &Product, titles: &[&str]) -> Vec<bool> {
    let view = json!({ "name": "v", "version": 1, "columns": [], "read": [], "events": [] });
    let view: ViewType = serde_json::from_value(view).unwrap();
    let rows = rows(titles);
    let answers = ask(product, Input { view: &view, rows: &rows, context: context() }).await;
    answers.map(|answers| answers.iter().map(Option::is_some).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_loops_never_hides_the_others_in_repeated_requests() {
    let product = product();
    let titles = ["#a", "#b", "#!c", "#d"];
    assert_eq!(answered(&product, &titles).await, [true, true, false, true]);
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(answered(&product, &titles).await, [true, true, false, true]);
    }
    assert!(began.elapsed() < Duration::from_secs(3), "the faulty row is skipped: {:?}", began.elapsed());
    assert_eq!(answered(&product, &["#!c"]).await, [false], "the faulty row by itself");
    assert_eq!(answered(&product, &["#a"]).await, [true]);
    // Further faulty rows that fill a page.
    for number in 0..5 {
        let (bad, worse) = (format!("#!x{number}"), format!("#!y{number}"));
        answered(&product, &[&bad, &worse]).await;
        assert_eq!(answered(&product, &["#a", "#b"]).await, [true, true], "page {number}");
    }
}
