//! Services beside the host in development: two simulated vCenters, and a mail server with an inbox
//! page. (PostgreSQL: [`super::postgres`].)

use crate::checkout::{self, Checkout};
use crate::history;
use crate::ports::Ports;
use crate::postgres::make;
use crate::process::Signal;
use crate::service::{Plan, Ready};
use crate::state::{self, State};
use std::fs;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Checkout(#[from] checkout::Error),
    #[error(transparent)]
    State(#[from] state::Error),
    #[error("{path} cannot be made")]
    Directory {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

/// Services in the order of their start, each with the signal that ends it. They are ended in the
/// reverse order.
pub const ALL: &[(&str, Signal)] = &[
    (make::NAME, Signal::Terminate),
    ("postgres", Signal::Interrupt),
    ("vcsim", Signal::Terminate),
    ("maildev", Signal::Terminate),
];

/// Simulated vCenter.
pub struct Vcenter {
    pub name: &'static str,
    /// Name of the secret with the password of [`VCENTER_USER`].
    pub secret: &'static str,
    port: fn(&Ports) -> u16,
}

impl Vcenter {
    pub const ACME: Vcenter = Vcenter { name: "acme", secret: "vcenter-acme", port: |ports| ports.vcenter_acme };
    pub const GLOBEX: Vcenter =
        Vcenter { name: "globex", secret: "vcenter-globex", port: |ports| ports.vcenter_globex };

    pub fn port(&self, ports: &Ports) -> u16 {
        (self.port)(ports)
    }

    /// Password of the host's account.
    pub fn password(&self, state: &State) -> Result<String, state::Error> {
        state.password(self.secret)
    }
}

/// User name of the host's account at each simulated vCenter.
pub const VCENTER_USER: &str = "svc-eaf";

/// Durations of operations in the simulated vCenters, in the notation of Go, such as `200ms`.
pub struct SimulatorSpeed {
    pub clone: &'static str,
    pub address: &'static str,
}

impl SimulatorSpeed {
    /// Durations for the demo, long enough to watch an operation.
    pub const DEMO: SimulatorSpeed = SimulatorSpeed { clone: "4s", address: "2s" };
    /// Durations while the history is created, whose machines are watched by no person.
    pub const HISTORY: SimulatorSpeed = SimulatorSpeed { clone: "20ms", address: "0s" };
    pub const TESTS: SimulatorSpeed = SimulatorSpeed { clone: "200ms", address: "100ms" };
}

/// Start command of the process that simulates the vCenters. Their inventory is in the state
/// directory, as is the password of each.
pub fn vcsim(checkout: &Checkout, state: &State, ports: &Ports, speed: &SimulatorSpeed) -> Result<Plan, Error> {
    let inventory = directory(state, "vcsim")?;
    let mut args = vec![
        format!("--state={}", inventory.display()),
        format!("--cert-dir={}", certificates(state).display()),
        format!("--clone-duration={}", speed.clone),
        format!("--address-delay={}", speed.address),
        format!("--control=127.0.0.1:{}", ports.vcenter_control),
    ];
    for vcenter in [Vcenter::ACME, Vcenter::GLOBEX] {
        vcenter.password(state)?;
        let (name, port, file) = (vcenter.name, vcenter.port(ports), state.secret_file(vcenter.secret));
        args.push(format!(
            "--vcenter=name={name},listen=127.0.0.1:{port},user={VCENTER_USER},folder=EAF+{},password-file={}",
            history::FOLDER,
            file.display()
        ));
    }
    Ok(Plan {
        name: "vcsim",
        program: checkout.vcsim()?,
        args,
        environment: Vec::new(),
        user: None,
        ready: Ready::Ports(vec![ports.vcenter_control, ports.vcenter_acme, ports.vcenter_globex]),
        end: Signal::Terminate,
    })
}

pub fn maildev(checkout: &Checkout, state: &State, ports: &Ports) -> Result<Plan, Error> {
    let mails = directory(state, "mails")?;
    let args = [
        checkout.maildev()?.display().to_string(),
        "--ip=127.0.0.1".into(),
        "--web-ip=127.0.0.1".into(),
        format!("--smtp={}", ports.smtp),
        format!("--web={}", ports.inbox),
        format!("--mail-directory={}", mails.display()),
    ];
    Ok(Plan {
        name: "maildev",
        program: "node".into(),
        args: args.to_vec(),
        environment: Vec::new(),
        user: None,
        ready: Ready::Ports(vec![ports.smtp, ports.inbox]),
        end: Signal::Terminate,
    })
}

/// Directory with `ca.pem`, which clients of the simulated vCenters trust.
pub fn certificates(state: &State) -> PathBuf {
    state.dir().join("certificates")
}

fn directory(state: &State, name: &str) -> Result<PathBuf, Error> {
    let path = state.dir().join(name);
    fs::create_dir_all(&path).map_err(|cause| Error::Directory { path: path.clone(), cause })?;
    Ok(path)
}
