//! Is a connection usable? Looks at everything that provisioning needs and names the first thing that is wrong.

use super::vcenter::VCenter;
use crate::capabilities::Failure;

pub async fn check(vcenter: &VCenter) -> Result<(), Failure> {
    vcenter.datacenter().await?; // logs in first
    vcenter.root_place().await?;
    vcenter.compute().await?;
    vcenter.datastore().await?;
    Ok(())
}
