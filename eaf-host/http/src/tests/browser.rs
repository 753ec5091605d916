//! Browser for the sign-in tests, which stores cookies and sends the headers of the application's
//! pages.

use super::{Answer, TestHost};
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use eaf_identity::testing::{ACCESS_TOKEN, Grant, TokenClaims};
use openidconnect::url::Url;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

pub struct Browser<'a> {
    pub host: &'a TestHost,
    pub cookies: BTreeMap<String, String>,
    /// Person whom the browser's page shows: the last one who signed in; `None` before the first
    /// sign-in.
    pub person: Option<String>,
}

/// Sign-in in progress: the parameters with which the host sends the browser to the provider, and
/// the host's response.
pub struct Begun {
    pub asked: HashMap<String, String>,
    pub answer: Answer,
}

impl<'a> Browser<'a> {
    pub fn new(host: &'a TestHost) -> Self {
        Browser::with(host, BTreeMap::new())
    }

    pub fn with(host: &'a TestHost, cookies: BTreeMap<String, String>) -> Self {
        Browser { host, cookies, person: None }
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", line.join("; "));
        }
        request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let answer = self.host.send(request.body(body).expect("a request")).await;
        self.keep(&answer.headers);
        answer
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("ASCII");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    /// Sends a POST as the application's pages do.
    pub async fn post(&mut self, path: &str, body: Option<Value>) -> Answer {
        self.page("POST", path, &[], body).await
    }

    /// Sends a request as the application's pages do, with further headers.
    pub async fn page(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: Option<Value>) -> Answer {
        let (origin, person) = (self.host.app.config.origin.clone(), self.person.clone());
        let ours = [("eaf-csrf", "1"), ("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        let person = person.iter().map(|person| ("eaf-person", person.as_str()));
        let headers: Vec<_> = ours.into_iter().chain(person).chain(more.iter().copied()).collect();
        self.send(method, path, &headers, body).await
    }

    pub async fn begin(&mut self, path: &str) -> Begun {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let asked = Url::parse(answer.headers["location"].to_str().expect("ASCII")).expect("a URL");
        assert!(asked.as_str().starts_with(&format!("{}/authorize?", self.host.issuer.url)), "{asked}");
        Begun { asked: asked.query_pairs().into_owned().collect(), answer }
    }

    /// Claims that a valid provider returns for this sign-in.
    pub fn token_claims(&self, begun: &Begun, who: &str) -> TokenClaims {
        let mut token_claims = self.host.issuer.token_claims(who, who.split_once('@').map(|(_, tenant)| tenant));
        token_claims.nonce = Some(begun.asked["nonce"].clone());
        token_claims.access_token = Some(ACCESS_TOKEN.into());
        token_claims.kind = Some("JWT");
        token_claims
    }

    pub fn code(&self, begun: &Begun, token_claims: &TokenClaims) -> String {
        self.host.issuer.grant(Grant {
            id_token: Some(self.host.issuer.sign(token_claims)),
            challenge: begun.asked["code_challenge"].clone(),
            redirect_uri: begun.asked["redirect_uri"].clone(),
        })
    }

    pub fn back(&self, begun: &Begun, code: &str) -> String {
        let (state, issuer) = (&begun.asked["state"], &self.host.issuer.url);
        format!("/auth/callback?code={code}&state={state}&iss={issuer}")
    }

    pub async fn finish(&mut self, begun: &Begun, token_claims: &TokenClaims) -> Answer {
        let code = self.code(begun, token_claims);
        self.get(&self.back(begun, &code)).await
    }

    /// Signs in as this person and returns the value of the session cookie.
    pub async fn sign_in(&mut self, who: &str) -> String {
        let begun = self.begin("/auth/sign-in").await;
        let answer = self.finish(&begun, &self.token_claims(&begun, who)).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        self.person = self.get("/api/session").await.json["actor"].as_str().map(str::to_owned);
        self.session().expect("a session").to_owned()
    }

    pub fn session(&self) -> Option<&str> {
        let name = if self.host.app.config.origin.starts_with("https:") { "__Host-eaf-session" } else { "eaf-session" };
        self.cookies.get(name).map(String::as_str)
    }

    /// Names of the browser's cookies for sign-ins in progress.
    pub fn pending(&self) -> Vec<&str> {
        self.cookies.keys().map(String::as_str).filter(|name| name.contains("eaf-sign-in-")).collect()
    }
}

impl Answer {
    /// Status, problem code and link of a page for a failed sign-in. Checks that the page has a
    /// heading and the trace id, and no script.
    #[track_caller]
    pub fn page(&self) -> (u16, String, String) {
        assert_eq!(self.headers["content-type"], "text/html; charset=utf-8", "{}", self.text);
        assert!(self.text.contains("<h1>") && !self.text.contains("<script"), "{}", self.text);
        assert!(self.text.contains(self.headers["x-trace-id"].to_str().expect("ASCII")), "{}", self.text);
        let between = |start: &str, end: &str| {
            let rest = self.text.split_once(start).expect("the page has it").1;
            rest.split_once(end).expect("the page ends it").0.replace("&amp;", "&")
        };
        (self.status.as_u16(), between("<code>", "</code>"), between("<a href=\"", "\""))
    }
}
