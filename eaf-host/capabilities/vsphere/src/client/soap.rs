//! SOAP messages of vim25: requests, answers and faults.

use super::xml::{self, Element, escape};
use eaf_core::trace::Position;
use tokio::sync::Semaphore;

/// Maximum length, in bytes, of an XML document that is parsed on the caller's thread; this takes
/// less than a millisecond.
const SMALL: usize = 32 * 1024;

/// Maximum length, in bytes, of the type or the id of an object reference. Usual ids are `vm-1234`
/// or `session[<uuid>]<uuid>`.
const MAX_REFERENCE: usize = 256;

/// Reference to a managed object of vCenter, such as type `VirtualMachine` and id `vm-1234`. It is
/// valid within one vCenter only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MoRef {
    #[serde(rename = "type")]
    pub kind: String,
    pub value: String,
}

impl MoRef {
    pub fn new(kind: &str, value: &str) -> Self {
        MoRef { kind: kind.to_owned(), value: value.to_owned() }
    }

    /// XML element with the name `name` that contains this object reference.
    pub fn element(&self, name: &str) -> String {
        format!(r#"<{name} type="{}">{}</{name}>"#, escape(&self.kind), escape(&self.value))
    }

    /// Reads an object reference from XML. `None` if the type is missing or a value is longer than
    /// vCenter makes them, because references are stored and sent again.
    pub fn read(element: &Element) -> Option<MoRef> {
        let kind = element.attribute("type")?;
        let fits = kind.len() <= MAX_REFERENCE && element.text.len() <= MAX_REFERENCE;
        fits.then(|| MoRef { kind: kind.to_owned(), value: element.text.clone() })
    }
}

/// Call of one method of vCenter. The type has no `Debug`, because the arguments of `Login` contain
/// a password.
pub struct Request {
    pub method: &'static str,
    pub this: MoRef,
    /// Arguments of the method as XML, in the order of the vim25 schema. Texts in it are already
    /// escaped.
    pub arguments: String,
}

impl Request {
    pub fn new(method: &'static str, this: &MoRef, arguments: String) -> Self {
        Request { method, this: this.clone(), arguments }
    }

    /// Document of the request. vCenter writes the trace id of `operation` into its own log, as the
    /// operation id, so that people find there what a request of EAF did.
    pub fn envelope(&self, operation: Option<&Position>) -> String {
        let header = operation.map_or_else(String::new, |position| {
            let trace = &position.trace;
            format!(r#"<soapenv:Header><operationID xmlns="urn:vim25">{trace}</operationID></soapenv:Header>"#)
        });
        format!(
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?>"#,
                r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" "#,
                r#"xmlns:xsd="http://www.w3.org/2001/XMLSchema" "#,
                r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header}<soapenv:Body>"#,
                r#"<{method} xmlns="urn:vim25">{this}{arguments}</{method}>"#,
                r#"</soapenv:Body></soapenv:Envelope>"#
            ),
            header = header,
            method = self.method,
            this = self.this.element("_this"),
            arguments = self.arguments,
        )
    }
}

/// Kind that stands for a fault without a kind, which vCenter's parser or a proxy sent.
pub const UNKNOWN: &str = "UnknownFault";

/// Fault of a vCenter call or task. The client decides by `kind`, because `message` may be in the
/// server's language.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fault {
    /// Kind of the fault, such as `DuplicateName` or `InvalidLogin`.
    pub kind: String,
    pub message: String,
    /// Fields of the fault, as XML elements.
    pub detail: Element,
    /// Names of objects in `detail`, as far as a message to people needs them.
    pub names: Vec<(MoRef, String)>,
}

impl Fault {
    /// Object that the fault names, such as the existing object in `DuplicateName`; `None` if the
    /// fault names no object.
    pub fn object(&self) -> Option<MoRef> {
        self.detail.child("object").or_else(|| self.detail.child("obj")).and_then(MoRef::read)
    }

    /// Reads the fault of a failed task from its `info.error`, a `LocalizedMethodFault`.
    pub fn of_task(error: &Element) -> Fault {
        let detail = error.child("fault").cloned().unwrap_or_default();
        Fault {
            kind: detail.xsi_type().unwrap_or(UNKNOWN).to_owned(),
            message: error.text_of("localizedMessage").unwrap_or_default().to_owned(),
            detail,
            names: Vec::new(),
        }
    }

    /// Faults that this fault contains: its cause, or one fault per ESXi host that vCenter tried.
    pub fn causes(&self) -> impl Iterator<Item = Fault> {
        let is_fault = |element: &&Element| element.child("fault").is_some_and(|fault| fault.xsi_type().is_some());
        self.detail.children.iter().filter(is_fault).map(Fault::of_task)
    }

    fn of_call(fault: Element) -> Fault {
        let message = fault.text_of("faultstring").unwrap_or_default().to_owned();
        let detail = fault.into_child("detail").and_then(|d| d.children.into_iter().next()).unwrap_or_default();
        // The fault's kind is its type, as in `<InvalidLoginFault xsi:type="InvalidLogin">`.
        // Without a type, the kind is the element's name without `Fault`.
        let kind = match detail.xsi_type() {
            Some(kind) => kind.to_owned(),
            None if detail.name.is_empty() => UNKNOWN.to_owned(),
            None => detail.name.trim_end_matches("Fault").to_owned(),
        };
        Fault { kind, message, detail, names: Vec::new() }
    }
}

/// Body of a SOAP answer: the response element of the method, or a fault.
pub enum Body {
    Response(Element),
    Fault(Fault),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the answer is not SOAP")]
    Xml(#[from] xml::Error),
    #[error("the answer has no SOAP body")]
    NoBody,
    #[error("the answer was not read to its end")]
    Stopped(#[source] tokio::task::JoinError),
}

pub fn read(document: &str) -> Result<Body, Error> {
    let envelope = xml::parse(document)?;
    let body = envelope.into_child("Body").and_then(|body| body.children.into_iter().next()).ok_or(Error::NoBody)?;
    Ok(match body.name.as_str() {
        "Fault" => Body::Fault(Fault::of_call(body)),
        _ => Body::Response(body),
    })
}

/// Parses a SOAP answer of any size. Large answers are parsed on blocking threads, at most two at a
/// time, so that one tenant's server cannot use up the time and memory of other tenants.
pub async fn read_apart(document: String) -> Result<Body, Error> {
    static AT_ONCE: Semaphore = Semaphore::const_new(2);
    if document.len() <= SMALL {
        return read(&document);
    }
    let permit = AT_ONCE.acquire().await.expect("the semaphore is never closed");
    let reading = tokio::task::spawn_blocking(move || {
        let _until_read = permit;
        read(&document)
    });
    reading.await.map_err(Error::Stopped)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_kind_and_an_object() {
        let document = r#"<Envelope><Body><Fault><faultcode>ServerFaultCode</faultcode>
            <faultstring>The name 'a' already exists.</faultstring><detail>
            <DuplicateNameFault xmlns:xsi="x" xsi:type="vim25:DuplicateName"><name>a</name>
            <object type="VirtualMachine">vm-7</object></DuplicateNameFault></detail></Fault></Body></Envelope>"#;
        let Body::Fault(fault) = read(document).unwrap() else { panic!("not a fault") };
        assert_eq!(fault.kind, "DuplicateName");
        assert_eq!(fault.object(), Some(MoRef::new("VirtualMachine", "vm-7")));
    }

    #[test]
    fn an_overlong_reference_is_none() {
        for (value, is_one) in [("v".repeat(MAX_REFERENCE), true), ("v".repeat(MAX_REFERENCE + 1), false)] {
            let element = xml::parse(&MoRef::new("Folder", &value).element("obj")).unwrap();
            assert_eq!(MoRef::read(&element).is_some(), is_one);
        }
    }

    #[test]
    fn a_web_page_is_no_soap_answer() {
        assert!(read("<html><body>Bad gateway</body></html>").is_err());
    }
}
