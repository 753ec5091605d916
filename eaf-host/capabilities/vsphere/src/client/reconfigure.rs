//! Configuration changes of a machine, each of which returns its task.

use super::machine::{KEY, MARKER, option_value};
use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};
use uuid::Uuid;

/// Changes the number of CPUs and the memory. Without `cores_per_socket` the present cores per
/// socket stay, and the number of CPUs must be a multiple of them.
pub async fn size(
    session: &Session,
    machine: &MoRef,
    cpus: u32,
    cores_per_socket: Option<u32>,
    memory_mb: u64,
) -> Result<MoRef, Error> {
    let cores = cores_per_socket.map(|c| format!("<numCoresPerSocket>{c}</numCoresPerSocket>")).unwrap_or_default();
    start(session, machine, format!("<numCPUs>{cpus}</numCPUs>{cores}<memoryMB>{memory_mb}</memoryMB>")).await
}

/// Restores the instance UUID of a machine, since vCenter assigns another one when it detects a
/// conflict.
pub async fn instance_uuid(session: &Session, machine: &MoRef, uuid: Uuid) -> Result<MoRef, Error> {
    start(session, machine, format!("<instanceUuid>{uuid}</instanceUuid>")).await
}

/// Writes instance UUID, marker and idempotency key, for a server that ignored them in the clone's
/// spec.
pub async fn identity(session: &Session, machine: &MoRef, uuid: Uuid, marker: &str, key: &str) -> Result<MoRef, Error> {
    let options = option_value(MARKER, marker) + &option_value(KEY, key);
    start(session, machine, format!("<instanceUuid>{uuid}</instanceUuid>{options}")).await
}

async fn start(session: &Session, machine: &MoRef, spec: String) -> Result<MoRef, Error> {
    let arguments = format!("<spec>{spec}</spec>");
    let answer = session.call(|_| Request::new("ReconfigVM_Task", machine, arguments.clone())).await?;
    accepted("ReconfigVM_Task", &answer)
}
