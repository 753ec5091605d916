//! Words of comments and documents: readers know the terms of `docs/glossary.md` and the field, and
//! nothing of the authors' own idiom.
//!
//! A room is a folder of one subject, listed in [`ROOMS`].

use crate::comments::{Block, blocks, paragraphs};
use crate::{complain, sources};

/// Rooms of Rust and WIT files, whose comments follow the rules.
const ROOMS: &[&str] = &[
    "eaf-core",
    "eaf-host/capabilities",
    "eaf-host/capability",
    "eaf-host/dev",
    "eaf-host/eaf",
    "eaf-host/http",
    "eaf-host/identity",
    "eaf-host/plugin",
    "eaf-host/system-tests",
    "eaf-host/test-support",
    "examples",
    "plugins",
    "sdk",
];

/// Folders of other languages whose comments follow the rules, and endings of their files.
const OTHERS: &[(&str, &[&str])] = &[
    (".", &["Cargo.toml", "Makefile"]),
    (".ci", &["run"]),
    ("eaf-host", &[".go", ".py", ".sh", ".toml"]),
    ("examples", &[".toml"]),
    ("migrations", &[".sql", ".toml"]),
    ("sdk", &[".toml"]),
    ("web", &[".ts", ".tsx"]),
];

/// Folder of the scripts, which begin with `#!` and have names without an ending.
const SCRIPTS: &str = "eaf-host/dev";

/// Folders of documents for people who read or extend the code.
const DOCUMENTS: &[&str] = &["docs/adr", "docs/guides"];

/// Maximum width of a line with a comment, in characters, indentation included.
const WIDTH_MAX: usize = 100;
/// Maximum length of a function's name, in characters. The longest names are those of tests.
const NAME_MAX: usize = 70;

/// Phrases of a private idiom, for which the glossary or the field has a term.
const BANNED: &[&str] = &[
    "anew",
    "begins anew",
    "folded anew",
    "go on",
    "goes on",
    "has its turn",
    "hears of",
    "in a ring",
    "is done by",
    "laggard",
    "left out",
    "may pass",
    "nobody",
    "of before",
    "refold",
    "short way",
    "so many",
    "so much",
    "somebody",
    "stranger",
    "take turns",
    "takes turns",
    "the door",
    "told of",
    "turn by turn",
    "under way",
    "whoever",
];

/// Opening words of a relative clause, which hides the subject.
const NO_OPENING: &[&str] = &["what", "who", "whoever", "whom", "whose"];

/// Whether a text contains a phrase in whole words: `the doorbell` does not contain `the door`.
fn contains(text: &str, phrase: &str) -> bool {
    let is_boundary = |next: Option<char>| next.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(phrase).any(|(at, _)| {
        is_boundary(text[..at].chars().next_back()) && is_boundary(text[at + phrase.len()..].chars().next())
    })
}

/// Banned phrases in a comment or paragraph.
fn banned(path: &str, block: &Block<'_>) -> Vec<String> {
    let text = block.text();
    let found = BANNED.iter().filter(|phrase| contains(&text, phrase));
    found.map(|phrase| format!("{path}:{}: the text says `{phrase}`", block.start)).collect()
}

/// Name of the function that a line of Rust declares.
fn function(line: &str) -> Option<&str> {
    let words = line.trim_start().trim_start_matches("pub ").trim_start_matches("async ");
    words.strip_prefix("fn ")?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// Violations in one file, each as `path:line: rule`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for block in blocks(path, text) {
        let start = block.start;
        for (offset, line) in block.lines.iter().enumerate() {
            if line.chars().count() > WIDTH_MAX {
                wrong.push(format!("{path}:{}: a comment is wider than {WIDTH_MAX} columns", start + offset));
            }
        }
        wrong.extend(banned(path, &block));
        let text = block.text();
        let opening = text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        let is_after_code = block.lines.is_empty();
        if NO_OPENING.contains(&opening) && !is_after_code {
            wrong.push(format!("{path}:{start}: a comment opens with `{opening}`: name the subject"));
        }
    }
    wrong
}

#[test]
fn comments_in_rust_and_wit_are_narrow_and_in_standard_terms() {
    let files = ROOMS.iter().flat_map(|room| sources(room, &[".rs", ".wit"]));
    complain(files.flat_map(|(path, text)| violations(&path, &text)).collect());
}

#[test]
fn comments_in_other_languages_are_narrow_and_in_standard_terms() {
    let files = OTHERS.iter().flat_map(|(folder, endings)| sources(folder, endings));
    let written = files.filter(|(path, _)| !path.ends_with(".d.ts") && path != "migrations/schema.sql");
    let scripts = sources(SCRIPTS, &[""]).into_iter().filter(|(_, text)| text.starts_with("#!"));
    complain(written.chain(scripts).flat_map(|(path, text)| violations(&path, &text)).collect());
}

#[test]
fn documents_are_in_standard_terms() {
    let files = DOCUMENTS.iter().flat_map(|folder| sources(folder, &[".md"]));
    let banned = |(path, text): (String, String)| {
        paragraphs(&text).iter().flat_map(|block| banned(&path, block)).collect::<Vec<_>>()
    };
    complain(files.flat_map(banned).collect());
}

#[test]
fn names_of_functions_are_short() {
    let mut wrong = Vec::new();
    for (path, text) in ROOMS.iter().flat_map(|room| sources(room, &[".rs"])) {
        let long = text.lines().filter_map(function).filter(|name| name.len() > NAME_MAX);
        wrong.extend(long.map(|name| format!("{path}: `{name}` is longer than {NAME_MAX} characters")));
    }
    complain(wrong);
}

#[test]
fn every_source_file_belongs_to_one_room() {
    let mut wrong = Vec::new();
    for (path, _) in sources(".", &[".rs", ".wit"]) {
        let has_file = |room: &&&str| path.strip_prefix(**room).is_some_and(|rest| rest.starts_with('/'));
        if ROOMS.iter().filter(has_file).count() != 1 {
            wrong.push(format!("{path}: list its room once in {}", file!()));
        }
    }
    complain(wrong);
}

#[test]
fn every_rule_finds_its_violation() {
    let wide = format!("/// {}", "x".repeat(WIDTH_MAX));
    for (text, rule) in [
        (wide.as_str(), "wider"),
        ("    // The rest is left\n    // out.", "left out"),
        ("//! Whoever reads this.", "whoever"),
        ("/// What a command does.", "opens with `what`"),
    ] {
        let found = violations("x.rs", text);
        assert!(found.iter().any(|line| line.contains(rule)), "{text}: {found:?}");
    }
    for text in
        ["/// Rings the doorbell.", "/// Runs as the user `nobody`.", "let whoever = 1;", "// So many\n\n// much"]
    {
        let found = violations("x.rs", text);
        assert_eq!(found.is_empty(), !text.contains("So many"), "{text}: {found:?}");
    }
}
