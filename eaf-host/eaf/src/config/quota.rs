//! Settings of rate limits per tenant and per person.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::rate_limit::Limit;

pub const SECTION: Section = Section {
    title: "Quota",
    about: "Rate limits per host, so that no tenant or person uses up the capacity of others. Workflows do not count. Requests over a limit are \
            answered with 429 and `Retry-After`. 0: unlimited.",
    keys: &[COMMANDS, MEBIBYTES, TENANT_REQUESTS, PERSON_REQUESTS, SIGN_INS],
};

const COMMANDS: Key = Key {
    name: "quota.tenant_commands_per_second",
    variable: "EAF_TENANT_COMMANDS_PER_SECOND",
    default: Default::Is("200"),
    kind: Kind::Plain,
    about: "Commands per second of one tenant's people, 1 to 1000000; with bursts of two seconds' worth.",
};
const MEBIBYTES: Key = Key {
    name: "quota.tenant_mebibytes_per_day",
    variable: "EAF_TENANT_MEBIBYTES_PER_DAY",
    default: Default::Is("4096"),
    kind: Kind::Plain,
    about: "Bodies of commands of one tenant's people, in MiB per day, 1 to 1000000: events are stored for ever.",
};
const TENANT_REQUESTS: Key = Key {
    name: "quota.tenant_requests_per_second",
    variable: "EAF_TENANT_REQUESTS_PER_SECOND",
    default: Default::Is("500"),
    kind: Kind::Plain,
    about: "Requests of all kinds per second of one tenant's people, 1 to 1000000, with bursts of four seconds' worth.",
};
const PERSON_REQUESTS: Key = Key {
    name: "quota.person_requests_per_second",
    variable: "EAF_PERSON_REQUESTS_PER_SECOND",
    default: Default::Is("100"),
    kind: Kind::Plain,
    about: "The same for one person, or for one program with a token.",
};
const SIGN_INS: Key = Key {
    name: "quota.sign_ins_per_second",
    variable: "EAF_SIGN_INS_PER_SECOND",
    default: Default::Is("50"),
    kind: Kind::Plain,
    about: "Sign-ins that return from the identity provider, per client address (see `EAF_TRUSTED_PROXIES`): each one calls the provider. \
            1 to 1000000, with bursts of four seconds' worth.",
};

const DAY: f64 = 24.0 * 60.0 * 60.0;

/// Rate limits that the host applies. A field that is `None` sets no limit.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub commands: Option<Limit>,
    /// Rate limit of the total size of a tenant's command bodies, in bytes; `None`: unlimited.
    pub bodies: Option<Limit>,
    pub tenant_requests: Option<Limit>,
    pub person_requests: Option<Limit>,
    pub sign_ins: Option<Limit>,
}

pub fn read(values: &mut Values) -> Option<Quota> {
    let commands = number(values, &COMMANDS);
    let mebibytes = number(values, &MEBIBYTES);
    let tenant = number(values, &TENANT_REQUESTS);
    let person = number(values, &PERSON_REQUESTS);
    let sign_ins = number(values, &SIGN_INS);
    let day =
        |mebibytes: f64| Limit { per_second: mebibytes * 1024.0 * 1024.0 / DAY, burst: mebibytes * 1024.0 * 1024.0 };
    Some(Quota {
        commands: commands?.map(|per_second| limit(per_second, 2.0)),
        bodies: mebibytes?.map(day),
        tenant_requests: tenant?.map(|per_second| limit(per_second, 4.0)),
        person_requests: person?.map(|per_second| limit(per_second, 4.0)),
        sign_ins: sign_ins?.map(|per_second| limit(per_second, 4.0)),
    })
}

/// Default rate limits, for a configuration without settings for them.
pub fn defaults() -> Quota {
    read(&mut Values::default()).expect("the defaults are within their limits")
}

/// Reads the setting of a rate limit. `None`: the value is invalid; `Some(None)`: unlimited.
fn number(values: &mut Values, key: &'static Key) -> Option<Option<f64>> {
    let number = values.parse::<u32>(key, "a number")?;
    if number > 1_000_000 {
        values.refuse(key, "0 to 1000000");
        return None;
    }
    Some((number > 0).then_some(f64::from(number)))
}

fn limit(per_second: f64, seconds: f64) -> Limit {
    Limit { per_second, burst: seconds * per_second }
}
