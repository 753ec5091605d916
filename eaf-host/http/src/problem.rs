//! Errors as RFC 9457 problems: `type`, `title`, `status`, `detail`, `code`, `trace_id`,
//! `errors[]`.
//!
//! A handler returns a [`Problem`] without knowing the reader; [`super::answer`] writes it in the
//! caller's language.

use super::code::Code;
use super::messages;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eaf_core::actor::{Locale, TraceId};
use eaf_core::contract::{Message, RejectionKind};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

pub const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Debug, Clone)]
pub struct Problem(Box<Content>);

/// Content of a problem, boxed to keep `Result`s small.
#[derive(Debug, Clone)]
struct Content {
    status: StatusCode,
    code: String,
    /// Rendered text of the problem. `None`: the response has the host's text for the problem's
    /// code.
    detail: Option<String>,
    params: Map<String, Value>,
    errors: Vec<FieldProblem>,
    retry_after: Option<u32>,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Host,
    Package,
}

/// Problem of one member of a request: a JSON pointer into the body, or `?name` for a parameter.
#[derive(Debug, Clone)]
pub struct FieldProblem {
    pub pointer: String,
    pub code: String,
    /// Rendered text of the problem. `None`: the response has the host's text for the problem's
    /// code.
    pub message: Option<String>,
    pub params: Map<String, Value>,
}

impl FieldProblem {
    pub fn new(pointer: impl Into<String>, code: &str) -> Self {
        FieldProblem { pointer: pointer.into(), code: code.into(), message: None, params: Map::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

impl Problem {
    pub fn new(code: Code) -> Self {
        Problem(Box::new(Content {
            status: code.status(),
            code: code.as_str().into(),
            detail: None,
            params: Map::new(),
            errors: Vec::new(),
            retry_after: match code.status() {
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(1),
                _ => None,
            },
            origin: Origin::Host,
        }))
    }

    /// Problem for an error of the host: the cause is logged, the caller gets code and trace id. A
    /// lost database connection is reported as retryable.
    pub fn fault(code: Code, cause: &(dyn std::error::Error + 'static)) -> Self {
        let code = if eaf_core::db::is_transient(cause) { Code::DatabaseUnavailable } else { code };
        tracing::error!(error = cause, code = code.as_str(), "the request failed");
        Problem::new(code)
    }

    /// Problem of a rejection by a package, with rendered texts.
    pub fn rejected(kind: RejectionKind, reason: &Message, detail: String, errors: Vec<FieldProblem>) -> Self {
        let status = match kind {
            RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RejectionKind::Conflict => StatusCode::CONFLICT,
            RejectionKind::Forbidden => StatusCode::FORBIDDEN,
            RejectionKind::NotFound => StatusCode::NOT_FOUND,
        };
        Problem(Box::new(Content {
            status,
            code: reason.code.clone(),
            detail: Some(detail),
            params: reason.params.clone(),
            errors,
            retry_after: None,
            origin: Origin::Package,
        }))
    }

    /// Sets the wait after which the client may repeat the request, rounded up to a whole second.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait.as_millis().div_ceil(1000).clamp(1, 3600) as u32);
        self
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.params.insert(name.into(), value.into());
        self
    }

    pub fn errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.0.params.insert("count".into(), errors.len().into());
        self.0.errors = errors;
        self
    }

    pub fn parameter(name: &str, code: &str) -> Self {
        Problem::new(Code::QueryInvalid).errors(vec![FieldProblem::new(format!("?{name}"), code)])
    }

    /// Problem of one member of the body, by its JSON pointer.
    pub fn member(pointer: &str, code: &str) -> Self {
        Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new(pointer, code)])
    }

    /// Sets the limit that the texts of `errors[]` name.
    pub fn limit(mut self, limit: usize) -> Self {
        self.0.errors.iter_mut().for_each(|error| {
            error.params.insert("limit".into(), limit.into());
        });
        self
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub fn is(&self, code: Code) -> bool {
        self.0.origin == Origin::Host && self.0.code == code.as_str()
    }

    /// JSON document of the problem, for the body of the response.
    pub fn document(&self, locale: Locale, trace: &TraceId) -> Value {
        let mut params = self.0.params.clone();
        params.insert("trace".into(), trace.0.clone().into());
        let errors: Vec<Value> = self
            .0
            .errors
            .iter()
            .map(|error| {
                let host_text = || messages::render(&format!("fields.{}", error.code), &error.params, locale);
                let message = error.message.clone().unwrap_or_else(host_text);
                json!({ "pointer": error.pointer, "code": error.code, "message": message })
            })
            .collect();
        let host_text = |part: &str| messages::render(&format!("problems.{}.{part}", self.0.code), &params, locale);
        let (kind, title, detail) = match &self.0.detail {
            Some(detail) => ("/docs/errors#rejections".to_owned(), detail.clone(), detail.clone()),
            None => (format!("/docs/errors#{}", self.0.code), host_text("title"), host_text("detail")),
        };
        let mut document = json!({
            "type": kind,
            "title": title,
            "status": self.0.status.as_u16(),
            "detail": detail,
            "code": self.0.code,
            "trace_id": trace.0,
            "errors": errors,
        });
        // Clients act on the parameters of a rejection, and on what has changed meanwhile.
        let is_conflict = self.is(Code::ChangedMeanwhile) || self.is(Code::SettingsChanged);
        let has_params = self.0.origin == Origin::Package || is_conflict;
        if has_params && !self.0.params.is_empty() {
            document["params"] = Value::Object(self.0.params.clone());
        }
        document
    }

    /// Wait after which the client may repeat the request, in seconds. `None`: the response says
    /// nothing about a repetition.
    pub fn retry_seconds(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// Complete response with the problem's document, in this language.
    pub fn response(&self, locale: Locale, trace: &TraceId) -> Response {
        let body = self.document(locale, trace).to_string();
        let mut response = (self.0.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
        if let Some(seconds) = self.retry_seconds() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            let challenge = match self.0.code.as_str() {
                "token-missing" | "session-expired" => "Bearer realm=\"eaf\"",
                _ => "Bearer realm=\"eaf\", error=\"invalid_token\"",
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Attaches the problem to the response for [`super::answer`], which knows language and trace.
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<eaf_core::db::Error> for Problem {
    fn from(cause: eaf_core::db::Error) -> Self {
        Problem::fault(Code::DatabaseUnavailable, &cause)
    }
}

impl From<eaf_core::directory::Error> for Problem {
    fn from(cause: eaf_core::directory::Error) -> Self {
        use eaf_core::directory::{
            Error, MAX_COST_CENTRE, MAX_DEPUTY_PERIOD, MAX_GROUP_NAME, MAX_GROUPS, MAX_INVITATIONS,
        };
        match cause {
            Error::Db(cause) => cause.into(),
            Error::NoGroup | Error::NoMember | Error::NoInvitation => Problem::new(Code::NotFound),
            Error::ChangedMeanwhile => Problem::new(Code::ChangedMeanwhile),
            Error::TimeZone => Problem::member("/time_zone", "invalid"),
            Error::MailAddress => Problem::member("/email", "format"),
            Error::AlreadyMember => Problem::new(Code::AlreadyAMember),
            Error::AlreadyInvited => Problem::new(Code::AlreadyInvited),
            Error::TooManyInvitations => Problem::new(Code::TooManyInvitations).with("limit", MAX_INVITATIONS),
            Error::HasAdmin => Problem::new(Code::TenantHasAdmin),
            Error::NoManager => Problem::member("/manager", "person"),
            Error::NoDeputy => Problem::member("/deputy", "person"),
            Error::GroupKey => Problem::new(Code::GroupKey),
            Error::GroupName => Problem::member("/name", "invalid").limit(MAX_GROUP_NAME),
            Error::CostCentre => Problem::member("/cost_centre", "invalid").limit(MAX_COST_CENTRE),
            Error::TooManyGroups => Problem::new(Code::TooManyGroups).with("limit", MAX_GROUPS),
            Error::LastAdmin => Problem::new(Code::LastAdmin),
            Error::ManagerCycle => Problem::new(Code::ManagerCycle),
            Error::DeputyCycle => Problem::new(Code::DeputyCycle),
            Error::DeputyPeriod => {
                let days = MAX_DEPUTY_PERIOD.whole_days();
                Problem::new(Code::DeputyPeriod)
                    .errors(vec![FieldProblem::new("/ends_at", "invalid")])
                    .with("days", days)
            }
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::used_state::Error> for Problem {
    fn from(cause: eaf_core::used_state::Error) -> Self {
        Problem::fault(Code::Internal, &cause)
    }
}

impl From<eaf_core::session::Error> for Problem {
    fn from(cause: eaf_core::session::Error) -> Self {
        match cause {
            eaf_core::session::Error::Db(cause) => cause.into(),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::grant::Error> for Problem {
    fn from(cause: eaf_core::grant::Error) -> Self {
        match cause {
            eaf_core::grant::Error::Db(cause) => cause.into(),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::product::Error> for Problem {
    fn from(cause: eaf_core::product::Error) -> Self {
        match cause {
            eaf_core::product::Error::Db(cause) => cause.into(),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::setting::Error> for Problem {
    fn from(cause: eaf_core::setting::Error) -> Self {
        use eaf_core::setting::Error;
        match cause {
            Error::Db(cause) => cause.into(),
            Error::Changed { current } => Problem::new(Code::SettingsChanged).with("version", current),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::draft::Error> for Problem {
    fn from(cause: eaf_core::draft::Error) -> Self {
        use eaf_core::draft::Error;
        match cause {
            Error::Db(cause) => cause.into(),
            Error::TooMany => Problem::new(Code::TooManyDrafts).with("limit", eaf_core::draft::MAX_DRAFTS),
            Error::ChangedMeanwhile => Problem::new(Code::ChangedMeanwhile),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

impl From<eaf_core::audit::Error> for Problem {
    fn from(cause: eaf_core::audit::Error) -> Self {
        Problem::fault(Code::Internal, &cause)
    }
}
