//! Authorisation of every call that is not replayed. A repetition of a call is authorised again, so
//! that it ends if the grant was withdrawn.

use super::{Error, RunEffects};
use crate::capability::{Class, Failure, Granted, HostCode};
use crate::workflow::Entry;

impl RunEffects {
    /// Returns the grant of a call. If the call is not granted, returns the failure with which the
    /// call ends. A call to the host itself needs no grant.
    pub(super) async fn authorise(&self, entry: &Entry) -> Result<Result<Granted, Failure>, Error> {
        let Some(name) = &entry.grant else { return Ok(Ok(Granted::without_connection(""))) };
        if entry.function == "open" && !self.is_requested(entry, name) {
            let message = format!("plugin.toml does not request this interface of {} as {name}", entry.capability);
            return Ok(Err(Failure::new(Class::Denied, HostCode::NotRequested, message)));
        }
        let granted = self.kernel.grant(&self.run, &entry.capability, name).await?;
        Ok(granted.map_err(|denial| denial.failure(&entry.capability, name)))
    }

    /// Whether `plugin.toml` requests the interface that this call opens under this grant. A
    /// request of an interface for reading does not open one that changes things.
    fn is_requested(&self, entry: &Entry, grant: &str) -> bool {
        let interface = entry.args["interface"].as_str().unwrap_or_default();
        self.package.requests(&entry.capability, grant, interface)
    }

    /// Denies a call for which the journal has an intent, and ends the call.
    pub(super) async fn deny(&self, entry: Entry, denied: Failure) -> Result<Entry, Error> {
        self.kernel.denied(&self.run, &entry).await?;
        self.finish(entry, Err(denied)).await
    }
}
