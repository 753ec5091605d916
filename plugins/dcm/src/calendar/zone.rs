//! Time zones that a calendar may have.
//!
//! The rules of the zones are embedded when the package is built, because the domain component has
//! no access to the zone database of a host and must answer the same on every host.

use jiff::tz::{TimeZone, get};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Time zone by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Zone {
    #[serde(rename = "Europe/Berlin")]
    Berlin,
    #[serde(rename = "Europe/Vienna")]
    Vienna,
    #[serde(rename = "Europe/Zurich")]
    Zurich,
    #[serde(rename = "Europe/Paris")]
    Paris,
    #[serde(rename = "Europe/London")]
    London,
    #[serde(rename = "Europe/Madrid")]
    Madrid,
    #[serde(rename = "Europe/Warsaw")]
    Warsaw,
    #[serde(rename = "UTC")]
    Utc,
}

static BERLIN: TimeZone = get!("Europe/Berlin");
static VIENNA: TimeZone = get!("Europe/Vienna");
static ZURICH: TimeZone = get!("Europe/Zurich");
static PARIS: TimeZone = get!("Europe/Paris");
static LONDON: TimeZone = get!("Europe/London");
static MADRID: TimeZone = get!("Europe/Madrid");
static WARSAW: TimeZone = get!("Europe/Warsaw");
static UTC: TimeZone = TimeZone::UTC;

impl Zone {
    pub const ALL: &'static [Zone] =
        &[Zone::Berlin, Zone::Vienna, Zone::Zurich, Zone::Paris, Zone::London, Zone::Madrid, Zone::Warsaw, Zone::Utc];

    pub fn as_str(self) -> &'static str {
        match self {
            Zone::Berlin => "Europe/Berlin",
            Zone::Vienna => "Europe/Vienna",
            Zone::Zurich => "Europe/Zurich",
            Zone::Paris => "Europe/Paris",
            Zone::London => "Europe/London",
            Zone::Madrid => "Europe/Madrid",
            Zone::Warsaw => "Europe/Warsaw",
            Zone::Utc => "UTC",
        }
    }

    pub fn from_name(name: &str) -> Option<Zone> {
        Zone::ALL.iter().copied().find(|zone| zone.as_str() == name)
    }

    pub(super) fn rules(self) -> &'static TimeZone {
        match self {
            Zone::Berlin => &BERLIN,
            Zone::Vienna => &VIENNA,
            Zone::Zurich => &ZURICH,
            Zone::Paris => &PARIS,
            Zone::London => &LONDON,
            Zone::Madrid => &MADRID,
            Zone::Warsaw => &WARSAW,
            Zone::Utc => &UTC,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_zones_are_those_of_their_documents() {
        for zone in Zone::ALL {
            assert_eq!(json!(zone), json!(zone.as_str()));
            assert_eq!(Zone::from_name(zone.as_str()), Some(*zone));
            assert!(*zone == Zone::Utc || zone.rules().iana_name() == Some(zone.as_str()));
        }
        assert_eq!(Zone::from_name("Mars/Olympus"), None);
    }
}
