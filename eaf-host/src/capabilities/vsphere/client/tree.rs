//! Looking through a folder tree, where the index does not tell enough: slow, so only for what must be certain.

use super::machine::{self, Machine};
use super::properties;
use super::{Error, MoRef, Session};

/// Objects per request; a machine's extraConfig is long.
const AT_ONCE: usize = 50;

/// The machines below a folder that carry this marker, templates aside; none if the folder is not there.
pub async fn marked(session: &Session, folder: &MoRef, marker: &str) -> Result<Option<Vec<Machine>>, Error> {
    let Some(top) = properties::read_one(session, folder, &["childEntity"]).await? else { return Ok(None) };
    let mut marked = Vec::new();
    let mut level = top.references("childEntity");
    while !level.is_empty() {
        let (machines, others): (Vec<MoRef>, Vec<MoRef>) = level.into_iter().partition(|o| o.kind == "VirtualMachine");
        for some in machines.chunks(AT_ONCE) {
            let found = machine::read_all(session, some).await?;
            marked.extend(found.into_iter().filter(|m| !m.template && m.marker.as_deref() == Some(marker)));
        }
        let folders: Vec<MoRef> = others.into_iter().filter(|o| o.kind == "Folder").collect();
        level = Vec::new();
        for some in folders.chunks(AT_ONCE) {
            let found = properties::read_present(session, some, &["childEntity"]).await?;
            level.extend(found.iter().flat_map(|folder| folder.references("childEntity")));
        }
    }
    Ok(Some(marked))
}
