//! What a person sees whose sign-in did not work: a sentence, a way on, and what support needs to know.

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
    pub leads_to: LeadsTo,
}

/// What can be done about it.
pub enum LeadsTo {
    /// Once more, with the same aim.
    SignIn(ReturnTo),
    /// The provider remembers who was here; without signing out there, the same person would come back.
    OtherAccount(Url),
    Home,
}

impl LeadsTo {
    fn link(&self) -> (String, &'static str) {
        match self {
            LeadsTo::SignIn(return_to) if *return_to == ReturnTo::home() => ("/auth/sign-in".into(), "again"),
            LeadsTo::SignIn(return_to) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("return_to", return_to.as_str())
                    .finish();
                (format!("/auth/sign-in?{query}"), "again")
            }
            LeadsTo::OtherAccount(address) => (address.to_string(), "other_account"),
            LeadsTo::Home => ("/".into(), "home"),
        }
    }
}

impl Refusal {
    pub fn page(&self, info: &Info) -> Response {
        let locale = info.locale();
        let text = |key: &str| escape(&messages::render(&format!("refusal.{key}"), &Map::new(), locale));
        let document = self.problem.document(locale, &info.trace);
        let said = |member: &str| escape(document[member].as_str().unwrap_or_default());
        let (link, label) = self.leads_to.link();
        let page = Html(format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{}</p><p><a href=\"{}\">{}</a></p>\
             <p><small>{} <code>{}</code> · {} <code>{}</code></small></p></main></body></html>",
            locale.as_str(),
            said("detail"),
            escape(&link),
            text(label),
            text("code"),
            said("code"),
            text("trace"),
            said("trace_id"),
            title = said("title"),
        ));
        let status = document["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let mut response = page.into_response();
        *response.status_mut() = status.and_then(|status| status.try_into().ok()).unwrap_or_default();
        if let Some(seconds) = self.problem.wait() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
        tracing::info!(code = document["code"].as_str(), "a sign-in was refused");
        response
    }
}

/// The contrast of every text is at least 4.5 in both schemes; the browser journeys hold it.
const STYLE: &str = ":root{color-scheme:light dark}\
                     body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto 2rem;padding:0 1.25rem;color:#1b2126;background:#fff}\
                     h1{font-size:1.5rem;line-height:1.25}a{color:#075e73}small{color:#4a545c}code{overflow-wrap:anywhere}\
                     @media(prefers-color-scheme:dark){body{color:#e8edf0;background:#0c1013}a{color:#6ad4e8}small{color:#aab4bb}}";

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal { problem, leads_to: LeadsTo::SignIn(ReturnTo::home()) }
    }
}
