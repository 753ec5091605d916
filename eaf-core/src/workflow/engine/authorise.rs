//! Authorisation. Every live call is authorised, also its repetitions: a grant that was withdrawn
//! ends them.

use super::{Error, RunEffects};
use crate::capability::{Class, Failure};
use crate::grant::Denial;
use crate::workflow::Entry;
use serde_json::Value;

impl RunEffects {
    /// Answers the scope of the call's grant, or the failure with which the call ends.
    pub(super) async fn authorise(&self, entry: &Entry) -> Result<Result<Value, Failure>, Error> {
        let Some(name) = &entry.grant else { return Ok(Ok(Value::Null)) };
        if entry.function == "open" && !self.is_requested(entry, name) {
            let message = format!("plugin.toml does not request this interface of {} as {name}", entry.capability);
            return Ok(Err(Failure::new(Class::Denied, "not-requested", message)));
        }
        let granted = self.kernel.grant(&self.run, &entry.capability, name).await?;
        Ok(granted.map_err(|denial| denied(denial, &entry.capability, name)))
    }

    /// A grant for reading opens no interface that changes things.
    fn is_requested(&self, entry: &Entry, grant: &str) -> bool {
        let interface = entry.args["interface"].as_str().unwrap_or_default();
        self.package.requests(&entry.capability, grant, interface)
    }

    /// Ends a call whose intent is written.
    pub(super) async fn deny(&self, entry: Entry, denied: Failure) -> Result<Entry, Error> {
        self.kernel.denied(&self.run, &entry).await?;
        self.finish(entry, Err(denied)).await
    }
}

fn denied(denial: Denial, capability: &str, name: &str) -> Failure {
    match denial {
        Denial::NotGranted => {
            let message = format!("{capability} was not granted under the name {name}");
            Failure::new(Class::Denied, "not-granted", message)
        }
        Denial::Expired => {
            let message = format!("the grant of {capability} under the name {name} has expired");
            Failure::new(Class::Denied, "grant-expired", message)
        }
    }
}
