//! `eaf tenant|member|operator …`: administers tenants, their members and the operators.

use super::by::{Administration, NoOperator};
use super::serve::Configuration;
use super::{NoTenant, Outcome, member_list, say};
use crate::compose;
use crate::config::Config;
use clap::{Subcommand, ValueEnum};
use eaf_capability::text::plain;
use eaf_core::actor::Locale;
use eaf_core::directory::{self, Member, NewMember, Operator, Reporting};
use eaf_core::id::TenantId;
use eaf_core::{Core, package};
use lettre::Address;
use std::error::Error;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum TenantCommand {
    /// Add a tenant, or change its name.
    Add {
        /// Slug of the tenant: lower-case letters, digits and dashes, as in tokens.
        slug: String,
        name: String,
        #[command(flatten)]
        administration: Administration,
    },
}

#[derive(Subcommand)]
pub enum MemberCommand {
    /// Add a person, or change their roles and language.
    Add {
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        person: Person,
        #[arg(long)]
        email: Address,
        #[arg(long, value_enum, default_value = "en")]
        locale: Language,
        /// Role of the person in the tenant; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        administration: Administration,
    },
    /// Take all roles from a person and sign them out everywhere; `eaf member add` undoes this.
    Remove {
        #[arg(long)]
        tenant: String,
        /// Claim `sub` of the person's tokens.
        #[arg(long)]
        subject: String,
        #[command(flatten)]
        administration: Administration,
    },
    /// Set a person's manager and cost centre.
    Reporting {
        #[arg(long)]
        tenant: String,
        /// The token's `sub`.
        #[arg(long)]
        subject: String,
        /// The manager, by the `sub` of their token. Absent: no manager.
        #[arg(long, value_name = "SUBJECT")]
        manager: Option<String>,
        /// Absent: no cost centre.
        #[arg(long, value_name = "TEXT")]
        cost_centre: Option<String>,
        #[command(flatten)]
        administration: Administration,
    },
    /// List members with roles, groups, manager and deputy.
    List {
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Add an operator, or change their name.
    Add {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        administration: Administration,
    },
    /// Remove an operator and sign them out everywhere.
    Remove {
        /// Claim `sub` of the operator's tokens.
        #[arg(long)]
        subject: String,
        #[command(flatten)]
        administration: Administration,
    },
    /// List present and former operators.
    List {
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(clap::Args)]
pub struct Person {
    /// Claim `sub` of the person's tokens.
    #[arg(long)]
    subject: String,
    #[arg(long)]
    name: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Language {
    De,
    En,
}

pub async fn tenant(command: TenantCommand) -> Outcome {
    let TenantCommand::Add { slug, name, administration } = command;
    let (_, core) = administration.core().await?;
    println!("{}", directory::add_tenant(&core.db, &core.by, &slug, &name).await?);
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant has no member {0}; members are named by the `sub` of the identity provider")]
struct NoMember(String);

/// Finds a member by the `sub` of the identity provider, for a command that names one.
pub async fn find_member(
    core: &Core,
    config: &Config,
    tenant: TenantId,
    subject: &str,
) -> Result<Member, Box<dyn Error>> {
    let found = core.directory.find_member(tenant, &config.identity.issuer, subject).await?;
    Ok(found.ok_or_else(|| NoMember(subject.to_owned()))?)
}

pub async fn member(command: MemberCommand) -> Outcome {
    let (tenant, person, email, locale, roles, administration) = match command {
        MemberCommand::Add { tenant, person, email, locale, roles, administration } => {
            (tenant, person, email, locale, roles, administration)
        }
        MemberCommand::Remove { tenant, subject, administration } => {
            return remove_member(tenant, subject, administration).await;
        }
        MemberCommand::Reporting { tenant, subject, manager, cost_centre, administration } => {
            return set_reporting(tenant, subject, manager, cost_centre.unwrap_or_default(), administration).await;
        }
        MemberCommand::List { tenant, configuration } => return member_list::run(tenant, configuration).await,
    };
    let (config, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
    let locale = match locale {
        Language::De => Locale::De,
        Language::En => Locale::En,
    };
    let Person { subject, name } = person;
    for role in unused_roles(&core, &roles).await? {
        eprintln!("note: no active product gives the role {role} a permission");
    }
    let email = email.to_string();
    let new = NewMember { issuer: config.identity.issuer, subject, name, email, locale, roles };
    println!("{}", core.directory.put_member(&core.by, tenant.id, new).await?);
    Ok(ExitCode::SUCCESS)
}

async fn remove_member(tenant: String, subject: String, administration: Administration) -> Outcome {
    let (config, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
    let member = find_member(&core, &config, tenant.id, &subject).await?;
    core.directory.remove_member(&core.by, tenant.id, member.actor).await?;
    println!("{}", member.actor);
    Ok(ExitCode::SUCCESS)
}

async fn set_reporting(
    tenant: String,
    subject: String,
    manager: Option<String>,
    cost_centre: String,
    administration: Administration,
) -> Outcome {
    let (config, core) = administration.core().await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
    let member = find_member(&core, &config, tenant.id, &subject).await?;
    let manager = match manager {
        Some(manager) => Some(find_member(&core, &config, tenant.id, &manager).await?.actor),
        None => None,
    };
    let reporting = Reporting { manager, cost_centre: cost_centre.trim().to_owned() };
    core.directory.set_reporting(&core.by, tenant.id, member.actor, &reporting).await?;
    println!("{}", member.actor);
    Ok(ExitCode::SUCCESS)
}

/// Roles without a permission in any active product, which are probably typing errors. The result
/// is empty before the first product is active.
async fn unused_roles(core: &Core, roles: &[String]) -> Result<Vec<String>, package::Error> {
    let active = package::all_active(&core.db).await?;
    let mut unused = if active.is_empty() { Vec::new() } else { roles.to_vec() };
    for active in active {
        let Some(package) = package::load(&core.db, &active.digest).await? else { continue };
        let permissions = package.description.permissions;
        unused.retain(|role| !permissions.iter().any(|permission| permission.roles.contains(role)));
    }
    Ok(unused)
}

pub async fn operator(command: OperatorCommand) -> Outcome {
    match command {
        OperatorCommand::Add { person, administration } => {
            let (config, core) = administration.core().await?;
            let issuer = &config.identity.issuer;
            println!("{}", core.directory.put_operator(&core.by, issuer, &person.subject, &person.name).await?);
        }
        OperatorCommand::Remove { subject, administration } => {
            let (config, core) = administration.core().await?;
            let removed = core.directory.remove_operator(&core.by, &config.identity.issuer, &subject).await?;
            println!("{}", removed.ok_or(NoOperator(subject))?);
        }
        OperatorCommand::List { configuration } => {
            let core = compose::core(&configuration.load()?).await?;
            return say(&core.directory.operators().await?.iter().map(line).collect::<String>());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(operator: &Operator) -> String {
    let removed = operator.removed.map(|at| format!("  removed {}", at.date())).unwrap_or_default();
    let (subject, name) = match operator.subject.is_empty() {
        // The name is sealed under a master key that this host does not have.
        true => ("-".into(), "(cannot be decrypted)".into()),
        false => (plain::line(&operator.subject), plain::line(&operator.name)),
    };
    format!("{} {subject:24} {name}{removed}\n", operator.actor)
}
