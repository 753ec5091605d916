//! How far a walk through an inventory goes. A vCenter that never comes to an end, or whose folders contain each other,
//! must not keep a call busy until its deadline and fill the memory on the way.

use super::{Error, MoRef};
use std::collections::HashSet;

/// Folders, pools and machines of one walk. vCenter supports 45,000 machines in all.
const MAX_OBJECTS: usize = 50_000;

#[derive(Default)]
pub struct Visits(HashSet<MoRef>);

impl Visits {
    /// Those of these objects that were not seen before on this walk.
    pub fn first(&mut self, objects: Vec<MoRef>) -> Result<Vec<MoRef>, Error> {
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
        let mut visits = Visits::default();
        assert_eq!(visits.first(folders(0..3)).unwrap().len(), 3);
        assert_eq!(visits.first(folders(1..5)).unwrap(), folders(3..5));
    }

    #[test]
    fn an_inventory_without_end_ends_the_walk() {
        let mut visits = Visits::default();
        assert!(visits.first(folders(0..MAX_OBJECTS)).is_ok());
        assert!(matches!(visits.first(folders(MAX_OBJECTS..MAX_OBJECTS + 1)), Err(Error::TooMuch { .. })));
    }
}
