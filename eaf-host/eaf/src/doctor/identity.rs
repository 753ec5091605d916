//! Checks of the identity provider: discovery, keys, and its clock.

use super::database::clock;
use super::{Check, chain};
use crate::compose;
use crate::config::Config;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

const TIMEOUT: Duration = Duration::from_secs(10);

pub async fn check(config: &Config) -> Vec<Check> {
    let identity = match compose::identity(config) {
        Ok(identity) => identity,
        Err(cause) => return vec![Check::failed("issuer", chain(&cause), "check EAF_OIDC_ISSUER")],
    };
    let keys = match identity.fetch_keys().await {
        Ok(0) => Check::failed("issuer.keys", "the key set has no key that verifies tokens", "check the realm's keys"),
        Ok(keys) => Check::ok("issuer.keys", format!("{keys} keys")),
        Err(cause) => {
            let remedy = "check EAF_OIDC_ISSUER letter by letter, the network to the provider and its CA: docs/guides/sign-in.md";
            return vec![Check::failed("issuer", chain(&cause), remedy)];
        }
    };
    let mut checks = vec![Check::ok("issuer", config.identity.issuer.clone()), keys];
    checks.extend(
        provider_time(&config.identity.issuer).await.map(|now| clock("issuer.clock", now - OffsetDateTime::now_utc())),
    );
    checks
}

/// Time of the provider, from the header `Date` of an answer; `None` if it sends none.
async fn provider_time(issuer: &str) -> Option<OffsetDateTime> {
    let answer = reqwest::Client::new().get(issuer).timeout(TIMEOUT).send().await.ok()?;
    let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    // HTTP writes the zone as GMT, RFC 2822 as an offset.
    OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok()
}
