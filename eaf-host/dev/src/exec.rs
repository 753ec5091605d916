//! `eaf dev exec -- CMD`: runs the command CMD with services that are started for it alone, on free
//! ports and in a temporary directory.

use crate::checkout::Checkout;
use crate::ports::{self, Ports};
use crate::postgres::{self, Cluster, Durability};
use crate::process::{ProcessId, Signal};
use crate::service::{self, Service};
use crate::services::{self, SimulatorSpeed, Vcenter};
use crate::state::{self, State};
use crate::variables;
use eaf::shutdown::{self, StopSignal};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Checkout(#[from] crate::checkout::Error),
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Ports(#[from] ports::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Services(#[from] services::Error),
    #[error(transparent)]
    Service(#[from] service::Error),
    #[error("{} cannot be run", .program.display())]
    Command {
        program: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("{0} cannot be removed")]
    Remove(PathBuf, #[source] std::io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum With {
    Postgres,
    Vcsim,
    Smtp,
}

const PREFIX: &str = "eaf-exec-";

/// Environment variables of the command, which name the started services.
type Variables = Vec<(&'static str, OsString)>;

/// Runs a command with services that are started for it alone. Returns the command's exit code, or
/// 128 plus the number of the signal that ended the command.
pub async fn run(
    checkout: &Checkout,
    with: &[With],
    durability: Durability,
    command: &[OsString],
) -> Result<u8, Error> {
    sweep(&std::env::temp_dir()).await?;
    let dir = std::env::temp_dir().join(format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()));
    let state = State::open(dir.clone())?;
    let lock = state.lock().await?;
    let mut running = Vec::new();
    let result = start_and_run(checkout, &state, with, durability, command, &mut running).await;
    while let Some(service) = running.pop() {
        Service::stop(service).await;
    }
    remove(&dir)?;
    drop(lock);
    result.map(exit_code)
}

async fn start_and_run(
    checkout: &Checkout,
    state: &State,
    with: &[With],
    durability: Durability,
    command: &[OsString],
    running: &mut Vec<Service>,
) -> Result<ExitStatus, Error> {
    let ports = Ports::free()?;
    let mut variables: Variables = vec![("EAF_ROOT", checkout.root().into())];
    if let Ok(program) = checkout.vcsim() {
        variables.push(("EAF_VCSIM", program.into()));
    }
    variables.push(("EAF_MAILDEV", checkout.maildev()?.into()));
    if with.contains(&With::Postgres) {
        let cluster = Cluster::prepare(checkout, state, ports.postgres, durability).await?;
        running.push(Service::start(state, &cluster.plan()).await?);
        variables.extend(postgres_variables(&cluster));
    }
    if with.contains(&With::Vcsim) {
        running.push(Service::start(state, &services::vcsim(checkout, state, &ports, &SimulatorSpeed::TESTS)?).await?);
        variables.extend(vcenter_variables(state, &ports)?);
    }
    if with.contains(&With::Smtp) {
        running.push(Service::start(state, &services::maildev(checkout, state, &ports)?).await?);
        variables.push(("EAF_TEST_SMTP", format!("127.0.0.1:{}", ports.smtp).into()));
        variables.push(("EAF_TEST_INBOX_URL", format!("http://127.0.0.1:{}", ports.inbox).into()));
    }
    let ignored = variables::ignored_with(&variables);
    variables.push((variables::IGNORE, ignored.into()));
    run_command(command, variables).await
}

fn postgres_variables(cluster: &Cluster) -> Variables {
    let mut variables: Variables = vec![
        ("EAF_TEST_SUPERUSER_URL", cluster.superuser_url("postgres").into()),
        ("EAF_PG_BIN", cluster.programs().join("bin").into()),
        ("EAF_PG_DATA", cluster.data().into()),
    ];
    if let Some(user) = cluster.user() {
        variables.push(("EAF_PG_UID", user.uid.to_string().into()));
        variables.push(("EAF_PG_GID", user.gid.to_string().into()));
    }
    variables
}

fn vcenter_variables(state: &State, ports: &Ports) -> Result<Variables, Error> {
    let mut variables: Variables = vec![("EAF_TEST_VCENTER_CA", services::certificates(state).join("ca.pem").into())];
    for (variable, vcenter) in [("EAF_TEST_VCENTER_ACME", Vcenter::ACME), ("EAF_TEST_VCENTER_GLOBEX", Vcenter::GLOBEX)]
    {
        let (password, port) = (vcenter.password(state)?, vcenter.port(ports));
        let url = format!("https://{}:{password}@localhost:{port}/sdk", services::VCENTER_USER);
        variables.push((variable, url.into()));
    }
    Ok(variables)
}

/// Runs the command to its end, and passes a termination signal on to it.
async fn run_command(command: &[OsString], variables: Variables) -> Result<ExitStatus, Error> {
    let program = command.first().map(PathBuf::from).unwrap_or_default();
    let failed = |cause| Error::Command { program: program.clone(), cause };
    let mut child = tokio::process::Command::new(&program)
        .args(&command[1..])
        .envs(variables)
        .env_remove("EAF_STATE_DIR")
        .spawn()
        .map_err(failed)?;
    let process = child.id().and_then(ProcessId::of);
    tokio::select! {
        status = child.wait() => return status.map_err(failed),
        // Ctrl-C reaches the command too, which is in the terminal's group; a termination signal
        // does not.
        signal = shutdown::signal_received() => if let (StopSignal::Terminate, Some(process)) = (signal, process) {
            process.signal(Signal::Terminate);
        },
    }
    child.wait().await.map_err(failed)
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// Ends services and removes directories that killed runs of `eaf dev exec` left in `parent`. A
/// directory whose lock a live run holds is skipped.
async fn sweep(parent: &Path) -> Result<(), Error> {
    let own = fs::metadata("/proc/self").map(|own| own.uid()).ok();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.metadata().is_ok_and(|dir| dir.is_dir() && own.is_some_and(|uid| uid == dir.uid()));
        if !ours || !entry.file_name().to_string_lossy().starts_with(PREFIX) || !entry.path().join("lock").exists() {
            continue;
        }
        let state = State::open(entry.path())?;
        if let Ok(_lock) = state.try_lock() {
            service::end_leftovers(&state, services::ALL).await?;
            remove(state.dir())?;
        }
    }
    Ok(())
}

fn remove(dir: &Path) -> Result<(), Error> {
    postgres::remove_elsewhere(dir)?;
    fs::remove_dir_all(dir).map_err(|cause| Error::Remove(dir.into(), cause))
}
