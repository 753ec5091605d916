//! Who is there: tenants, their members, and the operators of the platform.
//!
//! Names, mail addresses and what the identity provider calls a person are sealed; a person is found by a keyed digest
//! of (issuer, subject).

mod member;
mod membership;
mod operator;
mod tenant;

pub use member::{
    Member, NewMember, choose_language, dismiss_member, erase_member, find_member, member, members, members_among,
    members_with_any_role, members_with_role, named, put_member,
};
pub use membership::{find_membership, membership};
pub(crate) use operator::reseal_operators;
pub use operator::{Operator, find_operator, operator, operators, operators_among, put_operator, remove_operator};
pub use tenant::{Tenant, add_tenant, tenant, tenant_by_slug, tenants};

use crate::{crypto, db};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a tenant's slug is 1 to 40 lower-case letters, digits and dashes")]
    Slug,
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the directory could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the directory could not be written")]
    Write(#[source] sqlx::Error),
    #[error("the record of the act could not be written")]
    Audit(#[from] crate::audit::Error),
    #[error("the sessions of somebody who was erased or removed could not be ended")]
    Sessions(#[source] crate::session::Error),
    #[error("an entry of the directory could not be sealed or opened")]
    Crypto(#[from] crypto::Error),
    #[error("{table}.sealed of {actor} is not what was written there")]
    Corrupt {
        table: &'static str,
        actor: crate::id::ActorId,
        #[source]
        cause: serde_json::Error,
    },
}
