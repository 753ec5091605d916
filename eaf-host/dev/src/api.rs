//! Client of the demo's public API, which acts as one person.

use crate::ports::Ports;
use crate::{env, token};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Token(#[from] token::Error),
    #[error("{what} was not answered")]
    Send {
        what: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("{what} was refused with {status}: {problem}")]
    Refused { what: String, status: u16, problem: String },
    #[error("the answer to {what} has no {member}")]
    Member { what: String, member: &'static str },
}

pub struct Api {
    client: reqwest::Client,
    address: String,
    token: String,
}

/// Row or stream that a command created or changed.
pub struct Subject {
    pub key: String,
    /// Position of the command's last event in the log; a query waits until the view has reached
    /// it.
    pub position: String,
}

impl Api {
    pub async fn of(ports: &Ports, account: &str) -> Result<Api, Error> {
        let token = token::fetch(ports.idp, account).await?;
        Ok(Api { client: reqwest::Client::new(), address: env::web(ports), token })
    }

    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.send(path, self.call(Method::GET, path)).await
    }

    /// Puts a resource. `body` is `Null` for a resource without content.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let call = self.call(Method::PUT, path);
        self.send(path, if body.is_null() { call } else { call.json(body) }).await
    }

    /// Sends a command. A repetition with the same idempotency key has no further effect.
    pub async fn command(&self, command: &str, idempotency_key: &str, body: &Value) -> Result<Subject, Error> {
        let call = self.call(Method::POST, &format!("/api/dcm/commands/{command}"));
        let answer = self.send(command, call.header("Idempotency-Key", idempotency_key).json(body)).await?;
        let key = answer.pointer("/subject/key").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Subject { key, position: answer["position"].as_str().unwrap_or_default().to_owned() })
    }

    /// Row of one of DCM's views, not older than `position`.
    pub async fn row(&self, view: &str, key: &str, position: &str) -> Result<Value, Error> {
        self.get(&format!("/api/dcm/views/{view}/{key}?after={position}")).await
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token)
    }

    async fn send(&self, what: &str, request: RequestBuilder) -> Result<Value, Error> {
        let failed = |cause| Error::Send { what: what.to_string(), cause };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let body = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Error::Refused { what: what.to_string(), status: status.as_u16(), problem: body });
        }
        Ok(serde_json::from_str(&body).unwrap_or_default())
    }
}
