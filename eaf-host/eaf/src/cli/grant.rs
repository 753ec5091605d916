//! `eaf grant …`: grants of a tenant's products.

use super::by::Administration;
use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use clap::Subcommand;
use eaf_capability::text::plain;
use eaf_core::directory;
use eaf_core::grant::{self, Grant, ListedGrant, Terms};
use eaf_plugin::granting::{self, ExpiryError};
use serde_json::Value;
use std::process::ExitCode;
use time::format_description::well_known::Rfc3339;

#[derive(Subcommand)]
pub enum Command {
    /// Grant a capability that the product's active package requests, or change such a grant. The
    /// grant applies from the next call of a workflow on.
    Put {
        #[command(flatten)]
        of: Named,
        /// Scope of the grant as JSON, for vSphere `{"templates": ["Templates"]}`. Anything that
        /// the scope does not name is denied.
        #[arg(long, value_name = "JSON")]
        scope: String,
        /// Name of the tenant's connection over which the grant permits calls.
        #[arg(long)]
        connection: String,
        /// Reason of the grant, for the audit.
        #[arg(long)]
        reason: String,
        /// Time of expiry, such as `2027-06-30T00:00:00Z`. Absent: the grant does not expire.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[command(flatten)]
        administration: Administration,
    },
    /// Withdraw a grant. The next workflow call under the grant is denied.
    Remove {
        #[command(flatten)]
        of: Named,
        #[command(flatten)]
        administration: Administration,
    },
    /// Print the grants of a tenant.
    List {
        /// Slug of the tenant.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        configuration: Configuration,
    },
}

/// Tenant, product, capability and name of a grant, which together identify it.
#[derive(clap::Args)]
pub struct Named {
    /// Slug of the tenant.
    #[arg(long)]
    tenant: String,
    /// Id of the product.
    plugin: String,
    /// Name of the capability, such as `vsphere` or `mail`.
    capability: String,
    /// Name of the grant in the package's request, as `eaf plugin inspect` shows it.
    name: String,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the scope is not JSON")]
    Scope(#[source] serde_json::Error),
    #[error("the expiry {0} is not usable")]
    Expiry(String, #[source] ExpiryError),
    #[error("this host has no capability {0}; it has {1}")]
    NoCapability(String, String),
    #[error("the tenant has no such grant; `eaf grant list` shows its grants")]
    NoGrant,
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Put { of, scope, connection, reason, expires, administration } => {
            let (config, core) = administration.core().await?;
            let Named { tenant, plugin, capability, name } = of;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            let scope: Value = serde_json::from_str(&scope).map_err(Error::Scope)?;
            let now = core.ambient.now();
            let expiry = |text: String| granting::expiry(&text, now).map_err(|cause| Error::Expiry(text, cause));
            let expires_at = expires.map(expiry).transpose()?;
            let core = std::sync::Arc::new(core);
            let providers = compose::providers(&config, &core)?;
            let known = || providers.keys().cloned().collect::<Vec<_>>().join(", ");
            let provider =
                providers.get(&capability).ok_or_else(|| Error::NoCapability(capability.clone(), known()))?;
            let requests = granting::requests(&core, &plugin).await?;
            let grant = Grant { plugin, capability, name, scope, connection };
            let terms = Terms { reason, expires_at };
            let given = (&grant, &terms);
            granting::put(&core, tenant.id, &requests, &provider.scope(), given, &core.by).await?;
            println!("granted");
        }
        Command::Remove { of, administration } => {
            let (_, core) = administration.core().await?;
            let Named { tenant, plugin, capability, name } = of;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            let mut tx = core.db.tenant(tenant.id).await?;
            if !grant::remove(&mut tx, &plugin, &capability, &name, &core.by).await? {
                return Err(Error::NoGrant.into());
            }
            tx.commit().await?;
            println!("withdrawn");
        }
        Command::List { tenant, configuration } => {
            let core = compose::core(&configuration.load()?).await?;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            return say(&grant::list(&core.db, tenant.id).await?.iter().map(line).collect::<String>());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(ListedGrant { grant, terms, expired, .. }: &ListedGrant) -> String {
    let until = terms.expires_at.and_then(|at| at.format(&Rfc3339).ok());
    let until = until.map(|at| format!("  {} {at}", if *expired { "expired" } else { "until" })).unwrap_or_default();
    let Grant { plugin, capability, name, scope, connection } = grant;
    let reason = plain::line(&terms.reason);
    format!("{plugin} {capability} {name}  over {connection}  {scope}{until}  {reason}\n")
}
