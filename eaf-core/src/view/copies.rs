//! Copies of a view's table: the live one, one that is being built, and the former live one.

use super::Error;
use crate::db::Db;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub plugin: String,
    pub view: String,
    /// Digest of the definition of the view.
    pub digest: String,
    /// Name of the copy's table, without the schema. The copy's checkpoints use it as the name of
    /// the consumer.
    pub table: String,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Copy that queries on the view read.
    Live,
    /// Copy that a rebuild fills. Later it becomes the live one.
    Building,
    /// Copy that was live before a rebuild. It is still projected, so that it can become live
    /// again.
    Standby,
}

/// Lists all copies of the views whose definitions are active.
pub async fn copies(db: &Db) -> Result<Vec<Copy>, Error> {
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
        "select v.plugin, v.view, c.digest, c.table_name, c.state
         from eaf.view_copy c join eaf.view v on v.digest = c.digest
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
