//! Open connection to a vCenter: its settings, its session, and lookup of the inventory objects
//! that the settings name.

use super::choices::Recent;
use super::client::machine::{self, Machine, Reach};
use super::client::placement::{self, Compute};
use super::client::{Error, MoRef, Session, find, path};
use super::connection::Settings;
use super::failure;
use super::locate::unreachable;
use crate::failure::Code;
use eaf_capability::{Class, Failure};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Maximum number of names that a failure message lists.
const LISTED: usize = 8;

/// Retry budget of a clone whose template is a virtual machine now, and was a template before. An
/// administrator converts a template to a machine, patches it and converts it back.
const MAINTENANCE: Duration = Duration::from_secs(10 * 60);

pub struct VCenter {
    pub settings: Settings,
    pub session: Session,
    /// Paths at which this process has found a template before.
    pub templates: Arc<Mutex<HashSet<String>>>,
    /// Cache of the lists of choices that were read over this connection.
    pub recent: Arc<Recent>,
}

/// Folder in vCenter: the connection's folder or one inside it.
pub struct Place {
    pub folder: MoRef,
    /// Names on the folder's path, without vCenter's escapes, beginning with the datacenter.
    pub names: Vec<String>,
}

impl VCenter {
    /// Instance UUID of the vCenter. It identifies this vCenter, even if another vCenter answers at
    /// the same address later.
    pub async fn instance_uuid(&self) -> Result<String, Failure> {
        let about = self.session.about().await.map_err(read)?;
        about.instance_uuid.ok_or_else(|| {
            let message =
                "There is a host without vCenter at the connection's address. Give the address of the vCenter.";
            failure::new(Class::Configuration, Code::VcenterAddress, message)
        })
    }

    /// Address and user name of the login, without the password, to tell whether two logins are the
    /// same.
    pub fn account(&self) -> String {
        format!("{} {}", self.settings.url, self.settings.username)
    }

    pub async fn datacenter(&self) -> Result<MoRef, Failure> {
        let named = &self.settings.datacenter;
        let found = self.object(&path::names(named)).await?;
        expect(found, &["Datacenter"], (Sought::Datacenter, named))
    }

    /// Finds the template at a path below the datacenter's VM folder.
    pub async fn template(&self, template: &str) -> Result<Machine, Failure> {
        let shown = self.shown(template);
        let object =
            expect(self.object(&self.below("vm", template)).await?, &["VirtualMachine"], (Sought::Template, &shown))?;
        let found = machine::read(&self.session, &object).await.map_err(read)?;
        let machine = found.ok_or_else(|| missing(Sought::Template, &shown))?;
        let Some(config) = machine.config.as_ref().filter(|_| machine.reach == Reach::Connected) else {
            return Err(unreachable(&machine));
        };
        let mut known = self.templates.lock().expect("no panic happens under this lock");
        if config.template {
            known.insert(shown);
            return Ok(machine);
        }
        let message = format!("{shown} in vCenter is a virtual machine, not a template.");
        Err(match known.contains(&shown) {
            true => failure::new(Class::Transient, Code::NotATemplate, message).give_up_after(MAINTENANCE),
            false => failure::new(Class::Configuration, Code::NotATemplate, message),
        })
    }

    /// Finds the folder at a path below the connection's folder; `None` if there is no such folder.
    pub async fn place(&self, folder: &str) -> Result<Option<Place>, Failure> {
        let mut names = self.root();
        names.extend(folder_names(folder)?);
        match self.object(&names).await? {
            Some(object) if object.kind == "Folder" => Ok(Some(Place { folder: object, names })),
            _ => Ok(None),
        }
    }

    /// Finds the connection's own folder. It must exist, because the host never creates it.
    pub async fn root_place(&self) -> Result<Place, Failure> {
        self.place("").await?.ok_or_else(|| self.folder_missing(""))
    }

    pub fn folder_missing(&self, folder: &str) -> Failure {
        let path = format!("{}/{folder}", self.settings.folder);
        missing(Sought::Folder, &self.shown(path.trim_end_matches('/')))
    }

    /// Finds the resource pool for new machines: the pool that the connection's settings name, or
    /// else the pool of the only cluster or stand-alone host.
    pub async fn compute(&self) -> Result<Compute, Failure> {
        const KINDS: [&str; 5] =
            ["ResourcePool", "VirtualApp", "ClusterComputeResource", "ComputeResource", "HostSystem"];
        let Some(named) = &self.settings.resource_pool else { return self.only_compute().await };
        let object = match self.object(&self.below("host", named)).await? {
            None => return Err(self.pool_missing(named).await?),
            found => expect(found, &KINDS, (Sought::Pool, named))?,
        };
        let compute = placement::compute(&self.session, &object).await.map_err(read)?;
        compute.ok_or_else(|| missing(Sought::Pool, named))
    }

    async fn only_compute(&self) -> Result<Compute, Failure> {
        let found = self.computes().await?;
        match found.as_slice() {
            [] => Err(missing(Sought::Pool, "of a cluster")),
            [(object, _)] => {
                let compute = placement::compute(&self.session, object).await.map_err(read)?;
                compute.ok_or_else(|| missing(Sought::Pool, "of the only cluster"))
            }
            several => Err(failure::new(
                Class::Configuration,
                Code::PoolAmbiguous,
                format!("The connection names no cluster and there are several: {}. Set one of them.", list(several)),
            )),
        }
    }

    async fn pool_missing(&self, named: &str) -> Result<Failure, Failure> {
        let mut failure = missing(Sought::Pool, named);
        let there = self.computes().await?;
        if !there.is_empty() {
            failure.message.push_str(&format!(" Clusters and hosts there: {}.", list(&there)));
        }
        Ok(failure)
    }

    async fn computes(&self) -> Result<Vec<(MoRef, String)>, Failure> {
        let datacenter = self.datacenter().await?;
        placement::computes(&self.session, &datacenter).await.map_err(read)
    }

    /// Finds the datastore that the connection's settings name; `None` if the settings name no
    /// datastore. If the name is that of a datastore cluster, the datastore with the most free
    /// space in it is chosen.
    pub async fn datastore(&self) -> Result<Option<MoRef>, Failure> {
        let Some(named) = &self.settings.datastore else { return Ok(None) };
        let found = self.object(&self.below("datastore", named)).await?;
        let object = expect(found, &["Datastore", "StoragePod"], (Sought::Datastore, named))?;
        if object.kind == "Datastore" {
            return Ok(Some(object));
        }
        let member = placement::datastore_of_pod(&self.session, &object).await.map_err(read)?;
        member.map(Some).ok_or_else(|| {
            let message = format!("No datastore of the datastore cluster {named} can be used at the moment.");
            failure::new(Class::Capacity, Code::VcenterCapacity, message)
        })
    }

    pub async fn object(&self, names: &[String]) -> Result<Option<MoRef>, Failure> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        find::by_path(&self.session, &names).await.map_err(read)
    }

    fn root(&self) -> Vec<String> {
        self.below("vm", &self.settings.folder)
    }

    fn below(&self, kind: &str, path: &str) -> Vec<String> {
        let mut names = path::names(&self.settings.datacenter);
        names.push(kind.to_owned());
        names.extend(path::names(path));
        names
    }

    fn shown(&self, path: &str) -> String {
        format!("{}/vm/{path}", self.settings.datacenter)
    }
}

/// Splits a relative path that a plugin gives into names, and refuses a path with `.` or `..`,
/// which would lead out of the connection's folder.
pub fn folder_names(folder: &str) -> Result<Vec<String>, Failure> {
    let names = path::names(folder);
    match names.iter().find(|name| *name == "." || *name == ".." || path::is_too_long(name)) {
        Some(_) => Err(failure::new(
            Class::Denied,
            Code::FolderOutside,
            format!(
                "A folder's path leads down from the connection's folder, in names of at most {} characters.",
                path::MAX_NAME
            ),
        )),
        None => Ok(names),
    }
}

/// Kind of object that is looked for by the name in the connection's settings or in a call.
#[derive(Clone, Copy)]
enum Sought {
    Datacenter,
    Template,
    Folder,
    Pool,
    Datastore,
}

impl Sought {
    /// Name of the kind in messages.
    fn as_str(self) -> &'static str {
        match self {
            Sought::Datacenter => "datacenter",
            Sought::Template => "template",
            Sought::Folder => "folder",
            Sought::Pool => "resource pool",
            Sought::Datastore => "datastore",
        }
    }

    /// Failure code of an object that is not in vCenter, or is of another kind.
    fn missing_code(self) -> Code {
        match self {
            Sought::Datacenter => Code::DatacenterMissing,
            Sought::Template => Code::TemplateMissing,
            Sought::Folder => Code::FolderMissing,
            Sought::Pool => Code::PoolMissing,
            Sought::Datastore => Code::DatastoreMissing,
        }
    }
}

/// Returns the inventory object if it exists and is of one of these kinds. Otherwise the failure
/// names the kind that was found.
fn expect(found: Option<MoRef>, kinds: &[&str], (sought, path): (Sought, &str)) -> Result<MoRef, Failure> {
    match found {
        Some(object) if kinds.contains(&object.kind.as_str()) => Ok(object),
        Some(object) => Err(failure::new(
            Class::Configuration,
            sought.missing_code(),
            format!("{path} in vCenter is a {}, not a {}.", object.kind, sought.as_str()),
        )),
        None => Err(missing(sought, path)),
    }
}

fn missing(sought: Sought, path: &str) -> Failure {
    let hint = match sought {
        Sought::Template => " A template of a content library has to be deployed into a folder first.",
        _ => "",
    };
    let what = sought.as_str();
    failure::new(
        Class::Configuration,
        sought.missing_code(),
        format!("The {what} {path} is not in vCenter, or the connection's user may not see it.{hint}"),
    )
}

fn list(named: &[(MoRef, String)]) -> String {
    let names: Vec<&str> = named.iter().map(|(_, name)| name.as_str()).take(LISTED).collect();
    names.join(", ")
}

fn read(error: Error) -> Failure {
    failure::of_read(&error)
}
