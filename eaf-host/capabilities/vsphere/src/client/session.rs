//! Session of one user with one vCenter. The session logs in at its first call, and again after
//! vCenter has ended the login. A call that fails with `NotAuthenticated` had no effect and is
//! repeated once. Several sessions share a login; the last of them logs out.
//!
//! Another vCenter may replace the server at an address, and there the same ids belong to other
//! objects. Each [`Session`] therefore calls only the vCenter of its first login.

use super::account::{Account, Refused};
use super::kinds;
use super::login::{self, About, Content, Login};
use super::privileges;
use super::soap::{self, Fault, MoRef, Request};
use super::transport::{self, Transport};
use super::xml::Element;
use eaf_core::id::TenantId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Time-out of a logout, which runs in the background. If it fails, vCenter ends the idle session
/// itself.
const LOGOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Transport(#[from] transport::Error),
    #[error(transparent)]
    Soap(#[from] soap::Error),
    #[error("vCenter answered {}: {}", .0.kind, .0.message)]
    Fault(Box<Fault>),
    #[error(transparent)]
    Refused(Refused),
    /// No login was attempted, because another refusal could lock the account.
    #[error("no login for {} s, so that the account is not locked", .pause.as_secs())]
    LoginsPaused { pause: Duration },
    /// The server that answers now is another vCenter than at the session's first login. No call
    /// was sent to it.
    #[error("another vCenter answers at the address than the one that a session began with")]
    OtherVCenter,
    /// vCenter omitted a property from its answer. The fault says why.
    #[error("{property} of {} cannot be read: {}", .object.value, .fault.kind)]
    Unreadable { object: MoRef, property: String, fault: Box<Fault> },
    #[error("the answer to {method} has no {missing}")]
    Incomplete { method: &'static str, missing: &'static str },
    /// An answer has more items than a real vCenter returns.
    #[error("vCenter answers with too many {what}")]
    TooMuch { what: &'static str },
    /// No vCenter was reached. The error hides the cause, because the address may belong to anyone
    /// and the tenant must not learn which server answers there.
    #[error("no vCenter was reached")]
    Unreached(#[source] Box<Error>),
}

impl Error {
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Error::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the error is a vCenter fault of the kind `kind` or of a descendant.
    pub fn is_fault(&self, kind: &str) -> bool {
        self.fault().is_some_and(|fault| kinds::is(&fault.kind, kind))
    }

    /// Whether vCenter refused the call, so that the call certainly changed nothing.
    pub fn is_refusal(&self) -> bool {
        self.fault().is_some() && !self.leaves_doubt()
    }

    /// Whether a request was sent and got no valid answer, so that it is unknown whether the
    /// request had an effect.
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Error::Transport(error) => !matches!(
                error,
                transport::Error::Address
                    | transport::Error::CaCertificate(_)
                    | transport::Error::Client(_)
                    | transport::Error::Certificate { .. }
                    | transport::Error::Connect(_)
                    | transport::Error::Egress(_)
            ),
            Error::Soap(_) | Error::Incomplete { .. } | Error::TooMuch { .. } => true,
            Error::Fault(fault) => fault.kind == soap::UNKNOWN,
            // No request was sent that could change the inventory; a login changes nothing there.
            Error::Refused(_)
            | Error::LoginsPaused { .. }
            | Error::OtherVCenter
            | Error::Unreadable { .. }
            | Error::Unreached(_) => false,
        }
    }
}

/// State that all sessions with the same address, user and password share. They use one login,
/// because vCenter limits the number of logins.
pub struct Shared {
    transport: Transport,
    account: Arc<Account>,
    tenant: TenantId,
    login: tokio::sync::Mutex<Option<Arc<Login>>>,
    /// Clone tasks of which vCenter told this host the id. A running clone that is not among these
    /// may still be this host's, because vCenter's answer to the clone may have been lost.
    acknowledged: Mutex<HashSet<Task>>,
    /// Running clones that may be a lost attempt of this host, by idempotency key: for each key,
    /// the clones of unknown origin that ran when this host first saw the key.
    suspects: Mutex<HashMap<String, HashSet<Task>>>,
}

/// Identity of a vCenter task: the vCenter's instance UUID, and the task's id, which is unique
/// within that vCenter only.
type Task = (Option<String>, String);

/// Session in which one call of a capability function talks to one vCenter.
pub struct Session {
    shared: Arc<Shared>,
    /// Instance UUID of the vCenter at the first login; the inner value is `None` for an ESXi host
    /// without a vCenter.
    vcenter: OnceLock<Option<String>>,
}

/// Series of calls within one login. Values such as the token of a further page are valid only in
/// the login in which vCenter returned them.
pub struct Conversation<'a> {
    session: &'a Session,
    login: Arc<Login>,
}

impl Session {
    pub fn of(shared: Arc<Shared>) -> Self {
        Session { shared, vcenter: OnceLock::new() }
    }

    /// Calls a method of vCenter. `make` creates the request from the server's managed objects,
    /// which are known only after the login.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        Ok(self.begin(make).await?.0)
    }

    /// Calls a method of vCenter, and returns the conversation for further calls within the same
    /// login.
    pub async fn begin(&self, make: impl Fn(&Content) -> Request) -> Result<(Element, Conversation<'_>), Error> {
        let mut conversation = Conversation { session: self, login: self.login(None).await? };
        let mut answer = conversation.call(&make).await;
        if let Err(error) = &answer
            && conversation.is_over(error).await
        {
            conversation.login = self.login(Some(&conversation.login)).await?;
            answer = conversation.call(&make).await;
        }
        match answer {
            Err(Error::Fault(mut fault)) => {
                privileges::name(&conversation, &mut fault).await;
                Err(Error::Fault(fault))
            }
            answer => Ok((answer?, conversation)),
        }
    }

    /// Adds the names of the objects on which privileges are missing to the fault of a failed task.
    /// For the fault of a call, the client does this itself.
    pub async fn name_objects(&self, fault: &mut Fault) -> Result<(), Error> {
        let conversation = Conversation { session: self, login: self.login(None).await? };
        privileges::name(&conversation, fault).await;
        Ok(())
    }

    /// Identity of the server to which this session is logged in. Logs in if necessary.
    pub async fn about(&self) -> Result<About, Error> {
        Ok(self.login(None).await?.content.about.clone())
    }

    /// Contacts the server. Without a login, only the server's identity is read, which needs no
    /// login.
    pub async fn reach(&self) -> Result<(), Error> {
        self.shared.reach().await
    }

    /// Records that this address and these credentials have worked before, because an operation
    /// that is in progress was started with them.
    pub fn mark_worked(&self) {
        self.shared.transport.server().mark_answered();
        self.shared.account.mark_worked();
    }

    /// Ends the pause after a refused login, because a person tests the credentials.
    pub async fn end_login_pause(&self) {
        self.shared.account.end_pause().await;
    }

    /// Error because the first contact with the server took too long.
    pub fn too_slow(&self) -> Error {
        self.shared.hide(transport::Error::TooSlow.into())
    }

    /// Returns the present login. Logs in if there is no login, or if the present login is `stale`.
    /// Fails if the login is at another vCenter than this session's first login.
    async fn login(&self, stale: Option<&Arc<Login>>) -> Result<Arc<Login>, Error> {
        let login = self.shared.login(stale).await?;
        let present = &login.content.about.instance_uuid;
        if self.vcenter.get_or_init(|| present.clone()) != present {
            return Err(Error::OtherVCenter);
        }
        Ok(login)
    }

    pub fn acknowledge_task(&self, task: &MoRef) {
        self.shared.acknowledged.lock().expect("no panic happens under this lock").insert(self.task(task));
    }

    pub fn is_acknowledged(&self, task: &MoRef) -> bool {
        self.shared.acknowledged.lock().expect("no panic happens under this lock").contains(&self.task(task))
    }

    pub fn remove_task(&self, task: &MoRef) {
        self.shared.acknowledged.lock().expect("no panic happens under this lock").remove(&self.task(task));
    }

    /// Whether the clone with the idempotency key `key` must wait. It must wait while one of the
    /// clones `running`, which vCenter did not acknowledge to this host, also ran when this host
    /// first saw the key: that clone may be an earlier attempt whose answer was lost. Clones that
    /// started later do not count, because a template that other hosts use often would otherwise
    /// block all runs.
    pub fn must_wait(&self, key: &str, running: &[MoRef]) -> bool {
        let mut suspects = self.shared.suspects.lock().expect("no panic happens under this lock");
        let running: HashSet<Task> = running.iter().map(|task| self.task(task)).collect();
        let first = suspects.entry(key.to_owned()).or_insert_with(|| running.clone());
        let waits = !first.is_disjoint(&running);
        if !waits {
            suspects.remove(key);
        }
        waits
    }

    /// Identity of a vCenter task, with the vCenter's instance UUID, which is known after the first
    /// call.
    fn task(&self, task: &MoRef) -> Task {
        (self.vcenter.get().cloned().flatten(), task.value.clone())
    }
}

impl Shared {
    /// Creates the shared state of sessions. Its logins count against the login limit of `tenant`.
    pub fn new(transport: Transport, account: Arc<Account>, tenant: TenantId) -> Self {
        Shared {
            transport,
            account,
            tenant,
            login: tokio::sync::Mutex::new(None),
            acknowledged: Mutex::default(),
            suspects: Mutex::default(),
        }
    }

    pub async fn log_out(&self) {
        if let Some(login) = self.login.lock().await.take() {
            log_out(&self.transport, &login).await;
        }
    }

    async fn login(&self, stale: Option<&Arc<Login>>) -> Result<Arc<Login>, Error> {
        let mut slot = self.login.lock().await;
        if let Some(present) = &*slot
            && !stale.is_some_and(|stale| Arc::ptr_eq(stale, present))
        {
            return Ok(present.clone());
        }
        *slot = None;
        let transport = self.transport.apart();
        let contact = async {
            let resolved = transport.route().resolve().await.map_err(transport::Error::Egress)?;
            let content = login::content(&transport).await?;
            let server = transport.peer().or(resolved.addresses.first().copied());
            let server = server.ok_or(Error::Incomplete { method: "Login", missing: "peer" })?;
            // The password is sent only to the address that was contacted, even if the host name
            // resolves to another address meanwhile.
            Ok((content, server, transport.route().pin(server)))
        };
        let attempt = |content| login::log_in(&transport, &self.account, content);
        let fresh = self.account.log_in(self.tenant, contact, attempt, || transport.peer()).await;
        let fresh = Arc::new(fresh.map_err(|error| self.hide(error))?);
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    /// Checks that the server claims to be a vCenter, as far as a server shows that before a login.
    /// Does nothing if there is a login.
    async fn reach(&self) -> Result<(), Error> {
        if self.login.try_lock().is_ok_and(|login| login.is_some()) {
            return Ok(());
        }
        let resolved = self.transport.route().resolve().await;
        resolved.map_err(|refused| self.hide(transport::Error::Egress(refused).into()))?;
        login::content(&self.transport).await.map(drop).map_err(|error| self.hide(error))
    }

    /// Replaces an error by [`Error::Unreached`], so that a tenant cannot use connections to find
    /// out which servers exist. The error stays if the operator listed the server by name, or if
    /// the tenant has logged in there.
    fn hide(&self, error: Error) -> Error {
        match error {
            Error::Transport(_) | Error::Soap(_) | Error::Incomplete { .. } | Error::TooMuch { .. }
                if !self.transport.route().is_named() && !self.account.has_worked() =>
            {
                Error::Unreached(Box::new(error))
            }
            error => error,
        }
    }
}

impl Conversation<'_> {
    /// Calls a method of vCenter once. Fails with the fault `NotAuthenticated` if vCenter has ended
    /// the login.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        let answer = self.login.call(&self.session.shared.transport, &make(&self.login.content)).await?;
        match not_authenticated(&answer) {
            Some(fault) => Err(Error::Fault(Box::new(fault))),
            None => Ok(answer),
        }
    }

    /// Whether the call failed because the login is out of date and certainly had no effect, so
    /// that it can be repeated after a new login.
    async fn is_over(&self, error: &Error) -> bool {
        let is_of_the_parser = error.is_fault(soap::UNKNOWN) || error.is_fault("UnsupportedVimApiVersion");
        error.is_fault("NotAuthenticated")
            || (is_of_the_parser && self.login.is_of_another_version(&self.session.shared.transport).await)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(login) = self.login.get_mut().take() else { return };
        // Without a runtime the process is terminating, and the logout is omitted.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let transport = self.transport.clone();
        runtime.spawn(async move { log_out(&transport, &login).await });
    }
}

async fn log_out(transport: &Transport, login: &Login) {
    match tokio::time::timeout(LOGOUT, login::log_out(transport, login)).await {
        Ok(Ok(())) => tracing::debug!("logged out of vCenter"),
        Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "a logout of vCenter failed"),
        Err(_) => tracing::debug!("a logout of vCenter took too long"),
    }
}

/// Fault `NotAuthenticated` in the `missingSet` of an answer. vCenter does not refuse a read
/// without a valid login, but omits the properties with this fault. `None` if the login is valid.
fn not_authenticated(answer: &Element) -> Option<Fault> {
    let objects = answer.children.iter().flat_map(|returned| returned.all("objects"));
    let reasons = objects.flat_map(|object| object.all("missingSet")).filter_map(|missing| missing.child("fault"));
    reasons.map(Fault::of_task).find(|fault| fault.kind == "NotAuthenticated")
}
