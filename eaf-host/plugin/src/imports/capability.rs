//! Interfaces of capabilities that a workflow component imports. The host links them by the types
//! in the component itself, so that a capability's crate contains no code for it.
//!
//! An interface `eaf:<capability>/<interface>` has one resource, the connection, with the function
//! `open`, which takes the name of a grant and returns a connection, and with methods. Each method
//! is one call of the provider. It returns JSON (`list<u8>`), optional JSON or an operation, or
//! else a failure.
//!
//! The host does not rely on these types: it converts the values to JSON, and the provider checks
//! the JSON.

use super::{Guest, value};
use eaf_core::workflow::Outcome;
use serde_json::Value;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{Linker, LinkerInstance, ResourceDynamic, ResourceType, Val};

/// Name of the WIT resource `operation`. It is defined in `eaf:workflow/flow`, and interfaces of
/// capabilities use it.
const OPERATION: &str = "operation";

/// Interface of a capability that a workflow component imports.
#[derive(Debug, Clone)]
pub struct Interface {
    /// Name of the capability, such as `vsphere`.
    pub capability: Arc<str>,
    /// Name of the interface, such as `lifecycle`.
    pub name: Arc<str>,
}

impl Interface {
    /// Parses the name of an import such as `eaf:vsphere/lifecycle@1.0.0`. `None` if the import is
    /// not an interface of a capability: the host's own `eaf:workflow/…`, or a name without the
    /// prefix `eaf:`.
    pub fn parse(import: &str) -> Option<Self> {
        let name = import.split_once('@').map_or(import, |(name, _)| name);
        let (capability, name) = name.strip_prefix("eaf:")?.split_once('/')?;
        (capability != "workflow").then(|| Interface { capability: capability.into(), name: name.into() })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{import} has the function {function}, which is neither `open` nor a method")]
    Function { import: String, function: String },
    #[error(
        "{import}: {function} must answer result<T, failure>, where T is list<u8>, option<list<u8>>, an operation, or \
         for `open` the connection"
    )]
    Answer { import: String, function: String },
    #[error("{import} cannot be linked")]
    Link {
        import: String,
        #[source]
        cause: wasmtime::Error,
    },
}

/// Kind of value that a method of a capability returns when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Document,
    OptionalDocument,
    Operation,
}

/// Adds an imported interface to the linker. `number` distinguishes the connections of this
/// interface from those of other interfaces.
pub fn add_to_linker(
    linker: &mut Linker<Guest>,
    import: &str,
    interface: &Interface,
    (ty, number): (&ComponentInstance, u32),
) -> Result<(), Error> {
    let engine = linker.engine().clone();
    let link = |cause| Error::Link { import: import.to_owned(), cause };
    let mut instance = linker.instance(import).map_err(link)?;
    for (name, item) in ty.exports(&engine) {
        let added = match item.ty {
            ComponentItem::Resource(_) if name != OPERATION => {
                // A connection is only a position in the run's list of connections, so dropping it
                // releases nothing.
                instance.resource(name, ResourceType::host_dynamic(number), |_, _| Ok(()))
            }
            ComponentItem::ComponentFunc(ty) => match function(import, name, &ty)? {
                Function::Open => add_open(&mut instance, interface.clone(), number),
                Function::Method(method, answer) => add_method(&mut instance, name, interface.clone(), method, answer),
            },
            _ => Ok(()),
        };
        added.map_err(link)?;
    }
    Ok(())
}

enum Function {
    Open,
    Method(Arc<str>, Answer),
}

fn function(import: &str, name: &str, ty: &ComponentFunc) -> Result<Function, Error> {
    let (import, function) = (import.to_owned(), name.to_owned());
    let answer = answer(ty);
    if name == "open" {
        let opens = answer == Some(Answer::Operation);
        return if opens { Ok(Function::Open) } else { Err(Error::Answer { import, function }) };
    }
    match name.strip_prefix("[method]").and_then(|method| method.split_once('.')) {
        Some((_, method)) => {
            let answer = answer.ok_or(Error::Answer { import, function })?;
            Ok(Function::Method(method.into(), answer))
        }
        None => Err(Error::Function { import, function }),
    }
}

/// Kind of value that a method returns, read from its return type `result<T, failure>`; `None` for
/// any other type.
fn answer(ty: &ComponentFunc) -> Option<Answer> {
    let mut results = ty.results();
    let (Some(Type::Result(result)), None) = (results.next(), results.next()) else { return None };
    match result.ok()? {
        Type::Own(_) => Some(Answer::Operation),
        document if value::is_document(&document) => Some(Answer::Document),
        Type::Option(option) if value::is_document(&option.ty()) => Some(Answer::OptionalDocument),
        _ => None,
    }
}

fn add_open(instance: &mut LinkerInstance<'_, Guest>, interface: Interface, number: u32) -> wasmtime::Result<()> {
    instance.func_new_async("open", move |context, _, args, results| {
        let interface = interface.clone();
        Box::new(async move { open(context, &interface, number, args, results).await })
    })
}

async fn open(
    mut context: StoreContextMut<'_, Guest>,
    interface: &Interface,
    number: u32,
    args: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let [Val::String(grant)] = args else {
        return Err(wasmtime::Error::msg("`open` takes the name of a grant"));
    };
    let execution = context.data_mut().enter()?;
    let opened = match execution.open(&interface.capability, &interface.name, grant.clone()).await? {
        Ok(position) => {
            let connection = ResourceDynamic::new_own(position, number).try_into_resource_any(&mut context)?;
            Ok(Some(Box::new(Val::Resource(connection))))
        }
        Err(failure) => Err(Some(Box::new(value::failure(failure)))),
    };
    results[0] = Val::Result(opened);
    Ok(())
}

fn add_method(
    instance: &mut LinkerInstance<'_, Guest>,
    name: &str,
    interface: Interface,
    method: Arc<str>,
    answer: Answer,
) -> wasmtime::Result<()> {
    instance.func_new_async(name, move |context, ty, args, results| {
        let (interface, method) = (interface.clone(), method.clone());
        Box::new(async move {
            results[0] = call(context, &interface, (&method, answer), (&ty, args)).await?;
            Ok(())
        })
    })
}

/// Calls a method of a capability. If the method returns an operation and the call fails, the
/// method still returns an operation, and the failure becomes that operation's result. A replay
/// therefore sees the same, whether the call failed at once or later.
async fn call(
    mut context: StoreContextMut<'_, Guest>,
    interface: &Interface,
    (method, answer): (&str, Answer),
    (ty, args): (&ComponentFunc, &[Val]),
) -> wasmtime::Result<Val> {
    let [Val::Resource(connection), args @ ..] = args else {
        return Err(wasmtime::Error::msg("a method takes a connection"));
    };
    let connection = connection.try_into_resource_dynamic(&mut context)?.rep();
    let arguments = value::arguments(ty.params().skip(1).zip(args))?;
    let execution = context.data_mut().enter()?;
    let grant = execution.opened(connection, &interface.capability, &interface.name)?;
    let sequence = execution.effect(&interface.capability, method, Some(grant), arguments).await?;
    let answered = match answer {
        Answer::Operation => {
            let operation = super::operation(sequence).try_into_resource_any(&mut context)?;
            Ok(Some(Box::new(Val::Resource(operation))))
        }
        Answer::Document => answered(execution.outcome(sequence)?, |answer| value::document(&answer)),
        Answer::OptionalDocument => answered(execution.outcome(sequence)?, |answer| {
            Val::Option((!answer.is_null()).then(|| Box::new(value::document(&answer))))
        }),
    };
    Ok(Val::Result(answered))
}

fn answered(outcome: Outcome, value: impl FnOnce(Value) -> Val) -> Result<Option<Box<Val>>, Option<Box<Val>>> {
    match outcome {
        Ok(answer) => Ok(Some(Box::new(value(answer)))),
        Err(failure) => Err(Some(Box::new(value::failure(failure)))),
    }
}
