//! A user name and a password at one vCenter, and how vCenter received them. Refused ones are not
//! tried by every call: a few refused logins lock the account, also for people.

use super::server::Server;
use super::{Error, kinds};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a refused login is not repeated: longer each time, as an account that is locked stays
/// so for 5 to 15 minutes.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(120), Duration::from_secs(240), Duration::from_secs(480), Duration::from_secs(900)];

/// vCenter refused the login, just now or so short a time ago that it is not asked.
#[derive(Debug, thiserror::Error)]
#[error("vCenter refused the login with {kind}")]
pub struct Refused {
    /// `InvalidLogin` or a descendant.
    pub kind: String,
    /// The same user name and password were accepted before: the directory behind vCenter may be
    /// away.
    pub worked_before: bool,
    /// Until the next attempt.
    pub pause: Duration,
}

pub struct Account {
    pub server: Arc<Server>,
    pub user: String,
    pub password: String,
    worked: AtomicBool,
    /// Held during a login: there is one attempt at a time.
    refusal: Mutex<Option<Refusal>>,
}

struct Refusal {
    kind: String,
    times: usize,
    until: Instant,
}

impl Account {
    pub fn new(server: Arc<Server>, user: String, password: String) -> Self {
        Account { server, user, password, worked: AtomicBool::new(false), refusal: Mutex::default() }
    }

    /// These credentials are known to have been accepted, by this process or by an earlier one.
    pub fn mark_worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// A person asks for an attempt: the pause after a refusal ends, the lockout policy stays.
    pub async fn end_pause(&self) {
        if let Some(refusal) = &mut *self.refusal.lock().await {
            refusal.until = Instant::now();
        }
    }

    /// Whether a refusal is to be remembered. One that is just being made is.
    pub fn is_pausing(&self, now: Instant) -> bool {
        let refusal = self.refusal.try_lock();
        refusal.map_or(true, |refusal| refusal.as_ref().is_some_and(|refusal| refusal.until > now))
    }

    /// Makes the attempt if it may be made now.
    pub async fn log_in<T>(&self, attempt: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut refusal = self.refusal.lock().await;
        let now = Instant::now();
        if let Some(present) = refusal.as_ref().filter(|refusal| refusal.until > now) {
            return Err(self.refused(present, now));
        }
        if let Some(pause) = self.server.pause(&self.user, now) {
            return Err(Error::LoginsPaused { pause });
        }
        match attempt.await {
            Ok(login) => {
                *refusal = None;
                self.mark_worked();
                self.server.note_accepted(&self.user);
                Ok(login)
            }
            Err(Error::Fault(fault)) if kinds::is(&fault.kind, "InvalidLogin") => {
                let now = Instant::now();
                self.server.note_refused(&self.user, now);
                let times = refusal.as_ref().map_or(0, |refusal| refusal.times + 1);
                let until = now + PAUSES[times.min(PAUSES.len() - 1)];
                let present = refusal.insert(Refusal { kind: fault.kind, times, until });
                Err(self.refused(present, now))
            }
            Err(error) => Err(error),
        }
    }

    fn refused(&self, refusal: &Refusal, now: Instant) -> Error {
        Error::Refused(Refused {
            kind: refusal.kind.clone(),
            worked_before: self.worked.load(Ordering::Relaxed),
            pause: refusal.until.saturating_duration_since(now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::vsphere::client::Fault;
    use std::sync::atomic::AtomicU32;

    fn account() -> Account {
        Account::new(Arc::default(), "svc".into(), "canary".into())
    }

    async fn refuse(account: &Account, attempts: &AtomicU32) -> Error {
        let attempt = async {
            attempts.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err::<(), _>(Error::Fault(Box::new(Fault { kind: "InvalidLogin".into(), ..Fault::default() })))
        };
        account.log_in(attempt).await.unwrap_err()
    }

    #[tokio::test]
    async fn refused_credentials_are_tried_once_however_many_ask() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        let asked = (0..20).map(|_| refuse(&account, &attempts));
        for error in futures_util::future::join_all(asked).await {
            assert!(matches!(error, Error::Refused(refused) if !refused.worked_before));
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_person_may_try_sooner_but_not_until_the_account_is_locked() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        for _ in 0..20 {
            account.end_pause().await;
            refuse(&account, &attempts).await;
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 4);
        account.end_pause().await;
        assert!(matches!(refuse(&account, &attempts).await, Error::LoginsPaused { .. }));
    }

    #[tokio::test]
    async fn the_pauses_grow_and_end_when_the_login_works() {
        let (account, attempts) = (account(), AtomicU32::new(0));
        let mut pauses = Vec::new();
        for _ in 0..3 {
            account.end_pause().await;
            let Error::Refused(refused) = refuse(&account, &attempts).await else { panic!("not refused") };
            pauses.push(refused.pause.as_secs());
        }
        assert_eq!(pauses, [120, 240, 480]);
        account.end_pause().await;
        account.log_in(async { Ok(()) }).await.unwrap();
        let Error::Refused(refused) = refuse(&account, &attempts).await else { panic!("not refused") };
        assert_eq!((refused.pause.as_secs(), refused.worked_before), (120, true));
    }
}
