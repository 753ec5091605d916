//! Directory of tenants, their members, groups, deputies and invitations, and of operators.
//!
//! Names, mail addresses and the ids of people at the identity provider are sealed. A keyed digest
//! of issuer and id finds a person's row without opening the rows.

mod affiliation;
mod basis;
mod deputy;
mod group;
mod invitation;
mod lock;
mod mail_address;
mod mail_preference;
mod member;
mod membership;
mod operator;
mod people;
mod reporting;
mod roles;
mod tenant;

pub use basis::{Basis, TAG_DIGITS};
pub use deputy::{Deputy, MAX_PERIOD as MAX_DEPUTY_PERIOD};
pub use group::{Group, MAX_GROUPS, MAX_NAME as MAX_GROUP_NAME};
pub use invitation::{
    Acceptance, INVITATION_LIFETIME, Invitation, MAX_INVITATIONS, NewInvitation, Newcomer, purge_invitations,
};
pub use mail_address::{MAX_MAIL_ADDRESS, MailAddress};
pub use mail_preference::MailPreference;
pub use member::{Member, NewMember};
pub use operator::Operator;
pub use people::{PeopleQuery, people_ids};
pub use reporting::{MAX_COST_CENTRE, Reporting};
pub use roles::{ADMIN, AUDITOR, Profile, ROLES};
pub use tenant::{Tenant, add_tenant, create_tenant, member_count, tenant, tenant_by_slug, tenants};

use crate::clock::Ambient;
use crate::crypto::{self, Keyring};
use crate::db::{self, Db};
use crate::draft;
use crate::mail_log;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a tenant's slug has 1 to 40 lower-case letters, digits and hyphens")]
    Slug,
    #[error("a group's key has 1 to 40 lower-case letters, digits and hyphens")]
    GroupKey,
    #[error("a group's name has 1 to {MAX_GROUP_NAME} characters and no control characters")]
    GroupName,
    #[error("there is no such group")]
    NoGroup,
    #[error("a tenant has at most {MAX_GROUPS} groups")]
    TooManyGroups,
    #[error("there is no such member")]
    NoMember,
    #[error("the entry was changed, added or deleted since it was read")]
    ChangedMeanwhile,
    #[error("a mail address has a local part, an @ and a domain, and at most {MAX_MAIL_ADDRESS} bytes")]
    MailAddress,
    #[error("a current member has this mail address")]
    AlreadyMember,
    #[error("this mail address has an open invitation")]
    AlreadyInvited,
    #[error("a tenant has at most {MAX_INVITATIONS} open invitations")]
    TooManyInvitations,
    #[error("there is no such open invitation")]
    NoInvitation,
    #[error("the tenant has an admin, who invites people")]
    HasAdmin,
    #[error("the manager is no current member of the tenant")]
    NoManager,
    #[error("the deputy is no current member of the tenant")]
    NoDeputy,
    #[error("a cost centre has at most {MAX_COST_CENTRE} characters and no control characters")]
    CostCentre,
    #[error("the tenant would have no admin")]
    LastAdmin,
    #[error("the person would report to themselves")]
    ManagerCycle,
    #[error("the person would stand in for themselves")]
    DeputyCycle,
    #[error("the period of a deputy ends after it starts, and within 366 days")]
    DeputyPeriod,
    #[error("the database does not know the time zone")]
    TimeZone,
    #[error("the person's drafts could not be deleted")]
    Drafts(#[source] draft::Error),
    #[error("the mail could not be collected for a digest")]
    Collect(#[source] mail_log::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the directory could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the directory could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
    #[error(transparent)]
    Departure(#[from] crate::departure::Error),
    #[error("the sessions of a removed or erased person could not be ended")]
    Sessions(#[source] crate::session::Error),
    #[error("an entry of the directory could not be sealed or opened")]
    Crypto(#[from] crypto::Error),
    #[error("the mail address of {0} is corrupt")]
    CorruptInvitation(crate::id::InvitationId),
    #[error("the column sealed of {table} is corrupt for {actor}")]
    Corrupt {
        table: &'static str,
        actor: crate::id::ActorId,
        #[source]
        cause: serde_json::Error,
    },
}

/// Store of members and operators. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    db: Db,
    keyring: Keyring,
    ambient: Ambient,
}

impl Directory {
    pub fn new(db: &Db, keyring: &Keyring, ambient: &Ambient) -> Self {
        Self { db: db.clone(), keyring: keyring.clone(), ambient: ambient.clone() }
    }
}
