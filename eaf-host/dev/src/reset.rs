//! `eaf dev reset`: deletes all state of the demo.

use crate::postgres;
use crate::service;
use crate::services;
use crate::state::{self, State};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Leftovers(#[from] service::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error("{0} cannot be removed")]
    Remove(PathBuf, #[source] std::io::Error),
}

/// Deletes the demo's state; refuses while the demo runs.
pub async fn run(dir: PathBuf) -> Result<(), Error> {
    if !dir.join("lock").exists() {
        println!("Nothing to forget: {} holds no demo.", dir.display());
        return Ok(());
    }
    let state = State::open(dir.clone())?;
    let _lock = state.lock().await?;
    service::end_leftovers(&state, services::ALL).await?;
    postgres::remove_elsewhere(&dir)?;
    std::fs::remove_dir_all(&dir).map_err(|cause| Error::Remove(dir.clone(), cause))?;
    println!("Forgotten: {}", dir.display());
    Ok(())
}
