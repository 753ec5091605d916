//! Tests that each code in DCM's source, and each failure that DCM can get, has a sentence.
//!
//! The tests are here because a plugin cannot read files.

use super::{dcm, locales};
use eaf_capability::{FailureCode, HostCode, Registration};
use eaf_core::actor::Locale;
use eaf_plugin::check::source::{self, Referent};
use std::collections::BTreeSet;
use std::path::Path;

/// Lines of Rust code in the files below `folder`, without tests and comments.
fn lines(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|cause| panic!("{folder:?}: {cause}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                lines.extend(self::lines(&path));
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            lines.extend(code.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned));
        }
    }
    lines
}

/// References in DCM's source and in the SDK's, as the build of a package reads them.
fn references() -> Vec<Referent> {
    let roots = [dcm().join("src/lib.rs"), dcm().join("../../sdk/rust/src/lib.rs")];
    let found = source::references(&roots, &dcm());
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    found.references.into_iter().map(|reference| reference.referent).collect()
}

/// The build only warns of a state without a text; DCM has a text for each.
#[test]
fn every_code_of_dcm_has_a_text() {
    let codes: BTreeSet<String> = references()
        .into_iter()
        .filter_map(|referent| match referent {
            Referent::Text(key) => Some(key),
            _ => None,
        })
        .collect();
    for known in ["rejections.own-request", "rejections.reason-too-short", "waiting.approval", "status.pending"] {
        assert!(codes.contains(known), "the source has no reference to {known}");
    }
    let locales = locales();
    let texts: BTreeSet<&str> = locales.keys().collect();
    let missing: Vec<_> = codes.iter().filter(|key| !texts.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "without text in plugins/dcm/locales: {missing:#?}");
}

#[test]
fn every_step_of_a_build_has_a_text() {
    let lines = lines(&dcm().join("src/provisioning"));
    let arms = lines.iter().filter_map(|line| line.trim_start().strip_prefix("Step::")?.split_once("=> \""));
    let steps: BTreeSet<&str> = arms.filter_map(|(_, rest)| rest.split('"').next()).collect();
    assert!(steps.contains("clone"), "{steps:?}");
    let locales = locales();
    let texts: BTreeSet<&str> = locales.keys().filter_map(|key| key.strip_prefix("steps.")).collect();
    assert_eq!(steps, texts);
}

/// Failure codes that the host and the capabilities of this binary declare.
fn failure_codes() -> BTreeSet<&'static str> {
    let capabilities = inventory::iter::<Registration>.into_iter();
    let declared = capabilities.flat_map(|registration| registration.failure_codes);
    HostCode::ALL.iter().chain(declared).copied().collect()
}

#[test]
fn every_failure_that_dcm_can_get_has_a_text() {
    let codes = failure_codes();
    for known in ["vcenter-login", "mail-wrong-password", "not-granted"] {
        assert!(codes.contains(known), "{known} is not declared");
    }
    let locales = locales();
    let texts: BTreeSet<&str> = locales.keys().filter_map(|key| key.strip_prefix("failures.")).collect();
    let missing: Vec<_> = codes.difference(&texts).collect();
    assert!(
        missing.is_empty(),
        "without text in the capability or in eaf-host/capability/src/text/failures: {missing:#?}"
    );
}

#[test]
fn sentences_about_time_have_values_in_both_languages() {
    let params = serde_json::json!({
        "since": 1_795_439_159_000_i64, "code": "vcenter-login", "step": "", "percent": 0, "people": ["Ada Admin", "Ben"],
    });
    let params = params.as_object().unwrap();
    let mut approval = params.clone();
    approval.insert("people".into(), serde_json::json!([["Ada Admin", "Ben"]]));
    approval.insert("stages".into(), serde_json::json!([{ "seats": ["Ben"], "name": "", "all": false, "missing": 1 }]));
    let params_of = |code| if code == "approval" { &approval } else { params };
    for (locale, date) in [(Locale::De, "23.11.2026 13:05 UTC"), (Locale::En, "2026-11-23 13:05 UTC")] {
        for code in ["approval", "stalled", "refreshing", "refresh-failed"] {
            let sentence = locales().render("waiting", code, params_of(code), locale);
            assert!(sentence.contains(date), "{code}: {sentence}");
        }
        for code in ["approval", "retry", "decommission-retry"] {
            let sentence = locales().render("waiting", code, params_of(code), locale);
            assert!(sentence.contains("Ada Admin o"), "{code}: {sentence}");
        }
    }
}

#[test]
fn every_mail_that_dcm_sends_is_in_its_folder() {
    let sent: BTreeSet<String> = references()
        .into_iter()
        .filter_map(|referent| match referent {
            Referent::Mail(name) => Some(name),
            _ => None,
        })
        .collect();
    let folders = std::fs::read_dir(dcm().join("mails")).unwrap();
    let folders = folders.map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let folders: BTreeSet<_> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    assert_eq!(sent, folders);
}

#[test]
fn german_texts_have_german_quotes_and_formal_address() {
    let source = std::fs::read_to_string(dcm().join("locales/de.toml")).unwrap();
    let source = source + include_str!("../../../capability/src/text/failures/de.toml");
    for (number, line) in source.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        assert!(!line.contains('“') || line.contains('„'), "line {}: quotes are „…“", number + 1);
        assert!(!line.contains(" du ") && !line.contains(" dein"), "line {}: people are addressed as Sie", number + 1);
    }
}

/// The host names the people at each reading, so a removed member is missing at once.
#[test]
fn an_approval_that_waits_for_no_one_any_more_says_so() {
    let (locales, since) = (locales(), 1_764_500_000_000_i64);
    let lacking = |people: &[&str], missing: u64, locale| {
        let params = serde_json::json!({
            "since": since, "due": null, "people": [people], "stages": [
                { "seats": people, "name": "", "all": false, "missing": missing },
            ],
        });
        locales.find("waiting.approval", params.as_object().unwrap(), locale).expect("a text")
    };
    let text = |people: &[&str], locale| lacking(people, 1, locale);
    let too_few = lacking(&["Ada"], 2, Locale::En);
    assert!(too_few.contains("by Ada") && too_few.contains("Too few"), "{too_few}");
    let named = text(&["Ada"], Locale::En);
    assert!(named.contains("by Ada") && !named.contains("Too few"), "{named}");
    let empty = text(&[], Locale::En);
    assert!(empty.contains("for a decision.") && empty.contains("an administrator must change"), "{empty}");
    let empty = text(&[], Locale::De);
    assert!(empty.contains("auf die Entscheidung.") && empty.contains("die Administration muss"), "{empty}");
}

/// Stages that are open at the same time have their own people, needs and lacks.
#[test]
fn a_sentence_about_two_stages_says_of_each_whom_it_waits_for() {
    let params = serde_json::json!({ "since": 1_795_439_159_000_i64, "due": null, "people": [["Mona"], ["Ben", "Eva"]], "stages": [
        { "seats": ["Mona"], "name": "Lead", "all": true, "missing": 1 },
        { "seats": ["Ben"], "name": "Finance", "all": false, "missing": 2 },
    ] });
    let said = |locale| locales().find("waiting.approval", params.as_object().unwrap(), locale).expect("a text");
    assert_eq!(
        said(Locale::En),
        "Waiting since 2026-11-23 13:05 UTC for a decision by Mona (stage Lead) and by Ben or Eva (stage Finance). \
         All of them must approve (stage Lead). 2 more approvals are needed (stage Finance). \
         Too few people can decide (stage Finance); an administrator must change the approvers or the directory."
    );
    assert_eq!(
        said(Locale::De),
        "Wartet seit 23.11.2026 13:05 UTC auf die Entscheidung durch Mona (Stufe Lead) und durch Ben oder Eva \
         (Stufe Finance). Alle müssen zustimmen (Stufe Lead). Es fehlen noch 2 Zustimmungen (Stufe Finance). \
         Es können zu wenige entscheiden (Stufe Finance); die Administration muss die Zuständigen oder das \
         Verzeichnis ändern."
    );
}
