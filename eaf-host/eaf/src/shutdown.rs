//! When to stop: Ctrl-C in the terminal, or a polite kill.

use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// In the terminal: every process of its group has heard it.
    Interrupt,
    /// This process alone.
    Terminate,
}

/// Returns at the first of them and says which it was.
pub async fn requested() -> Asked {
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled in a process of our own");
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled in a process of our own");
    let mut hangup = signal(SignalKind::hangup()).expect("SIGHUP can be handled in a process of our own");
    tokio::select! {
        _ = interrupt.recv() => Asked::Interrupt,
        _ = terminate.recv() => Asked::Terminate,
        _ = hangup.recv() => Asked::Terminate,
    }
}
