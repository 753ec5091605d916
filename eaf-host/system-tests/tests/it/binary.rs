//! Tests of the production binary: it contains no product, no demo and no test features.

use aho_corasick::AhoCorasick;
use eaf_system_tests::binary;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn a_binary_without_development_tools_reports_that() {
    let folder = std::env::temp_dir().join(format!("eaf-alone-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(binary::eaf(), folder.join("eaf")).unwrap();
    let output = Command::new(folder.join("eaf")).args(["dev", "env", "--help"]).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("eaf-dev, which does not exist"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn the_binary_contains_no_product_and_no_demo() {
    let words = [
        "capabilities",
        "dcm.req",
        "dcm/req",
        "request-vm",
        "Dynamic Cloud",
        "EAF_VCSIM",
        "EAF_IDP_PORT",
        "maildev",
        "the clock only goes forward",
    ];
    let bytes = std::fs::read(binary::eaf()).unwrap();
    let found =
        AhoCorasick::new(words).unwrap().find_iter(&bytes).map(|found| words[found.pattern()]).collect::<BTreeSet<_>>();
    assert_eq!(found, BTreeSet::from(["capabilities"]), "the first shows that the search finds what is there");
}
