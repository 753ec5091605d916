//! Login limiter: counts refused logins at other systems per server, account and tenant, and pauses
//! further logins.
//!
//! A wrong password has two risks. The other system may lock the account after a few refusals. And
//! a tenant may guess the password of another tenant's account, because the other tenant's firewall
//! trusts the host's address. A server is identified by its address, so that several host names or
//! URLs of one server count together.
//!
//! The counts are in the memory of one process: they start at zero after a restart, and hosts do
//! not share them.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Time for which a refused login counts against its account. vCenter locks an account for minutes
/// after 5 refused logins within 180 s. The two limits below are lower: they leave the last
/// refusals to people, and to tenants whose login was accepted before, so that a tenant who guesses
/// cannot lock them out.
const WINDOW: Duration = Duration::from_secs(180);
const REFUSALS: usize = 4;
const REFUSALS_OF_UNKNOWN: usize = 3;

/// Number of refused logins at one server, over all user names, that a tenant may cause within a
/// day before the tenant's logins there pause. Each further refusal doubles the pause.
const FREE_REFUSALS: usize = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Number of logins per day that a tenant may attempt during the pause because the secret of a
/// refused user has changed, at most one per [`WINDOW`]. They are permitted because an admin may
/// have corrected the secret.
const CHANGED_SECRETS: usize = 5;

/// Pause that is returned while another login with the same account is not answered yet.
const PENDING_PAUSE: Duration = Duration::from_secs(1);

/// Pause: time until the next login may be attempted.
#[derive(Debug, PartialEq, Eq)]
pub struct LoginPause(pub Duration);

/// User name and secret of a login. The type has no `Debug`, so that no log can show the secret.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub secret: &'a str,
}

#[derive(Default)]
pub struct LoginLimiter {
    state: Mutex<State>,
    /// Hashes secrets with random keys of this process, so that the hash of a secret is useless
    /// outside it.
    hasher: RandomState,
}

#[derive(Default)]
struct State {
    /// Refused logins within [`WINDOW`], by server and account: each with the user name in lower
    /// case, and the time.
    refused: HashMap<(SocketAddr, String), Vec<(String, Instant)>>,
    under_way: HashMap<(SocketAddr, String), usize>,
    /// Refused logins within a day, by tenant and server.
    tenant_refusals: HashMap<(TenantId, SocketAddr), Vec<RefusedLogin>>,
    /// Times of a tenant's logins within a day that were attempted during the pause with a changed
    /// secret, by tenant and server.
    changed_secrets: HashMap<(TenantId, SocketAddr), Vec<Instant>>,
    /// Time of the last accepted login, by tenant, server and user name.
    accepted: HashMap<(TenantId, SocketAddr, String), Instant>,
}

struct RefusedLogin {
    user: String,
    secret: u64,
    at: Instant,
}

/// Login that is being attempted. Unless an outcome is given, it counts as refused when dropped,
/// because the request may have reached the server even if the caller was cancelled.
pub struct LoginAttempt<'a> {
    limiter: &'a LoginLimiter,
    tenant: TenantId,
    servers: Vec<SocketAddr>,
    user: String,
    secret: u64,
    at: Instant,
    settled: bool,
}

impl LoginLimiter {
    /// Starts a login attempt, or returns the pause until the next one is permitted. `servers` are
    /// all addresses of the one server.
    pub fn begin(
        &self,
        tenant: TenantId,
        servers: &[SocketAddr],
        login: Login<'_>,
        now: Instant,
    ) -> Result<LoginAttempt<'_>, LoginPause> {
        let (user, secret) = (login.user.to_lowercase(), self.hasher.hash_one(login.secret));
        let mut attempt =
            LoginAttempt { limiter: self, tenant, servers: Vec::new(), user, secret, at: now, settled: false };
        let mut state = self.lock();
        state.prune(now);
        let pauses = servers.iter().filter_map(|server| state.pause(&attempt, *server, now));
        if let Some(pause) = pauses.max() {
            // The attempt was not started, so dropping it must not count as a refusal.
            attempt.settled = true;
            return Err(LoginPause(pause));
        }
        for server in servers {
            if state.pause_of_tenant(tenant, *server, now).is_some() {
                state.changed_secrets.entry((tenant, *server)).or_default().push(now);
            }
            state.begin(*server, &attempt.user);
        }
        attempt.servers = servers.to_vec();
        Ok(attempt)
    }

    /// Whether the server has accepted a login of the tenant within a day, at each of these
    /// addresses. Every address must match, because a host name may resolve to the tenant's own
    /// server and additionally to another tenant's server.
    pub fn has_accepted(&self, tenant: TenantId, servers: &[SocketAddr], user: &str) -> bool {
        let (state, user) = (self.lock(), user.to_lowercase());
        !servers.is_empty()
            && servers.iter().all(|server| state.accepted.contains_key(&(tenant, *server, user.clone())))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic happens under this lock")
    }
}

impl LoginAttempt<'_> {
    /// Records which address of the server answers, so that the attempt counts at this address
    /// only.
    pub fn at(mut self, server: SocketAddr) -> Self {
        let server = SocketAddr::new(server.ip().to_canonical(), server.port());
        let mut state = self.limiter.lock();
        state.begin(server, &self.user);
        for other in std::mem::replace(&mut self.servers, vec![server]) {
            state.end(other, &self.user);
        }
        drop(state);
        self
    }

    pub fn accepted(self) {
        self.settle(|state, attempt, server| {
            let user = attempt.user.clone();
            // Only refusals of exactly this user name are cleared. Another form of it, such as with
            // a domain, may be another account.
            if let Some(refused) = state.refused.get_mut(&(server, account(&user))) {
                refused.retain(|(refused, _)| *refused != user);
            }
            if let Some(tenant_refusals) = state.tenant_refusals.get_mut(&(attempt.tenant, server)) {
                tenant_refusals.retain(|refusal| refusal.user != user);
            }
            state.accepted.insert((attempt.tenant, server, user), attempt.at);
        });
    }

    /// Ends the attempt without counting it, because the server was not reached or failed.
    pub fn unanswered(self) {
        self.settle(|_, _, _| {});
    }

    pub fn refused(self) {
        drop(self);
    }

    fn settle(mut self, each: impl Fn(&mut State, &Self, SocketAddr)) {
        self.settled = true;
        let mut state = self.limiter.lock();
        for server in &self.servers {
            state.end(*server, &self.user);
            each(&mut state, &self, *server);
        }
    }
}

impl Drop for LoginAttempt<'_> {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut state = self.limiter.lock();
        for server in &self.servers {
            state.end(*server, &self.user);
            let LoginAttempt { tenant, user, secret, at, .. } = &*self;
            state.refused.entry((*server, account(user))).or_default().push((user.clone(), *at));
            let refusal = RefusedLogin { user: user.clone(), secret: *secret, at: *at };
            state.tenant_refusals.entry((*tenant, *server)).or_default().push(refusal);
        }
    }
}

impl State {
    fn pause(&self, attempt: &LoginAttempt<'_>, server: SocketAddr, now: Instant) -> Option<Duration> {
        let known = self.accepted.contains_key(&(attempt.tenant, server, attempt.user.clone()));
        let lock = self.pause_of_account(server, &attempt.user, known, now);
        if known || (lock.is_none() && self.may_try_changed_secret(attempt, server, now)) {
            return lock;
        }
        lock.max(self.pause_of_tenant(attempt.tenant, server, now))
    }

    /// Whether this login may be attempted although the tenant's logins pause: all refused logins
    /// of the user had other secrets, and [`CHANGED_SECRETS`] permits one more.
    fn may_try_changed_secret(&self, attempt: &LoginAttempt<'_>, server: SocketAddr, now: Instant) -> bool {
        let key = (attempt.tenant, server);
        let tenant_refusals = self.tenant_refusals.get(&key).map_or(&[][..], Vec::as_slice);
        let mut of_user = tenant_refusals.iter().filter(|refusal| refusal.user == attempt.user).peekable();
        let changed_secrets = self.changed_secrets.get(&key).map_or(&[][..], Vec::as_slice);
        let is_late = |at: &Instant| now.duration_since(*at) >= WINDOW;
        of_user.peek().is_some()
            && of_user.all(|refusal| refusal.secret != attempt.secret)
            && changed_secrets.len() < CHANGED_SECRETS
            && changed_secrets.last().is_none_or(is_late)
    }

    fn pause_of_account(&self, server: SocketAddr, user: &str, known: bool, now: Instant) -> Option<Duration> {
        let key = (server, account(user));
        let limit = if known { REFUSALS } else { REFUSALS_OF_UNKNOWN };
        let refused = self.refused.get(&key).map_or(&[][..], Vec::as_slice);
        if let Some(oldest) = refused.len().checked_sub(limit).and_then(|index| refused.get(index)) {
            return Some(WINDOW.saturating_sub(now.duration_since(oldest.1)));
        }
        let under_way = self.under_way.get(&key).copied().filter(|_| !known).unwrap_or_default();
        (refused.len() + under_way >= limit).then_some(PENDING_PAUSE)
    }

    fn pause_of_tenant(&self, tenant: TenantId, server: SocketAddr, now: Instant) -> Option<Duration> {
        let tenant_refusals = self.tenant_refusals.get(&(tenant, server))?;
        let over = u32::try_from(tenant_refusals.len().checked_sub(FREE_REFUSALS)?).unwrap_or(u32::MAX);
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(over)).min(LONGEST_PAUSE);
        let last = tenant_refusals.iter().map(|refusal| refusal.at).max()?;
        pause.checked_sub(now.duration_since(last)).filter(|rest| !rest.is_zero())
    }

    fn begin(&mut self, server: SocketAddr, user: &str) {
        *self.under_way.entry((server, account(user))).or_default() += 1;
    }

    fn end(&mut self, server: SocketAddr, user: &str) {
        let key = (server, account(user));
        if let Some(count) = self.under_way.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&key);
            }
        }
    }

    fn prune(&mut self, now: Instant) {
        let is_recent = |at: &Instant, limit: Duration| now.duration_since(*at) < limit;
        self.refused.retain(|_, refused| {
            refused.retain(|(_, at)| is_recent(at, WINDOW));
            !refused.is_empty()
        });
        self.tenant_refusals.retain(|_, tenant_refusals| {
            tenant_refusals.retain(|refusal| is_recent(&refusal.at, DAY));
            !tenant_refusals.is_empty()
        });
        self.changed_secrets.retain(|_, changed_secrets| {
            changed_secrets.retain(|at| is_recent(at, DAY));
            !changed_secrets.is_empty()
        });
        self.accepted.retain(|_, at| is_recent(at, DAY));
    }
}

/// Account to which a user name in lower case belongs. `u@domain`, `domain\\u` and `u` may mean one
/// account, so their refusals are counted together.
fn account(user: &str) -> String {
    let user = user.rsplit('\\').next().unwrap_or_default();
    user.split('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
impl<'a> From<&'a str> for Login<'a> {
    fn from(user: &'a str) -> Self {
        Login { user, secret: "" }
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

    /// Tries a wrong password every second for a tenant. Returns the seconds, counted from the
    /// start, at which the limiter permitted the login.
    fn tries(
        limiter: &LoginLimiter,
        slug: &str,
        user: impl Fn(u64) -> String,
        from: Instant,
        seconds: u64,
    ) -> Vec<u64> {
        let tried = |second: &u64| {
            let now = from + Duration::from_secs(*second);
            limiter
                .begin(tenant(slug), &server(1), user(*second).as_str().into(), now)
                .map(LoginAttempt::refused)
                .is_ok()
        };
        (0..seconds).filter(tried).collect()
    }

    #[test]
    fn an_account_is_never_refused_often_enough_to_be_locked() {
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        let mut refused = Vec::new();
        for second in 0..3_600 {
            for slug in ["acme", "globex", "initech"] {
                let now = start + Duration::from_secs(second);
                let user = if second % 2 == 0 { "svc@vsphere.local" } else { "Svc@VSPHERE.LOCAL" };
                if let Ok(attempt) = limiter.begin(tenant(slug), &server(1), user.into(), now) {
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
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        let tried = tries(&limiter, "globex", |second| format!("user-{second}"), start, 24 * 3_600);
        assert!(tried.len() < 40, "{} guesses in a day", tried.len());
        assert_eq!(tried[..3], [0, 1, 2]);
        assert!(tried[3] >= 60, "{tried:?}");
        let elsewhere = start + Duration::from_secs(10);
        assert!(
            limiter.begin(tenant("globex"), &server(2), "svc".into(), elsewhere).is_ok(),
            "another server is not meant"
        );
    }

    #[test]
    fn guesses_of_one_tenant_do_not_lock_out_a_tenant_with_an_accepted_login() {
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        limiter.begin(tenant("acme"), &server(1), "svc".into(), start).unwrap().accepted();
        assert_eq!(tries(&limiter, "globex", |_| "svc".into(), start, 100).len(), 3);
        let now = start + Duration::from_secs(100);
        assert!(limiter.begin(tenant("initech"), &server(1), "svc".into(), now).is_err(), "the lock is on the user");
        limiter.begin(tenant("acme"), &server(1), "SVC".into(), now).unwrap().accepted();
    }

    #[test]
    fn a_dropped_attempt_counts() {
        let (limiter, now) = (LoginLimiter::default(), Instant::now());
        for _ in 0..3 {
            drop(limiter.begin(tenant("globex"), &server(1), "svc".into(), now).unwrap());
        }
        assert_eq!(limiter.begin(tenant("globex"), &server(1), "svc".into(), now).err(), Some(LoginPause(WINDOW)));
        let (limiter, now) = (LoginLimiter::default(), Instant::now());
        for _ in 0..100 {
            limiter.begin(tenant("globex"), &server(1), "svc".into(), now).unwrap().unanswered();
        }
    }

    #[test]
    fn attempts_under_way_are_waited_for_and_not_taken_for_refusals() {
        let (limiter, now) = (LoginLimiter::default(), Instant::now());
        let begun: Vec<_> =
            (0..3).map(|_| limiter.begin(tenant("acme"), &server(1), "svc".into(), now).unwrap()).collect();
        assert_eq!(limiter.begin(tenant("acme"), &server(1), "svc".into(), now).err(), Some(LoginPause(PENDING_PAUSE)));
        begun.into_iter().for_each(LoginAttempt::accepted);
        let many: Vec<_> =
            (0..50).map(|_| limiter.begin(tenant("acme"), &server(1), "svc".into(), now).unwrap()).collect();
        assert_eq!(many.len(), 50, "an account that is known to work may be used as often as needed");
    }

    #[test]
    fn spellings_of_one_account_are_locked_together() {
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        let spellings = ["svc@vsphere.local", r"VSPHERE.LOCAL\svc", "svc", r"vsphere\SVC", "SVC@vsphere.local"];
        let tenants = ["acme", "globex", "initech", "umbrella"];
        let mut refused = 0;
        for second in 0..170 {
            let (user, slug) = (spellings[second % 5], tenants[second % 4]);
            let now = start + Duration::from_secs(second as u64);
            refused +=
                u32::from(limiter.begin(tenant(slug), &server(1), user.into(), now).map(LoginAttempt::refused).is_ok());
        }
        assert!(refused <= 4, "{refused} refusals within 170 s lock the account");
    }

    #[test]
    fn an_outcome_at_one_address_counts_for_no_other_address_of_the_name() {
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        let both = [server(1)[0], server(2)[0]];
        let neighbour = |now| limiter.begin(tenant("globex"), &server(2), "svc".into(), now);
        for _ in 0..3 {
            limiter.begin(tenant("globex"), &both, "svc".into(), start).unwrap().at(both[0]).refused();
        }
        let stranger = limiter.begin(tenant("initech"), &server(2), "svc".into(), start);
        stranger.expect("nobody was refused there").unanswered();

        let now = start + DAY;
        for _ in 0..3 {
            neighbour(now).unwrap().refused();
        }
        let own = start + 2 * DAY - Duration::from_secs(400);
        limiter.begin(tenant("globex"), &server(1), "svc".into(), own).unwrap().at(both[0]).accepted();
        assert!(!limiter.has_accepted(tenant("globex"), &both, "svc"), "one of the two is anybody's");
        assert!(limiter.has_accepted(tenant("globex"), &both[..1], "svc"));
    }

    #[test]
    fn a_repaired_password_is_tried_within_minutes_and_a_guesser_gains_little() {
        let (limiter, start) = (LoginLimiter::default(), Instant::now());
        let begin = |secret: &str, seconds: u64| {
            let login = Login { user: "svc", secret };
            let begun = limiter.begin(tenant("acme"), &server(1), login, start + Duration::from_secs(seconds));
            begun.map(LoginAttempt::refused).is_ok()
        };
        let tried: Vec<u64> = (0..7_200).filter(|second| begin("expired", *second)).collect();
        let since = *tried.last().unwrap();
        assert!(!begin("expired", 7_300) && since < 7_120, "{tried:?}");
        assert!(begin("repaired", 7_300), "a pause of an hour is for the old one");
        assert!(!begin("repaired", 7_301) && !begin("another", 7_301), "once in a window");
        let guesses = (7_302..86_400).filter(|second| begin(&format!("guess {second}"), *second)).count();
        assert!(guesses < 40, "{guesses} guesses in a day");
    }
}
