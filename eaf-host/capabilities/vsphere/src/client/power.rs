//! Switching a machine on and off.
//!
//! `PowerOnVM_Task` starts a machine on the host where it is registered. `PowerOnMultiVM_Task`, which lets DRS choose
//! another host, answers with recommendations and no power-on where DRS is manual; the older method always acts or fails,
//! and a lack of capacity on one host is repeated by the engine.

use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};

pub async fn on(session: &Session, machine: &MoRef) -> Result<MoRef, Error> {
    let answer = session.call(|_| Request::new("PowerOnVM_Task", machine, String::new())).await?;
    accepted("PowerOnVM_Task", &answer)
}

pub async fn off(session: &Session, machine: &MoRef) -> Result<MoRef, Error> {
    let answer = session.call(|_| Request::new("PowerOffVM_Task", machine, String::new())).await?;
    accepted("PowerOffVM_Task", &answer)
}
