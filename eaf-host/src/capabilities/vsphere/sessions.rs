//! The logins of all connections: one for each address, user, password and CA, shared by the
//! tenants that have the same ones, because every login counts against vCenter's limit. A login is
//! ended when the last connection has stopped using it.

use super::client::account::Account;
use super::client::server::Server;
use super::client::transport::{self, Timeouts, Transport};
use super::client::{Session, Shared};
use super::connection::Settings;
use super::vcenter::VCenter;
use eaf_core::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// vCenter ends a session that was idle for 30 minutes. It is logged out before, and so is that of
/// a removed connection.
const IDLE: Duration = Duration::from_secs(20 * 60);

pub struct Sessions {
    timeouts: Timeouts,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// By address.
    servers: HashMap<String, Arc<Server>>,
    /// By address, user and password: a refused login is remembered when the connection has changed
    /// and changes back.
    accounts: HashMap<(String, String, String), Arc<Account>>,
    logins: HashMap<Access, Weak<Shared>>,
    uses: HashMap<(TenantId, String), Use>,
}

/// What makes a login. Not `Debug`: it holds a password.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Access {
    url: String,
    user: String,
    password: String,
    ca_certificate: Option<String>,
}

/// A connection that uses a login.
struct Use {
    login: Arc<Shared>,
    templates: Arc<Mutex<HashSet<String>>>,
    last: Instant,
}

impl Sessions {
    pub fn new(timeouts: Timeouts) -> Self {
        Sessions { timeouts, open: Mutex::default() }
    }

    /// A tenant's connection with these settings, for one function: over a login that fits them,
    /// and with one vCenter only.
    pub fn open(
        &self,
        tenant: TenantId,
        connection: &str,
        settings: Settings,
        password: &str,
    ) -> Result<VCenter, transport::Error> {
        let url = transport::address(&settings.url)?;
        let access = Access {
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
            None => open.begin(access, url, self.timeouts)?,
        };
        let key = (tenant, connection.to_owned());
        let before = open.uses.remove(&key).filter(|before| Arc::ptr_eq(&before.login, &login));
        let templates = before.map(|before| before.templates).unwrap_or_default();
        let session = Session::of(login.clone());
        open.uses.insert(key, Use { login, templates: templates.clone(), last: now });
        Ok(VCenter { settings, session, templates })
    }

    /// Logs all out. The host stops.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.open.lock().expect("no panic happens under this lock"));
        let logins = open.logins.values().filter_map(Weak::upgrade);
        let logouts: Vec<_> = logins.map(|login| async move { login.log_out().await }).collect();
        futures_util::future::join_all(logouts).await;
    }
}

impl Open {
    fn begin(
        &mut self,
        access: Access,
        url: reqwest::Url,
        timeouts: Timeouts,
    ) -> Result<Arc<Shared>, transport::Error> {
        let server = self.servers.entry(access.url.clone()).or_default().clone();
        let transport = Transport::new(url, access.ca_certificate.as_deref(), timeouts, server.clone())?;
        let Access { url, user, password, .. } = access.clone();
        let account = self.accounts.entry((url, user, password));
        let account = account
            .or_insert_with_key(|(_, user, password)| Arc::new(Account::new(server, user.clone(), password.clone())));
        let login = Arc::new(Shared::new(transport, account.clone()));
        self.logins.insert(access, Arc::downgrade(&login));
        Ok(login)
    }

    fn forget_idle(&mut self, now: Instant) {
        self.uses.retain(|_, used| now.duration_since(used.last) < IDLE);
        self.logins.retain(|_, login| login.strong_count() > 0);
        // What was refused lately is remembered; a password that is not used any more is not.
        self.accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.is_pausing(now));
    }
}
