//! Simulated vCenter as a separate process for tests, which can be killed and restarted.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub const USER: &str = "svc-eaf@vsphere.local";
/// Password of the simulated vCenter, with characters that XML must escape.
pub const PASSWORD: &str = "p<ss&\"w'rd>";

pub struct Vcsim {
    options: Vec<String>,
    dir: PathBuf,
    address: SocketAddr,
    control: String,
    child: Child,
}

/// A machine in the simulator's stored state. The stored state contains every change that a client
/// has read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredMachine {
    pub name: String,
    pub folder: Vec<String>,
    /// BIOS UUID of the machine. vCenter retains this UUID when it changes the instance UUID.
    pub uuid: String,
    pub instance_uuid: String,
    pub extra_config: BTreeMap<String, String>,
    pub powered_on: bool,
    /// Power state of the machine: `on`, `off` or `suspended`.
    pub power: String,
    pub template: bool,
    /// Names of the machine's disk files, such as `[datastore1] web-01/disk1.vmdk`.
    pub disks: Vec<String>,
}

impl Vcsim {
    /// Starts one vCenter, `acme`, with datacenter `DC1`, folder `EAF/acme` and template
    /// `Templates/debian-12`; `dir` contains its state. `options` are flags of the simulator, or
    /// settings of the vCenter such as `pod=Pod1`.
    pub async fn start(dir: &Path, options: &[&str]) -> Vcsim {
        Vcsim::launch(dir, options.iter().map(|o| (*o).to_owned()).collect(), "127.0.0.1:0").await
    }

    async fn launch(dir: &Path, options: Vec<String>, listen: &str) -> Vcsim {
        std::fs::create_dir_all(dir).unwrap();
        let password = dir.join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let (of_vcenter, flags): (Vec<_>, Vec<_>) =
            options.iter().partition(|option| !option.starts_with("--") && option.contains('='));
        let of_vcenter: String = of_vcenter.iter().map(|option| format!(",{option}")).collect();
        let mut child = Command::new(binary())
            .arg("--state")
            .arg(dir)
            .arg("--cert-dir")
            .arg(dir.join("certs"))
            .args(["--control", "127.0.0.1:0"])
            .args(flags)
            .arg("--vcenter")
            .arg(format!(
                "name=acme,listen={listen},user={USER},password-file={},folder=EAF/acme,templates=debian-12{of_vcenter}",
                password.display()
            ))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the simulator starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut url = async |what: &str| {
            let line = lines.next_line().await.unwrap().expect("the simulator says that it is ready");
            assert!(line.starts_with(what), "the simulator says {line}");
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let control = url("control").await;
        let address = url("ready").await.trim_start_matches("https://").trim_end_matches("/sdk").parse().unwrap();
        Vcsim { options, dir: dir.to_owned(), address, control, child }
    }

    /// Starts a behaviour of a difficult vCenter and returns its id. `eaf-host/dev/vcsim/README.md`
    /// lists the kinds.
    pub async fn behave(&self, behaviour: Value) -> u64 {
        self.ask(Method::POST, "behaviours", Some(behaviour)).await["id"].as_u64().unwrap()
    }

    pub async fn unbehave(&self, id: u64) {
        self.ask(Method::DELETE, &format!("behaviours/{id}"), None).await;
    }

    /// Ends every behaviour of the vCenter.
    pub async fn calm(&self) {
        self.ask(Method::DELETE, "behaviours", None).await;
    }

    /// Sets the seed of random behaviours, so that their sequence can be repeated.
    pub async fn seed(&self, seed: u64) {
        self.ask(Method::PUT, "seed", Some(seed.into())).await;
    }

    /// Port of the simulator's control interface.
    pub fn control_port(&self) -> u16 {
        self.control.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Number of calls that a behaviour has affected.
    pub async fn hits(&self, id: u64) -> u64 {
        let behaviours = self.ask(Method::GET, "behaviours", None).await;
        let this = behaviours.as_array().unwrap().iter().find(|b| b["id"] == id).expect("the behaviour is switched on");
        this["hits"].as_u64().unwrap()
    }

    /// Number of calls of a SOAP method, such as `CloneVM_Task`, since the start.
    pub async fn calls(&self, method: &str) -> u64 {
        self.ask(Method::GET, "calls", None).await[method].as_u64().unwrap_or_default()
    }

    /// Number of open sessions at the vCenter.
    pub async fn sessions(&self) -> u64 {
        self.ask(Method::GET, "sessions", None).await.as_u64().unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default(); // reqwest wants one, though this is plain http
        let mut request = reqwest::Client::new().request(method, format!("{}/acme/{path}", self.control));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the simulator can be controlled");
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} {body:?}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn cert_dir(&self) -> PathBuf {
        self.dir.join("certs")
    }

    pub fn ca_certificate(&self) -> String {
        std::fs::read_to_string(self.cert_dir().join("ca.pem")).unwrap()
    }

    /// Kills the process with `kill -9` and starts it on the same port.
    pub async fn kill_and_restart(&mut self) {
        self.child.kill().await.unwrap();
        *self = Vcsim::launch(&self.dir.clone(), self.options.clone(), &self.address.to_string()).await;
    }

    pub fn machines(&self) -> Vec<StoredMachine> {
        #[derive(Deserialize)]
        struct State {
            machines: Vec<StoredMachine>,
        }
        let content = std::fs::read(self.dir.join("acme.json")).unwrap();
        serde_json::from_slice::<State>(&content).unwrap().machines
    }
}

/// Path of the simulator's binary, from `EAF_VCSIM`. Without this variable, each test process
/// builds the binary once, which is fast because Go caches builds.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("EAF_VCSIM") {
            return path.into();
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dev/vcsim");
        let tests = std::env::current_exe().unwrap();
        let binary = tests.ancestors().nth(2).unwrap().join("vcsim");
        let built = std::process::Command::new("go").arg("build").arg("-o").arg(&binary).current_dir(source).status();
        assert!(built.expect("Go is installed").success(), "the simulator does not build");
        binary
    })
}
