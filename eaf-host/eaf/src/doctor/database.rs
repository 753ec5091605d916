//! Checks of the database: each role connects, the server is new enough, its clock agrees.

use super::{Check, chain};
use crate::config::Config;
use eaf_core::db::{self, Probe};
use time::{Duration, OffsetDateTime};

/// Oldest version that the schema runs on.
const OLDEST_VERSION: i32 = 160_000;
/// Largest difference of two clocks without effect: tokens are accepted with 30 s of leeway.
pub const CLOCK_TOLERANCE: Duration = Duration::seconds(30);

pub async fn check(config: &Config) -> Vec<Check> {
    let database = &config.database;
    let mut roles = vec![
        ("database.app", "eaf_app", &database.app_url),
        ("database.direct", "eaf_app", &database.direct_url),
        ("database.platform", "eaf_platform", &database.platform_url),
    ];
    roles.extend(database.migrate_url.as_ref().map(|url| ("database.migrate", "eaf_migrate", url)));
    let mut checks = Vec::new();
    let mut server = None;
    for (name, role, url) in roles {
        match db::probe(role, url).await {
            Ok(probe) => {
                checks.push(connected(name, role, &probe));
                server = Some(probe);
            }
            Err(cause) => checks.push(Check::failed(name, chain(&cause), refused(&cause))),
        }
    }
    if let Some(probe) = server {
        checks.push(version(probe.version));
        checks.push(clock("database.clock", probe.now - OffsetDateTime::now_utc()));
    }
    checks
}

fn connected(name: &str, role: &str, probe: &Probe) -> Check {
    let remedy = format!("let the address name the role {role}; `eaf db bootstrap` creates it");
    match probe {
        Probe { is_superuser: true, user, .. } => Check::failed(
            name,
            format!("it signs in as {user}, a superuser, for which PostgreSQL ignores row-level security"),
            remedy,
        ),
        Probe { user, .. } if user != role => {
            Check::failed(name, format!("it signs in as {user}, not as {role}"), remedy)
        }
        _ => Check::ok(name, format!("signed in as {role}")),
    }
}

/// Remedy for a connection that PostgreSQL or the network refused.
fn refused(cause: &db::Error) -> &'static str {
    let text = chain(cause);
    let has = |part: &str| text.contains(part);
    if has("password authentication failed") || has("no password was provided") {
        "check user and password; `eaf db bootstrap` sets the roles' passwords"
    } else if has("does not exist") {
        "create the database, then run `eaf db bootstrap`"
    } else if has("certificate") || has("TLS") || has("tls") {
        "check the certificate, its name and its CA (sslrootcert, DB_SSLROOTCERT)"
    } else {
        "check host, port and firewall, and that PostgreSQL runs"
    }
}

fn version(version: i32) -> Check {
    let text = format!("PostgreSQL {}.{}", version / 10_000, version % 10_000);
    match version >= OLDEST_VERSION {
        true => Check::ok("database.version", text),
        false => Check::failed("database.version", text, "use PostgreSQL 16 or newer"),
    }
}

/// Result of a comparison of another clock with the host's.
pub fn clock(name: &str, ahead: Duration) -> Check {
    let seconds = ahead.whole_seconds();
    match ahead.abs() <= CLOCK_TOLERANCE {
        true => Check::ok(name, "it agrees with this machine's clock"),
        false => Check::failed(
            name,
            format!("it differs by {seconds} s from this machine's clock"),
            "set both clocks by NTP: tokens are refused, and deadlines are early or late",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn clocks_may_differ_by_the_leeway_of_tokens() {
        for (seconds, state) in
            [(0, State::Ok), (30, State::Ok), (-30, State::Ok), (31, State::Failed), (-600, State::Failed)]
        {
            assert_eq!(clock("database.clock", Duration::seconds(seconds)).state, state, "{seconds} s");
        }
    }

    #[test]
    fn an_older_server_is_refused_by_its_version() {
        assert_eq!((version(150_008).state, version(160_000).state), (State::Failed, State::Ok));
        assert_eq!(version(160_014).finding, "PostgreSQL 16.14");
    }
}
