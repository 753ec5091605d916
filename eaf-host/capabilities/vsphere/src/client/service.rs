//! Type of the server at the connection's address (vCenter or single ESXi host), and the managed
//! objects that only the connection test uses.

use super::properties;
use super::soap::{MoRef, Request};
use super::{Error, Session};

const RETRIEVE: &str = "RetrieveServiceContent";

pub struct Service {
    /// Type of the server: `VirtualCenter`, or `HostAgent` for an ESXi host.
    pub api_type: String,
    /// Product and version of the server, such as `VMware vCenter Server 8.0.3`.
    pub full_name: String,
    pub authorization_manager: Option<MoRef>,
    pub view_manager: Option<MoRef>,
    pub root_folder: Option<MoRef>,
    /// User name of this session as vCenter spells it, which may differ from the spelling at the
    /// login; `None` if vCenter does not report it.
    pub user: Option<String>,
}

/// Reads the server's type and managed objects; requires a login.
pub async fn read(session: &Session) -> Result<Service, Error> {
    let instance = MoRef::new("ServiceInstance", "ServiceInstance");
    let answer = session.call(|_| Request::new(RETRIEVE, &instance, String::new())).await?;
    let content = answer.child("returnval").ok_or(Error::Incomplete { method: RETRIEVE, missing: "returnval" })?;
    let about = content.child("about").ok_or(Error::Incomplete { method: RETRIEVE, missing: "about" })?;
    let reference = |name| content.child(name).and_then(MoRef::read);
    let said = |name| about.text_of(name).unwrap_or_default().to_owned();
    let user = match reference("sessionManager") {
        Some(manager) => user(session, &manager).await?,
        None => None,
    };
    Ok(Service {
        api_type: said("apiType"),
        full_name: said("fullName"),
        authorization_manager: reference("authorizationManager"),
        view_manager: reference("viewManager"),
        root_folder: reference("rootFolder"),
        user,
    })
}

async fn user(session: &Session, manager: &MoRef) -> Result<Option<String>, Error> {
    let found = properties::read_one(session, manager, &["currentSession"]).await?;
    let current = found.as_ref().map(|found| found.get("currentSession")).transpose()?.flatten();
    Ok(current.and_then(|current| current.text_of("userName")).map(str::to_owned))
}
