//! Second look at the offering, at the decision that would approve a request: what has changed
//! since the request was priced is shown to the person who decides, and recorded only with their
//! consent.

use super::Spec;
use crate::offering::{self, Offering, OfferingDefined};
use eaf_sdk::{Rejection, Streams};

/// Requested machine at the offering's present price and template. Rejects if one of them differs
/// from the request, or if the offering is closed, unless the person who decides has `expected` the
/// present price, in cents per month. A decommissioning depends on no offering.
pub fn as_offered_now(spec: &Spec, streams: &Streams, expected: Option<i64>) -> Result<Spec, Rejection> {
    if spec.decommission.is_some() {
        return Ok(spec.clone());
    }
    let offering = streams.fold::<Offering>(&offering::stream(&spec.offering)).and_then(|offering| offering.defined);
    // An offering is never deleted, so that each request has one.
    let Some(offering) = offering else { return Err(changed("offering-changed")) };
    let monthly_cents = offering.monthly_cents(spec.cpus, spec.memory_gb);
    if expected != Some(monthly_cents) {
        check(spec, &offering, monthly_cents)?;
    }
    if offering.template == spec.template && monthly_cents == spec.monthly_cents && offering.currency == spec.currency {
        return Ok(spec.clone());
    }
    Ok(Spec {
        monthly_cents,
        image: offering.image,
        template: offering.template,
        currency: offering.currency,
        await_address: offering.await_address,
        ..spec.clone()
    })
}

fn check(spec: &Spec, offering: &OfferingDefined, monthly_cents: i64) -> Result<(), Rejection> {
    if !offering.active || offering.template != spec.template {
        return Err(changed("offering-changed")
            .param("closed", !offering.active)
            .param("offering", offering.name.as_str())
            .param("expected_template", spec.template.as_str())
            .param("template", offering.template.as_str())
            .param("expected_cents", spec.monthly_cents)
            .param("monthly_cents", monthly_cents)
            .param("currency", offering.currency.as_str()));
    }
    if monthly_cents == spec.monthly_cents && offering.currency == spec.currency {
        return Ok(());
    }
    Err(changed("price-changed")
        .param("deciding", true)
        .param("expected_cents", spec.monthly_cents)
        .param("monthly_cents", monthly_cents)
        .param("currency", offering.currency.as_str()))
}

fn changed(code: &str) -> Rejection {
    Rejection::conflict(code).at("/request")
}
