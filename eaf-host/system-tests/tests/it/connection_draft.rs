//! Test that connection drafts are tested before they are stored, and that choices are read from a
//! real vCenter with the stored secret. The secret is sent to no other server.

use eaf_system_tests::canary;
use eaf_system_tests::system::System;
use eaf_test_support::vcsim;
use reqwest::Method;
use serde_json::{Value, json};

const CONNECTION: &str = "/api/host/connections/vsphere/vcenter";

fn red(found: &Value) -> Vec<&str> {
    let lines = found["findings"].as_array().expect("findings").iter();
    lines.filter(|line| line["state"] == "bad").map(|line| line["name"].as_str().expect("a name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_draft_is_tested_and_a_template_chosen_before_storing() {
    let system = System::start().await;
    let people = system.people().await;
    let admin = &people.admin;
    // Observation reads machines meanwhile and also updates the connection's state.
    let of_tests = |mut connection: Value| {
        let members = connection.as_object_mut().expect("a connection");
        members.retain(|name, _| !name.contains("use"));
        connection
    };
    let before = of_tests(admin.get(CONNECTION).await.ok());
    let draft = async |what: &str, config: &Value, more: Value| {
        let mut body = json!({ "config": config });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.call(Method::POST, &format!("{CONNECTION}/draft/{what}"), None, Some(&body)).await
    };

    let mut config = before["config"].clone();
    config["folder"] = json!("EAF/typo");
    let found = draft("test", &config, json!({})).await.ok();
    assert_eq!((&found["ok"], red(&found)), (&json!(false), vec!["folder"]), "{found:#}");
    let folders = draft("choices", &config, json!({ "of": "folder", "search": "acme" })).await.ok();
    config["folder"] = folders["items"][0]["value"].clone();
    assert_eq!(config["folder"], "EAF/acme");
    assert_eq!(draft("test", &config, json!({})).await.ok()["ok"], true);

    // Another address or user name: the stored password is not used.
    for (member, value) in [("url", "https://localhost:1/sdk"), ("username", "somebody-else")] {
        let mut elsewhere = config.clone();
        elsewhere[member] = json!(value);
        let refused = draft("test", &elsewhere, json!({})).await.refused(422, "body-invalid");
        assert_eq!(refused["errors"][0]["code"], "secret-again", "{refused:#}");
    }
    let wrong = draft("test", &config, json!({ "secret": { "password": canary::WRONG_PASSWORD } })).await.ok();
    assert_eq!(red(&wrong), ["username"], "{wrong:#}");
    assert_eq!(of_tests(admin.get(CONNECTION).await.ok()), before, "neither settings nor state");

    let choices = "/api/dcm/commands/define-offering/choices/template";
    let found = admin.get(choices).await.ok();
    let debian = &found["items"][0];
    assert_eq!((&debian["value"], found["items"].as_array().unwrap().len()), (&json!("Templates/debian-12"), 1));
    assert!(debian["facts"]["disk_bytes"].as_u64().unwrap() > 0, "{found:#}");
    let unknown = admin.get(&format!("{choices}?value=Templates%2Fnone")).await.ok();
    assert_eq!((&unknown["unknown"]["code"], &unknown["failure"]), (&json!("template-missing"), &Value::Null));
    people.requester.get(choices).await.refused(403, "permission-missing");

    // Templates cannot be read while vCenter is unavailable.
    system.vcenter.cut();
    let away = admin.get(&format!("{choices}?value=Templates%2Fnone")).await.ok();
    assert!(away["unknown"].is_null() && away["failure"]["code"].is_string(), "{away:#}");
    system.vcenter.restore();
    system.connect_vcenter(admin, vcsim::PASSWORD).await;
    system.finish().await;
}
