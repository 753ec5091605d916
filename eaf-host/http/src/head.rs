//! Limits of a request's head, checked before anything is parsed.
//!
//! Everything behind may walk over parameters and headers as often as it needs: there are never many.

use super::code::Code;
use super::problem::{FieldProblem, Problem};
use axum::http::{HeaderMap, Uri};

/// Bytes of a path, percent-encoded: a row's key is the longest thing in one.
const LONGEST_PATH: usize = 4 * 1024;
/// Bytes of a query. What an identity provider sends back is the longest.
const LONGEST_QUERY: usize = 16 * 1024;
/// A view has at most 64 columns that one may filter by.
pub const MOST_PARAMETERS: usize = 100;
/// Bytes of all header fields, names included.
const LARGEST_HEADERS: usize = 32 * 1024;

/// Counts bytes and nothing else, so that a request that is refused costs next to nothing.
pub fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let query = uri.query().unwrap_or_default();
    if uri.path().len() > LONGEST_PATH || query.len() > LONGEST_QUERY {
        return Err(Problem::new(Code::UriTooLong).with("limit", LONGEST_QUERY / 1024));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > LARGEST_HEADERS {
        return Err(Problem::new(Code::HeadersTooLarge).with("limit", LARGEST_HEADERS / 1024));
    }
    if query.bytes().filter(|byte| *byte == b'&').count() >= MOST_PARAMETERS {
        let many = FieldProblem::new("?", "max-items").with("limit", MOST_PARAMETERS);
        return Err(Problem::new(Code::QueryInvalid).errors(vec![many]));
    }
    Ok(())
}
