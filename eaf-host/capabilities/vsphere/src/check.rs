//! Test of a vCenter connection: first each setting, then each privilege of the connection's user
//! on the objects that need the privilege. The test does not stop at the first failure, so that an
//! administrator of vCenter can repair everything at once.
//!
//! `docs/guides/vcenter.md` says why each privilege is needed; a test compares that guide with
//! [`Place::needed`].

use super::client::service::{self, Service};
use super::client::templates::{self, Template};
use super::client::{Error, MoRef, authorization, path, properties};
use super::failure;
use super::vcenter::VCenter;
use crate::failure::Code;
use eaf_capability::contact;
use eaf_capability::{Class, Failure, Report, Verdict};
use std::time::Duration;

/// Maximum number of inventory objects of one kind, such as datastores, whose privileges are
/// tested. Further objects are not tested.
const MAX_OBJECTS: usize = 20;

/// Parts of the vCenter inventory on which the connection's user needs privileges, in the order of
/// the test's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Folder,
    Pool,
    Datastores,
    Networks,
    Templates,
}

impl Place {
    const ALL: [Place; 5] = [Place::Folder, Place::Pool, Place::Datastores, Place::Networks, Place::Templates];

    /// Ids of the privileges that the connection's user needs on this part of the inventory.
    fn needed(self) -> &'static [&'static str] {
        match self {
            Place::Folder => &[
                "System.View",
                "System.Read",
                "Folder.Create",
                "VirtualMachine.Inventory.CreateFromExisting",
                "VirtualMachine.Inventory.Delete",
                "VirtualMachine.Config.AddNewDisk",
                "VirtualMachine.Config.AdvancedConfig",
                "VirtualMachine.Config.CPUCount",
                "VirtualMachine.Config.Memory",
                "VirtualMachine.Config.Settings",
                "VirtualMachine.Interact.PowerOn",
                "VirtualMachine.Interact.PowerOff",
            ],
            Place::Pool => &["Resource.AssignVMToPool"],
            Place::Datastores => &["Datastore.AllocateSpace"],
            Place::Networks => &["Network.Assign"],
            Place::Templates => &["VirtualMachine.Provisioning.DeployTemplate"],
        }
    }
}

/// Inventory object whose privileges are tested, and its path as the report shows it.
struct Subject {
    object: MoRef,
    path: String,
}

type Found = Result<Vec<Subject>, Verdict>;

/// Tests a vCenter connection. If the server cannot be reached, the report comes after the time
/// `contact` whatever the cause, so that the time reveals nothing about the server.
pub async fn check(vcenter: &VCenter, contact: Duration) -> Report {
    let mut report = Report::default();
    let service = sign_in(vcenter, contact, &mut report).await;
    let datacenter = match &service {
        Some(_) => vcenter.datacenter().await.map_err(Verdict::Bad),
        None => Err(Verdict::Untested),
    };
    report.setting("datacenter", &vcenter.settings.datacenter, verdict(&datacenter));
    let inventory = match (&service, &datacenter) {
        (Some(service), Ok(datacenter)) => Some(Inventory { vcenter, service, datacenter }),
        _ => None,
    };
    let places = match &inventory {
        Some(inventory) => inventory.places().await,
        None => Place::ALL.map(|place| (place, Err(Verdict::Untested))).into(),
    };
    for (place, found) in &places {
        setting(vcenter, &mut report, *place, found);
    }
    for (place, found) in &places {
        match (&inventory, found) {
            (Some(inventory), Ok(subjects)) => inventory.privileges(&mut report, place.needed(), subjects).await,
            _ => place
                .needed()
                .iter()
                .for_each(|id| report.privilege(id, configured(vcenter, *place), Verdict::Untested)),
        }
    }
    report
}

/// Tests the server's address, the login, and whether the server is a vCenter, with one finding for
/// each. Returns the server's managed objects; `None` if the address or the login is bad.
async fn sign_in(vcenter: &VCenter, contact: Duration, report: &mut Report) -> Option<Service> {
    let settings = &vcenter.settings;
    let contact = contact::first(
        contact,
        vcenter.session.reach(),
        || vcenter.session.too_slow(),
        |error| matches!(error, Error::Unreached(_)),
    );
    let read = match contact.await {
        // The login has a longer time-out than the first contact, because vCenter may ask an
        // external directory.
        Ok(()) => service::read(&vcenter.session).await,
        Err(error) => Err(error),
    };
    let (address, login, service) = match read {
        Ok(service) => (Verdict::Good, Verdict::Good, Some(service)),
        Err(error) => {
            let bad = Verdict::Bad(failure::of_read(&error));
            match error {
                Error::Fault(_) | Error::Refused(_) | Error::LoginsPaused { .. } | Error::Unreadable { .. } => {
                    (Verdict::Good, bad, None)
                }
                Error::Transport(_)
                | Error::Soap(_)
                | Error::Incomplete { .. }
                | Error::TooMuch { .. }
                | Error::OtherVCenter
                | Error::Unreached(_) => (bad, Verdict::Untested, None),
            }
        }
    };
    report.setting("url", &settings.url, address);
    report.setting("username", &settings.username, login);
    let kind = match &service {
        None => Verdict::Untested,
        Some(service) if service.api_type == "VirtualCenter" => Verdict::Good,
        Some(service) => Verdict::Bad(not_vcenter(service)),
    };
    report.setting("vcenter", service.as_ref().map_or("", |service| &service.full_name), kind);
    service
}

/// Adds the finding about the inventory part `place`, under the name of the connection's setting.
/// The templates have a finding too, although no setting names them; the networks have none.
fn setting(vcenter: &VCenter, report: &mut Report, place: Place, found: &Found) {
    let name = match place {
        Place::Folder => "folder",
        Place::Pool => "resource_pool",
        Place::Templates => "templates",
        Place::Datastores if vcenter.settings.datastore.is_some() => "datastore",
        Place::Datastores | Place::Networks => return,
    };
    let subject = configured(vcenter, place);
    let subject = if subject.is_empty() { found.as_deref().map(shown).unwrap_or_default() } else { subject };
    report.setting(name, subject, verdict(found));
}

fn configured(vcenter: &VCenter, place: Place) -> String {
    let settings = &vcenter.settings;
    match place {
        Place::Folder => settings.folder.clone(),
        Place::Pool => settings.resource_pool.clone().unwrap_or_default(),
        Place::Datastores => settings.datastore.clone().unwrap_or_default(),
        Place::Templates | Place::Networks => String::new(),
    }
}

/// Reader of the inventory objects that the connection test needs. It exists after the login.
struct Inventory<'a> {
    vcenter: &'a VCenter,
    service: &'a Service,
    datacenter: &'a MoRef,
}

impl Inventory<'_> {
    async fn places(&self) -> Vec<(Place, Found)> {
        let templates = self.templates().await;
        let of_templates = |objects: fn(&Template) -> &[MoRef]| match &templates {
            Ok(templates) => Ok(distinct(templates.iter().flat_map(objects))),
            Err(_) => Err(Verdict::Untested),
        };
        let datastores = match self.vcenter.datastore().await {
            Ok(Some(datastore)) => Ok(vec![datastore]),
            Ok(None) => of_templates(|template| &template.datastores),
            Err(failure) => Err(Verdict::Bad(failure)),
        };
        let networks = of_templates(|template| &template.networks);
        let subject = |template: Template| Subject { object: template.object, path: template.name };
        vec![
            (Place::Folder, self.folder().await.map_err(Verdict::Bad)),
            (Place::Pool, self.named(self.vcenter.compute().await.map(|c| vec![c.pool]).map_err(Verdict::Bad)).await),
            (Place::Datastores, self.named(datastores).await),
            (Place::Networks, self.named(networks).await),
            (Place::Templates, templates.map(|templates| templates.into_iter().map(subject).collect())),
        ]
    }

    /// The connection's folder and one object in that folder. The second object shows whether the
    /// user's permission on the folder is inherited; without inheritance it has no effect on
    /// machines.
    async fn folder(&self) -> Result<Vec<Subject>, Failure> {
        let root = self.vcenter.root_place().await?.folder;
        let path = self.vcenter.settings.folder.clone();
        let found = self.read(&root, "childEntity").await?;
        let children = found.map(|found| found.references("childEntity")).transpose();
        let children = children.map_err(|error| failure::of_read(&error))?;
        let mut subjects = vec![Subject { object: root, path: path.clone() }];
        if let Some(child) = children.unwrap_or_default().first() {
            let name = self.name(child).await?;
            subjects.push(Subject { object: child.clone(), path: format!("{path}/{name}") });
        }
        Ok(subjects)
    }

    async fn templates(&self) -> Result<Vec<Template>, Verdict> {
        let Some(manager) = &self.service.view_manager else { return Err(Verdict::Untested) };
        let found = templates::below(&self.vcenter.session, manager, self.datacenter, MAX_OBJECTS).await;
        let found = found.map_err(|error| Verdict::Bad(failure::of_read(&error)))?;
        if found.is_empty() {
            return Err(Verdict::Bad(failure::new(
                Class::Configuration,
                Code::TemplatesMissing,
                format!(
                    "The connection's user sees no template in the datacenter {}. Templates of a content library cannot be cloned.",
                    self.vcenter.settings.datacenter
                ),
            )));
        }
        Ok(found)
    }

    async fn named(&self, objects: Result<Vec<MoRef>, Verdict>) -> Found {
        let mut subjects = Vec::new();
        for object in objects? {
            let path = self.name(&object).await.map_err(Verdict::Bad)?;
            subjects.push(Subject { object, path });
        }
        Ok(subjects)
    }

    /// Name of an inventory object without vCenter's escapes; empty if the name is unreadable.
    async fn name(&self, object: &MoRef) -> Result<String, Failure> {
        let found = self.read(object, "name").await?;
        let name = found.as_ref().and_then(|found| found.text("name").ok().flatten()).unwrap_or_default();
        Ok(path::plain(name))
    }

    async fn read(&self, object: &MoRef, path: &str) -> Result<Option<properties::Properties>, Failure> {
        properties::read_one(&self.vcenter.session, object, &[path]).await.map_err(|error| failure::of_read(&error))
    }

    /// Adds one finding per privilege. A bad finding lists the objects on which the user lacks the
    /// privilege.
    async fn privileges(&self, report: &mut Report, needed: &[&str], subjects: &[Subject]) {
        let privileges = self.read_privileges(subjects).await;
        for id in needed {
            let (subject, verdict) = match &privileges {
                Err(failure) => (shown(subjects), Verdict::Bad(failure.clone())),
                Ok(privileges) => {
                    let lacking: Vec<&str> = privileges
                        .iter()
                        .filter(|(_, privileges)| !privileges.has(id))
                        .map(|(path, _)| *path)
                        .collect();
                    match lacking.as_slice() {
                        [] => (shown(subjects), Verdict::Good),
                        lacking => (lacking.join(", "), Verdict::Bad(lacks(id, lacking))),
                    }
                }
            };
            report.privilege(id, subject, verdict);
        }
    }

    async fn read_privileges<'s>(
        &self,
        subjects: &'s [Subject],
    ) -> Result<Vec<(&'s str, authorization::Privileges)>, Failure> {
        let manager = self.service.authorization_manager.as_ref().ok_or_else(|| not_vcenter(self.service))?;
        let user = self.service.user.as_deref().unwrap_or(&self.vcenter.settings.username);
        let mut privileges = Vec::new();
        for Subject { object, path } in subjects {
            let found = authorization::privileges_on(&self.vcenter.session, manager, user, object).await;
            privileges.push((path.as_str(), found.map_err(|error| failure::of_read(&error))?));
        }
        Ok(privileges)
    }
}

fn distinct<'a>(objects: impl Iterator<Item = &'a MoRef>) -> Vec<MoRef> {
    let mut distinct: Vec<MoRef> = Vec::new();
    for object in objects {
        if distinct.len() < MAX_OBJECTS && !distinct.contains(object) {
            distinct.push(object.clone());
        }
    }
    distinct
}

fn shown(subjects: &[Subject]) -> String {
    subjects.iter().map(|subject| subject.path.as_str()).collect::<Vec<_>>().join(", ")
}

fn verdict<T>(found: &Result<T, Verdict>) -> Verdict {
    found.as_ref().err().cloned().unwrap_or(Verdict::Good)
}

fn lacks(privilege: &str, paths: &[&str]) -> Failure {
    let on = paths.join(", ");
    failure::new(
        Class::Configuration,
        Code::VcenterPermission,
        format!("The connection's user lacks the privilege {privilege} in vCenter on {on}."),
    )
}

fn not_vcenter(service: &Service) -> Failure {
    failure::new(
        Class::Configuration,
        Code::NotVcenter,
        format!(
            "What answers at the address is {} ({}), not a vCenter: a single ESXi host cannot clone templates.",
            service.full_name, service.api_type
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_lists_exactly_the_checked_privileges() {
        let guide = include_str!("../../../../docs/guides/vcenter.md");
        let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let mut written: Vec<&str> = rows.collect();
        let mut checked: Vec<&str> = Place::ALL.iter().flat_map(|place| place.needed().iter().copied()).collect();
        written.sort_unstable();
        checked.sort_unstable();
        assert_eq!(written, checked);
    }
}
