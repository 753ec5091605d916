//! Cloning a template. Only what every vCenter honours is in the spec: placement, size, instance UUID, extraConfig.

use super::machine::{KEY, MARKER};
use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session, accepted};
use uuid::Uuid;

pub struct Clone<'a> {
    pub template: &'a MoRef,
    pub folder: &'a MoRef,
    pub pool: &'a MoRef,
    pub datastore: Option<&'a MoRef>,
    pub name: &'a str,
    pub instance_uuid: Uuid,
    pub cpus: u32,
    pub memory_mb: u64,
    pub marker: &'a str,
    pub idempotency_key: &'a str,
}

/// The new machine stays powered off: switching it on is a step of its own.
pub async fn start(session: &Session, clone: &Clone<'_>) -> Result<MoRef, Error> {
    let datastore = clone.datastore.map(|d| d.element("datastore")).unwrap_or_default();
    let option = |key: &str, value: &str| {
        format!(
            r#"<extraConfig xsi:type="OptionValue"><key>{key}</key><value xsi:type="xsd:string">{}</value></extraConfig>"#,
            escape(value)
        )
    };
    let arguments = format!(
        "{folder}<name>{name}</name><spec><location>{datastore}{pool}</location><template>false</template>\
         <config><instanceUuid>{uuid}</instanceUuid><numCPUs>{cpus}</numCPUs><memoryMB>{memory}</memoryMB>\
         {marker}{key}</config><powerOn>false</powerOn></spec>",
        folder = clone.folder.element("folder"),
        name = escape(clone.name),
        pool = clone.pool.element("pool"),
        uuid = clone.instance_uuid,
        cpus = clone.cpus,
        memory = clone.memory_mb,
        marker = option(MARKER, clone.marker),
        key = option(KEY, clone.idempotency_key),
    );
    let answer = session.call(|_| Request::new("CloneVM_Task", clone.template, arguments.clone())).await?;
    accepted(session, "CloneVM_Task", &answer)
}
