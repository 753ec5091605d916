//! Features of DCM as `docs/product.md` lists them: a state for each, and the tests that show it.

use crate::{complain, root};
use std::fs;

const DOCUMENT: &str = "docs/product.md";
/// Number of the last feature of the first table. Rows of the second table have letters.
const LAST: usize = 44;
const STATES: &[&str] = &["works", "partly", "planned"];

/// Cells of each row of the document's tables, without the rows of their heads.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let rows = lines.map(|line| line.trim().trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    rows.filter(|cells| cells[0] != "No." && !cells[0].starts_with('-')).collect()
}

fn violations(text: &str) -> Vec<String> {
    let rows = rows(text);
    let mut wrong = Vec::new();
    for number in (1..=LAST).map(|number| number.to_string()) {
        let count = rows.iter().filter(|cells| cells[0] == number).count();
        if count != 1 {
            wrong.push(format!("{DOCUMENT}: number {number} is in {count} rows"));
        }
    }
    wrong.extend(rows.iter().flat_map(|cells| violations_of_row(cells)));
    wrong
}

fn violations_of_row(cells: &[&str]) -> Vec<String> {
    let [number, _, state, _, tests] = cells else {
        return vec![format!("{DOCUMENT}: a row has {} cells instead of 5: {cells:?}", cells.len())];
    };
    let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    let mut wrong = Vec::new();
    if !STATES.contains(state) {
        wrong.push(format!("{DOCUMENT}: the state of {number} is `{state}`, which is none of {STATES:?}"));
    }
    if *state == "works" && named.is_empty() {
        wrong.push(format!("{DOCUMENT}: {number} works and names no test"));
    }
    for test in named.iter().filter(|test| !exists(test)) {
        wrong.push(format!("{DOCUMENT}: the test of {number} does not exist: {test}"));
    }
    wrong
}

/// Whether a test exists that is named as `path::function` (Rust) or as `path: "title"`
/// (TypeScript).
fn exists(test: &str) -> bool {
    if let Some((path, title)) = test.strip_suffix('"').and_then(|test| test.split_once(": \"")) {
        return read(path).is_some_and(|source| has_title(&source, title));
    }
    let Some((path, function)) = test.split_once("::") else { return false };
    read(path).is_some_and(|source| has_function(&source, function))
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Whether a Rust source defines a function of this name directly below a test attribute.
fn has_function(source: &str, name: &str) -> bool {
    let definition = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let is_test = |at: usize| {
        let mut attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        attributes.any(|line| line.contains("test"))
    };
    lines.iter().enumerate().any(|(at, line)| line.contains(&definition) && is_test(at))
}

/// Whether a TypeScript source has a test of this title. The title of a group of tests does not
/// count.
fn has_title(source: &str, title: &str) -> bool {
    ['\'', '"', '`'].iter().any(|quote| {
        let quoted = format!("{quote}{title}{quote}");
        source.match_indices(&quoted).any(|(at, _)| {
            let before = source[..at].trim_end();
            before.ends_with('(') && !before.ends_with("describe(")
        })
    })
}

#[test]
fn every_feature_has_a_state_and_its_tests_exist() {
    let text = read(DOCUMENT).expect("the document exists");
    complain(violations(&text));
}

#[test]
fn every_rule_about_features_finds_its_violation() {
    let row = |number: &str, state: &str, tests: &str| format!("| {number} | Name | {state} | Today. | {tests} |\n");
    let complete: String = (1..=LAST).map(|number| row(&number.to_string(), "planned", "–")).collect();
    assert_eq!(violations(&complete), Vec::<String>::new());
    assert_eq!(violations("").len(), LAST);

    let made_up = ["`plugins/dcm/tests/approval.rs::made_up`", "`web/e2e/request.spec.ts: \"made up\"`", "`made up`"];
    let mut added = vec![
        (row("3", "planned", "–"), "is in 2 rows"),
        (row("A", "soon", "–"), "none of"),
        (row("A", "works", "–"), "names no test"),
        ("| A | Name |\n".to_owned(), "2 cells"),
    ];
    added.extend(made_up.map(|test| (row("A", "partly", test), "does not exist")));
    for (row, rule) in added {
        let found = violations(&format!("{complete}{row}"));
        assert!(found.len() == 1 && found[0].contains(rule), "{row}: {found:?}");
    }

    let this = "`eaf-host/system-tests/tests/arrows/product.rs::every_rule_about_features_finds_its_violation`";
    let title = "`web/e2e/request.spec.ts: \"a requester cannot decide on their request, and the page explains why\"`";
    for test in [this, title] {
        let found = violations(&format!("{complete}{}", row("A", "works", test)));
        assert_eq!(found, Vec::<String>::new(), "{test}");
    }
    assert!(!has_function("#[test]\nfn a() {}\nfn b() {}", "b"), "a function without the attribute is no test");
    assert!(!has_title("describe('a', () => {", "a"), "a group is no test");
}
