//! Session of one user with one vCenter. The session logs in on first use, and again after vCenter
//! ended the login; a call that fails with `NotAuthenticated` had no effect and is repeated once.
//! Sessions share a login, and the last of them logs out.
//!
//! Another vCenter may replace the server at an address, with the same ids for other objects. Each
//! [`Session`] therefore speaks only with the vCenter of its first login.

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

/// Time-out of a logout in the background; without a logout, vCenter ends the session when it is
/// idle.
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
    /// No login was attempted, since another refusal could lock the account.
    #[error("no login for {} s, so that the account is not locked", .pause.as_secs())]
    LoginsPaused { pause: Duration },
    /// Another vCenter answered than at the session's start. No call was sent to it.
    #[error("another vCenter answers at the address than the one that a session began with")]
    OtherVCenter,
    /// vCenter omitted a property from its answer, for the reason in the fault.
    #[error("{property} of {} cannot be read: {}", .object.value, .fault.kind)]
    Unreadable { object: MoRef, property: String, fault: Box<Fault> },
    #[error("the answer to {method} has no {missing}")]
    Incomplete { method: &'static str, missing: &'static str },
    /// Answer with more items than a vCenter can have.
    #[error("vCenter answers with too many {what}")]
    TooMuch { what: &'static str },
    /// No vCenter was reached. The address may belong to anyone, so the tenant does not learn which
    /// server answers.
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

    /// Whether the error is a fault of this kind or of a descendant.
    pub fn is_fault(&self, kind: &str) -> bool {
        self.fault().is_some_and(|fault| kinds::is(&fault.kind, kind))
    }

    /// Whether vCenter refused the call, so that the call certainly had no effect.
    pub fn is_refusal(&self) -> bool {
        self.fault().is_some() && !self.leaves_doubt()
    }

    /// Whether a request was sent and got no valid answer, so that its effect is unknown.
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
            // No request that could have an effect was sent; a login changes nothing in the
            // inventory.
            Error::Refused(_)
            | Error::LoginsPaused { .. }
            | Error::OtherVCenter
            | Error::Unreadable { .. }
            | Error::Unreached(_) => false,
        }
    }
}

/// State that all sessions with one address, user and password share. They share one login, because
/// vCenter limits the number of logins.
pub struct Shared {
    transport: Transport,
    account: Arc<Account>,
    tenant: TenantId,
    login: tokio::sync::Mutex<Option<Arc<Login>>>,
    /// Clone tasks that vCenter acknowledged to this host. A running clone that is not among these
    /// may also be this host's, with a lost answer.
    acknowledged: Mutex<HashSet<Task>>,
    /// Clones of unknown origin that ran when a clone was first attempted, by the idempotency key
    /// of that attempt.
    suspects: Mutex<HashMap<String, HashSet<Task>>>,
}

/// Task of one vCenter: instance UUID of the vCenter, and id of the task.
type Task = (Option<String>, String);

/// Session of one function with one vCenter.
pub struct Session {
    shared: Arc<Shared>,
    /// Instance UUID of the vCenter of the first login; an inner none for a host without a vCenter.
    vcenter: OnceLock<Option<String>>,
}

/// Calls of a session within one login, for tokens that are invalid in the next login, such as that
/// of a page.
pub struct Conversation<'a> {
    session: &'a Session,
    login: Arc<Login>,
}

impl Session {
    pub fn of(shared: Arc<Shared>) -> Self {
        Session { shared, vcenter: OnceLock::new() }
    }

    /// Calls a method; `make` creates the request from the server's managed objects, which are
    /// known after the login.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        Ok(self.begin(make).await?.0)
    }

    /// Calls a method, and returns the conversation for further calls within the same login.
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

    /// Adds the names of objects that lack privileges to a task's fault, as calls do for their
    /// faults.
    pub async fn name_objects(&self, fault: &mut Fault) -> Result<(), Error> {
        let conversation = Conversation { session: self, login: self.login(None).await? };
        privileges::name(&conversation, fault).await;
        Ok(())
    }

    /// Identity of the server of the present login; logs in if necessary.
    pub async fn about(&self) -> Result<About, Error> {
        Ok(self.login(None).await?.content.about.clone())
    }

    /// Contacts the server, without a login if there is none so far.
    pub async fn reach(&self) -> Result<(), Error> {
        self.shared.reach().await
    }

    /// Records that address and credentials have worked, because an operation in progress was
    /// started with them.
    pub fn mark_worked(&self) {
        self.shared.transport.server().mark_answered();
        self.shared.account.mark_worked();
    }

    /// Ends the pause after a refused login, when a person tests the credentials.
    pub async fn end_login_pause(&self) {
        self.shared.account.end_pause().await;
    }

    /// Error for a first contact that timed out.
    pub fn too_slow(&self) -> Error {
        self.shared.hide(transport::Error::TooSlow.into())
    }

    /// Returns the present login, or a new one if there is none or the present one is `stale`.
    /// Fails if the login belongs to another vCenter than this session.
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

    /// Whether one of the unacknowledged clones `running` already ran when this host first saw the
    /// idempotency key `key`: such a clone may be the effect of an attempt whose answer was lost.
    /// Later clones of other hosts do not count; otherwise a busy template would block all runs.
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

    /// Key of a task, which contains the vCenter's instance UUID. That UUID is known after the
    /// first call.
    fn task(&self, task: &MoRef) -> Task {
        (self.vcenter.get().cloned().flatten(), task.value.clone())
    }
}

impl Shared {
    /// Creates the shared state. Its logins count against the login limit of `tenant`.
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
            // The password goes to the contacted address, even if the host name resolves to another
            // one meanwhile.
            Ok((content, server, transport.route().pin(server)))
        };
        let attempt = |content| login::log_in(&transport, &self.account, content);
        let fresh = self.account.log_in(self.tenant, contact, attempt, || transport.peer()).await;
        let fresh = Arc::new(fresh.map_err(|error| self.hide(error))?);
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    /// Checks that the server claims to be a vCenter, as far as a server tells before a login.
    async fn reach(&self) -> Result<(), Error> {
        if self.login.try_lock().is_ok_and(|login| login.is_some()) {
            return Ok(());
        }
        let resolved = self.transport.route().resolve().await;
        resolved.map_err(|refused| self.hide(transport::Error::Egress(refused).into()))?;
        login::content(&self.transport).await.map(drop).map_err(|error| self.hide(error))
    }

    /// Replaces an error by [`Error::Unreached`], unless the operator listed the server by name or
    /// the tenant has logged in there. Otherwise a tenant could probe any address.
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
    /// Calls a method without a repetition; fails with `NotAuthenticated` if vCenter has ended the
    /// session.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        let answer = self.login.call(&self.session.shared.transport, &make(&self.login.content)).await?;
        match not_authenticated(&answer) {
            Some(fault) => Err(Error::Fault(Box::new(fault))),
            None => Ok(answer),
        }
    }

    /// Whether a new login removes the cause of the error, and the call certainly had no effect.
    async fn is_over(&self, error: &Error) -> bool {
        let is_of_the_parser = error.is_fault(soap::UNKNOWN) || error.is_fault("UnsupportedVimApiVersion");
        error.is_fault("NotAuthenticated")
            || (is_of_the_parser && self.login.is_of_another_version(&self.session.shared.transport).await)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(login) = self.login.get_mut().take() else { return };
        // There is no runtime only while the process terminates.
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

/// Fault of an answer whose properties are missing for lack of a session; vCenter answers reads
/// without a session instead of refusing them. None: the session is valid.
fn not_authenticated(answer: &Element) -> Option<Fault> {
    let objects = answer.children.iter().flat_map(|returned| returned.all("objects"));
    let reasons = objects.flat_map(|object| object.all("missingSet")).filter_map(|missing| missing.child("fault"));
    reasons.map(Fault::of_task).find(|fault| fault.kind == "NotAuthenticated")
}
