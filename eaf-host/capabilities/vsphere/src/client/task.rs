//! Tasks of vCenter. A task that vCenter does not know has not necessarily failed, because vCenter
//! discards old tasks and may list a new one late.

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

/// Maximum number of an object's recent tasks that are read. vCenter usually lists a few.
const MAX_RECENT: usize = 100;

/// Reads the state of a vCenter task; `None` if vCenter does not know the task.
pub async fn state(session: &Session, task: &MoRef) -> Result<Option<State>, Error> {
    let found = properties::read_one(session, task, &["info"]).await?;
    let info = found.as_ref().map(|found| found.get("info")).transpose()?.flatten();
    let mut state = info.map(read);
    if let Some(State::Failed(fault)) = &mut state {
        session.name_objects(fault).await?;
    }
    if !matches!(state, Some(State::Running { .. })) {
        session.remove_task(task);
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

/// Fault of a failed task. For a cancelled task the kind becomes `RequestCanceled`, because vCenter
/// may report any fault for it.
fn failed(info: &Element) -> Fault {
    let fault = info.child("error").map(Fault::of_task).unwrap_or_default();
    match info.text_of("cancelled") {
        Some("true") => Fault { kind: "RequestCanceled".to_owned(), ..fault },
        _ => fault,
    }
}

/// Lists the recent tasks of a template or folder that still run and that vCenter did not
/// acknowledge to this host. One of them may be a clone whose answer was lost. Tasks of all method
/// names count, because the names differ between servers. A task that this user cannot read belongs
/// to another user and does not count.
pub async fn running_unacknowledged(session: &Session, entity: &MoRef) -> Result<Vec<MoRef>, Error> {
    let recent = properties::read_one(session, entity, &["recentTask"]).await?;
    let mut running = Vec::new();
    let recent = recent.map(|found| found.references("recentTask")).transpose()?.unwrap_or_default();
    for task in recent.into_iter().take(MAX_RECENT).filter(|task| !session.is_acknowledged(task)) {
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
    fn a_cancelled_task_is_cancelled_whatever_its_fault() {
        let error = r#"<error><fault xsi:type="SystemError"/><localizedMessage>stopped</localizedMessage></error>"#;
        for (cancelled, kind) in [("true", "RequestCanceled"), ("false", "SystemError")] {
            let info = format!("<val><cancelled>{cancelled}</cancelled><state>error</state>{error}</val>");
            let State::Failed(fault) = read(&xml::parse(&info).unwrap()) else { panic!("not failed") };
            assert_eq!((fault.kind.as_str(), fault.message.as_str()), (kind, "stopped"));
        }
    }
}
