//! Setting of the workflow engine: the duration of a run's lease.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use std::time::Duration;

pub const SECTION: Section = Section {
    title: "Workflows",
    about: "Runs are divided among the hosts by leases in the database.",
    keys: &[LEASE],
};

const LEASE: Key = Key {
    name: "workflows.lease_seconds",
    variable: "EAF_WORKFLOW_LEASE_SECONDS",
    default: Default::Is("15"),
    kind: Kind::Plain,
    about: "Seconds after which another host takes over the runs of a failed one; 1 to 300. A host renews a lease at a third of it.",
};

pub struct Workflows {
    pub lease: Duration,
}

pub fn read(values: &mut Values) -> Option<Workflows> {
    let seconds = values.parse::<u64>(&LEASE, "a number of seconds")?;
    if !(1..=300).contains(&seconds) {
        values.refuse(&LEASE, "1 to 300 seconds");
        return None;
    }
    Some(Workflows { lease: Duration::from_secs(seconds) })
}
