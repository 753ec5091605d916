//! Packages of a host: loads and checks the generations that are active in the database.
//!
//! A package is put into [`Plugins`] only after its tables and triggers exist. If that fails, the
//! next poll of the database therefore finds the package again and repeats the attempt.

use super::check;
use super::engine::Wasm;
use super::granting;
use super::load::{self, Ceiling};
use super::{Plugin, Plugins};
use eaf_core::id::TenantId;
use eaf_core::{Core, consumers, directory, grant, package};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Load(#[from] load::Error),
    #[error("the package could not be stored, activated or found")]
    Package(#[from] package::Error),
    #[error("the tenants could not be listed")]
    Tenants(#[from] directory::Error),
    #[error("the tenants' grants could not be listed")]
    Grants(#[from] grant::Error),
    #[error("the views and triggers of plugin {plugin} cannot be prepared")]
    Prepare {
        plugin: String,
        #[source]
        cause: Box<consumers::PrepareError>,
    },
    #[error("the active package {digest} of {plugin} is not in the database")]
    Gone { plugin: String, digest: String },
    #[error(
        "the stored package {digest} of {plugin} was changed ({found}); restore its row in \
         eaf.package from a backup, or activate a package of another version, and find out who changed it"
    )]
    Altered { plugin: String, digest: String, found: String },
}

/// Packages that one poll of the database found. A package that fails does not affect the others.
pub struct Found {
    pub new: Vec<Arc<Plugin>>,
    /// Packages that could not be loaded, by plugin id. The previous generation of such a plugin
    /// stays active, and the next poll repeats the attempt.
    pub failed: Vec<(String, Error)>,
}

/// Checks a package, stores it, activates it for all hosts, and serves it on this host.
pub async fn install(
    core: &Core,
    wasm: &Wasm,
    plugins: &Plugins,
    ceiling: &Ceiling,
    file: &[u8],
) -> Result<Arc<Plugin>, Error> {
    // The package is checked before it is stored. Its generation is not known yet, so 0 stands for
    // it.
    let proven = load_off_thread(wasm, ceiling, file.to_vec(), 0).await?;
    check::refuse(&proven)?;
    let stored = package::Package {
        digest: proven.digest.clone(),
        plugin: proven.id().to_owned(),
        version: proven.manifest.plugin.version.clone(),
        bytes: file.to_vec(),
        description: proven.description.clone(),
    };
    package::store(&core.db, &stored).await?;
    // The stored row of a digest is never overwritten. If its bytes were changed in the database,
    // other hosts would load the changed bytes.
    unaltered(core, proven.id(), &proven.digest).await?;
    // If the table of a view cannot be created, the package must not be activated: after the
    // activation, no host may append decisions of the previous generation.
    prepare(core, &proven).await?;
    let generation = package::activate(&core.db, proven.id(), &proven.digest, &core.by).await?;
    // Switches views and workflows to the new generation. If this host crashes here, the next host
    // that loads the package switches them.
    prepare(core, &proven).await?;
    let plugin = serve(core, plugins, load_off_thread(wasm, ceiling, stored.bytes, generation).await?).await;
    for (tenant, missing) in missing_grants(core, &plugin).await? {
        tracing::warn!(%tenant, plugin = plugin.id(), missing, "a tenant lacks a grant that the package requires; such calls are denied");
    }
    Ok(plugin)
}

/// Lists the tenants for which the product is enabled although grants that the package requires are
/// missing, each with the names of the missing grants. This happens because an upgrade may require
/// more grants than the previous package.
pub async fn missing_grants(core: &Core, plugin: &Plugin) -> Result<Vec<(TenantId, String)>, Error> {
    let mut lacking = Vec::new();
    for (tenant, _) in directory::tenants(&core.db).await? {
        let products = directory::tenant(&core.db, tenant).await?.map(|tenant| tenant.products).unwrap_or_default();
        if !products.iter().any(|id| id == plugin.id()) {
            continue;
        }
        let granted = grant::list(&core.db, tenant).await?;
        let missing = granting::missing(plugin.id(), &plugin.manifest.requests, &granted);
        if !missing.is_empty() {
            let named: Vec<String> =
                missing.iter().map(|request| format!("{}/{}", request.capability, request.grant)).collect();
            lacking.push((tenant, named.join(", ")));
        }
    }
    Ok(lacking)
}

/// Serves every generation that is active in the database and that this host does not serve yet.
/// Repeated calls find packages that other hosts have activated, and repeat attempts that failed.
pub async fn load_active(core: &Core, wasm: &Wasm, plugins: &Plugins, ceiling: &Ceiling) -> Result<Found, Error> {
    let mut found = Found { new: Vec::new(), failed: Vec::new() };
    for active in package::all_active(&core.db).await? {
        let is_served = plugins.get(&active.plugin).is_some_and(|plugin| plugin.generation == active.generation);
        if is_served {
            continue;
        }
        match load_prepared(core, wasm, ceiling, &active).await {
            Ok(plugin) => found.new.push(serve(core, plugins, plugin).await),
            Err(error) => found.failed.push((active.plugin, error)),
        }
    }
    Ok(found)
}

/// Activates a package on this host. Parked consumers are retried at once, because the new package
/// may handle the event at which the previous package failed.
async fn serve(core: &Core, plugins: &Plugins, plugin: Plugin) -> Arc<Plugin> {
    let plugin = plugins.activate(plugin);
    match consumers::retry_all(&core.db, plugin.id()).await {
        Ok(0) => {}
        Ok(parked) => tracing::info!(plugin = plugin.id(), parked, "parked consumers are retried with this package"),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                plugin = plugin.id(),
                error,
                "parked consumers could not be retried at once; they wait for their next attempt"
            );
        }
    }
    plugin
}

async fn load_prepared(core: &Core, wasm: &Wasm, ceiling: &Ceiling, active: &package::Active) -> Result<Plugin, Error> {
    let bytes = unaltered(core, &active.plugin, &active.digest).await?;
    let plugin = load_off_thread(wasm, ceiling, bytes, active.generation).await?;
    if plugin.id() != active.plugin {
        return Err(altered(&active.plugin, &active.digest, format!("a package of {}", plugin.id())));
    }
    if let Err(error) = check::refuse(&plugin) {
        tracing::error!(%error, "an active package fails the cross-check; install a corrected version");
    }
    prepare(core, &plugin).await?;
    Ok(plugin)
}

/// Reads the stored bytes of a package. Fails if the bytes do not match the digest. Otherwise a
/// person with write access to `eaf.package` could replace a reviewed package under its digest, and
/// thereby change the rules of all tenants.
async fn unaltered(core: &Core, plugin: &str, digest: &str) -> Result<Vec<u8>, Error> {
    let gone = || Error::Gone { plugin: plugin.to_owned(), digest: digest.to_owned() };
    let stored = package::load(&core.db, digest).await?.ok_or_else(gone)?;
    let read = tokio::task::spawn_blocking(move || {
        let found = super::package::read(&stored.bytes).map(|package| package.digest().to_owned());
        (found, stored.bytes)
    });
    match read.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())) {
        (Ok(found), bytes) if found == digest => Ok(bytes),
        (Ok(found), _) => Err(altered(plugin, digest, format!("its bytes are those of package {found}"))),
        (Err(damaged), _) => Err(altered(plugin, digest, damaged.to_string())),
    }
}

fn altered(plugin: &str, digest: &str, found: String) -> Error {
    Error::Altered { plugin: plugin.to_owned(), digest: digest.to_owned(), found }
}

async fn prepare(core: &Core, plugin: &Plugin) -> Result<(), Error> {
    consumers::prepare(&core.db, &*plugin.domain)
        .await
        .map_err(|cause| Error::Prepare { plugin: plugin.id().to_owned(), cause: Box::new(cause) })
}

/// Loads a package on a blocking thread, because its compilation takes tens of milliseconds.
async fn load_off_thread(
    wasm: &Wasm,
    ceiling: &Ceiling,
    file: Vec<u8>,
    generation: i64,
) -> Result<Plugin, load::Error> {
    let (wasm, ceiling) = (wasm.clone(), ceiling.clone());
    tokio::task::spawn_blocking(move || load::load(&wasm, &file, generation, &ceiling))
        .await
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;
    use eaf_core::contract::{Description, EventType};
    use eaf_core::testing::Database;

    fn packed(version: &str) -> Vec<u8> {
        let manifest = fixtures::MANIFEST.replace("1.0.0", version);
        let domain = fixtures::component("domain", fixtures::HOSTILE);
        fixtures::package(&manifest, domain, Some(fixtures::component("workflow", fixtures::DURABLE)))
    }

    #[tokio::test]
    async fn a_switch_that_the_database_interrupts_is_made_up_for() {
        let database = Database::fresh().await;
        let (core, wasm, ceiling) = (database.core().await, fixtures::wasm(), fixtures::ceiling());
        let (here, there) = (Plugins::default(), Plugins::default());
        install(&core, &wasm, &here, &ceiling, &packed("1.0.0")).await.unwrap();
        install(&core, &wasm, &there, &ceiling, &packed("2.0.0")).await.unwrap();
        let served = || here.get("fixture").map(|plugin| plugin.manifest.plugin.version.clone());

        database.run("revoke insert on eaf.trigger from eaf_platform").await;
        let found = load_active(&core, &wasm, &here, &ceiling).await.unwrap();
        assert!(found.new.is_empty());
        assert!(matches!(&found.failed[..], [(plugin, Error::Prepare { .. })] if plugin == "fixture"));
        assert_eq!(served().as_deref(), Some("1.0.0"));

        database.run("grant insert on eaf.trigger to eaf_platform").await;
        let found = load_active(&core, &wasm, &here, &ceiling).await.unwrap();
        assert_eq!((found.new.len(), found.failed.len()), (1, 0));
        assert_eq!(served().as_deref(), Some("2.0.0"));
    }

    #[tokio::test]
    async fn a_package_that_cannot_be_prepared_does_not_become_active() {
        let database = Database::fresh().await;
        let (core, wasm, plugins) = (database.core().await, fixtures::wasm(), Plugins::default());
        database.run("revoke insert on eaf.trigger from eaf_platform").await;
        let refused = install(&core, &wasm, &plugins, &fixtures::ceiling(), &packed("1.0.0")).await;
        assert!(matches!(refused, Err(Error::Prepare { .. })));
        assert!(package::all_active(&core.db).await.unwrap().is_empty());
        assert!(plugins.all().is_empty());
    }

    #[tokio::test]
    async fn a_stored_package_is_served_only_while_its_bytes_match_its_digest() {
        let database = Database::fresh().await;
        let (core, wasm, ceiling) = (database.core().await, fixtures::wasm(), fixtures::ceiling());
        install(&core, &wasm, &Plugins::default(), &ceiling, &packed("2.0.0")).await.unwrap();
        install(&core, &wasm, &Plugins::default(), &ceiling, &packed("1.0.0")).await.unwrap();
        let other = "update eaf.package p set bytes = (select bytes from eaf.package where version = '2.0.0')";
        for change in [other, "update eaf.package p set bytes = set_byte(bytes, length(bytes) - 1, 0)"] {
            database.run("create table kept as select * from eaf.package").await;
            database.run(&format!("{change} where version = '1.0.0'")).await;

            let here = Plugins::default();
            let found = load_active(&core, &wasm, &here, &ceiling).await.unwrap();
            assert!(matches!(&found.failed[..], [(_, Error::Altered { plugin, .. })] if plugin == "fixture"));
            assert!(found.new.is_empty() && here.all().is_empty());
            // Installing the same package again does not repair the changed row, so the
            // installation must fail.
            let again = install(&core, &wasm, &here, &ceiling, &packed("1.0.0")).await;
            assert!(matches!(again, Err(Error::Altered { .. })));
            database.run("update eaf.package p set bytes = k.bytes from kept k where k.digest = p.digest").await;
            database.run("drop table kept").await;
            assert_eq!(load_active(&core, &wasm, &here, &ceiling).await.unwrap().new.len(), 1);
        }
        database.run("update eaf.package set plugin = 'other'; update eaf.generation set plugin = 'other'").await;
        database.run("update eaf.activation set plugin = 'other'").await;
        let found = load_active(&core, &wasm, &Plugins::default(), &ceiling).await.unwrap();
        assert!(matches!(&found.failed[..], [(_, Error::Altered { plugin, .. })] if plugin == "other"));
    }

    #[tokio::test]
    async fn unsupported_marks_refuse_a_new_package_and_not_an_active_one() {
        let database = Database::fresh().await;
        let (core, wasm, plugins, ceiling) =
            (database.core().await, fixtures::wasm(), Plugins::default(), fixtures::ceiling());
        let mut description: Description = serde_json::from_str(fixtures::DESCRIPTION).unwrap();
        let marked = serde_json::json!({ "if": { "x-eaf-personal": { "subject": "who" } } });
        description.events.push(EventType { kind: "named".into(), schema_version: 1, schema: marked });
        let text = serde_json::to_string(&description).unwrap();
        let domain = fixtures::component("domain", fixtures::HOSTILE);
        let workflow = fixtures::component("workflow", fixtures::DURABLE);
        let bytes = fixtures::described(&text, fixtures::MANIFEST, domain, Some(workflow));
        let refused = install(&core, &wasm, &plugins, &ceiling, &bytes).await;
        assert!(matches!(refused, Err(Error::Load(load::Error::Refused { .. }))));

        let (plugin, version) = ("fixture".to_owned(), "1.0.0".to_owned());
        let digest = load::load(&wasm, &bytes, 0, &ceiling).unwrap().digest;
        let stored = package::Package { digest: digest.clone(), plugin, version, bytes, description };
        package::store(&core.db, &stored).await.unwrap();
        package::activate(&core.db, "fixture", &digest, &core.by).await.unwrap();
        let found = load_active(&core, &wasm, &plugins, &ceiling).await.unwrap();
        assert_eq!((found.new.len(), found.failed.len()), (1, 0));
    }
}
