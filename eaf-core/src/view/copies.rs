//! The copies of a view's table: the one that people read, one that is being built beside it, and the one that was read before.

use super::Error;
use crate::db::Db;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub plugin: String,
    pub view: String,
    /// Of the definition.
    pub digest: String,
    /// Without schema; also the name of its checkpoints.
    pub table: String,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Is read.
    Live,
    /// Catches up, and is to become the live one.
    Building,
    /// Was the live one, is still kept up to date, and can become it again.
    Standby,
}

/// Those of active definitions.
pub async fn copies(db: &Db) -> Result<Vec<Copy>, Error> {
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
        "select v.plugin, v.view, c.digest, c.table_name, c.state from eaf.view_copy c join eaf.view v on v.digest = c.digest
         where v.active order by v.plugin, v.view, c.made_at, c.table_name",
    )
    .fetch_all(db.platform_pool())
    .await
    .map_err(Error::Read)?;
    let copy = |(plugin, view, digest, table, state): (String, String, String, String, String)| {
        let state = match state.as_str() {
            "live" => State::Live,
            "building" => State::Building,
            _ => State::Standby,
        };
        Copy { plugin, view, digest, table, state }
    };
    Ok(rows.into_iter().map(copy).collect())
}
