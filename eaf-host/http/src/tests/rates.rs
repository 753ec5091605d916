//! Rate limits of requests, and concurrency limits of long operations.

use super::browser::Browser;
use super::{RateLimits, TestHost};
use crate::client_address::Peer;
use axum::body::Body;
use axum::http::Request;
use eaf_core::rate_limit::Limit;
use std::time::Duration;

/// Limit with this burst and almost no refill, so that time does not affect a test.
fn only(burst: f64) -> Option<Limit> {
    Some(Limit { per_second: 0.01, burst })
}

const ROUTES: [&str; 9] = [
    "/api/session",
    "/api/notes/views/notes",
    "/api/notes/views/notes?after=1-1",
    "/api/notes/views/notes/key",
    "/api/live?view=notes/notes",
    "/api/host/audit",
    "/api/host/audit.csv",
    "/api/host/runs",
    "/api/host/connections",
];

#[tokio::test]
async fn a_person_over_the_rate_limit_gets_retry_after_on_every_route() {
    let host = TestHost::with_rates(RateLimits { person: only(2.0), ..RateLimits::default() }).await;
    for _ in 0..2 {
        assert_eq!(host.get("admin@acme", "/api/session").await.status, 200);
    }
    for route in ROUTES {
        let refused = host.get("admin@acme", route).await;
        assert_eq!(refused.refusal(), (429, "too-many-requests", vec![]), "{route}");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=100).contains(&wait), "{route}: {wait}");
    }
    let denied = host.give("admin@acme", "no-such-command", serde_json::json!({}), &[]).await;
    assert_eq!(denied.code(), "too-many-requests");
    // Other members, tenants and operators have their own limits.
    for other in ["auditor@acme", "admin@globex", "operator"] {
        assert_eq!(host.get(other, "/api/session").await.status, 200, "{other}");
    }
}

#[tokio::test]
async fn people_of_a_tenant_share_its_limit() {
    let host = TestHost::with_rates(RateLimits { tenant: only(3.0), ..RateLimits::default() }).await;
    for who in ["admin@acme", "auditor@acme", "requester@acme"] {
        assert_eq!(host.get(who, "/api/session").await.status, 200, "{who}");
    }
    for who in ["admin@acme", "auditor@acme", "requester@acme"] {
        assert_eq!(host.get(who, "/api/session").await.code(), "too-many-requests", "{who}");
    }
    assert_eq!(host.get("admin@globex", "/api/session").await.status, 200);
}

#[tokio::test]
async fn sign_ins_are_limited_by_address_and_forged_callbacks_do_not_count() {
    let host = TestHost::with_rates(RateLimits { sign_ins: only(1.0), ..RateLimits::default() }).await;
    // Callbacks that do not call the provider do not count.
    for path in ["/auth/sign-in", "/auth/callback?code=x&state=y"] {
        for _ in 0..5 {
            let answer = host.send(Request::get(path).body(Body::empty()).unwrap()).await;
            assert_ne!(answer.status, 429, "{path}");
        }
    }
    assert_eq!(sign_in_from(&host, "192.0.2.1").await.status, 303);
    let refused = sign_in_from(&host, "192.0.2.1").await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(refused.headers.contains_key("retry-after"));
    assert!(refused.text.contains("too-many-requests"), "{}", refused.text);
    assert_eq!(sign_in_from(&host, "192.0.2.2").await.status, 303);
    assert_eq!(host.get("admin@acme", "/api/session").await.status, 200);
}

/// Signs in, with a callback from this client address.
async fn sign_in_from(host: &TestHost, address: &str) -> super::Answer {
    let mut browser = Browser::new(host);
    let begun = browser.begin("/auth/sign-in").await;
    let code = browser.code(&begun, &browser.token_claims(&begun, "admin@acme"));
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::get(browser.back(&begun, &code)).header("cookie", cookies.join("; "));
    host.send(request.extension(Peer(address.parse().unwrap())).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_over_its_limit_is_refused_before_any_query() {
    let host = TestHost::with_rates(RateLimits { person: only(1.0), ..RateLimits::default() }).await;
    for status in [401, 429] {
        let request = Request::get("/api/session").header("authorization", "Bearer not.a.token");
        assert_eq!(host.send(request.body(Body::empty()).unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn a_slow_body_blocks_no_other_request_of_the_tenant() {
    let host = TestHost::with_rates(RateLimits::default()).await;
    let mut slow = Vec::new();
    for _ in 0..host.app.config.concurrent_requests {
        let request = host.request("POST", "requester@acme", "/api/notes/commands/write-note", &[]);
        let body = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let request = request.header("content-type", "application/json").body(body).unwrap();
        slow.push(Box::pin(host.send(request)));
    }
    let all = futures_util::future::join_all(slow);
    let colleague = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::time::timeout(Duration::from_secs(5), host.get("admin@acme", "/api/session")).await
    };
    tokio::select! {
        _ = all => panic!("no body has come"),
        answer = colleague => assert_eq!(answer.expect("it is answered").status, 200),
    }
}

#[tokio::test]
async fn long_operations_are_limited_per_person() {
    let host = TestHost::new().await;
    let mut waits = Vec::new();
    for _ in 0..super::super::WAIT_LIMITS.per_person {
        waits.push(acquire(&host, &host.app.waits).await);
    }
    let refused = host.get("admin@acme", "/api/notes/views/notes?after=1-999").await;
    assert_eq!(refused.code(), "too-many-requests");
    drop(waits);
    let export = acquire(&host, &host.app.exports).await;
    assert_eq!(host.get("admin@acme", "/api/host/audit.csv").await.code(), "too-many-requests");
    assert_eq!(host.get("auditor@acme", "/api/host/audit.csv").await.status, 200, "another person");
    drop(export);
    assert_eq!(host.get("admin@acme", "/api/host/audit.csv").await.status, 200);
}

async fn acquire(host: &TestHost, slots: &super::super::slots::ConcurrencySlots) -> super::super::slots::Permit {
    let tenant = eaf_core::id::TenantId::derive("acme");
    let session = host.get("admin@acme", "/api/session").await;
    let actor = session.json["actor"].as_str().and_then(|actor| actor.parse().ok()).expect("an actor");
    slots.acquire(tenant, actor).expect("there is room")
}
