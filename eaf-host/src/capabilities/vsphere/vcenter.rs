//! A connection in use: its settings, its session, and the objects that its paths name.

use super::client::{Error, MoRef, Session, find, machine, path, placement, properties, tree};
use super::connection::Settings;
use super::failure;
use super::identity::Identity;
use crate::capabilities::{Class, Failure};
use std::sync::Arc;

#[derive(Clone)]
pub struct VCenter {
    pub settings: Arc<Settings>,
    pub session: Arc<Session>,
}

/// A folder inside the connection's folder.
pub struct Place {
    pub folder: MoRef,
    /// Plain names from the datacenter down.
    pub names: Vec<String>,
}

impl VCenter {
    /// This plugin's machine, by UUID and marker; none if it is not there. A copy that an admin made of it carries the
    /// marker but another UUID, and is not it.
    pub async fn locate(&self, identity: &Identity) -> Result<Option<machine::Machine>, Failure> {
        let found = find::by_instance_uuid(&self.session, identity.instance_uuid).await.map_err(read)?;
        let mut ours = Vec::new();
        for object in found {
            let machine = machine::read(&self.session, &object).await.map_err(read)?;
            ours.extend(machine.filter(|m| !m.template && m.marker.as_deref() == Some(&identity.marker)));
        }
        one_of(ours, "instance UUID and marker")
    }

    /// This plugin's machine, also where another client gave it another UUID: then by its marker, anywhere below the
    /// connection's folder. None only if that folder could be looked through.
    pub async fn search(&self, identity: &Identity) -> Result<Option<machine::Machine>, Failure> {
        if let Some(machine) = self.locate(identity).await? {
            return Ok(Some(machine));
        }
        let root = self.root_place().await?;
        let marked = tree::marked(&self.session, &root.folder, &identity.marker).await.map_err(read)?;
        one_of(marked.ok_or_else(|| self.folder_missing(""))?, "marker")
    }

    /// The same, where the machine must be there.
    pub async fn require(&self, identity: &Identity) -> Result<machine::Machine, Failure> {
        self.locate(identity).await?.ok_or_else(|| {
            failure::new(
                Class::NotFound,
                "vm-missing",
                format!("The virtual machine with instance UUID {} is not in vCenter.", identity.instance_uuid),
            )
        })
    }

    pub async fn datacenter(&self) -> Result<MoRef, Failure> {
        let names = path::names(&self.settings.datacenter);
        match self.object(&names).await? {
            Some(object) if object.kind == "Datacenter" => Ok(object),
            _ => Err(missing("datacenter-missing", "datacenter", &self.settings.datacenter)),
        }
    }

    /// The template at this path below the datacenter's VM folder.
    pub async fn template(&self, template: &str) -> Result<MoRef, Failure> {
        let absent = || missing("template-missing", "template", &self.shown(template));
        let object = self.object(&self.below("vm", template)).await?.ok_or_else(absent)?;
        let machine = machine::read(&self.session, &object).await.map_err(read)?.ok_or_else(absent)?;
        if !machine.template {
            return Err(failure::new(
                Class::Configuration,
                "not-a-template",
                format!("{} in vCenter is a virtual machine, not a template.", self.shown(template)),
            ));
        }
        Ok(object)
    }

    /// The folder at this path below the connection's folder.
    pub async fn place(&self, folder: &str) -> Result<Option<Place>, Failure> {
        let mut names = self.root();
        names.extend(folder_names(folder)?);
        match self.object(&names).await? {
            Some(object) if object.kind == "Folder" => Ok(Some(Place { folder: object, names })),
            _ => Ok(None),
        }
    }

    /// The connection's folder, which an operator made.
    pub async fn root_place(&self) -> Result<Place, Failure> {
        self.place("").await?.ok_or_else(|| self.folder_missing(""))
    }

    pub fn folder_missing(&self, folder: &str) -> Failure {
        let path = format!("{}/{folder}", self.settings.folder);
        missing("folder-missing", "folder", &self.shown(path.trim_end_matches('/')))
    }

    pub async fn pool(&self) -> Result<MoRef, Failure> {
        let found = match &self.settings.resource_pool {
            Some(pool) => match self.object(&self.below("host", pool)).await? {
                Some(object) => placement::pool_of(&self.session, &object).await.map_err(read)?,
                None => None,
            },
            None => {
                let datacenter = self.datacenter().await?;
                placement::first_pool(&self.session, &datacenter).await.map_err(read)?
            }
        };
        let named = self.settings.resource_pool.as_deref().unwrap_or("of the first cluster");
        found.ok_or_else(|| missing("pool-missing", "resource pool", named))
    }

    pub async fn datastore(&self) -> Result<Option<MoRef>, Failure> {
        let Some(datastore) = &self.settings.datastore else { return Ok(None) };
        match self.object(&self.below("datastore", datastore)).await? {
            Some(object) if object.kind == "Datastore" => Ok(Some(object)),
            _ => Err(missing("datastore-missing", "datastore", datastore)),
        }
    }

    pub async fn object(&self, names: &[String]) -> Result<Option<MoRef>, Failure> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        find::by_path(&self.session, &names).await.map_err(read)
    }

    /// Plain names from the datacenter down to a machine, for looking for it after it was destroyed.
    pub async fn names_of(&self, machine: &machine::Machine) -> Result<Vec<String>, Failure> {
        let mut names = vec![machine.name.clone()];
        let mut above = machine.folder.clone();
        while let Some(object) = above.filter(|o| o.kind == "Folder") {
            let found = properties::read_one(&self.session, &object, &["name", "parent"]).await.map_err(read)?;
            let Some(found) = found else { break };
            names.insert(0, path::plain(found.text("name").unwrap_or_default()));
            above = found.reference("parent");
        }
        names.splice(0..0, path::names(&self.settings.datacenter));
        Ok(names)
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

fn one_of(mut ours: Vec<machine::Machine>, what: &str) -> Result<Option<machine::Machine>, Failure> {
    if ours.len() > 1 {
        return Err(failure::new(
            Class::Conflict,
            "duplicate-vm",
            format!(
                "{} virtual machines carry the same {what}: {}. An operator must remove the copies.",
                ours.len(),
                ours.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    Ok(ours.pop())
}

/// The names of a path that a plugin gave. It leads down only.
pub fn folder_names(folder: &str) -> Result<Vec<String>, Failure> {
    let names = path::names(folder);
    match names.iter().find(|n| *n == "." || *n == ".." || n.chars().count() > 80) {
        Some(_) => Err(failure::new(
            Class::Denied,
            "folder-outside",
            "A folder's path leads down from the connection's folder, in names of at most 80 characters.",
        )),
        None => Ok(names),
    }
}

fn missing(code: &str, what: &str, path: &str) -> Failure {
    failure::new(
        Class::Configuration,
        code,
        format!("The {what} {path} is not in vCenter, or the connection's user may not see it."),
    )
}

fn read(error: Error) -> Failure {
    failure::of_read(&error)
}
