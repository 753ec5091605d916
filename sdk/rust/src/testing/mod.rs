//! Native tests of a plugin, through the same documents as in the host.
//!
//! [`Stage`]: given events, when a command, then events or a rejection; views from the events; and
//! the check that the `actions` of every row agree with `decide`. [`Script`]: a workflow against
//! scripted answers.

pub mod agreement;
pub mod script;
mod stage;
mod views;

pub use script::{Script, ScriptResult};
pub use stage::{Outcome, Stage};

use crate::document::{Actor, ActorKind};

/// Creates a person whose id is derived from the name, so that tests read well.
pub fn person(name: &str, permissions: &[&str]) -> Actor {
    Actor {
        id: id_of(name),
        kind: ActorKind::Person,
        name: name.into(),
        permissions: permissions.iter().map(ToString::to_string).collect(),
        ..Actor::default()
    }
}

pub fn system() -> Actor {
    Actor {
        id: "6561665f-7379-7374-656d-000000000001".into(),
        kind: ActorKind::System,
        roles: vec!["system".into()],
        ..Actor::default()
    }
}

/// Generator of reproducible random numbers, for tests that try many sequences of commands.
#[derive(Debug, Clone)]
pub struct SeededRandom(u64);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        SeededRandom(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The low bits of the number depend on each other, so that some choices would never occur.
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % count as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Derives an id in the form of a UUID from a text. The same text gives the same id.
pub(crate) fn id_of(text: &str) -> String {
    let hash = |seed: u64| text.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x84222325_cbf29ce4));
    format!(
        "{:08x}-{:04x}-5{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}
