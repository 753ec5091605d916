//! Clock of the demo: the system's clock plus an offset, which `eaf dev clock` moves forward, so
//! that a person can see a deadline pass. A new demo begins a year in the past, for its
//! [`history`](crate::history).
//!
//! The offset is a file in the state directory, which the running host reads again, and a constant
//! of the database's function `eaf.now`, so that events have the same time. Sessions, tokens and
//! TLS stay on the system's clock. The offset never shrinks, because recorded times
//! would lie in the future; `eaf dev reset` removes it together with the data.

use crate::checkout::Checkout;
use crate::host;
use crate::ports::Ports;
use crate::postgres::{self, DATABASE};
use crate::state::{self, State};
use eaf::compose::{self, system_clock};
use eaf::config::Config;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::{db, directory, workflow};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Name of the offset's file in the state directory, with the offset in seconds.
const FILE: &str = "clock";
/// Age at which the host reads the offset again.
const FRESH: Duration = Duration::from_millis(20);
/// Largest offset in either direction, in days.
const MAX_DAYS: i64 = 366;
/// Age of a new demo's history, in days.
const HISTORY_DAYS: i64 = 365;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Host(#[from] host::Error),
    #[error(transparent)]
    Compose(#[from] compose::Error),
    #[error("the database's clock cannot be moved")]
    Database(#[from] db::Error),
    #[error("the tenants cannot be read")]
    Tenants(#[from] directory::Error),
    #[error("the waiting runs cannot be woken")]
    Wake(#[from] workflow::Error),
    #[error("the clock would be {0} days ahead; at most {MAX_DAYS} are possible")]
    TooFar(i64),
}

/// Step by which the clock moves, such as `+3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(time::Duration);

impl FromStr for Step {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a step is + with a number and s, m, h or d, such as +3d; the clock only goes forward";
        let rest = text.strip_prefix('+').ok_or(FORM)?;
        let (number, seconds) = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)]
            .into_iter()
            .find_map(|(unit, seconds)| Some((rest.strip_suffix(unit)?, seconds)))
            .ok_or(FORM)?;
        let is_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = number.parse().ok().filter(|_| is_digits).ok_or(FORM)?;
        Ok(Step(time::Duration::seconds(i64::from(number) * seconds)))
    }
}

/// Clock that adds the offset of a file to the system's clock.
struct DemoClock {
    file: PathBuf,
    read: Mutex<(Instant, time::Duration)>,
}

impl Clock for DemoClock {
    fn now(&self) -> OffsetDateTime {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.0.elapsed() >= FRESH {
            // A file that cannot be read moves nothing: the clock must not go back.
            *read = (Instant::now(), offset(&self.file).max(read.1));
        }
        OffsetDateTime::now_utc() + read.1
    }
}

/// Clock and entropy of the demo's host.
pub fn ambient(state: &State) -> Ambient {
    let file = state.dir().join(FILE);
    let read = Mutex::new((Instant::now(), offset(&file)));
    Ambient { clock: Arc::new(DemoClock { file, read }), ..system_clock::system() }
}

/// Offset in the file; none if there is no file.
fn offset(file: &Path) -> time::Duration {
    let seconds = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    time::Duration::seconds(seconds.unwrap_or(0).clamp(-MAX_DAYS * 24 * 60 * 60, MAX_DAYS * 24 * 60 * 60))
}

/// Offset of the demo's clock.
fn ahead(state: &State) -> time::Duration {
    offset(&state.dir().join(FILE))
}

/// Sets the clock of a new demo, whose database is migrated, into the past.
pub async fn begin_in_the_past(state: &State, ports: &Ports) -> Result<(), Error> {
    set(state, ports, time::Duration::days(-HISTORY_DAYS)).await
}

/// Sets the offset, first in the file: the host's clock is never behind the times of events.
async fn set(state: &State, ports: &Ports, ahead: time::Duration) -> Result<(), Error> {
    state.write(FILE, ahead.whole_seconds().to_string().as_bytes())?;
    let superuser = postgres::url("postgres", &state.password("postgres")?, ports.postgres, DATABASE);
    Ok(db::move_clock(&superuser, ahead).await?)
}

pub fn is_in_the_past(state: &State) -> bool {
    ahead(state).is_negative()
}

/// Clock in the past, which the replay of the history moves to the present.
pub struct Past {
    core: eaf_core::Core,
    state: State,
    ports: Ports,
}

impl Past {
    pub async fn of(config: &Config, state: &State, ports: &Ports) -> Result<Past, Error> {
        Ok(Past { core: compose::core(config).await?, state: state.clone(), ports: *ports })
    }

    /// Moves the clock forward to `at`, at most to the present, and makes the waiting runs due.
    pub async fn reach(&self, at: OffsetDateTime) -> Result<(), Error> {
        let target = (at - OffsetDateTime::now_utc()).min(time::Duration::ZERO);
        if target <= ahead(&self.state) {
            return Ok(());
        }
        set(&self.state, &self.ports, target).await?;
        tokio::time::sleep(FRESH * 2).await;
        wake(&self.core).await
    }

    /// Moves the clock forward by `step`, at most to the present.
    pub async fn go_on(&self, step: time::Duration) -> Result<(), Error> {
        let now = OffsetDateTime::now_utc() + ahead(&self.state);
        self.reach(now + step).await
    }

    /// Moves the clock to the present.
    pub async fn end(self) -> Result<(), Error> {
        self.reach(OffsetDateTime::now_utc() + time::Duration::minutes(1)).await
    }
}

/// Moves the clock of the demo, and makes the waiting runs due, so that the host looks at their
/// timers. Returns the present state; without a step, moves nothing.
pub async fn run(checkout: &Checkout, step: Option<Step>) -> Result<String, Box<dyn std::error::Error>> {
    let state = State::existing(checkout.state_dir())?;
    if let Some(Step(step)) = step {
        let ports = state.ports()?;
        let config = host::config(checkout, &state, &ports)?;
        set(&state, &ports, advanced(&state, step)?).await?;
        tokio::time::sleep(FRESH * 2).await;
        wake(&compose::core(&config).await?).await?;
    }
    let ahead = ahead(&state);
    let now = (OffsetDateTime::now_utc() + ahead).format(&Rfc3339)?;
    Ok(format!("{now}, {} s ahead\n", ahead.whole_seconds()))
}

async fn wake(core: &eaf_core::Core) -> Result<(), Error> {
    for (tenant, _) in directory::tenants(&core.db).await? {
        workflow::wake_all(&core.db, &core.feed, tenant).await?;
    }
    Ok(())
}

/// Offset after a step.
fn advanced(state: &State, step: time::Duration) -> Result<time::Duration, Error> {
    let ahead = ahead(state) + step;
    if ahead > time::Duration::days(MAX_DAYS) {
        return Err(Error::TooFar(ahead.whole_days()));
    }
    Ok(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_goes_forward_in_seconds_minutes_hours_or_days() {
        for (text, seconds) in [("+3d", 259_200), ("+90m", 5_400), ("+0s", 0), ("+1h", 3_600)] {
            assert_eq!(text.parse(), Ok(Step(time::Duration::seconds(seconds))), "{text}");
        }
        for text in ["-3d", "3d", "+", "+d", "+3", "+3w", "+-3d", "++3d", "+3.5d", "+99999999999d", "+3ä"] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_running_clock_follows_the_file_and_never_goes_back() {
        let dir = std::env::temp_dir().join(format!("eaf-clock-{}", uuid::Uuid::new_v4()));
        let state = State::open(dir).expect("a directory");
        let ambient = ambient(&state);
        let ahead = || {
            std::thread::sleep(FRESH);
            (ambient.now() - OffsetDateTime::now_utc() + time::Duration::seconds(1)).whole_hours()
        };
        assert_eq!(ahead(), 0);
        let advance = |step| {
            let ahead = advanced(&state, step).expect("not too far").whole_seconds().to_string();
            state.write(FILE, ahead.as_bytes()).expect("written");
        };
        advance(time::Duration::days(3));
        assert_eq!(ahead(), 72);
        advance(time::Duration::hours(1));
        assert_eq!(ahead(), 73);
        state.write(FILE, b"nonsense").expect("written");
        assert_eq!(ahead(), 73, "an unreadable offset is not followed");
        assert!(matches!(advanced(&state, time::Duration::days(400)), Err(Error::TooFar(400))));
    }
}
