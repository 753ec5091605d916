//! The privileges that a user holds on objects, also by way of groups and of permissions higher up.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session};
use std::collections::BTreeSet;

/// The ids of the privileges that the user holds on one object.
#[derive(Debug, Default)]
pub struct Held(BTreeSet<String>);

impl Held {
    /// The API's reference and the products spell some ids differently.
    pub fn has(&self, privilege: &str) -> bool {
        self.0.iter().any(|held| held.eq_ignore_ascii_case(privilege))
    }
}

/// Asks only for `System.View` on the object, where `HasPrivilegeOnEntities` asks for
/// `System.Read`. An object that the user may not even view is one without privileges.
pub async fn held(session: &Session, manager: &MoRef, user: &str, object: &MoRef) -> Result<Held, Error> {
    let arguments = format!("{}<userName>{}</userName>", object.element("entities"), escape(user));
    let asked = session.call(|_| Request::new("FetchUserPrivilegeOnEntities", manager, arguments.clone())).await;
    match asked {
        Ok(answer) => {
            let results = answer.all("returnval").flat_map(|result| result.all("privileges"));
            Ok(Held(results.map(|privilege| privilege.text.clone()).collect()))
        }
        Err(error) if error.is_fault("NotAuthenticated") => Err(error), // a descendant of the next one
        Err(error) if error.is_fault("NoPermission") || error.is_fault("ManagedObjectNotFound") => Ok(Held::default()),
        Err(error) => Err(error),
    }
}
