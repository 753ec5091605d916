//! The real clock and the system's randomness: the one place from which they are handed down.

use eaf_core::clock::{Ambient, Clock, Entropy};
use std::sync::Arc;
use time::OffsetDateTime;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("without randomness nothing can be sealed, so the host must not go on");
    }
}

pub fn real() -> Ambient {
    Ambient { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
}
