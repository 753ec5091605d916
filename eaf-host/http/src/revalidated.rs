//! Files whose names stay while their content changes, such as `index.html`. Browsers ask for them each
//! time, and are told by a digest whether theirs is the same: images give all files one time, and two
//! releases of a page are often equally long, so time and size say nothing.

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

const LARGEST: usize = 4 * 1024 * 1024;

pub async fn answer(file: PathBuf, request: Request) -> Response {
    let (method, known) = (request.method().clone(), request.headers().clone());
    let served = match whole(file, &known).await {
        Ok(served) => served,
        Err(problem) => return problem.into_response(),
    };
    let (mut parts, content) = served;
    let tag = tag(&content);
    parts.headers.remove(header::LAST_MODIFIED);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if parts.status == StatusCode::OK && is_known(&known, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        for of_content in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            parts.headers.remove(of_content);
        }
    }
    parts.headers.insert(header::ETAG, tag);
    let empty = parts.status == StatusCode::NOT_MODIFIED || method == Method::HEAD;
    Response::from_parts(parts, if empty { Body::empty() } else { content.into() })
}

/// In the encoding that the browser asks for, and never a part of it or a comparison of times.
async fn whole(file: PathBuf, asked: &HeaderMap) -> Result<(axum::http::response::Parts, Bytes), Problem> {
    let mut request = Request::new(Body::empty());
    for encoding in asked.get_all(header::ACCEPT_ENCODING) {
        request.headers_mut().append(header::ACCEPT_ENCODING, encoding.clone());
    }
    let served = ServeFile::new(file).precompressed_br().precompressed_gzip().oneshot(request).await;
    let response = served.unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    let content = to_bytes(Body::new(body), LARGEST).await;
    Ok((parts, content.map_err(|cause| Problem::fault(Code::Internal, &cause))?))
}

fn tag(content: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(content);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).expect("hex digits in quotes")
}

/// A proxy that compresses on the way makes a tag weak; it says the same.
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}
