//! The templates that the user sees, with where they lie: a clone goes to their datastores and
//! networks unless told otherwise.

use super::properties;
use super::soap::{MoRef, Request};
use super::{Error, Session, path};

/// Machines per request.
const AT_ONCE: usize = 100;
const CREATE: &str = "CreateContainerView";

pub struct Template {
    pub object: MoRef,
    pub name: String,
    pub datastores: Vec<MoRef>,
    pub networks: Vec<MoRef>,
}

/// At most `limit` of those anywhere below `container`.
pub async fn below(
    session: &Session,
    view_manager: &MoRef,
    container: &MoRef,
    limit: usize,
) -> Result<Vec<Template>, Error> {
    let arguments = format!("{}<type>VirtualMachine</type><recursive>true</recursive>", container.element("container"));
    let answer = session.call(|_| Request::new(CREATE, view_manager, arguments.clone())).await?;
    let view =
        answer.child("returnval").and_then(MoRef::read).ok_or(Error::Incomplete { method: CREATE, missing: "view" })?;
    let found = among(session, &view, limit).await;
    // It ends with the session at the latest.
    if let Err(error) = session.call(|_| Request::new("DestroyView", &view, String::new())).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "a view stays in vCenter until the session ends");
    }
    found
}

async fn among(session: &Session, view: &MoRef, limit: usize) -> Result<Vec<Template>, Error> {
    let machines = properties::read_one(session, view, &["view"]).await?;
    let machines = machines.map(|found| found.references("view")).transpose()?.unwrap_or_default();
    let mut templates = Vec::new();
    for some in machines.chunks(AT_ONCE) {
        let found = properties::read_present(session, some, &["config.template"]).await?;
        // A machine that cannot be read now is no template that can be cloned now.
        let is_template = |of: &&properties::Properties| of.flag("config.template").unwrap_or(false);
        templates.extend(found.iter().filter(is_template).map(|found| found.object.clone()));
        if templates.len() >= limit {
            break;
        }
    }
    templates.truncate(limit);
    let found = properties::read_present(session, &templates, &["name", "datastore", "network"]).await?;
    let template = |found: properties::Properties| {
        Ok(Template {
            name: path::plain(found.text("name")?.unwrap_or_default()),
            datastores: found.references("datastore")?,
            networks: found.references("network")?,
            object: found.object,
        })
    };
    found.into_iter().map(template).collect()
}
