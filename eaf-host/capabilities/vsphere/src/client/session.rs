//! A conversation with one vCenter as one user. It logs in when it is first needed and again when
//! vCenter has forgotten it; a call that meets `NotAuthenticated` had no effect and is repeated
//! once. The login is shared, and it is logged out when the last one who shares it is gone.
//!
//! Another vCenter may answer at the same address at any time, and it gives the same ids to other
//! objects. So each [`Session`] speaks with one vCenter only: with the one that it met first.

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

/// For logging out in the background: vCenter ends a session by itself in the end.
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
    /// Another refused login could lock the user's account.
    #[error("no login for {} s, so that the account is not locked", .pause.as_secs())]
    LoginsPaused { pause: Duration },
    /// Also on the way of a login. Nothing was sent to the other one.
    #[error("another vCenter answers at the address than the one that a session began with")]
    OtherVCenter,
    /// vCenter answered, and left this property out for the reason in the fault.
    #[error("{property} of {} cannot be read: {}", .object.value, .fault.kind)]
    Unreadable { object: MoRef, property: String, fault: Box<Fault> },
    #[error("the answer to {method} has no {missing}")]
    Incomplete { method: &'static str, missing: &'static str },
    /// More than any vCenter has.
    #[error("vCenter answers with too many {what}")]
    TooMuch { what: &'static str },
    /// The address may be anybody's, so that its tenant is not told what answers there.
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

    /// Whether vCenter answered with a fault of this kind or of a descendant.
    pub fn is_fault(&self, kind: &str) -> bool {
        self.fault().is_some_and(|fault| kinds::is(&fault.kind, kind))
    }

    /// vCenter refused the call, which certainly had no effect.
    pub fn is_refusal(&self) -> bool {
        self.fault().is_some() && !self.leaves_doubt()
    }

    /// Something was sent and nothing sensible came back: an effect may or may not have happened.
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
            // A login changes nothing in the inventory.
            Error::Refused(_)
            | Error::LoginsPaused { .. }
            | Error::OtherVCenter
            | Error::Unreadable { .. }
            | Error::Unreached(_) => false,
        }
    }
}

/// What all sessions of one address, user and password share: one login, because vCenter limits
/// their number.
pub struct Shared {
    transport: Transport,
    account: Arc<Account>,
    tenant: TenantId,
    login: tokio::sync::Mutex<Option<Arc<Login>>>,
    /// Clone tasks whose acceptance we heard. A clone that runs and is not among them may be one
    /// whose answer was lost.
    heard: Mutex<HashSet<Task>>,
    /// Per idempotency key, the clones of unknown origin that ran when it first wanted to clone.
    suspects: Mutex<HashMap<String, HashSet<Task>>>,
}

/// A vCenter's instance UUID and the id of a task in it.
type Task = (Option<String>, String);

/// Calls to one vCenter, for the time of one function.
pub struct Session {
    shared: Arc<Shared>,
    /// The instance UUID of the first login; none of a host that no vCenter manages.
    vcenter: OnceLock<Option<String>>,
}

/// Calls in one login, never in another: what vCenter gives to a session, such as the token of a
/// page, is worth nothing in the next one.
pub struct Conversation<'a> {
    session: &'a Session,
    login: Arc<Login>,
}

impl Session {
    pub fn of(shared: Arc<Shared>) -> Self {
        Session { shared, vcenter: OnceLock::new() }
    }

    /// `make` gets the managers, which are known only after login.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        Ok(self.begin(make).await?.0)
    }

    /// The same, with the conversation in which further calls belong to this one.
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

    /// Adds to a task's fault what a call's fault has: the names of objects on which privileges are
    /// missing.
    pub async fn name_objects(&self, fault: &mut Fault) -> Result<(), Error> {
        let conversation = Conversation { session: self, login: self.login(None).await? };
        privileges::name(&conversation, fault).await;
        Ok(())
    }

    /// The server of the present login. Logs in if there is none.
    pub async fn about(&self) -> Result<About, Error> {
        Ok(self.login(None).await?.content.about.clone())
    }

    /// The first contact with the server, without a login where there is none.
    pub async fn reach(&self) -> Result<(), Error> {
        self.shared.reach().await
    }

    /// Address and credentials are known to have worked, because something is under way that they
    /// began.
    pub fn mark_worked(&self) {
        self.shared.transport.server().mark_answered();
        self.shared.account.mark_worked();
    }

    /// A person asks whether the credentials work: a login that was refused is tried without its
    /// pause.
    pub async fn end_login_pause(&self) {
        self.shared.account.end_pause().await;
    }

    /// Nothing came in the time that a first contact has.
    pub fn too_slow(&self) -> Error {
        self.shared.hide(transport::Error::TooSlow.into())
    }

    /// The present login, if it is one of the vCenter that this session began with; a new one if
    /// there is none or if it is `stale`.
    async fn login(&self, stale: Option<&Arc<Login>>) -> Result<Arc<Login>, Error> {
        let login = self.shared.login(stale).await?;
        let present = &login.content.about.instance_uuid;
        if self.vcenter.get_or_init(|| present.clone()) != present {
            return Err(Error::OtherVCenter);
        }
        Ok(login)
    }

    pub fn remember_task(&self, task: &MoRef) {
        self.shared.heard.lock().expect("no panic happens under this lock").insert(self.task(task));
    }

    pub fn knows_task(&self, task: &MoRef) -> bool {
        self.shared.heard.lock().expect("no panic happens under this lock").contains(&self.task(task))
    }

    pub fn forget_task(&self, task: &MoRef) {
        self.shared.heard.lock().expect("no panic happens under this lock").remove(&self.task(task));
    }

    /// Whether one of these unheard clones ran already when `key` was first seen here, so that it
    /// may be the effect of an attempt whose answer was lost. Clones that other hosts began later
    /// do not count, or a busy template would make everybody wait for ever.
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

    /// Known after the first call.
    fn task(&self, task: &MoRef) -> Task {
        (self.vcenter.get().cloned().flatten(), task.value.clone())
    }
}

impl Shared {
    /// The logins are counted as this tenant's.
    pub fn new(transport: Transport, account: Arc<Account>, tenant: TenantId) -> Self {
        Shared {
            transport,
            account,
            tenant,
            login: tokio::sync::Mutex::new(None),
            heard: Mutex::default(),
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
            // The password goes to the address that was asked, whatever its name leads to meanwhile.
            Ok((content, server, transport.route().pin(server)))
        };
        let attempt = |content| login::log_in(&transport, &self.account, content);
        let fresh = self.account.log_in(self.tenant, contact, attempt, || transport.peer()).await;
        let fresh = Arc::new(fresh.map_err(|error| self.hide(error))?);
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    /// What answers is a vCenter, as far as it says so before a login.
    async fn reach(&self) -> Result<(), Error> {
        if self.login.try_lock().is_ok_and(|login| login.is_some()) {
            return Ok(());
        }
        let resolved = self.transport.route().resolve().await;
        resolved.map_err(|refused| self.hide(transport::Error::Egress(refused).into()))?;
        login::content(&self.transport).await.map(drop).map_err(|error| self.hide(error))
    }

    /// What is wrong with a server is told where the operator listed this very server, and to those
    /// who have logged in there. To others it is one answer, because they could ask about any
    /// address.
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
    /// Fails with `NotAuthenticated` when vCenter has ended the session, and is not repeated.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        let answer = self.login.call(&self.session.shared.transport, &make(&self.login.content)).await?;
        match not_authenticated(&answer) {
            Some(fault) => Err(Error::Fault(Box::new(fault))),
            None => Ok(answer),
        }
    }

    /// Whether a call failed for a reason that ends with another login, without having had an
    /// effect.
    async fn is_over(&self, error: &Error) -> bool {
        let is_of_the_parser = error.is_fault(soap::UNKNOWN) || error.is_fault("UnsupportedVimApiVersion");
        error.is_fault("NotAuthenticated")
            || (is_of_the_parser && self.login.is_of_another_version(&self.session.shared.transport).await)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(login) = self.login.get_mut().take() else { return };
        // Without a runtime the process is ending.
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

/// Reading properties needs no session: vCenter answers, and every property is missing for this
/// reason.
fn not_authenticated(answer: &Element) -> Option<Fault> {
    let objects = answer.children.iter().flat_map(|returned| returned.all("objects"));
    let reasons = objects.flat_map(|object| object.all("missingSet")).filter_map(|missing| missing.child("fault"));
    reasons.map(Fault::of_task).find(|fault| fault.kind == "NotAuthenticated")
}
