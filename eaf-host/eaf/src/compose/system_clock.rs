//! Clock and entropy of the operating system. No other code reads them directly.

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
        getrandom::fill(bytes).expect("without randomness nothing can be sealed, so the host must stop");
    }
}

pub fn system() -> Ambient {
    Ambient { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
}
