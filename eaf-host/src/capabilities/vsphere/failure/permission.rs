//! Missing privileges: all of them, each with its object, so that an administrator of vCenter can grant them at once.

use crate::capabilities::vsphere::client::xml::Element;
use crate::capabilities::vsphere::client::{Fault, MoRef};

/// `Datastore.AllocateSpace on Datastore datastore-12`, one after the other.
pub fn missing(fault: &Fault) -> String {
    let mut missing: Vec<String> = fault.detail.all("missingPrivileges").filter_map(of_entity).collect();
    if missing.is_empty() {
        // Before 7.0.3; unset since 8.0.
        let object = fault.detail.child("object").and_then(MoRef::read);
        let privilege = fault.detail.text_of("privilegeId").filter(|privilege| !privilege.is_empty());
        missing.extend(privilege.map(|privilege| on(privilege, object.as_ref())));
    }
    if missing.is_empty() { "vCenter does not say which".to_owned() } else { missing.join("; ") }
}

fn of_entity(entity: &Element) -> Option<String> {
    let privileges: Vec<&str> = entity.all("privilegeIds").map(|privilege| privilege.text.as_str()).collect();
    let object = entity.child("entity").and_then(MoRef::read);
    (!privileges.is_empty()).then(|| on(&privileges.join(", "), object.as_ref()))
}

fn on(privileges: &str, object: Option<&MoRef>) -> String {
    match object {
        Some(object) => format!("{privileges} on {} {}", object.kind, object.value),
        None => privileges.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::vsphere::client::xml;

    fn fault(detail: &str) -> Fault {
        let detail = xml::parse(&format!("<NoPermissionFault>{detail}</NoPermissionFault>")).unwrap();
        Fault { kind: "NoPermission".into(), detail, ..Fault::default() }
    }

    #[test]
    fn every_missing_privilege_is_named_with_its_object() {
        let said = missing(&fault(
            r#"<missingPrivileges><entity type="Datastore">datastore-12</entity>
            <privilegeIds>Datastore.AllocateSpace</privilegeIds><privilegeIds>System.View</privilegeIds>
            </missingPrivileges><missingPrivileges><entity type="Folder">group-v3</entity>
            <privilegeIds>VirtualMachine.Inventory.Delete</privilegeIds></missingPrivileges>"#,
        ));
        let all = "Datastore.AllocateSpace, System.View on Datastore datastore-12; \
                   VirtualMachine.Inventory.Delete on Folder group-v3";
        assert_eq!(said, all);
    }

    #[test]
    fn the_fields_of_an_older_vcenter_are_named_too() {
        let old = r#"<object type="Datastore">datastore-12</object><privilegeId>System.View</privilegeId>"#;
        assert_eq!(missing(&fault(old)), "System.View on Datastore datastore-12");
        assert_eq!(missing(&fault("<privilegeId>System.View</privilegeId>")), "System.View");
        assert_eq!(missing(&fault("")), "vCenter does not say which");
    }
}
