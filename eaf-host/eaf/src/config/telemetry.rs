//! Settings of logs.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use crate::telemetry::Format;

pub const SECTION: Section = Section {
    title: "Telemetry",
    about: "Logs go to standard output; metrics are at `/actuator/prometheus` of the management port.",
    keys: &[LOG, LOG_FORMAT],
};

const LOG: Key = Key {
    name: "telemetry.log",
    variable: "EAF_LOG",
    default: Default::Is("info,sqlx=warn"),
    kind: Kind::Plain,
    about: "The log filter, such as `info,eaf_core=debug`.",
};
const LOG_FORMAT: Key = Key {
    name: "telemetry.log_format",
    variable: "EAF_LOG_FORMAT",
    default: Default::Is("json"),
    kind: Kind::Plain,
    about: "`json`: one object per line; `readable`: for people.",
};

pub struct Telemetry {
    pub filter: String,
    pub format: Format,
}

pub fn read(values: &mut Values) -> Option<Telemetry> {
    let filter = values.text(&LOG)?;
    if filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
        values.refuse(&LOG, "a filter such as `info,eaf_core=debug`");
        return None;
    }
    Some(Telemetry { filter, format: values.parse(&LOG_FORMAT, "json or readable")? })
}
