//! `eaf product …`: enables, disables and lists products of a tenant.

use super::by::Administration;
use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use clap::Subcommand;
use eaf_capability::text::plain;
use eaf_core::directory;
use eaf_core::product::{self, TenantProduct};
use eaf_plugin::granting;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Command {
    /// Enable a product for a tenant. All required grants must exist.
    Enable {
        #[command(flatten)]
        of: Switched,
    },
    /// Disable a product for a tenant. Its runs are suspended and its grants stay.
    Disable {
        #[command(flatten)]
        of: Switched,
    },
    /// Print the products that are or were enabled for a tenant.
    List {
        /// Slug of the tenant.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(clap::Args)]
pub struct Switched {
    /// Slug of the tenant.
    #[arg(long)]
    tenant: String,
    /// Id of the product.
    plugin: String,
    /// Reason of the change, for the audit.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    administration: Administration,
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Enable { of: Switched { tenant, plugin, reason, administration } } => {
            let (_, core) = administration.core().await?;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            let requests = granting::requests(&core, &plugin).await?;
            granting::enable(&core, tenant.id, &plugin, &requests, &reason, &core.by).await?;
            println!("{plugin} is enabled for {}", tenant.slug);
        }
        Command::Disable { of: Switched { tenant, plugin, reason, administration } } => {
            let (_, core) = administration.core().await?;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            granting::disable(&core, tenant.id, &plugin, &reason, &core.by).await?;
            println!("{plugin} is disabled for {}; its runs are suspended", tenant.slug);
        }
        Command::List { tenant, configuration } => {
            let core = compose::core(&configuration.load()?).await?;
            let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            return say(&product::list(&core.db, tenant.id).await?.iter().map(line).collect::<String>());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(TenantProduct { plugin, enabled, reason, updated_at, .. }: &TenantProduct) -> String {
    let state = if *enabled { "enabled" } else { "disabled" };
    format!("{plugin} {state} since {}  {}\n", updated_at.date(), plain::line(reason))
}
