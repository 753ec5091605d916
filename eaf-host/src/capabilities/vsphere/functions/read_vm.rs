//! What vCenter says of a machine now, also of one that it cannot reach.

use crate::capabilities::vsphere::context::Context;
use crate::capabilities::{Failure, Started};
use serde_json::Value;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let found = context.locate(&super::identity(context)?).await?;
    Ok(Started::Done(found.map_or(Value::Null, |machine| super::document(&machine))))
}
