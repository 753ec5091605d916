//! What people get wrong, over HTTP with the real product: a problem with a code, a sentence and pointers, and nothing is lost.

use crate::support::person::Answer;
use crate::support::system::{System, approved, until, wish};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_in_a_request_is_pointed_at_and_nothing_is_stored() {
    let system = System::start().await;
    let people = system.people().await;
    let long = "ä".repeat(2_001);
    let mistakes: [(&str, Value); 10] = [
        ("/offering", json!("none")),
        ("/cpus", json!(9)),
        ("/cpus", json!(0)),
        ("/memory_gb", json!(65)),
        ("/justification", json!("too short")),
        ("/justification", json!(long)),
        ("/term_months", json!(61)),
        ("/name", json!("-web")),
        ("/name", json!("a-name-of-16-abc")),
        ("/name", json!("12345")),
    ];
    for (pointer, value) in mistakes {
        let mut body = wish("web-01");
        body[&pointer[1..]] = value.clone();
        let answer = people.requester.command("request-vm", body).await;
        assert_eq!(answer.status, 422, "{pointer} {value}: {:#}", answer.body);
        assert!(pointed(&answer, pointer), "{pointer} {value}: {:#}", answer.body);
        assert!(answer.body["trace_id"].is_string() && answer.body["detail"].is_string(), "{:#}", answer.body);
    }
    assert_eq!(people.requester.get("/api/dcm/views/requests").await.ok()["items"], json!([]));
    // The longest justification is measured in characters, not in bytes.
    let mut body = wish("web-01");
    body["justification"] = json!("ä".repeat(2_000));
    people.requester.command("request-vm", body).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_refused_at_the_door() {
    let system = System::start().await;
    let requester = system.people().await.requester;
    let url = format!("{}/api/dcm/commands/request-vm", system.base);
    let send = async |kind: &str, body: String| {
        let request = requester.client.post(&url).bearer_auth(&requester.token).header("content-type", kind).body(body);
        let response = request.send().await.unwrap();
        Answer { status: response.status(), body: response.json().await.unwrap() }
    };
    for (kind, body, status) in [
        ("application/json", "{\"name\": ".to_owned(), 400),
        ("text/plain", wish("web-01").to_string(), 415),
        ("application/json", format!("{{\"name\":\"{}\"}}", "x".repeat(256 * 1024)), 413),
    ] {
        let answer = send(kind, body).await;
        assert_eq!(answer.status.as_u16(), status, "{:#}", answer.body);
        assert!(pointed(&answer, ""), "{:#}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_its_first_answer_again_also_when_it_was_a_no() {
    let system = System::start().await;
    let requester = system.people().await.requester;
    let path = "/api/dcm/commands/request-vm";
    let yes = requester.call(Method::POST, path, Some("yes"), Some(&wish("web-01"))).await.ok();
    let again = requester.call(Method::POST, path, Some("yes"), Some(&wish("web-01"))).await.ok();
    assert_eq!((&yes["command_id"], &yes["position"]), (&again["command_id"], &again["position"]));
    let other = requester.call(Method::POST, path, Some("yes"), Some(&wish("web-02"))).await;
    assert_eq!(other.status, 409, "{:#}", other.body);

    let no = requester.call(Method::POST, path, Some("no"), Some(&wish("web-01"))).await;
    no.clone().refused(409, "vm-name-taken");
    // What stood in the way is gone, and the first answer stands all the same.
    requester.command("withdraw-request", json!({ "request": yes["subject"]["key"] })).await.ok();
    let again = requester.call(Method::POST, path, Some("no"), Some(&wish("web-01"))).await;
    assert_eq!(again.body["detail"], no.body["detail"]);
    again.refused(409, "vm-name-taken");
    requester.call(Method::POST, path, Some("new"), Some(&wish("web-01"))).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_made_once_by_somebody_else_on_what_is_still_wanted() {
    let system = System::start().await;
    let people = system.people().await;
    let own = people.approver.command("request-vm", wish("own-01")).await.ok();
    let own = json!({ "request": own["subject"]["key"] });
    people.approver.command("approve-request", own.clone()).await.refused(403, "own-request");

    let twice = approved(&people, "twice-01").await;
    let answer = people.admin.command("approve-request", json!({ "request": twice })).await;
    answer.clone().refused(409, "request-not-pending");
    assert!(pointed(&answer, "/request"), "{:#}", answer.body);
    until(&people.requester, "requests", &twice, |item| item["status"] == "fulfilled").await;

    people.approver.command("withdraw-request", own.clone()).await.ok();
    people.admin.command("approve-request", own).await.refused(409, "request-not-pending");
    assert_eq!(system.vcsim.machines().len(), 1);
}

fn pointed(answer: &Answer, pointer: &str) -> bool {
    answer.body["errors"].as_array().is_some_and(|errors| {
        errors
            .iter()
            .any(|error| error["pointer"] == pointer && error["code"].is_string() && error["message"].is_string())
    })
}
