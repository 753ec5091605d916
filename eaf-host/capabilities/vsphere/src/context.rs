//! Context of a call of a vSphere function: the open connection, the call and the store of the
//! machines' records.

use super::client::machine::Machine;
use super::core_connections::CAPABILITY;
use super::failure;
use super::identity::Identity;
use super::record::{self, Record, Records, Stage};
use super::vcenter::VCenter;
use eaf_capability::HostCode;
use eaf_capability::{Call, Class, Failure};
use eaf_core::clock::Ambient;
use eaf_core::managed_resource::Key;

pub struct Context<'a> {
    pub vcenter: VCenter,
    pub call: &'a Call,
    pub ambient: &'a Ambient,
    pub records: &'a dyn Records,
}

impl Context<'_> {
    /// Present time, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        i64::try_from(self.ambient.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    pub async fn record(&self, identity: &Identity) -> Result<Option<Record>, Failure> {
        self.records.load(&self.key(identity)).await.map_err(unavailable)
    }

    pub async fn save(&self, identity: &Identity, record: &Record) -> Result<(), Failure> {
        self.records.save(&self.key(identity), record).await.map_err(unavailable)
    }

    /// Replaces the machine's stored record by `now`. Does nothing if the stored record no longer
    /// equals `before`.
    pub async fn replace(&self, identity: &Identity, before: &Record, now: &Record) -> Result<(), Failure> {
        self.records.replace(&self.key(identity), before, now).await.map_err(unavailable)
    }

    /// Writes the stage `stage` into the machine's record. Does nothing if there is no record.
    pub async fn set_stage(&self, identity: &Identity, stage: Stage) -> Result<(), Failure> {
        match self.record(identity).await? {
            Some(record) if record.stage != stage => self.save(identity, &Record { stage, ..record }).await,
            _ => Ok(()),
        }
    }

    /// Whether the record's machine is in the vCenter to which this connection leads.
    pub async fn is_here(&self, record: &Record) -> Result<bool, Failure> {
        Ok(self.vcenter.instance_uuid().await? == record.vcenter)
    }

    /// Creates the record of a machine from the state of the machine that was just read.
    pub async fn record_of(&self, machine: &Machine, stage: Stage) -> Result<Record, Failure> {
        Ok(Record {
            vcenter: self.vcenter.instance_uuid().await?,
            stage,
            name: machine.name.clone(),
            template: None,
            task: None,
            object: Some(machine.object.clone()),
        })
    }

    fn key(&self, identity: &Identity) -> Key {
        Key {
            tenant: self.call.tenant,
            plugin: self.call.plugin.clone(),
            capability: CAPABILITY.to_owned(),
            identity: identity.name.clone(),
        }
    }
}

fn unavailable(error: record::Error) -> Failure {
    tracing::error!(error = &error as &dyn std::error::Error, "the record of a machine is not available");
    failure::new(Class::Transient, HostCode::Store, "The host's own store could not be reached.")
}
