//! Command `eaf plugin build`: builds a package from a plugin's crate.
//!
//! Cargo compiles the crate's three binaries `domain`, `workflow` and `describe` (or
//! `<crate>-domain`, …) to WebAssembly modules, and wit-component converts these to components. The
//! command then runs `describe` once, and packs its answer, the description, together with the
//! other two components, the manifest and the texts.

mod cargo;

use super::check::{self, source};
use super::engine::{self, Limits, Wasm};
use super::load::{self, Ceiling};
use super::manifest;
use super::module_imports;
use super::package;
use eaf_core::contract::Description;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};
use wasmtime::component::{Component, Linker};
use wit_component::ComponentEncoder;

const BINS: [&str; 3] = ["domain", "workflow", "describe"];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be read")]
    Read(PathBuf, #[source] io::Error),
    #[error("{0} cannot be written")]
    Write(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error(transparent)]
    Cargo(#[from] cargo::Error),
    #[error("the crate has no bin `{0}`; a plugin has the bins domain, workflow and describe")]
    NoBin(&'static str),
    #[error("{bin} is not a WebAssembly module")]
    Module {
        bin: &'static str,
        #[source]
        cause: wasmparser::BinaryReaderError,
    },
    #[error("{bin} has imports outside of the contract:\n{}", .report.join("\n"))]
    Forbidden { bin: &'static str, report: Vec<String> },
    #[error("{bin} cannot be converted to a component: {cause}")]
    Encode { bin: &'static str, cause: String },
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("the describe component could not be run: {0}")]
    Describe(String),
    #[error("the answer of the describe component is not a description")]
    Description(#[source] serde_json::Error),
    #[error(transparent)]
    Package(#[from] package::Error),
    #[error("the package cannot be loaded")]
    Load(#[source] Box<load::Error>),
}

/// Package file that `eaf plugin build` has written.
pub struct Built {
    pub file: PathBuf,
    pub digest: String,
    pub bytes: u64,
    /// Findings of the cross-check that do not prevent the build, because they may be false alarms.
    pub warnings: Vec<String>,
}

/// Builds the plugin crate in the folder `path`, and writes the package to the file `out`. If `out`
/// is `None`, the file is `<id>.eafpkg` in the crate's target directory.
pub async fn build(path: &Path, out: Option<&Path>) -> Result<Built, Error> {
    let manifest_bytes = read(&path.join("plugin.toml"))?;
    let manifest = manifest::parse(&manifest_bytes)?;
    let mut entries = BTreeMap::from([("plugin.toml".to_owned(), manifest_bytes)]);

    let cargo::Compiled { modules, sources } = cargo::compile(path).await?;
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
    let home = fs::canonicalize(path).map_err(|cause| Error::Read(path.to_owned(), cause))?;
    // The build makes the same checks as the host when it loads a package, so that the author
    // learns already here that the host would refuse it.
    let refused = |error| Error::Load(Box::new(error));
    let loaded = load::load(&wasm, &bytes, 0, &Ceiling::default()).map_err(refused)?;
    check::refuse(&loaded).map_err(refused)?;
    let warnings = check::refuse_with_source(&loaded, source::references(&sources, &home)).map_err(refused)?;
    let file = match out {
        Some(out) => out.to_owned(),
        None => beside(&modules["domain"]).join(format!("{}.eafpkg", manifest.plugin.id)),
    };
    write(&file, &bytes)?;
    Ok(Built { file, digest: loaded.digest, bytes: bytes.len() as u64, warnings })
}

fn component(bin: &'static str, module: &[u8]) -> Result<Vec<u8>, Error> {
    let report = module_imports::forbidden(module).map_err(|cause| Error::Module { bin, cause })?;
    if !report.is_empty() {
        return Err(Error::Forbidden { bin, report });
    }
    let mut module = module.to_owned();
    let called = name_place(&module);
    module[called].fill(b'0');
    let encoded = ComponentEncoder::default().validate(true).module(&module).and_then(|encoder| encoder.encode());
    encoded.map_err(|cause| Error::Encode { bin, cause: format!("{cause:#}") })
}

/// Range of the hash after the last hyphen in a WebAssembly module's name. Cargo derives this hash
/// from the crate's folder, so it differs between machines.
fn name_place(module: &[u8]) -> Range<usize> {
    let payloads = wasmparser::Parser::new(0).parse_all(module).filter_map(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::CustomSection(section) => Some(section),
        _ => None,
    });
    for section in sections {
        let wasmparser::KnownCustom::Name(names) = section.as_known() else { continue };
        for name in names.into_iter().filter_map(Result::ok) {
            let wasmparser::Name::Module { name, .. } = name else { continue };
            let Some((before, hash)) = name.strip_suffix(".wasm").and_then(|name| name.rsplit_once('-')) else { break };
            let begin = name.as_ptr() as usize - module.as_ptr() as usize + before.len() + 1;
            return begin..begin + hash.len();
        }
    }
    0..0
}

/// Runs the `describe` component once, with the limits of a domain call, and returns the package's
/// description as JSON.
async fn describe(wasm: &Wasm, component: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |error: wasmtime::Error| Error::Describe(format!("{error:#}"));
    let component: Component = wasm.compile(component)?;
    let instance = Linker::new(wasm.engine()).instantiate_pre(&component).map_err(failed)?;
    let export = component
        .get_export_index(None, "eaf:domain/describe@1.0.0")
        .and_then(|interface| component.get_export_index(Some(&interface), "describe"))
        .ok_or_else(|| Error::Describe("the component does not export eaf:domain/describe@1.0.0".into()))?;
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
        // Hidden files and backup files of editors do not belong in a package.
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
    fn a_module_with_a_forbidden_import_is_refused_before_it_is_encoded() {
        let module = wat::parse_str(r#"(module (import "env" "getpid" (func)))"#).unwrap();
        assert!(matches!(component("domain", &module), Err(Error::Forbidden { bin: "domain", .. })));
    }

    #[test]
    fn the_hash_in_a_modules_name_is_found() {
        let module = wat::parse_str("(module $my-domain-0123abcd.wasm)").unwrap();
        let place = name_place(&module);
        assert_eq!(std::str::from_utf8(&module[place]), Ok("0123abcd"));
        assert!(name_place(&wat::parse_str("(module)").unwrap()).is_empty());
    }

    #[tokio::test]
    async fn a_plugin_crate_becomes_a_package_whose_imports_are_reported() {
        let file = std::env::temp_dir().join(format!("eaf-inspect-{}.eafpkg", std::process::id()));
        fs::write(&file, crate::fixtures::counter().await).unwrap();
        let report = crate::inspect::inspect(&file).unwrap();
        fs::remove_file(&file).unwrap();

        assert!(report.domain_imports.is_empty(), "{:?}", report.domain_imports);
        assert_eq!(report.commands, ["increment"]);
        assert!(report.to_string().contains("domain    imports nothing"), "{report}");
    }
}
