//! Pages outside the API: the web application if it was built, the documentation of error codes,
//! and a small start page.

use super::App;
use super::access::Access;
use super::code::Code;
use super::info::Info;
use super::messages;
use super::operation::{Doc, Operation};
use super::problem::Problem;
use super::revalidated;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::Map;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use tower::ServiceExt;
use tower_http::services::ServeFile;

const ERRORS: &str = include_str!("../../../docs/errors.md");

/// Router that answers each path without an operation.
pub fn files() -> Router<App> {
    Router::new().fallback(file)
}

pub fn errors_operation() -> Operation {
    Operation { method: "get", path: "/docs/errors", access: Access::Public, route: get(errors), doc: Doc::Page }
}

async fn errors() -> Response {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], ERRORS).into_response()
}

/// Serves the web application, or the start page of a host without one.
async fn file(State(app): State<App>, request: Request) -> Response {
    if !is_page(&request) {
        return Problem::new(Code::NotFound).into_response();
    }
    match app.config.web.as_deref().filter(|root| root.join("index.html").is_file()) {
        Some(root) => static_file(root, request).await,
        None => front_page(request.uri().path(), &request),
    }
}

/// Whether a request may be for a file or a route of the web application.
pub fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    let is_reserved = ["/api/", "/auth/", "/actuator/", "/docs/"].iter().any(|prefix| path.starts_with(prefix));
    matches!(*request.method(), Method::GET | Method::HEAD) && !is_reserved
}

/// Answers with a file below the root, or with `index.html` for a route of the application.
pub async fn static_file(root: &Path, request: Request) -> Response {
    let path = request.uri().path();
    let wanted = inside(root, path).filter(|file| file.is_file());
    // A missing asset is 404 and not `index.html`.
    let is_asset = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let hashed = wanted.is_some() && path.starts_with("/assets/");
    let file = match wanted {
        Some(file) => file,
        None if is_asset => return Problem::new(Code::NotFound).into_response(),
        None => root.join("index.html"),
    };
    if !hashed {
        return revalidated::answer(file, request).await;
    }
    match ServeFile::new(file).precompressed_br().precompressed_gzip().oneshot(request).await {
        Ok(response) => {
            let mut response = response.into_response();
            let cache = HeaderValue::from_static("public, max-age=31536000, immutable");
            response.headers_mut().insert(header::CACHE_CONTROL, cache);
            response
        }
        Err(never) => match never {},
    }
}

/// Path of a file below the root. `None`: the request's path has `..`, hidden, absolute or encoded
/// parts.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.trim_start_matches('/'));
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let hidden = path.split('/').any(|name| name.starts_with('.'));
    (plain && !hidden && !path.contains(['%', '\\'])).then(|| root.join(relative))
}

fn front_page(path: &str, request: &Request) -> Response {
    if path != "/" {
        return Problem::new(Code::NotFound).into_response();
    }
    let locale = request.extensions().get::<Arc<Info>>().map_or(eaf_core::actor::Locale::En, |info| info.locale());
    let text = |key: &str| messages::render(&format!("page.{key}"), &Map::new(), locale);
    Html(format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:1rem/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style>\
         <h1>{title}</h1><p>{}</p><ul><li><a href=\"/api/openapi.json\">/api/openapi.json</a></li>\
         <li><a href=\"/docs/errors\">{}</a></li></ul></html>",
        locale.as_str(),
        text("lead"),
        text("errors"),
        title = text("title"),
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::FIELD_CODES;

    #[test]
    fn every_code_is_documented_and_nothing_else() {
        let explained: Vec<&str> = ERRORS.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let mut expected: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        expected.push("rejections");
        let missing: Vec<_> = expected.iter().filter(|code| !explained.contains(code)).collect();
        let left_over: Vec<_> = explained.iter().filter(|code| !expected.contains(code)).collect();
        assert!(missing.is_empty() && left_over.is_empty(), "missing {missing:?}, left over {left_over:?}");
        for code in FIELD_CODES {
            assert!(ERRORS.contains(&format!("| `{code}` |")), "{code}");
        }
    }

    #[test]
    fn no_path_leaves_the_web_root() {
        let root = Path::new("/web");
        assert_eq!(inside(root, "/assets/app.js"), Some(PathBuf::from("/web/assets/app.js")));
        for bad in ["/../etc/passwd", "/a/../../b", "/%2e%2e/b", "/.env", "/a/.git/config", "/a\\..\\b"] {
            assert_eq!(inside(root, bad), None, "{bad}");
        }
    }
}
