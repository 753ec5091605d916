//! Organisation of the tenant: groups, managers, cost centres, a calendar, offerings and the two
//! published policies.

use super::Error;
use super::people::Person::{self, *};
use super::replay::Cast;
use crate::seed;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const GROUPS: [(&str, &str, &[Person]); 3] = [
    ("online-shop", "Online-Shop", &[Hannah, Aylin]),
    ("data", "Datenteam", &[Mateusz]),
    ("finance", "Finanzen", &[Grace, Tobias]),
];

/// Creates the organisation, as its admin would.
pub async fn create(cast: &Cast) -> Result<(), Error> {
    let admin = cast.api(Petra);
    for (key, name, members) in GROUPS {
        admin.put(&format!("/api/host/groups/{key}"), &json!({ "name": name })).await?;
        for member in members {
            admin.put(&format!("/api/host/groups/{key}/members/{}", cast.actor(*member)), &Value::Null).await?;
        }
    }
    for (person, manager, cost_centre) in [
        (Hannah, Some(Stefan), "4100"),
        (Aylin, Some(Stefan), "4100"),
        (Mateusz, Some(Stefan), "4200"),
        (Stefan, None, "4000"),
    ] {
        let manager = manager.map(|manager| cast.actor(manager));
        let line = json!({ "roles": ["requester"], "manager": manager, "cost_centre": cost_centre });
        admin.put(&format!("/api/host/members/{}", cast.actor(person)), &line).await?;
    }
    admin.command("set-calendar", "history-calendar", &json!({ "revision": 0, "calendar": calendar() })).await?;
    for offering in offerings() {
        let key = format!("history-offering-{}", offering["key"].as_str().unwrap_or_default());
        admin.command("define-offering", &key, &offering).await?;
    }
    for (key, de, en, document, reason) in [
        ("machines", "Neue Maschinen", "New machines", machines(), "Vom Vorstand beschlossene Freigabegrenzen"),
        (
            "removal",
            "Abbau großer Maschinen",
            "Removal of large machines",
            removal(),
            "Nach dem Verlust einer Datenbank vereinbart",
        ),
    ] {
        let draft = json!({ "policy": key, "name_de": de, "name_en": en, "document": document, "revision": 0 });
        admin.command("draft-policy", &format!("history-draft-{key}"), &draft).await?;
        let publication = json!({ "policy": key, "revision": 1, "reason": reason });
        admin.command("publish-policy", &format!("history-publish-{key}"), &publication).await?;
    }
    Ok(())
}

/// Names Ingrid as deputy of Stefan from yesterday on, for two weeks.
pub async fn name_deputy(cast: &Cast, now: OffsetDateTime) -> Result<(), Error> {
    let text = |at: OffsetDateTime| at.format(&Rfc3339).map_err(Error::Time);
    let period = json!({
        "deputy": cast.actor(Ingrid),
        "starts_at": text(now - time::Duration::days(1))?,
        "ends_at": text(now + time::Duration::days(13))?,
    });
    cast.api(Stefan).put("/api/session/deputy", &period).await?;
    Ok(())
}

fn calendar() -> Value {
    let day = |to: &str| json!({ "from": "08:00", "to": to });
    json!({
        "zone": "Europe/Berlin",
        "state": "HH",
        "hours": {
            "monday": day("17:30"),
            "tuesday": day("17:30"),
            "wednesday": day("17:30"),
            "thursday": day("17:30"),
            "friday": day("15:00"),
        },
    })
}

fn offerings() -> Vec<Value> {
    let mut offerings = Vec::from(seed::offerings());
    offerings.push(json!({
        "key": "suse",
        "name": "SUSE Linux",
        "image": "SUSE Linux Enterprise 15",
        "template": "Templates/sles-15",
        "cpu_min": 1,
        "cpu_max": 16,
        "memory_gb_min": 1,
        "memory_gb_max": 64,
        "base_cents": 3_600,
        "cpu_cents": 750,
        "gb_cents": 280,
    }));
    offerings
}

fn machines() -> Value {
    json!({
        "applies_to": { "kinds": ["vm.create"] },
        "auto_approve": [{
            "key": "small",
            "name": { "de": "Kleine Maschinen", "en": "Small machines" },
            "when": { "fact": "monthly_cents", "is": "le", "value": 5_000 },
        }],
        "stages": [
            {
                "key": "manager",
                "name": { "de": "Vorgesetzte", "en": "Manager" },
                "approvers": [{ "manager_of": "requester" }],
                "needs": "any",
                "deadline": {
                    "hours": 16,
                    "remind_after": [8],
                    "escalate": [{ "to": { "permission": "operate" }, "hours": 16 }],
                    "finally": "expire",
                },
            },
            {
                "key": "finance",
                "name": { "de": "Finanzen", "en": "Finance" },
                "after": ["manager"],
                "when": { "fact": "monthly_cents", "is": "gt", "value": 50_000 },
                "approvers": [{ "group": "finance" }],
                "needs": "any",
                "deadline": { "hours": 24, "remind_after": [16], "finally": "expire" },
            },
        ],
    })
}

fn removal() -> Value {
    json!({
        "applies_to": {
            "kinds": ["vm.decommission"],
            "when": { "fact": "memory_gb", "is": "ge", "value": 64 },
        },
        "stages": [{
            "key": "platform",
            "name": { "de": "Plattform", "en": "Platform" },
            "approvers": [{ "permission": "approve" }],
            "needs": "any",
        }],
    })
}
