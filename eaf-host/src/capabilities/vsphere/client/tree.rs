//! Searching a folder tree for a marker, where the search index does not tell enough. Slow, so only for decisions
//! that must be certain.

use super::machine::{self, Machine};
use super::properties;
use super::{Error, MoRef, Session};

/// Machines per request; a machine's extraConfig is long.
const BATCH: usize = 20;

/// What a search of a tree found.
#[derive(Debug, Default)]
pub struct Search {
    /// Machines that carry the marker, templates included.
    pub marked: Vec<Machine>,
    /// Names of machines whose configuration could not be read, so that they may carry it as well.
    pub unreadable: Vec<String>,
}

/// Everything below a folder; none if the folder is not there. Fails when a folder's content cannot be read.
pub async fn search(session: &Session, folder: &MoRef, marker: &str) -> Result<Option<Search>, Error> {
    let Some(top) = properties::read_one(session, folder, &["childEntity"]).await? else { return Ok(None) };
    let mut search = Search::default();
    let mut level = top.references("childEntity")?;
    while !level.is_empty() {
        let (machines, containers): (Vec<MoRef>, Vec<MoRef>) =
            level.into_iter().partition(|o| o.kind == "VirtualMachine");
        for batch in machines.chunks(BATCH) {
            search.look_at(session, batch, marker).await?;
        }
        level = Vec::new();
        for (kind, children) in [("Folder", "childEntity"), ("VirtualApp", "vm"), ("VirtualApp", "resourcePool")] {
            let parents: Vec<MoRef> = containers.iter().filter(|o| o.kind == kind).cloned().collect();
            for batch in parents.chunks(BATCH) {
                for found in properties::read_present(session, batch, &[children]).await? {
                    level.extend(found.references(children)?);
                }
            }
        }
    }
    Ok(Some(search))
}

impl Search {
    async fn look_at(&mut self, session: &Session, machines: &[MoRef], marker: &str) -> Result<(), Error> {
        for found in machine::read_all(session, machines).await? {
            match found {
                Ok(machine) if machine.config.is_none() => self.unreadable.push(machine.name),
                Ok(machine) if machine.is_marked(marker) => self.marked.push(machine),
                Ok(_) => {}
                // A machine of another solution, which this user may see but not read.
                Err(Error::Unreadable { object, .. }) => self.unreadable.push(object.value),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
