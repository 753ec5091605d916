//! A logged-in conversation with one vCenter. It logs in when it is first needed and again when vCenter has forgotten
//! it; a call that meets `NotAuthenticated` had no effect and is repeated once.

use super::soap::{self, Body, Fault, MoRef, Request};
use super::transport::{self, Transport};
use super::xml::{Element, escape};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Transport(#[from] transport::Error),
    #[error(transparent)]
    Soap(#[from] soap::Error),
    #[error("vCenter answered {}: {}", .0.kind, .0.message)]
    Fault(Box<Fault>),
    /// vCenter answered, and left this property out for the reason in the fault.
    #[error("{property} of {} cannot be read: {}", .object.value, .fault.kind)]
    Unreadable { object: MoRef, property: String, fault: Box<Fault> },
    #[error("the answer to {method} has no {missing}")]
    Incomplete { method: &'static str, missing: &'static str },
}

impl Error {
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Error::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    pub fn is_fault(&self, kind: &str) -> bool {
        self.fault().is_some_and(|f| f.kind == kind)
    }

    /// Something was sent and nothing sensible came back: an effect may or may not have happened.
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Error::Transport(error) => !matches!(
                error,
                transport::Error::Address
                    | transport::Error::CaCertificate(_)
                    | transport::Error::Client(_)
                    | transport::Error::Certificate(_)
                    | transport::Error::Connect(_)
            ),
            Error::Soap(_) | Error::Incomplete { .. } => true,
            Error::Fault(_) | Error::Unreadable { .. } => false,
        }
    }
}

pub struct Credentials {
    pub user: String,
    pub password: String,
}

/// The managers that calls begin with.
#[derive(Debug, Clone)]
pub struct Content {
    pub property_collector: MoRef,
    pub search_index: MoRef,
    pub session_manager: MoRef,
    pub about: About,
}

/// Which server answers. Two vCenters may hold equal object ids, so that a stored one belongs to its `instance_uuid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// None: a host that no vCenter manages.
    pub instance_uuid: Option<String>,
    /// `VirtualCenter` or `HostAgent`.
    pub api_type: String,
    pub api_version: String,
}

impl About {
    fn read(element: &Element) -> Option<About> {
        Some(About {
            instance_uuid: element.text_of("instanceUuid").filter(|uuid| !uuid.is_empty()).map(str::to_owned),
            api_type: element.text_of("apiType")?.to_owned(),
            api_version: element.text_of("apiVersion")?.to_owned(),
        })
    }
}

struct Login {
    cookie: String,
    action: String,
    content: Content,
}

pub struct Session {
    transport: Transport,
    credentials: Credentials,
    login: tokio::sync::Mutex<Option<Arc<Login>>>,
    /// Shared by all sessions of one vCenter, which slows down for everybody when it is asked too much at once.
    permits: Arc<Semaphore>,
    /// Clone tasks whose acceptance we heard. A clone that runs and is not among them may be one whose answer was lost.
    heard: Mutex<HashSet<String>>,
    /// Per idempotency key, the clones of unknown origin that ran when it first wanted to clone.
    suspects: Mutex<HashMap<String, HashSet<String>>>,
}

impl Session {
    pub fn new(transport: Transport, credentials: Credentials, permits: Arc<Semaphore>) -> Self {
        Session {
            transport,
            credentials,
            login: tokio::sync::Mutex::new(None),
            permits,
            heard: Mutex::default(),
            suspects: Mutex::default(),
        }
    }

    /// `make` gets the managers, which are known only after login.
    pub async fn call(&self, make: impl Fn(&Content) -> Request) -> Result<Element, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let login = self.login(None).await?;
        match self.exchange(&login.action, Some(&login.cookie), &make(&login.content)).await {
            Err(error) if error.is_fault("NotAuthenticated") => {
                let login = self.login(Some(&login)).await?;
                self.exchange(&login.action, Some(&login.cookie), &make(&login.content)).await.map(|(e, _)| e)
            }
            answer => answer.map(|(element, _)| element),
        }
    }

    /// The server of the present login. Logs in if there is none.
    pub async fn about(&self) -> Result<About, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        Ok(self.login(None).await?.content.about.clone())
    }

    /// The present login; a new one if there is none or if it is `stale`.
    async fn login(&self, stale: Option<&Arc<Login>>) -> Result<Arc<Login>, Error> {
        let mut slot = self.login.lock().await;
        if let Some(present) = &*slot
            && !stale.is_some_and(|stale| Arc::ptr_eq(stale, present))
        {
            return Ok(present.clone());
        }
        *slot = None;
        let fresh = Arc::new(self.log_in().await?);
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    async fn log_in(&self) -> Result<Login, Error> {
        const RETRIEVE: &str = "RetrieveServiceContent";
        let instance = MoRef::new("ServiceInstance", "ServiceInstance");
        let request = Request::new(RETRIEVE, &instance, String::new());
        let (answer, _) = self.exchange("urn:vim25", None, &request).await?;
        let returned = answer.child("returnval").ok_or(Error::Incomplete { method: RETRIEVE, missing: "returnval" })?;
        let reference = |name| {
            returned.child(name).and_then(MoRef::read).ok_or(Error::Incomplete { method: RETRIEVE, missing: name })
        };
        let content = Content {
            property_collector: reference("propertyCollector")?,
            search_index: reference("searchIndex")?,
            session_manager: reference("sessionManager")?,
            about: returned
                .child("about")
                .and_then(About::read)
                .ok_or(Error::Incomplete { method: RETRIEVE, missing: "about" })?,
        };
        let action = format!("urn:vim25/{}", content.about.api_version);
        // English, so that messages in traces can be searched for; decisions are made by a fault's kind.
        let arguments = format!(
            "<userName>{}</userName><password>{}</password><locale>en</locale>",
            escape(&self.credentials.user),
            escape(&self.credentials.password)
        );
        let request = Request::new("Login", &content.session_manager, arguments);
        let (_, cookie) = self.exchange(&action, None, &request).await?;
        let cookie = cookie.ok_or(Error::Incomplete { method: "Login", missing: "session cookie" })?;
        tracing::debug!(api_version = content.about.api_version, "logged in to vCenter");
        Ok(Login { cookie, action, content })
    }

    async fn exchange(
        &self,
        action: &str,
        cookie: Option<&str>,
        request: &Request,
    ) -> Result<(Element, Option<String>), Error> {
        let answer = self.transport.post(action, cookie, request.envelope()).await?;
        match soap::read(&answer.document)? {
            Body::Response(element) => Ok((element, answer.cookie)),
            Body::Fault(fault) => {
                tracing::debug!(method = request.method, fault = fault.kind, "vCenter answered with a fault");
                Err(Error::Fault(Box::new(fault)))
            }
        }
    }

    pub fn remember_task(&self, task: &MoRef) {
        self.heard.lock().expect("no panic happens under this lock").insert(task.value.clone());
    }

    pub fn knows_task(&self, task: &MoRef) -> bool {
        self.heard.lock().expect("no panic happens under this lock").contains(&task.value)
    }

    pub fn forget_task(&self, task: &MoRef) {
        self.heard.lock().expect("no panic happens under this lock").remove(&task.value);
    }

    /// Whether one of these unheard clones ran already when `key` was first seen here, so that it may be the effect of
    /// an attempt whose answer was lost. Clones that other hosts began later do not count, or a busy template would
    /// make everybody wait for ever.
    pub fn must_wait(&self, key: &str, running: &[MoRef]) -> bool {
        let mut suspects = self.suspects.lock().expect("no panic happens under this lock");
        let first = suspects.entry(key.to_owned()).or_insert_with(|| running.iter().map(|t| t.value.clone()).collect());
        let waits = running.iter().any(|t| first.contains(&t.value));
        if !waits {
            suspects.remove(key);
        }
        waits
    }
}
