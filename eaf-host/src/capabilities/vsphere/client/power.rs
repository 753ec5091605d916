//! Switching a machine on and off.

use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};

pub async fn on(session: &Session, machine: &MoRef) -> Result<MoRef, Error> {
    let answer = session.call(|_| Request::new("PowerOnVM_Task", machine, String::new())).await?;
    accepted(session, "PowerOnVM_Task", &answer)
}

pub async fn off(session: &Session, machine: &MoRef) -> Result<MoRef, Error> {
    let answer = session.call(|_| Request::new("PowerOffVM_Task", machine, String::new())).await?;
    accepted(session, "PowerOffVM_Task", &answer)
}
