//! Limits of a request's path, query and headers, checked before anything is parsed. Later code can
//! therefore iterate over parameters and headers without limits of its own.

use super::code::Code;
use super::problem::{FieldProblem, Problem};
use axum::http::{HeaderMap, Uri};

/// Maximum length of a percent-encoded path, in bytes; the key of a row is the longest part.
const MAX_PATH_BYTES: usize = 4 * 1024;
/// Maximum length of a query, in bytes; the redirect from an identity provider has the longest one.
const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Maximum number of parameters of a query; a view has at most 64 columns to filter by.
pub const MAX_PARAMETERS: usize = 100;
/// Maximum length of all header names and values together, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Checks the limits of path, query and headers by counting bytes, so that a refusal is cheap.
pub fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let query = uri.query().unwrap_or_default();
    if uri.path().len() > MAX_PATH_BYTES || query.len() > MAX_QUERY_BYTES {
        return Err(Problem::new(Code::UriTooLong).with("limit", MAX_QUERY_BYTES / 1024));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADER_BYTES {
        return Err(Problem::new(Code::HeadersTooLarge).with("limit", MAX_HEADER_BYTES / 1024));
    }
    if query.bytes().filter(|byte| *byte == b'&').count() >= MAX_PARAMETERS {
        let many = FieldProblem::new("?", "max-items").with("limit", MAX_PARAMETERS);
        return Err(Problem::new(Code::QueryInvalid).errors(vec![many]));
    }
    Ok(())
}
