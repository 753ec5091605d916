//! Diagnosis of an installation: one check per requirement, each with its result and, if the
//! requirement is not met, with what to do. Changes nothing.

mod connections;
mod database;
mod identity;
mod public;
mod storage;

use crate::compose::{self, system_clock};
use crate::config::Config;
use eaf_core::{Core, master_key};
use serde::Serialize;
use std::sync::Arc;

/// Result of one check.
#[derive(Debug, Serialize)]
pub struct Check {
    /// Stable name, such as `database.app`.
    pub name: String,
    pub state: State,
    /// Observed fact.
    pub finding: String,
    /// Remedy; `None` if nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// The host works, and something should be changed.
    Warning,
    /// The host does not start, or part of it does not work.
    Failed,
}

impl Check {
    fn ok(name: &str, finding: impl Into<String>) -> Check {
        Check { name: name.to_owned(), state: State::Ok, finding: finding.into(), remedy: None }
    }

    fn warning(name: &str, finding: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check { state: State::Warning, remedy: Some(remedy.into()), ..Check::ok(name, finding) }
    }

    fn failed(name: &str, finding: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check { state: State::Failed, remedy: Some(remedy.into()), ..Check::ok(name, finding) }
    }
}

/// Checks a configuration that could be read. Checks that depend on a failed one do not run.
pub async fn run(config: &Config) -> Vec<Check> {
    let mut checks = vec![Check::ok("configuration", "all settings are valid")];
    checks.extend(storage::check(config));
    checks.extend(identity::check(config).await);
    checks.extend(public::check(config).await);
    let database = database::check(config).await;
    let is_reachable = database.iter().all(|check| check.state != State::Failed);
    checks.extend(database);
    if is_reachable && let Some(core) = core(config, &mut checks).await {
        checks.extend(connections::check(config, &core).await);
    }
    checks
}

/// Result for a configuration that cannot be read.
pub fn unusable(problem: &crate::config::Error) -> Vec<Check> {
    vec![Check::failed(
        "configuration",
        problem.to_string(),
        "correct these settings; deploy/configuration.md lists all",
    )]
}

/// Checks schema, isolation of tenants and master key, as a starting host does, and registers no
/// key. `None`: a check failed.
async fn core(config: &Config, checks: &mut Vec<Check>) -> Option<Arc<Core>> {
    let core = match compose::connect(config, system_clock::system()).await {
        Ok(core) => Arc::new(core),
        Err(cause) => {
            let remedy = "run `eaf migrate` of this program; for roles and time-outs, `eaf db bootstrap`";
            checks.push(Check::failed("schema", chain(&cause), remedy));
            return None;
        }
    };
    checks.push(Check::ok("schema", "it has this program's version, and isolates tenants"));
    match core.master_keys.verify().await {
        Ok(()) => checks.push(Check::ok("master-key", "it is the active one")),
        Err(master_key::Error::NoActiveKey) => {
            checks.push(Check::ok("master-key", "none is active yet: the first host that starts registers its own"));
        }
        Err(cause) => {
            checks.push(Check::failed("master-key", chain(&cause), "deploy/runbooks/master-key.md"));
            return None;
        }
    }
    Some(core)
}

/// Text of an error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(": {inner}");
        cause = inner.source();
    }
    text
}
