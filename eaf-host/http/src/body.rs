//! JSON body of a request: media type, size, depth and syntax, each with its own error.

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::{FieldProblem, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;

/// Maximum size of a request's body, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// Maximum nesting of objects and arrays in a body.
pub const MAX_DEPTH: usize = 32;
/// Maximum number of members of objects and items of arrays in a body, all together, because each
/// one is validated, copied and stored.
pub const MAX_MEMBERS: usize = 10_000;
/// Maximum time for a whole body to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Byte order mark, which some programs write and a receiver may ignore (RFC 8259, 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub struct JsonBody(pub Value);

impl TenantCaller {
    /// Reads a body as JSON. The request's permit of the concurrency limit is released meanwhile,
    /// so that a slow upload does not block other requests of the tenant.
    pub async fn read_json(&mut self, app: &App, request: Request) -> Result<Value, Problem> {
        self.permit = None;
        let body = JsonBody::from_request(request, app).await;
        self.permit = app.concurrency.acquire(self.caller.tenant).await;
        body.map(|JsonBody(body)| body)
    }
}

impl FromRequest<App> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(body_problem(Code::UnsupportedMediaType, "media-type"));
        }
        let read = tokio::time::timeout(READ_TIMEOUT, read(&parts.headers, body)).await;
        let bytes = read.unwrap_or_else(|_| Err(body_problem(Code::BodyUnreadable, "cut-off")))?;
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        if !within_limits(bytes) {
            let complex = body_problem(Code::BodyTooComplex, "too-complex");
            return Err(complex.with("members", MAX_MEMBERS).with("depth", MAX_DEPTH));
        }
        serde_json::from_slice(bytes).map(JsonBody).map_err(|cause| {
            body_problem(Code::MalformedJson, "malformed").with("line", cause.line()).with("column", cause.column())
        })
    }
}

/// Checks depth and number of members of a JSON body in one pass over the bytes, before any value
/// is allocated. The parser refuses invalid JSON afterwards.
fn within_limits(bytes: &[u8]) -> bool {
    let (mut depth, mut members) = (0_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => (depth, members) = (depth + 1, members + 1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => members += 1,
            _ => {}
        }
        if depth > MAX_DEPTH || members > MAX_MEMBERS {
            return false;
        }
    }
    true
}

/// Problem of the body as a whole: its only field problem has an empty JSON pointer.
fn body_problem(code: Code, field_code: &str) -> Problem {
    Problem::new(code).errors(vec![FieldProblem::new("", field_code)])
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || body_problem(Code::BodyTooLarge, "too-large").with("limit", MAX_BODY_BYTES / 1024);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    // Content-Length is only a hint: the limit is checked again for each chunk.
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| body_problem(Code::BodyUnreadable, "cut-off"))?;
        if bytes.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_depth_are_limited_and_texts_do_not_count() {
        let sane = |text: &str| within_limits(text.as_bytes());
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(sane(&nested(MAX_DEPTH)));
        assert!(!sane(&nested(MAX_DEPTH + 1)));
        assert!(sane(&format!("[{}1]", "1,".repeat(MAX_MEMBERS - 1))));
        assert!(!sane(&format!("[{}1]", "1,".repeat(MAX_MEMBERS))));
        assert!(!sane(&"[],".repeat(MAX_MEMBERS)));
        assert!(sane(&format!("{{\"a\\\"{}\": \"{}\"}}", ",[{".repeat(20_000), ",[".repeat(20_000))));
    }
}
