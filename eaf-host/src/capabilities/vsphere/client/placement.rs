//! Where a new machine runs: a resource pool.

use super::properties;
use super::{Error, MoRef, Session};

/// The pool of a pool, cluster or host.
pub async fn pool_of(session: &Session, object: &MoRef) -> Result<Option<MoRef>, Error> {
    match object.kind.as_str() {
        "ResourcePool" | "VirtualApp" => Ok(Some(object.clone())),
        "ClusterComputeResource" | "ComputeResource" => {
            let found = properties::read_one(session, object, &["resourcePool"]).await?;
            Ok(found.and_then(|p| p.reference("resourcePool")))
        }
        _ => Ok(None),
    }
}

/// The pool of the datacenter's first cluster, for a connection that names none.
pub async fn first_pool(session: &Session, datacenter: &MoRef) -> Result<Option<MoRef>, Error> {
    let Some(hosts) =
        properties::read_one(session, datacenter, &["hostFolder"]).await?.and_then(|p| p.reference("hostFolder"))
    else {
        return Ok(None);
    };
    let Some(children) = properties::read_one(session, &hosts, &["childEntity"]).await? else { return Ok(None) };
    let children = children.references("childEntity");
    let cluster = children.iter().find(|c| c.kind == "ClusterComputeResource");
    match cluster.or_else(|| children.iter().find(|c| c.kind == "ComputeResource")) {
        Some(object) => pool_of(session, object).await,
        None => Ok(None),
    }
}
