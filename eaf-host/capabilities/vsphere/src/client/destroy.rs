//! Removal of a virtual machine from vCenter together with its disks.

use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};

pub async fn start(session: &Session, machine: &MoRef) -> Result<MoRef, Error> {
    let answer = session.call(|_| Request::new("Destroy_Task", machine, String::new())).await?;
    accepted("Destroy_Task", &answer)
}
