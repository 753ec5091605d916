//! Tests of the identity provider as a client sees it: discovery, keys, code exchange, and every
//! misuse of a code.

use super::*;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::url::{Url, form_urlencoded};
use openidconnect::{ClientId, JsonWebKeySet, Nonce};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

const ADDRESS: &str = "http://localhost:4711";
const SECRET: &str = "s&cret of the client";
const BACK: &str = "http://localhost:8080/back";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-1";

fn provider() -> Router {
    router(Issuer::new(ADDRESS, [7; 32], SECRET.into()).expect("a provider"))
}

async fn ask(app: &Router, request: axum::http::request::Builder, body: String) -> (StatusCode, HeaderValue, String) {
    let request = request.header("host", "localhost:4711").body(Body::from(body)).expect("a request");
    let response = app.clone().oneshot(request).await.expect("infallible");
    let status = response.status();
    let location = response.headers().get("location").cloned().unwrap_or(HeaderValue::from_static(""));
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, location, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

async fn get(app: &Router, path: &str) -> (StatusCode, HeaderValue, String) {
    ask(app, Request::get(path), String::new()).await
}

async fn post_token(app: &Router, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
    let (status, _, body) = ask(app, request, form).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

fn authorize(account: &str, redirect: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "eaf"),
            ("redirect_uri", redirect),
            ("code_challenge_method", "S256"),
            ("code_challenge", &challenge),
            ("nonce", "n-1"),
            ("state", "s-1"),
            ("account", account),
        ])
        .finish();
    format!("/authorize?{query}")
}

async fn code(app: &Router) -> String {
    let (status, location, _) = get(app, &authorize("requester@acme", BACK)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let location = Url::parse(location.to_str().expect("ASCII")).expect("a URL");
    let members: HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(members["state"], "s-1");
    members["code"].clone()
}

fn exchange<'a>(code: &'a str, verifier: &'a str, redirect: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect),
        ("client_id", CLIENT_ID),
        ("client_secret", SECRET),
    ]
}

async fn verifier(app: &Router) -> CoreIdTokenVerifier<'static> {
    let (_, _, keys) = get(app, "/jwks").await;
    let keys: JsonWebKeySet<_> = serde_json::from_str(&keys).expect("a key set");
    let issuer = IssuerUrl::new(ADDRESS.into()).expect("a URL");
    CoreIdTokenVerifier::new_public_client(ClientId::new(AUDIENCE.into()), issuer, keys)
        .set_allowed_algs([CoreJwsSigningAlgorithm::EdDsa])
}

#[tokio::test]
async fn discovery_names_every_endpoint() {
    let (status, _, body) = get(&provider(), "/.well-known/openid-configuration").await;
    assert_eq!(status, StatusCode::OK);
    let metadata: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(metadata["issuer"], ADDRESS);
    for (member, path) in [
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "token"),
        ("jwks_uri", "jwks"),
        ("end_session_endpoint", "end-session"),
    ] {
        assert_eq!(metadata[member], format!("{ADDRESS}/{path}"));
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_that_a_client_can_verify() {
    let app = provider();
    let code = code(&app).await;
    let (status, answer) = post_token(&app, &exchange(&code, VERIFIER, BACK)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let token: CoreIdToken = serde_json::from_value(answer["id_token"].clone()).expect("an id token");
    let claims = token.claims(&verifier(&app).await, &Nonce::new("n-1".into())).expect("verified");
    assert_eq!(claims.subject().as_str(), "requester@acme");
    let payload = answer["access_token"].as_str().expect("text").split('.').nth(1).expect("three parts").to_string();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON");
    assert_eq!((&payload["eaf_tenant"], &payload["client_id"]), (&Value::from("acme"), &Value::from("eaf")));
    assert_eq!(claims.email().map(|email| email.as_str()), Some("lena.hoffmann@acme.example"));
    assert_eq!(claims.locale().map(|locale| locale.as_ref()), Some("de"));
}

#[tokio::test]
async fn a_code_is_valid_once_and_only_for_its_client() {
    let app = provider();
    let used = code(&app).await;
    assert_eq!(post_token(&app, &exchange(&used, VERIFIER, BACK)).await.0, StatusCode::OK);
    for (code, verifier, redirect) in [
        (used, VERIFIER, BACK),
        (code(&app).await, "another-verifier-of-forty-three-characters-1", BACK),
        (code(&app).await, VERIFIER, "http://localhost:8080/elsewhere"),
    ] {
        let (status, answer) = post_token(&app, &exchange(&code, verifier, redirect)).await;
        assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &Value::from("invalid_grant")));
    }
}

#[tokio::test]
async fn a_client_sends_its_secret_either_in_the_header_or_in_the_form() {
    use base64::engine::general_purpose::STANDARD;
    let app = provider();
    let ask_token = async |form: Vec<(&str, &str)>, authorization: Option<String>| {
        let code = code(&app).await;
        let all = exchange(&code, VERIFIER, BACK);
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&all[..4]).extend_pairs(form).finish();
        let request = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
        let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        let (status, _, body) = ask(&app, request, form).await;
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        (status.as_u16(), answer["error"].as_str().unwrap_or("none").to_owned())
    };
    let basic = |text: &str| Some(format!("Basic {}", STANDARD.encode(text)));
    let good = "eaf:s%26cret+of+the+client";
    assert_eq!(ask_token(vec![], basic(good)).await, (200, "none".into()));
    assert_eq!(ask_token(vec![("client_id", "eaf")], basic(good)).await, (200, "none".into()));
    assert_eq!(ask_token(vec![("client_id", "eaf"), ("client_secret", SECRET)], None).await, (200, "none".into()));
    for (form, authorization) in [
        (vec![], None),
        (vec![("client_id", "eaf")], None),
        (vec![("client_id", "eaf"), ("client_secret", "wrong")], None),
        (vec![("client_id", "other"), ("client_secret", SECRET)], None),
        (vec![], basic("eaf:wrong")),
        (vec![], basic("other:s%26cret+of+the+client")),
        (vec![("client_id", "eaf"), ("client_secret", SECRET)], basic(good)),
        (vec![("client_id", "other")], basic(good)),
    ] {
        assert_eq!(ask_token(form.clone(), authorization).await, (401, "invalid_client".into()), "{form:?}");
    }
}

#[tokio::test]
async fn signing_out_redirects_to_this_machine_only() {
    let app = provider();
    let to = |client: &str, back: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", client), ("post_logout_redirect_uri", back), ("state", "s-1")])
            .finish();
        format!("/end-session?{query}")
    };
    let (status, location, _) = get(&app, &to("eaf", "http://localhost:8080/")).await;
    assert_eq!((status.as_u16(), location.to_str().expect("ASCII")), (303, "http://localhost:8080/?state=s-1"));
    for (client, back) in
        [("other", BACK), ("", BACK), ("eaf", "https://evil.example/"), ("eaf", "javascript:alert(1)")]
    {
        let (status, location, _) = get(&app, &to(client, back)).await;
        assert_eq!((status, location.len()), (StatusCode::BAD_REQUEST, 0), "{client} {back}");
    }
    let (status, _, page) = get(&app, "/end-session").await;
    assert!(status == StatusCode::OK && page.contains("Signed out") && page.contains("Abgemeldet"), "{page}");
}

#[tokio::test]
async fn an_unknown_client_gets_no_page_and_no_code() {
    let path = authorize("requester@acme", BACK).replace("client_id=eaf", "client_id=other");
    let (status, location, _) = get(&provider(), &path).await;
    assert_eq!((status, location.len()), (StatusCode::BAD_REQUEST, 0));
}

#[tokio::test]
async fn a_code_needs_pkce_and_a_redirect_to_this_machine() {
    let app = provider();
    for elsewhere in ["https://evil.example/back", "http://localhost.evil.example/", "javascript:alert(1)", ""] {
        let (status, location, _) = get(&app, &authorize("requester@acme", elsewhere)).await;
        assert_eq!((status, location.len()), (StatusCode::BAD_REQUEST, 0), "{elsewhere}");
    }
    let without = authorize("requester@acme", BACK).replace("S256", "plain");
    let (_, location, _) = get(&app, &without).await;
    let location = location.to_str().expect("ASCII");
    assert!(location.contains("error=invalid_request") && !location.contains("code="), "{location}");
}

#[tokio::test]
async fn the_page_lists_every_person_and_escapes_its_input() {
    let app = provider();
    let path = authorize("x", BACK).replace("&account=x", "").replace("s-1", "%22%3E%3Cscript%3E");
    let (status, _, page) = get(&app, &path).await;
    assert_eq!(status, StatusCode::OK);
    for account in accounts::all() {
        assert!(page.contains(&account.display_name()), "{}", account.name);
    }
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn the_command_line_grant_accepts_only_known_accounts() {
    let app = provider();
    let grant = ("grant_type", token::ACCOUNT_GRANT);
    assert_eq!(post_token(&app, &[grant, ("account", "operator")]).await.0, StatusCode::OK);
    for account in ["root", "", "requester"] {
        assert_eq!(post_token(&app, &[grant, ("account", account)]).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn another_host_name_is_rejected() {
    let request = Request::get("/jwks").header("host", "evil.example:4711").body(Body::empty()).expect("a request");
    let response = provider().oneshot(request).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
}
