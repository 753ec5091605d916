//! Limit of the objects that a walk through a vCenter inventory visits. Without it, an endless
//! inventory, or folders that contain each other, would occupy a call until its deadline and use up
//! memory.

use super::{Error, MoRef};
use std::collections::HashSet;

/// Maximum number of folders, pools and machines that one walk through an inventory visits. vCenter
/// supports 45,000 machines.
const MAX_OBJECTS: usize = 50_000;

#[derive(Default)]
pub struct VisitedObjects(HashSet<MoRef>);

impl VisitedObjects {
    /// Returns the objects that this walk has not visited before, and records them as visited.
    pub fn first_visits(&mut self, objects: Vec<MoRef>) -> Result<Vec<MoRef>, Error> {
        let mut first = Vec::new();
        for object in objects {
            if self.0.len() >= MAX_OBJECTS {
                return Err(Error::TooMuch { what: "objects below one folder" });
            }
            if self.0.insert(object.clone()) {
                first.push(object);
            }
        }
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(range: std::ops::Range<usize>) -> Vec<MoRef> {
        range.map(|n| MoRef::new("Folder", &format!("group-v{n}"))).collect()
    }

    #[test]
    fn a_folder_that_contains_itself_is_visited_once() {
        let mut visited = VisitedObjects::default();
        assert_eq!(visited.first_visits(folders(0..3)).unwrap().len(), 3);
        assert_eq!(visited.first_visits(folders(1..5)).unwrap(), folders(3..5));
    }

    #[test]
    fn an_endless_inventory_ends_the_walk() {
        let mut visited = VisitedObjects::default();
        assert!(visited.first_visits(folders(0..MAX_OBJECTS)).is_ok());
        assert!(matches!(visited.first_visits(folders(MAX_OBJECTS..MAX_OBJECTS + 1)), Err(Error::TooMuch { .. })));
    }
}
