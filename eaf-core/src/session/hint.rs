//! ID token of a session. Some identity providers require it as a hint when a person signs out.
//!
//! The token is sealed under a key that is derived from the session's secret. The database has only
//! the hash of that secret, so the token can be opened only with the browser's cookie.

use super::{Error, NO_TENANT, Session, SessionId, Sessions};
use crate::crypto::{ExternalKey, open_with, seal_with};
use crate::id::TenantId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::Duration;

/// Additional authenticated data of a sealed ID token.
const AAD: &str = "eaf.session.hint";
/// Time for which the ID token of an ended session can still be read. The browser is redirected to
/// the identity provider at once, so this time is short.
const HINT_LIFETIME: Duration = Duration::minutes(2);

impl Sessions {
    /// Stores the ID token of a session that has just begun.
    pub async fn store_hint(&self, tenant: Option<TenantId>, id: &SessionId, hint: &str) -> Result<(), Error> {
        let tenant = tenant.unwrap_or(NO_TENANT);
        let sealed = seal_with(&self.ambient, &key(id), AAD, hint.as_bytes());
        let mut tx = self.db.tenant(tenant).await?;
        sqlx::query("update eaf.session set hint = $3 where tenant_id = $1 and hash = $2")
            .bind(tenant)
            .bind(id.hash())
            .bind(sealed)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
        Ok(tx.commit().await?)
    }

    /// Ends a session that has an ID token, and keeps the token for [`Sessions::take_hint`].
    /// Returns false, and does not end the session, if it has no ID token.
    pub async fn end_keeping_hint(&self, session: &Session) -> Result<bool, Error> {
        let tenant = session.tenant.unwrap_or(NO_TENANT);
        let mut tx = self.db.tenant(tenant).await?;
        let end = "update eaf.session set expires_at = $3 where tenant_id = $1 and hash = $2 and hint is not null";
        let ended = sqlx::query(end).bind(tenant).bind(&session.hash).bind(self.ambient.now()).execute(tx.conn()).await;
        let has_ended = ended.map_err(Error::Write)?.rows_affected() == 1;
        tx.commit().await?;
        Ok(has_ended)
    }

    /// Deletes a session that has just ended, and returns its ID token. `None`: there is no such
    /// session, or its token cannot be read.
    pub async fn take_hint(&self, id: &SessionId) -> Result<Option<String>, Error> {
        let now = self.ambient.now();
        let tenant = "select tenant_id from eaf.session where hash = $1 and expires_at <= $2 and expires_at > $3";
        let tenant: Option<TenantId> = sqlx::query_scalar(tenant)
            .bind(id.hash())
            .bind(now)
            .bind(now - HINT_LIFETIME)
            .fetch_optional(self.db.platform_pool())
            .await
            .map_err(Error::Read)?;
        let Some(tenant) = tenant else { return Ok(None) };
        let mut tx = self.db.tenant(tenant).await?;
        let sealed: Option<Option<Vec<u8>>> = sqlx::query_scalar(
            "delete from eaf.session where tenant_id = $1 and hash = $2 and expires_at <= $3 returning hint",
        )
        .bind(tenant)
        .bind(id.hash())
        .bind(now)
        .fetch_optional(tx.conn())
        .await
        .map_err(Error::Write)?;
        tx.commit().await?;
        let opened = sealed.flatten().and_then(|sealed| open_with(&key(id), AAD, &sealed).ok());
        Ok(opened.and_then(|hint| String::from_utf8(hint).ok()))
    }
}

fn key(id: &SessionId) -> ExternalKey {
    let mac = Hmac::<Sha256>::new_from_slice(&id.0).expect("HMAC takes keys of any length");
    ExternalKey::new(mac.chain_update(AAD).finalize().into_bytes().into())
}
