//! Tests of invalid input over HTTP. The answer is a problem with a code, a sentence and pointers,
//! and the text that a person entered appears nowhere else.
//!
//! Refused input contains words that the search of [`canary`] must find nowhere when a test ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eaf_system_tests::canary::{self, MISPLACED_PASSWORD, REFUSED};
use eaf_system_tests::person::Answer;
use eaf_system_tests::system::{System, approved, until, wish};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_in_a_request_has_a_pointer_and_nothing_is_stored() {
    let system = System::start().await;
    let people = system.people().await;
    let long = REFUSED.to_owned() + &"ä".repeat(2_001 - REFUSED.len());
    let mistakes: [(&str, Value); 13] = [
        ("/offering", json!("none")),
        ("/offering", json!(REFUSED)),
        ("/cpus", json!(9)),
        ("/cpus", json!(0)),
        ("/memory_gb", json!(65)),
        ("/justification", json!("too short")),
        ("/justification", json!([REFUSED])),
        ("/justification", json!(long)),
        ("/term_months", json!(61)),
        ("/name", json!("-web")),
        ("/name", json!(REFUSED)),
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
    // The length of a justification is limited in characters, not in bytes.
    let mut body = wish("web-01");
    body["justification"] = json!("ä".repeat(2_000));
    people.requester.command("request-vm", body).await.ok();
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_body_is_refused() {
    let system = System::start().await;
    let requester = system.people().await.requester;
    let canary = format!("{REFUSED} {MISPLACED_PASSWORD}");
    for (kind, body, status) in [
        ("application/json", format!("{{\"name\": \"{canary}\", "), 400),
        ("application/json", format!("{canary}: no JSON"), 400),
        ("text/plain", format!("{canary} {}", wish("web-01")), 415),
        ("application/json", format!("{{\"name\":\"{canary}{}\"}}", "x".repeat(256 * 1024)), 413),
    ] {
        let request = requester.request(Method::POST, "/api/dcm/commands/request-vm");
        let answer = requester.send(request.header("content-type", kind).body(body)).await;
        assert_eq!(answer.status.as_u16(), status, "{:#}", answer.body);
        assert!(pointed(&answer, ""), "{:#}", answer.body);
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_idempotency_key_gets_its_first_answer_also_a_rejection() {
    let system = System::start().await;
    let requester = system.people().await.requester;
    let path = "/api/dcm/commands/request-vm";
    // Idempotency keys are chosen by the client and may contain any word.
    let key = Some(REFUSED);
    let yes = requester.call(Method::POST, path, key, Some(&wish("web-01"))).await.ok();
    let again = requester.call(Method::POST, path, key, Some(&wish("web-01"))).await.ok();
    assert_eq!((&yes["command_id"], &yes["position"]), (&again["command_id"], &again["position"]));
    let other = requester.call(Method::POST, path, key, Some(&wish("web-02"))).await;
    assert_eq!(other.status, 409, "{:#}", other.body);

    let no = requester.call(Method::POST, path, Some("no"), Some(&wish("web-01"))).await;
    no.clone().refused(409, "vm-name-taken");
    // The reason of the rejection is gone, and the first answer is repeated all the same.
    requester.command("withdraw-request", json!({ "request": yes["subject"]["key"] })).await.ok();
    let again = requester.call(Method::POST, path, Some("no"), Some(&wish("web-01"))).await;
    assert_eq!(again.body["detail"], no.body["detail"]);
    again.refused(409, "vm-name-taken");
    requester.call(Method::POST, path, Some("new"), Some(&wish("web-01"))).await.ok();
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_decided_once_by_another_person_while_it_is_open() {
    let system = System::start().await;
    let people = system.people().await;
    let mut wanted = wish("own-01");
    wanted["justification"] = json!(canary::APPROVERS_JUSTIFICATION);
    let own = people.approver.command("request-vm", wanted).await.ok();
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
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_the_wrong_field_is_refused_and_stored_nowhere() {
    let system = System::start().await;
    let people = system.people().await;
    let vcenter = json!({
        "url": "https://vcenter.example/sdk", "datacenter": "DC1", "folder": "EAF", "username": "eaf",
    });
    let mail = json!({ "host": "mail.example", "port": 587, "tls": "starttls", "from": "cloud@acme.example" });
    let key = format!("-----BEGIN PRIVATE KEY-----\n{MISPLACED_PASSWORD}\n-----END PRIVATE KEY-----\n");
    let secret = json!({ "password": MISPLACED_PASSWORD });
    let mistakes: [(&str, &Value, &str, Value); 10] = [
        ("vsphere/vcenter", &vcenter, "password", json!(MISPLACED_PASSWORD)),
        ("vsphere/vcenter", &vcenter, "url", json!(format!("https://eaf:{MISPLACED_PASSWORD}@vcenter.example/sdk"))),
        (
            "vsphere/vcenter",
            &vcenter,
            "url",
            json!(format!("https://vcenter.example/sdk?password={MISPLACED_PASSWORD}")),
        ),
        ("vsphere/vcenter", &vcenter, "url", json!(format!("https://vcenter.example/sdk#{MISPLACED_PASSWORD}"))),
        ("vsphere/vcenter", &vcenter, "ca_certificate", json!(key)),
        ("vsphere/vcenter", &vcenter, "folder", secret.clone()),
        ("mail/mail", &mail, "password", json!(MISPLACED_PASSWORD)),
        ("mail/mail", &mail, "port", json!(MISPLACED_PASSWORD)),
        ("mail/mail", &mail, "tls", json!(MISPLACED_PASSWORD)),
        ("mail/mail", &mail, "from", json!(format!("{REFUSED} without an address"))),
    ];
    for (connection, config, member, value) in mistakes {
        let mut config = config.clone();
        config[member] = value;
        let body = json!({ "config": config, "secret": secret });
        let path = format!("/api/host/connections/{connection}");
        let answer = people.admin.call(Method::PUT, &path, None, Some(&body)).await;
        assert!(pointed(&answer, &format!("/config/{member}")), "{member}: {:#}", answer.body);
        answer.refused(422, "body-invalid");
    }
    for body in [
        json!({ "config": vcenter, "secret": secret, "password": MISPLACED_PASSWORD }),
        json!({ "config": vcenter, "secret": MISPLACED_PASSWORD }),
        json!({ "config": vcenter, "secret": { "password": "", "passphrase": MISPLACED_PASSWORD } }),
        json!(MISPLACED_PASSWORD),
    ] {
        let answer = people.admin.call(Method::PUT, "/api/host/connections/vsphere/vcenter", None, Some(&body)).await;
        assert_eq!(answer.status, 422, "{:#}", answer.body);
    }
    // The stored connection is unchanged.
    let test = people.admin.call(Method::POST, "/api/host/connections/vsphere/vcenter/test", None, None).await.ok();
    assert_eq!(test["ok"], true, "{test:#}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_is_refused_and_stored_nowhere() {
    let system = System::start().await;
    let good = system.people().await.admin.token;
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts") };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |name: &str, value: Value| {
        let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims[name] = value;
        part(&claims)
    };
    let none = part(&json!({ "alg": "none", "typ": "JWT" }));
    let tampered = [
        format!("{header}.{}.{signature}", with("sub", json!("approver@acme"))),
        format!("{header}.{}.{signature}", with("sub", json!(REFUSED))),
        format!("{header}.{}.{signature}", with("exp", json!(4_000_000_000_u64))),
        format!("{header}.{}.{signature}", with("iss", json!(format!("https://{REFUSED}.example")))),
        format!("{header}.{}.{signature}", with("aud", json!(REFUSED))),
        format!("{header}.{}.{signature}", with("tenant", json!("globex"))),
        format!("{none}.{claims}."),
        format!("{none}.{}.", with("sub", json!(REFUSED))),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{claims}.{header}.{signature}"),
        format!("{REFUSED}.{MISPLACED_PASSWORD}.{signature}"),
        MISPLACED_PASSWORD.to_owned(),
    ];
    for token in tampered {
        let nobody = system.bearer(None, token);
        for path in ["/api/session", "/api/dcm/views/requests", "/api/host/connections"] {
            let answer = nobody.get(path).await;
            assert_eq!(answer.status, 401, "{path}: {:#}", answer.body);
        }
        let answer = nobody.command("request-vm", wish("web-01")).await;
        assert_eq!(answer.status, 401, "{:#}", answer.body);
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_in_addresses_and_headers_are_stored_nowhere() {
    let system = System::start().await;
    let people = system.people().await;
    for path in [
        format!("/api/dcm/views/requests/{REFUSED}"),
        format!("/api/dcm/views/{REFUSED}"),
        format!("/api/{REFUSED}/views/requests"),
        format!("/api/dcm/views/requests?status={REFUSED}"),
        format!("/api/dcm/views/requests?{REFUSED}=1"),
        format!("/api/dcm/views/requests?cursor={REFUSED}"),
        format!("/api/dcm/views/requests?sort={REFUSED}"),
        format!("/api/dcm/views/requests?after={REFUSED}"),
        format!("/api/host/runs/{REFUSED}"),
        format!("/api/host/audit?cursor={REFUSED}"),
        format!("/api/host/connections/{REFUSED}/{REFUSED}"),
        format!("/api/live?view={REFUSED}"),
        format!("/{REFUSED}?password={MISPLACED_PASSWORD}"),
    ] {
        for person in [&people.requester, &people.admin, &people.foreigner] {
            person.get(&path).await;
            let request = person.request(Method::GET, &path);
            let named = ["user-agent", "referer", "x-forwarded-for", "traceparent", "accept-language", "cookie"];
            person.send(named.into_iter().fold(request, |request, name| request.header(name, REFUSED))).await;
        }
    }
    for command in ["approve-request", "withdraw-request", "retry-request"] {
        let answer = people.admin.command(command, json!({ "request": REFUSED })).await;
        assert!(answer.status.is_client_error(), "{command}: {:#}", answer.body);
    }
    people.admin.command(REFUSED, json!({ "request": REFUSED })).await.refused(404, "not-found");
    let request = people.requester.command("request-vm", wish("web-01")).await.ok()["subject"]["key"].clone();
    let reject = json!({ "request": request, "reason": [REFUSED] });
    assert_eq!(people.approver.command("reject-request", reject).await.status, 422);
    let confirm = json!({ "vm": request, "confirm": REFUSED });
    let answer = people.requester.command("decommission-vm", confirm).await;
    assert!(answer.status.is_client_error(), "{:#}", answer.body);
    system.finish().await;
}

fn pointed(answer: &Answer, pointer: &str) -> bool {
    answer.body["errors"].as_array().is_some_and(|errors| {
        errors
            .iter()
            .any(|error| error["pointer"] == pointer && error["code"].is_string() && error["message"].is_string())
    })
}
