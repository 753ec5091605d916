//! A JSON body: media type, size, shape and syntax, each with its own answer.

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

pub const LIMIT: usize = 256 * 1024;
/// Objects and arrays in each other.
pub const DEEPEST: usize = 32;
/// Members of objects and items of arrays, all together: each becomes a value that is validated, copied and stored.
pub const MOST_MEMBERS: usize = 10_000;
/// For a whole body to arrive.
const PATIENCE: Duration = Duration::from_secs(15);
/// Some programs begin a file with it, and the receiver may pass over it (RFC 8259, 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub struct JsonBody(pub Value);

impl TenantCaller {
    /// Reads a body without a permit of the tenant: who sends slowly keeps no colleague waiting.
    pub async fn read_json(&mut self, app: &App, request: Request) -> Result<Value, Problem> {
        self.work = None;
        let body = JsonBody::from_request(request, app).await;
        self.work = app.concurrency.take(self.caller.tenant).await;
        body.map(|JsonBody(body)| body)
    }
}

impl FromRequest<App> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(refused(Code::UnsupportedMediaType, "media-type"));
        }
        let read = tokio::time::timeout(PATIENCE, read(&parts.headers, body)).await;
        let bytes = read.unwrap_or_else(|_| Err(refused(Code::BodyUnreadable, "cut-off")))?;
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        if !is_of_sane_shape(bytes) {
            let complex = refused(Code::BodyTooComplex, "too-complex");
            return Err(complex.with("members", MOST_MEMBERS).with("depth", DEEPEST));
        }
        serde_json::from_slice(bytes).map(JsonBody).map_err(|cause| {
            refused(Code::MalformedJson, "malformed").with("line", cause.line()).with("column", cause.column())
        })
    }
}

/// Counts brackets and commas outside of texts: one pass over the bytes, before a value is made of any. What is no
/// JSON is for the parser to refuse.
fn is_of_sane_shape(bytes: &[u8]) -> bool {
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
        if depth > DEEPEST || members > MOST_MEMBERS {
            return false;
        }
    }
    true
}

/// About the body as a whole: the empty pointer.
fn refused(code: Code, field: &str) -> Problem {
    Problem::new(code).errors(vec![FieldProblem::new("", field)])
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || refused(Code::BodyTooLarge, "too-large").with("limit", LIMIT / 1024);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LIMIT) {
        return Err(too_large());
    }
    // What was announced is not yet what comes.
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| refused(Code::BodyUnreadable, "cut-off"))?;
        if bytes.len() + piece.len() > LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_so_many_members_and_is_so_deep_and_texts_do_not_count() {
        let sane = |text: &str| is_of_sane_shape(text.as_bytes());
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(sane(&nested(DEEPEST)));
        assert!(!sane(&nested(DEEPEST + 1)));
        assert!(sane(&format!("[{}1]", "1,".repeat(MOST_MEMBERS - 1))));
        assert!(!sane(&format!("[{}1]", "1,".repeat(MOST_MEMBERS))));
        assert!(!sane(&"[],".repeat(MOST_MEMBERS)));
        assert!(sane(&format!("{{\"a\\\"{}\": \"{}\"}}", ",[{".repeat(20_000), ",[".repeat(20_000))));
    }
}
