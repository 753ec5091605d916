//! What vCenter says of a machine now.

use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::{Failure, Started};
use serde_json::Value;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let found = context.vcenter.locate(&super::identity(context)?).await?;
    Ok(Started::Done(found.map_or(Value::Null, |machine| super::document(&machine))))
}
