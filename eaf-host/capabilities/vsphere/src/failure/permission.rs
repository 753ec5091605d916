//! Text that lists all missing privileges of a `NoPermission` fault with their objects, so that an
//! administrator of vCenter can grant them at once.

use crate::client::privileges::{self, Missing};
use crate::client::{Fault, path};

/// Lists the missing privileges as text, such as `Datastore.AllocateSpace on Datastore ssd-1
/// (datastore-12)`.
pub fn missing(fault: &Fault) -> String {
    let missing: Vec<String> = privileges::missing(fault).iter().map(sentence).collect();
    if missing.is_empty() { "vCenter does not say which".to_owned() } else { missing.join("; ") }
}

fn sentence(missing: &Missing) -> String {
    let privileges = missing.privileges.join(", ");
    match (&missing.object, &missing.name) {
        (Some(object), Some(name)) => {
            format!("{privileges} on {} {} ({})", object.kind, path::plain(name), object.value)
        }
        (Some(object), None) => format!("{privileges} on {} {}", object.kind, object.value),
        (None, _) => privileges,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{MoRef, xml};

    fn fault(detail: &str) -> Fault {
        let detail = xml::parse(&format!("<NoPermissionFault>{detail}</NoPermissionFault>")).unwrap();
        let names = vec![(MoRef::new("Folder", "group-v3"), "a%2fb".to_owned())];
        Fault { kind: "NoPermission".into(), detail, names, ..Fault::default() }
    }

    #[test]
    fn every_missing_privilege_is_named_with_its_object() {
        let text = missing(&fault(
            r#"<missingPrivileges><entity type="Datastore">datastore-12</entity>
            <privilegeIds>Datastore.AllocateSpace</privilegeIds><privilegeIds>System.View</privilegeIds>
            </missingPrivileges><missingPrivileges><entity type="Folder">group-v3</entity>
            <privilegeIds>VirtualMachine.Inventory.Delete</privilegeIds></missingPrivileges>"#,
        ));
        let all = "Datastore.AllocateSpace, System.View on Datastore datastore-12; \
                   VirtualMachine.Inventory.Delete on Folder a/b (group-v3)";
        assert_eq!(text, all);
    }

    #[test]
    fn privileges_of_an_older_vcenter_are_named_too() {
        let old = r#"<object type="Datastore">datastore-12</object><privilegeId>System.View</privilegeId>"#;
        assert_eq!(missing(&fault(old)), "System.View on Datastore datastore-12");
        assert_eq!(missing(&fault("<privilegeId>System.View</privilegeId>")), "System.View");
        assert_eq!(missing(&fault("")), "vCenter does not say which");
    }
}
