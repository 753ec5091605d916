//! Tasks: what vCenter does in the background. A task that is not found has not failed: vCenter forgets tasks, and may
//! not know a new one for a moment.

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

/// None if vCenter does not know the task.
pub async fn state(session: &Session, task: &MoRef) -> Result<Option<State>, Error> {
    let found = properties::read_one(session, task, &["info"]).await?;
    let state = found.as_ref().and_then(|p| p.get("info")).map(read);
    if !matches!(state, Some(State::Running { .. })) {
        session.forget_task(task);
    }
    Ok(state)
}

fn read(info: &Element) -> State {
    match info.text_of("state") {
        Some("success") => State::Succeeded { result: info.child("result").and_then(MoRef::read) },
        Some("error") => State::Failed(info.child("error").map(Fault::of_task).unwrap_or_default()),
        _ => State::Running { progress: info.text_of("progress").and_then(|p| p.parse().ok()) },
    }
}

/// The recent tasks of a template or folder that still run and whose acceptance this session did not hear: one of
/// them may be a clone whose answer was lost. Names of tasks differ between servers, so they are not looked at.
pub async fn running_unheard(session: &Session, entity: &MoRef) -> Result<Vec<MoRef>, Error> {
    let recent = properties::read_one(session, entity, &["recentTask"]).await?;
    let mut running = Vec::new();
    for task in recent.map(|p| p.references("recentTask")).unwrap_or_default() {
        if !session.knows_task(&task) && matches!(state(session, &task).await?, Some(State::Running { .. })) {
            running.push(task);
        }
    }
    Ok(running)
}
