//! Somebody with a token, and what they can do over HTTP.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

#[derive(Clone)]
pub struct Person {
    pub base: String,
    pub token: String,
    pub client: Client,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body of a success; a refusal fails the test and shows itself.
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
    pub async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("the host answers");
        let status = response.status();
        let text = response.text().await.expect("the answer arrives whole");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, body }
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
}
