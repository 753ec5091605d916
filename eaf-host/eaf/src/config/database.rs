//! Settings of PostgreSQL: one address per role, so that the roles stay separate.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::db::{self, Transport};

pub const SECTION: Section = Section {
    title: "Database",
    about: "PostgreSQL 16 or newer. The addresses carry passwords and are secrets. An address on \
            another machine ends with `?sslmode=verify-full`, and with `&sslrootcert=FILE` if the system does not trust its CA. `migrations/roles.sql` creates the roles.",
    keys: &[APP, DIRECT, PLATFORM, MIGRATE, APP_CONNECTIONS, APPEND_CONNECTIONS, PLATFORM_CONNECTIONS, OPEN_TRANSPORT],
};

const APP: Key = Key {
    name: "database.url",
    variable: "EAF_DATABASE_URL",
    default: Default::Required,
    kind: Kind::Secret,
    about: "Role `eaf_app`; may be a PgBouncer 1.21 or newer in transaction mode.",
};
const DIRECT: Key = Key {
    name: "database.direct_url",
    variable: "EAF_DATABASE_DIRECT_URL",
    default: Default::Absent,
    kind: Kind::Secret,
    about: "Role `eaf_app` without a pooler, for appends and notifications. Absent: the same as `EAF_DATABASE_URL`.",
};
const PLATFORM: Key = Key {
    name: "database.platform_url",
    variable: "EAF_DATABASE_PLATFORM_URL",
    default: Default::Required,
    kind: Kind::Secret,
    about: "Role `eaf_platform`: leases, due times, heads of lanes, across tenants and without payload.",
};
const MIGRATE: Key = Key {
    name: "database.migrate_url",
    variable: "EAF_DATABASE_MIGRATE_URL",
    default: Default::Absent,
    kind: Kind::Secret,
    about: "Role `eaf_migrate`, without a pooler. Absent: the host does not migrate and refuses to start on an older schema.",
};
const APP_CONNECTIONS: Key = Key {
    name: "database.app_connections",
    variable: "EAF_DATABASE_APP_CONNECTIONS",
    default: Default::Is("16"),
    kind: Kind::Plain,
    about: "Maximum of connections for reads and state.",
};
const APPEND_CONNECTIONS: Key = Key {
    name: "database.append_connections",
    variable: "EAF_DATABASE_APPEND_CONNECTIONS",
    default: Default::Is("12"),
    kind: Kind::Plain,
    about: "Maximum of connections for appends; 8 to 16 are faster than more.",
};
const PLATFORM_CONNECTIONS: Key = Key {
    name: "database.platform_connections",
    variable: "EAF_DATABASE_PLATFORM_CONNECTIONS",
    default: Default::Is("4"),
    kind: Kind::Plain,
    about: "Maximum of connections of the platform role.",
};

const OPEN_TRANSPORT: Key = Key {
    name: "database.danger_allow_unverified_tls",
    variable: "EAF_DANGER_ALLOW_UNVERIFIED_DATABASE_TLS",
    default: Default::Is("false"),
    kind: Kind::Plain,
    about: "`true` lets an attacker on the network between host and database read and change everything. Only for networks that encrypt their traffic.",
};

/// Database settings. The addresses contain passwords and must not be logged.
pub struct Database {
    pub app_url: String,
    pub direct_url: String,
    pub platform_url: String,
    pub migrate_url: Option<String>,
    pub app_connections: u32,
    pub append_connections: u32,
    pub platform_connections: u32,
}

pub fn read(values: &mut Values) -> Option<Database> {
    let open_allowed = values.parse::<bool>(&OPEN_TRANSPORT, "true or false")?;
    let [app_url, direct_url, platform_url, migrate_url] =
        [&APP, &DIRECT, &PLATFORM, &MIGRATE].map(|key| address(values, key, open_allowed));
    let app_connections = connections(values, &APP_CONNECTIONS);
    let append_connections = connections(values, &APPEND_CONNECTIONS);
    let platform_connections = connections(values, &PLATFORM_CONNECTIONS);
    let app_url = app_url?;
    Some(Database {
        direct_url: direct_url.unwrap_or_else(|| app_url.clone()),
        app_url,
        platform_url: platform_url?,
        migrate_url,
        app_connections: app_connections?,
        append_connections: append_connections?,
        platform_connections: platform_connections?,
    })
}

fn address(values: &mut Values, key: &'static Key, open_allowed: bool) -> Option<String> {
    let url = values.text(key)?;
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let expected = match db::transport(&url) {
        _ if !is_postgres => "an address that begins with postgres://",
        Err(_) => "an address as in postgres://eaf_app:PASSWORD@HOST/DATABASE?sslmode=verify-full",
        Ok(Transport::Open) if !open_allowed => {
            "on this machine or end with ?sslmode=verify-full, unless EAF_DANGER_ALLOW_UNVERIFIED_DATABASE_TLS is true"
        }
        Ok(_) => return Some(url),
    };
    values.refuse(key, expected);
    None
}

fn connections(values: &mut Values, key: &'static Key) -> Option<u32> {
    let number = values.parse(key, "a number of connections")?;
    if number > 0 {
        return Some(number);
    }
    values.refuse(key, "at least 1");
    None
}
