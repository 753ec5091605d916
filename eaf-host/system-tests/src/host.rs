//! Process of `eaf serve` that belongs to a [`System`](crate::system::System).

use crate::binary;
use crate::system::WAIT_MAX;
use eaf_test_support::maildev::free_address;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

pub struct Host {
    child: Child,
    pub base: String,
    /// Address of the management port.
    pub management: String,
}

impl Host {
    /// Starts the process with these environment variables, and returns when the host is ready.
    pub async fn start(base: &str, environment: Vec<(&'static str, String)>, log: &Path) -> Host {
        // Appended at the file's present end, because a test may write into the file too.
        let out = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(binary::eaf());
        let management = free_address().to_string();
        command.arg("serve").env_clear().envs(environment).env("EAF_LISTEN", base.trim_start_matches("http://"));
        command.env("EAF_MANAGEMENT_LISTEN", &management);
        let err = Stdio::from(out.try_clone().unwrap());
        let child = command.stdout(Stdio::from(out)).stderr(err).kill_on_drop(true).spawn().unwrap();
        let mut host = Host { child, base: base.to_owned(), management: format!("http://{management}") };
        host.until_ready(log).await;
        host
    }

    async fn until_ready(&mut self, log: &Path) {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        let deadline = Instant::now() + WAIT_MAX;
        while !self.is_ready().await {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the host ended with {ended:?}:\n{}", said());
            assert!(Instant::now() < deadline, "the host is not ready:\n{}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn is_ready(&self) -> bool {
        let asked = reqwest::get(format!("{}/actuator/health/readiness", self.management)).await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Process id; `None` after the end of the process.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills the process with SIGKILL, so that it cannot clean up.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Stops the process with SIGSTOP, while its connections stay open.
    pub async fn pause(&self) {
        self.signal("STOP").await;
    }

    /// Continues the stopped process with SIGCONT. The process does not know how long it was
    /// stopped.
    pub async fn resume(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("the host runs").to_string();
        let sent = Command::new("/bin/sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status().await;
        assert!(sent.unwrap().success(), "SIG{name} to {pid}");
    }
}
