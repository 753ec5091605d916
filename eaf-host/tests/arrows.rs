//! The plan of the house, held by a test: which room may lean on which, and how large a room may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms of the host and what each may name. `main`, `compose`, `cli` and `dev` put things together and may name all.
const ROOMS: &[(&str, &[&str])] = &[
    // `capabilities` for one thing: the test button of a connection asks its provider.
    ("http", &["plugin", "identity", "text", "capabilities"]),
    ("plugin", &["capabilities", "text"]),
    ("capabilities", &["text", "egress"]),
    ("egress", &[]),
    ("identity", &[]),
    ("text", &[]),
    ("telemetry", &["text"]),
    ("shutdown", &[]),
    ("config", &["telemetry", "egress"]),
];

const PUT_TOGETHER: &[&str] = &["main", "lib", "compose", "cli", "dev"];

const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host lies in the workspace").to_path_buf()
}

/// Source files below a folder, as paths relative to the workspace, without what tools put there.
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

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

fn complain(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The first names after `crate::`, also in `crate::{a, b::c}`.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let text: String = code(text).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let is_whole_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &text[at + "crate::".len()..];
        if !is_whole_word {
            continue;
        }
        match rest.strip_prefix('{') {
            None => rooms.extend(first_name(rest)),
            Some(group) => {
                let mut depth = 0;
                let top_level: String = group
                    .chars()
                    .take_while(|c| {
                        depth += i32::from(*c == '{') - i32::from(*c == '}');
                        depth >= 0
                    })
                    .collect();
                let mut depth = 0;
                let parts = top_level.split(|c: char| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth == 0
                });
                rooms.extend(parts.filter_map(|part| first_name(part.trim())));
            }
        }
    }
    rooms
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    Some(name).filter(|name| !name.is_empty())
}

#[test]
fn rooms_are_found_in_every_way_of_writing_them() {
    let text = "use crate::http::{App, x::y};\nuse crate::{config, dev::{a, b}, plugin::Plugins};\n// crate::cli\nlet a = crate::compose::run();";
    let found: Vec<String> = rooms_named(text).into_iter().collect();
    assert_eq!(found, ["compose", "config", "dev", "http", "plugin"]);
}

#[test]
fn a_room_of_the_host_names_only_the_rooms_it_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources("eaf-host/src", &[".rs"]) {
        let room = path.split('/').nth(2).unwrap_or_default().trim_end_matches(".rs").to_string();
        if PUT_TOGETHER.contains(&room.as_str()) {
            continue;
        }
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: the room {room} is not in the plan; say in {} what it may name", file!()));
            continue;
        };
        for named in rooms_named(&text) {
            if named != room && !may.contains(&named.as_str()) {
                wrong.push(format!("{path}: {room} must not name {named}"));
            }
        }
    }
    complain(wrong);
}

#[test]
fn a_library_is_used_only_where_it_belongs() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &[".rs"]) {
        let here = |folder: &str| path.starts_with(folder);
        let uses = |name: &str| {
            let (path_of, import) = (format!("{name}::"), format!("use {name}"));
            code(&text).any(|line| {
                line.starts_with(&import)
                    || line.match_indices(&path_of).any(|(at, _)| !line[..at].ends_with(is_of_a_name))
            })
        };
        if path.ends_with("tests/arrows.rs") {
            continue;
        }
        if uses("sqlx") && !here("eaf-core/") {
            wrong.push(format!("{path}: sqlx belongs to eaf-core"));
        }
        if uses("wasmtime") && !here("eaf-host/src/plugin/") && !here("eaf-host/src/capabilities/") {
            wrong.push(format!("{path}: wasmtime belongs to the host's plugin and capabilities"));
        }
        if uses("axum") && !here("eaf-host/") {
            wrong.push(format!("{path}: HTTP belongs to the host"));
        }
        if (uses("eaf_core") || uses("eaf_host")) && (here("plugins/") || here("examples/") || here("sdk/")) {
            wrong.push(format!("{path}: a product knows the contract and nothing of the framework"));
        }
    }
    complain(wrong);
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == ':'
}

#[test]
fn a_crate_depends_only_on_what_it_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &["Cargo.toml"]) {
        let manifest: toml::Table = text.parse().expect("TOML");
        let crate_dir = path.trim_end_matches("Cargo.toml");
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let members = manifest.get(section).and_then(toml::Value::as_table);
            for name in members.into_iter().flat_map(|table| table.keys()) {
                let may = match name.as_str() {
                    "sqlx" => crate_dir == "eaf-core/",
                    "wasmtime" | "axum" => crate_dir == "eaf-host/",
                    // For itself: its tests with its own testing feature.
                    "eaf-core" => crate_dir == "eaf-host/" || crate_dir == "eaf-core/",
                    "eaf-host" => false,
                    _ => true,
                };
                if !may {
                    wrong.push(format!("{path}: {name} in [{section}] is not for this crate"));
                }
            }
        }
    }
    complain(wrong);
}

#[test]
fn no_file_is_too_large_to_read_or_named_for_nothing() {
    let mut wrong = Vec::new();
    for (path, text) in sources(".", &[".rs", ".ts", ".tsx", ".go"]) {
        let lines = text.lines().count();
        // Declarations in TypeScript are generated; nobody reads them.
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
