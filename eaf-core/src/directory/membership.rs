//! Member and tenant, read in one transaction, because every request needs both.

use super::tenant::{self, Tenant};
use super::{Directory, Error, Member};
use crate::id::{ActorId, TenantId};

impl Directory {
    /// Finds a member and the tenant with this slug, by issuer and by the person's id at the
    /// identity provider. `None`: there is no such tenant or member.
    pub async fn find_membership(
        &self,
        slug: &str,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(Tenant, Member)>, Error> {
        let mut tx = self.db.tenant(TenantId::derive(slug)).await?;
        // The tenant first: a look-up of a member creates the tenant's key, also for no tenant.
        let Some(tenant) = tenant::read(&mut tx).await? else { return Ok(None) };
        let member = self.by_identity(&mut tx, issuer, subject).await?;
        tx.commit().await?;
        Ok(member.map(|member| (tenant, member)))
    }

    /// Reads a tenant and a member by their ids. `None`: there is no such tenant or member. The
    /// sealed fields of an erased member are empty.
    pub async fn membership(&self, tenant: TenantId, actor: ActorId) -> Result<Option<(Tenant, Member)>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let Some(tenant) = tenant::read(&mut tx).await? else { return Ok(None) };
        Ok(self.by_actor(&mut tx, actor).await?.map(|member| (tenant, member)))
    }
}
