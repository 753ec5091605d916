//! Person of a token or session, by the current directory. An erased person, or a member without a
//! role, counts as absent.

use super::App;
use super::code::Code;
use super::problem::Problem;
use eaf_core::directory::{Member, Operator, Tenant};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::session::Session;
use eaf_identity::Verified;

pub enum Person {
    Member(Tenant, Box<Member>),
    Operator(Operator),
}

impl Person {
    /// Finds the person of a token. An unknown tenant and a tenant without this person give the
    /// same error, so that callers cannot probe for tenants.
    pub async fn of_token(app: &App, verified: &Verified) -> Result<Person, Problem> {
        let not_a_member = || Problem::new(Code::NotAMember);
        let (issuer, subject) = (&verified.issuer, &verified.subject);
        let Some(slug) = &verified.tenant else {
            let operator = app.core.directory.find_operator(issuer, subject).await?;
            return operator.map(Person::Operator).ok_or_else(not_a_member);
        };
        let found = app.core.directory.find_membership(slug, issuer, subject).await?;
        let (tenant, member) = found.filter(|(_, member)| has_a_role(member)).ok_or_else(not_a_member)?;
        Ok(Person::Member(tenant, Box::new(member)))
    }

    pub async fn of_session(app: &App, session: &Session) -> Result<Option<Person>, Problem> {
        let Some(tenant) = session.tenant else {
            return Ok(app.core.directory.operator(session.actor).await?.map(Person::Operator));
        };
        let found = app.core.directory.membership(tenant, session.actor).await?;
        let found = found.filter(|(_, member)| has_a_role(member));
        Ok(found.map(|(tenant, member)| Person::Member(tenant, Box::new(member))))
    }

    pub fn tenant(&self) -> Option<TenantId> {
        match self {
            Person::Member(tenant, _) => Some(tenant.id),
            Person::Operator(_) => None,
        }
    }

    pub fn actor(&self) -> ActorId {
        match self {
            Person::Member(_, member) => member.actor,
            Person::Operator(operator) => operator.actor,
        }
    }
}

fn has_a_role(member: &Member) -> bool {
    !member.roles.is_empty()
}
