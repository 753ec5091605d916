//! One `eaf serve` process of a [`System`](crate::system::System).

use crate::binary;
use crate::system::PATIENCE;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

pub struct Host {
    child: Child,
    pub base: String,
}

impl Host {
    /// Returns when it is ready.
    pub async fn start(base: &str, environment: Vec<(&'static str, String)>, log: &Path) -> Host {
        // At its end, wherever that is: a test may write into it too.
        let out = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(binary::eaf());
        command.arg("serve").env_clear().envs(environment).env("EAF_LISTEN", base.trim_start_matches("http://"));
        let err = Stdio::from(out.try_clone().unwrap());
        let child = command.stdout(Stdio::from(out)).stderr(err).kill_on_drop(true).spawn().unwrap();
        let mut host = Host { child, base: base.to_owned() };
        host.until_ready(log).await;
        host
    }

    async fn until_ready(&mut self, log: &Path) {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready().await {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the host ended with {ended:?}:\n{}", said());
            assert!(Instant::now() < deadline, "the host is not ready:\n{}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn is_ready(&self) -> bool {
        let asked = reqwest::get(format!("{}/actuator/health/readiness", self.base)).await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// `kill -9`: nothing is tidied up.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGSTOP: it stands still in the middle of whatever it does, and its connections stay open.
    pub async fn pause(&self) {
        self.signal("STOP").await;
    }

    /// SIGCONT: it goes on, and knows nothing of the time that has passed.
    pub async fn resume(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("the host runs").to_string();
        let sent = Command::new("/bin/sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status().await;
        assert!(sent.unwrap().success(), "SIG{name} to {pid}");
    }
}
