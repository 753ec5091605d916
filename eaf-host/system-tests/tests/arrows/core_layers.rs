//! Layers of the modules inside `eaf-core`. The compiler checks dependencies between crates only,
//! and accepts circles of modules in one crate.

use crate::{complain, sources};

const SOURCE: &str = "eaf-core/src/";

/// Modules of `eaf-core`, the lowest layer first. A module may use those of lower layers only.
const LAYERS: &[&[&str]] = &[
    &["clock", "id", "leaf"],
    &["actor", "db", "rate_limit"],
    &["trace"],
    &[
        "anchor",
        "audit",
        "crypto",
        "departure",
        "mail_log",
        "mail_pause",
        "managed_resource",
        "notification",
        "observation",
        "used_state",
    ],
    &["connection", "doorbell", "draft", "product", "session", "setting"],
    &["directory", "grant"],
    &["capability", "contract", "master_key", "retention"],
    &["event_store", "package"],
    &["command_bus", "live", "verify", "view"],
    &["consumers"],
    &["erasure", "workflow"],
];
/// Names at the root of the crate that are no modules of a layer: [`LAYERS`] does not restrict
/// `Core`, which modules take that compose services, and tests use everything.
const UNRESTRICTED: [&str; 2] = ["Core", "testing"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Module at the root of the crate to which a file belongs. `None`: the file is the root or a test.
fn module(path: &str) -> Option<&str> {
    let inner = path.strip_prefix(SOURCE)?;
    let is_test = inner.contains("/tests/") || inner.ends_with("/tests.rs");
    let module = inner.split('/').next()?.trim_end_matches(".rs");
    (!is_test && module != "lib" && module != "testing").then_some(module)
}

/// Code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let ends = ["#[cfg(test)]", "#[cfg(all(test"].map(|tests| text.find(tests).unwrap_or(text.len()));
    let code = &text[..ends[0].min(ends[1])];
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Names that follow `crate::` in the code, also those of the outer list of `crate::{a, b::{c}}`.
fn used(code: &str) -> Vec<&str> {
    let starts = code.match_indices("crate::").filter(|(at, _)| !code[..*at].ends_with(is_word));
    starts.flat_map(|(at, found)| names(&code[at + found.len()..])).collect()
}

fn names(path: &str) -> Vec<&str> {
    let Some(list) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut names) = (0_i32, vec![word(list)]);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(&list[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|character| !is_word(character)).next().unwrap_or_default()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Violations of the layers in one file.
fn violations(path: &str, text: &str) -> Vec<String> {
    let Some(from) = module(path) else { return Vec::new() };
    let Some(own) = layer(from) else { return vec![format!("{path}: {from} has no layer in {}", file!())] };
    let code = code(text);
    let others = used(&code).into_iter().filter(|to| *to != from && !UNRESTRICTED.contains(to));
    let wrong = others.filter(|to| layer(to).is_none_or(|lower| lower >= own));
    wrong.map(|to| format!("{path}: {from} must not use {to}, which is in no lower layer")).collect()
}

#[test]
fn a_module_of_the_core_uses_only_lower_layers() {
    complain(sources(SOURCE, &[".rs"]).iter().flat_map(|(path, text)| violations(path, text)).collect());
}

#[test]
fn a_use_of_a_higher_layer_is_found_outside_of_comments_and_tests() {
    let found = |text| violations("eaf-core/src/db/check.rs", text).len();
    assert_eq!(found("use crate::{clock, view::{self, Table}, live};\n"), 2);
    assert_eq!(found("let rows = crate::view::quoted(table);\n"), 1);
    assert_eq!(found("use crate::actor::Caller;\n"), 1, "a module of the same layer");
    assert_eq!(found("/// See [`crate::view`].\nuse crate::id::TenantId;\nuse crate::Core;\n"), 0);
    assert_eq!(found("#[cfg(test)]\nmod tests { use crate::testing::Database; use crate::view; }\n"), 0);
}
