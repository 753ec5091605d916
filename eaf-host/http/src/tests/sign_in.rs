//! Sign-in with a browser: redirects, and all errors of a callback.

use super::TestHost;
use super::browser::Browser;
use eaf_core::id::TenantId;
use eaf_identity::testing::{Grant, TokenClaims};
use serde_json::json;
use std::sync::atomic::Ordering;
use time::Duration;

#[tokio::test]
async fn a_sign_in_returns_to_the_requested_path_with_a_session() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in?return_to=%2Frequests%2F4711%3Ftab%3Dsteps").await;
    for (member, value) in [
        ("response_type", "code"),
        ("client_id", "eaf"),
        ("code_challenge_method", "S256"),
        ("scope", "openid profile email"),
        ("redirect_uri", "https://eaf.example/auth/callback"),
    ] {
        assert_eq!(begun.asked[member], value);
    }
    assert!(begun.asked["state"].len() >= 43 && begun.asked["nonce"].len() >= 43);
    let pending = begun.answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(pending.starts_with("__Host-eaf-sign-in-"), "{pending}");
    assert!(pending.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure"), "{pending}");
    assert!(!pending.contains(&begun.asked["nonce"]) && !pending.contains(&begun.asked["state"]));

    let answer = browser.finish(&begun, &browser.token_claims(&begun, "requester@acme")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["location"]),
        (303, &"/requests/4711?tab=steps".parse().unwrap())
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-eaf-session=")).expect("a session");
    assert!(session.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{session}");
    assert!(browser.pending().is_empty(), "an attempt is used up");

    let session = browser.get("/api/session").await.json;
    assert_eq!((&session["via"], &session["tenant"]["slug"]), (&json!("session"), &json!("acme")));
    assert_eq!(session["roles"], json!(["requester"]));
    let expires = session["expires_at"].as_str().unwrap();
    let format = time::format_description::well_known::Rfc3339;
    let left = time::OffsetDateTime::parse(expires, &format).unwrap() - host.issuer.ambient.now();
    assert!(left > Duration::minutes(599) && left <= Duration::hours(10), "{left}");
}

#[tokio::test]
async fn without_https_cookie_names_have_no_prefix() {
    let host = TestHost::at("http://localhost:8080").await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    assert_eq!(begun.asked["redirect_uri"], "http://localhost:8080/auth/callback");
    let answer = browser.finish(&begun, &browser.token_claims(&begun, "admin@acme")).await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("eaf-session=")), "{cookies:?}");
    assert!(cookies.iter().all(|cookie| !cookie.contains("Secure") && cookie.contains("HttpOnly")), "{cookies:?}");
    assert!(!answer.headers.contains_key("strict-transport-security"));
    assert_eq!(browser.get("/api/session").await.status, 200);
}

#[tokio::test]
async fn an_operator_signs_in_and_sees_no_customer_data() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("operator").await;
    let session = browser.get("/api/session").await.json;
    assert_eq!((&session["kind"], &session["via"]), (&json!("operator"), &json!("session")));
    assert_eq!(browser.get("/api/host/tenants").await.status, 200);
    assert_eq!(browser.get("/api/host/audit").await.refusal(), (403, "no-tenant", vec![]));
}

#[tokio::test]
async fn a_return_path_to_another_host_is_refused_first() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    for bad in
        ["https://evil.example", "//evil.example", "/%5Cevil.example", "/%09/evil.example", "javascript:alert(1)"]
    {
        let bad = bad.replace('/', "%2F");
        let answer = browser.get(&format!("/auth/sign-in?return_to={bad}")).await;
        assert_eq!(answer.page(), (400, "return-to-refused".into(), "/".into()), "{bad}");
        assert!(!answer.headers.contains_key("location") && browser.cookies.is_empty(), "{bad}");
        assert!(!answer.text.contains("evil"), "{bad}");
    }
}

#[tokio::test]
async fn a_page_has_the_browsers_language() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let german = browser.send("GET", "/auth/callback", &[("accept-language", "de-DE,en;q=0.5")], None).await;
    assert!(
        german.text.contains("<html lang=\"de\">") && german.text.contains("Noch einmal anmelden"),
        "{}",
        german.text
    );
    assert_eq!(german.headers["content-language"], "de");
    let english = browser.get("/auth/callback").await;
    assert!(english.text.contains("<html lang=\"en\">") && english.text.contains("Sign in again"));
    assert_eq!(english.page(), (400, "sign-in-unknown".into(), "/auth/sign-in".into()));
}

type ClaimChange = fn(&mut TokenClaims);

/// Changes of one claim of a provider's valid ID token, each of which makes the token unacceptable.
fn changed_claims() -> Vec<(&'static str, ClaimChange)> {
    vec![
        ("another sign-in's nonce", |token_claims| token_claims.nonce = Some("nonce".into())),
        ("no nonce", |token_claims| token_claims.nonce = None),
        ("for another client", |token_claims| token_claims.audience = "billing".into()),
        ("also for somebody unknown", |token_claims| token_claims.further_audience = Some("billing".into())),
        ("by another issuer", |token_claims| token_claims.issuer = "https://login.example.org".into()),
        ("over", |token_claims| token_claims.lives = Duration::minutes(-5)),
        ("not yet valid", |token_claims| token_claims.not_before = Some(Duration::hours(1))),
        ("signed with another key", |token_claims| token_claims.key = (7, "one".into())),
        ("given to another party", |token_claims| token_claims.party = Some("billing".into())),
        ("with another access token", |token_claims| token_claims.access_token = Some("other".into())),
    ]
}

#[tokio::test]
async fn an_invalid_id_token_is_refused() {
    let host = TestHost::new().await;
    for (what, lie) in changed_claims() {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in?return_to=/vms").await;
        let mut token_claims = browser.token_claims(&begun, "admin@acme");
        lie(&mut token_claims);
        let answer = browser.finish(&begun, &token_claims).await;
        let (status, code) = match what {
            // The error is in the provider's configuration, so it affects every sign-in.
            "for another client" | "also for somebody unknown" | "by another issuer" => (500, "identity-misconfigured"),
            _ => (400, "sign-in-failed"),
        };
        assert_eq!(answer.page(), (status, code.into(), "/auth/sign-in?return_to=%2Fvms".into()), "{what}");
        assert!(browser.cookies.is_empty(), "{what}");
    }
    // Optional claims may be absent, and the host may be the authorized party.
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let mut token_claims = browser.token_claims(&begun, "admin@acme");
    (token_claims.access_token, token_claims.party) = (None, Some("eaf".into()));
    assert_eq!(browser.finish(&begun, &token_claims).await.status, 303);
}

#[tokio::test]
async fn a_response_without_an_id_token_is_refused() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let code = host.issuer.grant(Grant {
        id_token: None,
        challenge: begun.asked["code_challenge"].clone(),
        redirect_uri: begun.asked["redirect_uri"].clone(),
    });
    let answer = browser.get(&browser.back(&begun, &code)).await;
    assert_eq!(answer.page().1, "identity-misconfigured", "the scope openid is not allowed for the client");
}

#[tokio::test]
async fn a_response_names_its_issuer_if_the_provider_supports_it() {
    let host = TestHost::new().await;
    for iss in ["", "&iss=https://login.example.org", "&iss="] {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in").await;
        let code = browser.code(&begun, &browser.token_claims(&begun, "admin@acme"));
        let path = format!("/auth/callback?code={code}&state={}{iss}", begun.asked["state"]);
        assert_eq!(browser.get(&path).await.page().1, "sign-in-failed", "{iss}");
        assert!(browser.session().is_none());
    }
}

#[tokio::test]
async fn a_callback_works_once() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let held = browser.cookies.clone();
    let code = browser.code(&begun, &browser.token_claims(&begun, "admin@acme"));
    let path = browser.back(&begun, &code);
    assert_eq!(browser.get(&path).await.status, 303);
    let replayed = browser.get(&path).await;
    assert_eq!(replayed.page(), (400, "sign-in-unknown".into(), "/auth/sign-in".into()));
    assert_eq!(browser.get("/api/session").await.status, 200, "the session stands");
    // A copied cookie with another code does not call the provider again.
    let asked = host.issuer.exchanged.load(Ordering::SeqCst);
    for path in [path, browser.back(&begun, "guessed")] {
        let mut thief = Browser::with(&host, held.clone());
        assert_eq!(thief.get(&path).await.page(), (400, "sign-in-unknown".into(), "/auth/sign-in".into()));
        assert!(thief.cookies.is_empty());
    }
    assert_eq!(host.issuer.exchanged.load(Ordering::SeqCst), asked);
    host.issuer.clock.forward(Duration::minutes(11));
    assert_eq!(
        eaf_core::used_state::purge(&host.core.db, host.core.ambient.now()).await.unwrap(),
        1,
        "it is kept until it would be over"
    );
}

#[tokio::test]
async fn a_failed_sign_in_uses_up_its_state() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let begun = browser.begin("/auth/sign-in").await;
    let held = browser.cookies.clone();
    assert_eq!(browser.get(&browser.back(&begun, "wrong")).await.page().1, "sign-in-failed");
    for _ in 0..3 {
        let mut again = Browser::with(&host, held.clone());
        let code = again.code(&begun, &again.token_claims(&begun, "admin@acme"));
        assert_eq!(again.get(&again.back(&begun, &code)).await.page().1, "sign-in-unknown");
    }
    assert_eq!(host.issuer.exchanged.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn another_browsers_sign_in_cannot_be_completed() {
    let host = TestHost::new().await;
    let (mut attacker, mut victim) = (Browser::new(&host), Browser::new(&host));
    let begun = attacker.begin("/auth/sign-in").await;
    let code = attacker.code(&begun, &attacker.token_claims(&begun, "admin@acme"));
    victim.begin("/auth/sign-in").await;
    let answer = victim.get(&attacker.back(&begun, &code)).await;
    assert_eq!(answer.page().1, "sign-in-unknown");
    assert!(victim.session().is_none());
    // A code of another sign-in does not match the verifier.
    let own = victim.begin("/auth/sign-in").await;
    assert_eq!(victim.get(&victim.back(&own, &code)).await.page().1, "sign-in-failed");
}

#[tokio::test]
async fn a_sign_in_expires_after_ten_minutes() {
    let host = TestHost::new().await;
    for (minutes, status) in [(9, 303), (11, 400)] {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in").await;
        host.issuer.clock.forward(Duration::minutes(minutes));
        let answer = browser.finish(&begun, &browser.token_claims(&begun, "admin@acme")).await;
        assert_eq!(answer.status.as_u16(), status, "{minutes}");
    }
}

#[tokio::test]
async fn a_changed_or_moved_sign_in_cookie_is_refused() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let first = browser.begin("/auth/sign-in").await;
    let (name, value) = browser.cookies.pop_first().unwrap();
    let second = browser.begin("/auth/sign-in").await;
    let flipped = format!("{}{}", &value[..value.len() - 1], if value.ends_with('A') { "B" } else { "A" });
    for (name, value) in [(&name, flipped.as_str()), (&name, ""), (&name, "rubbish!"), (&second_name(&browser), &value)]
    {
        let mut browser = Browser::with(&host, [(name.clone(), value.to_owned())].into());
        for begun in [&first, &second] {
            let answer = browser.finish(begun, &browser.token_claims(begun, "admin@acme")).await;
            assert_eq!(answer.page().1, "sign-in-unknown", "{name}={value}");
        }
    }
}

fn second_name(browser: &Browser<'_>) -> String {
    browser.cookies.keys().next().unwrap().clone()
}

#[tokio::test]
async fn several_tabs_sign_in_at_once_up_to_a_limit() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let one = browser.begin("/auth/sign-in?return_to=/one").await;
    let two = browser.begin("/auth/sign-in?return_to=/two").await;
    for (begun, place) in [(&two, "/two"), (&one, "/one")] {
        let answer = browser.finish(begun, &browser.token_claims(begun, "admin@acme")).await;
        assert_eq!(answer.headers["location"], place);
    }
    let mut begun = Vec::new();
    for _ in 0..6 {
        begun.push(browser.begin("/auth/sign-in").await);
        host.issuer.clock.forward(Duration::seconds(1));
        assert_eq!(browser.pending().len(), begun.len().min(5));
    }
    assert_eq!(
        browser.finish(&begun[0], &browser.token_claims(&begun[0], "admin@acme")).await.page().1,
        "sign-in-unknown"
    );
    for begun in &begun[1..] {
        assert_eq!(
            browser.finish(begun, &browser.token_claims(begun, "admin@acme")).await.status,
            303,
            "the oldest went"
        );
    }
}

#[tokio::test]
async fn sign_in_cookies_stay_within_their_budget() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let long = format!("/requests?{}", "a".repeat(1_190));
    for number in 0..12 {
        let target = if number % 2 == 0 { long.as_str() } else { "/short" };
        let begun = browser.begin(&format!("/auth/sign-in?return_to={target}")).await;
        host.issuer.clock.forward(Duration::seconds(1));
        let headers = &begun.answer.headers;
        let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        assert!(head < 4_096 - 64, "nginx takes 4 KiB of headers from the host: {head}");
        let waiting = browser.cookies.iter().filter(|(name, _)| name.contains("eaf-sign-in-"));
        let cookies: usize = waiting.map(|(name, value)| name.len() + value.len() + 3).sum();
        assert!(cookies <= 3 * 1024, "{cookies}");
        let answer = browser.finish(&begun, &browser.token_claims(&begun, "admin@acme")).await;
        assert_eq!(answer.headers["location"], target);
        browser.begin(&format!("/auth/sign-in?return_to={target}")).await;
    }
    let short = browser.begin("/auth/sign-in").await.answer.headers["set-cookie"].len();
    assert!(short < 260, "{short}");
}

#[tokio::test]
async fn cookies_of_other_applications_do_not_prevent_a_sign_in() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let theirs = "theme=Gr\u{fc}n; \u{fc}=1";
    let with_theirs = async |browser: &Browser<'_>, path: &str| {
        let ours = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let line = [theirs.as_bytes(), b"; raw=\xfc; ", ours.as_bytes(), b"; last=\xff"].concat();
        let request = axum::http::Request::get(path).header("cookie", line);
        host.send(request.body(axum::body::Body::empty()).unwrap()).await
    };
    let begun = browser.begin("/auth/sign-in").await;
    let code = browser.code(&begun, &browser.token_claims(&begun, "admin@acme"));
    assert_eq!(with_theirs(&browser, &browser.back(&begun, &code)).await.status, 303);
    let mut browser = Browser::new(&host);
    browser.sign_in("admin@acme").await;
    assert_eq!(with_theirs(&browser, "/api/session").await.status, 200);
}

#[tokio::test]
async fn a_providers_refusal_is_shown_without_its_own_text() {
    let host = TestHost::new().await;
    for (error, expected) in [
        ("access_denied", (403, "sign-in-denied")),
        ("login_required", (400, "sign-in-failed")),
        ("%3Cscript%3E", (400, "sign-in-failed")),
        ("server_error", (503, "identity-unavailable")),
    ] {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in?return_to=/vms").await;
        let (state, iss) = (&begun.asked["state"], &host.issuer.url);
        let path = format!("/auth/callback?error={error}&error_description=canary%20%3Cb%3E&state={state}&iss={iss}");
        let answer = browser.get(&path).await;
        let (status, code, link) = answer.page();
        assert_eq!((status, code.as_str()), expected, "{error}");
        assert_eq!(link, "/auth/sign-in?return_to=%2Fvms");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn a_person_without_membership_gets_a_link_to_another_account() {
    let host = TestHost::new().await;
    let acme = TenantId::derive("acme");
    let auditor = host.core.directory.find_member(acme, &host.issuer.url, "auditor@acme").await.unwrap().unwrap();
    host.without_roles(&auditor).await;
    for (who, tenant) in [
        ("nobody@acme", Some("acme")),
        ("admin@acme", Some("globex")),
        ("admin@acme", Some("no-such-tenant")),
        ("admin@acme", None),
        ("auditor@acme", Some("acme")),
    ] {
        let mut browser = Browser::new(&host);
        let begun = browser.begin("/auth/sign-in").await;
        let mut token_claims = browser.token_claims(&begun, who);
        token_claims.tenant = tenant.map(Into::into);
        let answer = browser.finish(&begun, &token_claims).await;
        let (status, code, link) = answer.page();
        assert_eq!((status, code.as_str()), (403, "not-a-member"), "{who} {tenant:?}");
        let expected = format!(
            "{}/end-session?client_id=eaf&post_logout_redirect_uri=https%3A%2F%2Feaf.example%2F",
            host.issuer.url
        );
        assert_eq!(link, expected, "the provider would bring the same person back");
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn an_unreachable_provider_is_an_outage() {
    let host = TestHost::new().await;
    let mut provider = host.issuer.config();
    provider.issuer = "http://127.0.0.1:1".into();
    let mut app = host.app.clone();
    app.identity = std::sync::Arc::new(eaf_identity::Identity::new(&provider, host.issuer.ambient.clone()).unwrap());
    let request = axum::http::Request::get("/auth/sign-in").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(crate::router(app), request).await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn each_sign_in_creates_a_session_and_ends_the_previous_one() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    let first = browser.sign_in("requester@acme").await;
    let before = browser.cookies.clone();
    let second = browser.sign_in("admin@acme").await;
    assert_ne!(first, second);
    assert_eq!(browser.get("/api/session").await.json["roles"], json!(["admin"]));
    let mut former = Browser::with(&host, before);
    assert_eq!(former.get("/api/session").await.code(), "session-expired");
    // A planted session id is not reused.
    let planted = "A".repeat(43);
    let mut browser = Browser::with(&host, [("__Host-eaf-session".into(), planted.clone())].into());
    assert_ne!(browser.sign_in("admin@acme").await, planted);
}

#[tokio::test]
async fn sign_in_and_sign_out_are_in_the_tenants_audit() {
    let host = TestHost::new().await;
    let mut browser = Browser::new(&host);
    browser.sign_in("admin@acme").await;
    assert_eq!(browser.post("/auth/sign-out", None).await.status, 200);
    let audit = host.get("admin@acme", "/api/host/audit").await.json;
    let acts: Vec<_> = audit["items"].as_array().unwrap().iter().map(|item| item["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["sign-out", "sign-in"]);
    let foreign = host.get("admin@globex", "/api/host/audit").await.json;
    assert_eq!(foreign["items"], json!([]));
}
