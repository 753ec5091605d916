//! Tests of the isolation of tenants over HTTP: known ids of another tenant give no access.
//!
//! `eaf-core/tests` tests row-level security in the database.

use eaf_system_tests::system::{System, approved, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn known_ids_of_another_tenant_give_no_access() {
    let system = System::start().await;
    let people = system.people().await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;

    for foreigner in [&people.foreigner, &people.foreign_admin] {
        for view in ["requests", "approvals", "vms", "timeline", "offerings"] {
            let item = foreigner.item(view, &request).await;
            let list = foreigner.get(&format!("/api/dcm/views/{view}")).await;
            // Some views are forbidden to a requester; the permitted ones contain no such row.
            match item.status.as_u16() {
                403 => assert_eq!(list.status, 403, "{view}"),
                _ => {
                    item.refused(404, "not-found");
                    assert_eq!(list.ok()["items"], json!([]), "{view}");
                }
            }
        }
        for (command, body) in [
            ("approve-request", json!({ "request": request })),
            ("reject-request", json!({ "request": request, "reason": "It is not mine to decide." })),
            ("withdraw-request", json!({ "request": request })),
            ("retry-request", json!({ "request": request })),
            ("refresh-vm", json!({ "vm": request })),
            ("decommission-vm", json!({ "vm": request, "confirm": "web-01" })),
        ] {
            let answer = foreigner.command(command, body).await;
            assert!(matches!(answer.status.as_u16(), 403 | 404), "{command}: {} {:#}", answer.status, answer.body);
            assert!(!answer.body.to_string().contains("web-01"), "{command} tells the name: {:#}", answer.body);
        }
        let runs = foreigner.get("/api/host/runs").await;
        assert!(!runs.body.to_string().contains(&request), "{:#}", runs.body);
    }
    let operator = system.person("operator").await;
    for path in ["/api/dcm/views/requests", "/api/dcm/views/vms", "/api/host/connections", "/api/host/audit"] {
        let answer = operator.get(path).await;
        assert_eq!(answer.status, 403, "{path}: {:#}", answer.body);
    }
    assert_eq!(system.vcsim.machines().len(), 1);
    system.finish().await;
}
