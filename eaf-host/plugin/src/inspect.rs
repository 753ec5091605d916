//! Command `eaf plugin inspect`: reports the content of a package and its imports. The imports are
//! read from the components, not from the manifest.

use super::engine::{self, Limits, Wasm};
use super::load::{self, Import};
use super::manifest::{self, Manifest};
use super::package;
use eaf_capability::text::plain;
use eaf_core::contract::Description;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    #[error(transparent)]
    Package(#[from] package::Error),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error("describe.json is not a description")]
    Description(#[source] serde_json::Error),
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

/// Report about a package. It is printed as text, or with `--json` as JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    pub digest: String,
    pub manifest: Manifest,
    pub domain_imports: Vec<Import>,
    pub workflow_imports: Vec<Import>,
    pub commands: Vec<String>,
    pub events: Vec<String>,
    pub views: Vec<String>,
    pub workflows: Vec<String>,
    pub permissions: Vec<String>,
    pub limits: Bounds,
    pub entries: Vec<Size>,
}

#[derive(Debug, Serialize)]
pub struct Bounds {
    pub memory_bytes: usize,
    pub deadline_ms: u64,
    pub journal_entries: i32,
}

#[derive(Debug, Serialize)]
pub struct Size {
    pub path: String,
    pub bytes: usize,
}

pub fn inspect(file: &Path) -> Result<Report, Error> {
    let bytes = std::fs::read(file).map_err(|cause| Error::Read(file.to_owned(), cause))?;
    let package = package::read(&bytes)?;
    let manifest = manifest::parse(package.require("plugin.toml")?)?;
    let description: Description =
        serde_json::from_slice(package.require("describe.json")?).map_err(Error::Description)?;
    let wasm = Wasm::new(None, Limits::default())?;
    let imports = |path: &str| match package.get(path) {
        Some(bytes) => wasm.compile(bytes).map(|component| load::imports(&wasm, &component)),
        None => Ok(Vec::new()),
    };
    Ok(Report {
        digest: package.digest().to_owned(),
        domain_imports: imports("domain.wasm")?,
        workflow_imports: imports("workflow.wasm")?,
        commands: description.commands.into_iter().map(|command| command.name).collect(),
        events: description.events.into_iter().map(|event| event.kind).collect(),
        views: description.views.into_iter().map(|view| view.name).collect(),
        workflows: description.workflows.into_iter().map(|workflow| workflow.name).collect(),
        permissions: description.permissions.into_iter().map(|permission| permission.name).collect(),
        limits: Bounds {
            memory_bytes: wasm.limits().memory_bytes,
            deadline_ms: wasm.limits().deadline.as_millis() as u64,
            journal_entries: eaf_core::workflow::MAX_ENTRIES,
        },
        entries: package.list().map(|(path, bytes)| Size { path: path.to_owned(), bytes }).collect(),
        manifest,
    })
}

/// Prints one line per fact. Texts of the package are escaped, because a name with a line break
/// could pretend to be a further import.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{}", plain::line(line)))
    }
}

impl Report {
    fn lines(&self) -> Vec<String> {
        let identity = &self.manifest.plugin;
        let mut lines = vec![
            format!("{} {} ({})", identity.id, identity.version, identity.name),
            format!("digest    {}", self.digest),
        ];
        lines.extend(imports("domain", &self.domain_imports));
        lines.extend(imports("workflow", &self.workflow_imports));
        for request in &self.manifest.requests {
            let optional = if request.optional { ", optional" } else { "" };
            let interfaces = request.interfaces.join(", ");
            lines.push(format!("requests  {} [{interfaces}] as `{}`{optional}", request.capability, request.grant));
        }
        for (what, names) in [
            ("commands", &self.commands),
            ("events", &self.events),
            ("views", &self.views),
            ("workflows", &self.workflows),
            ("permits", &self.permissions),
        ] {
            lines.push(format!("{what:<9} {}", names.join(", ")));
        }
        let limits = &self.limits;
        lines.push(format!(
            "limits    {} MiB memory, {} ms per call, {} journal entries per run",
            limits.memory_bytes >> 20,
            limits.deadline_ms,
            limits.journal_entries,
        ));
        lines.extend(self.entries.iter().map(|entry| format!("{:>9} {}", entry.bytes, entry.path)));
        lines
    }
}

fn imports(component: &str, imports: &[Import]) -> Vec<String> {
    if imports.is_empty() {
        return vec![format!("{component:<9} imports nothing")];
    }
    let line =
        |import: &Import| format!("{component:<9} imports {}: {}", import.interface, import.functions.join(", "));
    imports.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn a_package_cannot_put_a_line_of_its_own_into_its_report() {
        let named = "name = \"Fixture)\\nworkflow  imports nothing\\n(\"";
        let manifest = fixtures::MANIFEST.lines();
        let manifest: Vec<&str> = manifest.map(|line| if line.starts_with("name") { named } else { line }).collect();
        let workflow = fixtures::component("workflow", fixtures::DURABLE);
        let domain = fixtures::component("domain", fixtures::HOSTILE);
        let file = std::env::temp_dir().join(format!("eaf-inspect-{}.eafp", uuid::Uuid::new_v4()));
        std::fs::write(&file, fixtures::package(&manifest.join("\n"), domain, Some(workflow))).unwrap();
        let report = inspect(&file).unwrap().to_string();
        assert!(report.starts_with("fixture 1.0.0 (Fixture)\\nworkflow  imports nothing\\n()\n"), "{report}");
        assert!(!report.lines().any(|line| line == "workflow  imports nothing"), "{report}");
        std::fs::remove_file(&file).unwrap();
    }
}
