//! The sessions of all connections: one for each address, user, password and CA, shared by the
//! tenants that have the same ones, because every session counts against vCenter's limit. A session
//! is logged out when the last connection has stopped using it.

use super::client::Session;
use super::client::account::Account;
use super::client::server::Server;
use super::client::transport::{self, Timeouts, Transport};
use super::connection::Settings;
use super::vcenter::VCenter;
use eaf_core::id::TenantId;
use std::collections::HashMap;
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
    sessions: HashMap<Access, Weak<Session>>,
    uses: HashMap<(TenantId, String), Use>,
}

/// What makes a session. Not `Debug`: it holds a password.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Access {
    url: String,
    user: String,
    password: String,
    ca_certificate: Option<String>,
}

/// A connection that uses a session.
struct Use {
    vcenter: VCenter,
    last: Instant,
}

impl Sessions {
    pub fn new(timeouts: Timeouts) -> Self {
        Sessions { timeouts, open: Mutex::default() }
    }

    /// A tenant's connection with these settings, over a session that fits them.
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
        let session = match open.sessions.get(&access).and_then(Weak::upgrade) {
            Some(session) => session,
            None => open.begin(access, url, self.timeouts)?,
        };
        let key = (tenant, connection.to_owned());
        let before = open.uses.get(&key).map(|used| used.vcenter.clone());
        let vcenter = match before.filter(|before| Arc::ptr_eq(&before.session, &session)) {
            Some(same) => VCenter { settings: Arc::new(settings), ..same },
            None => VCenter { settings: Arc::new(settings), session, templates: Arc::default() },
        };
        open.uses.insert(key, Use { vcenter: vcenter.clone(), last: now });
        Ok(vcenter)
    }

    /// Logs all out. The host stops.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.open.lock().expect("no panic happens under this lock"));
        let sessions = open.sessions.values().filter_map(Weak::upgrade);
        let logouts: Vec<_> = sessions.map(|session| async move { session.log_out().await }).collect();
        futures_util::future::join_all(logouts).await;
    }
}

impl Open {
    fn begin(
        &mut self,
        access: Access,
        url: reqwest::Url,
        timeouts: Timeouts,
    ) -> Result<Arc<Session>, transport::Error> {
        let server = self.servers.entry(access.url.clone()).or_default().clone();
        let transport = Transport::new(url, access.ca_certificate.as_deref(), timeouts, server.clone())?;
        let Access { url, user, password, .. } = access.clone();
        let account = self.accounts.entry((url, user, password));
        let account = account
            .or_insert_with_key(|(_, user, password)| Arc::new(Account::new(server, user.clone(), password.clone())));
        let session = Arc::new(Session::new(transport, account.clone()));
        self.sessions.insert(access, Arc::downgrade(&session));
        Ok(session)
    }

    fn forget_idle(&mut self, now: Instant) {
        self.uses.retain(|_, used| now.duration_since(used.last) < IDLE);
        self.sessions.retain(|_, session| session.strong_count() > 0);
        // What was refused lately is remembered; a password that is not used any more is not.
        self.accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.is_pausing(now));
    }
}
