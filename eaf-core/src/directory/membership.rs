//! A member together with the tenant: what every request asks, so it is one transaction.

use super::tenant::{self, Tenant};
use super::{Directory, Error, Member};
use crate::id::{ActorId, TenantId};

impl Directory {
    /// None: no such tenant, or nobody there whom the provider calls so.
    pub async fn find_membership(
        &self,
        slug: &str,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(Tenant, Member)>, Error> {
        let mut tx = self.db.tenant(TenantId::derive(slug)).await?;
        // First the tenant: the look-up of a member makes a key for a tenant that has none.
        let Some(tenant) = tenant::read(&mut tx).await? else { return Ok(None) };
        let member = self.by_identity(&mut tx, issuer, subject).await?;
        tx.commit().await?;
        Ok(member.map(|member| (tenant, member)))
    }

    /// None: no such tenant, or nobody there with this id. Name and address of an erased member are empty.
    pub async fn membership(&self, tenant: TenantId, actor: ActorId) -> Result<Option<(Tenant, Member)>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let Some(tenant) = tenant::read(&mut tx).await? else { return Ok(None) };
        Ok(self.by_actor(&mut tx, actor).await?.map(|member| (tenant, member)))
    }
}
