//! Power-on and power-off of a virtual machine in vCenter.
//!
//! The client calls `PowerOnVM_Task`, which starts the machine on the ESXi host where it is
//! registered, or fails. The newer `PowerOnMultiVM_Task` lets DRS choose another host, but where
//! DRS is manual it only returns recommendations. If the host lacks capacity, the workflow engine
//! repeats the call.

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
