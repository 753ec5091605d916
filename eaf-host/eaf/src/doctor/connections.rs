//! Checks of the tenants' connections, such as those to vCenters and mail servers.

use super::{Check, chain};
use crate::compose;
use crate::config::Config;
use eaf_capability::Providers;
use eaf_core::id::TenantId;
use eaf_core::{Core, directory};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// Number of connections that are tested at a time.
const CONCURRENT: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(30);

pub async fn check(config: &Config, core: &Arc<Core>) -> Vec<Check> {
    let providers = match compose::providers(config, core) {
        Ok(providers) => providers,
        Err(cause) => return vec![Check::failed("capabilities", chain(&cause), "this is a fault of the program")],
    };
    let connections = match list(core).await {
        Ok(connections) => connections,
        Err(cause) => {
            return vec![Check::failed("connections", chain(&*cause), "see the other checks of the database")];
        }
    };
    let tests = connections.into_iter().map(|connection| test(&providers, connection));
    futures_util::stream::iter(tests).buffered(CONCURRENT).collect().await
}

struct Tested {
    tenant: TenantId,
    slug: String,
    capability: String,
    name: String,
}

async fn list(core: &Core) -> Result<Vec<Tested>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for (tenant, slug) in directory::tenants(&core.db).await? {
        for known in core.connections.list(tenant).await? {
            all.push(Tested { tenant, slug: slug.clone(), capability: known.capability, name: known.name });
        }
    }
    Ok(all)
}

async fn test(providers: &Providers, Tested { tenant, slug, capability, name }: Tested) -> Check {
    let label = format!("connection.{slug}.{capability}.{name}");
    let Some(provider) = providers.get(&capability) else {
        return Check::failed(&label, "this host lacks the capability", "use a host with it, or delete the connection");
    };
    let remedy = "the tenant's admin tests and corrects it in the settings";
    match tokio::time::timeout(TIMEOUT, provider.check(tenant, &name)).await.map(|report| report.outcome()) {
        Ok(Ok(())) => Check::ok(&label, "it works"),
        Ok(Err(failure)) => Check::warning(&label, format!("{}: {}", failure.code, failure.message), remedy),
        Err(_) => Check::warning(&label, format!("no result after {} s", TIMEOUT.as_secs()), remedy),
    }
}
