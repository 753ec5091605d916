//! Clock and randomness as parameters. The host supplies the real ones, tests supply controlled
//! ones.

use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

pub trait Clock: Send + Sync {
    fn now(&self) -> OffsetDateTime;
}

/// Source of cryptographically secure randomness.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Clock and entropy: the ambient inputs of an operation, passed in place of global functions.
#[derive(Clone)]
pub struct Ambient {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Ambient {
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Creates a UUIDv7, which begins with the time. So ids that are created one after the other
    /// are adjacent in an index, and their inserts touch few index pages.
    pub fn uuid(&self) -> Uuid {
        let mut random = [0u8; 10];
        self.entropy.fill(&mut random);
        let millis = self.now().unix_timestamp_nanos() / 1_000_000;
        uuid::Builder::from_unix_timestamp_millis(millis.max(0) as u64, &random).into_uuid()
    }

    /// Creates a UUIDv4, which does not tell the time, for ids that leave the installation.
    pub fn random_uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}
