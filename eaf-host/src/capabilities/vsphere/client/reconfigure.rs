//! Changing a machine's configuration.

use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};
use uuid::Uuid;

pub async fn size(session: &Session, machine: &MoRef, cpus: u32, memory_mb: u64) -> Result<MoRef, Error> {
    start(session, machine, format!("<numCPUs>{cpus}</numCPUs><memoryMB>{memory_mb}</memoryMB>")).await
}

/// vCenter gives a machine another instance UUID when it sees a conflict; this puts back the one we look for.
pub async fn instance_uuid(session: &Session, machine: &MoRef, uuid: Uuid) -> Result<MoRef, Error> {
    start(session, machine, format!("<instanceUuid>{uuid}</instanceUuid>")).await
}

async fn start(session: &Session, machine: &MoRef, spec: String) -> Result<MoRef, Error> {
    let arguments = format!("<spec>{spec}</spec>");
    let answer = session.call(|_| Request::new("ReconfigVM_Task", machine, arguments.clone())).await?;
    accepted(session, "ReconfigVM_Task", &answer)
}
