//! Mail preferences by API: of oneself only.

use super::TestHost;
use serde_json::{Value, json};

const PATH: &str = "/api/session/mail-preferences";
const WHO: &str = "requester@acme";

async fn read(host: &TestHost, who: &str) -> Value {
    host.get(who, PATH).await.json
}

fn daily(hour: i32, off: Value) -> Value {
    json!({ "delivery": "daily", "hour": hour, "time_zone": "Europe/Berlin", "off": off })
}

#[tokio::test]
async fn a_member_chooses_how_mails_arrive_and_which_kinds() {
    let host = TestHost::new().await;
    let none = read(&host, WHO).await;
    let kinds = json!([{ "id": "notes/written", "product": "Notes", "name": "Notiz geschrieben" }]);
    assert_eq!(
        (&none["delivery"], &none["tag"], &none["next_digest_at"]),
        (&json!("at-once"), &json!(null), &json!(null))
    );
    assert_eq!(none["kinds"], kinds, "the package does not name the other kind as optional");

    let put = host.json("PUT", WHO, PATH, daily(17, json!(["notes/written"])), &[("if-none-match", "*")]).await;
    assert_eq!(put.status, 204, "{}", put.text);
    let set = read(&host, WHO).await;
    assert_eq!((&set["delivery"], &set["hour"], &set["off"]), (&json!("daily"), &json!(17), &json!(["notes/written"])));
    assert!(set["tag"].is_string() && set["next_digest_at"].is_string(), "{set}");
    assert_eq!(read(&host, "auditor@acme").await, none, "nothing changes for others");

    let tag = format!("\"{}\"", set["tag"].as_str().unwrap());
    let change = host.json("PUT", WHO, PATH, daily(6, json!([])), &[("if-match", &tag)]).await;
    assert_eq!(change.status, 204, "{}", change.text);
    let stale = host.json("PUT", WHO, PATH, daily(7, json!([])), &[("if-match", &tag)]).await;
    assert_eq!(stale.refusal(), (412, "changed-meanwhile", vec![]));
    let audit = host.get("auditor@acme", "/api/host/audit?act=mail-preference.").await.json;
    let items = audit["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let sentence = "Canary requester hat die E-Mail-Einstellungen von Canary requester geändert.";
    assert_eq!((&items[0]["sentence"], &items[1]["sentence"]), (&json!(sentence), &json!(sentence)));
}

#[tokio::test]
async fn a_preference_that_nothing_can_follow_is_refused() {
    let host = TestHost::new().await;
    for (body, pointer) in [
        (json!({ "delivery": "weekly", "hour": 8, "time_zone": "UTC", "off": [] }), "/delivery"),
        (json!({ "delivery": "daily", "hour": 24, "time_zone": "UTC", "off": [] }), "/hour"),
        (json!({ "delivery": "daily", "hour": 8, "time_zone": "Berlin/Europe", "off": [] }), "/time_zone"),
        (daily(8, json!(["notes/shared"])), "/off/0"),
        (daily(8, json!(["notes/written", "other/written"])), "/off/1"),
    ] {
        let refused = host.json("PUT", WHO, PATH, body, &[]).await;
        let (status, code, pointers) = refused.refusal();
        assert_eq!((status, code), (422, "body-invalid"), "{pointer}: {}", refused.text);
        assert_eq!(pointers.len(), 1, "{}", refused.text);
        assert!(refused.text.contains(pointer), "{pointer}: {}", refused.text);
    }
    assert_eq!(read(&host, WHO).await["tag"], json!(null), "nothing was stored");
}
