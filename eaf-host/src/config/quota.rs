//! What one tenant may ask of a host.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::command_bus::Limit;

pub const SECTION: Section = Section {
    title: "Quota",
    about: "So that no tenant takes the others' share. Per host; what workflows do is not counted.",
    keys: &[COMMANDS],
};

const COMMANDS: Key = Key {
    name: "quota.tenant_commands_per_second",
    variable: "EAF_TENANT_COMMANDS_PER_SECOND",
    default: Default::Is("200"),
    kind: Kind::Plain,
    about: "Commands per second of one tenant's people, 1 to 1000000; after a pause twice as many at once. More are answered with 429. 0: as many as they like.",
};

pub struct Quota {
    /// None: as many as they like.
    pub commands: Option<Limit>,
}

pub fn read(values: &mut Values) -> Option<Quota> {
    let per_second = values.parse::<u32>(&COMMANDS, "a number of commands")?;
    if per_second > 1_000_000 {
        values.refuse(&COMMANDS, "0 to 1000000 commands");
        return None;
    }
    Some(Quota { commands: (per_second > 0).then(|| of(per_second)) })
}

pub fn of(per_second: u32) -> Limit {
    let per_second = f64::from(per_second);
    Limit { per_second, burst: 2.0 * per_second }
}
