//! First data of the demo, sent through the public API: connections for both tenants; in acme three
//! offerings, two machines, a pending and a rejected request.
//!
//! Every command has its own idempotency key, so that an interrupted seed can continue. Connections
//! contain ports and are set again when those have changed.

use crate::ports::Ports;
use crate::progress::Progress;
use crate::services::{VCENTER_USER, certificates, vcenter_secret};
use crate::state::{self, State};
use crate::{env, host, token};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Token(#[from] token::Error),
    #[error("{0} cannot be read")]
    Certificate(PathBuf, #[source] std::io::Error),
    #[error("{what} was not answered")]
    Send {
        what: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("{what} was refused with {status}: {problem}")]
    Refused { what: String, status: u16, problem: String },
    #[error("{what} names no subject")]
    NoSubject { what: String },
    #[error("request {request} was not fulfilled after {seconds} s; it says: {status}")]
    NotFulfilled { request: String, seconds: u64, status: String },
}

/// Name of each tenant's connection to its vCenter, which the demo's grants permit.
pub const VCENTER: &str = "vcenter";
pub const MAIL: &str = "mail";

const CONNECTIONS: &str = "connections";
const STEP: &str = "seed";
const UNTIL_FULFILLED: Duration = Duration::from_secs(120);

/// Creates the demo's first data, unless an earlier run has created them.
pub async fn run(state: &State, ports: &Ports) -> Result<(), Error> {
    let connected = |before: Ports| {
        let places = |ports: &Ports| (ports.vcenter_acme, ports.vcenter_globex, ports.smtp);
        places(&before) == places(ports)
    };
    if !state.done_with(CONNECTIONS).is_some_and(connected) {
        for (tenant, _) in host::TENANTS {
            connect(state, ports, tenant).await?;
        }
        state.mark_done(CONNECTIONS, ports)?;
    }
    if state.is_done(STEP) {
        return Ok(());
    }
    let _progress = Progress::start("preparing the demo's offerings and machines".into());
    let admin = Api::of(ports, "admin@acme").await?;
    for offering in offerings() {
        let key = format!("seed-offering-{}", offering["key"].as_str().unwrap_or_default());
        admin.command("define-offering", &key, &offering).await?;
    }
    let requester = Api::of(ports, "requester@acme").await?;
    let approver = Api::of(ports, "approver@acme").await?;
    let mut approved = Vec::new();
    for (name, offering, cpus, memory, term, justification) in [
        ("shop-web-01", "linux-small", 2, 4, 12, "Webserver für den neuen Online-Shop"),
        ("shop-db-01", "linux-large", 4, 16, 24, "Datenbank für den neuen Online-Shop"),
    ] {
        let request = requester.request(name, offering, (cpus, memory, term), justification).await?;
        approver.command("approve-request", &format!("seed-approve-{name}"), &json!({"request": request.key})).await?;
        approved.push(request);
    }
    let shape = (8, 32, 6);
    let rejected = requester.request("render-01", "windows", shape, "Arbeitsplatz für das Rendern von Videos").await?;
    let reason = "Please use the shared render farm; ask Miriam Vogt for access.";
    approver
        .command("reject-request", "seed-reject-render-01", &json!({"request": rejected.key, "reason": reason}))
        .await?;
    requester.request("test-web-02", "linux-small", (2, 4, 3), "Testumgebung für das Frühjahrsrelease").await?;
    for request in approved {
        requester.until_fulfilled(&request).await?;
    }
    state.mark_done(STEP, ports)?;
    Ok(())
}

async fn connect(state: &State, ports: &Ports, tenant: &str) -> Result<(), Error> {
    let admin = Api::of(ports, &format!("admin@{tenant}")).await?;
    let authority = certificates(state).join("ca.pem");
    let authority = std::fs::read_to_string(&authority).map_err(|cause| Error::Certificate(authority, cause))?;
    let port = if tenant == "acme" { ports.vcenter_acme } else { ports.vcenter_globex };
    let vcenter = json!({
        "config": {
            "url": format!("https://localhost:{port}/sdk"),
            "datacenter": "DC1",
            "folder": "EAF",
            "username": VCENTER_USER,
            "ca_certificate": authority,
        },
        "secret": {"password": state.password(vcenter_secret(tenant))?},
    });
    let mail = json!({
        "config": {
            "host": "127.0.0.1",
            "port": ports.smtp,
            "tls": "none",
            "from": format!("dcm@{tenant}.example"),
            "from_name": "DCM",
        },
        // The demo's mail server needs no password, but a connection has a secret.
        "secret": {"password": state.password("smtp")?},
    });
    for (capability, name, connection) in [("vsphere", VCENTER, vcenter), ("mail", MAIL, mail)] {
        let path = format!("/api/host/connections/{capability}/{name}");
        admin.send(&path, admin.call(Method::PUT, &path).json(&connection)).await?;
    }
    Ok(())
}

fn offerings() -> [Value; 3] {
    let offering = |key: &str, name: &str, image: &str, template: &str, most: (u32, u32), cents: (i64, i64, i64)| {
        json!({
            "key": key,
            "name": name,
            "image": image,
            "template": format!("Templates/{template}"),
            "cpu_min": 1,
            "cpu_max": most.0,
            "memory_gb_min": 1,
            "memory_gb_max": most.1,
            "base_cents": cents.0,
            "cpu_cents": cents.1,
            "gb_cents": cents.2,
        })
    };
    [
        offering("linux-small", "Linux Small", "Debian 12", "debian-12", (4, 16), (1_200, 800, 300)),
        offering("linux-large", "Linux Large", "Red Hat Enterprise Linux 9", "rhel-9", (32, 256), (3_900, 750, 280)),
        offering(
            "windows",
            "Windows Server",
            "Windows Server 2022",
            "windows-server-2022",
            (16, 128),
            (4_500, 900, 320),
        ),
    ]
}

/// A submitted request for a machine.
struct Given {
    key: String,
    /// Position of the request's event in the log; a query waits until the view has reached it.
    position: String,
}

/// Client of the API that acts as one person.
struct Api {
    client: reqwest::Client,
    address: String,
    token: String,
}

impl Api {
    async fn of(ports: &Ports, account: &str) -> Result<Api, Error> {
        let token = token::fetch(ports.idp, account).await?;
        Ok(Api { client: reqwest::Client::new(), address: env::web(ports), token })
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token)
    }

    async fn send(&self, what: &str, request: RequestBuilder) -> Result<Value, Error> {
        let failed = |cause| Error::Send { what: what.to_string(), cause };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let body = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Error::Refused { what: what.to_string(), status: status.as_u16(), problem: body });
        }
        Ok(serde_json::from_str(&body).unwrap_or_default())
    }

    async fn command(&self, command: &str, key: &str, body: &Value) -> Result<Value, Error> {
        let call = self.call(Method::POST, &format!("/api/dcm/commands/{command}"));
        self.send(command, call.header("Idempotency-Key", key).json(body)).await
    }

    async fn request(
        &self,
        name: &str,
        offering: &str,
        (cpus, memory_gb, term_months): (u32, u32, u32),
        justification: &str,
    ) -> Result<Given, Error> {
        let body = json!({
            "name": name,
            "offering": offering,
            "cpus": cpus,
            "memory_gb": memory_gb,
            "term_months": term_months,
            "justification": justification,
        });
        let answer = self.command("request-vm", &format!("seed-request-{name}"), &body).await?;
        let key = answer.pointer("/subject/key").and_then(Value::as_str);
        let key = key.ok_or_else(|| Error::NoSubject { what: format!("request-vm for {name}") })?;
        let position = answer["position"].as_str().unwrap_or_default();
        Ok(Given { key: key.to_string(), position: position.to_string() })
    }

    async fn until_fulfilled(&self, request: &Given) -> Result<(), Error> {
        let path = format!("/api/dcm/views/requests/{}?after={}", request.key, request.position);
        let deadline = Instant::now() + UNTIL_FULFILLED;
        loop {
            let row = match self.send(&path, self.call(Method::GET, &path)).await {
                // The view lags even after the API's own wait, so the query is repeated.
                Err(Error::Refused { status: 503, .. }) if Instant::now() < deadline => continue,
                row => row?,
            };
            let status = row["status"].as_str().unwrap_or_default().to_string();
            if status == "fulfilled" {
                return Ok(());
            }
            if status == "failed" || Instant::now() > deadline {
                let seconds = UNTIL_FULFILLED.as_secs();
                return Err(Error::NotFulfilled { request: request.key.clone(), seconds, status });
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}
