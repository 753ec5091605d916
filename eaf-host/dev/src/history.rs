//! History of the demo's third tenant: 12 months of requests in every state, sent through the
//! public API with the clock moved, so that each page and chart has something to show.
//!
//! The host of a new demo starts a year in the past; the replay moves its clock to the present.

mod organisation;
mod people;
mod replay;
mod story;

use crate::api;
use crate::clock::{self, Past};
use crate::ports::Ports;
use crate::progress::Progress;
use crate::state::{self, State};
use eaf::config::Config;
use replay::Cast;
use story::STORIES;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Api(#[from] api::Error),
    #[error(transparent)]
    Clock(#[from] clock::Error),
    #[error("a time cannot be written")]
    Time(#[source] time::error::Format),
    #[error("{0} is still being built or removed")]
    NotSettled(String),
}

/// Slug of the tenant with the history.
pub const TENANT: &str = "nordwind";
/// Folder of the tenant's machines in the vCenter that the tenant shares with acme.
pub const FOLDER: &str = "Nordwind";

const STEP: &str = "history";

/// Whether this demo has no history yet and its clock is in the past.
pub fn is_due(state: &State) -> bool {
    !state.is_done(STEP) && clock::is_in_the_past(state)
}

/// Creates the history, unless an earlier run has created it. After an interruption the run
/// continues, because every command has its own idempotency key. If an act is refused, the rest is
/// skipped.
pub async fn run(config: &Config, state: &State, ports: &Ports) -> Result<(), Error> {
    if !is_due(state) {
        return Ok(());
    }
    let _progress = Progress::start("living through 12 months of nordwind; its clock is in the past until then".into());
    let past = Past::of(config, state, ports).await?;
    let created = create(ports, &past).await;
    // The clock reaches the present even if an act was refused.
    past.end().await?;
    created?;
    state.mark_done(STEP, ports)?;
    Ok(())
}

async fn create(ports: &Ports, past: &Past) -> Result<(), Error> {
    let now = OffsetDateTime::now_utc();
    let cast = Cast::sign_in(ports).await?;
    organisation::create(&cast).await?;
    replay::replay(&cast, STORIES, past, now).await?;
    past.reach(now).await?;
    organisation::name_deputy(&cast, now).await
}
