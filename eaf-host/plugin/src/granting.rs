//! Granting: an operator gives a tenant's plugin its grants, and enables the product for the tenant
//! once all required grants exist.
//!
//! A grant answers a request of the active package. Its scope must match the JSON Schema of the
//! capability. A scope denies everything that it does not name.

use crate::manifest::{self, Request};
use crate::package;
use eaf_core::actor::Attribution;
use eaf_core::grant::{self, Grant, ListedGrant, Terms};
use eaf_core::id::{self, TenantId};
use eaf_core::product::{self, Switch};
use eaf_core::{Core, db};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the grants cannot be read or stored")]
    Grants(#[from] grant::Error),
    #[error("the product cannot be switched")]
    Product(#[from] product::Error),
    #[error("the active package cannot be read")]
    Active(#[from] eaf_core::package::Error),
    #[error("the active package is not a valid package")]
    Package(#[from] package::Error),
    #[error("the active package has no usable plugin.toml")]
    Manifest(#[from] manifest::Error),
    #[error("no package of {0} is active")]
    NoPackage(String),
    #[error("{plugin} requests no grant `{name}` of {capability}; it requests {}", listed(.requested))]
    NotRequested { plugin: String, capability: String, name: String, requested: Vec<String> },
    #[error("the schema of {0}'s scopes is not a JSON Schema")]
    Schema(String),
    #[error("the scope does not match the schema of {capability}: {}", .violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Scope { capability: String, violations: Vec<ScopeViolation> },
    #[error("the reason is not valid: 1 to {REASON} characters without control characters")]
    Reason,
    #[error("{0} is not the name of a connection: 1 to 40 lower-case letters, digits and hyphens")]
    Connection(String),
    #[error("{0} is not stopped")]
    NotStopped(String),
    #[error("{plugin} requires grants that the tenant does not have: {}", listed(.missing))]
    Missing { plugin: String, missing: Vec<String> },
}

/// Maximum length, in characters, of the reason that an operator gives for an act. Tenants read it.
const REASON: usize = 500;

/// Reason why the expiry of a grant is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    #[error("the expiry is not a time such as 2027-06-30T00:00:00Z")]
    Format,
    #[error("the expiry is in the past")]
    Past,
}

/// Parses the expiry of a grant as UTC with the precision of the database, microseconds. Refuses a
/// time that is not after `now`.
pub fn expiry(text: &str, now: OffsetDateTime) -> Result<OffsetDateTime, ExpiryError> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ExpiryError::Format)?;
    let at = at.checked_to_offset(UtcOffset::UTC).ok_or(ExpiryError::Format)?;
    let at = at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).map_err(|_| ExpiryError::Format)?;
    if at <= now { Err(ExpiryError::Past) } else { Ok(at) }
}

/// JSON Schema of an operator's reason: one line, without control characters, and not blank.
pub fn reason_schema() -> Value {
    let pattern =
        "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";
    json!({ "type": "string", "minLength": 1, "maxLength": REASON, "pattern": pattern })
}

fn checked_reason(reason: &str) -> Result<(), Error> {
    if jsonschema::is_valid(&reason_schema(), &reason.into()) { Ok(()) } else { Err(Error::Reason) }
}

fn checked_connection(name: &str) -> Result<(), Error> {
    if id::is_name(name) { Ok(()) } else { Err(Error::Connection(name.to_owned())) }
}

async fn require_active(core: &Core, plugin: &str) -> Result<(), Error> {
    let active = eaf_core::package::active(&core.db, plugin).await?;
    active.map(drop).ok_or_else(|| Error::NoPackage(plugin.to_owned()))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

/// Violation of the capability's scope schema by one JSON member of a grant's scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeViolation {
    /// JSON pointer to the member within the scope, such as `/templates/0`; empty: the scope as a
    /// whole.
    pub pointer: String,
    pub message: String,
}

impl std::fmt::Display for ScopeViolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", if self.pointer.is_empty() { "/" } else { &self.pointer }, self.message)
    }
}

/// Reads the requests for capabilities in the manifest of the plugin's active package.
pub async fn requests(core: &Core, plugin: &str) -> Result<Vec<Request>, Error> {
    let none = || Error::NoPackage(plugin.to_owned());
    let active = eaf_core::package::active(&core.db, plugin).await?.ok_or_else(none)?;
    let stored = eaf_core::package::load(&core.db, &active.digest).await?.ok_or_else(none)?;
    let package = package::read(&stored.bytes)?;
    Ok(manifest::parse(package.require("plugin.toml")?)?.requests)
}

/// Gives a tenant's plugin a grant that one of the package's `requests` asks for. `schema` is the
/// JSON Schema of the capability's scopes.
pub async fn put(
    core: &Core,
    tenant: TenantId,
    requests: &[Request],
    schema: &Value,
    (grant, terms): (&Grant, &Terms),
    by: &Attribution,
) -> Result<(), Error> {
    checked_reason(&terms.reason)?;
    checked_connection(&grant.connection)?;
    let of_this = |request: &&Request| request.capability == grant.capability && request.grant == grant.name;
    if requests.iter().find(of_this).is_none() {
        return Err(Error::NotRequested {
            plugin: grant.plugin.clone(),
            capability: grant.capability.clone(),
            name: grant.name.clone(),
            requested: requests.iter().map(shown).collect(),
        });
    }
    let violations = violations(&grant.capability, schema, &grant.scope)?;
    if !violations.is_empty() {
        return Err(Error::Scope { capability: grant.capability.clone(), violations });
    }
    let mut tx = core.db.tenant(tenant).await?;
    grant::put(&mut tx, grant, terms, by).await?;
    Ok(tx.commit().await?)
}

/// Enables a product for a tenant. Fails unless the tenant has all grants that the active package
/// requires. A grant that is withdrawn at the same time is either missing here, or withdrawn from
/// an enabled product.
pub async fn enable(
    core: &Core,
    tenant: TenantId,
    plugin: &str,
    requests: &[Request],
    reason: &str,
    by: &Attribution,
) -> Result<(), Error> {
    checked_reason(reason)?;
    require_active(core, plugin).await?;
    let mut tx = core.db.tenant(tenant).await?;
    let granted = grant::list_locked(&mut tx).await?;
    let missing: Vec<String> = missing(plugin, requests, &granted).into_iter().map(shown).collect();
    if !missing.is_empty() {
        return Err(Error::Missing { plugin: plugin.to_owned(), missing });
    }
    product::switch(&mut tx, plugin, Switch::Enable, reason, by).await?;
    Ok(tx.commit().await?)
}

/// Disables a product for a tenant. The product's workflow runs become inactive; the tenant's
/// grants stay.
pub async fn disable(core: &Core, tenant: TenantId, plugin: &str, reason: &str, by: &Attribution) -> Result<(), Error> {
    checked_reason(reason)?;
    require_active(core, plugin).await?;
    let mut tx = core.db.tenant(tenant).await?;
    product::switch(&mut tx, plugin, Switch::Disable, reason, by).await?;
    Ok(tx.commit().await?)
}

/// Stops a plugin for all tenants. Its workflow runs become inactive and lose nothing.
pub async fn stop(core: &Core, plugin: &str, reason: &str, by: &Attribution) -> Result<(), Error> {
    checked_reason(reason)?;
    require_active(core, plugin).await?;
    product::stop(&core.db, plugin, reason, by).await?;
    Ok(())
}

/// Resumes a plugin that was stopped for all tenants.
pub async fn resume(core: &Core, plugin: &str, reason: &str, by: &Attribution) -> Result<(), Error> {
    checked_reason(reason)?;
    if product::resume(&core.db, plugin, reason, by).await? {
        Ok(())
    } else {
        Err(Error::NotStopped(plugin.to_owned()))
    }
}

/// Lists the package's required requests for which the tenant has no valid grant. While there are
/// any, the product cannot be enabled.
pub fn missing<'a>(plugin: &str, requests: &'a [Request], granted: &[ListedGrant]) -> Vec<&'a Request> {
    requests.iter().filter(|request| !request.optional && !is_granted(plugin, request, granted)).collect()
}

/// Whether the tenant has a grant, not expired, that answers the package's request.
pub fn is_granted(plugin: &str, request: &Request, granted: &[ListedGrant]) -> bool {
    granted.iter().any(|ListedGrant { grant, expired, .. }| {
        !expired && grant.plugin == plugin && grant.capability == request.capability && grant.name == request.grant
    })
}

fn shown(request: &Request) -> String {
    format!("{}/{}", request.capability, request.grant)
}

fn violations(capability: &str, schema: &Value, scope: &Value) -> Result<Vec<ScopeViolation>, Error> {
    let validator = jsonschema::validator_for(schema).map_err(|_| Error::Schema(capability.to_owned()))?;
    let violation = |error: jsonschema::ValidationError<'_>| ScopeViolation {
        pointer: error.instance_path().to_string(),
        message: error.to_string(),
    };
    Ok(validator.iter_errors(scope).map(violation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_core::contract::Description;
    use eaf_core::directory::add_tenant;
    use eaf_core::testing::Database;
    use std::sync::Arc;
    use std::time::Duration;

    fn request(capability: &str, grant: &str, optional: bool) -> Request {
        Request { capability: capability.into(), grant: grant.into(), interfaces: Vec::new(), optional, observe: None }
    }

    fn granted(plugin: &str, capability: &str, name: &str, expired: bool) -> ListedGrant {
        ListedGrant {
            grant: Grant {
                plugin: plugin.into(),
                capability: capability.into(),
                name: name.into(),
                scope: json!({}),
                connection: "main".into(),
            },
            terms: Terms::default(),
            expired,
            updated_by: eaf_core::id::ActorId::SYSTEM,
            updated_at: time::OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_required_request_is_missing_without_a_grant_of_plugin_and_name() {
        let requests =
            [request("vsphere", "vcenter", false), request("mail", "mail", false), request("mail", "extra", true)];
        let names = |granted: &[ListedGrant]| -> Vec<String> {
            missing("dcm", &requests, granted).into_iter().map(|request| request.grant.clone()).collect()
        };
        assert_eq!(names(&[]), ["vcenter", "mail"]);
        assert_eq!(names(&[granted("dcm", "vsphere", "vcenter", false)]), ["mail"]);
        assert_eq!(names(&[granted("dcm", "vsphere", "vcenter", true)]), ["vcenter", "mail"]);
        assert_eq!(names(&[granted("counter", "vsphere", "vcenter", false)]), ["vcenter", "mail"]);
    }

    /// Makes a package of the plugin active, whose content these tests do not read.
    async fn activate(core: &Core, plugin: &str) {
        let (digest, version) = ("0".repeat(64), "1.0.0".to_owned());
        let description: Description = serde_json::from_str(crate::fixtures::DESCRIPTION).unwrap();
        let stored = eaf_core::package::Package {
            digest: digest.clone(),
            plugin: plugin.into(),
            version,
            bytes: b"package".to_vec(),
            description,
        };
        eaf_core::package::store(&core.db, &stored).await.unwrap();
        eaf_core::package::activate(&core.db, plugin, &digest, &core.by).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_product_is_not_enabled_while_its_grant_is_withdrawn() {
        let database = Database::fresh().await;
        let core = Arc::new(database.core().await);
        let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        activate(&core, "dcm").await;
        let requests = vec![request("mail", "mail", false)];
        let given = granted("dcm", "mail", "mail", false).grant;
        let terms = Terms { reason: "ordered".into(), expires_at: None };
        put(&core, tenant, &requests, &json!({}), (&given, &terms), &core.by).await.unwrap();

        let mut withdrawal = core.db.tenant(tenant).await.unwrap();
        assert!(grant::remove(&mut withdrawal, "dcm", "mail", "mail", &core.by).await.unwrap());
        let (enabling, of) = (core.clone(), requests.clone());
        let mut enabled =
            tokio::spawn(async move { enable(&enabling, tenant, "dcm", &of, "ordered", &enabling.by).await });
        let early = tokio::time::timeout(Duration::from_millis(300), &mut enabled).await;
        assert!(early.is_err(), "enabling waits for the withdrawal");
        withdrawal.commit().await.unwrap();
        assert!(matches!(enabled.await.unwrap(), Err(Error::Missing { missing, .. }) if missing == ["mail/mail"]));
        assert!(product::list(&core.db, tenant).await.unwrap().is_empty());

        put(&core, tenant, &requests, &json!({}), (&given, &terms), &core.by).await.unwrap();
        enable(&core, tenant, "dcm", &requests, "ordered", &core.by).await.unwrap();
        assert!(product::list(&core.db, tenant).await.unwrap()[0].enabled);
    }

    #[test]
    fn an_expiry_is_a_time_to_come_as_the_database_keeps_it() {
        let now = time::macros::datetime!(2026-11-29 12:00 UTC);
        let kept = time::macros::datetime!(2027-06-30 00:00:00.123456 UTC);
        assert_eq!(expiry("2027-06-30T02:00:00.123456789+02:00", now), Ok(kept));
        assert_eq!(expiry("2026-06-30T00:00:00Z", now), Err(ExpiryError::Past));
        for text in ["tomorrow", "9999-12-31T23:59:59-01:00", ""] {
            assert_eq!(expiry(text, now), Err(ExpiryError::Format), "{text}");
        }
    }

    #[test]
    fn a_reason_is_a_line_that_tenants_can_read() {
        for (reason, is_good) in [("contract 17", true), ("", false), ("  ", false), ("a\nb", false), ("\0", false)] {
            assert_eq!(checked_reason(reason).is_ok(), is_good, "{reason:?}");
        }
        assert!(checked_reason(&"ü".repeat(REASON)).is_ok() && checked_reason(&"ü".repeat(REASON + 1)).is_err());
    }

    #[test]
    fn each_violation_of_a_scope_is_reported_with_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["templates"],
            "additionalProperties": false,
            "properties": { "templates": { "type": "array", "items": { "type": "string" } } },
        });
        assert_eq!(violations("vsphere", &schema, &json!({ "templates": ["Templates"] })).unwrap(), []);
        let pointers = |scope: Value| -> Vec<String> {
            violations("vsphere", &schema, &scope).unwrap().into_iter().map(|violation| violation.pointer).collect()
        };
        assert_eq!(pointers(json!({})), [""]);
        assert_eq!(pointers(json!({ "templates": [1] })), ["/templates/0"]);
        assert_eq!(pointers(json!({ "templates": [], "folder": "x" })), [""]);
    }
}
