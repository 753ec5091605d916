//! Description of a choice for people, in one line such as `Debian 12 · 2 CPUs · 4 GB`, made from
//! the choice's facts.

use eaf_capability::text::{Locales, format};
use eaf_core::actor::Locale;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static TEXTS: LazyLock<Locales> = LazyLock::new(|| {
    Locales::load(include_str!("choice_texts/de.toml"), include_str!("choice_texts/en.toml"))
        .expect("the built-in texts are whole; a test holds it")
});

const MB: u64 = 1 << 20;
const GB: u64 = 1 << 30;

/// Describes a choice by its facts. Facts that are absent are omitted.
pub fn describe(facts: &Map<String, Value>, locale: Locale) -> String {
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    let number = |name: &str| facts.get(name).and_then(Value::as_u64);
    let say = |key: &str, params: Value| TEXTS.find(key, params.as_object()?, locale);
    let without_tools = facts.get("tools") == Some(&Value::Bool(false));
    let parts = [
        text("kind").and_then(|kind| say(&format!("kinds.{kind}"), json!({}))),
        text("guest").map(str::to_owned),
        number("cpus").and_then(|count| say("cpus", json!({ "count": count }))),
        number("memory_mb").map(|megabytes| format::memory(megabytes, locale)),
        number("disk_bytes").and_then(|bytes| say("disk", json!({ "size": size(bytes, locale) }))),
        without_tools.then(|| say("no-tools", json!({}))).flatten(),
        number("free_bytes").zip(number("capacity_bytes")).and_then(|(free, capacity)| {
            say("free", json!({ "free": size(free, locale), "size": size(capacity, locale) }))
        }),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Size in whole GB or, below 1 GB, in whole MB.
fn size(bytes: u64, locale: Locale) -> String {
    let rounded = |unit: u64| bytes / unit + u64::from(bytes % unit >= unit / 2);
    if bytes >= GB {
        return format!("{} GB", format::whole(rounded(GB), locale));
    }
    format::memory(rounded(MB), locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(facts: &Value, locale: Locale) -> String {
        describe(facts.as_object().unwrap(), locale)
    }

    #[test]
    fn a_template_is_described_by_its_guest_and_its_size() {
        let mut facts = json!({
            "guest": "Debian 12", "cpus": 1, "memory_mb": 1_536, "disk_bytes": 20 * GB, "tools": true,
        });
        assert_eq!(described(&facts, Locale::En), "Debian 12 · 1 CPU · 1.5 GB · 20 GB of disks");
        facts["cpus"] = json!(2);
        facts["tools"] = json!(false);
        let german = "Debian 12 · 2 CPUs · 1,5 GB · 20 GB Festplatten · ohne VMware Tools";
        assert_eq!(described(&facts, Locale::De), german);
    }

    #[test]
    fn a_place_is_described_by_its_kind_and_its_free_space() {
        let facts = json!({ "kind": "datastore-cluster", "capacity_bytes": 2_000 * GB, "free_bytes": 512 * MB });
        assert_eq!(described(&facts, Locale::En), "Datastore cluster · 512 MB of 2,000 GB free");
        assert_eq!(described(&facts, Locale::De), "Datenspeicher-Cluster · 512 MB von 2.000 GB frei");
        assert_eq!(described(&json!({ "free_bytes": 1 }), Locale::En), "", "the capacity is unknown");
    }

    #[test]
    fn each_kind_has_a_name() {
        for kind in ["cluster", "host", "pool", "vapp", "datastore-cluster"] {
            assert_ne!(described(&json!({ "kind": kind }), Locale::De), "", "{kind}");
        }
    }
}
