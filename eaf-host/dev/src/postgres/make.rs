//! Creation of a PostgreSQL cluster in a temporary directory. The complete cluster is moved into
//! place, so that a kill never leaves an incomplete cluster there.

use super::{Cluster, DATABASE, Error, failed, own, prefixed};
use crate::process::ProcessId;
use crate::progress::Progress;
use crate::state::State;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Name under which the state directory records the processes that create a cluster, since they may
/// outlive a killed run.
pub const NAME: &str = "initdb";

impl Cluster {
    pub(super) async fn make(&self, state: &State) -> Result<(), Error> {
        let _progress = Progress::start("making the database cluster".into());
        let note = state.dir().join("postgres.data");
        fs::write(&note, self.data.as_os_str().as_encoded_bytes()).map_err(failed(&note, "written"))?;
        for draft in drafts(&self.data) {
            fs::remove_dir_all(&draft).map_err(failed(&draft, "removed"))?;
        }
        let draft = self.data.with_extension(format!("{DRAFT}{}", std::process::id()));
        fs::create_dir_all(&draft).map_err(failed(&draft, "made"))?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o700)).map_err(failed(&draft, "closed"))?;
        own(&draft, self.user)?;
        let data = draft.join("data");
        self.initdb(state, &draft, &data).await?;
        self.create_database(state, &data).await?;
        fs::rename(&data, &self.data).map_err(failed(&self.data, "put in its place"))?;
        fs::remove_dir_all(&draft).map_err(failed(&draft, "removed"))
    }

    async fn initdb(&self, state: &State, draft: &Path, data: &Path) -> Result<(), Error> {
        let password = draft.join("password");
        fs::write(&password, &self.superuser_password).map_err(failed(&password, "written"))?;
        own(&password, self.user)?;
        let mut command = Command::new(self.programs.join("bin/initdb"));
        command
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"])
            .arg("--no-sync")
            .arg(prefixed("--pgdata=", data))
            .arg(prefixed("--pwfile=", &password));
        self.run(state, command, "").await
    }

    /// Creates the database in single-user mode, which needs no client.
    async fn create_database(&self, state: &State, data: &Path) -> Result<(), Error> {
        let mut command = Command::new(self.programs.join("bin/postgres"));
        command.args(["--single", "-D"]).arg(data).args(["-c", "exit_on_error=true", "postgres"]);
        self.run(state, command, &format!("create database {DATABASE}\n")).await
    }

    async fn run(&self, state: &State, mut command: Command, input: &str) -> Result<(), Error> {
        let program = PathBuf::from(command.as_std().get_program());
        let run = |cause| Error::Run { program: program.clone(), cause };
        command.envs(self.environment()).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        let mut child = command.spawn().map_err(run)?;
        if let Some(process) = child.id().and_then(ProcessId::of) {
            state.remember_process(NAME, &process)?;
        }
        let mut stdin = child.stdin.take().expect("stdin was piped above");
        // A process that has stopped reading reports the reason when it ends.
        let _unheard = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let Output { status, stderr, .. } = child.wait_with_output().await.map_err(run)?;
        state.forget_process(NAME)?;
        if status.success() { Ok(()) } else { Err(Error::Initdb(String::from_utf8_lossy(&stderr).into_owned())) }
    }
}

const DRAFT: &str = "draft-";

/// Paths of incomplete clusters beside `data`, which killed runs left.
pub(super) fn drafts(data: &Path) -> Vec<PathBuf> {
    let (Some(parent), Some(name)) = (data.parent(), data.file_name()) else { return Vec::new() };
    let prefix = format!("{}.{DRAFT}", name.to_string_lossy());
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::Checkout;
    use crate::ports::Ports;
    use crate::postgres::Durability;
    use crate::service::{self, Service};
    use crate::services;
    use std::time::Duration;

    #[tokio::test]
    async fn a_cluster_is_created_after_a_killed_attempt() {
        let state = State::open(std::env::temp_dir().join(format!("eaf-make-{}", uuid::Uuid::new_v4()))).expect("made");
        let (checkout, ports) = (Checkout::find().expect("a checkout"), Ports::free().expect("free ports"));
        let prepare = || Cluster::prepare(&checkout, &state, ports.postgres, Durability::None);
        let at_work = async {
            while state.leftover(NAME).expect("readable").is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // The future is dropped, as by a `kill -9`: initdb continues without a parent.
        tokio::select! {
            _ = prepare() => panic!("it was made before it could be killed"),
            () = at_work => {}
        }
        let initdb = state.leftover(NAME).expect("readable").expect("it goes on");
        service::end_leftovers(&state, services::ALL).await.expect("ended");
        assert!(!initdb.is_alive());

        let cluster = prepare().await.expect("made");
        assert_eq!(drafts(cluster.data()), Vec::<PathBuf>::new());
        Service::start(&state, &cluster.plan()).await.expect("it serves").stop().await;
        super::super::remove_elsewhere(state.dir()).expect("removed");
        fs::remove_dir_all(state.dir()).expect("removed");
    }
}
