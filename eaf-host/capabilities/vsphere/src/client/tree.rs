//! Searching a folder tree for markers, where the search index does not tell enough. Slow, so only for decisions
//! that must be certain.

use super::machine::{self, Label, Machine};
use super::properties::{self, Properties};
use super::visits::Visits;
use super::{Error, MoRef, Session};

/// Objects per request.
const BATCH: usize = 50;
/// Copies of one machine that a search gathers.
const MAX_MARKED: usize = 100;
/// Machines that could not be read: those of a few hosts that are away.
const MAX_UNREADABLE: usize = 5_000;

/// What a search of a tree found.
#[derive(Debug, Default)]
pub struct Search {
    /// Machines that carry one of the markers, templates included.
    pub marked: Vec<Machine>,
    /// Machines whose configuration could not be read: each may carry a marker as well. So may those that a folder lists
    /// and that vCenter then does not know: the account may not see them.
    pub unreadable: Vec<Label>,
}

/// Everything below a folder; none if the folder is not there. Fails when a folder's content cannot be read.
pub async fn search(session: &Session, folder: &MoRef, markers: &[&str]) -> Result<Option<Search>, Error> {
    let Some(top) = properties::read_one(session, folder, &["childEntity"]).await? else { return Ok(None) };
    let mut search = Search::default();
    let mut visits = Visits::default();
    let mut level = visits.first(children_of(&top, "childEntity")?)?;
    while !level.is_empty() {
        let (machines, containers): (Vec<MoRef>, Vec<MoRef>) =
            level.into_iter().partition(|o| o.kind == "VirtualMachine");
        for batch in machines.chunks(BATCH) {
            search.look_at(session, batch, markers).await?;
        }
        level = Vec::new();
        for (kind, children) in [("Folder", "childEntity"), ("VirtualApp", "vm"), ("VirtualApp", "resourcePool")] {
            let parents: Vec<MoRef> = containers.iter().filter(|o| o.kind == kind).cloned().collect();
            for batch in parents.chunks(BATCH) {
                for found in properties::read_present(session, batch, &[children]).await? {
                    level.extend(visits.first(children_of(&found, children)?)?);
                }
            }
        }
    }
    Ok(Some(search))
}

/// An empty folder has an empty list. A list that is not set proves nothing.
fn children_of(found: &Properties, children: &'static str) -> Result<Vec<MoRef>, Error> {
    found.require(children)?;
    found.references(children)
}

impl Search {
    async fn look_at(&mut self, session: &Session, machines: &[MoRef], markers: &[&str]) -> Result<(), Error> {
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
