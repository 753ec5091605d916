//! Search of a whole folder tree in vCenter for machines with given markers. It finds machines that
//! vCenter's search index does not list. The search is slow, so it serves only decisions that need
//! certainty.

use super::machine::{self, Label, Machine};
use super::properties::{self, Properties};
use super::visited_objects::VisitedObjects;
use super::{Error, MoRef, Session};

/// Maximum number of inventory objects whose properties one request reads.
const BATCH: usize = 50;
/// Maximum number of machines with a searched marker that one search collects.
const MAX_MARKED: usize = 100;
/// Maximum number of unreadable machines that one search collects. A few disconnected ESXi hosts
/// have fewer machines.
const MAX_UNREADABLE: usize = 5_000;

/// Machines that a search of a folder tree found.
#[derive(Debug, Default)]
pub struct Search {
    /// Machines, including templates, that carry one of the searched markers.
    pub marked: Vec<Machine>,
    /// Machines whose configuration vCenter cannot read, so that they may carry a searched marker.
    /// Also machines that a folder lists and vCenter does not return, because the account may not
    /// see them.
    pub unreadable: Vec<Label>,
}

/// Searches everything below a folder for machines with one of these markers. `None` if the folder
/// does not exist. Fails if the content of a folder is unreadable.
pub async fn search(session: &Session, folder: &MoRef, markers: &[&str]) -> Result<Option<Search>, Error> {
    let Some(top) = properties::read_one(session, folder, &["childEntity"]).await? else { return Ok(None) };
    let mut search = Search::default();
    let mut visited = VisitedObjects::default();
    let mut level = visited.first_visits(children_of(&top, "childEntity")?)?;
    while !level.is_empty() {
        let (machines, containers): (Vec<MoRef>, Vec<MoRef>) =
            level.into_iter().partition(|o| o.kind == "VirtualMachine");
        for batch in machines.chunks(BATCH) {
            search.read_machines(session, batch, markers).await?;
        }
        level = Vec::new();
        for (kind, children) in [("Folder", "childEntity"), ("VirtualApp", "vm"), ("VirtualApp", "resourcePool")] {
            let parents: Vec<MoRef> = containers.iter().filter(|o| o.kind == kind).cloned().collect();
            for batch in parents.chunks(BATCH) {
                for found in properties::read_present(session, batch, &[children]).await? {
                    level.extend(visited.first_visits(children_of(&found, children)?)?);
                }
            }
        }
    }
    Ok(Some(search))
}

/// Objects in a folder. Fails if vCenter does not return the list of objects; an empty folder has
/// an empty list.
fn children_of(found: &Properties, children: &'static str) -> Result<Vec<MoRef>, Error> {
    found.require(children)?;
    found.references(children)
}

impl Search {
    async fn read_machines(&mut self, session: &Session, machines: &[MoRef], markers: &[&str]) -> Result<(), Error> {
        let labels = machine::labels(session, machines).await?;
        let is_read = |object: &&MoRef| labels.iter().any(|label| label.object == **object);
        let unread = machines.iter().filter(|object| !is_read(object)).cloned();
        self.unreadable.extend(unread.map(|object| Label { object, name: None, marker: None }));
        for label in labels {
            match &label.marker {
                None => self.unreadable.push(label),
                Some(Some(found)) if markers.contains(&found.as_str()) => {
                    self.marked.extend(machine::read(session, &label.object).await?);
                }
                Some(_) => {}
            }
            if self.marked.len() > MAX_MARKED || self.unreadable.len() > MAX_UNREADABLE {
                return Err(Error::TooMuch { what: "machines that may be the one" });
            }
        }
        Ok(())
    }
}
