//! Invalid requests are refused with a code and a pointer to the violation.

use super::{TestHost, note};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

const WRITE: &str = "/api/notes/commands/write-note";

async fn post(host: &TestHost, content_type: &str, body: impl Into<Body>) -> super::Answer {
    let request = host.request("POST", "requester@acme", WRITE, &[]).header("content-type", content_type);
    host.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn only_json_is_accepted() {
    let host = TestHost::new().await;
    let body = note("a").to_string();
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"] {
        assert_eq!(
            post(&host, wrong, body.clone()).await.refusal(),
            (415, "unsupported-media-type", vec![""]),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn malformed_json_is_refused_with_line_and_column() {
    let host = TestHost::new().await;
    let answer = post(&host, "application/json", "{\n  \"title\": oops\n}").await;
    assert_eq!(answer.refusal(), (400, "malformed-json", vec![""]));
    assert!(answer.json["detail"].as_str().unwrap().contains("Zeile 2, Spalte 1"), "{}", answer.text);
}

#[tokio::test]
async fn a_body_with_too_many_members_or_levels_is_refused_before_it_is_parsed() {
    let host = TestHost::new().await;
    for body in ["[".repeat(100_000), format!("[{}1]", "1,".repeat(100_000)), "{\"a\":".repeat(33)] {
        let answer = post(&host, "application/json", body).await;
        assert_eq!(answer.refusal(), (422, "body-too-complex", vec![""]));
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_ignored() {
    let host = TestHost::new().await;
    let answer = post(&host, "application/json", format!("\u{feff}{}", note("marked"))).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let twice = post(&host, "application/json", format!("\u{feff}\u{feff}{}", note("marked"))).await;
    assert_eq!(twice.code(), "malformed-json");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_before_authentication() {
    let host = TestHost::new().await;
    let anonymous = async |path: &str, headers: &[(&str, &str)]| {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        host.send(request.body(Body::empty()).unwrap()).await
    };
    let names: Vec<String> = (0..16_000).map(|n| format!("{n:x}")).collect();
    let many = names[..200].join("&");
    let large = "x".repeat(33 * 1024);
    for base in [
        "/api/notes/views/notes",
        "/api/notes/views/notes/key",
        "/api/live",
        "/api/host/audit",
        "/api/host/audit.csv",
        "/api/host/runs",
        "/api/session",
        "/auth/sign-in",
        "/auth/callback",
        "/actuator/health",
        "/docs/errors",
        "/somewhere",
    ] {
        let answer = anonymous(&format!("{base}?{many}"), &[]).await;
        assert_eq!(answer.refusal(), (400, "query-invalid", vec!["?"]), "{base}");
        let answer = anonymous(&format!("{base}?{}", names[..6_000].join("&")), &[]).await;
        assert_eq!(answer.refusal(), (414, "uri-too-long", vec![]), "{base}");
        let answer = anonymous(base, &[("x-large", &large)]).await;
        assert_eq!(answer.refusal(), (431, "headers-too-large", vec![]), "{base}");
    }
    let answer = anonymous(&format!("/{}", "p".repeat(5_000)), &[]).await;
    assert_eq!(answer.refusal(), (414, "uri-too-long", vec![]));
}

#[tokio::test]
async fn a_nul_or_an_unknown_name_in_a_parameter_is_refused_there() {
    let host = TestHost::new().await;
    let far = "9".repeat(18);
    for (path, pointer) in [
        ("/api/host/runs?key=%00".to_owned(), "?key"),
        ("/api/host/runs?cursor=%00".into(), "?cursor"),
        (format!("/api/host/runs?cursor=-{far}00~{}", uuid::Uuid::nil()), "?cursor"),
        ("/api/host/runs?kez=1".into(), "?kez"),
        ("/api/host/audit?act=%00".into(), "?act"),
        ("/api/host/audit?object=%00".into(), "?object"),
        ("/api/host/audit?outcome=%00".into(), "?outcome"),
        ("/api/host/audit?trace=%00".into(), "?trace"),
        ("/api/host/audit?actor=%00".into(), "?actor"),
        ("/api/host/audit?from=%00".into(), "?from"),
        ("/api/host/audit?source=%00".into(), "?source"),
        ("/api/host/audit?cursor=%00".into(), "?cursor"),
        ("/api/host/audit.csv?act=%00".into(), "?act"),
        ("/api/host/audit.csv?aaa=1".into(), "?aaa"),
        ("/api/notes/views/notes?title=%00".into(), "?title"),
        ("/api/notes/views/notes?sort=%00".into(), "?sort"),
        ("/api/notes/views/notes?cursor=%00".into(), "?cursor"),
        ("/api/notes/views/notes?limit=%00".into(), "?limit"),
        ("/api/notes/views/notes?after=%00".into(), "?after"),
        (format!("/api/notes/views/notes?after=1-{far}9"), "?after"),
        ("/api/notes/views/notes?aaa&aab".into(), "?aaa"),
        ("/api/notes/views/notes?text=a".into(), "?text"),
        ("/api/notes/views/notes/key?after=%00".into(), "?after"),
        ("/api/notes/views/notes/key?title=a".into(), "?title"),
        ("/api/live?view=%00".into(), "?view"),
        ("/api/live?view=notes/notes&view=notes/notes".into(), "?view"),
    ] {
        let answer = host.get("admin@acme", &path).await;
        assert_eq!(answer.refusal(), (400, "query-invalid", vec![pointer]), "{path}");
    }
    for path in ["/api/notes/views/notes/%00", "/api/host/runs/%00", "/api/host/connections/echo/%00"] {
        assert_eq!(host.get("admin@acme", path).await.refusal(), (404, "not-found", vec![]), "{path}");
    }
    let write = format!("{WRITE}?dry-run=%00");
    let answer = host.json("POST", "admin@acme", &write, note("a"), &[]).await;
    assert_eq!(answer.refusal(), (400, "query-invalid", vec!["?dry-run"]));
}

#[tokio::test]
async fn a_body_over_256_kib_is_refused_with_or_without_content_length() {
    let host = TestHost::new().await;
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(256 * 1024));
    assert_eq!(post(&host, "application/json", large.clone()).await.refusal(), (413, "body-too-large", vec![""]));
    let chunks =
        large.as_bytes().chunks(10_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    assert_eq!(post(&host, "application/json", stream).await.refusal(), (413, "body-too-large", vec![""]));
}

#[tokio::test]
async fn an_invalid_body_has_all_violations_in_the_callers_language() {
    let host = TestHost::new().await;
    let body = json!({ "title": "x".repeat(21), "text": "too short", "extra": 1 });
    let answer = host.give("requester@acme", "write-note", body.clone(), &[("accept-language", "en")]).await;
    let (status, code, mut pointers) = answer.refusal();
    pointers.sort_unstable();
    assert_eq!((status, code, pointers), (422, "body-invalid", vec!["/extra", "/text", "/title"]));
    assert_eq!(answer.headers["content-language"], "en");
    let message = |answer: &super::Answer, pointer: &str| {
        let errors = answer.json["errors"].as_array().unwrap().clone();
        errors.iter().find(|error| error["pointer"] == pointer).unwrap()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(&answer, "/title"), "At most 20 characters are allowed.");
    // Without Accept-Language the member's language applies.
    let answer = host.give("requester@acme", "write-note", body, &[]).await;
    assert_eq!(message(&answer, "/title"), "Höchstens 20 Zeichen sind erlaubt.");
    for body in [json!([]), json!("text"), Value::Null] {
        assert_eq!(
            host.give("requester@acme", "write-note", body, &[]).await.refusal(),
            (422, "body-invalid", vec![""])
        );
    }
    let answer = host.give("requester@acme", "write-note", json!({}), &[]).await;
    assert_eq!(answer.refusal(), (422, "body-invalid", vec!["/title", "/text"]));
}

#[tokio::test]
async fn an_idempotency_key_has_at_most_200_visible_ascii_characters() {
    let host = TestHost::new().await;
    let long = "k".repeat(201);
    for bad in ["", "with space", long.as_str()] {
        let answer = host.give("requester@acme", "write-note", note("a"), &[("idempotency-key", bad)]).await;
        assert_eq!(answer.refusal(), (400, "idempotency-key-invalid", vec![]), "{bad}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let answer = host.give("requester@acme", "write-note", note("a"), &twice).await;
    assert_eq!(answer.code(), "idempotency-key-invalid");
}

#[tokio::test]
async fn unknown_paths_methods_and_parameters_are_problems() {
    let host = TestHost::new().await;
    let get = async |path: &str| host.get("admin@acme", path).await;
    for path in [
        "/api/nothing",
        "/api/other/views/notes",
        "/api/notes/views/other",
        "/api/notes/views/notes/no-such-key",
        "/api/host/runs/not-a-uuid",
        "/api/host/connections/echo/none",
        "/actuator/env",
        "/actuator/health/readiness",
        "/actuator/info",
        "/actuator/prometheus",
        "/.env",
        "/docs/other",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not-found"), "{path}");
    }
    let answer = host.give("admin@acme", "no-such-command", json!({}), &[]).await;
    assert_eq!(answer.refusal(), (404, "not-found", vec![]));
    // Commands of the system do not exist for people.
    assert_eq!(host.give("admin@acme", "sweep", json!({}), &[]).await.code(), "not-found");
    let answer = get(WRITE).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (405, "method-not-allowed"));
    assert_eq!(answer.headers["allow"], "POST");
    for (query, pointer) in [
        ("colour=red", "?colour"),
        ("text=a", "?text"),
        ("sort=text", "?sort"),
        ("limit=0", "?limit"),
        ("limit=201", "?limit"),
        ("limit=x", "?limit"),
        ("cursor=@@@", "?cursor"),
        ("after=now", "?after"),
        ("status=open&status=x", "?status"),
    ] {
        let answer = get(&format!("/api/notes/views/notes?{query}")).await;
        assert_eq!(answer.refusal(), (400, "query-invalid", vec![pointer]), "{query}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_not_found() {
    let host = TestHost::new().await;
    for path in [
        "/api/host/runs/%FF",
        "/api/host/connections/echo/%FF",
        "/api/notes/views/notes/%C3%28",
        "/api/notes/views/%FF",
        "/api/host/tenants/%FF/products",
    ] {
        assert_eq!(host.get("admin@acme", path).await.refusal(), (404, "not-found", vec![]), "{path}");
    }
    let answer = host.json("PUT", "operator", "/api/host/plugins/%FF/stopped", json!({}), &[]).await;
    assert_eq!(answer.refusal(), (404, "not-found", vec![]));
}

#[tokio::test]
async fn every_response_has_a_trace_id_and_the_security_headers() {
    let host = TestHost::new().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let request = Request::get("/nowhere.js").header("traceparent", &parent).body(Body::empty()).unwrap();
    let answer = host.send(request).await;
    assert_eq!(answer.json["trace_id"], trace);
    assert_eq!(answer.headers["x-trace-id"], trace);
    let ours = answer.headers["traceparent"].to_str().unwrap();
    assert!(ours.starts_with(&format!("00-{trace}-")) && ours != parent, "a span of the host: {ours}");
    for path in ["/", "/api/openapi.json", "/actuator/health", "/api/session"] {
        let answer = host.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key("content-security-policy") && answer.headers.contains_key("x-trace-id"));
    }
}
