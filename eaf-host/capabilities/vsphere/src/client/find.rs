//! Lookup of inventory objects by path, and of virtual machines by instance UUID.

use super::soap::{MoRef, Request};
use super::xml::escape;
use super::{Error, Session, path};
use uuid::Uuid;

/// Maximum number of machines with the same instance UUID; if vCenter lists more, the lookup fails.
const MAX_SAME: usize = 20;

/// Finds the inventory object at a path of plain names, which begins with the datacenter's name.
/// `None` if there is no such object.
pub async fn by_path(session: &Session, names: &[&str]) -> Result<Option<MoRef>, Error> {
    let arguments = format!("<inventoryPath>{}</inventoryPath>", escape(&path::join(names.iter().copied())));
    let answer =
        session.call(|content| Request::new("FindByInventoryPath", &content.search_index, arguments.clone())).await?;
    Ok(answer.child("returnval").and_then(MoRef::read))
}

/// Finds the machines with this instance UUID. There may be several, because vCenter does not
/// enforce that instance UUIDs are unique.
pub async fn by_instance_uuid(session: &Session, uuid: Uuid) -> Result<Vec<MoRef>, Error> {
    let arguments = format!("<uuid>{uuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>");
    let answer =
        session.call(|content| Request::new("FindAllByUuid", &content.search_index, arguments.clone())).await?;
    let found: Vec<MoRef> = answer.all("returnval").filter_map(MoRef::read).take(MAX_SAME + 1).collect();
    match found.len() > MAX_SAME {
        true => Err(Error::TooMuch { what: "machines with one instance UUID" }),
        false => Ok(found),
    }
}
