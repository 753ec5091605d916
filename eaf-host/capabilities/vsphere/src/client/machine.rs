//! State of a virtual machine: the properties that products read.

use super::guest::{self, Guest};
use super::properties::{self, Properties};
use super::xml::{Element, escape};
use super::{Error, MoRef, Session, path};
use uuid::Uuid;

/// Keys of extraConfig under which a machine carries its marker and the idempotency key of its
/// clone. They are not below `guestinfo.`, because the guest operating system could change them
/// there.
pub const MARKER: &str = "eaf.marker";
pub const KEY: &str = "eaf.key";

const CONFIG: &str = "config.extraConfig";

const PATHS: [&str; 21] = [
    "name",
    "parent",
    "parentVApp",
    "runtime.connectionState",
    "runtime.powerState",
    "runtime.question",
    "runtime.host",
    "config.instanceUuid",
    "config.template",
    CONFIG,
    "config.files.vmPathName",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.hardware.numCoresPerSocket",
    "config.cpuHotAddEnabled",
    "config.cpuHotRemoveEnabled",
    "config.memoryHotAddEnabled",
    "guest.toolsRunningStatus",
    "guest.toolsVersionStatus2",
    "guest.ipAddress",
    "guest.net",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    On,
    Off,
    Suspended,
}

/// Connection state of a virtual machine in vCenter. Only for a connected machine does vCenter know
/// the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Connected,
    Disconnected,
    Orphaned,
    Inaccessible,
    Invalid,
}

impl Reach {
    pub fn as_str(self) -> &'static str {
        match self {
            Reach::Connected => "connected",
            Reach::Disconnected => "disconnected",
            Reach::Orphaned => "orphaned",
            Reach::Inaccessible => "inaccessible",
            Reach::Invalid => "invalid",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    pub object: MoRef,
    /// Name of the machine without vCenter's escapes, such as `a/b` for `a%2fb`.
    pub name: String,
    /// Folder or vApp that contains the machine; `None` if vCenter reports neither.
    pub parent: Option<MoRef>,
    pub host: Option<MoRef>,
    pub reach: Reach,
    pub power: Power,
    /// Question that vCenter asks about the machine, and that blocks its power operations until a
    /// person answers it; `None` if there is no question.
    pub question: Option<String>,
    /// Configuration of the machine. `None` while vCenter cannot return it: during a clone, or
    /// while the machine's files are unavailable.
    pub config: Option<Config>,
    pub guest: Guest,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub instance_uuid: Option<Uuid>,
    pub template: bool,
    pub marker: Option<String>,
    /// Path of the machine's configuration file, as `[datastore] directory/name.vmx`.
    pub vmx: String,
    pub cpus: u32,
    pub cores_per_socket: u32,
    pub memory_mb: u64,
    pub cpu_hot_add: bool,
    pub cpu_hot_remove: bool,
    pub memory_hot_add: bool,
}

impl Machine {
    /// Whether the machine has the marker `marker` and the instance UUID `instance_uuid`.
    pub fn is(&self, marker: &str, instance_uuid: Uuid) -> bool {
        self.is_marked(marker) && self.config.as_ref().is_some_and(|c| c.instance_uuid == Some(instance_uuid))
    }

    pub fn is_marked(&self, marker: &str) -> bool {
        self.config.as_ref().is_some_and(|c| c.marker.as_deref() == Some(marker))
    }

    pub fn is_template(&self) -> bool {
        self.config.as_ref().is_some_and(|c| c.template)
    }
}

/// Reads the state of a machine; `None` if the machine does not exist or was removed.
pub async fn read(session: &Session, object: &MoRef) -> Result<Option<Machine>, Error> {
    if object.kind != "VirtualMachine" {
        return Ok(None);
    }
    properties::read_one(session, object, &PATHS).await?.map(machine).transpose()
}

/// Reads several machines in one call. Missing and unreadable machines are not in the result.
///
/// If one object is missing, vCenter fails the whole call. The machines are then split into halves
/// that are read separately, and likewise if an answer is too large.
pub async fn read_several(session: &Session, objects: &[MoRef]) -> Result<Vec<Machine>, Error> {
    let mut found = Vec::new();
    let mut parts = vec![objects];
    while let Some(part) = parts.pop() {
        match properties::read(session, part, &PATHS).await {
            Ok(read) => found.extend(read.into_iter().filter_map(|one| machine(one).ok())),
            Err(error) if error.is_fault("ManagedObjectNotFound") || matches!(error, Error::TooMuch { .. }) => {
                if part.len() > 1 {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Name and marker of a machine, for a search through many machines.
#[derive(Debug)]
pub struct Label {
    pub object: MoRef,
    /// Name of the machine without vCenter's escapes; `None` if vCenter cannot read it.
    pub name: Option<String>,
    /// Marker of the machine: `None` if vCenter cannot read the configuration, `Some(None)` if the
    /// machine has no marker.
    pub marker: Option<Option<String>>,
}

/// Reads name and marker of several machines. A machine of which vCenter can read only a part is in
/// the result too.
pub async fn labels(session: &Session, objects: &[MoRef]) -> Result<Vec<Label>, Error> {
    let found = properties::read_present(session, objects, &["name", CONFIG]).await?;
    let label = |found: Properties| Label {
        name: found.text("name").ok().flatten().map(path::plain),
        marker: found.get(CONFIG).ok().flatten().map(|options| option(options, MARKER)),
        object: found.object,
    };
    Ok(found.into_iter().map(label).collect())
}

fn machine(found: Properties) -> Result<Machine, Error> {
    let reach = reach(&found.require("runtime.connectionState")?.text);
    let parent = match found.reference("parent")? {
        Some(folder) => Some(folder),
        None => found.reference("parentVApp")?,
    };
    Ok(Machine {
        name: path::plain(found.text("name")?.unwrap_or_default()),
        parent,
        host: found.reference("runtime.host")?,
        reach,
        power: match found.require("runtime.powerState")?.text.as_str() {
            "poweredOn" => Power::On,
            "suspended" => Power::Suspended,
            _ => Power::Off,
        },
        question: found.get("runtime.question")?.and_then(|q| q.text_of("text")).map(str::to_owned),
        config: config(&found)?,
        guest: guest::read(&found)?,
        object: found.object,
    })
}

fn reach(state: &str) -> Reach {
    match state {
        "connected" => Reach::Connected,
        "disconnected" => Reach::Disconnected,
        "orphaned" => Reach::Orphaned,
        "inaccessible" => Reach::Inaccessible,
        _ => Reach::Invalid,
    }
}

/// Reads the configuration of a machine from its properties. vCenter returns only some of these
/// properties while it cannot read the machine; the result is then `None`.
fn config(found: &Properties) -> Result<Option<Config>, Error> {
    let number = |path| Ok::<_, Error>(found.number(path)?.and_then(|n| u32::try_from(n).ok()));
    let (Some(options), Some(uuid), Some(template), Some(vmx), Some(cpus), Some(memory_mb)) = (
        found.get(CONFIG)?,
        found.text("config.instanceUuid")?,
        found.text("config.template")?,
        found.text("config.files.vmPathName")?,
        number("config.hardware.numCPU")?,
        found.number("config.hardware.memoryMB")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Config {
        instance_uuid: uuid.parse().ok(),
        template: template == "true",
        marker: option(options, MARKER),
        vmx: vmx.to_owned(),
        cpus,
        cores_per_socket: number("config.hardware.numCoresPerSocket")?.unwrap_or(1).max(1),
        memory_mb,
        cpu_hot_add: found.flag("config.cpuHotAddEnabled")?,
        cpu_hot_remove: found.flag("config.cpuHotRemoveEnabled")?,
        memory_hot_add: found.flag("config.memoryHotAddEnabled")?,
    }))
}

/// XML element of a spec that sets one key of a machine's extraConfig.
pub fn option_value(key: &str, value: &str) -> String {
    format!(
        r#"<extraConfig xsi:type="OptionValue"><key>{key}</key><value xsi:type="xsd:string">{}</value></extraConfig>"#,
        escape(value)
    )
}

fn option(options: &Element, key: &str) -> Option<String> {
    let option = options.children.iter().find(|o| o.text_of("key") == Some(key))?;
    option.text_of("value").map(str::to_owned)
}
