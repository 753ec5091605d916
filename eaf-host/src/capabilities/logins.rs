//! Refused logins at other systems, counted per server, user and tenant.
//!
//! Two things must not happen when a password is wrong: the account is locked, because the other system locks it after
//! a few refusals from anybody; and a tenant guesses the password of a neighbour's account, because the host's address
//! is one that the neighbour's firewall trusts. A server is known by its address, whatever name or path led there.
//!
//! In this process alone: a host that was restarted, or a second one, counts for itself.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// vCenter locks an account for minutes after 5 refused logins within 180 s. The last ones are left to those whose
/// login was accepted before, and to people: who guesses must not be able to keep the others out.
const WINDOW: Duration = Duration::from_secs(180);
const REFUSALS: usize = 4;
const REFUSALS_OF_STRANGERS: usize = 3;

/// Refusals at one server, with whatever user names, that a tenant is free to meet within a day; then the pause doubles.
const FREE: usize = 5;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Until an attempt that is under way has an answer.
const SOON: Duration = Duration::from_secs(1);

/// No login is tried before this time has passed.
#[derive(Debug, PartialEq, Eq)]
pub struct Pause(pub Duration);

#[derive(Default)]
pub struct Logins(Mutex<State>);

#[derive(Default)]
struct State {
    /// Per server and user, lately: who was refused, and when.
    refused: HashMap<(SocketAddr, String), Vec<(TenantId, Instant)>>,
    under_way: HashMap<(SocketAddr, String), usize>,
    /// Per tenant and server, within a day: which users were refused, and when.
    guesses: HashMap<(TenantId, SocketAddr), Vec<(String, Instant)>>,
    /// When a tenant's login was last accepted.
    accepted: HashMap<(TenantId, SocketAddr, String), Instant>,
}

/// A login that is being tried. It counts as refused unless something else is said of it: whoever hangs up before the
/// answer has tried all the same.
pub struct Attempt<'a> {
    logins: &'a Logins,
    tenant: TenantId,
    servers: Vec<SocketAddr>,
    user: String,
    at: Instant,
    settled: bool,
}

impl Logins {
    /// `servers` are all addresses of the one server.
    pub fn begin(
        &self,
        tenant: TenantId,
        servers: &[SocketAddr],
        user: &str,
        now: Instant,
    ) -> Result<Attempt<'_>, Pause> {
        let user = user.to_lowercase();
        let mut state = self.lock();
        state.forget(now);
        let pauses = servers.iter().filter_map(|server| state.pause(tenant, *server, &user, now));
        if let Some(pause) = pauses.max() {
            return Err(Pause(pause));
        }
        for server in servers {
            *state.under_way.entry((*server, user.clone())).or_default() += 1;
        }
        Ok(Attempt { logins: self, tenant, servers: servers.to_vec(), user, at: now, settled: false })
    }

    /// Whether a login of the tenant was accepted there, within a day.
    pub fn have_accepted(&self, tenant: TenantId, servers: &[SocketAddr], user: &str) -> bool {
        let (state, user) = (self.lock(), user.to_lowercase());
        servers.iter().any(|server| state.accepted.contains_key(&(tenant, *server, user.clone())))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic happens under this lock")
    }
}

impl Attempt<'_> {
    pub fn accepted(self) {
        self.settle(|state, attempt, server| {
            let user = attempt.user.clone();
            state.refused.remove(&(server, user.clone()));
            if let Some(guesses) = state.guesses.get_mut(&(attempt.tenant, server)) {
                guesses.retain(|(guessed, _)| *guessed != user);
            }
            state.accepted.insert((attempt.tenant, server, user), attempt.at);
        });
    }

    /// Neither yes nor no: the server was not reached, or failed.
    pub fn unanswered(self) {
        self.settle(|_, _, _| {});
    }

    pub fn refused(self) {
        drop(self);
    }

    fn settle(mut self, each: impl Fn(&mut State, &Self, SocketAddr)) {
        self.settled = true;
        let mut state = self.logins.lock();
        for server in &self.servers {
            state.end(*server, &self.user);
            each(&mut state, &self, *server);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut state = self.logins.lock();
        for server in &self.servers {
            state.end(*server, &self.user);
            state.refused.entry((*server, self.user.clone())).or_default().push((self.tenant, self.at));
            state.guesses.entry((self.tenant, *server)).or_default().push((self.user.clone(), self.at));
        }
    }
}

impl State {
    fn pause(&self, tenant: TenantId, server: SocketAddr, user: &str, now: Instant) -> Option<Duration> {
        let known = self.accepted.contains_key(&(tenant, server, user.to_owned()));
        let lock = self.pause_before_lock(server, user, known, now);
        if known {
            return lock;
        }
        lock.max(self.pause_of_guessing(tenant, server, now))
    }

    fn pause_before_lock(&self, server: SocketAddr, user: &str, known: bool, now: Instant) -> Option<Duration> {
        let key = (server, user.to_owned());
        let limit = if known { REFUSALS } else { REFUSALS_OF_STRANGERS };
        let refused = self.refused.get(&key).map_or(&[][..], Vec::as_slice);
        if let Some(oldest) = refused.len().checked_sub(limit).and_then(|index| refused.get(index)) {
            return Some(WINDOW.saturating_sub(now.duration_since(oldest.1)));
        }
        let under_way = self.under_way.get(&key).copied().filter(|_| !known).unwrap_or_default();
        (refused.len() + under_way >= limit).then_some(SOON)
    }

    fn pause_of_guessing(&self, tenant: TenantId, server: SocketAddr, now: Instant) -> Option<Duration> {
        let guesses = self.guesses.get(&(tenant, server))?;
        let over = u32::try_from(guesses.len().checked_sub(FREE)?).unwrap_or(u32::MAX);
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(over)).min(LONGEST_PAUSE);
        let last = guesses.iter().map(|(_, at)| *at).max()?;
        pause.checked_sub(now.duration_since(last)).filter(|rest| !rest.is_zero())
    }

    fn end(&mut self, server: SocketAddr, user: &str) {
        let key = (server, user.to_owned());
        if let Some(count) = self.under_way.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&key);
            }
        }
    }

    fn forget(&mut self, now: Instant) {
        let lately = |at: &Instant, limit: Duration| now.duration_since(*at) < limit;
        self.refused.retain(|_, refused| {
            refused.retain(|(_, at)| lately(at, WINDOW));
            !refused.is_empty()
        });
        self.guesses.retain(|_, guesses| {
            guesses.retain(|(_, at)| lately(at, DAY));
            !guesses.is_empty()
        });
        self.accepted.retain(|_, at| lately(at, DAY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(slug: &str) -> TenantId {
        TenantId::derive(slug)
    }

    fn server(last: u8) -> [SocketAddr; 1] {
        [SocketAddr::from(([10, 0, 0, last], 443))]
    }

    /// How many wrong passwords a tenant can try within so many seconds, trying every second.
    fn tries(logins: &Logins, slug: &str, user: impl Fn(u64) -> String, from: Instant, seconds: u64) -> Vec<u64> {
        let tried = |second: &u64| {
            let now = from + Duration::from_secs(*second);
            logins.begin(tenant(slug), &server(1), &user(*second), now).map(Attempt::refused).is_ok()
        };
        (0..seconds).filter(tried).collect()
    }

    #[test]
    fn an_account_is_never_refused_often_enough_to_be_locked_whoever_tries() {
        let (logins, start) = (Logins::default(), Instant::now());
        let mut refused = Vec::new();
        for second in 0..3_600 {
            for slug in ["acme", "globex", "initech"] {
                let now = start + Duration::from_secs(second);
                let user = if second % 2 == 0 { "svc@vsphere.local" } else { "Svc@VSPHERE.LOCAL" };
                if let Ok(attempt) = logins.begin(tenant(slug), &server(1), user, now) {
                    attempt.refused();
                    refused.push(second);
                }
            }
        }
        assert!(refused.len() > 6, "it goes on trying: {refused:?}");
        assert!(refused.windows(5).all(|five| five[4] - five[0] >= 180), "{refused:?}");
    }

    #[test]
    fn guessing_at_one_server_becomes_slower_whatever_the_user_name_is() {
        let (logins, start) = (Logins::default(), Instant::now());
        let tried = tries(&logins, "globex", |second| format!("user-{second}"), start, 24 * 3_600);
        assert!(tried.len() < 40, "{} guesses in a day", tried.len());
        assert_eq!(tried[..5], [0, 1, 2, 3, 4]);
        let elsewhere = start + Duration::from_secs(10);
        assert!(logins.begin(tenant("globex"), &server(2), "svc", elsewhere).is_ok(), "another server is not meant");
    }

    #[test]
    fn who_guesses_does_not_keep_out_the_tenant_whose_login_was_accepted() {
        let (logins, start) = (Logins::default(), Instant::now());
        logins.begin(tenant("acme"), &server(1), "svc", start).unwrap().accepted();
        assert_eq!(tries(&logins, "globex", |_| "svc".into(), start, 100).len(), 3);
        let now = start + Duration::from_secs(100);
        assert!(logins.begin(tenant("initech"), &server(1), "svc", now).is_err(), "the lock is on the user");
        logins.begin(tenant("acme"), &server(1), "SVC", now).unwrap().accepted();
    }

    #[test]
    fn an_attempt_that_nobody_waits_for_counts() {
        let (logins, now) = (Logins::default(), Instant::now());
        for _ in 0..3 {
            drop(logins.begin(tenant("globex"), &server(1), "svc", now).unwrap());
        }
        assert_eq!(logins.begin(tenant("globex"), &server(1), "svc", now).err(), Some(Pause(WINDOW)));
        let (logins, now) = (Logins::default(), Instant::now());
        for _ in 0..100 {
            logins.begin(tenant("globex"), &server(1), "svc", now).unwrap().unanswered();
        }
    }

    #[test]
    fn attempts_under_way_are_waited_for_and_not_taken_for_refusals() {
        let (logins, now) = (Logins::default(), Instant::now());
        let begun: Vec<_> = (0..3).map(|_| logins.begin(tenant("acme"), &server(1), "svc", now).unwrap()).collect();
        assert_eq!(logins.begin(tenant("acme"), &server(1), "svc", now).err(), Some(Pause(SOON)));
        begun.into_iter().for_each(Attempt::accepted);
        let many: Vec<_> = (0..50).map(|_| logins.begin(tenant("acme"), &server(1), "svc", now).unwrap()).collect();
        assert_eq!(many.len(), 50, "an account that is known to work may be used as often as needed");
    }
}
