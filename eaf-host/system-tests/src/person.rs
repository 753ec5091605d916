//! Person with a token who calls the API. All answers are recorded for the canary search.

use crate::canary::Heard;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone)]
pub struct Person {
    pub base: String,
    /// Account of the token; `None` for a token that the host does not accept.
    pub account: Option<&'static str>,
    pub token: String,
    pub client: Client,
    pub heard: Arc<Heard>,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// Returns the body of a successful answer; panics and shows the answer if it is an error.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {:#}", self.status, self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        self.body
    }
}

impl Person {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let path = &request.url().as_str()[self.base.len()..];
        let asked = format!("{} {path} {}", request.method(), String::from_utf8_lossy(body));
        let response = self.client.execute(request).await.expect("the host answers");
        let (status, mut headers) = (response.status(), response.headers().clone());
        for of_this_answer in ["date", "traceparent", "x-trace-id"] {
            headers.remove(of_this_answer);
        }
        let text = response.text().await.expect("the answer arrives whole");
        self.heard.remember(self.account, asked, format!("{headers:?}\n{text}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, body }
    }

    pub async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    pub async fn command(&self, name: &str, body: Value) -> Answer {
        self.call(Method::POST, &format!("/api/dcm/commands/{name}"), None, Some(&body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None).await
    }

    pub async fn item(&self, view: &str, key: &str) -> Answer {
        self.get(&format!("/api/dcm/views/{view}/{key}")).await
    }

    /// Subscribes to the live updates of these views, until the host ends.
    pub async fn listen(&self, views: &[&str]) {
        let query: Vec<String> = views.iter().map(|view| format!("view=dcm/{view}")).collect();
        let path = format!("/api/live?{}", query.join("&"));
        let mut response = self.request(Method::GET, &path).send().await.expect("the host answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        let (heard, account) = (self.heard.clone(), self.account);
        tokio::spawn(async move {
            while let Ok(Some(bytes)) = response.chunk().await {
                heard.remember(account, format!("GET {path}"), String::from_utf8_lossy(&bytes).into_owned());
            }
        });
    }
}
