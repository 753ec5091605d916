//! Cross-check of a package: every name to which one part of the package refers must be declared by
//! another part. Without the check, an undefined name would show only later: as an empty list, a
//! workflow run that never starts, or a code in place of a sentence.
//!
//! | file | comparison |
//! |---|---|
//! | `names` | commands, events, permissions and roles with their references |
//! | `views` | columns, read rules and events of a view |
//! | `workflows` | triggers and commands of a workflow |
//! | `observe` | `observe` in `plugin.toml` with commands and views |
//! | `person` | members that name persons with the permissions that the package declares |
//! | `personal` | marks of personal members with the members beside them |
//! | `chosen` | members with choices with the grants that the package requests |
//! | `schema` | finds the member of a JSON pointer |
//! | `settings` | schema, defaults and labels of a tenant's settings |
//! | `texts` | titles of commands; codes, mails and permissions in the source |
//! | `source` | reads codes, mails and permissions from the source when a package is built |
//!
//! To add a rule, write a function that returns [`Finding`]s, its call in [`findings`], and a test
//! with an invalid package.

mod chosen;
mod names;
mod observe;
mod person;
mod personal;
mod schema;
mod settings;
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

/// Result of the cross-check of a package: a reference to a name that the package does not declare,
/// or another violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Part of the package that the finding is about, such as `view requests, column position`, or
    /// a source file and line.
    place: String,
    what: String,
    /// Sentence that says how to repair the package. It begins with a verb.
    fix: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { place: place.into(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}\n    {}", self.place, self.what, self.fix)
    }
}

/// Parts of a package that the cross-check compares with each other.
struct Package<'a> {
    description: &'a Description,
    texts: &'a Locales,
    has_workflow_component: bool,
    requests: &'a [Request],
}

fn findings(package: &Package) -> Vec<Finding> {
    let Package { description, texts, has_workflow_component, requests } = package;
    let mut found = names::findings(description);
    found.extend(personal::findings(description));
    found.extend(chosen::findings(description, requests));
    found.extend(person::findings(description));
    found.extend(views::findings(description));
    found.extend(workflows::findings(description, *has_workflow_component));
    found.extend(observe::findings(description, requests));
    found.extend(texts::titles(description, texts));
    found.extend(settings::findings(description, texts));
    found
}

/// Cross-checks a package before it is activated, and refuses it if there are findings. A host
/// serves packages that are already active without this check, because its restart must not stop
/// them.
pub fn refuse(plugin: &Plugin) -> Result<(), Error> {
    let package = Package {
        description: &plugin.description,
        texts: &plugin.texts,
        has_workflow_component: plugin.workflow.is_some(),
        requests: &plugin.manifest.requests,
    };
    report(plugin, &findings(&package))
}

/// Compares a built package with the references in its source. A finding that is certain refuses
/// the package. Findings that may be false alarms are returned as warnings.
pub fn refuse_with_source(plugin: &Plugin, found: source::SourceReferences) -> Result<Vec<String>, Error> {
    let findings = |references: &[source::SourceReference]| {
        texts::references(references, &plugin.description, &plugin.texts, &plugin.mails)
    };
    let (certain, perhaps): (Vec<_>, Vec<_>) = found.references.into_iter().partition(|reference| reference.is_certain);
    report(plugin, &findings(&certain))?;
    let unread = found.unread.iter().map(|error| format!("  {error}: its texts are not checked."));
    Ok(findings(&perhaps).iter().map(Finding::to_string).chain(unread).collect())
}

fn report(plugin: &Plugin, findings: &[Finding]) -> Result<(), Error> {
    if findings.is_empty() {
        return Ok(());
    }
    let report = findings.iter().map(Finding::to_string).collect();
    Err(Error::Refused { plugin: plugin.id().to_owned(), report })
}

/// Sentence that lists the declared names, for the repair of a finding.
fn choices<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "There is none.".into() } else { format!("There are: {}.", names.join(", ")) }
}
