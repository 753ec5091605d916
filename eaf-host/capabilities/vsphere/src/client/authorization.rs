//! Privileges of a user on objects, including privileges from groups and inherited permissions.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session};
use std::collections::BTreeSet;

/// Ids of a user's privileges on one object.
#[derive(Debug, Default)]
pub struct Privileges(BTreeSet<String>);

impl Privileges {
    /// Whether the user has `privilege`. Case is ignored, since the API reference and the products
    /// spell some ids differently.
    pub fn has(&self, privilege: &str) -> bool {
        self.0.iter().any(|id| id.eq_ignore_ascii_case(privilege))
    }
}

/// Reads a user's privileges on an object with `FetchUserPrivilegeOnEntities`, which needs
/// `System.View` on the object; `HasPrivilegeOnEntities` needs `System.Read`. No privileges if the
/// user cannot see the object.
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
        // `NotAuthenticated` is a descendant of `NoPermission` and no answer about the object.
        Err(error) if error.is_fault("NotAuthenticated") => Err(error),
        Err(error) if error.is_fault("NoPermission") || error.is_fault("ManagedObjectNotFound") => {
            Ok(Privileges::default())
        }
        Err(error) => Err(error),
    }
}
