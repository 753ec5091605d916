//! Creation of a folder in vCenter. The fault `DuplicateName` means that the folder exists already.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session, path};

pub async fn ensure(session: &Session, parent: &MoRef, name: &str) -> Result<MoRef, Error> {
    let arguments = format!("<name>{}</name>", escape(&path::of_name(name)));
    match session.call(|_| Request::new("CreateFolder", parent, arguments.clone())).await {
        Ok(answer) => answer
            .child("returnval")
            .and_then(MoRef::read)
            .ok_or(Error::Incomplete { method: "CreateFolder", missing: "folder" }),
        Err(error) => match error.fault() {
            Some(fault) if fault.kind == "DuplicateName" => match fault.object() {
                Some(object) if object.kind == "Folder" => Ok(object),
                _ => Err(error),
            },
            _ => Err(error),
        },
    }
}
