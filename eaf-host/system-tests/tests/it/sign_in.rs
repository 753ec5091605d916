//! Tests of the sign-in with a browser at the real host and the development provider, and of
//! attacks on the sign-in.

use eaf_system_tests::browser::{Browser, Page};
use eaf_system_tests::system::{CLIENT_SECRET, System, offering, wish};
use reqwest::Method;
use serde_json::json;

/// Public address with https; the identity provider redirects only to localhost.
const HTTPS: &str = "https://localhost:8443";
const HTTP: &str = "http://localhost:8080";

#[track_caller]
fn helps(page: &Page, status: u16, code: &str) {
    assert_eq!(page.status, status, "{}", page.text);
    assert!(page.text.contains(&format!("<code>{code}</code>")), "{}", page.text);
    assert!(
        page.text.contains("<h1>") && page.text.contains("<a href=\"") && page.text.contains("Trace"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<script"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_survives_sign_in() {
    for public_url in [HTTPS, HTTP] {
        let system = System::at(public_url).await;
        let mut admin = Browser::new(&system);
        admin.sign_in("admin@acme", "/").await;
        admin.call(Method::POST, "/api/dcm/commands/define-offering", Some(&offering())).await.ok();

        let mut requester = Browser::new(&system);
        requester.get("/api/session").await.refused(401, "token-missing");
        let page = requester.sign_in("requester@acme", "/requests/4711?tab=steps&q=a%20b").await;
        assert_eq!(page.address.as_str(), format!("{public_url}/requests/4711?tab=steps&q=a%20b"));
        let session = requester.get("/api/session").await.ok();
        assert_eq!((&session["via"], &session["name"]), (&json!("session"), &json!("Lena Hoffmann")));
        let answer = requester.call(Method::POST, "/api/dcm/commands/request-vm", Some(&wish("web-01"))).await.ok();
        let request = answer["subject"]["key"].as_str().unwrap();
        let after = answer["position"].as_str().unwrap();
        requester.get(&format!("/api/dcm/views/requests/{request}?after={after}")).await.ok();

        // A person of another tenant sees only their own tenant.
        let mut foreigner = Browser::new(&system);
        foreigner.sign_in("requester@globex", "/").await;
        assert_eq!(foreigner.get("/api/session").await.ok()["tenant"]["slug"], "globex");
        foreigner.get(&format!("/api/dcm/views/requests/{request}")).await.refused(404, "not-found");
        assert_eq!(foreigner.get("/api/dcm/views/requests").await.ok()["items"], json!([]));

        let mut operator = Browser::new(&system);
        operator.sign_in("operator", "/operator/tenants").await;
        operator.get("/api/host/tenants").await.ok();
        operator.get("/api/dcm/views/requests").await.refused(403, "no-tenant");
        system.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_foreign_or_expired_session_is_refused() {
    let (system, elsewhere) = (System::at(HTTPS).await, System::at(HTTPS).await);
    let mut foreign = Browser::new(&elsewhere);
    foreign.sign_in("requester@acme", "/").await;
    let mut browser = Browser::new(&system);
    browser.sign_in("requester@acme", "/").await;
    let good = browser.session().unwrap();
    let flipped = format!("{}{}", if good.starts_with('A') { "B" } else { "A" }, &good[1..]);
    for bad in [flipped, foreign.session().unwrap(), String::new(), "A".repeat(4000)] {
        browser.cookies.insert("__Host-eaf-session".into(), bad);
        browser.get("/api/session").await.refused(401, "session-expired");
        assert!(browser.cookies.is_empty(), "the cookie goes");
    }
    for age in ["seen_at = seen_at - interval '61 minutes'", "expires_at = expires_at - interval '10 hours'"] {
        browser.sign_in("requester@acme", "/").await;
        browser.get("/api/session").await.ok();
        system.database.run(&format!("update eaf.session set {age}")).await;
        browser.get("/api/session").await.refused(401, "session-expired");
    }
    // Signing in again returns to the same page.
    let page = browser.sign_in("requester@acme", "/vms").await;
    assert_eq!(page.address.path(), "/vms");
    system.finish().await;
    elsewhere.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_another_site_changes_nothing() {
    let system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    browser.sign_in("admin@acme", "/").await;
    let path = "/api/dcm/commands/define-offering";
    for headers in [
        &[("origin", HTTPS)][..],
        &[("eaf-csrf", "1")],
        &[("eaf-csrf", "1"), ("origin", "https://evil.example")],
        &[("eaf-csrf", "1"), ("origin", "null")],
        &[("eaf-csrf", "1"), ("origin", HTTPS), ("sec-fetch-site", "cross-site")],
    ] {
        browser.call_as(Method::POST, path, headers, Some(&offering())).await.refused(403, "csrf");
        let sign_out = browser.call_as(Method::POST, "/auth/sign-out", headers, None).await;
        sign_out.refused(403, "csrf");
    }
    assert_eq!(browser.get("/api/dcm/views/offerings").await.ok()["items"], json!([]));
    browser.call(Method::POST, path, Some(&offering())).await.ok();
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_redirects_to_no_other_site() {
    let system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    for bad in [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "/\r\nset-cookie:x=y",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "evil.example",
        "/auth/sign-in",
        "/x/../auth/sign-in",
    ] {
        let query = reqwest::Url::parse_with_params("http://x/", [("return_to", bad)]).unwrap();
        let page = browser.open(&format!("/auth/sign-in?{}", query.query().unwrap())).await;
        helps(&page, 400, "return-to-refused");
        assert!(page.address.as_str().starts_with(HTTPS) && browser.cookies.is_empty(), "{bad:?}");
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_works_once_and_only_in_the_browser_that_began_the_sign_in() {
    let system = System::at(HTTPS).await;
    let (mut browser, mut other) = (Browser::new(&system), Browser::new(&system));
    let page = browser.ask_provider("/vms").await;
    let held = browser.cookies.clone();
    let back = browser.pick(&page, "requester@acme").await;

    helps(&other.open(back.as_str()).await, 400, "sign-in-unknown");
    other.ask_provider("/").await;
    helps(&other.open(back.as_str()).await, 400, "sign-in-unknown");
    assert!(other.session().is_none());

    assert_eq!(browser.open(back.as_str()).await.address.path(), "/vms");
    helps(&browser.open(back.as_str()).await, 400, "sign-in-unknown");
    browser.get("/api/session").await.ok();
    // Even the cookies of that time do not help: the host has marked the state as used.
    other.cookies = held;
    helps(&other.open(back.as_str()).await, 400, "sign-in-unknown");
    assert!(other.session().is_none());

    // A cookie that was changed is not accepted.
    let mut tampered = Browser::new(&system);
    let page = tampered.ask_provider("/").await;
    let back = tampered.pick(&page, "requester@acme").await;
    for value in tampered.cookies.values_mut() {
        let end = value.pop();
        value.push(if end == Some('A') { 'Q' } else { 'A' });
    }
    helps(&tampered.open(back.as_str()).await, 400, "sign-in-unknown");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_provider_and_an_unknown_person_get_a_page() {
    let system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    let page = browser.ask_provider("/vms").await;
    let back = browser.pick(&page, "nobody-of-this-name").await;
    assert!(back.as_str().contains("error=access_denied"), "{back}");
    let page = browser.open(back.as_str()).await;
    helps(&page, 403, "sign-in-denied");
    assert!(page.text.contains("/auth/sign-in?return_to=%2Fvms"), "{}", page.text);

    system.database.run("update eaf.member set roles = '{}'").await;
    let page = browser.sign_in("requester@acme", "/").await;
    helps(&page, 403, "not-a-member");
    assert!(page.text.contains(&format!("{}/end-session?", system.issuer)), "{}", page.text);
    assert!(browser.cookies.is_empty());
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_redirects_to_the_provider() {
    let system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    browser.sign_in("requester@acme", "/").await;
    let kept = browser.cookies.clone();
    let answer = browser.call(Method::POST, "/auth/sign-out", None).await.ok();
    let location = answer["location"].as_str().unwrap().to_owned();
    let page = browser.open(&location).await;
    let form = format!("<form method=\"post\" action=\"{}/end-session\"><input", system.issuer);
    assert!(page.text.contains(&form) && page.text.contains("id_token_hint"), "{}", page.text);
    let page = browser.send_form(&page).await;
    assert_eq!(page.address.as_str(), format!("{HTTPS}/"));
    browser.get("/api/session").await.refused(401, "token-missing");
    browser.cookies = kept;
    browser.get("/api/session").await.refused(401, "session-expired");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sign_in_starts_a_new_session_and_ends_the_previous_one() {
    let mut system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    browser.sign_in("requester@acme", "/").await;
    let first = browser.cookies.clone();
    browser.sign_in("approver@acme", "/").await;
    assert_ne!(browser.cookies, first);
    assert_eq!(browser.get("/api/session").await.ok()["name"], "James Carter");
    let mut former = Browser::new(&system);
    former.cookies = first;
    former.get("/api/session").await.refused(401, "session-expired");
    // Sessions are stored in the database and survive the host.
    system.kill_host().await;
    system.start_host().await;
    browser.get("/api/session").await.ok();
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_session_ids_are_not_exposed() {
    let system = System::at(HTTPS).await;
    let mut browser = Browser::new(&system);
    let page = browser.ask_provider("/vms").await;
    let pending: Vec<String> = browser.cookies.values().cloned().collect();
    let back = browser.pick(&page, "requester@acme").await;
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    browser.open(back.as_str()).await;
    browser.get("/api/session").await.ok();
    let id = browser.session().unwrap();
    browser.call(Method::POST, "/auth/sign-out", None).await.ok();
    browser.sign_in("requester@acme", "/").await;
    let live = browser.session().unwrap();

    // Every JWT begins with `eyJ`.
    assert!(browser.seen.contains("eaf-session=") && !browser.seen.contains("eyJ"), "a token reached the browser");
    let logs = system.logs();
    assert!(logs.contains("/auth/callback"), "the routes are in the log");
    for secret in [&id, &live, &code, &pending[0], CLIENT_SECRET, "eyJ", "requester@acme"] {
        assert!(!logs.contains(secret), "{secret} is in the logs");
        for (table, rows) in system.database.dump().await {
            assert!(table.starts_with("eaf.package") || !rows.contains(secret), "{secret} is in {table}");
        }
    }
    system.finish().await;
}
