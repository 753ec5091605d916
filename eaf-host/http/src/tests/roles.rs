//! Roles by API: those of the host and of the tenant's products.

use super::TestHost;
use super::people::{MEMBERS, id};
use serde_json::{Value, json};

const ROLES: &str = "/api/host/roles";

async fn disable(host: &TestHost) {
    let body = json!({ "enabled": false, "reason": "The contract ended." });
    let answer = host.json("PUT", "operator", "/api/host/tenants/acme/products/notes", body, &[]).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn roles_are_those_of_the_host_and_of_the_tenants_products() {
    let host = TestHost::new().await;
    let listed = host.get("admin@acme", ROLES).await.json;
    let notes = &listed["items"][0]["products"];
    assert_eq!(notes[0]["id"], "notes");
    let role = |role: &str, is_of_host: bool| json!({ "role": role, "host": is_of_host, "products": notes });
    assert_eq!(listed["items"], json!([role("admin", true), role("auditor", true), role("requester", false)]));
    disable(&host).await;
    let role = |role: &str| json!({ "role": role, "host": true, "products": [] });
    assert_eq!(host.get("admin@acme", ROLES).await.json["items"], json!([role("admin"), role("auditor")]));
}

#[tokio::test]
async fn exactly_the_listed_roles_can_be_given() {
    let host = TestHost::new().await;
    let auditor = id(&host, "auditor@acme").await;
    let listed = host.get("admin@acme", ROLES).await.json;
    let roles: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["role"]).collect();
    let give = |roles: Value| json!({ "roles": roles, "manager": null, "cost_centre": "" });
    let path = format!("{MEMBERS}/{auditor}");
    assert_eq!(host.json("PUT", "admin@acme", &path, give(json!(roles)), &[]).await.status, 204);
    let refused = host.json("PUT", "admin@acme", &path, give(json!(["approver"])), &[]).await;
    assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/roles/0"]));
    disable(&host).await;
    let admin = format!("{MEMBERS}/{}", id(&host, "admin@acme").await);
    let refused = host.json("PUT", "admin@acme", &admin, give(json!(["admin", "requester"])), &[]).await;
    assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/roles/1"]));
}
