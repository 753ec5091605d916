//! `eaf member list`: the members of a tenant with roles, groups, manager and deputy.

use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use eaf_capability::text::plain;
use eaf_core::Core;
use eaf_core::directory::{self, Deputy, Error, Member, Reporting};
use eaf_core::id::{ActorId, TenantId};
use std::collections::{BTreeMap, HashMap};

/// Members of a tenant and their affiliations.
struct People {
    members: Vec<Member>,
    groups: BTreeMap<ActorId, Vec<String>>,
    reporting: HashMap<ActorId, Reporting>,
    deputies: HashMap<ActorId, Deputy>,
}

pub async fn run(tenant: String, configuration: Configuration) -> Outcome {
    let core = compose::core(&configuration.load()?).await?;
    let tenant = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
    let people = People::load(&core, tenant.id).await?;
    say(&people.members.iter().map(|member| people.line(member)).collect::<String>())
}

impl People {
    async fn load(core: &Core, tenant: TenantId) -> Result<People, Error> {
        let directory = &core.directory;
        let mut members = directory.members(tenant).await?;
        members.sort_by(|one, other| one.subject.cmp(&other.subject));
        let mut groups: BTreeMap<ActorId, Vec<String>> = BTreeMap::new();
        for (key, actor) in directory.group_members(tenant).await? {
            groups.entry(actor).or_default().push(key);
        }
        let deputies = directory.deputies(tenant, core.ambient.now()).await?;
        let reporting = directory.reporting(tenant).await?.into_iter().collect();
        let deputies = deputies.into_iter().map(|deputy| (deputy.actor_id, deputy)).collect();
        Ok(People { members, groups, reporting, deputies })
    }

    fn line(&self, member: &Member) -> String {
        let mut line = format!("{} {:24} {}", member.actor, plain::line(&member.subject), plain::line(&member.name));
        let roles =
            if member.roles.is_empty() { "removed".to_owned() } else { format!("roles {}", member.roles.join(", ")) };
        line += &format!("  {}", plain::line(&roles));
        if let Some(groups) = self.groups.get(&member.actor) {
            line += &format!("  groups {}", groups.join(", "));
        }
        let reporting = self.reporting.get(&member.actor);
        if let Some(manager) = reporting.and_then(|reporting| self.subject(reporting.manager?)) {
            line += &format!("  manager {manager}");
        }
        if let Some(reporting) = reporting.filter(|reporting| !reporting.cost_centre.is_empty()) {
            line += &format!("  cost centre {}", plain::line(&reporting.cost_centre));
        }
        if let Some(deputy) = self.deputies.get(&member.actor) {
            let subject = self.subject(deputy.deputy_id).unwrap_or_default();
            line += &format!("  deputy {subject} from {} to {}", deputy.starts_at.date(), deputy.ends_at.date());
        }
        line + "\n"
    }

    /// `sub` of a member, by which commands name them. `None`: the person was erased.
    fn subject(&self, actor: ActorId) -> Option<String> {
        let member = self.members.iter().find(|member| member.actor == actor)?;
        Some(plain::line(&member.subject).into_owned())
    }
}
