//! What one tenant, and one person of it, may ask of a host.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::rate_limit::Limit;

pub const SECTION: Section = Section {
    title: "Quota",
    about: "So that no tenant takes the others' share, and no person their colleagues'. Per host; what workflows do is not counted. More is \
            answered with 429 and `Retry-After`. 0: as much as they like.",
    keys: &[COMMANDS, MEBIBYTES, TENANT_REQUESTS, PERSON_REQUESTS, SIGN_INS],
};

const COMMANDS: Key = Key {
    name: "quota.tenant_commands_per_second",
    variable: "EAF_TENANT_COMMANDS_PER_SECOND",
    default: Default::Is("200"),
    kind: Kind::Plain,
    about: "Commands per second of one tenant's people, 1 to 1000000; after a pause twice as many at once.",
};
const MEBIBYTES: Key = Key {
    name: "quota.tenant_mebibytes_per_day",
    variable: "EAF_TENANT_MEBIBYTES_PER_DAY",
    default: Default::Is("4096"),
    kind: Kind::Plain,
    about: "Bodies of commands of one tenant's people, in MiB per day, 1 to 1000000: what is accepted is kept for ever.",
};
const TENANT_REQUESTS: Key = Key {
    name: "quota.tenant_requests_per_second",
    variable: "EAF_TENANT_REQUESTS_PER_SECOND",
    default: Default::Is("500"),
    kind: Kind::Plain,
    about: "Requests of all kinds per second of one tenant's people, 1 to 1000000; after a pause four times as many at once.",
};
const PERSON_REQUESTS: Key = Key {
    name: "quota.person_requests_per_second",
    variable: "EAF_PERSON_REQUESTS_PER_SECOND",
    default: Default::Is("100"),
    kind: Kind::Plain,
    about: "The same of one person, or of one program that acts with a token.",
};
const SIGN_INS: Key = Key {
    name: "quota.sign_ins_per_second",
    variable: "EAF_SIGN_INS_PER_SECOND",
    default: Default::Is("50"),
    kind: Kind::Plain,
    about: "Sign-ins that come back from the identity provider, per address of a client (see `EAF_TRUSTED_PROXIES`): the provider is asked \
            for each. 1 to 1000000, after a pause four times as many at once.",
};

const DAY: f64 = 24.0 * 60.0 * 60.0;

/// None: as much as they like.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub commands: Option<Limit>,
    /// Bytes.
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
        commands: commands?.map(|per_second| of(per_second, 2.0)),
        bodies: mebibytes?.map(day),
        tenant_requests: tenant?.map(|per_second| of(per_second, 4.0)),
        person_requests: person?.map(|per_second| of(per_second, 4.0)),
        sign_ins: sign_ins?.map(|per_second| of(per_second, 4.0)),
    })
}

/// What holds where nothing is set.
pub fn usual() -> Quota {
    read(&mut Values::default()).expect("the defaults are within their limits")
}

/// `Some(None)`: as many as they like.
fn number(values: &mut Values, key: &'static Key) -> Option<Option<f64>> {
    let number = values.parse::<u32>(key, "a number")?;
    if number > 1_000_000 {
        values.refuse(key, "0 to 1000000");
        return None;
    }
    Some((number > 0).then_some(f64::from(number)))
}

fn of(per_second: f64, seconds: f64) -> Limit {
    Limit { per_second, burst: seconds * per_second }
}
