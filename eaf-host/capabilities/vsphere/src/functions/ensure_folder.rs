//! Function `ensure-folder`: creates a folder below the connection's folder. It never creates the
//! connection's folder itself, because a wrong path in the settings must not become a new folder in
//! a customer's vCenter.

use crate::client::folder;
use crate::context::Context;
use crate::failure;
use crate::vcenter::folder_names;
use eaf_capability::{Failure, Started};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Arguments {
    path: String,
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let Arguments { path } = super::arguments(context)?;
    let vcenter = &context.vcenter;
    if vcenter.place(&path).await?.is_none() {
        let mut at = vcenter.root_place().await?.folder;
        for name in folder_names(&path)? {
            at = folder::ensure(&vcenter.session, &at, &name).await.map_err(|e| failure::of_effect(&e))?;
        }
    }
    Ok(Started::Done(json!({ "path": path })))
}
