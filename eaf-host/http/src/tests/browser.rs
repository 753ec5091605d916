//! A browser as far as signing in needs one: it keeps cookies and says where a request comes from.

use super::{Answer, House};
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use eaf_identity::testing::{ACCESS_TOKEN, Grant, TokenClaims};
use openidconnect::url::Url;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

pub struct Browser<'a> {
    pub house: &'a House,
    pub cookies: BTreeMap<String, String>,
    /// For whom its page was drawn: who signed in last.
    pub person: Option<String>,
}

/// A sign-in that has begun: what the provider was asked.
pub struct Begun {
    pub asked: HashMap<String, String>,
    pub answer: Answer,
}

impl<'a> Browser<'a> {
    pub fn new(house: &'a House) -> Self {
        Browser::with(house, BTreeMap::new())
    }

    pub fn with(house: &'a House, cookies: BTreeMap<String, String>) -> Self {
        Browser { house, cookies, person: None }
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
        let answer = self.house.send(request.body(body).expect("a request")).await;
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

    /// As the application's own pages send it.
    pub async fn post(&mut self, path: &str, body: Option<Value>) -> Answer {
        self.page("POST", path, &[], body).await
    }

    /// The same with any method and further headers.
    pub async fn page(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: Option<Value>) -> Answer {
        let (origin, person) = (self.house.app.config.origin.clone(), self.person.clone());
        let ours = [("eaf-csrf", "1"), ("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        let person = person.iter().map(|person| ("eaf-person", person.as_str()));
        let headers: Vec<_> = ours.into_iter().chain(person).chain(more.iter().copied()).collect();
        self.send(method, path, &headers, body).await
    }

    pub async fn begin(&mut self, path: &str) -> Begun {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let asked = Url::parse(answer.headers["location"].to_str().expect("ASCII")).expect("a URL");
        assert!(asked.as_str().starts_with(&format!("{}/authorize?", self.house.issuer.url)), "{asked}");
        Begun { asked: asked.query_pairs().into_owned().collect(), answer }
    }

    /// What a good provider says to this sign-in.
    pub fn token_claims(&self, begun: &Begun, who: &str) -> TokenClaims {
        let mut token_claims = self.house.issuer.token_claims(who, who.split_once('@').map(|(_, tenant)| tenant));
        token_claims.nonce = Some(begun.asked["nonce"].clone());
        token_claims.access_token = Some(ACCESS_TOKEN.into());
        token_claims.kind = Some("JWT");
        token_claims
    }

    pub fn code(&self, begun: &Begun, token_claims: &TokenClaims) -> String {
        self.house.issuer.grant(Grant {
            id_token: Some(self.house.issuer.sign(token_claims)),
            challenge: begun.asked["code_challenge"].clone(),
            redirect_uri: begun.asked["redirect_uri"].clone(),
        })
    }

    pub fn back(&self, begun: &Begun, code: &str) -> String {
        let (state, issuer) = (&begun.asked["state"], &self.house.issuer.url);
        format!("/auth/callback?code={code}&state={state}&iss={issuer}")
    }

    pub async fn finish(&mut self, begun: &Begun, token_claims: &TokenClaims) -> Answer {
        let code = self.code(begun, token_claims);
        self.get(&self.back(begun, &code)).await
    }

    /// Signed in as this person; the cookie's value.
    pub async fn sign_in(&mut self, who: &str) -> String {
        let begun = self.begin("/auth/sign-in").await;
        let answer = self.finish(&begun, &self.token_claims(&begun, who)).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        self.person = self.get("/api/session").await.json["actor"].as_str().map(str::to_owned);
        self.session().expect("a session").to_owned()
    }

    pub fn session(&self) -> Option<&str> {
        let name =
            if self.house.app.config.origin.starts_with("https:") { "__Host-eaf-session" } else { "eaf-session" };
        self.cookies.get(name).map(String::as_str)
    }

    /// The cookies of sign-ins that have begun.
    pub fn pending(&self) -> Vec<&str> {
        self.cookies.keys().map(String::as_str).filter(|name| name.contains("eaf-sign-in-")).collect()
    }
}

impl Answer {
    /// Status and code of a page for people, which must help: in words, with the trace id, with a way on, without a script.
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
