//! Tests that the host reads and writes the documents of `sdk/wit/documents` as the SDK does.

use super::*;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/wit/documents");

/// File name of a document, and the function that checks that document.
type Check = (&'static str, fn(&str));

/// Reads a document as type `T`, writes it again, and checks that both are equal.
fn assert_round_trip<T: Serialize + DeserializeOwned>(name: &str) {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(name)).expect("the document is there");
    let document: Value = serde_json::from_str(&text).expect("the document is JSON");
    let typed: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::to_value(typed).expect("it serialises"), document, "{name}");
}

#[test]
fn the_host_reads_and_writes_every_document_of_the_contract_unchanged() {
    let documents: [Check; 14] = [
        ("actions-input.json", assert_round_trip::<ActionsInput>),
        ("actions-output.json", assert_round_trip::<ActionsOutput>),
        ("boundary-input.json", assert_round_trip::<BoundaryInput>),
        ("boundary-output.json", assert_round_trip::<BoundaryOutput>),
        ("decide-input.json", assert_round_trip::<DecideInput>),
        ("decision-accepted.json", assert_round_trip::<Decision>),
        ("decision-rejected.json", assert_round_trip::<Decision>),
        ("description.json", assert_round_trip::<Description>),
        ("fold-input.json", assert_round_trip::<FoldInput>),
        ("fold-output.json", assert_round_trip::<FoldOutput>),
        ("keys-input.json", assert_round_trip::<KeysInput>),
        ("keys-output.json", assert_round_trip::<KeysOutput>),
        ("project-input.json", assert_round_trip::<ProjectInput>),
        ("project-output.json", assert_round_trip::<ProjectOutput>),
    ];
    for (name, check) in documents {
        check(name);
    }
    let tested: BTreeSet<String> = documents.iter().map(|(name, _)| (*name).to_owned()).collect();
    let present: BTreeSet<String> = std::fs::read_dir(FOLDER)
        .expect("the folder is there")
        .map(|entry| entry.expect("it is readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(tested, present, "every document is tested");
}
