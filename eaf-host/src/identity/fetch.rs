//! The one way in which the identity provider is asked: no redirects, small answers, little patience.
//!
//! A redirect would let whoever answers for the issuer send us elsewhere, so none is followed.

use openidconnect::{HttpRequest, HttpResponse};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

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
}

#[derive(Clone)]
pub struct Client(reqwest::Client);

impl Client {
    pub fn new() -> Result<Self, Error> {
        // Idempotent: an error only says that the process has a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map(Client)
            .map_err(Error::Client)
    }

    async fn fetch(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Error> {
        let request = reqwest::Request::try_from(request).map_err(Error::Request)?;
        let mut answer = client.execute(request).await.map_err(Error::Send)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Error::Body)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> openidconnect::AsyncHttpClient<'c> for Client {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(Self::fetch(self.0.clone(), request))
    }
}
