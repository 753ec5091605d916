//! Acceptance of an invitation by a sign-in.
//!
//! The identity provider vouches for the mail address (`email_verified`), and the address must be
//! the invited one. The id in the link is no secret: it selects the invitation, so that a refusal
//! has the reason. A lock lets two sign-ins at once use an invitation once.

use super::super::group::join;
use super::super::lock::{Part, lock};
use super::super::{Directory, Error, MailAddress, NewMember, tenant};
use super::{End, Invitation, object, row_of_address};
use crate::actor::{Attribution, TraceId};
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::id::{ActorId, InvitationId, TenantId};
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;

/// Maximum length of a name that comes from a token, in characters.
const MAX_NAME: usize = 200;

/// Person who signs in and is no member. No `Debug`, because all members are personal data.
pub struct Newcomer {
    pub issuer: String,
    pub subject: String,
    /// Display name; empty if the token has none. The mail address then serves as name.
    pub name: String,
    /// Mail address that the identity provider has verified, or not; see `is_verified`.
    pub address: Option<MailAddress>,
    pub is_verified: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The person is a member now.
    Accepted,
    /// No invitation fits, and the link names none of the tenant.
    NoInvitation,
    /// The identity provider does not vouch for the person's mail address, or names none.
    Unverified,
    /// The invitation of the link is for another mail address.
    OtherAddress,
    Used,
    Withdrawn,
    Expired,
}

impl Directory {
    /// Makes a person a member of the tenant with this slug, by an open invitation of the person's
    /// verified mail address. `link` is the invitation that the link named. A current member
    /// remains as is, and uses no invitation.
    pub async fn accept_invitation(
        &self,
        slug: &str,
        link: Option<InvitationId>,
        person: &Newcomer,
        trace: &TraceId,
    ) -> Result<Acceptance, Error> {
        let mut tx = self.db.tenant(TenantId::derive(slug)).await?;
        if tenant::read(&mut tx).await?.is_none() {
            return Ok(Acceptance::NoInvitation);
        }
        lock(&mut tx, Part::Invitations).await?;
        let known = self.by_identity(&mut tx, &person.issuer, &person.subject).await?;
        if known.is_some_and(|member| !member.roles.is_empty()) {
            return Ok(Acceptance::Accepted);
        }
        let invitation = match self.fitting(&mut tx, link, person).await? {
            Ok(invitation) => invitation,
            Err(refusal) => return Ok(refusal),
        };
        self.make_member(&mut tx, &invitation, person, trace).await?;
        tx.commit().await?;
        Ok(Acceptance::Accepted)
    }

    /// Finds the open invitation that the person may accept, or the reason for the refusal.
    async fn fitting(
        &self,
        tx: &mut TenantTx,
        link: Option<InvitationId>,
        person: &Newcomer,
    ) -> Result<Result<Invitation, Acceptance>, Error> {
        let address = match &person.address {
            Some(address) => Some(self.address_digest(tx, &address.normalized()).await?),
            None => None,
        };
        let (row, other) = match (link, &address) {
            (Some(id), _) => (row_of(tx, id).await?, Acceptance::OtherAddress),
            (None, Some(address)) => (row_of_address(tx, address).await?, Acceptance::NoInvitation),
            (None, None) => (None, Acceptance::NoInvitation),
        };
        let Some(row) = row else { return Ok(Err(Acceptance::NoInvitation)) };
        if let Some(end) = ended(&row)? {
            return Ok(Err(end));
        }
        let invitation = self.open_invitation(tx, &row).await?;
        let invited: Option<Vec<u8>> = row.try_get("address").map_err(Error::Read)?;
        let is_verified = person.is_verified && address.is_some();
        Ok(match invitation.expires_at > self.ambient.now() {
            false => Err(Acceptance::Expired),
            // Without a link, an unverified address must not show that it is invited.
            true if !is_verified && link.is_none() => Err(Acceptance::NoInvitation),
            true if !is_verified => Err(Acceptance::Unverified),
            true if invited.as_deref() != address.as_ref().map(<[u8; 32]>::as_slice) => Err(other),
            true => Ok(invitation),
        })
    }

    async fn make_member(
        &self,
        tx: &mut TenantTx,
        invitation: &Invitation,
        person: &Newcomer,
        trace: &TraceId,
    ) -> Result<(), Error> {
        let email = person.address.as_ref().map_or("", MailAddress::as_str);
        let new = NewMember {
            issuer: person.issuer.clone(),
            subject: person.subject.clone(),
            name: display_name(&person.name, email),
            email: email.to_owned(),
            locale: invitation.locale,
            roles: invitation.roles.clone(),
        };
        let system = Attribution { actor: ActorId::SYSTEM, origin: None, trace: trace.clone() };
        let actor = self.put_member_in(tx, &system, new).await?;
        let groups = join(tx, &system, actor, &invitation.groups).await?;
        self.end_invitation(tx, invitation.id, End::Accepted).await?;
        let by = Attribution { actor, ..system };
        let new = json!({ "member": actor, "roles": invitation.roles, "groups": groups });
        let act = Act::new("invitation.accept", object(invitation.id)).changing(Value::Null, new);
        Ok(audit::record_act(tx, &by, &act).await?)
    }
}

async fn row_of(tx: &mut TenantTx, id: InvitationId) -> Result<Option<PgRow>, Error> {
    sqlx::query("select * from eaf.invitation where tenant_id = $1 and invitation_id = $2")
        .bind(tx.tenant())
        .bind(id)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Read)
}

fn ended(row: &PgRow) -> Result<Option<Acceptance>, Error> {
    let ended: Option<&str> = row.try_get("ended").map_err(Error::Read)?;
    Ok(ended.map(|ended| match ended {
        "accepted" => Acceptance::Used,
        "withdrawn" => Acceptance::Withdrawn,
        _ => Acceptance::Expired,
    }))
}

/// Name of a token in one line, cut to [`MAX_NAME`] characters; the mail address if the token has
/// none.
fn display_name(name: &str, email: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name: String = name.trim().chars().take(MAX_NAME).collect();
    if name.is_empty() { email.to_owned() } else { name }
}
