//! Placement of a new machine: pools, hosts and datastores.

use super::path;
use super::properties::{self, Properties};
use super::visited_objects::VisitedObjects;
use super::{Error, MoRef, Session};

/// Maximum number of objects per request.
const BATCH: usize = 50;

/// Pool, and perhaps host, to which a path below the host folder leads.
#[derive(Debug, PartialEq)]
pub struct Compute {
    pub pool: MoRef,
    /// Host for new machines, if the path names a host; none: no particular host.
    pub host: Option<MoRef>,
}

/// Finds the resource pool of a pool, vApp, cluster or host; none for another kind of object.
pub async fn compute(session: &Session, object: &MoRef) -> Result<Option<Compute>, Error> {
    match object.kind.as_str() {
        "ResourcePool" | "VirtualApp" => Ok(Some(Compute { pool: object.clone(), host: None })),
        "ClusterComputeResource" | "ComputeResource" => root_pool(session, object, None).await,
        "HostSystem" => match required(session, object, "parent").await? {
            Some(parent) => root_pool(session, &parent, Some(object.clone())).await,
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

async fn root_pool(session: &Session, compute: &MoRef, host: Option<MoRef>) -> Result<Option<Compute>, Error> {
    let pool = required(session, compute, "resourcePool").await?;
    Ok(pool.map(|pool| Compute { pool, host }))
}

/// Reads a reference that every object of this kind has; none if the object does not exist.
async fn required(session: &Session, object: &MoRef, path: &'static str) -> Result<Option<MoRef>, Error> {
    match properties::read_one(session, object, &[path]).await? {
        Some(found) => Ok(MoRef::read(found.require(path)?)),
        None => Ok(None),
    }
}

/// Lists the clusters and stand-alone hosts below the datacenter's host folder, with plain names.
pub async fn computes(session: &Session, datacenter: &MoRef) -> Result<Vec<(MoRef, String)>, Error> {
    let Some(top) = required(session, datacenter, "hostFolder").await? else { return Ok(Vec::new()) };
    let mut computes = Vec::new();
    let mut visited = VisitedObjects::default();
    let mut folders = vec![top];
    while !folders.is_empty() {
        let mut level = Vec::new();
        for batch in folders.chunks(BATCH) {
            for found in properties::read_present(session, batch, &["childEntity"]).await? {
                level.extend(visited.first_visits(found.references("childEntity")?)?);
            }
        }
        folders = level.iter().filter(|object| object.kind == "Folder").cloned().collect();
        for kind in ["ClusterComputeResource", "ComputeResource"] {
            let some: Vec<MoRef> = level.iter().filter(|object| object.kind == kind).cloned().collect();
            for batch in some.chunks(BATCH) {
                for found in properties::read_present(session, batch, &["name"]).await? {
                    let name = path::plain(found.text("name")?.unwrap_or_default());
                    computes.push((found.object, name));
                }
            }
        }
    }
    Ok(computes)
}

/// Chooses the host that a clone has to name, with access to these datastores. None if vCenter
/// chooses a host itself or no host is usable.
///
/// A cluster chooses the host if its DRS is enabled and not manual. Otherwise a clone without a
/// host is refused or placed on any host, also on one in maintenance or without the datastore.
pub async fn host(session: &Session, pool: &MoRef, datastores: &[MoRef]) -> Result<Option<MoRef>, Error> {
    const DRS: &str = "configurationEx";
    let Some(owner) = required(session, pool, "owner").await? else { return Ok(None) };
    if owner.kind != "ClusterComputeResource" {
        return Ok(None);
    }
    let Some(cluster) = properties::read_one(session, &owner, &[DRS, "host"]).await? else { return Ok(None) };
    let chooses = cluster.get(DRS)?.and_then(|config| config.child("drsConfig")).is_some_and(|drs| {
        drs.text_of("enabled") == Some("true") && drs.text_of("defaultVmBehavior") != Some("manual")
    });
    if chooses {
        return Ok(None);
    }
    best_host(session, &cluster.references("host")?, datastores).await
}

/// Finds the usable host with the least memory in use; none if no host is usable, in which case
/// vCenter reports the reason at the clone.
async fn best_host(session: &Session, hosts: &[MoRef], datastores: &[MoRef]) -> Result<Option<MoRef>, Error> {
    const USED: &str = "summary.quickStats.overallMemoryUsage";
    let paths = ["runtime.connectionState", "runtime.inMaintenanceMode", "datastore", USED];
    let mut usable = Vec::new();
    for found in properties::read_present(session, hosts, &paths).await? {
        let seen = found.references("datastore")?;
        let sees = datastores.iter().all(|datastore| seen.contains(datastore));
        let connected = found.text("runtime.connectionState")? == Some("connected");
        if sees && connected && !found.flag("runtime.inMaintenanceMode")? {
            usable.push((found.number(USED)?.unwrap_or_default(), found.object));
        }
    }
    Ok(usable.into_iter().min_by_key(|(used, _)| *used).map(|(_, host)| host))
}

/// Datastore with the most free space in a datastore cluster; none if no datastore is usable now.
pub async fn datastore_of_pod(session: &Session, pod: &MoRef) -> Result<Option<MoRef>, Error> {
    let paths = ["summary.accessible", "summary.maintenanceMode", "summary.freeSpace"];
    let Some(members) = properties::read_one(session, pod, &["childEntity"]).await? else { return Ok(None) };
    let members = members.references("childEntity")?;
    let usable = |found: &Properties| {
        let normal = matches!(found.text("summary.maintenanceMode")?, None | Some("normal"));
        Ok::<_, Error>(normal && found.flag("summary.accessible")?)
    };
    let mut best: Option<(u64, MoRef)> = None;
    for found in properties::read_present(session, &members, &paths).await? {
        let free = found.number("summary.freeSpace")?.unwrap_or_default();
        if usable(&found)? && best.as_ref().is_none_or(|(most, _)| free > *most) {
            best = Some((free, found.object));
        }
    }
    Ok(best.map(|(_, datastore)| datastore))
}
