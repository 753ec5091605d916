//! Limit of refused logins at other systems, counted per server, account and tenant.
//!
//! A wrong password has two risks. The other system may lock the account after a few refusals. And
//! a tenant may guess the password of another tenant's account, because that tenant's firewall
//! trusts the host's address. A server is identified by its address, so that several names or paths
//! count as one.
//!
//! Counts live in the memory of one process; they start at zero after a restart and are not shared
//! between hosts.

use eaf_core::id::TenantId;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// vCenter locks an account for minutes after 5 refused logins within 180 s. The last ones are
/// reserved for tenants whose login was accepted before, and for people, so that guessing cannot
/// lock them out.
const WINDOW: Duration = Duration::from_secs(180);
const REFUSALS: usize = 4;
const REFUSALS_OF_STRANGERS: usize = 3;

/// Refusals at one server, over all user names, that a tenant may cause within a day before each
/// further one doubles the pause.
const FREE: usize = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Attempts per day, one per window, with another secret for a refused user, since an admin may
/// have corrected the secret.
const REPAIRS: usize = 5;

/// Pause while an attempt has no answer yet.
const SOON: Duration = Duration::from_secs(1);

/// Time until the next login may be attempted.
#[derive(Debug, PartialEq, Eq)]
pub struct Pause(pub Duration);

/// User and secret of a login. Has no `Debug`, so that no log can show the secret.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub secret: &'a str,
}

#[derive(Default)]
pub struct Logins {
    state: Mutex<State>,
    /// Hashes secrets under keys of this process, so that a hash is useless elsewhere.
    hasher: RandomState,
}

#[derive(Default)]
struct State {
    /// Refused logins within [`WINDOW`], per server and account: spelling of the user name, and
    /// time.
    refused: HashMap<(SocketAddr, String), Vec<(String, Instant)>>,
    under_way: HashMap<(SocketAddr, String), usize>,
    /// Refused logins within a day, per tenant and server.
    guesses: HashMap<(TenantId, SocketAddr), Vec<Guess>>,
    /// Attempts of a tenant with another secret in spite of the pause, within a day.
    repairs: HashMap<(TenantId, SocketAddr), Vec<Instant>>,
    /// Last accepted login of a tenant.
    accepted: HashMap<(TenantId, SocketAddr, String), Instant>,
}

struct Guess {
    user: String,
    secret: u64,
    at: Instant,
}

/// Login attempt. Counts as refused unless another outcome is given: a dropped request has reached
/// the server all the same.
pub struct Attempt<'a> {
    logins: &'a Logins,
    tenant: TenantId,
    servers: Vec<SocketAddr>,
    user: String,
    secret: u64,
    at: Instant,
    settled: bool,
}

impl Logins {
    /// Starts an attempt. `servers` are all addresses of the one server.
    pub fn begin(
        &self,
        tenant: TenantId,
        servers: &[SocketAddr],
        login: Login<'_>,
        now: Instant,
    ) -> Result<Attempt<'_>, Pause> {
        let (user, secret) = (login.user.to_lowercase(), self.hasher.hash_one(login.secret));
        let mut attempt = Attempt { logins: self, tenant, servers: Vec::new(), user, secret, at: now, settled: false };
        let mut state = self.lock();
        state.forget(now);
        let pauses = servers.iter().filter_map(|server| state.pause(&attempt, *server, now));
        if let Some(pause) = pauses.max() {
            // No attempt was started, so that the drop must count nothing.
            attempt.settled = true;
            return Err(Pause(pause));
        }
        for server in servers {
            if state.pause_of_guessing(tenant, *server, now).is_some() {
                state.repairs.entry((tenant, *server)).or_default().push(now);
            }
            state.begin(*server, &attempt.user);
        }
        attempt.servers = servers.to_vec();
        Ok(attempt)
    }

    /// Whether a login of the tenant was accepted at each of these addresses within a day. Each
    /// must match, since a name may resolve to another tenant's server beside the tenant's own.
    pub fn have_accepted(&self, tenant: TenantId, servers: &[SocketAddr], user: &str) -> bool {
        let (state, user) = (self.lock(), user.to_lowercase());
        !servers.is_empty()
            && servers.iter().all(|server| state.accepted.contains_key(&(tenant, *server, user.clone())))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic happens under this lock")
    }
}

impl Attempt<'_> {
    /// Limits the attempt to the address that answers; the other addresses count nothing.
    pub fn at(mut self, server: SocketAddr) -> Self {
        let server = SocketAddr::new(server.ip().to_canonical(), server.port());
        let mut state = self.logins.lock();
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
            // Clears exactly this spelling, since another one may be another account.
            if let Some(refused) = state.refused.get_mut(&(server, account(&user))) {
                refused.retain(|(refused, _)| *refused != user);
            }
            if let Some(guesses) = state.guesses.get_mut(&(attempt.tenant, server)) {
                guesses.retain(|guess| guess.user != user);
            }
            state.accepted.insert((attempt.tenant, server, user), attempt.at);
        });
    }

    /// Ends the attempt without an outcome: the server was not reached, or failed.
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
            let Attempt { tenant, user, secret, at, .. } = &*self;
            state.refused.entry((*server, account(user))).or_default().push((user.clone(), *at));
            let guess = Guess { user: user.clone(), secret: *secret, at: *at };
            state.guesses.entry((*tenant, *server)).or_default().push(guess);
        }
    }
}

impl State {
    fn pause(&self, attempt: &Attempt<'_>, server: SocketAddr, now: Instant) -> Option<Duration> {
        let known = self.accepted.contains_key(&(attempt.tenant, server, attempt.user.clone()));
        let lock = self.pause_before_lock(server, &attempt.user, known, now);
        if known || (lock.is_none() && self.may_be_repaired(attempt, server, now)) {
            return lock;
        }
        lock.max(self.pause_of_guessing(attempt.tenant, server, now))
    }

    /// Whether all refusals of this user had other secrets, and an attempt is left.
    fn may_be_repaired(&self, attempt: &Attempt<'_>, server: SocketAddr, now: Instant) -> bool {
        let key = (attempt.tenant, server);
        let guesses = self.guesses.get(&key).map_or(&[][..], Vec::as_slice);
        let mut of_user = guesses.iter().filter(|guess| guess.user == attempt.user).peekable();
        let repairs = self.repairs.get(&key).map_or(&[][..], Vec::as_slice);
        let is_late = |at: &Instant| now.duration_since(*at) >= WINDOW;
        of_user.peek().is_some()
            && of_user.all(|guess| guess.secret != attempt.secret)
            && repairs.len() < REPAIRS
            && repairs.last().is_none_or(is_late)
    }

    fn pause_before_lock(&self, server: SocketAddr, user: &str, known: bool, now: Instant) -> Option<Duration> {
        let key = (server, account(user));
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
        let last = guesses.iter().map(|guess| guess.at).max()?;
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

    fn forget(&mut self, now: Instant) {
        let lately = |at: &Instant, limit: Duration| now.duration_since(*at) < limit;
        self.refused.retain(|_, refused| {
            refused.retain(|(_, at)| lately(at, WINDOW));
            !refused.is_empty()
        });
        self.guesses.retain(|_, guesses| {
            guesses.retain(|guess| lately(&guess.at, DAY));
            !guesses.is_empty()
        });
        self.repairs.retain(|_, repairs| {
            repairs.retain(|at| lately(at, DAY));
            !repairs.is_empty()
        });
        self.accepted.retain(|_, at| lately(at, DAY));
    }
}

/// Account of a user name in lower case: `u@domain`, `domain\\u` and `u` may be one account, which
/// is locked as one.
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

    /// Seconds in which a tenant that tries every second can try a wrong password.
    fn tries(logins: &Logins, slug: &str, user: impl Fn(u64) -> String, from: Instant, seconds: u64) -> Vec<u64> {
        let tried = |second: &u64| {
            let now = from + Duration::from_secs(*second);
            logins.begin(tenant(slug), &server(1), user(*second).as_str().into(), now).map(Attempt::refused).is_ok()
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
                if let Ok(attempt) = logins.begin(tenant(slug), &server(1), user.into(), now) {
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
        assert_eq!(tried[..3], [0, 1, 2]);
        assert!(tried[3] >= 60, "{tried:?}");
        let elsewhere = start + Duration::from_secs(10);
        assert!(
            logins.begin(tenant("globex"), &server(2), "svc".into(), elsewhere).is_ok(),
            "another server is not meant"
        );
    }

    #[test]
    fn who_guesses_does_not_keep_out_the_tenant_whose_login_was_accepted() {
        let (logins, start) = (Logins::default(), Instant::now());
        logins.begin(tenant("acme"), &server(1), "svc".into(), start).unwrap().accepted();
        assert_eq!(tries(&logins, "globex", |_| "svc".into(), start, 100).len(), 3);
        let now = start + Duration::from_secs(100);
        assert!(logins.begin(tenant("initech"), &server(1), "svc".into(), now).is_err(), "the lock is on the user");
        logins.begin(tenant("acme"), &server(1), "SVC".into(), now).unwrap().accepted();
    }

    #[test]
    fn an_attempt_that_nobody_waits_for_counts() {
        let (logins, now) = (Logins::default(), Instant::now());
        for _ in 0..3 {
            drop(logins.begin(tenant("globex"), &server(1), "svc".into(), now).unwrap());
        }
        assert_eq!(logins.begin(tenant("globex"), &server(1), "svc".into(), now).err(), Some(Pause(WINDOW)));
        let (logins, now) = (Logins::default(), Instant::now());
        for _ in 0..100 {
            logins.begin(tenant("globex"), &server(1), "svc".into(), now).unwrap().unanswered();
        }
    }

    #[test]
    fn attempts_under_way_are_waited_for_and_not_taken_for_refusals() {
        let (logins, now) = (Logins::default(), Instant::now());
        let begun: Vec<_> =
            (0..3).map(|_| logins.begin(tenant("acme"), &server(1), "svc".into(), now).unwrap()).collect();
        assert_eq!(logins.begin(tenant("acme"), &server(1), "svc".into(), now).err(), Some(Pause(SOON)));
        begun.into_iter().for_each(Attempt::accepted);
        let many: Vec<_> =
            (0..50).map(|_| logins.begin(tenant("acme"), &server(1), "svc".into(), now).unwrap()).collect();
        assert_eq!(many.len(), 50, "an account that is known to work may be used as often as needed");
    }

    #[test]
    fn spellings_of_one_account_are_locked_together() {
        let (logins, start) = (Logins::default(), Instant::now());
        let spellings = ["svc@vsphere.local", r"VSPHERE.LOCAL\svc", "svc", r"vsphere\SVC", "SVC@vsphere.local"];
        let tenants = ["acme", "globex", "initech", "umbrella"];
        let mut refused = 0;
        for second in 0..170 {
            let (user, slug) = (spellings[second % 5], tenants[second % 4]);
            let now = start + Duration::from_secs(second as u64);
            refused +=
                u32::from(logins.begin(tenant(slug), &server(1), user.into(), now).map(Attempt::refused).is_ok());
        }
        assert!(refused <= 4, "{refused} refusals within 170 s lock the account");
    }

    #[test]
    fn what_is_settled_at_one_address_says_nothing_of_the_others_of_its_name() {
        let (logins, start) = (Logins::default(), Instant::now());
        let both = [server(1)[0], server(2)[0]];
        let neighbour = |now| logins.begin(tenant("globex"), &server(2), "svc".into(), now);
        for _ in 0..3 {
            logins.begin(tenant("globex"), &both, "svc".into(), start).unwrap().at(both[0]).refused();
        }
        let stranger = logins.begin(tenant("initech"), &server(2), "svc".into(), start);
        stranger.expect("nobody was refused there").unanswered();

        let now = start + DAY;
        for _ in 0..3 {
            neighbour(now).unwrap().refused();
        }
        let own = start + 2 * DAY - Duration::from_secs(400);
        logins.begin(tenant("globex"), &server(1), "svc".into(), own).unwrap().at(both[0]).accepted();
        assert!(!logins.have_accepted(tenant("globex"), &both, "svc"), "one of the two is anybody's");
        assert!(logins.have_accepted(tenant("globex"), &both[..1], "svc"));
    }

    #[test]
    fn a_repaired_password_is_tried_within_minutes_and_a_guesser_gains_little() {
        let (logins, start) = (Logins::default(), Instant::now());
        let begin = |secret: &str, seconds: u64| {
            let login = Login { user: "svc", secret };
            let begun = logins.begin(tenant("acme"), &server(1), login, start + Duration::from_secs(seconds));
            begun.map(Attempt::refused).is_ok()
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
