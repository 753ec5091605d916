//! `eaf group …`: groups of a tenant's members.

use super::by::Administration;
use super::directory::find_member;
use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use crate::config::Config;
use clap::Subcommand;
use eaf_capability::text::plain;
use eaf_core::Core;
use eaf_core::directory::{self, Basis, Group, Member};
use eaf_core::id::TenantId;
use std::error::Error;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Command {
    /// Add a group, or change its name.
    Put {
        #[command(flatten)]
        of: Named,
        name: String,
        #[command(flatten)]
        administration: Administration,
    },
    /// Remove a group.
    Remove {
        #[command(flatten)]
        of: Named,
        #[command(flatten)]
        administration: Administration,
    },
    /// Print the groups of a tenant, with the number of their members.
    List {
        /// The tenant's slug.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        configuration: Configuration,
    },
    /// Add a member to a group.
    Add {
        #[command(flatten)]
        of: Named,
        #[command(flatten)]
        member: MemberOf,
    },
    /// Remove a member from a group.
    Drop {
        #[command(flatten)]
        of: Named,
        #[command(flatten)]
        member: MemberOf,
    },
}

/// Identity of a group.
#[derive(clap::Args)]
pub struct Named {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The group's key: lower-case letters, digits and dashes. Products refer to it.
    key: String,
}

#[derive(clap::Args)]
pub struct MemberOf {
    /// The member, by the `sub` of their tokens.
    #[arg(long)]
    subject: String,
    #[command(flatten)]
    administration: Administration,
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant has no group {0}; `eaf group list` shows its groups")]
struct NoGroup(String);

#[derive(Debug, thiserror::Error)]
#[error("{subject} does not belong to the group {key}")]
struct NotInGroup {
    subject: String,
    key: String,
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Put { of, name, administration } => {
            let (_, core, tenant) = open(&administration, &of).await?;
            core.directory.put_group(&core.by, tenant, &of.key, name.trim(), &Basis::Any).await?;
            println!("{}", of.key);
        }
        Command::Remove { of, administration } => {
            let (_, core, tenant) = open(&administration, &of).await?;
            if !core.directory.remove_group(&core.by, tenant, &of.key).await? {
                return Err(Box::new(NoGroup(of.key)));
            }
            println!("the group {} is removed", of.key);
        }
        Command::List { tenant, configuration } => return list(tenant, configuration).await,
        Command::Add { of, member } => {
            let (core, tenant, found) = open_member(&of, &member).await?;
            core.directory.add_to_group(&core.by, tenant, &of.key, found.actor).await?;
            println!("{} belongs to {}", found.actor, of.key);
        }
        Command::Drop { of, member } => {
            let (core, tenant, found) = open_member(&of, &member).await?;
            if !core.directory.remove_from_group(&core.by, tenant, &of.key, found.actor).await? {
                return Err(Box::new(NotInGroup { subject: member.subject, key: of.key }));
            }
            println!("{} no longer belongs to {}", found.actor, of.key);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(tenant: String, configuration: Configuration) -> Outcome {
    let core = compose::core(&configuration.load()?).await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
    say(&core.directory.groups(tenant.id).await?.iter().map(line).collect::<String>())
}

fn line(Group { key, name, size }: &Group) -> String {
    format!("{key:40} {size:6}  {}\n", plain::line(name))
}

async fn open(administration: &Administration, of: &Named) -> Result<(Config, Core, TenantId), Box<dyn Error>> {
    let (config, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &of.tenant).await?;
    let tenant = tenant.ok_or_else(|| NoTenant(of.tenant.clone()))?;
    Ok((config, core, tenant.id))
}

async fn open_member(of: &Named, member: &MemberOf) -> Result<(Core, TenantId, Member), Box<dyn Error>> {
    let (config, core, tenant) = open(&member.administration, of).await?;
    let found = find_member(&core, &config, tenant, &member.subject).await?;
    Ok((core, tenant, found))
}
