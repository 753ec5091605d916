//! Privileges of a vCenter user on inventory objects. They include privileges that come from the
//! user's groups or from permissions on an object further up.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session};
use std::collections::BTreeSet;

/// Ids of the privileges that a vCenter user has on one object.
#[derive(Debug, Default)]
pub struct Privileges(BTreeSet<String>);

impl Privileges {
    /// Whether the user has the privilege with the id `privilege`. Upper and lower case are equal,
    /// because the API reference and the products spell some ids differently.
    pub fn has(&self, privilege: &str) -> bool {
        self.0.iter().any(|id| id.eq_ignore_ascii_case(privilege))
    }
}

/// Reads a user's privileges on an object. The method `FetchUserPrivilegeOnEntities` is used
/// because it needs only `System.View` on the object, while `HasPrivilegeOnEntities` needs
/// `System.Read`. The result is empty if the user cannot see the object.
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
        // `NotAuthenticated` is a descendant of `NoPermission`, but it means that the session has
        // ended and says nothing about the object.
        Err(error) if error.is_fault("NotAuthenticated") => Err(error),
        Err(error) if error.is_fault("NoPermission") || error.is_fault("ManagedObjectNotFound") => {
            Ok(Privileges::default())
        }
        Err(error) => Err(error),
    }
}
