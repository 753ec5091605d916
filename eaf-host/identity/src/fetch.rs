//! Requests to the identity provider: no redirects, small answers, short time-outs, and JSON only.
//!
//! A redirect would let the server at the issuer's address choose another one, so none is followed.
//! Gateways and login proxies answer with HTML, an empty body or a redirect: each is a separate
//! error, because some of these failures end by themselves and others need a repair.

use super::provider_error;
use openidconnect::http::{HeaderValue, StatusCode, header};
use openidconnect::{HttpRequest, HttpResponse};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tracing::Instrument;

const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 512 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    #[error("the request is not one that can be sent")]
    Request(#[source] reqwest::Error),
    #[error("the identity provider did not answer")]
    Send(#[source] reqwest::Error),
    #[error("the identity provider's answer broke off")]
    Body(#[source] reqwest::Error),
    #[error("the identity provider's answer is larger than {LARGEST_ANSWER} bytes")]
    TooLarge,
    #[error("the identity provider, or what stands before it, cannot answer at the moment (status {status})")]
    Overloaded { status: StatusCode },
    #[error("the answer leads elsewhere (status {status}), and redirects are not followed")]
    Redirect { status: StatusCode },
    #[error("the answer (status {status}) is not JSON but {content}")]
    NotJson { status: StatusCode, content: String },
    #[error("the answer has the status {status}")]
    Status { status: StatusCode },
}

impl Error {
    /// True for an outage: a failure that ends without a change of settings.
    pub fn is_outage(&self) -> bool {
        match self {
            Error::Send(_) | Error::Body(_) | Error::Overloaded { .. } => true,
            // A page with a success status is a gateway's, such as one about maintenance, and ends
            // by itself; a refusal (4xx) does not.
            Error::NotJson { status, .. } => status.is_success(),
            Error::Client(_) | Error::Request(_) | Error::TooLarge | Error::Redirect { .. } | Error::Status { .. } => {
                false
            }
        }
    }
}

#[derive(Clone)]
pub struct Client(reqwest::Client);

impl Client {
    pub fn new() -> Result<Self, Error> {
        // The installation may be repeated: an error means that the process has a TLS provider
        // already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map(Client)
            .map_err(Error::Client)
    }

    /// Fetches a JSON document that must exist, so that any status but success is an error.
    pub async fn document(&self, address: &str) -> Result<Value, Error> {
        let request = self.0.get(address).header(header::ACCEPT, "application/json").build().map_err(Error::Request)?;
        let (answer, value) = Self::fetch(self.0.clone(), request).await?;
        if !answer.status().is_success() {
            return Err(Error::Status { status: answer.status() });
        }
        Ok(value)
    }

    async fn fetch(client: reqwest::Client, request: reqwest::Request) -> Result<(HttpResponse, Value), Error> {
        let server = request.url().host_str().unwrap_or_default();
        let span =
            tracing::info_span!("identity_provider", method = request.method().as_str(), server_address = server);
        let mut answer = client.execute(request).instrument(span).await.map_err(Error::Send)?;
        let status = answer.status();
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            return Err(Error::Overloaded { status });
        }
        if status.is_redirection() {
            return Err(Error::Redirect { status });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Error::Body)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let Ok(value) = serde_json::from_slice(&body) else {
            let content = content(answer.headers().get(header::CONTENT_TYPE), &body);
            return Err(Error::NotJson { status, content });
        };
        let mut response = HttpResponse::new(body);
        *response.status_mut() = status;
        // JSON is accepted even if the provider announces another content type, such as plain text.
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok((response, value))
    }
}

/// Describes an answer that is not JSON, for the log: by its content type, or as empty.
fn content(announced: Option<&HeaderValue>, body: &[u8]) -> String {
    if body.is_empty() {
        return "empty".into();
    }
    let announced = announced.map(|value| provider_error::cleaned(&String::from_utf8_lossy(value.as_bytes())));
    announced.unwrap_or_else(|| "of no announced type".into())
}

impl<'c> openidconnect::AsyncHttpClient<'c> for Client {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(Error::Request)?;
            Self::fetch(client, request).await.map(|(response, _)| response)
        })
    }
}
