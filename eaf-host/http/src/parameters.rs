//! Query parameters: known names, values of limited length without NUL.
//!
//! Every operation reads its parameters through [`Parameters`], so that no operation omits a check.

use super::App;
use super::problem::Problem;
use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use openidconnect::url::form_urlencoded;
use std::collections::BTreeSet;

/// Pattern of texts in the OpenAPI document: all but NUL.
pub const TEXT: &str = "^[^\\u0000]*$";
/// Maximum length of one value, in bytes. A cursor is the longest value, because it contains the
/// value of a sorted column.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;
/// Maximum length of a filter's value, in characters. A list of values counts as one value.
pub const MAX_FILTER_CHARS: usize = 2_000;
/// Maximum length of an unknown parameter's name in an error, in characters. A longer name is cut.
const MAX_NAME_CHARS: usize = 64;

/// Decoded names and values of a query, in the order of the query.
pub struct Parameters(Vec<(String, String)>);

impl FromRequestParts<App> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let RawQuery(query) = match RawQuery::from_request_parts(parts, app).await {
            Ok(query) => query,
            Err(impossible) => match impossible {},
        };
        Ok(Parameters::parse(query.as_deref().unwrap_or_default()))
    }
}

impl Parameters {
    pub fn parse(query: &str) -> Self {
        Parameters(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns all parameters; fails unless each name is known and unique.
    pub fn once(&self, known: impl Fn(&str) -> bool) -> Result<&[(String, String)], Problem> {
        let mut seen = BTreeSet::new();
        for (name, _) in self.checked(known)? {
            if !seen.insert(name) {
                return Err(Problem::parameter(name, "invalid"));
            }
        }
        Ok(&self.0)
    }

    /// Returns all parameters; fails unless each name is known, but names may repeat.
    pub fn checked(&self, known: impl Fn(&str) -> bool) -> Result<&[(String, String)], Problem> {
        for (name, value) in &self.0 {
            if !known(name) {
                return Err(Problem::parameter(&truncated(name), "unknown"));
            }
            if value.contains('\0') || value.len() > MAX_VALUE_BYTES {
                return Err(Problem::parameter(name, "invalid"));
            }
        }
        Ok(&self.0)
    }
}

fn truncated(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> Option<String> {
        let problem = Parameters::parse(query).once(|name| name == "key" || name == "sort").err()?;
        let document = problem.document(eaf_core::actor::Locale::En, &eaf_core::actor::TraceId("t".into()));
        let error = &document["errors"][0];
        Some(format!("{} {}", error["pointer"].as_str()?, error["code"].as_str()?))
    }

    #[test]
    fn parameters_are_known_unique_and_without_nul() {
        assert_eq!(refused("key=a%20b&sort=-x"), None);
        assert_eq!(refused(""), None);
        assert_eq!(refused("key=1&colour=2&key=3").as_deref(), Some("?colour unknown"));
        assert_eq!(refused("key=1&key=2").as_deref(), Some("?key invalid"));
        assert_eq!(refused("key=a%00b").as_deref(), Some("?key invalid"));
        assert_eq!(refused("k%00=a").as_deref(), Some("?k unknown"));
        assert_eq!(refused(&format!("key={}", "x".repeat(MAX_VALUE_BYTES + 1))).as_deref(), Some("?key invalid"));
        let long = refused(&format!("{}=1", "n".repeat(5_000))).expect("refused");
        assert_eq!(long.len(), MAX_NAME_CHARS + "? unknown".len());
    }
}
