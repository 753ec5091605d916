//! Results of a connection test: one finding per requirement, so that the first failure does not
//! hide the others.

use super::Failure;

/// Maximum length, in bytes, of a finding's subject, whose names another system gave.
const SUBJECT_MAX: usize = 2_000;

/// Findings of a connection test in the order of their dependencies, so that the first bad one is
/// to be repaired first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: Kind,
    /// Name of what was tested: a JSON member of the connection's `config` or another word of the
    /// capability; for a privilege, its id.
    pub name: String,
    /// Object that was tested, by its name in the other system; empty: the connection as a whole.
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
    /// The requirement was not tested, because another one on which it depends is bad.
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

    /// Returns the failure of the first bad finding; succeeds if there is none, since the
    /// connection is usable then.
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

/// Creates the report of a connection that cannot be tested at all.
impl From<Failure> for Report {
    fn from(failure: Failure) -> Self {
        let mut report = Report::default();
        report.setting("connection", "", failure);
        report
    }
}
