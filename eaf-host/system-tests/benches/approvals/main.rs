//! Benchmark of approvals in DCM: submission under a policy of five stages, lists of 10,000
//! requests, and 100,000 open deadlines in 50 tenants.
//!
//! `make bench` runs it against the real process; `-- submit`, `-- lists` and `-- deadlines` run
//! one part alone.

mod arrivals;
mod deadlines;
mod lists;
mod submit;
#[path = "../../../../eaf-core/benches/shared/verdict.rs"]
mod verdict;

use eaf_system_tests::person::Person;
use eaf_system_tests::system::System;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    let is_asked_for = |word: &str| std::env::args().any(|argument| argument == word);
    if !is_asked_for("--bench") {
        return;
    }
    let parts = ["submit", "lists", "deadlines"];
    let all = !parts.iter().any(|part| is_asked_for(part));
    let system = System::measured().await;
    let people = system.people().await;
    if all || is_asked_for("lists") {
        lists::run(&people).await;
    }
    if all || is_asked_for("submit") {
        submit::run(&people).await;
    }
    if all || is_asked_for("deadlines") {
        deadlines::run(&system, &people).await;
    }
    system.end_without_search();
}

/// Request for a machine of this name.
fn wish(name: &str) -> Value {
    json!({
        "name": name, "offering": "debian", "cpus": 4, "memory_gb": 8, "term_months": 12,
        "justification": "Machine of a benchmark",
    })
}

/// Gives a command, and returns the key of its subject. Panics if the command is refused.
async fn command(person: &Person, name: &str, body: &Value) -> String {
    let call = person.request(Method::POST, &format!("/api/dcm/commands/{name}")).json(body);
    let answer = call.send().await.expect("the host answers");
    let status = answer.status();
    let body: Value = answer.json().await.expect("a document");
    assert!(status.is_success(), "{name}: {status} {body:#}");
    body["subject"]["key"].as_str().unwrap_or_default().to_owned()
}

/// Drafts and publishes a policy for new machines.
async fn publish(admin: &Person, policy: &str, stages: &Value) {
    let document = json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": stages });
    let draft =
        json!({ "policy": policy, "name_de": "Messung", "name_en": "Bench", "document": document, "revision": 0 });
    command(admin, "draft-policy", &draft).await;
    command(admin, "publish-policy", &json!({ "policy": policy, "revision": 1, "reason": "Benchmark" })).await;
}
