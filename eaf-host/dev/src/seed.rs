//! First data of the demo, sent through the public API: connections for all tenants; in acme three
//! offerings, two machines, a pending and a rejected request; in nordwind a
//! [`history`](crate::history).
//!
//! Every command has its own idempotency key, so that an interrupted seed can continue. Connections
//! contain ports and are set again when those have changed.

use crate::api::{self, Api, Subject};
use crate::host::{self, DemoTenant};
use crate::ports::Ports;
use crate::progress::Progress;
use crate::services::{VCENTER_USER, certificates};
use crate::state::{self, State};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Api(#[from] api::Error),
    #[error("{0} cannot be read")]
    Certificate(PathBuf, #[source] std::io::Error),
    #[error("request {request} was not fulfilled after {seconds} s; it says: {status}")]
    NotFulfilled { request: String, seconds: u64, status: String },
}

/// Name of each tenant's connection to its vCenter, which the demo's grants permit.
pub const VCENTER: &str = "vcenter";
pub const MAIL: &str = "mail";

const CONNECTIONS: &str = "connections";
const STEP: &str = "seed";
const UNTIL_FULFILLED: Duration = Duration::from_secs(120);

/// Connects the tenants to their vCenters and to the mail server, unless an earlier run has done so
/// at the same addresses.
pub async fn connections(state: &State, ports: &Ports) -> Result<(), Error> {
    let connected = |before: Ports| {
        let places = |ports: &Ports| (ports.vcenter_acme, ports.vcenter_globex, ports.smtp);
        places(&before) == places(ports)
    };
    if !state.done_with(CONNECTIONS).is_some_and(connected) {
        for tenant in &host::TENANTS {
            connect(state, ports, tenant).await?;
        }
        state.mark_done(CONNECTIONS, ports)?;
    }
    Ok(())
}

/// Creates the first data of acme, unless an earlier run has created them.
pub async fn run(state: &State, ports: &Ports) -> Result<(), Error> {
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
        let request = submit(&requester, name, offering, (cpus, memory, term), justification).await?;
        approver.command("approve-request", &format!("seed-approve-{name}"), &json!({"request": request.key})).await?;
        approved.push(request);
    }
    let shape = (8, 32, 6);
    let rejected = submit(&requester, "render-01", "windows", shape, "Arbeitsplatz für das Rendern von Videos").await?;
    let reason = "Please use the shared render farm; ask Miriam Vogt for access.";
    approver
        .command("reject-request", "seed-reject-render-01", &json!({"request": rejected.key, "reason": reason}))
        .await?;
    submit(&requester, "test-web-02", "linux-small", (2, 4, 3), "Testumgebung für das Frühjahrsrelease").await?;
    for request in approved {
        until_fulfilled(&requester, &request).await?;
    }
    state.mark_done(STEP, ports)?;
    Ok(())
}

async fn connect(state: &State, ports: &Ports, tenant: &DemoTenant) -> Result<(), Error> {
    let DemoTenant { slug, vcenter, folder, .. } = tenant;
    let admin = Api::of(ports, &format!("admin@{slug}")).await?;
    let authority = certificates(state).join("ca.pem");
    let authority = std::fs::read_to_string(&authority).map_err(|cause| Error::Certificate(authority, cause))?;
    let vcenter = json!({
        "config": {
            "url": format!("https://localhost:{}/sdk", vcenter.port(ports)),
            "datacenter": "DC1",
            "folder": folder,
            "username": VCENTER_USER,
            "ca_certificate": authority,
        },
        "secret": {"password": vcenter.password(state)?},
    });
    let mail = json!({
        "config": {
            "host": "127.0.0.1",
            "port": ports.smtp,
            "tls": "none",
            "from": format!("dcm@{slug}.example"),
            "from_name": "DCM",
        },
        // The demo's mail server needs no password, but a connection has a secret.
        "secret": {"password": state.password("smtp")?},
    });
    for (capability, name, connection) in [("vsphere", VCENTER, vcenter), ("mail", MAIL, mail)] {
        let path = format!("/api/host/connections/{capability}/{name}");
        admin.put(&path, &connection).await?;
    }
    Ok(())
}

pub fn offerings() -> [Value; 3] {
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

async fn submit(
    requester: &Api,
    name: &str,
    offering: &str,
    (cpus, memory_gb, term_months): (u32, u32, u32),
    justification: &str,
) -> Result<Subject, Error> {
    let body = json!({
        "name": name,
        "offering": offering,
        "cpus": cpus,
        "memory_gb": memory_gb,
        "term_months": term_months,
        "justification": justification,
    });
    Ok(requester.command("request-vm", &format!("seed-request-{name}"), &body).await?)
}

async fn until_fulfilled(requester: &Api, request: &Subject) -> Result<(), Error> {
    let deadline = Instant::now() + UNTIL_FULFILLED;
    loop {
        let row = match requester.row("requests", &request.key, &request.position).await {
            // The view lags even after the API's own wait, so the query is repeated.
            Err(api::Error::Refused { status: 503, .. }) if Instant::now() < deadline => continue,
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
