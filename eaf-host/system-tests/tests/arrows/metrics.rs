//! Metrics of the host are documented, and only those: operators build dashboards and alerts on
//! their names.

use crate::{complain, root, sources};
use std::collections::BTreeSet;

const GUIDE: &str = "docs/guides/telemetry.md";
/// Starts of the code that records a metric; the first text after one is the metric's name.
const RECORDS: [&str; 4] = ["counter!(", "gauge!(", "histogram!(", ".count("];
const PREFIXES: [&str; 3] = ["eaf_", "http_", "db_"];

/// Names of metrics that a source file records outside its tests.
fn recorded(text: &str) -> BTreeSet<&str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let starts = RECORDS.iter().flat_map(|start| code.match_indices(start).map(move |(at, start)| at + start.len()));
    let names = starts.filter_map(|at| code[at..].trim_start().strip_prefix('"')?.split('"').next());
    names.filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix))).collect()
}

fn documented(guide: &str) -> BTreeSet<&str> {
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix))).collect()
}

#[test]
fn every_metric_is_in_the_guide_and_the_guide_names_no_other() {
    let files: Vec<(String, String)> = sources(".", &[".rs"])
        .into_iter()
        .filter(|(path, _)| !path.contains("/tests/") && !path.contains("/benches/"))
        .collect();
    let recorded: BTreeSet<&str> = files.iter().flat_map(|(_, text)| recorded(text)).collect();
    assert!(recorded.len() > 20, "metrics are found: {recorded:?}");
    let guide = std::fs::read_to_string(root().join(GUIDE)).expect("the guide");
    let documented = documented(&guide);
    let missing = recorded.difference(&documented).map(|name| format!("{GUIDE} does not name {name}"));
    let gone = documented.difference(&recorded).map(|name| format!("{GUIDE} names {name}, which nothing records"));
    complain(missing.chain(gone).collect());
}

#[test]
fn names_are_found_wherever_the_line_breaks() {
    let text = "metrics::counter!(\n    \"eaf_a_total\", &labels); self.count(\"eaf_b_total\", x); gauge!(name)";
    assert_eq!(recorded(text), BTreeSet::from(["eaf_a_total", "eaf_b_total"]));
    assert_eq!(recorded("#[cfg(test)] counter!(\"eaf_c_total\")"), BTreeSet::new());
}
