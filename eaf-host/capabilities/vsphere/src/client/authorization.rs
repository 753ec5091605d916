//! Privileges of a user on objects, including those from groups and inherited permissions.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session};
use std::collections::BTreeSet;

/// Ids of a user's privileges on one object.
#[derive(Debug, Default)]
pub struct Privileges(BTreeSet<String>);

impl Privileges {
    /// Ignores case, since the API reference and the products spell some ids differently.
    pub fn has(&self, privilege: &str) -> bool {
        self.0.iter().any(|id| id.eq_ignore_ascii_case(privilege))
    }
}

/// Reads a user's privileges with `FetchUserPrivilegeOnEntities`, which needs `System.View` on the
/// object where `HasPrivilegeOnEntities` needs `System.Read`. An invisible object has no
/// privileges.
pub async fn privileges_on(
    session: &Session,
    manager: &MoRef,
    user: &str,
    object: &MoRef,
) -> Result<Privileges, Error> {
    let arguments = format!("{}<userName>{}</userName>", object.element("entities"), escape(user));
    let response = session.call(|_| Request::new("FetchUserPrivilegeOnEntities", manager, arguments.clone())).await;
    match response {
        Ok(answer) => {
            let results = answer.all("returnval").flat_map(|result| result.all("privileges"));
            Ok(Privileges(results.map(|privilege| privilege.text.clone()).collect()))
        }
        // A descendant of `NoPermission`.
        Err(error) if error.is_fault("NotAuthenticated") => Err(error),
        Err(error) if error.is_fault("NoPermission") || error.is_fault("ManagedObjectNotFound") => {
            Ok(Privileges::default())
        }
        Err(error) => Err(error),
    }
}
