//! Tenants by the operators' API.

use super::people::id;
use super::{Answer, TestHost};
use eaf_core::id::TenantId;
use serde_json::{Value, json};

const TENANTS: &str = "/api/host/tenants";

async fn create(host: &TestHost, body: Value) -> Answer {
    host.json("POST", "operator", TENANTS, body, &[]).await
}

#[tokio::test]
async fn an_operator_creates_a_tenant_once() {
    let host = TestHost::new().await;
    let created = create(&host, json!({ "slug": "initech", "name": " Initech 👩‍🚀 " })).await;
    let id = TenantId::derive("initech");
    let expected = json!({ "id": id, "slug": "initech", "members": 0, "missing_grants": 0 });
    assert_eq!((created.status.as_u16(), &created.json), (201, &expected), "{}", created.text);
    let again = create(&host, json!({ "slug": "initech", "name": "Another" })).await;
    assert_eq!(again.refusal(), (409, "tenant-exists", vec![]));
    let tenant = eaf_core::directory::tenant(&host.core.db, id).await.unwrap().unwrap();
    assert_eq!((tenant.name.as_str(), tenant.products.len()), ("Initech 👩‍🚀", 0));
    let listed = host.get("operator", TENANTS).await.json;
    assert_eq!(listed["items"][2], expected);
}

#[tokio::test]
async fn two_operators_who_create_one_tenant_at_once_create_it_once() {
    let host = TestHost::new().await;
    let (one, other) = tokio::join!(
        create(&host, json!({ "slug": "initech", "name": "One" })),
        create(&host, json!({ "slug": "initech", "name": "Other" })),
    );
    let mut found = [one.status.as_u16(), other.status.as_u16()];
    found.sort_unstable();
    assert_eq!(found, [201, 409]);
}

#[tokio::test]
async fn an_invalid_tenant_is_refused_with_a_pointer() {
    let host = TestHost::new().await;
    for (body, pointer) in [
        (json!({ "slug": "Initech", "name": "A" }), "/slug"),
        (json!({ "slug": "", "name": "A" }), "/slug"),
        (json!({ "slug": "a\u{0}", "name": "A" }), "/slug"),
        (json!({ "slug": "a".repeat(41), "name": "A" }), "/slug"),
        (json!({ "slug": "a", "name": "  " }), "/name"),
        (json!({ "slug": "a", "name": "\u{0}a" }), "/name"),
        (json!({ "slug": "a", "name": "x".repeat(201) }), "/name"),
        (json!({ "slug": "a" }), "/name"),
        (json!({ "slug": "a", "name": "A", "admin": "anna" }), "/admin"),
    ] {
        let refused = create(&host, body.clone()).await;
        assert_eq!(refused.refusal(), (422, "body-invalid", vec![pointer]), "{body}");
    }
    assert_eq!(create(&host, json!({ "slug": "a".repeat(40), "name": "x".repeat(200) })).await.status, 201);
    for who in ["admin@acme", "requester@acme"] {
        let refused = host.json("POST", who, TENANTS, json!({ "slug": "b", "name": "B" }), &[]).await;
        assert_eq!(refused.code(), "not-an-operator", "{who}");
    }
}

#[tokio::test]
async fn an_operator_sees_the_number_of_members_and_nothing_else_of_them() {
    let host = TestHost::new().await;
    let acme = TenantId::derive("acme");
    let (auditor, requester) = (id(&host, "auditor@acme").await, id(&host, "requester@acme").await);
    let counts = async || -> Vec<Value> {
        let listed = host.get("operator", TENANTS).await;
        assert!(!listed.text.contains("anary") && !listed.text.contains('@'), "{}", listed.text);
        listed.json["items"].as_array().unwrap().iter().map(|item| item["members"].clone()).collect()
    };
    assert_eq!(counts().await, [3, 1]);
    host.core.directory.remove_member(&host.core.by, acme, auditor).await.unwrap();
    host.core.directory.erase_member(&host.core.by, acme, requester).await.unwrap();
    assert_eq!(counts().await, [1, 1]);
}
