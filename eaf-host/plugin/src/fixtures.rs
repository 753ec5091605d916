//! Components and packages for tests. Their code is WebAssembly text, written for the WIT contract
//! in `sdk/wit`.

use super::engine::{Limits, Wasm};
use super::load::{self, Ceiling};
use super::{Plugin, package};
use eaf_capability::Interface;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wit_component::{ComponentEncoder, StringEncoding};

pub const HOSTILE: &str = include_str!("fixtures/hostile.wat");
pub const DURABLE: &str = include_str!("fixtures/durable.wat");

pub const MANIFEST: &str = r#"
[plugin]
id = "fixture"
name = "Fixture"
version = "1.0.0"
[[requests]]
capability = "vsphere"
grant = "vcenter"
interfaces = ["lifecycle"]
"#;

pub const DESCRIPTION: &str = r#"{"commands":[
        {"name":"note-stall","version":1,"permission":null,"schema":{"type":"object"}},
        {"name":"note-end","version":1,"permission":null,"schema":{"type":"object"}}],"events":[],"views":[],"permissions":[],
    "workflows":[{"name":"provision","version":1,"triggers":[],"on_stall":"note-stall","on_failure":"note-end"},
        {"name":"explode","version":1,"triggers":[],"on_failure":"note-end"},
        {"name":"chatter","version":1,"triggers":[],"on_failure":"note-end"}]}"#;

/// Engine with a short deadline, so that a test with an endless guest takes little time.
pub fn wasm() -> Wasm {
    Wasm::new(None, Limits { deadline: Duration::from_millis(200), ..Limits::default() }).unwrap()
}

/// Creates a misbehaving domain component whose export `actions` reads the rows that it gets.
pub fn domain_of_rows() -> Vec<u8> {
    let (before, _) = HOSTILE.split_once("  (func (export \"eaf:domain/actions@1.0.0#actions\")").unwrap();
    component("domain", &format!("{before}{}", include_str!("fixtures/rows.wat")))
}

/// Creates a ceiling with the interfaces that the packages of this module request. The crates of
/// the capabilities are not linked in these tests.
pub fn ceiling() -> Ceiling {
    Ceiling::of(&[
        ("mail", Interface { name: "outbox", functions: &["send", "send-while"] }),
        ("vsphere", Interface { name: "inventory", functions: &["read-vm"] }),
        ("vsphere", Interface { name: "lifecycle", functions: &["power-on"] }),
    ])
}

/// Converts a core module in WebAssembly text to a component of the WIT world `world`.
pub fn component(world: &str, text: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit");
    let (contract, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[contract], Some(world)).unwrap();
    let mut module = wat::parse_str(text).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Writes a package file with these parts, without checking them.
pub fn package(manifest: &str, domain: Vec<u8>, workflow: Option<Vec<u8>>) -> Vec<u8> {
    described(DESCRIPTION, manifest, domain, workflow)
}

pub fn described(description: &str, manifest: &str, domain: Vec<u8>, workflow: Option<Vec<u8>>) -> Vec<u8> {
    let mut entries = BTreeMap::from([
        ("plugin.toml".to_owned(), manifest.as_bytes().to_vec()),
        ("describe.json".to_owned(), description.as_bytes().to_vec()),
        ("domain.wasm".to_owned(), domain),
        ("locales/de.toml".to_owned(), b"[rejections]\nno = \"Nein\"\n".to_vec()),
        ("locales/en.toml".to_owned(), b"[rejections]\nno = \"No\"\n".to_vec()),
    ]);
    for language in ["de", "en"] {
        for part in ["subject.txt", "txt", "html"] {
            entries.insert(format!("mails/hello/{language}.{part}"), b"Hallo".to_vec());
        }
    }
    entries.extend(workflow.map(|bytes| ("workflow.wasm".to_owned(), bytes)));
    package::write(&entries).unwrap()
}

/// Package of the example product `counter`, built from its crate once per test process.
pub async fn counter() -> Vec<u8> {
    static PACKAGE: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
    let build = || async {
        let crate_path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/counter");
        let out = std::env::temp_dir().join(format!("eaf-counter-{}.eafpkg", std::process::id()));
        super::build::build(&crate_path, Some(&out)).await.unwrap();
        let bytes = std::fs::read(&out).unwrap();
        std::fs::remove_file(&out).unwrap();
        bytes
    };
    PACKAGE.get_or_init(build).await.clone()
}

/// Creates a plugin whose package has the misbehaving domain component and a workflow component.
pub fn plugin() -> Plugin {
    plugin_of(MANIFEST)
}

pub fn plugin_of(manifest: &str) -> Plugin {
    let file = package(manifest, component("domain", HOSTILE), Some(component("workflow", DURABLE)));
    load::load(&wasm(), &file, 1, &ceiling()).unwrap()
}
