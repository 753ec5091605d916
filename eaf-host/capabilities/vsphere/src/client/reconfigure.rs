//! Changes of a machine's configuration. Each function starts a change and returns its vCenter
//! task.

use super::machine::{KEY, MARKER, option_value};
use super::soap::{MoRef, Request};
use super::{Error, Session, accepted};
use uuid::Uuid;

/// Starts a change of a machine's CPUs and memory. If `cores_per_socket` is `None`, the present
/// number of cores per socket stays, and `cpus` must be a multiple of it.
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

/// Starts a change that restores the machine's instance UUID. vCenter assigns another UUID when it
/// finds that two machines have the same.
pub async fn instance_uuid(session: &Session, machine: &MoRef, uuid: Uuid) -> Result<MoRef, Error> {
    start(session, machine, format!("<instanceUuid>{uuid}</instanceUuid>")).await
}

/// Starts a change that writes instance UUID, marker and idempotency key into a machine's
/// configuration, for a server that ignored these values in the clone's spec.
pub async fn identity(session: &Session, machine: &MoRef, uuid: Uuid, marker: &str, key: &str) -> Result<MoRef, Error> {
    let options = option_value(MARKER, marker) + &option_value(KEY, key);
    start(session, machine, format!("<instanceUuid>{uuid}</instanceUuid>{options}")).await
}

async fn start(session: &Session, machine: &MoRef, spec: String) -> Result<MoRef, Error> {
    let arguments = format!("<spec>{spec}</spec>");
    let answer = session.call(|_| Request::new("ReconfigVM_Task", machine, arguments.clone())).await?;
    accepted("ReconfigVM_Task", &answer)
}
