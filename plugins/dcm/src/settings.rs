//! Settings that the admins of a tenant set for DCM.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Longest term of a request, in months.
    #[schemars(range(min = 1, max = 60))]
    pub max_term_months: u32,
    /// Least length of a justification, in characters.
    #[schemars(range(min = 10, max = 500))]
    pub min_justification: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_term_months: 60, min_justification: 10 }
    }
}
