//! Rotation of secrets without a restart: files of secrets are read again when they change.
//!
//! Passwords of the database and the client secret of the identity provider are replaced. A changed
//! master key needs the rotation of `deploy/runbooks/master-key.md`, and every other change of the
//! configuration a restart.

use super::database_config;
use crate::config::{Config, Source};
use eaf_core::Core;
use eaf_identity::Identity;
use openidconnect::ClientSecret;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Interval at which the files are read. Kubernetes itself updates mounted secrets within a minute.
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads the secrets' files until the host stops.
pub async fn rotate(source: Source, core: Arc<Core>, identity: Arc<Identity>, mut closing: watch::Receiver<bool>) {
    let mut present = source.read_secret_files();
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = closing.wait_for(|closing| *closing) => return,
        }
        let found = source.read_secret_files();
        if found == present {
            continue;
        }
        present = found;
        match source.load() {
            Ok(config) => apply(&config, &core, &identity),
            // A file may be incomplete while it is written; the next change is tried again.
            Err(cause) => tracing::error!(
                error = &cause as &dyn std::error::Error,
                "a secret's file changed, and the configuration is not usable with it: the former secrets stay in use"
            ),
        }
    }
}

fn apply(config: &Config, core: &Core, identity: &Identity) {
    match core.db.replace_addresses(&database_config(config)) {
        Ok(()) => tracing::info!("the secrets' files changed: new connections use the new secrets"),
        Err(cause) => {
            tracing::error!(
                error = &cause as &dyn std::error::Error,
                "the new addresses of the database are not usable"
            );
        }
    }
    identity.replace_client_secret(ClientSecret::new(config.identity.client_secret.clone()));
}
