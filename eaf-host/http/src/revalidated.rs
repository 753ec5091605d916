//! Files that keep their names while their content changes, such as `index.html`. Browsers
//! revalidate them by a digest of the content, because container images give all files the same
//! time of change, and a file may have the same size in two releases.

use super::code::Code;
use super::problem::Problem;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use tower::ServiceExt;
use tower_http::services::ServeFile;

const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

pub async fn answer(file: PathBuf, request: Request) -> Response {
    let (method, request_headers) = (request.method().clone(), request.headers().clone());
    let served = match read(file, &request_headers).await {
        Ok(served) => served,
        Err(problem) => return problem.into_response(),
    };
    let (mut parts, content) = served;
    let tag = tag(&content);
    parts.headers.remove(header::LAST_MODIFIED);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if parts.status == StatusCode::OK && matches(&request_headers, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            parts.headers.remove(name);
        }
    }
    parts.headers.insert(header::ETAG, tag);
    let empty = parts.status == StatusCode::NOT_MODIFIED || method == Method::HEAD;
    Response::from_parts(parts, if empty { Body::empty() } else { content.into() })
}

/// Reads the whole file in the encoding that the browser accepts; ranges and conditions of the
/// request are ignored.
async fn read(file: PathBuf, request_headers: &HeaderMap) -> Result<(axum::http::response::Parts, Bytes), Problem> {
    let mut request = Request::new(Body::empty());
    for encoding in request_headers.get_all(header::ACCEPT_ENCODING) {
        request.headers_mut().append(header::ACCEPT_ENCODING, encoding.clone());
    }
    let served = ServeFile::new(file).precompressed_br().precompressed_gzip().oneshot(request).await;
    let response = served.unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    let content = to_bytes(Body::new(body), MAX_FILE_BYTES).await;
    Ok((parts, content.map_err(|cause| Problem::fault(Code::Internal, &cause))?))
}

fn tag(content: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(content);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).expect("hex digits in quotes")
}

/// Whether a request's `If-None-Match` names this tag. A proxy that compresses makes a tag weak,
/// which counts as equal.
fn matches(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}
