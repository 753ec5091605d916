//! Templates that the connection's user sees, with their datastores and networks. A clone uses the
//! template's datastore and networks by default.

use super::{Error, MoRef, Session, path, properties, view};

/// Maximum number of machines whose properties one request reads.
const AT_ONCE: usize = 100;

pub struct Template {
    pub object: MoRef,
    pub name: String,
    pub datastores: Vec<MoRef>,
    pub networks: Vec<MoRef>,
}

/// Lists at most `limit` templates below the object `container`.
pub async fn below(
    session: &Session,
    view_manager: &MoRef,
    container: &MoRef,
    limit: usize,
) -> Result<Vec<Template>, Error> {
    let machines = view::contents(session, view_manager, container, &["VirtualMachine"]).await?;
    let mut templates = Vec::new();
    for some in machines.chunks(AT_ONCE) {
        let found = properties::read_present(session, some, &["config.template"]).await?;
        // A machine with an unreadable configuration is skipped, because it cannot be cloned now.
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
