//! Power-on and power-off of a machine.
//!
//! `PowerOnVM_Task` starts a machine on the host where it is registered. `PowerOnMultiVM_Task` lets
//! DRS choose another host, but where DRS is manual it answers with recommendations and does not
//! act; the older method acts or fails, and the engine repeats it when one host lacks capacity.

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
