//! A JSON body: media type, size and syntax, each with its own answer.

use super::App;
use super::code::Code;
use super::problem::{FieldProblem, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde_json::Value;

pub const LIMIT: usize = 256 * 1024;

pub struct JsonBody(pub Value);

impl FromRequest<App> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(refused(Code::UnsupportedMediaType, "media-type"));
        }
        let bytes = read(&parts.headers, body).await?;
        serde_json::from_slice(&bytes).map(JsonBody).map_err(|cause| {
            refused(Code::MalformedJson, "malformed").with("line", cause.line()).with("column", cause.column())
        })
    }
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
