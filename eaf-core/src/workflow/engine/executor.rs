//! Source of the code of runs. The engine knows packages and their executors by these traits alone,
//! so that another crate can run WebAssembly.

use super::{Execution, Stop};
use crate::capability::Failure;
use crate::contract::{Domain, WorkflowType};
use async_trait::async_trait;
use std::sync::Arc;

/// Packages that are active on this host.
pub trait Packages: Send + Sync {
    /// Ids of the plugins whose runs this host claims.
    fn ids(&self) -> Vec<String>;
    fn find(&self, plugin: &str) -> Option<Arc<dyn Package>>;
}

/// Active package of a plugin.
pub trait Package: Send + Sync {
    fn domain(&self) -> &dyn Domain;

    /// Whether `plugin.toml` requests this interface of the capability under this grant name.
    fn requests(&self, capability: &str, grant: &str, interface: &str) -> bool;

    /// Executor of the workflows' code. `None`: the package has no durable functions.
    fn executor(&self) -> Option<&dyn Executor>;
}

impl dyn Package {
    pub(super) fn workflow(&self, name: &str) -> Option<&WorkflowType> {
        self.domain().description().workflows.iter().find(|described| described.name == name)
    }
}

/// Runs durable functions from their start, over a journal.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs one function until it returns, traps, or an [`Abort`](super::Abort) ends it. `input` is
    /// JSON.
    async fn run(&self, execution: Execution, workflow: &str, input: &[u8]) -> Ended;
}

/// End of one execution.
#[derive(Debug)]
pub enum Ended {
    /// The function returned a result as JSON, or a failure.
    Returned(Result<Vec<u8>, Failure>),
    /// The host ended the function, for a reason of its own.
    Stopped(Stop),
    /// The function trapped because of a bug or a limit. `panic` is the guest's own text, which
    /// goes to the trace only.
    Trapped { reason: String, panic: Option<String> },
}

impl Ended {
    /// End of an execution whose function returned `answer`. It is a divergence if the journal has
    /// calls that the function did not make.
    pub fn returned(execution: &Execution, answer: Result<Vec<u8>, Failure>) -> Ended {
        match execution.unused() {
            None => Ended::Returned(answer),
            Some(recorded) => Ended::Stopped(Stop::Diverged(crate::workflow::Divergence::returned_before(recorded))),
        }
    }
}
