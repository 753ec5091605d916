//! XML documents as a small tree of elements, which code reads by path. Requests are written as
//! text with [`escape`], because vCenter requires the elements in a fixed order, which a text
//! template shows best.
//!
//! A tree takes many times the memory of its XML text, and a tenant chooses the server that sends
//! the XML. The parser therefore checks limits before it allocates memory.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Maximum depth of nested XML elements, far above that of any expected answer.
const MAX_DEPTH: usize = 64;
/// Maximum number of XML elements and attributes of a document. The largest expected answer has the
/// settings of 50 machines, some hundred for each machine.
pub const MAX_NODES: usize = 100_000;
/// Maximum number of attributes of one XML element. Usual elements have two. The limit is low
/// because the parser compares all attributes of an element with each other.
const MAX_ATTRIBUTES: usize = 32;
/// Maximum length, in bytes, of all texts, names and attributes of an XML document together.
const MAX_TEXT: usize = 6 * 1024 * 1024;

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
    #[error("the answer has more than {MAX_NODES} elements and attributes")]
    TooManyNodes,
    #[error("an element of the answer has more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    #[error("the answer has more than {MAX_TEXT} bytes of text")]
    TooMuchText,
    #[error("the answer declares a document type")]
    DocType,
    #[error("the answer has no element")]
    Empty,
}

/// XML element. Its names have no namespace prefix, because in vim25 answers no name occurs in two
/// namespaces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Text directly inside the XML element, with entities replaced by their characters.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// Moves the first child with the name `name` out of the XML element; `None` if there is no
    /// such child.
    pub fn into_child(self, name: &str) -> Option<Element> {
        self.children.into_iter().find(|c| c.name == name)
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

    /// Number of XML elements and attributes in this element, with the element itself.
    pub fn nodes(&self) -> usize {
        1 + self.attributes.len() + self.children.iter().map(Element::nodes).sum::<usize>()
    }

    /// Value of the attribute `xsi:type` without its prefix, such as `VirtualDisk`; `None` without
    /// the attribute. The attribute `type` of an object reference is another attribute.
    pub fn xsi_type(&self) -> Option<&str> {
        self.attribute("xsi:type").map(|t| t.rsplit(':').next().unwrap_or(t))
    }
}

/// Escapes a text for use in an XML element or attribute. Characters that XML cannot represent are
/// dropped.
pub fn escape(text: &str) -> String {
    let carried: String = text.chars().filter(|&c| c >= ' ' || matches!(c, '\t' | '\n' | '\r')).collect();
    quick_xml::escape::escape(carried).into_owned()
}

pub fn parse(document: &str) -> Result<Element, Error> {
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut limits = Limits { nodes: MAX_NODES, text: MAX_TEXT };
    loop {
        let finished = match reader.read_event()? {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err(Error::TooDeep);
                }
                open.push(start(&tag, &mut limits)?);
                None
            }
            Event::Empty(tag) => Some(start(&tag, &mut limits)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                add(&mut open, &text.xml10_content(), &mut limits)?;
                None
            }
            Event::CData(text) => {
                add(&mut open, &text.xml10_content(), &mut limits)?;
                None
            }
            Event::GeneralRef(reference) => {
                add(&mut open, &characters(&reference)?, &mut limits)?;
                None
            }
            // A document type is refused, because it could define entities that expand without end.
            // SOAP forbids document types anyway.
            Event::DocType(_) => return Err(Error::DocType),
            Event::Eof => return Err(Error::Empty),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
        };
        let Some(mut element) = finished else { continue };
        if !element.children.is_empty() {
            // If an element has children, its text is only the white space between them.
            element.text = String::new();
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => return Ok(element),
        }
    }
}

/// Number of elements and attributes, and length of text, that the rest of the answer may have.
struct Limits {
    nodes: usize,
    text: usize,
}

impl Limits {
    fn node(&mut self) -> Result<(), Error> {
        self.nodes = self.nodes.checked_sub(1).ok_or(Error::TooManyNodes)?;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        self.text = self.text.checked_sub(text.len()).ok_or(Error::TooMuchText)?;
        Ok(())
    }
}

fn add(open: &mut [Element], text: &str, limits: &mut Limits) -> Result<(), Error> {
    limits.text(text)?;
    if let Some(top) = open.last_mut() {
        top.text.push_str(text);
    }
    Ok(())
}

/// Text of an XML entity such as `&amp;`. An invalid character becomes the replacement character,
/// because a guest may put one into a name and the rest of the answer must stay readable.
fn characters(reference: &BytesRef<'_>) -> Result<String, Error> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| Error::Entity(reference.to_string())),
        Err(_) => Ok(char::REPLACEMENT_CHARACTER.to_string()),
    }
}

fn start(tag: &BytesStart<'_>, limits: &mut Limits) -> Result<Element, Error> {
    limits.node()?;
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        if attributes.len() >= MAX_ATTRIBUTES {
            return Err(Error::TooManyAttributes);
        }
        limits.node()?;
        let attribute = attribute?;
        let name: &str = attribute.key.as_ref();
        // An element may have both `xsi:type` and `type`, so the prefix of `xsi:type` stays.
        // Prefixes of other names are dropped.
        let name = if name.ends_with(":type") { "xsi:type" } else { name };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        limits.text(name)?;
        limits.text(&value)?;
        attributes.push((name.to_owned(), value));
    }
    let name: &str = tag.local_name().into_inner();
    limits.text(name)?;
    Ok(Element { name: name.to_owned(), attributes, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_parses_back_unchanged() {
        let hostile = "a<b>&\"c'</name>]]> \u{fc}\u{1f680}";
        let parsed = parse(&format!("<x:v a=\"{0}\">{0}</x:v>", escape(hostile))).unwrap();
        assert_eq!((parsed.text.as_str(), parsed.attribute("a")), (hostile, Some(hostile)));
    }

    #[test]
    fn invalid_xml_characters_are_dropped() {
        assert_eq!(escape("a\u{0}\u{b}b"), "ab");
    }

    #[test]
    fn a_document_type_is_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>";
        assert!(matches!(parse(bomb), Err(Error::DocType)));
    }

    #[test]
    fn a_byte_order_mark_or_invalid_characters_do_not_break_parsing() {
        let answer = "\u{feff}<?xml version=\"1.0\"?><a><b>x\u{1f}y</b><c>x&#0;&#xD800;y</c><d>whole</d></a>";
        let parsed = parse(answer).unwrap();
        let texts: Vec<_> = ["b", "c", "d"].iter().filter_map(|name| parsed.text_of(name)).collect();
        assert_eq!(texts, ["x\u{1f}y", "x\u{fffd}\u{fffd}y", "whole"]);
    }

    #[test]
    fn a_truncated_answer_is_an_error() {
        assert!(parse("<a><b>text</b>").is_err());
    }

    #[test]
    fn a_huge_answer_is_refused_before_it_is_allocated() {
        let elements = format!("<a>{}</a>", "<a/>".repeat(MAX_NODES));
        assert!(matches!(parse(&elements), Err(Error::TooManyNodes)));
        let attributes: String = (0..MAX_ATTRIBUTES + 1).map(|n| format!(" a{n}=''")).collect();
        assert!(matches!(parse(&format!("<a{attributes}/>")), Err(Error::TooManyAttributes)));
        let of_attributes = format!("<a>{}</a>", "<a b='' c='' d=''/>".repeat(MAX_NODES / 4));
        assert!(matches!(parse(&of_attributes), Err(Error::TooManyNodes)));
        for text in ["x", "&amp;", "<![CDATA[x]]>", "<b c='x'/>"] {
            let one = "x".repeat(MAX_TEXT / 4);
            let large = format!("<a>{}</a>", text.replace('x', &one).replace("&amp;", &"&amp;".repeat(one.len())));
            assert!(parse(&large).is_ok(), "{text}");
            let twice = large.replace("</a>", "") + &format!("<c>{}</c></a>", "y".repeat(MAX_TEXT));
            assert!(matches!(parse(&twice), Err(Error::TooMuchText)), "{text}");
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        assert!(matches!(parse(&"<a>".repeat(1000)), Err(Error::TooDeep)));
    }
}
