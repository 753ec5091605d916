//! Golden files of DCM's mails, one file for each mail.
//!
//! `EAF_GOLDEN=write cargo test --workspace --test dcm mails` writes the files after an intended
//! change, which is then reviewed.

use super::{dcm, locales};
use eaf_capability::text::mails::digest::{self, Group};
use eaf_capability::text::mails::{HostFacts, Rendered, Templates};
use eaf_core::actor::Locale;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PUBLIC_URL: &str = "https://eaf.example.com";

const MAILS: [&str; 17] = [
    "approval-requested",
    "changes-confirmed",
    "changes-declined",
    "changes-proposed",
    "decommission-approved",
    "question-answered",
    "question-asked",
    "request-cancelled",
    "request-expired",
    "request-failed",
    "request-failed-admin",
    "request-fulfilled",
    "request-rejected",
    "request-settled",
    "vm-counted-as-removed",
    "vm-decommission-failed",
    "vm-decommissioned",
];

fn dcm_templates() -> Templates {
    let read = |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{path:?}: {cause}"));
    let mut files = BTreeMap::from([("kinds.toml".to_owned(), read(dcm().join("mails/kinds.toml")))]);
    for folder in std::fs::read_dir(dcm().join("mails")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            files.insert(format!("{}/{}", name(&folder), name(&file)), read(file));
        }
    }
    Templates::load(&files, Arc::new(locales())).expect("DCM's mails are whole").of("DCM")
}

/// Facts that DCM's workflow passes to its mails.
pub fn facts() -> Value {
    json!({
        "request_id": "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11",
        "vm_name": "web-01", "offering": "Linux, klein", "image": "Debian 12",
        "cpus": 4, "memory_gb": 8, "term_months": 12, "monthly_cents": 6200, "currency": "EUR",
        "requester_name": "Jana Berger",
        "justification": "Neuer Webserver für den Kundenbereich.\nErsetzt <web-00>.",
        "approver_name": "Martin Vogel",
        "comment": "Zum Anfang reicht weniger.", "proposed_cpus": 2, "proposed_term_months": 6, "proposed_cents": 4800,
        "question": "Reichen auch zwei CPU?", "answer": "Ja, für die ersten drei Monate.",
        "reason": "Bitte erst mit „web-00“ & Co. aufräumen.",
        "ip": "10.20.0.17", "access": "ssh",
        "vm_id": "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11", "by_name": "Ute Brandt", "status": "withdrawn",
        "failed_step": "clone", "error_code": "template-missing",
        "error_message": "There is no template `Templates/debian-12`.", "operators_notified": true,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    })
}

/// Mails with the facts that differ from [`facts`], by the names of their golden files.
fn recorded() -> Vec<(&'static str, String, Value)> {
    let stage = json!({ "de": "Finanzen", "en": "Finance" });
    let due_at = 1_796_904_000_000_i64;
    let variants = [
        ("stage", json!({ "stage": stage, "due_at": due_at })),
        ("reminder", json!({ "stage": stage, "due_at": due_at, "reminder": true })),
        (
            "basis",
            json!({
                "stage": stage, "approved_by": ["Mona Manager", "\u{202e}Ruth Rechts"],
                "reasons": [
                    { "fact": "monthly_cents", "actual": 61_200, "sign": ">", "bound": 50_000 },
                    { "fact": "cost_centre", "actual": "4711", "sign": null, "bound": null },
                    { "fact": "requester_groups", "actual": null, "sign": null, "bound": null },
                    { "fact": "term_months", "actual": 12, "sign": "≥", "bound": 6 },
                ],
                "present": {
                    "vms": 12, "names": ["db-01", "a-name-that-is-as-long-as-vcenter-permits"], "more": 10,
                    "monthly_cents": 73_000, "after_cents": 79_200,
                },
            }),
        ),
        ("first", json!({ "present": { "vms": 0, "names": [], "more": 0, "monthly_cents": 0, "after_cents": 6_200 } })),
        ("escalation", json!({ "due_at": due_at, "escalated": true })),
        ("order", json!({ "machines": ["web-01", "web-02", "web-03"], "order_monthly_cents": 18_600, "stage": stage })),
        (
            "passed-on",
            json!({ "stage": stage, "passed_on_by": "Fritz Finanz", "note": "Ich bin ab morgen im Urlaub." }),
        ),
    ];
    let decommissions = ["approval-requested", "request-expired", "request-rejected"];
    let decommissions = decommissions
        .map(|name| (name, format!("{name}.decommission"), json!({ "decommission": true, "justification": "" })));
    let by_deputy =
        ["changes-proposed", "decommission-approved", "question-asked", "request-rejected", "request-settled"];
    let by_deputy = by_deputy
        .map(|name| (name, format!("{name}.deputy"), json!({ "represented": ["Mona Manager"], "status": "approved" })));
    let plain = MAILS.map(|name| (name, name.to_owned(), json!({})));
    let asks = variants.map(|(variant, facts)| ("approval-requested", format!("approval-requested.{variant}"), facts));
    plain.into_iter().chain(asks).chain(decommissions).chain(by_deputy).collect()
}

fn host(locale: Locale) -> HostFacts<'static> {
    HostFacts {
        recipient_name: if locale == Locale::De { "Martin Vogel" } else { "Grace O’Neill" },
        tenant_name: "Acme GmbH",
        trace_id: "00000000000000000000000000000042",
        public_url: PUBLIC_URL,
        reply_to: None,
    }
}

/// Compares a mail with its golden files, or writes them; returns the files that differ.
fn differing(file: &str, locale: Locale, mail: Rendered) -> Vec<PathBuf> {
    let folder = dcm().join("tests/mails");
    let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
    let mut differences = Vec::new();
    for (ending, content) in [("txt", text), ("html", mail.html)] {
        let path = folder.join(format!("{file}.{}.{ending}", locale.as_str()));
        if std::env::var("EAF_GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &content).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != content {
            differences.push(path);
        }
    }
    differences
}

#[test]
fn dcms_mails_read_as_recorded() {
    let templates = dcm_templates();
    assert_eq!(templates.names().collect::<Vec<_>>(), MAILS);
    let mut differences = Vec::new();
    for (name, file, other) in recorded() {
        let mut facts = facts();
        facts.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        for locale in [Locale::De, Locale::En] {
            let mail = templates.render(name, locale, facts.as_object().unwrap(), &host(locale)).unwrap();
            differences.extend(differing(&file, locale, mail));
        }
    }
    assert!(differences.is_empty(), "differ; EAF_GOLDEN=write records them: {differences:#?}");
}

/// Digest of mails of three kinds, two of them of one kind.
fn digest_of(templates: &Templates, locale: Locale) -> Rendered {
    let brief = |name: &str, vm_name: &str| {
        let mut facts = facts();
        facts["vm_name"] = vm_name.into();
        templates.brief(name, locale, facts.as_object().unwrap(), &host(locale)).unwrap()
    };
    let group = |name: &str, machines: &[&str]| Group {
        name: templates.kind_name(name, locale),
        mails: machines.iter().map(|machine| brief(name, machine)).collect(),
    };
    let groups = [
        group("approval-requested", &["web-01", "web-02"]),
        group("question-answered", &["db-01"]),
        group("request-settled", &["web-03"]),
    ];
    digest::render(&groups, locale, &host(locale)).unwrap()
}

#[test]
fn a_digest_of_dcms_mails_reads_as_recorded() {
    let templates = dcm_templates();
    let found = [Locale::De, Locale::En].map(|locale| differing("digest", locale, digest_of(&templates, locale)));
    assert!(found.iter().all(Vec::is_empty), "differ; EAF_GOLDEN=write records them: {found:#?}");
}

#[test]
fn every_mail_that_may_be_collected_has_a_link() {
    let templates = dcm_templates();
    let facts = facts();
    for (name, _) in templates.kinds().filter(|(_, kind)| kind.collect) {
        for locale in [Locale::De, Locale::En] {
            let brief = templates.brief(name, locale, facts.as_object().unwrap(), &host(locale)).unwrap();
            assert!(brief.link.is_some_and(|link| link.starts_with(PUBLIC_URL)), "{name}");
        }
    }
}

#[test]
fn the_requester_is_not_told_that_admins_are_informed_when_they_are_not() {
    let host =
        HostFacts { recipient_name: "A", tenant_name: "B", trace_id: "C", public_url: PUBLIC_URL, reply_to: None };
    for told in [true, false] {
        let mut facts = facts();
        facts["operators_notified"] = told.into();
        let mail = dcm_templates().render("request-failed", Locale::En, facts.as_object().unwrap(), &host).unwrap();
        assert_eq!(mail.subject.contains("have been told"), told, "{}", mail.subject);
        for body in [&mail.text, &mail.html] {
            assert_eq!(body.contains("have been told"), told, "{body}");
            assert_eq!(body.contains("Please tell them"), !told, "{body}");
        }
    }
}

#[test]
fn a_mail_explains_sign_in_and_links_to_the_machine() {
    let host =
        HostFacts { recipient_name: "A", tenant_name: "B", trace_id: "C", public_url: PUBLIC_URL, reply_to: None };
    for (access, said, unsaid) in
        [(json!("ssh"), "ssh user@10.20.0.17", "Remote Desktop"), (json!("rdp"), "mstsc /v:10.20.0.17", "SSH")]
    {
        let mut facts = facts();
        facts["access"] = access;
        let mail = dcm_templates().render("request-fulfilled", Locale::En, facts.as_object().unwrap(), &host).unwrap();
        for body in [&mail.text, &mail.html] {
            assert!(body.contains(said) && !body.contains(unsaid), "{body}");
            assert!(body.contains("/vms/0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11"), "{body}");
        }
    }
}

#[test]
fn a_machine_without_an_address_gets_a_complete_mail() {
    let mut facts = facts();
    facts["ip"] = Value::Null;
    let host =
        HostFacts { recipient_name: "A", tenant_name: "B", trace_id: "C", public_url: PUBLIC_URL, reply_to: None };
    let mail = dcm_templates().render("request-fulfilled", Locale::De, facts.as_object().unwrap(), &host).unwrap();
    assert_eq!(mail.subject, "Bereit: web-01");
    assert!(mail.text.contains("IP-Adresse:     nicht gemeldet"), "{}", mail.text);
    assert!(!mail.text.contains("none"), "{}", mail.text);
}
