//! User name and password at one vCenter, with the logins that vCenter refused. After a refusal,
//! further logins pause, because a few refusals lock the account also for people.

use super::{Error, kinds};
use eaf_capability::login_limiter::{Login, LoginLimiter, LoginPause};
use eaf_core::id::TenantId;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Pauses of logins to a vCenter after the first, second, third and further consecutive refused
/// logins. They grow because a locked account stays locked for 5 to 15 minutes.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(120), Duration::from_secs(240), Duration::from_secs(480), Duration::from_secs(900)];

/// Error: vCenter refused a login. Either it refused this login, or it refused a recent one and
/// this login was not sent.
#[derive(Debug, thiserror::Error)]
#[error("vCenter refused the login with {kind}")]
pub struct Refused {
    /// Kind of the fault with which vCenter refused the login: `InvalidLogin` or a descendant.
    pub kind: String,
    /// Whether vCenter has accepted the same user name and password before. If so, the refusal may
    /// mean that the directory behind vCenter is unavailable.
    pub worked_before: bool,
    /// Time until a login with this account may be attempted again.
    pub pause: Duration,
}

pub struct Account {
    login_limiter: Arc<LoginLimiter>,
    pub user: String,
    pub password: String,
    worked: AtomicBool,
    /// Last refused login; `None` if the last login was accepted. The lock is held during a login,
    /// so that only one login is attempted at a time.
    refusal: Mutex<Option<Refusal>>,
}

struct Refusal {
    kind: String,
    times: usize,
    until: Instant,
}

impl Account {
    pub fn new(login_limiter: Arc<LoginLimiter>, user: String, password: String) -> Self {
        Account { login_limiter, user, password, worked: AtomicBool::new(false), refusal: Mutex::default() }
    }

    /// Records that vCenter has accepted this user name and password before, in this process or an
    /// earlier one.
    pub fn mark_worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    pub fn has_worked(&self) -> bool {
        self.worked.load(Ordering::Relaxed)
    }

    /// Ends the pause after a refused login, because a person asks for an attempt. The limits of
    /// the [`LoginLimiter`] still apply.
    pub async fn end_pause(&self) {
        if let Some(refusal) = &mut *self.refusal.lock().await {
            refusal.until = Instant::now();
        }
    }

    /// Whether logins with this account pause at the time `now`. Also true while a login is being
    /// attempted, because vCenter may refuse it.
    pub fn is_pausing(&self, now: Instant) -> bool {
        let refusal = self.refusal.try_lock();
        refusal.map_or(true, |refusal| refusal.as_ref().is_some_and(|refusal| refusal.until > now))
    }

    /// Attempts a login, unless logins pause after a refusal or the tenant's login limiter refuses
    /// the attempt.
    ///
    /// The future `contact` runs before a password is sent and returns the server's address; if it
    /// fails, no login counts, because the server has refused nothing. The third value that
    /// `contact` returns is dropped after the attempt. `peer` returns the address that answered the
    /// attempt.
    pub async fn log_in<C, K, T, A: Future<Output = Result<T, Error>>>(
        &self,
        tenant: TenantId,
        contact: impl Future<Output = Result<(C, SocketAddr, K), Error>>,
        attempt: impl FnOnce(C) -> A,
        peer: impl Fn() -> Option<SocketAddr>,
    ) -> Result<T, Error> {
        let mut refusal = self.refusal.lock().await;
        let now = Instant::now();
        if let Some(present) = refusal.as_ref().filter(|refusal| refusal.until > now) {
            return Err(self.refused(present, now));
        }
        let (contact, server, _kept) = contact.await?;
        let login = Login { user: &self.user, secret: &self.password };
        let begun = self.login_limiter.begin(tenant, &[server], login, Instant::now());
        let begun = begun.map_err(|LoginPause(pause)| Error::LoginsPaused { pause })?;
        let answer = attempt(contact).await;
        let begun = match peer() {
            Some(peer) => begun.at(peer),
            None => begun,
        };
        match answer {
            Ok(login) => {
                *refusal = None;
                self.mark_worked();
                begun.accepted();
                Ok(login)
            }
            Err(Error::Fault(fault)) if kinds::is(&fault.kind, "InvalidLogin") => {
                begun.refused();
                let now = Instant::now();
                let times = refusal.as_ref().map_or(0, |refusal| refusal.times + 1);
                let until = now + PAUSES[times.min(PAUSES.len() - 1)];
                let present = refusal.insert(Refusal { kind: fault.kind, times, until });
                Err(self.refused(present, now))
            }
            Err(error) => {
                begun.unanswered();
                Err(error)
            }
        }
    }

    fn refused(&self, refusal: &Refusal, now: Instant) -> Error {
        Error::Refused(Refused {
            kind: refusal.kind.clone(),
            worked_before: self.has_worked(),
            pause: refusal.until.saturating_duration_since(now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Fault;
    use std::sync::atomic::AtomicU32;

    const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 443);

    fn acme() -> TenantId {
        TenantId::derive("acme")
    }

    fn account() -> Account {
        Account::new(Arc::default(), "svc".into(), "canary".into())
    }

    async fn refuse(account: &Account, attempts: &AtomicU32) -> Error {
        let attempt = async {
            attempts.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err::<(), _>(Error::Fault(Box::new(Fault { kind: "InvalidLogin".into(), ..Fault::default() })))
        };
        account.log_in(acme(), async { Ok(((), SERVER, ())) }, |()| attempt, || None).await.unwrap_err()
    }

    #[tokio::test]
    async fn concurrent_callers_try_refused_credentials_once() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        let asked = (0..20).map(|_| refuse(&account, &attempts));
        for error in futures_util::future::join_all(asked).await {
            assert!(matches!(error, Error::Refused(refused) if !refused.worked_before));
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_person_may_end_a_pause_but_not_the_lockout_policy() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        for _ in 0..20 {
            account.end_pause().await;
            refuse(&account, &attempts).await;
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 3);
        account.end_pause().await;
        assert!(matches!(refuse(&account, &attempts).await, Error::LoginsPaused { .. }));
    }

    #[tokio::test]
    async fn pauses_grow_and_end_with_a_successful_login() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        let mut pauses = Vec::new();
        for _ in 0..2 {
            account.end_pause().await;
            let Error::Refused(refused) = refuse(&account, &attempts).await else { panic!("not refused") };
            pauses.push(refused.pause.as_secs());
        }
        assert_eq!(pauses, [120, 240]);
        account.end_pause().await;
        account.log_in(acme(), async { Ok(((), SERVER, ())) }, |()| async { Ok(()) }, || None).await.unwrap();
        let Error::Refused(refused) = refuse(&account, &attempts).await else { panic!("not refused") };
        assert_eq!((refused.pause.as_secs(), refused.worked_before), (120, true));
    }
}
