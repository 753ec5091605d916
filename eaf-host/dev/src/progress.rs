//! Progress report of a slow step: prints a line every 5 s.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(5);

/// Progress report, which prints lines until it is dropped.
pub struct Progress {
    task: tokio::task::JoinHandle<()>,
}

impl Progress {
    pub fn start(what: String) -> Progress {
        let since = Instant::now();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                eprintln!("  … {what} ({} s)", since.elapsed().as_secs());
            }
        });
        Progress { task }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
    }
}
