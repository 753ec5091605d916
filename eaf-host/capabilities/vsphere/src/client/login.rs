//! Login to a vCenter and logout. A login consists of the server's identity, the version of its API
//! and the session cookie.

use super::Error;
use super::account::Account;
use super::repeat;
use super::soap::{self, Body, MoRef, Request};
use super::transport::Transport;
use super::xml::{Element, escape};
use eaf_core::trace;
use tracing::Instrument;

const RETRIEVE: &str = "RetrieveServiceContent";

/// Newest API version with which this client was tested. The client names this version to a newer
/// vCenter, so that vCenter answers with the elements and fault kinds of this version.
const NEWEST: &str = "8.0.3.0";

/// HTTP header SOAPAction of the first request to a server. It names no API version, because the
/// server's version is not known yet.
const UNVERSIONED: &str = "urn:vim25";

/// Managed objects of a vCenter on which the client calls its methods, and the server's identity.
#[derive(Debug, Clone)]
pub struct Content {
    pub property_collector: MoRef,
    pub search_index: MoRef,
    pub session_manager: MoRef,
    pub about: About,
}

/// Identity of a server. Ids of inventory objects are unique only within one vCenter, so a stored
/// object id is valid only at the server with this `instance_uuid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Instance UUID of the vCenter; `None` for an ESXi host without a vCenter.
    pub instance_uuid: Option<String>,
    /// Type of the server: `VirtualCenter`, or `HostAgent` for an ESXi host.
    pub api_type: String,
    pub api_version: String,
}

pub struct Login {
    pub content: Content,
    cookie: String,
    /// SOAPAction header of all calls after the login, which names the API version.
    action: String,
}

impl Login {
    /// Calls a method of vCenter. A read whose answer was lost is repeated.
    pub async fn call(&self, transport: &Transport, request: &Request) -> Result<Element, Error> {
        let mut pauses = repeat::pauses(request).iter();
        loop {
            match exchange(transport, &self.action, Some(&self.cookie), request).await {
                Err(error)
                    if repeat::is_lost(&error)
                        && let Some(pause) = pauses.next() =>
                {
                    tracing::debug!(method = request.method, error = &error as &dyn std::error::Error, "read again");
                    tokio::time::sleep(*pause).await;
                }
                answer => return Ok(answer?.0),
            }
        }
    }

    /// Whether the server now has another API version than at the login, for example after a
    /// restore or a downgrade.
    pub async fn is_of_another_version(&self, transport: &Transport) -> bool {
        content(transport).await.is_ok_and(|now| now.about.api_version != self.content.about.api_version)
    }
}

/// Logs in to the server whose managed objects `content` the caller has just read.
pub async fn log_in(transport: &Transport, account: &Account, content: Content) -> Result<Login, Error> {
    let tested = action(&content.about.api_version);
    let own = format!("{UNVERSIONED}/{}", content.about.api_version);
    let (cookie, action) = match cookie(transport, account, &content, &tested).await {
        // A fault without a kind means that the server does not know the newest tested API version.
        // The login is then repeated with the server's own version.
        Err(error) if error.is_fault(soap::UNKNOWN) && own != tested => {
            (cookie(transport, account, &content, &own).await?, own)
        }
        cookie => (cookie?, tested),
    };
    let about = content.about.clone();
    let login = Login { content, cookie, action };
    // Between the first request and the login, another vCenter may have replaced the server.
    if self::content(transport).await?.about != about {
        let _may_be_of_either = log_out(transport, &login).await;
        return Err(Error::OtherVCenter);
    }
    let About { api_type, api_version, instance_uuid } = about;
    tracing::debug!(api_type, api_version, instance_uuid, action = login.action, "logged in to vCenter");
    Ok(login)
}

/// Logs out. Without a logout, the session counts against vCenter's limit of sessions until it has
/// been idle for 30 minutes.
pub async fn log_out(transport: &Transport, login: &Login) -> Result<(), Error> {
    let request = Request::new("Logout", &login.content.session_manager, String::new());
    login.call(transport, &request).await.map(drop)
}

/// Reads the managed objects and the identity of a server. This first request needs no login.
pub async fn content(transport: &Transport) -> Result<Content, Error> {
    let instance = MoRef::new("ServiceInstance", "ServiceInstance");
    let request = Request::new(RETRIEVE, &instance, String::new());
    let (answer, _) = exchange(transport, UNVERSIONED, None, &request).await?;
    let without = |missing| Error::Incomplete { method: RETRIEVE, missing };
    let returned = answer.child("returnval").ok_or_else(|| without("returnval"))?;
    let reference = |name| returned.child(name).and_then(MoRef::read).ok_or_else(|| without(name));
    Ok(Content {
        property_collector: reference("propertyCollector")?,
        search_index: reference("searchIndex")?,
        session_manager: reference("sessionManager")?,
        about: returned.child("about").and_then(About::read).ok_or_else(|| without("about"))?,
    })
}

async fn cookie(transport: &Transport, account: &Account, content: &Content, action: &str) -> Result<String, Error> {
    // The locale makes vCenter's messages English, so that people can search for them. The client
    // decides by a fault's kind, never by its message.
    let arguments = format!(
        "<userName>{}</userName><password>{}</password><locale>en</locale>",
        escape(&account.user),
        escape(&account.password)
    );
    let request = Request::new("Login", &content.session_manager, arguments);
    let (_, cookie) = exchange(transport, action, None, &request).await?;
    cookie.ok_or(Error::Incomplete { method: "Login", missing: "session cookie" })
}

async fn exchange(
    transport: &Transport,
    action: &str,
    cookie: Option<&str>,
    request: &Request,
) -> Result<(Element, Option<String>), Error> {
    let span = tracing::info_span!("vcenter", rpc_method = request.method, server_address = transport.host());
    let operation = span.in_scope(trace::exported);
    let envelope = request.envelope(operation.as_ref());
    let answer = transport.post(action, cookie, operation.as_ref(), envelope).instrument(span).await?;
    let body = soap::read_apart(answer.document).await?;
    transport.server().mark_answered();
    match body {
        Body::Response(element) => Ok((element, answer.cookie)),
        Body::Fault(fault) => {
            tracing::debug!(method = request.method, fault = fault.kind, "vCenter answered with a fault");
            Err(Error::Fault(Box::new(fault)))
        }
    }
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

/// SOAPAction for a server with the API version `version`: it names that version, but never a newer
/// one than [`NEWEST`].
fn action(version: &str) -> String {
    let spoken = if numbers(version) > numbers(NEWEST) { NEWEST } else { version };
    format!("{UNVERSIONED}/{spoken}")
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_server_gets_the_newest_tested_api_version() {
        for (version, spoken) in
            [("6.7.3", "6.7.3"), ("8.0.3.0", "8.0.3.0"), ("8.0.10.0", NEWEST), ("9.1.0.0", NEWEST), ("10.0", NEWEST)]
        {
            assert_eq!(action(version), format!("urn:vim25/{spoken}"), "{version}");
        }
    }
}
