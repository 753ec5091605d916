//! `eaf plugin build`: from a crate to a package.
//!
//! Cargo compiles the three bins `domain`, `workflow` and `describe` (or `<crate>-domain`, …) for
//! `wasm32-unknown-unknown`; wit-component makes components of them; `describe` is run once, and its answer is packed
//! together with manifest, texts and the other two.

use super::engine::{self, Limits, Wasm};
use super::forbidden;
use super::load::{self, Ceiling};
use super::manifest;
use super::package;
use eaf_core::contract::Description;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{fs, io};
use tokio::process::Command;
use wasmtime::component::{Component, Linker};
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";
const BINS: [&str; 3] = ["domain", "workflow", "describe"];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be read")]
    Read(PathBuf, #[source] io::Error),
    #[error("{0} cannot be written")]
    Write(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error("cargo could not be started")]
    Cargo(#[source] io::Error),
    #[error("cargo could not build the plugin; what it said stands above")]
    Compile,
    #[error("the crate has no bin `{0}`; a plugin has the bins domain, workflow and describe")]
    NoBin(&'static str),
    #[error("{bin} is not a WebAssembly module")]
    Module {
        bin: &'static str,
        #[source]
        cause: wasmparser::BinaryReaderError,
    },
    #[error("{bin} imports what no plugin may import:\n{}", .report.join("\n"))]
    Forbidden { bin: &'static str, report: Vec<String> },
    #[error("{bin} cannot be made a component: {cause}")]
    Encode { bin: &'static str, cause: String },
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("the describe component could not be run: {0}")]
    Describe(String),
    #[error("what the describe component answered is not a description")]
    Description(#[source] serde_json::Error),
    #[error(transparent)]
    Package(#[from] package::Error),
    #[error("the package would not be loaded")]
    Load(#[source] Box<load::Error>),
}

/// What was built.
pub struct Built {
    pub file: PathBuf,
    pub digest: String,
    pub bytes: u64,
}

/// Builds the plugin crate in `path` into `out`, or into `<id>.eafpkg` in its target directory.
pub async fn build(path: &Path, out: Option<&Path>) -> Result<Built, Error> {
    let manifest_bytes = read(&path.join("plugin.toml"))?;
    let manifest = manifest::parse(&manifest_bytes)?;
    let mut entries = BTreeMap::from([("plugin.toml".to_owned(), manifest_bytes)]);

    let modules = compile(path).await?;
    let mut components = BTreeMap::new();
    for bin in BINS {
        let file = modules.get(bin).ok_or(Error::NoBin(bin))?;
        components.insert(bin, component(bin, &read(file)?)?);
    }
    let wasm = Wasm::new(None, Limits::default())?;
    entries.insert("describe.json".into(), describe(&wasm, &components["describe"]).await?);
    for bin in ["domain", "workflow"] {
        entries.insert(format!("{bin}.wasm"), components.remove(bin).unwrap_or_default());
    }
    for folder in ["locales", "mails"] {
        add_folder(&path.join(folder), folder, &mut entries)?;
    }

    let bytes = package::write(&entries)?;
    // What would be refused at load is refused here, where the author still sees it.
    let refused = |error| Error::Load(Box::new(error));
    let loaded = load::load(&wasm, &bytes, 0, &Ceiling::default()).map_err(refused)?;
    load::refuse_marks(&loaded).map_err(refused)?;
    let file = match out {
        Some(out) => out.to_owned(),
        None => beside(&modules["domain"]).join(format!("{}.eafpkg", manifest.plugin.id)),
    };
    write(&file, &bytes)?;
    Ok(Built { file, digest: loaded.digest, bytes: bytes.len() as u64 })
}

/// Bins by name, where cargo put them.
async fn compile(path: &Path) -> Result<BTreeMap<&'static str, PathBuf>, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--bins"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .map_err(Error::Cargo)?;
    if !output.status.success() {
        return Err(Error::Compile);
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(messages.lines().filter_map(artifact).collect())
}

/// A line of cargo's that tells of a finished bin: which of the three it is, and its `.wasm`.
fn artifact(line: &str) -> Option<(&'static str, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let target = message.get("target")?;
    let is_bin = target["kind"].as_array()?.iter().any(|kind| kind == "bin");
    let name = target["name"].as_str().filter(|_| is_bin)?;
    let bin = BINS.into_iter().find(|bin| name == *bin || name.ends_with(&format!("-{bin}")))?;
    let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    files.map(PathBuf::from).find(|file| file.extension().is_some_and(|ext| ext == "wasm")).map(|file| (bin, file))
}

fn component(bin: &'static str, module: &[u8]) -> Result<Vec<u8>, Error> {
    let report = forbidden::imports(module).map_err(|cause| Error::Module { bin, cause })?;
    if !report.is_empty() {
        return Err(Error::Forbidden { bin, report });
    }
    let encoded = ComponentEncoder::default().validate(true).module(module).and_then(|encoder| encoder.encode());
    encoded.map_err(|cause| Error::Encode { bin, cause: format!("{cause:#}") })
}

/// Asks the describe component once, with the same limits as a domain call.
async fn describe(wasm: &Wasm, component: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |error: wasmtime::Error| Error::Describe(format!("{error:#}"));
    let component: Component = wasm.compile(component)?;
    let instance = Linker::new(wasm.engine()).instantiate_pre(&component).map_err(failed)?;
    let export = component
        .get_export_index(None, "eaf:domain/describe@1.0.0")
        .and_then(|interface| component.get_export_index(Some(&interface), "describe"))
        .ok_or_else(|| Error::Describe("it does not export eaf:domain/describe@1.0.0".into()))?;
    let mut store = wasm.store(()).await;
    let called = async {
        let instance = instance.instantiate_async(&mut store).await?;
        let function = instance.get_typed_func::<(), (Vec<u8>,)>(&mut store, &export)?;
        function.call_async(&mut store, ()).await
    };
    let answer = match called.await {
        Ok((answer,)) => answer,
        Err(error) => {
            let panic = super::trap::panic_text(&mut store, &error);
            return Err(Error::Describe(panic.unwrap_or_else(|| super::trap::reason(&error))));
        }
    };
    let _: Description = serde_json::from_slice(&answer).map_err(Error::Description)?;
    Ok(answer)
}

fn add_folder(folder: &Path, name: &str, entries: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    if !folder.is_dir() {
        return Ok(());
    }
    for found in fs::read_dir(folder).map_err(|cause| Error::Read(folder.to_owned(), cause))? {
        let found = found.map_err(|cause| Error::Read(folder.to_owned(), cause))?;
        let file_name = found.file_name().to_string_lossy().into_owned();
        // What editors and systems leave behind does not belong into a package.
        if file_name.starts_with('.') || file_name.ends_with('~') {
            continue;
        }
        let inside = format!("{name}/{file_name}");
        if found.path().is_dir() {
            add_folder(&found.path(), &inside, entries)?;
        } else {
            entries.insert(inside, read(&found.path())?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|cause| Error::Read(path.to_owned(), cause))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|cause| Error::Write(path.to_owned(), cause))
}

fn beside(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_with_a_forbidden_import_is_refused_before_the_encoder_stumbles_over_it() {
        let module = wat::parse_str(r#"(module (import "env" "getpid" (func)))"#).unwrap();
        assert!(matches!(component("domain", &module), Err(Error::Forbidden { bin: "domain", .. })));
    }

    #[test]
    fn cargo_tells_where_a_bin_is() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"dcm-domain"},"filenames":["/t/domain.wasm"]}"#;
        assert_eq!(artifact(line), Some(("domain", PathBuf::from("/t/domain.wasm"))));
        assert_eq!(artifact(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[tokio::test]
    async fn a_plugin_crate_becomes_a_package_that_tells_what_it_can_reach() {
        let file = std::env::temp_dir().join(format!("eaf-inspect-{}.eafpkg", std::process::id()));
        fs::write(&file, crate::plugin::fixtures::dcm().await).unwrap();
        let report = crate::plugin::inspect::inspect(&file).unwrap();
        fs::remove_file(&file).unwrap();

        assert!(report.domain_imports.is_empty(), "{:?}", report.domain_imports);
        let interfaces: Vec<&str> = report.workflow_imports.iter().map(|import| import.interface.as_str()).collect();
        assert!(interfaces.contains(&"eaf:vsphere/lifecycle@1.0.0"), "{interfaces:?}");
        assert!(report.commands.contains(&"request-vm".to_owned()));
        assert!(report.to_string().contains("domain    imports nothing"), "{report}");
    }
}
