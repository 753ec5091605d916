//! Report of a connection test: one finding per requirement, so that one failure does not hide
//! others.

use super::Failure;

/// Maximum length, in bytes, of a finding's subject. The limit is needed because the subject
/// contains names from another system.
const SUBJECT_MAX: usize = 2_000;

/// Findings of a connection test. A requirement comes after those on which it depends, so the first
/// bad finding is the one to repair first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: Kind,
    /// Name of the tested requirement: a JSON member of the connection's `config`, another word of
    /// the capability, or the id of a privilege.
    pub name: String,
    /// Object that was tested, by its name in the other system; empty if the finding is about the
    /// connection as a whole.
    pub subject: String,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Setting,
    Privilege,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Good,
    Bad(Failure),
    /// The requirement was not tested, because another requirement on which it depends is bad.
    Untested,
}

impl Report {
    pub fn setting(&mut self, name: &str, subject: impl Into<String>, verdict: impl Into<Verdict>) {
        self.push(Kind::Setting, name, subject.into(), verdict.into());
    }

    pub fn privilege(&mut self, id: &str, subject: impl Into<String>, verdict: impl Into<Verdict>) {
        self.push(Kind::Privilege, id, subject.into(), verdict.into());
    }

    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the failure of the first bad finding. `Ok` if no finding is bad, which means that
    /// the connection is usable.
    pub fn outcome(&self) -> Result<(), Failure> {
        let bad = self.findings.iter().find_map(|finding| match &finding.verdict {
            Verdict::Bad(failure) => Some(failure.clone()),
            Verdict::Good | Verdict::Untested => None,
        });
        bad.map_or(Ok(()), Err)
    }

    fn push(&mut self, kind: Kind, name: &str, subject: String, verdict: Verdict) {
        let mut subject = subject;
        subject.truncate(subject.floor_char_boundary(SUBJECT_MAX));
        self.findings.push(Finding { kind, name: name.to_owned(), subject, verdict });
    }
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Self {
        Verdict::Bad(failure)
    }
}

impl<T> From<&Result<T, Failure>> for Verdict {
    fn from(result: &Result<T, Failure>) -> Self {
        result.as_ref().err().map_or(Verdict::Good, |failure| Verdict::Bad(failure.clone()))
    }
}

/// Creates the report of a connection that cannot be tested at all: a single bad finding.
impl From<Failure> for Report {
    fn from(failure: Failure) -> Self {
        let mut report = Report::default();
        report.setting("connection", "", failure);
        report
    }
}
