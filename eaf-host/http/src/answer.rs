//! Outermost layer of the HTTP API: trace id, log line, metrics, time-out, security headers, and
//! problems in the caller's language.
//!
//! Logs and metrics name the matched route and never the path or the query, which may hold personal
//! data.

use super::auth::cookie;
use super::code::Code;
use super::head;
use super::info::Info;
use super::problem::Problem;
use super::{App, Scheme};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{Instrument, field};

/// Time-out of a request. The time-out is below the 30 s of common proxies, whose own answer says
/// nothing of the outcome, and above the waits within a request, for `?after` and for a lock.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(28);
const _: () = assert!(REQUEST_TIMEOUT.as_secs() < 30);

/// Security headers of each response. Scripts come from the host only; inline styles are allowed
/// because components position elements. The referrer is sent to the host itself: without it,
/// browsers would send `Origin: null` with forms.
const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
/// Value of `Strict-Transport-Security`, sent if the public address is https: one year, for this
/// host alone.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

pub async fn middleware(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let _active = Active::begin();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched".into(), |path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        method,
        route,
        trace_id = field::Empty,
        tenant = field::Empty,
        status = field::Empty
    );
    let info = Arc::new(Info::of(request.headers(), &app.core.ambient, &span));
    span.record("trace_id", field::display(&info.trace));
    request.extensions_mut().insert(info.clone());
    let response = match head::check(request.uri(), request.headers()) {
        Ok(()) => {
            let handled = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).instrument(span.clone()).await;
            handled.unwrap_or_else(|_| Problem::new(Code::TimedOut).into_response())
        }
        Err(refusal) => refusal.into_response(),
    };
    let mut response = match response.extensions().get::<Arc<Problem>>() {
        Some(problem) => problem_response(problem, &response, &info, app.config.scheme()),
        None => response,
    };
    add_headers(response.headers_mut(), &info, app.config.scheme());

    let status = response.status().as_u16();
    if let Some(tenant) = info.tenant.get() {
        span.record("tenant", field::display(tenant));
    }
    span.record("status", status);
    span.in_scope(|| tracing::info!(duration_ms = started.elapsed().as_millis() as u64, "request completed"));
    let labels = [
        ("http_request_method", method.to_owned()),
        ("http_route", route),
        ("http_response_status_code", status.to_string()),
    ];
    metrics::histogram!("http_server_request_duration_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

/// Counts a request as active until it is dropped, also when its client has gone.
struct Active;

impl Active {
    fn begin() -> Self {
        active_requests().increment(1);
        Active
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        active_requests().decrement(1);
    }
}

fn active_requests() -> metrics::Gauge {
    metrics::gauge!("http_server_active_requests")
}

/// Answer with the problem in the caller's language, in place of the handler's `response`.
fn problem_response(problem: &Problem, response: &Response, info: &Info, scheme: Scheme) -> Response {
    let mut answer = problem.response(info.locale(), &info.trace);
    // Keep headers such as `Allow` of a 405.
    for (name, value) in response.headers() {
        answer.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    if problem.is(Code::SessionExpired) {
        answer.headers_mut().append(header::SET_COOKIE, cookie::clear(scheme, &cookie::session(scheme)));
    }
    answer
}

/// Adds the security headers of a response, whether the API or the web application answers.
pub fn add_security_headers(headers: &mut HeaderMap, scheme: Scheme) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if scheme == Scheme::Https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT_SECURITY));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn add_headers(headers: &mut HeaderMap, info: &Info, scheme: Scheme) {
    add_security_headers(headers, scheme);
    for (name, value) in [("traceparent", info.traceparent()), ("x-trace-id", info.trace.0.clone())] {
        let value = HeaderValue::from_str(&value).expect("hex digits and dashes");
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Metrics label of a method. Unknown methods share one label, so that clients cannot create
/// labels.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
