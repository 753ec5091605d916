//! Members: the people and service accounts of a tenant.

use super::lock::{Part, lock};
use super::roles::refuse_without_admin;
use super::{Directory, Error, affiliation, deputy, group, mail_preference, reporting};
use crate::actor::{Affiliation, Attribution, Locale, TraceId};
use crate::audit::{self, Act};
use crate::db::TenantTx;
use crate::departure;
use crate::draft;
use crate::id::{ActorId, TenantId};
use crate::session;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

const TABLE: &str = "eaf.member";

/// SQL columns of a member, the row `m`, from which the member is opened.
const COLUMNS: &str = "m.actor_id, m.sealed, m.locale, m.roles";

#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    pub actor: ActorId,
    /// Issuer of the member's tokens: the URL of the identity provider.
    pub issuer: String,
    /// Identifier of the person at the identity provider.
    pub subject: String,
    /// Display name. Empty for an erased member, as are issuer, subject and address.
    pub name: String,
    pub email: String,
    pub locale: Locale,
    pub roles: Vec<String>,
    /// Groups of the member, and people for whom the member acts. Empty in lists of members.
    pub affiliation: Affiliation,
}

/// Member to add or to update, by issuer and subject.
#[derive(Clone)]
pub struct NewMember {
    pub issuer: String,
    pub subject: String,
    pub name: String,
    pub email: String,
    pub locale: Locale,
    pub roles: Vec<String>,
}

// `Debug` shows no personal data, to keep it out of logs.
impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("actor", &self.actor).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMember").field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Content of the column `sealed`, which is encrypted under the member's data key.
#[derive(Serialize, Deserialize)]
struct Sealed {
    issuer: String,
    subject: String,
    name: String,
    email: String,
}

impl Directory {
    /// Adds a member, or updates the member with this issuer and subject, who keeps the actor id.
    /// Returns the actor id.
    pub async fn put_member(&self, by: &Attribution, tenant: TenantId, new: NewMember) -> Result<ActorId, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let actor = self.put_member_in(&mut tx, by, new).await?;
        tx.commit().await?;
        Ok(actor)
    }

    pub(super) async fn put_member_in(
        &self,
        tx: &mut TenantTx,
        by: &Attribution,
        new: NewMember,
    ) -> Result<ActorId, Error> {
        let identity = self.member_identity(tx, &new.issuer, &new.subject).await?;
        let mut former = self.lock_member(tx, &identity).await?;
        let mut added = None;
        if former.is_none() {
            added = self.insert_member(tx, &identity, &new).await?;
            // Not inserted: a concurrent sign-in has added the member.
            former = if added.is_none() { self.lock_member(tx, &identity).await? } else { None };
        }
        let actor = match (added, &former) {
            (Some(actor), _) => actor,
            (None, Some(former)) => former.actor,
            (None, None) => return Err(Error::Write(sqlx::Error::RowNotFound)),
        };
        if let Some(act) = change(former.as_ref(), &new, actor) {
            audit::record_act(tx, by, &act).await?;
        }
        if let Some(former) = &former {
            departure::record_roles(tx, actor, &former.roles, &new.roles).await?;
        }
        self.write_member(tx, actor, new).await?;
        Ok(actor)
    }

    async fn write_member(&self, tx: &mut TenantTx, actor: ActorId, new: NewMember) -> Result<(), Error> {
        let plain = Sealed { issuer: new.issuer, subject: new.subject, name: new.name, email: new.email };
        let plain = serde_json::to_vec(&plain).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?;
        let sealed = self.keyring.seal(tx, actor, TABLE, &plain).await?;
        sqlx::query(
            "update eaf.member set sealed = $3, locale = $4, roles = $5 where tenant_id = $1 and actor_id = $2",
        )
        .bind(tx.tenant())
        .bind(actor)
        .bind(sealed)
        .bind(new.locale.as_str())
        .bind(&new.roles)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
        Ok(())
    }

    /// Reads the member with this digest of issuer and subject, and locks the row until the
    /// transaction ends. `None`: there is no such member.
    async fn lock_member(&self, tx: &mut TenantTx, identity: &[u8; 32]) -> Result<Option<Member>, Error> {
        let row = sqlx::query(
            "select actor_id, sealed, locale, roles from eaf.member where tenant_id = $1 and identity = $2 for update",
        )
        .bind(tx.tenant())
        .bind(identity.as_slice())
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Read)?;
        self.open_optional(tx, row).await
    }

    /// Inserts the row of a member, still without personal data. `None`: the member exists already.
    async fn insert_member(
        &self,
        tx: &mut TenantTx,
        identity: &[u8; 32],
        new: &NewMember,
    ) -> Result<Option<ActorId>, Error> {
        sqlx::query_scalar(
        "insert into eaf.member (tenant_id, actor_id, identity, sealed, locale, roles) values ($1, $2, $3, '', $4, $5)
         on conflict (tenant_id, identity) do nothing returning actor_id",
    )
    .bind(tx.tenant())
    .bind(ActorId(self.ambient.uuid()))
    .bind(identity.as_slice())
    .bind(new.locale.as_str())
    .bind(&new.roles)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Write)
    }

    /// Sets the language of a member's mails and pages. The member is the author of this act.
    pub async fn set_locale(
        &self,
        tenant: TenantId,
        actor: ActorId,
        locale: Locale,
        trace: &TraceId,
    ) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let former: Option<String> = sqlx::query_scalar(
        "update eaf.member m set locale = $3 from (select locale from eaf.member where tenant_id = $1 and actor_id = $2
           and identity is not null for update) former
         where m.tenant_id = $1 and m.actor_id = $2 and former.locale <> $3 returning former.locale",
    )
    .bind(tenant)
    .bind(actor)
    .bind(locale.as_str())
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Write)?;
        if let Some(former) = former {
            let by = Attribution { actor, origin: None, trace: trace.clone() };
            let act = Act::new("member.change", object(actor));
            let act = act.changing(json!({ "locale": former }), json!({ "locale": locale.as_str() }));
            audit::record_act(&mut tx, &by, &act).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub async fn find_member(&self, tenant: TenantId, issuer: &str, subject: &str) -> Result<Option<Member>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let member = self.by_identity(&mut tx, issuer, subject).await?;
        // Committed, because the first look-up in a tenant creates the tenant's key.
        tx.commit().await?;
        Ok(member)
    }

    pub(super) async fn by_identity(
        &self,
        tx: &mut TenantTx,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Member>, Error> {
        let identity = self.member_identity(tx, issuer, subject).await?;
        let affiliation = affiliation::columns();
        let sql =
            format!("select {COLUMNS}, {affiliation} from eaf.member m where m.tenant_id = $1 and m.identity = $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant()).bind(identity.as_slice());
        let query = query.bind(self.ambient.now());
        let row = query.fetch_optional(tx.conn()).await.map_err(Error::Read)?;
        self.open_optional(tx, row).await
    }

    /// Reads a member by actor id. `None`: there is no such member. The sealed fields of an erased
    /// member are empty.
    pub async fn member(&self, tenant: TenantId, actor: ActorId) -> Result<Option<Member>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        self.by_actor(&mut tx, actor).await
    }

    pub(super) async fn by_actor(&self, tx: &mut TenantTx, actor: ActorId) -> Result<Option<Member>, Error> {
        let affiliation = affiliation::columns();
        let sql =
            format!("select {COLUMNS}, {affiliation} from eaf.member m where m.tenant_id = $1 and m.actor_id = $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tx.tenant()).bind(actor).bind(self.ambient.now());
        let row = query.fetch_optional(tx.conn()).await.map_err(Error::Read)?;
        self.open_optional(tx, row).await
    }

    /// Lists all members of a tenant, without erased ones.
    pub async fn members(&self, tenant: TenantId) -> Result<Vec<Member>, Error> {
        self.select_members(tenant, None, None).await
    }

    /// Lists the members of a tenant who have this role, without erased ones.
    pub async fn members_with_role(&self, tenant: TenantId, role: &str) -> Result<Vec<Member>, Error> {
        self.members_with_any_role(tenant, &[role.to_owned()]).await
    }

    /// Lists the members of a tenant who have at least one of these roles, without erased ones.
    pub async fn members_with_any_role(&self, tenant: TenantId, roles: &[String]) -> Result<Vec<Member>, Error> {
        self.select_members(tenant, Some(roles), None).await
    }

    /// Lists the members of a tenant with one of these actor ids, without erased ones.
    pub async fn members_among(&self, tenant: TenantId, actors: &[ActorId]) -> Result<Vec<Member>, Error> {
        self.select_members(tenant, None, Some(actors)).await
    }

    /// Reads the display names of those `actors` who are or were members. `None` in the result: the
    /// member was erased.
    pub async fn names_of(
        &self,
        tenant: TenantId,
        actors: &[ActorId],
    ) -> Result<HashMap<ActorId, Option<String>>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows = sqlx::query(
            "select actor_id, sealed, locale, roles from eaf.member where tenant_id = $1 and actor_id = any ($2)",
        )
        .bind(tenant)
        .bind(actors)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        let members = self.open_members(&mut tx, &rows).await?;
        let named = |member: Member| (member.actor, Some(member.name).filter(|name| !name.is_empty()));
        Ok(members.into_iter().map(named).collect())
    }

    /// Removes all roles of a member, ends the member's sessions and deputies, and removes the
    /// member from all groups. Nothing is erased, so that the member can be added again. Fails with
    /// [`Error::LastAdmin`] for a tenant's only admin.
    pub async fn remove_member(&self, by: &Attribution, tenant: TenantId, actor: ActorId) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        lock(&mut tx, Part::Admins).await?;
        let roles = clear_roles(&mut tx, actor, "update eaf.member m set roles = '{}'").await?;
        refuse_without_admin(&mut tx, &roles).await?;
        departure::record_roles(&mut tx, actor, &roles, &[]).await?;
        let groups = group::leave_all(&mut tx, actor).await?;
        deputy::end_all(&mut tx, actor).await?;
        let (mut old, mut new) = (json!({ "roles": roles }), json!({ "roles": [] }));
        if !groups.is_empty() {
            (old["groups"], new["groups"]) = (json!(groups), json!([]));
        }
        let act = Act::new("member.remove", object(actor)).changing(old, new);
        audit::record_act(&mut tx, by, &act).await?;
        session::end_all_of(&mut tx, actor).await.map_err(Error::Sessions)?;
        tx.commit().await?;
        Ok(())
    }

    /// Destroys the data key of a member, so that no value under that key can be read again, and
    /// ends the member's sessions. If the same person signs in later, a new actor is created.
    pub async fn erase_member(&self, by: &Attribution, tenant: TenantId, actor: ActorId) -> Result<(), Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let empty = "update eaf.member m set identity = null, sealed = '', roles = '{}'";
        let roles = clear_roles(&mut tx, actor, empty).await?;
        departure::record_roles(&mut tx, actor, &roles, &[]).await?;
        group::leave_all(&mut tx, actor).await?;
        deputy::end_all(&mut tx, actor).await?;
        reporting::erase(&mut tx, actor).await?;
        mail_preference::erase(&mut tx, actor).await?;
        draft::delete_all_of(&mut tx, actor).await.map_err(Error::Drafts)?;
        let act = Act::new("person.erase", format!("person/{actor}"))
            .changing(json!({ "roles": roles }), json!({ "roles": [] }));
        audit::record_act(&mut tx, by, &act).await?;
        session::end_all_of(&mut tx, actor).await.map_err(Error::Sessions)?;
        self.keyring.destroy(&mut tx, actor).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn select_members(
        &self,
        tenant: TenantId,
        roles: Option<&[String]>,
        actors: Option<&[ActorId]>,
    ) -> Result<Vec<Member>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let rows = sqlx::query(
            "select actor_id, sealed, locale, roles from eaf.member
         where tenant_id = $1 and identity is not null and ($2::text[] is null or $2 && roles)
           and ($3::uuid[] is null or actor_id = any ($3)) order by actor_id",
        )
        .bind(tenant)
        .bind(roles)
        .bind(actors)
        .fetch_all(tx.conn())
        .await
        .map_err(Error::Read)?;
        self.open_members(&mut tx, &rows).await
    }

    /// Opens many rows; their keys are read with one query.
    async fn open_members(&self, tx: &mut TenantTx, rows: &[PgRow]) -> Result<Vec<Member>, Error> {
        let actors: Result<Vec<ActorId>, sqlx::Error> = rows.iter().map(|row| row.try_get("actor_id")).collect();
        self.keyring.cache_keys(tx, &actors.map_err(Error::Read)?).await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            members.push(self.open_member(tx, row).await?);
        }
        Ok(members)
    }

    async fn member_identity(&self, tx: &mut TenantTx, issuer: &str, subject: &str) -> Result<[u8; 32], Error> {
        Ok(self.keyring.digest(tx, "identity", &[issuer.as_bytes(), subject.as_bytes()]).await?)
    }

    async fn open_optional(&self, tx: &mut TenantTx, row: Option<PgRow>) -> Result<Option<Member>, Error> {
        let Some(row) = row else { return Ok(None) };
        let member = self.open_member(tx, &row).await?;
        let affiliation = if row.try_column("groups").is_ok() {
            affiliation::read(&row).map_err(Error::Read)?
        } else {
            Affiliation::default()
        };
        Ok(Some(Member { affiliation, ..member }))
    }

    pub(super) async fn open_member(&self, tx: &mut TenantTx, row: &PgRow) -> Result<Member, Error> {
        let actor: ActorId = row.try_get("actor_id").map_err(Error::Read)?;
        let sealed: Vec<u8> = row.try_get("sealed").map_err(Error::Read)?;
        let locale: String = row.try_get("locale").map_err(Error::Read)?;
        let roles = row.try_get("roles").map_err(Error::Read)?;
        let plain = match sealed.is_empty() {
            true => None,
            false => self.keyring.open(tx, actor, TABLE, &sealed).await?,
        };
        let plain = match plain {
            Some(plain) => {
                serde_json::from_slice(&plain).map_err(|cause| Error::Corrupt { table: TABLE, actor, cause })?
            }
            None => Sealed { issuer: String::new(), subject: String::new(), name: String::new(), email: String::new() },
        };
        Ok(Member {
            actor,
            issuer: plain.issuer,
            subject: plain.subject,
            name: plain.name,
            email: plain.email,
            locale: if locale == "de" { Locale::De } else { Locale::En },
            roles,
            affiliation: Affiliation::default(),
        })
    }
}

/// Builds the audit act for an added or changed member. `None`: nothing changed. The act shows
/// roles and language. Name and mail address are personal data, so the act shows only that they
/// changed.
fn change(former: Option<&Member>, new: &NewMember, actor: ActorId) -> Option<Act> {
    let mut current = json!({ "roles": new.roles, "locale": new.locale.as_str() });
    let Some(former) = former else {
        return Some(Act::new("member.add", object(actor)).changing(json!(null), current));
    };
    let old = json!({ "roles": former.roles, "locale": former.locale.as_str() });
    for (member, differs) in [("name", former.name != new.name), ("email", former.email != new.email)] {
        if differs {
            current[member] = "changed".into();
        }
    }
    (old != current).then(|| Act::new("member.change", object(actor)).changing(old, current))
}

/// Runs the SQL `update` on a member, and returns the roles that the member had before. Empty for
/// an actor who is no member.
async fn clear_roles(tx: &mut TenantTx, actor: ActorId, update: &'static str) -> Result<Vec<String>, Error> {
    let update = format!(
        "with former as (select roles from eaf.member where tenant_id = $1 and actor_id = $2 for update)
         {update} from former where m.tenant_id = $1 and m.actor_id = $2 returning former.roles"
    );
    let roles: Option<Vec<String>> = sqlx::query_scalar(AssertSqlSafe(update))
        .bind(tx.tenant())
        .bind(actor)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(roles.unwrap_or_default())
}

fn object(actor: ActorId) -> String {
    format!("member/{actor}")
}
