//! Properties of vCenter objects, including the properties that vCenter omits from an answer.
//!
//! vCenter reports no fault for a property that the user may not see or that is unavailable now: it
//! lists the property in `missingSet`, with the cause as a fault. A property that is in neither
//! `propSet` nor `missingSet` is not set. [`Properties`] distinguishes the three cases.

use super::login::Content;
use super::soap::{Fault, MoRef, Request};
use super::xml::{Element, MAX_NODES, escape};
use super::{Error, Session};

const RETRIEVE: &str = "RetrievePropertiesEx";
const CONTINUE: &str = "ContinueRetrievePropertiesEx";

/// Maximum number of pages that one retrieval of properties reads. vCenter puts about a hundred
/// objects on a page, and callers request fifty objects.
const MAX_PAGES: usize = 50;
const MAX_TOKEN: usize = 1_000;

/// Properties of one vCenter object, by their path, such as `config.template`.
#[derive(Debug)]
pub struct Properties {
    pub object: MoRef,
    values: Vec<(String, Element)>,
    missing: Vec<(String, Fault)>,
}

impl Properties {
    /// Value of a property; `None` if the property is not set. Fails if vCenter could not read the
    /// property.
    pub fn get(&self, path: &str) -> Result<Option<&Element>, Error> {
        if let Some((property, fault)) = self.missing.iter().find(|(name, _)| name == path) {
            let (object, property, fault) = (self.object.clone(), property.clone(), Box::new(fault.clone()));
            return Err(Error::Unreadable { object, property, fault });
        }
        Ok(self.values.iter().find(|(name, _)| name == path).map(|(_, value)| value))
    }

    /// Value of a property that must be set. If it is not set, the error is retryable, because
    /// vCenter omits single properties for seconds after a change.
    pub fn require(&self, path: &'static str) -> Result<&Element, Error> {
        self.get(path)?.ok_or(Error::Incomplete { method: RETRIEVE, missing: path })
    }

    pub fn text(&self, path: &str) -> Result<Option<&str>, Error> {
        Ok(self.get(path)?.map(|v| v.text.as_str()))
    }

    pub fn number(&self, path: &str) -> Result<Option<u64>, Error> {
        Ok(self.text(path)?.and_then(|t| t.parse().ok()))
    }

    pub fn flag(&self, path: &str) -> Result<bool, Error> {
        Ok(self.text(path)? == Some("true"))
    }

    pub fn reference(&self, path: &str) -> Result<Option<MoRef>, Error> {
        Ok(self.get(path)?.and_then(MoRef::read))
    }

    /// Object references in a property of type `ArrayOfManagedObjectReference`; empty if the
    /// property is not set.
    pub fn references(&self, path: &str) -> Result<Vec<MoRef>, Error> {
        Ok(self.get(path)?.map(|v| v.children.iter().filter_map(MoRef::read).collect()).unwrap_or_default())
    }
}

/// Reads properties of objects of one kind. Fails with the fault `ManagedObjectNotFound` if one of
/// the objects does not exist.
///
/// vCenter stores the further pages of an answer in the session. If vCenter refuses a page, for
/// example because the session has ended, the retrieval starts again, once.
pub async fn read(session: &Session, objects: &[MoRef], paths: &[&str]) -> Result<Vec<Properties>, Error> {
    let Some(first) = objects.first() else { return Ok(Vec::new()) };
    let asked = objects.len();
    let paths: String = paths.iter().map(|p| format!("<pathSet>{}</pathSet>", escape(p))).collect();
    let objects: String = objects.iter().map(|o| format!("<objectSet>{}</objectSet>", o.element("obj"))).collect();
    let arguments = format!(
        "<specSet><propSet><type>{}</type>{paths}</propSet>{objects}</specSet><options></options>",
        escape(&first.kind)
    );
    match pages(session, &arguments, asked).await? {
        Some(found) => Ok(found),
        None => pages(session, &arguments, asked).await?.ok_or(Error::Incomplete { method: CONTINUE, missing: "page" }),
    }
}

/// Reads all pages of a retrieval of properties; `None` if vCenter refused a page after the first.
async fn pages(session: &Session, arguments: &str, objects: usize) -> Result<Option<Vec<Properties>>, Error> {
    let first = |content: &Content| Request::new(RETRIEVE, &content.property_collector, arguments.to_owned());
    let (mut answer, conversation) = session.begin(first).await?;
    let (mut found, mut nodes) = (Vec::new(), 0);
    for _ in 0..MAX_PAGES {
        let Some(returned) = answer.into_child("returnval") else { return Ok(Some(found)) };
        nodes += returned.nodes();
        if nodes > MAX_NODES {
            return Err(Error::TooMuch { what: "values on the pages of one retrieval" });
        }
        let token = returned.text_of("token").map(str::to_owned);
        found.extend(returned.children.into_iter().filter(|child| child.name == "objects").filter_map(object));
        if found.len() > objects {
            return Err(Error::TooMuch { what: "objects that were not asked for" });
        }
        let Some(token) = token else { return Ok(Some(found)) };
        if token.len() > MAX_TOKEN {
            return Err(Error::TooMuch { what: "characters of a page's token" });
        }
        let next = format!("<token>{}</token>", escape(&token));
        let next = |content: &Content| Request::new(CONTINUE, &content.property_collector, next.clone());
        answer = match conversation.call(next).await {
            Err(error) if error.fault().is_some() => return Ok(None),
            page => page?,
        };
    }
    Err(Error::TooMuch { what: "pages" })
}

/// Reads properties of one object; `None` if the object does not exist.
pub async fn read_one(session: &Session, object: &MoRef, paths: &[&str]) -> Result<Option<Properties>, Error> {
    match read(session, std::slice::from_ref(object), paths).await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(error) if error.is_fault("ManagedObjectNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads properties of several objects of one kind. Objects that do not exist or were removed are
/// not in the result.
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

/// Reads the properties of one object from an answer. The values are moved and not copied, because
/// an answer may be large.
fn object(element: Element) -> Option<Properties> {
    let object = MoRef::read(element.child("obj")?)?;
    let (mut values, mut missing) = (Vec::new(), Vec::new());
    for set in element.children {
        match set.name.as_str() {
            "propSet" => {
                let name = set.text_of("name").map(str::to_owned);
                values.extend(name.zip(set.into_child("val")));
            }
            "missingSet" => {
                let path = set.text_of("path").map(str::to_owned);
                missing.extend(path.zip(set.child("fault").map(Fault::of_task)));
            }
            _ => {}
        }
    }
    Some(Properties { object, values, missing })
}
