//! Settings of products: their form, their history, and the commands that see them.

use super::{TestHost, note};
use serde_json::{Value, json};

const LIST: &str = "/api/host/settings";
const PATH: &str = "/api/host/settings/notes";

async fn put(host: &TestHost, who: &str, version: u32, values: Value) -> (u16, Value) {
    let answer = host.json("PUT", who, PATH, json!({ "version": version, "values": values }), &[]).await;
    (answer.status.as_u16(), answer.json)
}

async fn item(host: &TestHost, who: &str) -> Value {
    host.get(who, LIST).await.json["items"][0].clone()
}

async fn history(host: &TestHost, query: &str) -> Value {
    host.get("admin@acme", &format!("{PATH}/history{query}")).await.json
}

#[tokio::test]
async fn the_form_has_the_labels_of_the_package_and_the_values_that_hold() {
    let host = TestHost::new().await;
    let before = item(&host, "admin@acme").await;
    assert_eq!((&before["plugin"], &before["version"]), (&json!("notes"), &json!(0)));
    assert_eq!(before["values"], json!({ "longest": 2000, "closed": false, "tone": "plain" }), "defaults");
    assert_eq!(before["updated_by_name"], Value::Null);
    let field = |index: usize| before["fields"][index].clone();
    let longest = json!({
        "name": "longest", "label": "Längste Notiz", "hint": "In Zeichen.",
        "input": "integer", "options": [], "default": 2000,
    });
    assert_eq!(field(0), longest);
    assert_eq!((field(1)["input"].clone(), field(1)["hint"].clone()), (json!("checkbox"), Value::Null));
    let options = json!([{ "value": "plain", "label": "schlicht" }, { "value": "warm", "label": "herzlich" }]);
    assert_eq!((field(2)["input"].clone(), field(2)["options"].clone()), (json!("choice"), options));

    assert_eq!(put(&host, "admin@acme", 0, json!({ "longest": 50.0 })).await, (200, json!({ "version": 1 })));
    let after = item(&host, "admin@acme").await;
    assert_eq!(after["values"], json!({ "longest": 50, "closed": false, "tone": "plain" }));
    assert_eq!((&after["version"], &after["updated_by_name"]), (&json!(1), &json!("Canary admin")));
    assert_eq!(item(&host, "admin@globex").await["version"], 0, "settings belong to one tenant");
}

#[tokio::test]
async fn the_history_has_old_and_new_values_with_author_and_time() {
    let host = TestHost::new().await;
    put(&host, "admin@acme", 0, json!({ "longest": 50, "closed": true })).await;
    put(&host, "admin@acme", 1, json!({ "closed": true, "tone": "warm" })).await;
    assert_eq!(put(&host, "admin@acme", 2, json!({ "closed": true, "tone": "warm" })).await.1["version"], 2, "equal");
    let page = history(&host, "").await;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (2, &Value::Null));
    let change =
        |name: &str, label: &str, old: &str, new: &str| json!({ "name": name, "label": label, "old": old, "new": new });
    let (last, first) = (&page["items"][0], &page["items"][1]);
    let expected = [change("longest", "Längste Notiz", "50", "2000"), change("tone", "Ton", "schlicht", "herzlich")];
    assert_eq!(last["changes"], json!(expected));
    let expected = [change("longest", "Längste Notiz", "2000", "50"), change("closed", "Geschlossen", "nein", "ja")];
    assert_eq!(first["changes"], json!(expected));
    assert_eq!((&first["version"], &first["updated_by_name"]), (&json!(1), &json!("Canary admin")));
    assert!(first["updated_at"].is_string(), "{first}");
    assert_eq!(history(&host, "?cursor=2").await["items"], json!([first]));
    for cursor in ["0", "-1", "+1", "x", "", "1234567890"] {
        assert_eq!(host.get("admin@acme", &format!("{PATH}/history?cursor={cursor}")).await.status, 400, "{cursor}");
    }
}

#[tokio::test]
async fn a_page_of_the_history_ends_with_a_cursor() {
    let host = TestHost::new().await;
    for version in 0..51 {
        put(&host, "admin@acme", version, json!({ "longest": 100 + version })).await;
    }
    let first = history(&host, "").await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (50, &json!("2")));
    assert_eq!(first["items"][49]["changes"][0]["old"], "100", "the value before the page");
    let second = history(&host, "?cursor=2").await;
    assert_eq!((&second["items"][0]["version"], &second["next"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn an_older_version_and_values_outside_of_the_schema_change_nothing() {
    let host = TestHost::new().await;
    put(&host, "admin@acme", 0, json!({ "longest": 50 })).await;
    let (status, problem) = put(&host, "admin@acme", 0, json!({ "longest": 60 })).await;
    assert_eq!((status, &problem["code"], &problem["params"]["version"]), (409, &json!("settings-changed"), &json!(1)));
    for (values, pointer, code) in [
        (json!({ "longest": 9 }), "/values/longest", "minimum"),
        (json!({ "longest": 2001 }), "/values/longest", "maximum"),
        (json!({ "longest": "50" }), "/values/longest", "type"),
        (json!({ "longest": null }), "/values/longest", "type"),
        (json!({ "tone": "cold" }), "/values/tone", "enum"),
        (json!({ "unknown": 1 }), "/values/unknown", "unknown"),
        (json!([]), "/values", "type"),
    ] {
        let (status, problem) = put(&host, "admin@acme", 1, values.clone()).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)), "{values}");
    }
    assert_eq!(item(&host, "admin@acme").await["version"], 1);
}

#[tokio::test]
async fn commands_rehearsals_and_offers_see_the_settings_of_their_moment() {
    let host = TestHost::new().await;
    host.note("admin@acme", "before").await;
    let write = async |key: &str| {
        let rehearsal = host.json("POST", "requester@acme", "/api/notes/commands/write-note?dry-run", note(key), &[]);
        let rehearsal = rehearsal.await.status.as_u16();
        let answer = host.give("requester@acme", "write-note", note(key), &[("idempotency-key", key)]).await;
        (rehearsal, answer.status.as_u16(), answer.json["code"].clone())
    };
    let may_archive = async || {
        let list = host.get("admin@acme", "/api/notes/views/notes").await;
        list.json["items"][0]["actions"][0]["allowed"].clone()
    };
    assert_eq!(may_archive().await, json!(true));
    put(&host, "admin@acme", 0, json!({ "closed": true })).await;
    assert_eq!(write("k1").await, (409, 409, json!("closed")));
    assert_eq!(may_archive().await, json!(false));
    put(&host, "admin@acme", 1, json!({})).await;
    assert_eq!(write("k2").await, (200, 202, Value::Null));
    assert_eq!(may_archive().await, json!(true));
    assert_eq!(write("k1").await, (200, 409, json!("closed")), "the recorded answer stays");
}

#[tokio::test]
async fn the_audit_names_the_product_and_the_changed_settings() {
    let host = TestHost::new().await;
    put(&host, "admin@acme", 0, json!({ "longest": 50, "closed": false })).await;
    let rows = host.get("auditor@acme", "/api/host/audit?act=settings.put").await.json["items"].clone();
    let row = &rows[0];
    assert_eq!(row["sentence"], "Canary admin hat die Einstellungen von Notes geändert: Längste Notiz.");
    let path = format!("/api/host/audit/row?source=host&key={}", row["row"].as_str().unwrap());
    let fields = host.get("auditor@acme", &path).await.json["fields"].clone();
    let expected = json!({
        "name": "longest", "title": "Längste Notiz", "old": "2000", "new": "50", "changed": true, "personal": false,
    });
    assert_eq!(fields, json!([expected]));
}

#[tokio::test]
async fn only_admins_of_tenants_with_the_product_reach_its_settings() {
    let host = TestHost::new().await;
    for who in ["requester@acme", "auditor@acme"] {
        assert_eq!(host.get(who, LIST).await.status, 403, "{who}");
        assert_eq!(host.get(who, &format!("{PATH}/history")).await.status, 403, "{who}");
        assert_eq!(put(&host, who, 0, json!({})).await.0, 403, "{who}");
    }
    for path in ["/api/host/settings/unknown/history", "/api/host/settings/Not%20A%20Name/history"] {
        assert_eq!(host.get("admin@acme", path).await.status, 404, "{path}");
    }
}
