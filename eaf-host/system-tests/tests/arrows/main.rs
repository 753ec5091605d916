//! Tests of the source tree's rules: dependencies between crates and inside the core, size and
//! names of files, and the words of comments and documents.

mod comments;
mod core_layers;
mod metrics;
mod plain_words;
mod product;

use std::fs;
use std::path::{Path, PathBuf};

/// Crates of this workspace, each with the crates on which it may depend, also in tests. A product
/// depends on the contract and on no other crate of the framework.
const ARROWS: &[(&str, &[&str])] = &[
    ("eaf-core", &[]),
    ("eaf-capability", &["eaf-core"]),
    ("eaf-plugin", &["eaf-capability", "eaf-core"]),
    ("eaf-identity", &["eaf-core"]),
    // Forms, tests and choices of connections come from the providers of capabilities.
    ("eaf-http", &["eaf-plugin", "eaf-identity", "eaf-capability", "eaf-core"]),
    ("eaf", &["eaf-http", "eaf-identity", "eaf-plugin", CAPABILITIES, "eaf-capability", "eaf-core"]),
    ("eaf-dev", &["eaf", "eaf-capability", "eaf-core"]),
    ("eaf-test-support", &[]),
    ("eaf-system-tests", &["eaf-dev", CAPABILITIES, "eaf-plugin", "eaf-capability", "eaf-core", "eaf-test-support"]),
    ("eaf-sdk", &[]),
    ("dcm", &["eaf-sdk", CLIENTS]),
    ("counter", &["eaf-sdk", CLIENTS]),
];

/// Name in [`ARROWS`] for the providers of all capabilities, one crate in each folder of
/// `eaf-host/capabilities/`.
const CAPABILITIES: &str = "capabilities";
/// Name in [`ARROWS`] for the clients of all capabilities, which products use: one crate in the
/// folder `sdk/` of each capability.
const CLIENTS: &str = "clients of capabilities";

/// Names of the crates on which a crate may depend; `None`: the crate is unknown. Crates of
/// capabilities are not listed in [`ARROWS`], because one rule applies to all of them.
fn allowed(path: &str, name: &str) -> Option<Vec<String>> {
    let of_capabilities: Vec<(String, String)> = sources("eaf-host/capabilities", &["Cargo.toml"])
        .into_iter()
        .filter_map(|(path, text)| Some((path, self::name(&manifest(&text))?)))
        .collect();
    let is_client = |path: &str| path.ends_with("/sdk/Cargo.toml");
    if of_capabilities.iter().any(|(known, _)| known == path) {
        let to: &[&str] = if is_client(path) { &["eaf-sdk"] } else { &["eaf-capability", "eaf-core"] };
        return Some(to.iter().map(|name| (*name).to_owned()).collect());
    }
    let (_, to) = ARROWS.iter().find(|(known, _)| *known == name)?;
    let crates = |clients: bool| {
        let those = of_capabilities.iter().filter(move |(path, _)| is_client(path) == clients);
        those.map(|(_, name)| name.clone()).collect::<Vec<_>>()
    };
    Some(
        to.iter()
            .flat_map(|to| match *to {
                CAPABILITIES => crates(false),
                CLIENTS => crates(true),
                one => vec![one.to_owned()],
            })
            .collect(),
    )
}

/// Libraries that only the listed crates may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["eaf-core"]),
    ("wasmtime", &["eaf-plugin"]),
    // Identity providers of tests and demo, collectors of tests, and the plain handlers of the
    // benchmark.
    ("axum", &["eaf-http", "eaf-identity", "eaf-dev", "eaf-system-tests", "eaf-test-support"]),
    // Spans are those of `tracing`: the core knows their positions, and the export the rest.
    ("opentelemetry", &["eaf-core", "eaf"]),
    ("opentelemetry_sdk", &["eaf"]),
];

const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it lies in the workspace").to_path_buf()
}

/// Source files below a folder: the path of each, relative to the workspace, and its text. Files
/// that tools have written are not included.
fn sources(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a readable folder").map(|entry| entry.expect("a readable entry")) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !name.starts_with('.') && !["target", "node_modules", "dist", "bin"].contains(&name.as_str())
                    || path.ends_with("src/bin")
                {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((relative, fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} has no {endings:?}");
    found
}

fn complain(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn manifest(text: &str) -> toml::Table {
    text.parse().expect("TOML")
}

fn dependencies(manifest: &toml::Table, section: &str) -> toml::Table {
    manifest.get(section).and_then(toml::Value::as_table).cloned().unwrap_or_default()
}

fn name(manifest: &toml::Table) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

#[test]
fn a_crate_depends_only_on_its_permitted_crates() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &["Cargo.toml"]) {
        let manifest = manifest(&text);
        // The workspace manifest has no package name.
        let Some(name) = name(&manifest) else { continue };
        let Some(may) = allowed(&path, &name) else {
            wrong.push(format!("{path}: say in {} what {name} may depend on", file!()));
            continue;
        };
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for to in dependencies(&manifest, section).keys() {
                let is_ours = to.starts_with("eaf") || ARROWS.iter().any(|(known, _)| known == to);
                let for_tests = section == "dev-dependencies" && (*to == name || to == "eaf-test-support");
                if is_ours && !for_tests && !may.contains(to) {
                    wrong.push(format!("{path}: {name} must not depend on {to} [{section}]"));
                }
                let homes = LIBRARIES.iter().find(|(library, _)| library == to);
                if homes.is_some_and(|(_, homes)| !homes.contains(&name.as_str())) {
                    wrong.push(format!("{path}: {to} is not for {name} [{section}]"));
                }
            }
        }
    }
    complain(wrong);
}

#[test]
fn test_features_are_in_no_build_of_the_binaries() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &["Cargo.toml"]) {
        let manifest = manifest(&text);
        let is_default = |feature: &str| {
            let defaults = manifest.get("features").and_then(|features| features.get("default"));
            defaults
                .and_then(toml::Value::as_array)
                .is_some_and(|list| list.iter().any(|one| one.as_str() == Some(feature)))
        };
        if is_default("testing") {
            wrong.push(format!("{path}: `testing` is on by default"));
        }
        for (to, how) in dependencies(&manifest, "dependencies") {
            let features = how.get("features").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            if features.iter().any(|feature| feature.as_str() == Some("testing")) {
                wrong.push(format!("{path}: {to} is taken with `testing` outside of dev-dependencies"));
            }
        }
    }
    complain(wrong);
}

#[test]
fn files_are_short_and_named_for_a_subject() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &[".rs", ".ts", ".tsx", ".go"]) {
        let lines = text.lines().count();
        // Declarations in TypeScript are generated and not reviewed.
        if lines > LINES_MAX && !path.ends_with(".d.ts") {
            wrong.push(format!("{path}: {lines} lines; {LINES_MAX} are enough for one thing"));
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"].contains(&name) {
            wrong.push(format!("{path}: name it for what it does"));
        }
    }
    complain(wrong);
}
