//! Page for a failed sign-in: the reason, a link to continue, and the codes for support.

use super::return_to::ReturnTo;
use crate::info::Info;
use crate::messages;
use crate::problem::Problem;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use openidconnect::url::{Url, form_urlencoded};
use serde_json::Map;

pub struct Refusal {
    pub problem: Problem,
    pub next_step: NextStep,
}

/// Link that the page for a failed sign-in offers.
pub enum NextStep {
    /// Link to another sign-in with the same return path.
    SignIn(ReturnTo),
    /// Link to the sign-out at the provider, which would otherwise return the same account.
    OtherAccount(Url),
    Home,
}

impl NextStep {
    fn link(&self) -> (String, &'static str) {
        match self {
            NextStep::SignIn(return_to) if *return_to == ReturnTo::home() => ("/auth/sign-in".into(), "again"),
            NextStep::SignIn(return_to) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("return_to", return_to.as_str())
                    .finish();
                (format!("/auth/sign-in?{query}"), "again")
            }
            NextStep::OtherAccount(address) => (address.to_string(), "other_account"),
            NextStep::Home => ("/".into(), "home"),
        }
    }
}

impl Refusal {
    pub fn page(&self, info: &Info) -> Response {
        let locale = info.locale();
        let text = |key: &str| escape(&messages::render(&format!("refusal.{key}"), &Map::new(), locale));
        let document = self.problem.document(locale, &info.trace);
        let value = |member: &str| escape(document[member].as_str().unwrap_or_default());
        let (link, label) = self.next_step.link();
        let page = Html(format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{}</p><p><a href=\"{}\">{}</a></p>\
             <p><small>{} <code>{}</code> · {} <code>{}</code></small></p></main></body></html>",
            locale.as_str(),
            value("detail"),
            escape(&link),
            text(label),
            text("code"),
            value("code"),
            text("trace"),
            value("trace_id"),
            title = value("title"),
        ));
        let status = document["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let mut response = page.into_response();
        *response.status_mut() = status.and_then(|status| status.try_into().ok()).unwrap_or_default();
        if let Some(seconds) = self.problem.retry_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
        tracing::info!(code = document["code"].as_str(), "a sign-in was refused");
        response
    }
}

/// Styles of the page. The contrast of every text is at least 4.5 in the light and the dark colour
/// scheme, which the browser tests check.
const STYLE: &str = ":root{color-scheme:light dark}\
                     body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto 2rem;padding:0 1.25rem;color:#1b2126;background:#fff}\
                     h1{font-size:1.5rem;line-height:1.25}a{color:#075e73}small{color:#4a545c}code{overflow-wrap:anywhere}\
                     @media(prefers-color-scheme:dark){body{color:#e8edf0;background:#0c1013}a{color:#6ad4e8}small{color:#aab4bb}}";

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal { problem, next_step: NextStep::SignIn(ReturnTo::home()) }
    }
}
