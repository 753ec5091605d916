//! Records of machines in eaf-core: they are stored in PostgreSQL as managed resources, under
//! row-level security.

use super::record::{Error, Record, Records};
use async_trait::async_trait;
use eaf_core::Core;
use eaf_core::managed_resource::{self, Key};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

pub struct CoreRecords {
    pub core: Arc<Core>,
}

#[async_trait]
impl Records for CoreRecords {
    async fn load(&self, key: &Key) -> Result<Option<Record>, Error> {
        let found = managed_resource::get(&self.core.db, key).await.map_err(|e| Error(e.into()))?;
        found.map(serde_json::from_value).transpose().map_err(|e| Error(e.into()))
    }

    async fn save(&self, key: &Key, record: &Record) -> Result<(), Error> {
        let data = serde_json::to_value(record).map_err(|e| Error(e.into()))?;
        managed_resource::put(&self.core.db, key, &data).await.map_err(|e| Error(e.into()))
    }

    async fn replace(&self, key: &Key, before: &Record, now: &Record) -> Result<(), Error> {
        let stored = managed_resource::get(&self.core.db, key).await.map_err(|e| Error(e.into()))?;
        // Records are compared and not their JSON, because another version of the host may have
        // written fewer members.
        let is_before = |data: &Value| Record::deserialize(data).is_ok_and(|record| record == *before);
        let Some(stored) = stored.filter(is_before) else { return Ok(()) };
        let data = serde_json::to_value(now).map_err(|e| Error(e.into()))?;
        managed_resource::replace(&self.core.db, key, &stored, &data).await.map_err(|e| Error(e.into()))?;
        Ok(())
    }
}
