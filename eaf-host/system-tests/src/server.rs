//! PostgreSQL cluster of one test, with every durability setting on. The test may kill its server.

use eaf_dev::checkout::Checkout;
use eaf_dev::ports::Ports;
use eaf_dev::postgres::{Cluster, Durability};
use eaf_dev::process::{ProcessId, Signal};
use eaf_dev::service::Service;
use eaf_dev::state::State;

pub struct Server {
    state: State,
    cluster: Cluster,
    service: Option<Service>,
}

impl Server {
    pub async fn start() -> Server {
        let dir = std::env::temp_dir().join(format!("eaf-it-{}", uuid::Uuid::new_v4().simple()));
        let state = State::open(dir).unwrap();
        let checkout = Checkout::find().unwrap();
        let port = Ports::free().unwrap().postgres;
        let cluster = Cluster::prepare(&checkout, &state, port, Durability::Full).await.unwrap();
        let service = Some(Service::start(&state, &cluster.plan()).await.unwrap());
        Server { state, cluster, service }
    }

    pub fn superuser_url(&self) -> String {
        self.cluster.superuser_url("postgres")
    }

    /// Text of the server's log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.state.log_file("postgres")).unwrap()
    }

    /// Kills the server and its backends with SIGKILL, as a power failure would, and starts it
    /// again.
    pub async fn kill_and_restart(&mut self) {
        let postmaster = self.state.leftover("postgres").unwrap().expect("the server runs");
        // The postmaster is stopped first, so that it cannot react to the death of its backends.
        signal("STOP", postmaster.pid);
        let backends = children(postmaster.pid);
        backends.iter().for_each(|backend| backend.signal(Signal::Kill));
        postmaster.signal(Signal::Kill);
        for process in backends.iter().chain([&postmaster]) {
            while process.is_alive() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
        let killed = self.service.take().expect("the server runs");
        killed.stop().await;
        self.service = Some(Service::start(&self.state, &self.cluster.plan()).await.unwrap());
    }

    pub async fn stop(mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(Some(postmaster)) = self.state.leftover("postgres") {
            postmaster.signal(Signal::Kill);
        }
        let _ = eaf_dev::postgres::remove_elsewhere(self.state.dir());
        let _ = std::fs::remove_dir_all(self.state.dir());
    }
}

/// Lists the child processes of `parent`. Without `/proc` the list is empty; there the backends end
/// by themselves after their postmaster has ended.
fn children(parent: u32) -> Vec<ProcessId> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|pid| parent_of(*pid) == Some(parent)).filter_map(ProcessId::of).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain any character; state and parent id follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn signal(name: &str, pid: u32) {
    let sent =
        std::process::Command::new("/bin/sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid.to_string()]).status();
    assert!(sent.expect("a shell runs").success(), "SIG{name} to {pid}");
}
