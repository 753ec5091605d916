//! XML as a small tree, since SOAP answers are small, nested and read by path. Writing is text with [`escape`]: the
//! order of elements matters to a real vCenter, and a template shows it best.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Deeper than any answer that we ask for; a bound for hostile ones.
const MAX_DEPTH: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the answer is not well-formed XML")]
    Malformed(#[from] quick_xml::Error),
    #[error("the answer has an attribute that cannot be read")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error("the answer refers to the entity {0:?}, which XML does not define")]
    Entity(String),
    #[error("the answer is nested deeper than {MAX_DEPTH} elements")]
    TooDeep,
    #[error("the answer declares a document type")]
    DocType,
    #[error("the answer has no element")]
    Empty,
}

/// One element. Names and attribute names are without their namespace prefix: vim25 answers use each only once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// The text directly inside, entities resolved.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str())
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The `xsi:type` without its prefix. A managed object reference has a plain `type` beside it, which is not meant.
    pub fn xsi_type(&self) -> Option<&str> {
        self.attribute("xsi:type").map(|t| t.rsplit(':').next().unwrap_or(t))
    }
}

/// Text for an element's content or an attribute. Characters that XML cannot carry at all are dropped.
pub fn escape(text: &str) -> String {
    let carried: String = text.chars().filter(|&c| c >= ' ' || matches!(c, '\t' | '\n' | '\r')).collect();
    quick_xml::escape::escape(carried).into_owned()
}

pub fn parse(document: &str) -> Result<Element, Error> {
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    loop {
        let finished = match reader.read_event()? {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err(Error::TooDeep);
                }
                open.push(start(&tag)?);
                None
            }
            Event::Empty(tag) => Some(start(&tag)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&text.xml10_content());
                }
                None
            }
            Event::CData(text) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&text.xml10_content());
                }
                None
            }
            Event::GeneralRef(reference) => {
                let characters = characters(&reference)?;
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&characters);
                }
                None
            }
            // An entity bomb begins here; SOAP forbids it anyway.
            Event::DocType(_) => return Err(Error::DocType),
            Event::Eof => return Err(Error::Empty),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
        };
        let Some(mut element) = finished else { continue };
        if !element.children.is_empty() {
            element.text = String::new(); // only white space between elements
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => return Ok(element),
        }
    }
}

/// What an entity stands for. A character that XML does not have, from a name or a guest, does not
/// spoil the rest of the answer.
fn characters(reference: &BytesRef<'_>) -> Result<String, Error> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| Error::Entity(reference.to_string())),
        Err(_) => Ok(char::REPLACEMENT_CHARACTER.to_string()),
    }
}

fn start(tag: &BytesStart<'_>) -> Result<Element, Error> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let name: &str = attribute.key.as_ref();
        // `xsi:type` and `type` both occur on one element; every other prefix can go.
        let name = if name.ends_with(":type") { "xsi:type" } else { name };
        attributes.push((name.to_owned(), attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned()));
    }
    let name: &str = tag.local_name().into_inner();
    Ok(Element { name: name.to_owned(), attributes, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back_unchanged() {
        let hostile = "a<b>&\"c'</name>]]> \u{fc}\u{1f680}";
        let parsed = parse(&format!("<x:v a=\"{0}\">{0}</x:v>", escape(hostile))).unwrap();
        assert_eq!((parsed.text.as_str(), parsed.attribute("a")), (hostile, Some(hostile)));
    }

    #[test]
    fn characters_that_xml_cannot_carry_are_dropped() {
        assert_eq!(escape("a\u{0}\u{b}b"), "ab");
    }

    #[test]
    fn a_document_type_is_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>";
        assert!(matches!(parse(bomb), Err(Error::DocType)));
    }

    #[test]
    fn a_byte_order_mark_and_characters_that_xml_does_not_have_do_not_spoil_an_answer() {
        let answer = "\u{feff}<?xml version=\"1.0\"?><a><b>x\u{1f}y</b><c>x&#0;&#xD800;y</c><d>whole</d></a>";
        let parsed = parse(answer).unwrap();
        let texts: Vec<_> = ["b", "c", "d"].iter().filter_map(|name| parsed.text_of(name)).collect();
        assert_eq!(texts, ["x\u{1f}y", "x\u{fffd}\u{fffd}y", "whole"]);
    }

    #[test]
    fn an_answer_cut_short_is_an_error() {
        assert!(parse("<a><b>text</b>").is_err());
    }

    #[test]
    fn endless_nesting_is_refused() {
        assert!(matches!(parse(&"<a>".repeat(1000)), Err(Error::TooDeep)));
    }
}
