//! Source of the code of workflow runs. The engine knows packages and their executors only by these
//! traits, so that another crate can execute WebAssembly.

use super::{Execution, Stop};
use crate::capability::Failure;
use crate::contract::{Domain, WorkflowType};
use async_trait::async_trait;
use std::sync::Arc;

/// Packages that are active on this host, by plugin.
pub trait Packages: Send + Sync {
    /// Ids of the plugins whose runs this host claims, such as `dcm`.
    fn ids(&self) -> Vec<String>;
    fn find(&self, plugin: &str) -> Option<Arc<dyn Package>>;
}

/// Active package of one plugin, as the engine uses it.
pub trait Package: Send + Sync {
    fn domain(&self) -> &dyn Domain;

    /// Whether `plugin.toml` requests this interface of the capability under this grant name.
    fn requests(&self, capability: &str, grant: &str, interface: &str) -> bool;

    /// Executor of the package's workflows. `None`: the package has no durable functions.
    fn executor(&self) -> Option<&dyn Executor>;
}

impl dyn Package {
    pub(super) fn workflow(&self, name: &str) -> Option<&WorkflowType> {
        self.domain().description().workflows.iter().find(|described| described.name == name)
    }
}

/// Executes durable functions from their start, over a journal.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Executes one durable function until it returns, traps, or an [`Abort`](super::Abort) ends
    /// it. `input` is JSON.
    async fn run(&self, execution: Execution, workflow: &str, input: &[u8]) -> Ended;
}

/// Way in which one execution of a durable function ended.
#[derive(Debug)]
pub enum Ended {
    /// The function returned a result as JSON, or a failure.
    Returned(Result<Vec<u8>, Failure>),
    /// The host ended the function for this reason.
    Stopped(Stop),
    /// The function trapped because of a bug or a limit. `panic` is the guest's own text, which is
    /// only written to the trace.
    Trapped { reason: String, panic: Option<String> },
}

impl Ended {
    /// Creates the end of an execution whose function returned `answer`. It is a divergence if the
    /// journal has further calls that the function did not make.
    pub fn returned(execution: &Execution, answer: Result<Vec<u8>, Failure>) -> Ended {
        match execution.unused() {
            None => Ended::Returned(answer),
            Some(recorded) => Ended::Stopped(Stop::Diverged(crate::workflow::Divergence::returned_before(recorded))),
        }
    }
}
