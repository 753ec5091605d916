//! `eaf dev vcenter`: makes the demo's simulated vCenters slow or faulty, to show the product's
//! reaction.
//!
//! The simulator has more behaviours than these commands; `eaf-host/dev/vcsim/README.md` lists all.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the simulated vCenters do not answer at {address}: is the demo running?")]
    NotThere {
        address: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("{0}")]
    Refused(String),
    #[error("the simulated vCenters answered something unexpected")]
    Answer(#[source] reqwest::Error),
    #[error("the system gives no random number for a seed")]
    Entropy(#[source] getrandom::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Tenant {
    Acme,
    Globex,
}

/// Behaviour of a simulated vCenter, which lasts until `calm` unless stated otherwise.
#[derive(Debug, clap::Subcommand)]
pub enum Behaviour {
    /// Answer every call late.
    Slow {
        /// Delay of every answer, such as 500ms.
        #[arg(default_value = "3s")]
        delay: String,
    },
    /// End all sessions at the vCenter, once.
    Expired,
    /// Make a machine inaccessible, as when its storage is lost: vCenter lists it, but without its
    /// configuration.
    Inaccessible {
        /// Name of the machine.
        name: String,
    },
    /// Let a machine ask a question that blocks its power operations.
    Question {
        /// Name of the machine.
        name: String,
        /// Text of the question.
        #[arg(default_value = "Was this virtual machine moved or copied?")]
        text: String,
    },
    /// Convert a machine to a template, permanently.
    Template {
        /// Name of the machine.
        name: String,
    },
    /// Fail clones and power-ons of machines with the fault that another process locks a file.
    Locked,
    /// Refuse to power, reconfigure or remove machines, because another task runs on them.
    Busy,
    /// Delay answers, lose sessions, omit properties and fail tasks, each at random.
    Random {
        /// Seed of the random choices. The same seed repeats the same sequence. Absent: a random
        /// seed.
        seed: Option<u64>,
    },
    /// End every behaviour of the vCenter.
    Calm,
}

/// Client of the vCenter simulator's control interface.
pub struct Control {
    address: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Report {
    hits: u64,
    behaviour: Map<String, Value>,
}

impl Control {
    pub fn on(port: u16) -> Control {
        Control { address: format!("http://127.0.0.1:{port}"), client: reqwest::Client::new() }
    }

    /// Applies a behaviour, if one is given. Returns a text that lists the active behaviours of the
    /// tenant's vCenter, or of all if neither tenant nor behaviour is given.
    pub async fn run(&self, tenant: Option<Tenant>, behaviour: Option<Behaviour>) -> Result<String, Error> {
        let Some(behaviour) = behaviour else {
            let all = tenant.map_or_else(|| vec![Tenant::Acme, Tenant::Globex], |one| vec![one]);
            let mut text = String::new();
            for tenant in all {
                text += &self.describe(tenant).await?;
            }
            return Ok(text);
        };
        let tenant = tenant.unwrap_or(Tenant::Acme);
        if let Behaviour::Random { seed } = behaviour {
            let seed = match seed {
                Some(seed) => seed,
                None => getrandom::u32().map_err(Error::Entropy)?.into(),
            };
            self.ask(Method::PUT, tenant, "seed", Some(&json!(seed))).await?;
            return self.switch_on(tenant, &random()).await.map(|text| format!("seed {seed}\n{text}"));
        }
        if let Behaviour::Calm = behaviour {
            self.ask(Method::DELETE, tenant, "behaviours", None).await?;
            return self.describe(tenant).await;
        }
        self.switch_on(tenant, &behaviours(&behaviour)).await
    }

    async fn switch_on(&self, tenant: Tenant, behaviours: &[Value]) -> Result<String, Error> {
        for behaviour in behaviours {
            self.ask(Method::POST, tenant, "behaviours", Some(behaviour)).await?;
        }
        let text = self.describe(tenant).await?;
        Ok(format!("{text}`eaf dev vcenter {} calm` ends it.\n", name(tenant)))
    }

    async fn describe(&self, tenant: Tenant) -> Result<String, Error> {
        let answer = self.ask(Method::GET, tenant, "behaviours", None).await?;
        let reports: Vec<Report> = answer.json().await.map_err(Error::Answer)?;
        Ok(render_status(name(tenant), &reports))
    }

    async fn ask(
        &self,
        method: Method,
        tenant: Tenant,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, Error> {
        let mut request = self.client.request(method, format!("{}/{}/{path}", self.address, name(tenant)));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|cause| Error::NotThere { address: self.address.clone(), cause })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(Error::Refused(answer.text().await.map_err(Error::Answer)?.trim().to_owned()))
    }
}

/// Behaviours of [`Behaviour::Random`]: slow answers, lost sessions and answers, missing properties
/// and failed tasks, each with a probability.
pub fn random() -> Vec<Value> {
    let fault = |kind: &str, message: &str| json!({ "type": kind, "message": message });
    let broken = fault("SystemError", "A general system error occurred: connection refused.");
    let locked = fault("FileLocked", "Unable to access file since it is locked.");
    let unreadable = json!({ "kind": "missing", "type": "VirtualMachine", "probability": 0.03 });
    let missing = |paths: &[&str]| {
        let mut behaviour = unreadable.clone();
        behaviour["paths"] = json!(paths);
        behaviour
    };
    let mut unnamed = missing(&["config"]);
    unnamed["fault"] = broken.clone();
    vec![
        json!({ "kind": "slow", "delay": "400ms", "probability": 0.1 }),
        json!({ "kind": "expire-sessions", "probability": 0.02 }),
        json!({ "kind": "http", "status": 503, "body": "no healthy upstream", "content_type": "text/plain", "probability": 0.02 }),
        json!({ "kind": "http", "status": 502, "when": "after", "probability": 0.02 }),
        missing(&["runtime.powerState"]),
        missing(&["config", "guest"]),
        unnamed,
        json!({ "kind": "missing", "type": "Task", "paths": ["info"], "probability": 0.02 }),
        json!({ "kind": "task-fault", "fault": broken, "probability": 0.05 }),
        json!({ "kind": "task-fault", "fault": locked, "probability": 0.05 }),
        json!({ "kind": "task-fault", "fault": broken, "after_effect": true, "probability": 0.03 }),
        json!({ "kind": "late-clone", "for": "500ms", "probability": 0.2 }),
    ]
}

fn behaviours(behaviour: &Behaviour) -> Vec<Value> {
    match behaviour {
        Behaviour::Slow { delay } => vec![json!({ "kind": "slow", "delay": delay })],
        Behaviour::Expired => vec![json!({ "kind": "expire-sessions" })],
        Behaviour::Inaccessible { name } => vec![json!({ "kind": "inaccessible", "vm": name })],
        Behaviour::Question { name, text } => vec![json!({ "kind": "question", "vm": name, "text": text })],
        Behaviour::Template { name } => {
            vec![json!({ "kind": "set", "vm": name, "values": { "config.template": true } })]
        }
        Behaviour::Locked => faults(
            "task-fault",
            &["CloneVM_Task", "PowerOnVM_Task"],
            &json!({ "type": "FileLocked", "message": "Unable to access file since it is locked." }),
        ),
        Behaviour::Busy => faults(
            "call-fault",
            &["PowerOnVM_Task", "PowerOffVM_Task", "ReconfigVM_Task", "Destroy_Task"],
            &json!({ "type": "TaskInProgress", "message": "Another task is already in progress." }),
        ),
        Behaviour::Random { .. } => random(),
        Behaviour::Calm => Vec::new(),
    }
}

fn faults(kind: &str, methods: &[&str], fault: &Value) -> Vec<Value> {
    methods.iter().map(|method| json!({ "kind": kind, "method": method, "fault": fault })).collect()
}

fn name(tenant: Tenant) -> &'static str {
    match tenant {
        Tenant::Acme => "acme",
        Tenant::Globex => "globex",
    }
}

/// Text with one line per behaviour: its kind, its members and the number of calls that it has
/// affected.
fn render_status(tenant: &str, reports: &[Report]) -> String {
    if reports.is_empty() {
        return format!("{tenant}: vCenter behaves well\n");
    }
    let mut text = String::new();
    for Report { hits, behaviour } in reports {
        let kind = behaviour.get("kind").and_then(Value::as_str).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(text, "{tenant}: {kind}");
        for (member, value) in behaviour.iter().filter(|(member, _)| *member != "kind") {
            match value {
                Value::String(plain) => _ = write!(text, " {member}={plain:?}"),
                other => _ = write!(text, " {member}={other}"),
            }
        }
        let _ = writeln!(text, ", {hits} hits");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_active_behaviour_has_a_line() {
        let report = |hits, behaviour: Value| Report { hits, behaviour: behaviour.as_object().cloned().unwrap() };
        let reports = [
            report(12, json!({ "kind": "slow", "delay": "3s" })),
            report(0, json!({ "kind": "question", "vm": "web-01", "text": "Moved?" })),
        ];
        let text = render_status("acme", &reports);
        assert_eq!(text, "acme: slow delay=\"3s\", 12 hits\nacme: question vm=\"web-01\" text=\"Moved?\", 0 hits\n");
        assert_eq!(render_status("globex", &[]), "globex: vCenter behaves well\n");
    }

    #[tokio::test]
    async fn a_stopped_demo_is_reported() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = Control::on(free).run(None, None).await.unwrap_err().to_string();
        assert!(error.contains("is the demo running?"), "{error}");
    }
}
