//! Placement of a new machine in vCenter: the choice of resource pool, ESXi host and datastore.

use super::path;
use super::properties::{self, Properties};
use super::visited_objects::VisitedObjects;
use super::{Error, MoRef, Session};

/// Maximum number of inventory objects whose properties one request reads.
const BATCH: usize = 50;

/// Resource pool for new machines, and the ESXi host if the configured path names one.
#[derive(Debug, PartialEq)]
pub struct Compute {
    pub pool: MoRef,
    /// ESXi host for new machines; `None` if the configured path does not name a host.
    pub host: Option<MoRef>,
}

/// Finds the resource pool that belongs to a pool, vApp, cluster or ESXi host. `None` for an object
/// of another kind, or one that does not exist.
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

/// Reads a reference that every object of this kind has, such as a datacenter's `hostFolder`.
/// `None` if the object does not exist.
async fn required(session: &Session, object: &MoRef, path: &'static str) -> Result<Option<MoRef>, Error> {
    match properties::read_one(session, object, &[path]).await? {
        Some(found) => Ok(MoRef::read(found.require(path)?)),
        None => Ok(None),
    }
}

/// Lists the clusters and stand-alone ESXi hosts of a datacenter, each with its plain name.
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

/// Chooses the ESXi host that a clone has to name; the host must have access to `datastores`.
/// Returns `None` if vCenter chooses the host itself, or if no host is usable.
///
/// vCenter chooses the host in a cluster whose DRS is enabled and not manual. In another cluster it
/// may refuse a clone that names no host, or place the machine on any host, even on one in
/// maintenance or without access to the datastore.
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

/// Finds the usable ESXi host with the least memory in use. `None` if no host is usable; vCenter
/// then reports the cause when the clone starts.
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

/// Finds the datastore with the most free space in a datastore cluster. `None` if no datastore is
/// usable now.
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
