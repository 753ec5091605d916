//! Unambiguous identity of a process. A process id alone is ambiguous, because it may belong to
//! another process by now.

use serde::{Deserialize, Serialize};
use std::process::Command;
use std::time::{Duration, Instant};

/// Id and start time of a process, which together are unique while the machine runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    /// Start time as an opaque text: boot and clock ticks from `/proc`, or the time that `ps`
    /// prints.
    pub started: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
    Kill,
}

impl ProcessId {
    /// Process with this id; `None` if it does not exist or is a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        started(pid).map(|started| ProcessId { pid, started })
    }

    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    pub fn is_alive(&self) -> bool {
        started(self.pid).is_some_and(|started| started == self.started)
    }

    /// Sends a signal to the process; does nothing if the process has ended, even if another one
    /// has the same id now.
    pub fn signal(&self, signal: Signal) {
        if !self.is_alive() {
            return;
        }
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
            Signal::Kill => "KILL",
        };
        // The shell's own `kill` needs neither a package nor unsafe code. A process that ended
        // meanwhile is no error.
        let _gone = Command::new("/bin/sh")
            .args(["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", name, &self.pid.to_string()])
            .status();
    }

    /// Sends the signal, and kills the process if it still runs after `patience`. Returns when the
    /// process has ended, or 5 s after it was killed.
    pub async fn end(&self, signal: Signal, patience: Duration) {
        self.signal(signal);
        if !self.gone_within(patience).await {
            self.signal(Signal::Kill);
            self.gone_within(Duration::from_secs(5)).await;
        }
    }

    async fn gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }
}

#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses and may contain anything, so fields are counted
    // after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let ticks = fields.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{}:{ticks}", boot.trim()))
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    let (state, started) = line.trim().split_once(' ')?;
    (!state.starts_with('Z')).then(|| started.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("60").spawn().expect("sleep starts")
    }

    #[tokio::test]
    async fn a_zombie_does_not_count_as_alive() {
        let mut child = sleeper();
        let process = ProcessId::of(child.id()).expect("it runs");
        process.end(Signal::Terminate, Duration::from_secs(5)).await;
        assert!(!process.is_alive());
        assert_eq!(ProcessId::of(child.id()), None);
        child.wait().expect("it can be waited for");
    }

    #[tokio::test]
    async fn a_process_that_ignores_the_request_is_killed() {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "trap '' TERM; while :; do read -r line || exec sleep 60; done"])
            .spawn()
            .expect("a shell starts");
        let process = ProcessId::of(child.id()).expect("it runs");
        process.end(Signal::Terminate, Duration::from_millis(100)).await;
        assert!(!process.is_alive());
        child.wait().expect("it can be waited for");
    }

    #[tokio::test]
    async fn another_process_with_the_same_id_is_not_signalled() {
        let mut child = sleeper();
        let remembered = ProcessId { pid: child.id(), started: "another time".into() };
        assert!(!remembered.is_alive());
        remembered.end(Signal::Kill, Duration::from_millis(50)).await;
        assert_eq!(child.try_wait().expect("it can be asked"), None, "the other process lives");
        child.kill().expect("it ends");
        child.wait().expect("it can be waited for");
    }
}
