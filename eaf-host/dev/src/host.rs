//! Host of the demo: configuration, first people and grants.

use crate::checkout::{self, Checkout};
use crate::idp::accounts::{self, Account, NEWCOMER};
use crate::idp::{self, AUDIENCE, CLIENT_ID};
use crate::ports::Ports;
use crate::postgres::{self, Cluster, DATABASE};
use crate::progress::Progress;
use crate::services::Vcenter;
use crate::state::{self, State};
use crate::{clock, env, history, seed};
use eaf::compose;
use eaf::config::plugins::Activation;
use eaf::config::{self, Config};
use eaf::telemetry::Format;
use eaf_capability::egress::{self, Rule};
use eaf_core::db::{self, Passwords};
use eaf_core::directory::{self, NewMember};
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::TenantId;
use eaf_core::product::{self, Switch};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Checkout(#[from] checkout::Error),
    #[error("the database's roles cannot be made")]
    Bootstrap(#[source] db::Error),
    #[error("the simulators cannot be listed")]
    Egress(#[source] egress::InvalidRule),
    #[error(transparent)]
    Compose(#[from] compose::Error),
    #[error("tenants and people cannot be written")]
    Directory(#[from] directory::Error),
    #[error("the grants cannot be written")]
    Grant(#[from] grant::Error),
    #[error("the product cannot be enabled")]
    Product(#[from] product::Error),
    #[error("the clock cannot be set into the past")]
    Clock(#[from] Box<clock::Error>),
    #[error("the grants cannot be written")]
    Tenant(#[from] db::Error),
    #[error("the host was not ready after {0} s")]
    NotReady(u64),
}

/// Tenant of the demo, with its vCenter and the folder of its machines there.
pub struct DemoTenant {
    pub slug: &'static str,
    name: &'static str,
    pub vcenter: Vcenter,
    pub folder: &'static str,
}

/// Tenants of the demo. Two of them share one vCenter.
pub const TENANTS: [DemoTenant; 3] = [
    DemoTenant { slug: "acme", name: "Acme Werke AG", vcenter: Vcenter::ACME, folder: "EAF" },
    DemoTenant { slug: "globex", name: "Globex Ltd", vcenter: Vcenter::GLOBEX, folder: "EAF" },
    DemoTenant {
        slug: history::TENANT,
        name: "Nordwind Logistik GmbH",
        vcenter: Vcenter::ACME,
        folder: history::FOLDER,
    },
];

/// Step that [`populate`] completes, named after its result, so that a demo of an older version
/// creates its products too.
const STEP: &str = "people-and-products";
const UNTIL_READY: Duration = Duration::from_secs(60);

/// Creates the database's roles, or resets their passwords.
pub async fn bootstrap(state: &State, cluster: &Cluster) -> Result<(), Error> {
    let passwords = Passwords {
        migrate: state.password("postgres-migrate")?,
        app: state.password("postgres-app")?,
        platform: state.password("postgres-platform")?,
    };
    db::bootstrap(&cluster.superuser_url(DATABASE), &passwords).await.map_err(Error::Bootstrap)
}

/// Client secret that host and identity provider of the demo share.
pub fn client_secret(state: &State) -> Result<String, state::Error> {
    state.password("oidc-client")
}

pub fn config(checkout: &Checkout, state: &State, ports: &Ports) -> Result<Config, Error> {
    let url = |role: &str, secret: &str| -> Result<String, state::Error> {
        Ok(postgres::url(role, &state.password(secret)?, ports.postgres, DATABASE))
    };
    let app_url = url("eaf_app", "postgres-app")?;
    Ok(Config {
        source: config::Source::default(),
        http: config::http::Http {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.web)),
            management_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.management)),
            drain: Duration::ZERO,
            public_url: env::web(ports),
            danger_plain_http: false,
            web: checkout.web(),
            proxies: Vec::new(),
        },
        database: config::database::Database {
            direct_url: app_url.clone(),
            app_url,
            platform_url: url("eaf_platform", "postgres-platform")?,
            migrate_url: Some(url("eaf_migrate", "postgres-migrate")?),
            app_connections: 16,
            append_connections: 8,
            platform_connections: 4,
        },
        identity: config::identity::Identity {
            issuer: idp::issuer_url(ports.idp),
            audience: AUDIENCE.into(),
            client_id: CLIENT_ID.into(),
            client_secret: client_secret(state)?,
            tenant_claim: config::identity::TENANT.into(),
            sign_out_hint: true,
            subject_claim: config::identity::SUBJECT.into(),
        },
        sessions: config::sessions::Sessions { idle: time::Duration::hours(1), absolute: time::Duration::hours(10) },
        master_key: config::master_key::MasterKey::from_bytes(state.secret("master-key")?),
        previous_master_key: None,
        plugins: config::plugins::Plugins {
            packages: vec![checkout.package("dcm")?],
            activation: Activation::IfDifferent,
            compiled_cache: Some(state.dir().join("compiled")),
            ceiling: config::plugins::default_ceiling(),
        },
        egress: config::egress::Egress { rules: simulators(ports)? },
        quota: config::quota::defaults(),
        retention: config::retention::defaults(),
        workflows: config::workflows::Workflows { lease: Duration::from_secs(5) },
        telemetry: config::telemetry::Telemetry { filter: String::new(), format: Format::Readable, collector: None },
    })
}

/// Egress rules for the demo's servers on this machine, since tenants reach a local address only if
/// a rule names it.
fn simulators(ports: &Ports) -> Result<Vec<Rule>, Error> {
    let of_tenant =
        |DemoTenant { slug, vcenter, .. }: &DemoTenant| format!("vsphere@{slug} 127.0.0.1:{}", vcenter.port(ports));
    let rules = TENANTS.iter().map(of_tenant).chain([format!("mail 127.0.0.1:{}", ports.smtp)]);
    let purposes = egress::purposes();
    rules.map(|rule| Rule::parse(&rule, &purposes).map_err(Error::Egress)).collect()
}

/// Whether the demo has no people yet.
pub fn is_new(state: &State) -> bool {
    !state.is_done(STEP)
}

/// Creates the demo's tenants, people and grants, as an operator would. This happens once per
/// address of the identity provider, because the address is a part of a person's identity. Later
/// changes by operators are preserved. If `in_the_past`, the clock of the new demo is set into the
/// past first.
pub async fn populate(state: &State, config: &Config, ports: &Ports, in_the_past: bool) -> Result<(), Error> {
    let before = state.done_with(STEP);
    if before.is_some_and(|before| before.idp == ports.idp) {
        return Ok(());
    }
    compose::migrate(config).await?;
    if in_the_past {
        clock::begin_in_the_past(state, ports).await.map_err(Box::new)?;
    }
    let core = compose::core(config).await?;
    let issuer = idp::issuer_url(ports.idp);
    for DemoTenant { slug, name, .. } in TENANTS {
        let tenant = directory::add_tenant(&core.db, &core.by, slug, name).await?;
        for account in accounts::all().filter(|account| account.tenant == Some(slug) && account.role != NEWCOMER) {
            core.directory.put_member(&core.by, tenant, member(&issuer, account)).await?;
            // Accounts of the provider's former address cannot sign in any more and get no mails.
            if let Some(before) = before {
                let gone = NewMember { roles: Vec::new(), ..member(&idp::issuer_url(before.idp), account) };
                core.directory.put_member(&core.by, tenant, gone).await?;
            }
        }
        grants(&core, tenant).await?;
    }
    for account in accounts::all().filter(|account| account.tenant.is_none()) {
        core.directory.put_operator(&core.by, &issuer, account.name, &account.display_name()).await?;
    }
    state.mark_done(STEP, ports)?;
    Ok(())
}

fn member(issuer: &str, account: &Account) -> NewMember {
    NewMember {
        issuer: issuer.to_string(),
        subject: account.name.to_string(),
        name: account.display_name(),
        email: account.email.to_string(),
        locale: account.locale,
        roles: vec![account.role.to_string()],
    }
}

/// Reason of the demo's grants, which the audit trail shows.
const REASON: &str = "demo";

async fn grants(core: &eaf_core::Core, tenant: TenantId) -> Result<(), Error> {
    let mut tx = core.db.tenant(tenant).await?;
    let terms = Terms { reason: REASON.into(), expires_at: None };
    for (capability, name, scope, connection) in [
        ("vsphere", "vcenter", json!({"templates": ["Templates"]}), seed::VCENTER),
        ("mail", "mail", json!({}), seed::MAIL),
    ] {
        let grant = Grant {
            plugin: "dcm".into(),
            capability: capability.into(),
            name: name.into(),
            scope,
            connection: connection.into(),
        };
        grant::put(&mut tx, &grant, &terms, &core.by).await?;
    }
    product::switch(&mut tx, "dcm", Switch::Enable, REASON, &core.by).await?;
    Ok(tx.commit().await?)
}

/// Waits until the host reports that it is ready.
pub async fn until_ready(ports: &Ports) -> Result<(), Error> {
    let _progress = Progress::start("waiting for the host".into());
    let address = format!("{}/actuator/health", env::web(ports));
    let client = reqwest::Client::new();
    let deadline = Instant::now() + UNTIL_READY;
    loop {
        if client.get(&address).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::NotReady(UNTIL_READY.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
