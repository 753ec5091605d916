//! Choices for an admin: templates for an offering, and the datacenter, folder, pool and datastore
//! of a connection.
//!
//! The paths have the same form as in settings and offerings, where `%2f` stands for a `/` inside a
//! name, so that a chosen path leads to the same object. Templates of a content library are not
//! listed, because they are no machines.

use super::choice_description;
use super::client::inventory::{self, Entry, InventoryType, Listing};
use super::client::properties::Properties;
use super::client::service;
use super::client::xml::Element;
use super::client::{Error, path};
use super::failure;
use super::scope::Scope;
use super::vcenter::VCenter;
use crate::failure::Code;
use eaf_capability::{Choice, ChoiceQuery, ChoiceSelection, Choices, Class, Failure};
use eaf_capability::{choices, contact};
use eaf_core::actor::Locale;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Time for which a list of choices is cached. A person who types a search requests the same list
/// several times.
const CACHE_TIME: Duration = Duration::from_secs(30);

const DISKS: &str = "config.hardware.device";
const TOOLS: &str = "guest.toolsVersionStatus2";

/// Failure codes that mean that the chosen template cannot be used. All other failures concern the
/// connection.
const UNUSABLE: [Code; 2] = [Code::TemplateMissing, Code::NotATemplate];

/// Key of a cached list of choices: the kind of the objects, and the path of the datacenter.
type Key = (InventoryType, String);

/// Cache of lists of choices: lists that were read recently, and lists that are being read now.
#[derive(Default)]
pub struct Recent(Mutex<HashMap<Key, List>>);

enum List {
    Reading(Reading),
    Read(Instant, Arc<Listing>),
}

/// Reading of one list of choices, still in progress. All callers that want this list wait for the
/// same result.
type Reading = Shared<BoxFuture<'static, Result<Arc<Listing>, Failure>>>;

impl Recent {
    /// Reads a list of choices in a task of its own. If the caller is cancelled, the task still
    /// deletes its view in vCenter, and the next caller uses the result.
    async fn list(
        self: &Arc<Self>,
        key: Key,
        read: impl Future<Output = Result<Listing, Failure>> + Send + 'static,
    ) -> Result<Arc<Listing>, Failure> {
        let reading = {
            let mut lists = self.lists();
            lists.retain(|_, list| match list {
                List::Reading(reading) => reading.peek().is_none(),
                List::Read(at, _) => at.elapsed() < CACHE_TIME,
            });
            match lists.get(&key) {
                Some(List::Read(_, list)) => return Ok(list.clone()),
                Some(List::Reading(reading)) => reading.clone(),
                None => {
                    let reading = self.begin(key.clone(), read);
                    lists.insert(key, List::Reading(reading.clone()));
                    reading
                }
            }
        };
        reading.await
    }

    fn begin(
        self: &Arc<Self>,
        key: Key,
        read: impl Future<Output = Result<Listing, Failure>> + Send + 'static,
    ) -> Reading {
        let recent = self.clone();
        let reading = tokio::spawn(async move {
            let list = read.await.map(Arc::new);
            match &list {
                Ok(list) => recent.lists().insert(key, List::Read(Instant::now(), list.clone())),
                Err(_) => recent.lists().remove(&key),
            };
            list
        });
        let broken = || failure::new(Class::Transient, Code::VcenterAnswer, "Reading the list broke off.");
        reading.map(move |list| list.unwrap_or_else(|_| Err(broken()))).boxed().shared()
    }

    fn lists(&self) -> MutexGuard<'_, HashMap<Key, List>> {
        self.0.lock().expect("no panic happens under this lock")
    }
}

/// Lists choices, or tests whether one value is a choice. If the server cannot be reached, the
/// failure comes after the time `contact` whatever the cause, because the draft of a connection may
/// name any address.
pub async fn choices(vcenter: &Arc<VCenter>, contact: Duration, query: &ChoiceQuery<'_>) -> Result<Choices, Failure> {
    let what = match query.list {
        "datacenter" => InventoryType::Datacenters,
        "folder" => InventoryType::Folders,
        "resource_pool" => InventoryType::Pools,
        "datastore" => InventoryType::Datastores,
        "template" => InventoryType::Templates,
        _ => return Err(choices::no_such_list()),
    };
    // A grant's scope limits templates only. The places of a connection need no scope, because only
    // the admin who edits the connection sees them.
    let scope = if what == InventoryType::Templates { Some(Scope::read(query.scope)?) } else { None };
    if let ChoiceSelection::Exact(value) = query.selection
        && let Some(Err(denied)) = scope.as_ref().map(|scope| scope.check(value))
    {
        return Ok(Choices { unusable: Some(denied), ..Choices::default() });
    }
    let session = &vcenter.session;
    let unreached = |error: &Error| matches!(error, Error::Unreached(_));
    contact::first(contact, session.reach(), || session.too_slow(), unreached).await.map_err(read)?;
    match query.selection {
        ChoiceSelection::Exact(value) => exact(vcenter, what, value, query.locale).await,
        ChoiceSelection::Matching { search, limit } => {
            let list = list(vcenter, what).await?;
            let mut matching: Vec<(String, &Entry)> = list
                .entries
                .iter()
                .map(|entry| (path::join(entry.names.iter().map(String::as_str)), entry))
                .filter(|(path, _)| scope.as_ref().is_none_or(|scope| scope.allows(path)))
                .filter(|(path, entry)| {
                    choices::matches_search(path, search) || choices::matches_search(&entry.names.join("/"), search)
                })
                .collect();
            matching.sort_by_cached_key(|(path, _)| (path.to_lowercase(), path.clone()));
            let more = matching.len() > limit;
            matching.truncate(limit);
            let items = described(vcenter, what, matching, query.locale).await?;
            Ok(Choices { items, more, unreadable: list.unreadable, unusable: None })
        }
    }
}

/// Tests whether a template can be cloned, by looking its path up as a clone does.
async fn exact(vcenter: &VCenter, what: InventoryType, value: &str, locale: Locale) -> Result<Choices, Failure> {
    if what != InventoryType::Templates {
        return Err(choices::no_such_list());
    }
    // A missing datacenter is reported as such, because the template is looked up below it.
    vcenter.datacenter().await?;
    match vcenter.template(value).await {
        Ok(machine) => {
            let entry = Entry { object: machine.object, names: path::names(value) };
            let items = described(vcenter, what, vec![(value.to_owned(), &entry)], locale).await?;
            Ok(Choices { items, ..Choices::default() })
        }
        Err(failure) if failure.has_one_of(&UNUSABLE) => Ok(Choices { unusable: Some(failure), ..Choices::default() }),
        Err(failure) => Err(failure),
    }
}

async fn list(vcenter: &Arc<VCenter>, what: InventoryType) -> Result<Arc<Listing>, Failure> {
    let datacenter = if what == InventoryType::Datacenters { "" } else { vcenter.settings.datacenter.as_str() };
    let (key, reader) = ((what, datacenter.to_owned()), vcenter.clone());
    vcenter.recent.list(key, async move { read_list(&reader, what).await }).await
}

async fn read_list(vcenter: &VCenter, what: InventoryType) -> Result<Listing, Failure> {
    let service = service::read(&vcenter.session).await.map_err(read)?;
    let container = match what {
        InventoryType::Datacenters => service.root_folder.clone(),
        _ => Some(vcenter.datacenter().await?),
    };
    let (Some(manager), Some(container)) = (service.view_manager, container) else {
        return Err(failure::new(
            Class::Configuration,
            Code::VcenterAnswer,
            "vCenter offers no view of its inventory.",
        ));
    };
    inventory::below(&vcenter.session, &manager, &container, what).await.map_err(read)
}

async fn described(
    vcenter: &VCenter,
    what: InventoryType,
    found: Vec<(String, &Entry)>,
    locale: Locale,
) -> Result<Vec<Choice>, Failure> {
    let paths: &[&str] = match what {
        InventoryType::Templates => {
            &["summary.config.guestFullName", "summary.config.numCpu", "summary.config.memorySizeMB", TOOLS, DISKS]
        }
        InventoryType::Datastores => &["summary.capacity", "summary.freeSpace"],
        InventoryType::Datacenters | InventoryType::Folders | InventoryType::Pools => &[],
    };
    let mut facts = HashMap::new();
    if !paths.is_empty() {
        let objects = found.iter().map(|(_, entry)| entry.object.clone()).collect();
        let read_of = inventory::of_each_kind(&vcenter.session, objects, paths).await.map_err(read)?;
        facts.extend(read_of.iter().map(|of| (of.object.clone(), facts_of(what, of))));
    }
    let choice = |(value, entry): (String, &Entry)| {
        let mut facts = facts.remove(&entry.object).unwrap_or_default();
        if let Some(kind) = kind_of(&entry.object.kind) {
            facts.insert("kind".into(), kind.into());
        }
        let description = choice_description::describe(&facts, locale);
        Choice { value, name: entry.names.last().cloned().unwrap_or_default(), facts, description }
    };
    Ok(found.into_iter().map(choice).collect())
}

/// Facts that describe an inventory object to the person who chooses, by name. A fact is absent if
/// vCenter cannot read its property.
fn facts_of(what: InventoryType, found: &Properties) -> Map<String, Value> {
    let number = |path: &str| found.number(path).ok().flatten().map(Value::from);
    let facts = match what {
        InventoryType::Templates => {
            let text = |path: &str| found.text(path).ok().flatten();
            vec![
                ("guest", text("summary.config.guestFullName").filter(|guest| !guest.is_empty()).map(Value::from)),
                ("cpus", number("summary.config.numCpu")),
                ("memory_mb", number("summary.config.memorySizeMB")),
                ("disk_bytes", found.get(DISKS).ok().flatten().map(|devices| disk_bytes(devices).into())),
                ("tools", text(TOOLS).map(|status| (status != "guestToolsNotInstalled").into())),
            ]
        }
        InventoryType::Datastores => {
            vec![("capacity_bytes", number("summary.capacity")), ("free_bytes", number("summary.freeSpace"))]
        }
        InventoryType::Datacenters | InventoryType::Folders | InventoryType::Pools => Vec::new(),
    };
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn disk_bytes(devices: &Element) -> u64 {
    let disks = devices.children.iter().filter(|device| device.xsi_type() == Some("VirtualDisk"));
    let kib = |disk: &Element| disk.text_of("capacityInKB").and_then(|kib| kib.parse::<u64>().ok());
    disks.filter_map(kib).fold(0_u64, u64::saturating_add).saturating_mul(1_024)
}

fn kind_of(kind: &str) -> Option<&'static str> {
    match kind {
        "ClusterComputeResource" => Some("cluster"),
        "ComputeResource" => Some("host"),
        "ResourcePool" => Some("pool"),
        "VirtualApp" => Some("vapp"),
        "StoragePod" => Some("datastore-cluster"),
        _ => None,
    }
}

fn read(error: Error) -> Failure {
    failure::of_read(&error)
}
