//! Privileges that a `NoPermission` fault reports as missing. vCenter names the objects by id; the
//! client adds their names, because people know names.

use super::session::Conversation;
use super::soap::{Fault, MoRef, Request};

/// Maximum number of objects, and of privileges per object, that a message about one fault lists.
/// People can repair the first ones first.
const MAX_LISTED: usize = 20;

/// Privileges that the vCenter user lacks on one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    pub object: Option<MoRef>,
    /// Name of the object without vCenter's escapes; `None` if vCenter cannot read it.
    pub name: Option<String>,
    pub privileges: Vec<String>,
}

/// Reads the missing privileges from a `NoPermission` fault; empty if the fault lists no
/// privileges.
pub fn missing(fault: &Fault) -> Vec<Missing> {
    let named = |object: Option<MoRef>, privileges| Missing {
        name: object
            .as_ref()
            .and_then(|object| fault.names.iter().find(|(of, _)| of == object))
            .map(|(_, n)| n.clone()),
        object,
        privileges,
    };
    let listed = fault.detail.all("missingPrivileges").take(MAX_LISTED).map(|entity| {
        let privileges = entity.all("privilegeIds").take(MAX_LISTED).map(|privilege| privilege.text.clone()).collect();
        named(entity.child("entity").and_then(MoRef::read), privileges)
    });
    let listed: Vec<Missing> = listed.filter(|missing| !missing.privileges.is_empty()).collect();
    if !listed.is_empty() {
        return listed;
    }
    // A vCenter before 7.0.3 sets this field; since 8.0 no vCenter sets it.
    let privilege = fault.detail.text_of("privilegeId").filter(|privilege| !privilege.is_empty());
    let object = fault.detail.child("object").and_then(MoRef::read);
    privilege.map(|privilege| named(object, vec![privilege.to_owned()])).into_iter().collect()
}

/// Reads the names of the objects that [`missing`] lists, and adds them to the fault. An unreadable
/// name stays absent.
pub async fn name(conversation: &Conversation<'_>, fault: &mut Fault) {
    let objects: Vec<MoRef> = missing(fault).into_iter().filter_map(|missing| missing.object).collect();
    if objects.is_empty() {
        return;
    }
    let set: String = objects.iter().map(|o| format!("<objectSet>{}</objectSet>", o.element("obj"))).collect();
    let arguments = format!(
        "<specSet><propSet><type>ManagedEntity</type><pathSet>name</pathSet></propSet>{set}</specSet><options></options>"
    );
    let read = conversation
        .call(|content| Request::new("RetrievePropertiesEx", &content.property_collector, arguments.clone()))
        .await;
    let Ok(answer) = read else { return };
    for object in answer.child("returnval").into_iter().flat_map(|returned| returned.all("objects")) {
        let name = object.child("propSet").and_then(|set| set.text_of("val"));
        let named = object.child("obj").and_then(MoRef::read).filter(|object| objects.contains(object));
        fault.names.extend(named.zip(name.map(str::to_owned)));
        if fault.names.len() >= MAX_LISTED {
            return;
        }
    }
}
