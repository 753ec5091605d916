//! Native runs of a workflow against scripted answers of the host.

use crate::document::RunInput;
use crate::workflow::Failure;
use crate::{Flows, Recorded, component};
use serde_json::Value;
use std::cell::RefCell;

type Answer = Box<dyn FnMut(&Value) -> Result<Value, Failure>>;

/// Answers of the host by function name, such as `flow.submit`, `vsphere.clone` or `mail.send`. A
/// call for which the script has no answer succeeds with a default: null, or one mail sent.
#[derive(Default)]
pub struct Script {
    answers: Vec<(String, Answer)>,
    calls: Vec<(String, Value)>,
}

/// Result and host calls of a scripted run.
#[derive(Debug)]
pub struct ScriptResult {
    pub result: Result<Value, Failure>,
    /// Host calls of the run in their order, each as function name and arguments.
    pub calls: Vec<(String, Value)>,
}

thread_local! {
    static ACTIVE: RefCell<Option<Script>> = const { RefCell::new(None) };
}

impl Script {
    pub fn new() -> Self {
        Script::default()
    }

    pub fn answer(self, function: &str, value: Value) -> Self {
        self.on(function, move |_| Ok(value.clone()))
    }

    pub fn fail(self, function: &str, failure: Failure) -> Self {
        self.on(function, move |_| Err(failure.clone()))
    }

    pub fn on(mut self, function: &str, answer: impl FnMut(&Value) -> Result<Value, Failure> + 'static) -> Self {
        self.answers.push((function.into(), Box::new(answer)));
        self
    }

    /// Runs the workflow for the event that starts it.
    pub fn run<F: Flows>(self, workflow: &str, event: &Recorded) -> ScriptResult {
        ACTIVE.with_borrow_mut(|active| *active = Some(self));
        let input = serde_json::to_vec(&RunInput { event: event.clone() }).expect("documents are plain data");
        let result = component::run::<F>(workflow, &input)
            .map(|bytes| serde_json::from_slice(&bytes).expect("a run answers with JSON"));
        let script = ACTIVE.with_borrow_mut(Option::take).expect("a script is active");
        ScriptResult { result, calls: script.calls }
    }
}

impl ScriptResult {
    /// Arguments of each call of one host function, in the order of the calls.
    pub fn calls_of(&self, function: &str) -> Vec<&Value> {
        self.calls.iter().filter(|(name, _)| name == function).map(|(_, args)| args).collect()
    }

    /// Commands that the run gave, each as name and body.
    pub fn submitted(&self) -> Vec<(&str, &Value)> {
        self.calls_of("flow.submit")
            .into_iter()
            .map(|args| (args["command"].as_str().unwrap_or_default(), &args["body"]))
            .collect()
    }
}

/// Returns the active script's answer to a call; null if the script has no answer for the function.
#[doc(hidden)]
pub fn ask(function: &str, args: Value) -> Result<Value, Failure> {
    ask_or(function, args, Value::Null)
}

/// Returns the active script's answer to a call; `default` if the script has no answer for the
/// function.
#[doc(hidden)]
pub fn ask_or(function: &str, args: Value, default: Value) -> Result<Value, Failure> {
    ACTIVE.with_borrow_mut(|active| {
        let script = active.as_mut().expect("a workflow runs natively only under a script: Script::run");
        script.calls.push((function.into(), args.clone()));
        // The latest answer for a function wins, so that a test can override a shared script.
        match script.answers.iter_mut().rev().find(|(name, _)| name == function) {
            Some((_, answer)) => answer(&args),
            None => Ok(default),
        }
    })
}
