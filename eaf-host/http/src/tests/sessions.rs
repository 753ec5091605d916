//! Sessions: their access and their end.

use super::browser::Browser;
use super::{TestHost, note};
use axum::body::Body;
use axum::http::Request;
use eaf_core::id::TenantId;
use eaf_identity::testing::{ACCESS_TOKEN, Grant};
use futures_util::StreamExt;
use serde_json::json;
use time::Duration;

const WRITE: &str = "/api/notes/commands/write-note";

#[tokio::test]
async fn a_session_reads_and_gives_commands_like_a_token() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    assert_eq!(browser.post(WRITE, Some(note("by cookie"))).await.status, 202);
    host.project(TenantId::derive("acme")).await;
    let listed = browser.get("/api/notes/views/notes").await.json;
    assert_eq!(listed["items"][0]["title"], "by cookie");
    let mut foreigner = Browser::new(&host);
    foreigner.sign_in("admin@globex").await;
    assert_eq!(foreigner.get("/api/notes/views/notes").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_change_by_cookie_alone_is_refused_and_nothing_happens() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    for headers in [
        &[][..],
        &[("eaf-csrf", "1")],
        &[("origin", "https://eaf.example")],
        &[("eaf-csrf", "1"), ("origin", "https://evil.example")],
        &[("eaf-csrf", "1"), ("origin", "https://eaf.example"), ("sec-fetch-site", "cross-site")],
    ] {
        let answer = browser.send("POST", WRITE, headers, Some(note("forged"))).await;
        assert_eq!(answer.refusal(), (403, "csrf", vec![]), "{headers:?}");
        assert_eq!(browser.send("POST", "/auth/sign-out", headers, None).await.refusal(), (403, "csrf", vec![]));
    }
    host.project(TenantId::derive("acme")).await;
    assert_eq!(browser.get("/api/notes/views/notes").await.json["items"], json!([]));
}

/// A tab shows one person and sends requests after another person has signed in with the same
/// browser in another tab.
#[tokio::test]
async fn a_tab_acts_only_for_the_person_whom_it_shows() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    let lena = browser.person.clone();
    let mut globex = Browser::new(&host);
    globex.sign_in("admin@globex").await;
    browser.sign_in("admin@acme").await;
    let james = std::mem::replace(&mut browser.person, lena);
    let connection = "/api/host/connections/echo/main";
    for person in [&browser.person.clone(), &globex.person] {
        browser.person.clone_from(person);
        for (method, path) in [
            ("POST", WRITE),
            ("POST", "/api/notes/commands/write-note?dry-run"),
            ("PUT", connection),
            ("DELETE", connection),
            ("POST", "/api/host/mail-queue/send"),
            ("PUT", "/api/host/mail-queue/pauses/main"),
            ("GET", "/api/notes/views/notes"),
            ("GET", "/api/session"),
            ("POST", "/auth/sign-out"),
        ] {
            let answer = browser.page(method, path, &[], Some(note("by whom?"))).await;
            assert_eq!(answer.refusal(), (409, "person-changed", vec![]), "{method} {path}");
        }
    }
    browser.person = None;
    assert_eq!(browser.post(WRITE, Some(note("by whom?"))).await.refusal(), (428, "person-missing", vec![]));
    host.project(TenantId::derive("acme")).await;
    assert_eq!(browser.get("/api/notes/views/notes").await.json["items"], json!([]));
    browser.person = james;
    assert_eq!(browser.post(WRITE, Some(note("by James"))).await.status, 202);
}

#[tokio::test]
async fn no_session_and_an_expired_session_have_their_own_codes() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let none = browser.get("/api/session").await;
    assert_eq!(none.refusal(), (401, "token-missing", vec![]));
    assert!(!none.headers.contains_key("set-cookie"));
    let good = browser.sign_in("admin@acme").await;
    let first = if good.starts_with('A') { "B" } else { "A" };
    for bad in ["", "x", "a.b.c", &format!("{first}{}", &good[1..]), &good[1..], &"A".repeat(43), &"A".repeat(5000)] {
        browser.cookies.insert("__Host-eaf-session".into(), bad.into());
        let answer = browser.get("/api/session").await;
        assert_eq!(answer.refusal(), (401, "session-expired", vec![]), "{bad}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"eaf\"");
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-eaf-session=; ") && cookie.contains("Max-Age=0"), "{cookie}");
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn a_session_ends_by_idleness_or_age() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("admin@acme").await;
    host.issuer.clock.forward(Duration::minutes(61));
    assert_eq!(browser.get("/api/session").await.code(), "session-expired");

    browser.sign_in("admin@acme").await;
    for _ in 0..11 {
        host.issuer.clock.forward(Duration::minutes(54));
        assert_eq!(browser.get("/api/session").await.status, 200);
    }
    host.issuer.clock.forward(Duration::minutes(7));
    assert_eq!(browser.get("/api/session").await.code(), "session-expired");
}

#[tokio::test]
async fn background_requests_do_not_extend_a_session() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("admin@acme").await;
    host.issuer.clock.forward(Duration::minutes(50));
    let background = [("eaf-background", "1")];
    assert_eq!(browser.send("GET", "/api/session", &background, None).await.status, 200);
    let live = live(&host, &browser).await;
    assert_eq!(live.status(), 200);
    host.issuer.clock.forward(Duration::minutes(11));
    assert_eq!(browser.get("/api/session").await.code(), "session-expired");
}

#[tokio::test]
async fn roles_are_current_and_without_any_the_session_ends() {
    let host = TestHost::new().await;
    let acme = TenantId::derive("acme");
    let mut browsers = [Browser::new(&host), Browser::new(&host)];
    for (browser, who) in browsers.iter_mut().zip(["admin@acme", "requester@acme"]) {
        browser.sign_in(who).await;
        let member = host.core.directory.find_member(acme, &host.issuer.url, who).await.unwrap().unwrap();
        match who {
            "admin@acme" => host.without_roles(&member).await,
            _ => host.core.directory.erase_member(&host.core.by, acme, member.actor).await.unwrap(),
        }
        assert_eq!(browser.get("/api/session").await.code(), "session-expired", "{who}");
        assert!(browser.cookies.is_empty());
    }
    // The same person's token is refused too.
    assert_eq!(host.get("admin@acme", "/api/session").await.code(), "not-a-member");
}

#[tokio::test]
async fn a_bearer_token_has_priority_over_a_cookie() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    let token = format!("Bearer {}", host.token("admin@globex"));
    let answer = browser.send("GET", "/api/session", &[("authorization", &token)], None).await.json;
    assert_eq!((&answer["via"], &answer["tenant"]["slug"]), (&json!("token"), &json!("globex")));
    let bad = browser.send("GET", "/api/session", &[("authorization", "Bearer rubbish")], None).await;
    assert_eq!(bad.code(), "token-invalid");
    let proxy = browser.send("GET", "/api/session", &[("authorization", "Basic YTpi")], None).await;
    assert_eq!(proxy.json["via"], "session");
    // A program needs none of a page's headers.
    assert_eq!(host.give("requester@acme", "write-note", note("by token"), &[]).await.status, 202);
}

#[tokio::test]
async fn sign_out_ends_the_session_and_leads_to_the_provider() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("admin@acme").await;
    let kept = browser.cookies.clone();
    let answer = browser.post("/auth/sign-out", None).await;
    assert_eq!((answer.status.as_u16(), &answer.json["location"]), (200, &json!("/auth/leave")));
    assert!(browser.session().is_none());
    let mut thief = Browser::with(&host, kept);
    assert_eq!(thief.get("/api/session").await.code(), "session-expired");
    browser.get("/auth/leave").await;
    assert!(browser.cookies.is_empty());
    let expected =
        format!("{}/end-session?client_id=eaf&post_logout_redirect_uri=https%3A%2F%2Feaf.example%2F", host.issuer.url);
    // Without a session the provider's address is returned too, so that its session can be ended.
    assert_eq!(browser.post("/auth/sign-out", None).await.json["location"], expected);
}

#[tokio::test]
async fn the_id_token_returns_to_the_provider_once_and_by_a_form_only() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let token_claims = browser.token_claims(&begun, "admin@acme");
    let id_token = host.issuer.sign(&token_claims);
    let code = host.issuer.grant(Grant {
        id_token: Some(id_token.clone()),
        challenge: begun.asked["code_challenge"].clone(),
        redirect_uri: begun.asked["redirect_uri"].clone(),
    });
    assert_eq!(browser.get(&browser.back(&begun, &code)).await.status, 303);
    let id = browser.session().unwrap().to_owned();
    for (table, rows) in host.database.dump().await {
        assert!(!rows.contains(&id_token) && !rows.contains(&id), "{table}");
    }
    let answer = browser.post("/auth/sign-out", None).await;
    assert!(!format!("{:?} {}", answer.headers, answer.text).contains(&id_token));
    let mut kept = Browser::with(&host, browser.cookies.clone());

    let leave = browser.get("/auth/leave").await;
    assert_eq!((leave.status.as_u16(), &leave.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    let form = format!("<form method=\"post\" action=\"{}/end-session\">", host.issuer.url);
    assert!(leave.text.contains(&form), "{}", leave.text);
    for (name, value) in [
        ("id_token_hint", id_token.as_str()),
        ("client_id", "eaf"),
        ("post_logout_redirect_uri", "https://eaf.example/"),
    ] {
        let member = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(leave.text.contains(&member), "{name}: {}", leave.text);
    }
    let policy = leave.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(browser.cookies.is_empty());
    // Another request, even with the old cookie, sends no ID token.
    let again = kept.get("/auth/leave").await;
    assert!(again.text.contains(&form) && !again.text.contains("id_token_hint"), "{}", again.text);
    assert!(!browser.get("/auth/leave").await.text.contains("id_token_hint"));
}

#[tokio::test]
async fn an_active_session_does_not_reveal_its_id_token() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let id = browser.sign_in("admin@acme").await;
    let mut thief = Browser::with(&host, [("__Host-eaf-leave".into(), id)].into());
    assert!(!thief.get("/auth/leave").await.text.contains("id_token_hint"));
    assert_eq!(browser.get("/api/session").await.status, 200, "and it lives on");
}

#[tokio::test]
async fn live_updates_end_with_the_session() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    let kept = Browser::with(&host, browser.cookies.clone());
    let mut events = live(&host, &browser).await.into_body().into_data_stream();
    let first = events.next().await.expect("an event").expect("the stream is whole");
    assert!(first.starts_with(b"event: heartbeat"), "{first:?}");
    browser.post("/auth/sign-out", None).await;
    let ended = async { while events.next().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(9), ended).await.expect("at the next poll");
    assert_eq!(live(&host, &kept).await.status(), 401);
}

#[tokio::test]
async fn tokens_and_session_ids_are_neither_logged_nor_stored() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let token_claims = browser.token_claims(&begun, "admin@acme");
    let answer = browser.finish(&begun, &token_claims).await;
    let shown = format!("{:?} {}", answer.headers, answer.text);
    for secret in [ACCESS_TOKEN, &host.issuer.sign(&token_claims), "eyJ", &begun.asked["nonce"]] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let id = browser.session().unwrap().to_owned();
    let tables = host.database.dump().await;
    assert!(tables.iter().any(|(table, rows)| table == "eaf.session" && !rows.is_empty()));
    for (table, rows) in tables {
        assert!(!rows.contains(&id) && !rows.contains(ACCESS_TOKEN), "{table}");
    }
}

async fn live(host: &TestHost, browser: &Browser<'_>) -> axum::response::Response {
    let cookie = format!("__Host-eaf-session={}", browser.session().expect("signed in"));
    let request = Request::get("/api/live?view=notes/notes").header("cookie", cookie).body(Body::empty()).unwrap();
    tower::ServiceExt::oneshot(crate::router(host.app.clone()), request).await.unwrap()
}
