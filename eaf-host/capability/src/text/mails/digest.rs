//! Digest: one mail about several, with subject and link of each, grouped by kind.

use super::{Error, HostFacts, LAST_LINK, Rendered, Templates, one_line, path, render_error};
use crate::text::Locales;
use eaf_core::actor::Locale;
use minijinja::value::Serde;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const TEMPLATE: &str = "digest";

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    let files = [
        ("de.subject.txt", include_str!("digest/de.subject.txt")),
        ("de.txt", include_str!("digest/de.txt")),
        ("de.html", include_str!("digest/de.html")),
        ("en.subject.txt", include_str!("digest/en.subject.txt")),
        ("en.txt", include_str!("digest/en.txt")),
        ("en.html", include_str!("digest/en.html")),
    ];
    let files: BTreeMap<_, _> =
        files.into_iter().map(|(name, text)| (format!("{TEMPLATE}/{name}"), text.into())).collect();
    let locales = Arc::new(Locales::load("", "").expect("no texts are whole"));
    Templates::load(&files, locales).expect("the digest is whole; a test renders it")
});

/// Mail as a digest shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Subject of the mail, in one line.
    pub subject: String,
    /// Last link in the mail's text, which leads to the thing that the mail is about. `None`: the
    /// text has no link.
    pub link: Option<String>,
}

/// Mails of one kind in a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the kind for people.
    pub name: String,
    pub mails: Vec<Brief>,
}

impl Templates {
    /// Renders subject and link of a mail, for a digest.
    pub fn brief(
        &self,
        name: &str,
        locale: Locale,
        facts: &Map<String, Value>,
        host: &HostFacts,
    ) -> Result<Brief, Error> {
        let all = self.facts(name, locale, facts, host)?;
        let subject = one_line(&self.part(name, locale, "subject.txt", &all)?);
        let path = path(name, locale, "txt");
        let text = self.language(locale).get_template(&path).and_then(|text| text.render_captured(Serde(&all)));
        let text = text.map_err(|cause| render_error(path, &cause))?;
        let link = text.state().get_temp(LAST_LINK).map(|link| link.to_string());
        Ok(Brief { subject, link })
    }
}

/// Renders a digest. The footer of its text says where the person chooses how mails arrive.
pub fn render(groups: &[Group], locale: Locale, host: &HostFacts) -> Result<Rendered, Error> {
    let mail = |brief: &Brief| json!({ "subject": brief.subject, "link": brief.link });
    let group = |group: &Group| {
        let mails: Vec<Value> = group.mails.iter().map(mail).collect();
        json!({ "name": group.name, "mails": mails })
    };
    let facts = Map::from_iter([
        ("groups".to_owned(), groups.iter().map(group).collect()),
        ("count".to_owned(), groups.iter().map(|group| group.mails.len()).sum::<usize>().into()),
    ]);
    TEMPLATES.render(TEMPLATE, locale, &facts, host)
}
