//! Search of a folder tree for markers, where the search index is insufficient. The search is slow
//! and reserved for decisions that need certainty.

use super::machine::{self, Label, Machine};
use super::properties::{self, Properties};
use super::visited_objects::VisitedObjects;
use super::{Error, MoRef, Session};

/// Maximum number of objects per request.
const BATCH: usize = 50;
/// Maximum number of machines with one of the markers that a search collects.
const MAX_MARKED: usize = 100;
/// Maximum number of unreadable machines that a search collects; a few disconnected hosts have
/// fewer machines.
const MAX_UNREADABLE: usize = 5_000;

/// Machines that a search of a folder tree found.
#[derive(Debug, Default)]
pub struct Search {
    /// Machines with one of the searched markers, templates included.
    pub marked: Vec<Machine>,
    /// Machines with an unreadable configuration, which may have a searched marker. Includes
    /// machines that a folder lists and vCenter does not return, as the account may not see them.
    pub unreadable: Vec<Label>,
}

/// Searches everything below a folder for machines with one of these markers; none if the folder
/// does not exist. Fails if a folder's content is unreadable.
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

/// Objects in a folder. Fails if vCenter does not return the list; that of an empty folder is empty
/// and not absent.
fn children_of(found: &Properties, children: &'static str) -> Result<Vec<MoRef>, Error> {
    found.require(children)?;
    found.references(children)
}

impl Search {
    async fn read_machines(&mut self, session: &Session, machines: &[MoRef], markers: &[&str]) -> Result<(), Error> {
        let labels = machine::labels(session, machines).await?;
        let is_told = |object: &&MoRef| labels.iter().any(|label| label.object == **object);
        let untold = machines.iter().filter(|object| !is_told(object)).cloned();
        self.unreadable.extend(untold.map(|object| Label { object, name: None, marker: None }));
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
