//! A service as a child process: start, readiness and orderly end.

use crate::process::{ProcessId, Signal};
use crate::progress::Progress;
use crate::state::{self, State};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{name} cannot be started ({program})")]
    Start {
        name: &'static str,
        program: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("{name} ended before it was ready ({status}); its last words:\n{last_words}")]
    Ended { name: &'static str, status: ExitStatus, last_words: String },
    #[error("{name} was not ready after {seconds} s; its last words:\n{last_words}")]
    NotReady { name: &'static str, seconds: u64, last_words: String },
    #[error("{name} cannot be watched")]
    Watch {
        name: &'static str,
        #[source]
        cause: std::io::Error,
    },
    #[error(transparent)]
    State(#[from] state::Error),
}

/// Start command of a service, and the sign that the service is ready.
pub struct Plan {
    pub name: &'static str,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub environment: Vec<(&'static str, String)>,
    /// User that runs the service. `None`: the user of this process, because only root can choose
    /// another.
    pub user: Option<User>,
    pub ready: Ready,
    pub end: Signal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

pub enum Ready {
    /// Ready when all of these ports accept connections.
    Ports(Vec<u16>),
    /// Ready when this file, PostgreSQL's `postmaster.pid`, has the status `ready` in its last
    /// line.
    Postmaster(PathBuf),
}

const UNTIL_READY: Duration = Duration::from_secs(60);
const UNTIL_ENDED: Duration = Duration::from_secs(15);

pub struct Service {
    name: &'static str,
    child: Child,
    process: Option<ProcessId>,
    end: Signal,
    state: State,
}

impl Service {
    /// Starts the service and waits until it is ready.
    pub async fn start(state: &State, plan: &Plan) -> Result<Service, Error> {
        let mut service = Self::spawn(state, plan)?;
        let ready = service.until_ready(plan).await;
        match ready {
            Ok(()) => Ok(service),
            Err(error) => {
                service.stop().await;
                Err(error)
            }
        }
    }

    fn spawn(state: &State, plan: &Plan) -> Result<Service, Error> {
        let start = |cause| Error::Start { name: plan.name, program: plan.program.clone(), cause };
        let log = state.log_file(plan.name);
        let out = OpenOptions::new().create(true).append(true).open(&log).map_err(start)?;
        let err = out.try_clone().map_err(start)?;
        let mut command = Command::new(&plan.program);
        command
            .args(&plan.args)
            .envs(plan.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            // The child has a process group of its own: Ctrl-C in the terminal is for the
            // supervisor, which ends its children in order.
            .process_group(0);
        if let Some(user) = plan.user {
            command.uid(user.uid).gid(user.gid);
        }
        let child = command.spawn().map_err(start)?;
        let process = child.id().and_then(ProcessId::of);
        if let Some(process) = &process {
            state.remember_process(plan.name, process)?;
        }
        Ok(Service { name: plan.name, child, process, end: plan.end, state: state.clone() })
    }

    async fn until_ready(&mut self, plan: &Plan) -> Result<(), Error> {
        let _progress = Progress::start(format!("waiting for {}", self.name));
        let deadline = Instant::now() + UNTIL_READY;
        loop {
            let status = self.child.try_wait().map_err(|cause| Error::Watch { name: self.name, cause })?;
            if let Some(status) = status {
                return Err(Error::Ended { name: self.name, status, last_words: self.last_words() });
            }
            if plan.ready.is_true(self.child.id()).await {
                return Ok(());
            }
            if Instant::now() > deadline {
                let seconds = UNTIL_READY.as_secs();
                return Err(Error::NotReady { name: self.name, seconds, last_words: self.last_words() });
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits until the service ends by itself.
    pub async fn ended(&mut self) -> Result<ExitStatus, Error> {
        self.child.wait().await.map_err(|cause| Error::Watch { name: self.name, cause })
    }

    /// Ends the service, and deletes the record of its process.
    pub async fn stop(mut self) {
        if let Some(process) = &self.process {
            process.end(self.end, UNTIL_ENDED).await;
        }
        let _reaped = self.child.wait().await;
        if let Err(error) = self.state.forget_process(self.name) {
            tracing::warn!(service = self.name, %error, "a stale process file stays behind");
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.state.log_file(self.name)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Ready {
    async fn is_true(&self, pid: Option<u32>) -> bool {
        match self {
            Ready::Ports(ports) => {
                for port in ports {
                    if tokio::net::TcpStream::connect(("127.0.0.1", *port)).await.is_err() {
                        return false;
                    }
                }
                true
            }
            Ready::Postmaster(file) => pid.is_some_and(|pid| postmaster_is_ready(file, pid)),
        }
    }
}

/// Whether PostgreSQL's `postmaster.pid` reports a ready server with this process id. The id is
/// compared because a killed server leaves a file that says "ready".
fn postmaster_is_ready(file: &Path, pid: u32) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.first() == Some(&pid.to_string().as_str()) && lines.get(7) == Some(&"ready")
}

/// Ends processes of these services that an earlier run left, in the reverse order of their start.
pub async fn end_leftovers(state: &State, services: &[(&'static str, Signal)]) -> Result<(), Error> {
    for (name, signal) in services.iter().rev() {
        if let Some(process) = state.leftover(name)? {
            eprintln!("  ending {name} of an earlier run (pid {})", process.pid);
            process.end(*signal, UNTIL_ENDED).await;
        }
        state.forget_process(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ports;

    fn scratch() -> State {
        State::open(std::env::temp_dir().join(format!("eaf-service-{}", uuid::Uuid::new_v4()))).expect("a directory")
    }

    fn plan(script: &str, port: u16) -> Plan {
        Plan {
            name: "sample",
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            user: None,
            ready: Ready::Ports(vec![port]),
            end: Signal::Terminate,
        }
    }

    #[tokio::test]
    async fn a_failed_start_reports_its_cause() {
        let port = Ports::free().expect("free ports").web;
        let state = scratch();
        let error = Service::start(&state, &plan("echo no disk left; exit 3", port)).await.err().expect("refused");
        let error = error.to_string();
        assert!(error.contains("no disk left") && error.contains("3"), "{error}");
        assert_eq!(state.leftover("sample").expect("readable"), None);
    }

    #[tokio::test]
    async fn the_next_run_ends_the_remains_of_a_killed_supervisor() {
        // The test itself listens, so that the child counts as ready.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = scratch();
        let mut service = Service::start(&state, &plan("exec sleep 60", port)).await.expect("started");
        let process = state.leftover("sample").expect("readable").expect("it runs");

        end_leftovers(&state, &[("sample", Signal::Terminate)]).await.expect("ended");
        assert!(!process.is_alive());
        assert_eq!(state.leftover("sample").expect("readable"), None);
        service.ended().await.expect("it can be waited for");
    }

    #[tokio::test]
    async fn another_process_under_a_recorded_id_survives() {
        let mut other = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let state = scratch();
        let remembered = ProcessId { pid: other.id(), started: "another time".into() };
        state.remember_process("sample", &remembered).expect("written");
        end_leftovers(&state, &[("sample", Signal::Kill)]).await.expect("nothing to end");
        assert!(other.try_wait().expect("it can be asked").is_none());
        other.kill().expect("it ends");
        other.wait().expect("it can be waited for");
    }

    #[test]
    fn a_killed_servers_file_does_not_make_the_next_one_ready() {
        let file = std::env::temp_dir().join(format!("eaf-postmaster-{}", uuid::Uuid::new_v4()));
        std::fs::write(&file, "41\n/data\n1\n5433\n\n127.0.0.1\n  1 2\nready   \n").expect("written");
        assert!(postmaster_is_ready(&file, 41));
        assert!(!postmaster_is_ready(&file, 42));
        std::fs::write(&file, "42\n/data\n1\n5433\n\n127.0.0.1\n  1 2\nstarting\n").expect("written");
        assert!(!postmaster_is_ready(&file, 42));
    }
}
