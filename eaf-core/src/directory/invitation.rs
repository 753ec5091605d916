//! Invitations: a mail address that becomes a member at its first sign-in, once, until the
//! invitation expires.
//!
//! The address is sealed under a key of the invitation, which is destroyed when the invitation
//! ends: accepted, withdrawn or expired. The row stays for [`ROW_LIFETIME`], so that a later use of
//! the link is refused with the reason. Invitations belong to one tenant; the same address may have
//! one in several tenants, and the same identity may be a member of several.

mod accept;

pub use accept::{Acceptance, Newcomer};

use super::group::require_groups;
use super::lock::{Part, lock};
use super::roles::ADMIN;
use super::{Directory, Error, MailAddress, tenants};
use crate::actor::{Attribution, Locale};
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::id::{ActorId, InvitationId, TenantId};
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;
use time::{Duration, OffsetDateTime};

/// Period for which an invitation can be accepted.
pub const INVITATION_LIFETIME: Duration = Duration::days(7);
/// Maximum number of open invitations of a tenant, because each sends a mail.
pub const MAX_INVITATIONS: i64 = 200;
/// Period for which the row of an ended invitation stays, without the address.
const ROW_LIFETIME: Duration = Duration::days(90);

const TABLE: &str = "eaf.invitation";

#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    /// Mail address as the admin wrote it.
    pub address: String,
    /// Language of the mail, and of the member after the first sign-in.
    pub locale: Locale,
    pub roles: Vec<String>,
    /// Keys of groups that the member joins. A group that is removed meanwhile is skipped.
    pub groups: Vec<String>,
    pub invited_by: ActorId,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Time when a mail server accepted the mail; `None`: no mail was sent.
    pub mailed_at: Option<OffsetDateTime>,
    /// Code of the last failed attempt to send the mail.
    pub mail_error: Option<String>,
}

#[derive(Clone)]
pub struct NewInvitation {
    pub address: MailAddress,
    pub locale: Locale,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
}

/// Reason why an invitation ended, as the column `ended` stores it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Withdrawn,
    Expired,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            End::Accepted => "accepted",
            End::Withdrawn => "withdrawn",
            End::Expired => "expired",
        }
    }
}

impl Directory {
    /// Invites a mail address. Fails with [`Error::AlreadyMember`] or [`Error::AlreadyInvited`] if
    /// the address is taken, with [`Error::NoGroup`] for an unknown group, and with
    /// [`Error::TooManyInvitations`] above [`MAX_INVITATIONS`].
    pub async fn invite(&self, by: &Attribution, tenant: TenantId, new: &NewInvitation) -> Result<Invitation, Error> {
        let normalized = new.address.normalized();
        let members = self.members(tenant).await?;
        if members.iter().any(|member| !member.roles.is_empty() && member.email.trim().to_lowercase() == normalized) {
            return Err(Error::AlreadyMember);
        }
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Invitations).await?;
        require_groups(&mut tx, &new.groups).await?;
        let address = self.address_digest(&mut tx, &normalized).await?;
        self.make_room(&mut tx, by, &address).await?;
        let invitation = self.insert_invitation(&mut tx, by, new, &address).await?;
        let act = Act::new("invitation.add", object(invitation.id)).changing(Value::Null, described(&invitation));
        audit::record_act(&mut tx, by, &act).await?;
        tx.commit().await?;
        Ok(invitation)
    }

    /// Invites the first admin of a tenant, for an operator. Fails with [`Error::HasAdmin`] if the
    /// tenant has an admin, and as [`invite`](Self::invite) does.
    pub async fn invite_first_admin(
        &self,
        by: &Attribution,
        tenant: TenantId,
        address: MailAddress,
        locale: Locale,
    ) -> Result<Invitation, Error> {
        if !self.members_with_role(tenant, ADMIN).await?.is_empty() {
            return Err(Error::HasAdmin);
        }
        let new = NewInvitation { address, locale, roles: vec![ADMIN.to_owned()], groups: Vec::new() };
        self.invite(by, tenant, &new).await
    }

    /// Lists the open invitations of a tenant, the newest first. Expired ones are included until
    /// [`purge_invitations`] ends them.
    pub async fn invitations(&self, tenant: TenantId) -> Result<Vec<Invitation>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows = sqlx::query(
            "select * from eaf.invitation where tenant_id = $1 and ended is null
             order by created_at desc, invitation_id",
        )
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        let mut invitations = Vec::with_capacity(rows.len());
        for row in &rows {
            invitations.push(self.open_invitation(&mut tx, row).await?);
        }
        Ok(invitations)
    }

    /// Reads an open invitation. Fails with [`Error::NoInvitation`] for an ended one.
    pub async fn invitation(&self, tenant: TenantId, id: InvitationId) -> Result<Invitation, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let row = open_row(&mut tx, id).await?;
        self.open_invitation(&mut tx, &row).await
    }

    /// Withdraws an open invitation: its link is refused from now on, and the address is deleted.
    pub async fn withdraw_invitation(&self, by: &Attribution, tenant: TenantId, id: InvitationId) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Invitations).await?;
        let row = open_row(&mut tx, id).await?;
        let invitation = self.open_invitation(&mut tx, &row).await?;
        self.end_invitation(&mut tx, id, End::Withdrawn).await?;
        let act = Act::new("invitation.withdraw", object(id)).changing(described(&invitation), Value::Null);
        audit::record_act(&mut tx, by, &act).await?;
        Ok(tx.commit().await?)
    }

    /// Stores whether the mail of an invitation was sent: `error` is the code of the failure,
    /// `None` after a success. Does nothing for an ended invitation.
    pub async fn record_invitation_mail(
        &self,
        tenant: TenantId,
        id: InvitationId,
        error: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query(
            "update eaf.invitation set mail_error = $3, mailed_at = case when $3 is null then $4 else mailed_at end
             where tenant_id = $1 and invitation_id = $2 and ended is null",
        )
        .bind(tenant)
        .bind(id)
        .bind(error)
        .bind(self.ambient.now())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        Ok(tx.commit().await?)
    }

    /// Ends an expired invitation of the same address, and checks the limits of open ones.
    async fn make_room(&self, tx: &mut TenantTx, by: &Attribution, address: &[u8; 32]) -> Result<(), Error> {
        if let Some(row) = row_of_address(tx, address).await? {
            let former = self.open_invitation(tx, &row).await?;
            if former.expires_at > self.ambient.now() {
                return Err(Error::AlreadyInvited);
            }
            self.expire(tx, by, &former).await?;
        }
        let open: i64 =
            sqlx::query_scalar("select count(*) from eaf.invitation where tenant_id = $1 and ended is null")
                .bind(tx.tenant())
                .fetch_one(tx.conn())
                .await
                .map_err(Error::Read)?;
        if open >= MAX_INVITATIONS { Err(Error::TooManyInvitations) } else { Ok(()) }
    }

    async fn insert_invitation(
        &self,
        tx: &mut TenantTx,
        by: &Attribution,
        new: &NewInvitation,
        address: &[u8; 32],
    ) -> Result<Invitation, Error> {
        let (id, now) = (InvitationId(self.ambient.random_uuid()), self.ambient.now());
        let sealed = self.keyring.seal(tx, key_of(id), TABLE, new.address.as_str().as_bytes()).await?;
        let row = sqlx::query(
            "insert into eaf.invitation (tenant_id, invitation_id, address, sealed, locale, roles, groups, invited_by,
               created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning *",
        )
        .bind(tx.tenant())
        .bind(id)
        .bind(address.as_slice())
        .bind(sealed)
        .bind(new.locale.as_str())
        .bind(&new.roles)
        .bind(&new.groups)
        .bind(by.actor)
        .bind(now)
        .bind(now + INVITATION_LIFETIME)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Write)?;
        self.open_invitation(tx, &row).await
    }

    async fn expire(&self, tx: &mut TenantTx, by: &Attribution, invitation: &Invitation) -> Result<(), Error> {
        self.end_invitation(tx, invitation.id, End::Expired).await?;
        let act = Act::new("invitation.expire", object(invitation.id)).changing(described(invitation), Value::Null);
        Ok(audit::record_act(tx, by, &act).await?)
    }

    /// Ends an invitation, and deletes its address with the key.
    async fn end_invitation(&self, tx: &mut TenantTx, id: InvitationId, end: End) -> Result<(), Error> {
        sqlx::query(
            "update eaf.invitation set address = null, sealed = null, ended = $3, ended_at = $4
             where tenant_id = $1 and invitation_id = $2",
        )
        .bind(tx.tenant())
        .bind(id)
        .bind(end.as_str())
        .bind(self.ambient.now())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        Ok(self.keyring.destroy(tx, key_of(id)).await?)
    }

    async fn address_digest(&self, tx: &mut TenantTx, normalized: &str) -> Result<[u8; 32], Error> {
        Ok(self.keyring.digest(tx, "invitation", &[normalized.as_bytes()]).await?)
    }

    async fn open_invitation(&self, tx: &mut TenantTx, row: &PgRow) -> Result<Invitation, Error> {
        let id: InvitationId = row.try_get("invitation_id").map_err(Error::Read)?;
        let sealed: Vec<u8> = row.try_get("sealed").map_err(Error::Read)?;
        let address = self.keyring.open(tx, key_of(id), TABLE, &sealed).await?.unwrap_or_default();
        let address = String::from_utf8(address).map_err(|_| Error::CorruptInvitation(id))?;
        let read = || -> Result<Invitation, sqlx::Error> {
            Ok(Invitation {
                id,
                address,
                locale: if row.try_get::<&str, _>("locale")? == "de" { Locale::De } else { Locale::En },
                roles: row.try_get("roles")?,
                groups: row.try_get("groups")?,
                invited_by: row.try_get("invited_by")?,
                created_at: row.try_get("created_at")?,
                expires_at: row.try_get("expires_at")?,
                mailed_at: row.try_get("mailed_at")?,
                mail_error: row.try_get("mail_error")?,
            })
        };
        read().map_err(Error::Read)
    }
}

/// Ends the expired invitations of all tenants, which deletes their addresses, and deletes rows
/// that ended long ago. Returns the number of ended invitations.
pub async fn purge_invitations(directory: &Directory, by: &Attribution) -> Result<usize, Error> {
    let mut ended = 0;
    for (tenant, _) in tenants(&directory.db).await? {
        let now = directory.ambient.now();
        let mut tx = directory.db.tenant(tenant).await?;
        lock(&mut tx, Part::Invitations).await?;
        let rows = sqlx::query(
            "select * from eaf.invitation where tenant_id = $1 and ended is null and expires_at <= $2 limit 200",
        )
        .bind(tenant)
        .bind(now)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        for row in &rows {
            let invitation = directory.open_invitation(&mut tx, row).await?;
            directory.expire(&mut tx, by, &invitation).await?;
        }
        sqlx::query("delete from eaf.invitation where tenant_id = $1 and ended_at <= $2")
            .bind(tenant)
            .bind(now - ROW_LIFETIME)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        tx.commit().await?;
        ended += rows.len();
    }
    Ok(ended)
}

/// Reads and locks the row of an open invitation.
async fn open_row(tx: &mut TenantTx, id: InvitationId) -> Result<PgRow, Error> {
    let row = sqlx::query(
        "select * from eaf.invitation where tenant_id = $1 and invitation_id = $2 and ended is null for update",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    row.ok_or(Error::NoInvitation)
}

/// Reads the open invitation of an address. `None`: the address is not invited.
async fn row_of_address(tx: &mut TenantTx, address: &[u8; 32]) -> Result<Option<PgRow>, Error> {
    sqlx::query("select * from eaf.invitation where tenant_id = $1 and address = $2")
        .bind(tx.tenant())
        .bind(address.as_slice())
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Read)
}

/// Subject of the data key of an invitation.
fn key_of(id: InvitationId) -> ActorId {
    ActorId(id.0)
}

fn object(id: InvitationId) -> String {
    format!("invitation/{id}")
}

/// Invitation as the audit shows it: without the address, which is personal data.
fn described(invitation: &Invitation) -> Value {
    let expires_at = invitation.expires_at.unix_timestamp();
    json!({
        "roles": invitation.roles,
        "groups": invitation.groups,
        "locale": invitation.locale.as_str(),
        "expires_at": expires_at,
    })
}
