//! The cross-check of a package: whatever one part names, another part must have. A name that nobody has would show
//! itself later, as an empty list, a run that never starts or a code instead of a sentence.
//!
//! | file | what is compared |
//! |---|---|
//! | `names` | commands, events, permissions and roles with what they name |
//! | `views` | columns, read rules and events of a view |
//! | `workflows` | triggers and commands of a workflow |
//! | `observe` | what `plugin.toml` has the host read again with commands and views |
//! | `personal` | marks of personal members with the members beside them |
//! | `chosen` | members to choose with the grants that the package requests |
//! | `schema` | finds the member that a JSON pointer means |
//! | `texts` | titles of commands; codes, mails and permissions that the source says |
//! | `source` | reads those from the source, when a package is built |
//!
//! To add a rule: a function that answers [`Fault`]s, its call in [`faults`], a test with a broken copy.

mod chosen;
mod names;
mod observe;
mod personal;
mod schema;
pub mod source;
mod texts;
mod views;
mod workflows;

#[cfg(test)]
mod tests;

use super::Plugin;
use super::load::Error;
use super::manifest::Request;
use eaf_capability::text::Locales;
use eaf_core::contract::Description;
use std::fmt;

/// The roles that people of a tenant can have.
pub const ROLES: [&str; 4] = ["requester", "approver", "admin", "auditor"];

/// Something that a package names and does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Such as `view requests, column position`, or a file and its line.
    place: String,
    what: String,
    /// A sentence that begins with a verb.
    fix: String,
}

impl Fault {
    fn new(place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Fault { place: place.into(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}\n    {}", self.place, self.what, self.fix)
    }
}

/// What is compared.
struct Package<'a> {
    description: &'a Description,
    texts: &'a Locales,
    has_workflow_component: bool,
    requests: &'a [Request],
}

fn faults(package: &Package) -> Vec<Fault> {
    let Package { description, texts, has_workflow_component, requests } = package;
    let mut found = names::faults(description);
    found.extend(personal::faults(description));
    found.extend(chosen::faults(description, requests));
    found.extend(views::faults(description));
    found.extend(workflows::faults(description, *has_workflow_component));
    found.extend(observe::faults(description, requests));
    found.extend(texts::titles(description, texts));
    found
}

/// Of a package that is new here. One that is active already is served as it was: whoever restarts a host can change nothing of it.
pub fn refuse(plugin: &Plugin) -> Result<(), Error> {
    let package = Package {
        description: &plugin.description,
        texts: &plugin.texts,
        has_workflow_component: plugin.workflow.is_some(),
        requests: &plugin.manifest.requests,
    };
    report(plugin, &faults(&package))
}

/// Of a package that is built: what its source says, too. Answers what may be a fault, and may be nothing.
pub fn refuse_said(plugin: &Plugin, found: source::Findings) -> Result<Vec<String>, Error> {
    let faults = |said: &[source::Said]| texts::said(said, &plugin.description, &plugin.texts, &plugin.mails);
    let (certain, perhaps): (Vec<_>, Vec<_>) = found.said.into_iter().partition(|said| said.is_certain);
    report(plugin, &faults(&certain))?;
    let unread = found.unread.iter().map(|error| format!("  {error}: what it says to people is not compared."));
    Ok(faults(&perhaps).iter().map(Fault::to_string).chain(unread).collect())
}

fn report(plugin: &Plugin, faults: &[Fault]) -> Result<(), Error> {
    if faults.is_empty() {
        return Ok(());
    }
    let report = faults.iter().map(Fault::to_string).collect();
    Err(Error::Refused { plugin: plugin.id().to_owned(), report })
}

/// For a fix: what there is, or that there is nothing.
fn choices<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "There is none.".into() } else { format!("There are: {}.", names.join(", ")) }
}
