//! Signals that stop the process.

use tokio::signal::unix::{SignalKind, signal};

/// Signal that asks the process to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl-C in a terminal, which every process of the group receives.
    Interrupt,
    /// SIGTERM or SIGHUP to this process alone.
    Terminate,
}

/// Waits for the first signal that asks the process to stop.
pub async fn signal_received() -> StopSignal {
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled in this process");
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled in this process");
    let mut hangup = signal(SignalKind::hangup()).expect("SIGHUP can be handled in this process");
    tokio::select! {
        _ = interrupt.recv() => StopSignal::Interrupt,
        _ = terminate.recv() => StopSignal::Terminate,
        _ = hangup.recv() => StopSignal::Terminate,
    }
}
