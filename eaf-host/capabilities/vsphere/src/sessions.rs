//! vCenter logins of all connections. Connections with the same address, user, password and CA
//! certificate share a login, even across tenants, because vCenter limits the number of logins. If
//! a rule of the egress policy names a tenant, each tenant has its own login. A login ends when no
//! connection uses it any longer.

use super::VSPHERE;
use super::choices::Recent;
use super::client::account::Account;
use super::client::server::Server;
use super::client::transport::{self, Timeouts, Transport};
use super::client::{Session, Shared};
use super::connection::Settings;
use super::vcenter::VCenter;
use eaf_capability::LoginLimiter;
use eaf_capability::egress::{Policy, Route};
use eaf_core::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Time after which a login that no call used is logged out. vCenter itself ends a session that was
/// idle for 30 minutes.
const IDLE: Duration = Duration::from_secs(20 * 60);
/// Interval at which idle logins are searched and ended.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

pub struct Sessions {
    pub timeouts: Timeouts,
    egress: Arc<Policy>,
    login_limiter: Arc<LoginLimiter>,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    /// State per vCenter, by the address in the connection's settings.
    servers: HashMap<String, Arc<Server>>,
    /// Accounts by address, user and password. A refused login stays known here when an admin
    /// changes the settings and changes them back.
    accounts: HashMap<(String, String, String), Arc<Account>>,
    logins: HashMap<Access, Weak<Shared>>,
    uses: HashMap<(TenantId, String), Use>,
    sweep: Option<JoinHandle<()>>,
}

/// Settings that decide which connections share a login. The type has no `Debug`, because it
/// contains a password.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Access {
    /// Tenant to which the login belongs; `None`: all tenants share the login.
    tenant: Option<TenantId>,
    url: String,
    user: String,
    password: String,
    ca_certificate: Option<String>,
}

/// Login that one connection uses, which it may share with other connections, and the templates and
/// choices that were read over this connection.
struct Use {
    login: Arc<Shared>,
    templates: Arc<Mutex<HashSet<String>>>,
    recent: Arc<Recent>,
    last: Instant,
}

impl Sessions {
    pub fn new(timeouts: Timeouts, egress: Arc<Policy>, login_limiter: Arc<LoginLimiter>) -> Self {
        Sessions { timeouts, egress, login_limiter, open: Arc::default() }
    }

    /// Opens a tenant's connection for one function. During the function, the connection uses one
    /// login with these settings and one vCenter.
    pub fn open(
        &self,
        tenant: TenantId,
        connection: &str,
        settings: Settings,
        password: &str,
    ) -> Result<VCenter, transport::Error> {
        let url = transport::address(&settings.url)?;
        let access = Access {
            tenant: self.egress.shared_by(&VSPHERE, tenant),
            url: url.to_string(),
            user: settings.username.clone(),
            password: password.to_owned(),
            ca_certificate: settings.ca_certificate.clone(),
        };
        let mut open = self.open.lock().expect("no panic happens under this lock");
        let now = Instant::now();
        open.forget_idle(now);
        let login = match open.logins.get(&access).and_then(Weak::upgrade) {
            Some(login) => login,
            None => self.begin(&mut open, tenant, access, url)?,
        };
        let key = (tenant, connection.to_owned());
        let before = open.uses.remove(&key).filter(|before| Arc::ptr_eq(&before.login, &login));
        let (templates, recent) = before.map(|before| (before.templates, before.recent)).unwrap_or_default();
        let session = Session::of(login.clone());
        open.uses.insert(key, Use { login, templates: templates.clone(), recent: recent.clone(), last: now });
        self.sweep(&mut open);
        Ok(VCenter { settings, session, templates, recent })
    }

    /// Ends the use of a login by a connection, because the connection was deleted.
    pub fn forget(&self, tenant: TenantId, connection: &str) {
        let mut open = self.open.lock().expect("no panic happens under this lock");
        open.uses.remove(&(tenant, connection.to_owned()));
        open.forget_idle(Instant::now());
    }

    /// Logs out of all vCenters, because the host stops.
    pub async fn close(&self) {
        let open = {
            let mut open = self.open.lock().expect("no panic happens under this lock");
            if let Some(sweep) = open.sweep.take() {
                sweep.abort();
            }
            std::mem::take(&mut *open)
        };
        let logins = open.logins.values().filter_map(Weak::upgrade);
        let logouts: Vec<_> = logins.map(|login| async move { login.log_out().await }).collect();
        futures_util::future::join_all(logouts).await;
    }

    fn begin(
        &self,
        open: &mut Open,
        tenant: TenantId,
        access: Access,
        url: reqwest::Url,
    ) -> Result<Arc<Shared>, transport::Error> {
        let server = open.servers.entry(access.url.clone()).or_default().clone();
        let route = Route::new(self.egress.clone(), &VSPHERE, tenant, &url).map_err(|_| transport::Error::Address)?;
        let transport = Transport::new(url, access.ca_certificate.as_deref(), self.timeouts, server, route)?;
        let Access { url, user, password, .. } = access.clone();
        let account = open.accounts.entry((url, user, password)).or_insert_with_key(|(_, user, password)| {
            Arc::new(Account::new(self.login_limiter.clone(), user.clone(), password.clone()))
        });
        let login = Arc::new(Shared::new(transport, account.clone(), tenant));
        open.logins.insert(access, Arc::downgrade(&login));
        Ok(login)
    }

    /// Starts the task that ends idle logins, unless it is running. The task ends when no login is
    /// open.
    fn sweep(&self, open: &mut Open) {
        if open.sweep.as_ref().is_some_and(|sweep| !sweep.is_finished()) {
            return;
        }
        let weak = Arc::downgrade(&self.open);
        open.sweep = Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                let Some(open) = weak.upgrade() else { return };
                let mut open = open.lock().expect("no panic happens under this lock");
                open.forget_idle(Instant::now());
                if open.is_empty() {
                    return;
                }
            }
        }));
    }
}

impl Open {
    fn forget_idle(&mut self, now: Instant) {
        self.uses.retain(|_, used| now.duration_since(used.last) < IDLE);
        self.logins.retain(|_, login| login.strong_count() > 0);
        // Accounts with a pause after a refusal stay in memory. Passwords of other unused accounts
        // do not.
        self.accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.is_pausing(now));
        self.servers.retain(|_, server| Arc::strong_count(server) > 1);
    }

    fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.logins.is_empty() && self.accounts.is_empty() && self.servers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_capability::egress::testing;
    use serde_json::json;

    #[tokio::test]
    async fn idle_logins_leave_nothing_in_memory() {
        let sessions = Sessions::new(Timeouts::default(), testing::this_machine(), Arc::default());
        for number in 0..100 {
            let url = format!("https://127.0.0.1:9/sdk{number}");
            let settings = json!({ "url": url, "datacenter": "D", "folder": "F", "username": "u" });
            let settings = serde_json::from_value(settings).unwrap();
            sessions.open(TenantId::derive("acme"), &format!("a{number}"), settings, "p").unwrap();
        }
        let mut open = sessions.open.lock().unwrap();
        assert_eq!((open.uses.len(), open.servers.len()), (100, 100));
        assert!(open.sweep.is_some(), "it is looked for without another connection being opened");
        open.forget_idle(Instant::now() + IDLE);
        assert!(open.is_empty());
    }
}
