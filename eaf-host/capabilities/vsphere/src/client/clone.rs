//! Clone of a template in vCenter. The clone's spec contains only settings that every vCenter
//! applies: placement, size, instance UUID and extraConfig.

use super::machine::{KEY, MARKER, option_value};
use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session, accepted, path};
use uuid::Uuid;

pub struct Clone<'a> {
    pub template: &'a MoRef,
    pub folder: &'a MoRef,
    pub pool: &'a MoRef,
    /// ESXi host on which the new machine is placed; `None`: vCenter chooses the host.
    pub host: Option<&'a MoRef>,
    /// Datastore on which the new machine is placed; `None`: the datastore of the template.
    pub datastore: Option<&'a MoRef>,
    pub name: &'a str,
    pub instance_uuid: Uuid,
    pub cpus: u32,
    /// CPU cores per socket of the new machine; `None`: as in the template.
    pub cores_per_socket: Option<u32>,
    pub memory_mb: u64,
    pub marker: &'a str,
    pub idempotency_key: &'a str,
    /// Whether the new machine's virtual TPM gets new secrets. Otherwise vCenter copies the
    /// template's secrets. Requires vCenter 8.
    pub replace_tpm: bool,
}

/// Starts the clone of a template and returns the vCenter task. The new machine stays powered off,
/// because power-on is a separate step of the workflow.
pub async fn start(session: &Session, clone: &Clone<'_>) -> Result<MoRef, Error> {
    let reference = |of: Option<&MoRef>, name| of.map(|object| object.element(name)).unwrap_or_default();
    let cores = clone.cores_per_socket.map(|c| format!("<numCoresPerSocket>{c}</numCoresPerSocket>"));
    let arguments = format!(
        "{folder}<name>{name}</name><spec><location>{datastore}{pool}{host}</location><template>false</template>\
         <config><instanceUuid>{uuid}</instanceUuid><numCPUs>{cpus}</numCPUs>{cores}<memoryMB>{memory}</memoryMB>\
         {marker}{key}</config><powerOn>false</powerOn>{tpm}</spec>",
        folder = clone.folder.element("folder"),
        name = escape(&path::of_name(clone.name)),
        datastore = reference(clone.datastore, "datastore"),
        pool = clone.pool.element("pool"),
        host = reference(clone.host, "host"),
        uuid = clone.instance_uuid,
        cpus = clone.cpus,
        cores = cores.unwrap_or_default(),
        memory = clone.memory_mb,
        marker = option_value(MARKER, clone.marker),
        key = option_value(KEY, clone.idempotency_key),
        tpm = if clone.replace_tpm { "<tpmProvisionPolicy>replace</tpmProvisionPolicy>" } else { "" },
    );
    let answer = session.call(|_| Request::new("CloneVM_Task", clone.template, arguments.clone())).await?;
    accepted("CloneVM_Task", &answer)
}
