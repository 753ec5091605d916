//! Reading properties of objects. A property that is not set is absent from the answer.

use super::soap::{MoRef, Request};
use super::xml::{Element, escape};
use super::{Error, Session};

const RETRIEVE: &str = "RetrievePropertiesEx";
const CONTINUE: &str = "ContinueRetrievePropertiesEx";

/// The properties of one object, by path.
#[derive(Debug)]
pub struct Properties {
    pub object: MoRef,
    values: Vec<(String, Element)>,
}

impl Properties {
    pub fn get(&self, path: &str) -> Option<&Element> {
        self.values.iter().find(|(name, _)| name == path).map(|(_, value)| value)
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(|v| v.text.as_str())
    }

    pub fn reference(&self, path: &str) -> Option<MoRef> {
        self.get(path).and_then(MoRef::read)
    }

    /// The items of an `ArrayOfManagedObjectReference`.
    pub fn references(&self, path: &str) -> Vec<MoRef> {
        self.get(path).map(|v| v.children.iter().filter_map(MoRef::read).collect()).unwrap_or_default()
    }
}

/// Fails with `ManagedObjectNotFound` if one of the objects is not there.
pub async fn read(session: &Session, objects: &[MoRef], paths: &[&str]) -> Result<Vec<Properties>, Error> {
    let Some(first) = objects.first() else { return Ok(Vec::new()) };
    let paths: String = paths.iter().map(|p| format!("<pathSet>{}</pathSet>", escape(p))).collect();
    let objects: String = objects.iter().map(|o| format!("<objectSet>{}</objectSet>", o.element("obj"))).collect();
    let arguments = format!(
        "<specSet><propSet><type>{}</type>{paths}</propSet>{objects}</specSet><options></options>",
        escape(&first.kind)
    );
    let mut answer =
        session.call(|content| Request::new(RETRIEVE, &content.property_collector, arguments.clone())).await?;
    let mut found = Vec::new();
    loop {
        let Some(returned) = answer.child("returnval") else { return Ok(found) };
        found.extend(returned.all("objects").filter_map(object));
        let Some(token) = returned.text_of("token") else { return Ok(found) };
        let arguments = format!("<token>{}</token>", escape(token));
        answer = session.call(|content| Request::new(CONTINUE, &content.property_collector, arguments.clone())).await?;
    }
}

/// The same for one object; none if it is not there.
pub async fn read_one(session: &Session, object: &MoRef, paths: &[&str]) -> Result<Option<Properties>, Error> {
    match read(session, std::slice::from_ref(object), paths).await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(error) if error.is_fault("ManagedObjectNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same for several objects of one kind, without those that are not there (any more).
pub async fn read_present(session: &Session, objects: &[MoRef], paths: &[&str]) -> Result<Vec<Properties>, Error> {
    match read(session, objects, paths).await {
        Err(error) if error.is_fault("ManagedObjectNotFound") => {}
        found => return found,
    }
    let mut present = Vec::new();
    for object in objects {
        present.extend(read_one(session, object, paths).await?);
    }
    Ok(present)
}

fn object(element: &Element) -> Option<Properties> {
    let object = MoRef::read(element.child("obj")?)?;
    let value = |set: &Element| Some((set.text_of("name")?.to_owned(), set.child("val")?.clone()));
    Some(Properties { object, values: element.all("propSet").filter_map(value).collect() })
}
