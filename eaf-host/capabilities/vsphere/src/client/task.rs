//! Tasks: what vCenter does in the background. A task that is not found has not failed: vCenter
//! forgets tasks, and may not show a new one at once.

use super::properties;
use super::soap::{Fault, MoRef};
use super::xml::Element;
use super::{Error, Session};

#[derive(Debug, PartialEq)]
pub enum State {
    Running { progress: Option<u8> },
    Succeeded { result: Option<MoRef> },
    Failed(Fault),
}

/// Tasks that vCenter shows as an object's recent ones are a few.
const MAX_RECENT: usize = 100;

/// None if vCenter does not know the task.
pub async fn state(session: &Session, task: &MoRef) -> Result<Option<State>, Error> {
    let found = properties::read_one(session, task, &["info"]).await?;
    let info = found.as_ref().map(|found| found.get("info")).transpose()?.flatten();
    let mut state = info.map(read);
    if let Some(State::Failed(fault)) = &mut state {
        session.name_objects(fault).await?;
    }
    if !matches!(state, Some(State::Running { .. })) {
        session.forget_task(task);
    }
    Ok(state)
}

fn read(info: &Element) -> State {
    match info.text_of("state") {
        Some("success") => State::Succeeded { result: info.child("result").and_then(MoRef::read) },
        Some("error") => State::Failed(failed(info)),
        _ => State::Running { progress: info.text_of("progress").and_then(|p| p.parse().ok()) },
    }
}

/// A task that an administrator cancelled may end with any fault.
fn failed(info: &Element) -> Fault {
    let fault = info.child("error").map(Fault::of_task).unwrap_or_default();
    match info.text_of("cancelled") {
        Some("true") => Fault { kind: "RequestCanceled".to_owned(), ..fault },
        _ => fault,
    }
}

/// The recent tasks of a template or folder that still run and whose acceptance this session did
/// not hear: one of them may be a clone whose answer was lost. Names of tasks differ between
/// servers, so they are not looked at. A task that may not be read was started by another user, so
/// it is none of ours.
pub async fn running_unheard(session: &Session, entity: &MoRef) -> Result<Vec<MoRef>, Error> {
    let recent = properties::read_one(session, entity, &["recentTask"]).await?;
    let mut running = Vec::new();
    let recent = recent.map(|found| found.references("recentTask")).transpose()?.unwrap_or_default();
    for task in recent.into_iter().take(MAX_RECENT).filter(|task| !session.knows_task(task)) {
        match state(session, &task).await {
            Ok(Some(State::Running { .. })) => running.push(task),
            Ok(_) => {}
            Err(error) if is_forbidden(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(running)
}

fn is_forbidden(error: &Error) -> bool {
    match error {
        Error::Unreadable { fault, .. } => fault.kind == "NoPermission",
        error => error.fault().is_some_and(|fault| fault.kind == "NoPermission"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::xml;

    #[test]
    fn a_task_that_an_administrator_cancelled_is_cancelled_whatever_its_fault_is() {
        let error = r#"<error><fault xsi:type="SystemError"/><localizedMessage>stopped</localizedMessage></error>"#;
        for (cancelled, kind) in [("true", "RequestCanceled"), ("false", "SystemError")] {
            let info = format!("<val><cancelled>{cancelled}</cancelled><state>error</state>{error}</val>");
            let State::Failed(fault) = read(&xml::parse(&info).unwrap()) else { panic!("not failed") };
            assert_eq!((fault.kind.as_str(), fault.message.as_str()), (kind, "stopped"));
        }
    }
}
