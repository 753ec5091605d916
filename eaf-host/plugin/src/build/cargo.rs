//! Compilation of a plugin crate by cargo. The flags are the same for every product and on every
//! machine, so that the same source gives the same package.
//!
//! Only folder paths differ between machines. A WebAssembly module contains paths as text, in the
//! positions of panics; `--remap-path-prefix` replaces them. Paths also determine the order of
//! functions, because rustc is given a hash of the crate's folder; the wrapper `rustc.sh` derives
//! that hash from name and version instead.

use super::BINS;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::{fs, io};
use tokio::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// Cargo profile of the compilation: small code, checked arithmetic, and function names for traces.
/// It is set by flags, because a product in another workspace cannot inherit this workspace's
/// profile.
const PROFILE: [&str; 7] = [
    r#"inherits="release""#,
    r#"opt-level="s""#,
    "lto=true",
    "codegen-units=1",
    "overflow-checks=true",
    r#"panic="abort""#,
    r#"strip="debuginfo""#,
];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cargo could not be started")]
    Start(#[source] io::Error),
    #[error("cargo could not read the plugin's Cargo.toml; see its output above")]
    Metadata,
    #[error("the output of cargo metadata cannot be parsed")]
    Unknown(#[source] serde_json::Error),
    #[error("{0} cannot be written")]
    Wrapper(PathBuf, #[source] io::Error),
    #[error("cargo could not build the plugin; see the compiler's output above")]
    Compile,
}

/// WebAssembly modules that cargo has compiled, and their source files.
#[derive(Debug, Default)]
pub struct Compiled {
    /// `.wasm` file of each compiled binary, by the binary's name, such as `domain`.
    pub modules: BTreeMap<&'static str, PathBuf>,
    /// Root source files of the local libraries: the plugin's own library and its path
    /// dependencies.
    pub sources: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

pub async fn compile(path: &Path) -> Result<Compiled, Error> {
    let metadata = metadata(path).await?;
    let mut command = cargo(path);
    command.args(["build", "--profile", "plugin", "--target", TARGET, "--bins"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    for setting in PROFILE {
        command.arg("--config").arg(format!("profile.plugin.{setting}"));
    }
    // These variables override settings of cargo in the environment.
    command.env("CARGO_INCREMENTAL", "0");
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(&metadata)).env("RUSTC_WRAPPER", wrapper(&metadata.target_directory)?);
    let output = run(command).await?;
    if !output.status.success() {
        return Err(Error::Compile);
    }
    let mut compiled = Compiled::default();
    String::from_utf8_lossy(&output.stdout).lines().for_each(|line| artifact(line, &mut compiled));
    compiled.sources.sort();
    Ok(compiled)
}

async fn metadata(path: &Path) -> Result<Metadata, Error> {
    let mut command = cargo(path);
    command.args(["metadata", "--format-version", "1", "--filter-platform", TARGET]);
    let output = run(command).await?;
    if !output.status.success() {
        return Err(Error::Metadata);
    }
    serde_json::from_slice(&output.stdout).map_err(Error::Unknown)
}

fn cargo(path: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(path);
    command
}

/// Runs cargo and returns its standard output. Its standard error goes to the terminal, so that
/// people see the progress; `output()` would capture it.
async fn run(mut command: Command) -> Result<Output, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command.spawn().map_err(Error::Start)?.wait_with_output().await.map_err(Error::Start)
}

/// Flags of rustc that replace the folder of each crate by the crate's name and version. They are
/// sorted by the folder's length, because rustc applies the last one that matches.
fn flags(metadata: &Metadata) -> OsString {
    let mut places = vec![(metadata.target_directory.clone(), "/target".to_owned())];
    for Package { name, version, manifest_path } in &metadata.packages {
        let folder = manifest_path.parent().map(Path::to_owned).unwrap_or_default();
        places.push((folder, format!("/{name}-{version}")));
    }
    places.sort_by_key(|(folder, _)| folder.as_os_str().len());
    let mut flags = OsString::new();
    for (folder, name) in places {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// Writes the wrapper of rustc into the target directory. A file with the same content is not
/// written again, because cargo would then compile everything again.
fn wrapper(target: &Path) -> Result<PathBuf, Error> {
    let file = target.join("eaf-rustc");
    let text = include_str!("rustc.sh");
    if fs::read_to_string(&file).is_ok_and(|found| found == text) {
        return Ok(file);
    }
    let failed = |cause| Error::Wrapper(file.clone(), cause);
    fs::create_dir_all(target).map_err(failed)?;
    // The wrapper is written to a temporary file that is then renamed, because another build may be
    // executing the old file.
    let beside = target.join(format!("eaf-rustc-{}", std::process::id()));
    fs::write(&beside, text).map_err(failed)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    fs::rename(&beside, &file).map_err(failed)?;
    Ok(file)
}

/// Reads one line of cargo's JSON output. If it reports a compiled artifact, the artifact is added
/// to `compiled`.
fn artifact(line: &str, compiled: &mut Compiled) {
    let Ok(message) = serde_json::from_str::<Value>(line) else { return };
    let target = &message["target"];
    let is = |kind: &str| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|known| known == kind));
    if is("bin") {
        compiled.modules.extend(module(&message));
    } else if ["lib", "rlib", "cdylib", "staticlib"].into_iter().any(is)
        && message["package_id"].as_str().is_some_and(|id| id.starts_with("path+"))
    {
        compiled.sources.extend(target["src_path"].as_str().map(PathBuf::from));
    }
}

/// Name of the binary and its `.wasm` file, from cargo's message about an artifact. `None` if the
/// artifact is not one of the three binaries.
fn module(message: &Value) -> Option<(&'static str, PathBuf)> {
    let name = message["target"]["name"].as_str()?;
    let bin = BINS.into_iter().find(|bin| name == *bin || name.ends_with(&format!("-{bin}")))?;
    let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    files.map(PathBuf::from).find(|file| file.extension().is_some_and(|ext| ext == "wasm")).map(|file| (bin, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cargo_tells_where_a_bin_is_and_which_libraries_are_the_authors_own() {
        let mut compiled = Compiled::default();
        let lib = |id: &str, path: &str| json!({ "package_id": id, "target": { "kind": ["lib"], "name": "x", "src_path": path } });
        for line in [
            json!({ "target": { "kind": ["bin"], "name": "shop-domain" }, "filenames": ["/t/domain.wasm"] }),
            lib("path+file:///shop#0.1.0", "/shop/src/lib.rs"),
            lib("registry+https://x#serde@1.0.0", "/r/serde/src/lib.rs"),
            json!({ "reason": "build-finished", "success": true }),
        ] {
            artifact(&line.to_string(), &mut compiled);
        }
        assert_eq!(compiled.modules, BTreeMap::from([("domain", PathBuf::from("/t/domain.wasm"))]));
        assert_eq!(compiled.sources, [PathBuf::from("/shop/src/lib.rs")]);
    }

    #[test]
    fn a_folder_inside_another_one_is_named_by_the_inner_crate() {
        let package =
            |name: &str, path: &str| Package { name: name.into(), version: "1.0.0".into(), manifest_path: path.into() };
        let packages =
            vec![package("inner", "/home/ada/outer/inner/Cargo.toml"), package("outer", "/home/ada/outer/Cargo.toml")];
        let flags = flags(&Metadata { packages, target_directory: "/home/ada/outer/target".into() });
        let flags: Vec<_> = flags.to_str().unwrap().split('\x1f').collect();
        let expected = [
            "--remap-path-prefix=/home/ada/outer=/outer-1.0.0",
            "--remap-path-prefix=/home/ada/outer/inner=/inner-1.0.0",
            "--remap-path-prefix=/home/ada/outer/target=/target",
        ];
        assert_eq!(flags, expected);
    }

    /// Creates the crates of a product and of a library beside it, both outside of this workspace.
    /// Returns the product's folder.
    fn product(home: &Path, library: &str, source: &str) -> PathBuf {
        let product = home.join("product");
        let files = [
            (product.join("src/lib.rs"), source.to_owned()),
            (home.join(library).join("src/lib.rs"), "pub fn word(n: usize) -> u8 { b\"word\"[n] }".into()),
            (home.join(library).join("Cargo.toml"), "[package]\nname = \"words\"\nedition = \"2024\"\n".into()),
            (
                product.join("Cargo.toml"),
                format!(
                    "[workspace]\n[package]\nname = \"product\"\nedition = \"2024\"\n[dependencies]\nwords.path = \"../{library}\"\n"
                ),
            ),
        ];
        let bins = BINS.map(|bin| {
            let main = "#![no_main]\n#[unsafe(no_mangle)]\npub extern \"C\" fn say(n: usize) -> u8 { product::say(n) }";
            (product.join(format!("src/bin/{bin}.rs")), main.to_owned())
        });
        for (file, text) in files.into_iter().chain(bins) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        product
    }

    struct Home(PathBuf);

    impl Home {
        fn new(name: &str) -> Home {
            Home(std::env::temp_dir().join(format!("eaf-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const BROKEN: &str = "EAF_TEST_BROKEN_CRATE";

    /// Part of the test below. It runs in a process of its own, because a test cannot capture its
    /// own process's standard error.
    #[tokio::test]
    #[ignore = "run by the test of what the compiler says"]
    async fn in_a_process_of_its_own() {
        let Some(product) = std::env::var_os(BROKEN) else { return };
        assert!(matches!(compile(Path::new(&product)).await, Err(Error::Compile)));
    }

    #[test]
    fn what_the_compiler_says_reaches_the_author() {
        let home = Home::new("broken");
        let product = product(&home.0, "words", "pub fn say(n: usize) -> u8 { words::wort(n) }");
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "build::cargo::tests::in_a_process_of_its_own"])
            .env(BROKEN, &product)
            .env("CARGO_TARGET_DIR", home.0.join("target"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success() && said.contains("error[E0425]"), "{said}");
        assert!(said.contains("src/lib.rs:1:"), "with its place: {said}");
    }

    #[tokio::test]
    async fn a_module_is_the_same_wherever_the_product_and_its_libraries_lie() {
        let home = Home::new("elsewhere");
        let mut built = Vec::new();
        for (folder, library) in [("here", "words"), ("over/there", "lib/of-words")] {
            let product = product(&home.0.join(folder), library, "pub fn say(n: usize) -> u8 { words::word(n) }");
            let mut module = fs::read(&compile(&product).await.unwrap().modules["domain"]).unwrap();
            let name = super::super::name_place(&module);
            module[name].fill(b'0');
            built.push(module);
        }
        assert!(built[0] == built[1], "the two differ");
        let text = String::from_utf8_lossy(&built[0]);
        assert!(text.contains("/words-0.0.0/src/lib.rs"), "a panic says where, by the crate's name");
        assert!(!text.contains(home.0.to_str().unwrap()), "and not where the builder keeps it");
    }
}
