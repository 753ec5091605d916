//! Quote for a request that is being entered: its price and its possible approvers.

use crate::offering::OfferingDefined;
use crate::permission::APPROVE;
use eaf_sdk::{Context, People};
use serde_json::{Map, Value, json};

/// Number of approvals that a request needs.
const STAGES: u32 = 1;

/// Price and possible approvers of a request, for a rehearsal; `None` if the offering does not
/// allow this size.
pub fn quote(ctx: &Context, offering: &OfferingDefined, cpus: i64, memory_gb: i64) -> Option<Map<String, Value>> {
    if !offering.cpus().contains(&cpus) || !offering.memory_gb().contains(&memory_gb) {
        return None;
    }
    let people = Value::from(People::who_may(APPROVE).except(&ctx.actor.id));
    let quoted = [
        ("monthly_cents", offering.monthly_cents(cpus as u32, memory_gb as u32).into()),
        ("currency", offering.currency.as_str().into()),
        ("approval", json!({ "stages": STAGES, "people": people })),
    ];
    Some(quoted.into_iter().map(|(member, value)| (member.to_owned(), value)).collect())
}
