//! Variables that deployments commonly have (`DB_HOST`, `KEYCLOAK_URL`), as another form of the
//! settings of database and identity provider.
//!
//! One administrator's password gives the passwords of EAF's roles: `eaf db bootstrap` sets them,
//! and the host derives the same ones.

use eaf_core::db::{self, Passwords, Transport};
use openidconnect::url::Url;
use std::collections::BTreeMap;

/// Variable of a deployment. A secret is also read from the file that `<name>_FILE` names.
pub struct Variable {
    pub name: &'static str,
    pub is_secret: bool,
    pub about: &'static str,
}

const fn plain(name: &'static str, about: &'static str) -> Variable {
    Variable { name, is_secret: false, about }
}

const fn secret(name: &'static str, about: &'static str) -> Variable {
    Variable { name, is_secret: true, about }
}

pub const VARIABLES: &[Variable] = &[
    plain("DB_HOST", "Host of PostgreSQL. Sets the four addresses of the database, so none of them may be set too."),
    plain("DB_PORT", "Port of PostgreSQL; absent: 5432."),
    plain("DB_NAME", "Name of the database."),
    plain(
        "DB_USER",
        "Role for `eaf db bootstrap`: a superuser, or the database's owner with CREATEROLE. The host never signs in with it.",
    ),
    secret("DB_PASSWORD", "Password of `DB_USER`. The passwords of EAF's roles are derived from it (HMAC-SHA-256)."),
    plain("DB_SSLROOTCERT", "File with the CA of PostgreSQL's certificate; absent: the system's CAs."),
    plain("DB_POOLER_HOST", "Host of a PgBouncer in transaction mode for reads and state; absent: no pooler."),
    plain("DB_POOLER_PORT", "Port of that pooler; absent: 5432."),
    plain("KEYCLOAK_URL", "Address of Keycloak without the realm, such as `https://auth.example.com`."),
    plain("KEYCLOAK_REALM", "Name of the realm."),
    plain("KEYCLOAK_CLIENT_ID", "Client id of the host in that realm."),
    secret("KEYCLOAK_CLIENT_SECRET", "Secret of that client."),
];

/// Whether a variable is a secret of a deployment.
pub fn is_secret(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.is_secret && variable.name == name)
}

const DATABASE: &[&str] =
    &["DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_SSLROOTCERT", "DB_POOLER_HOST", "DB_POOLER_PORT"];
const KEYCLOAK: &[&str] = &["KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"];

/// Settings that the variables of the deployment give, and problems of these variables.
#[derive(Default)]
pub struct Deployment {
    /// Variables of settings, such as `EAF_DATABASE_URL`, with their values.
    pub settings: Vec<(&'static str, String)>,
    pub administrator: Option<Administrator>,
    pub problems: Vec<String>,
}

/// Access for `eaf db bootstrap`, which creates EAF's roles with these passwords.
pub struct Administrator {
    pub url: String,
    pub passwords: Passwords,
}

/// Reads the variables of a deployment. `given` are all variables of the process.
pub fn read(given: &BTreeMap<String, String>) -> Deployment {
    let mut deployment = Deployment::default();
    let mut values = BTreeMap::new();
    for variable in VARIABLES {
        match value(given, variable) {
            Ok(Some(text)) => {
                values.insert(variable.name, text);
            }
            Ok(None) => {}
            Err(problem) => deployment.problems.push(problem),
        }
    }
    database(&values, &mut deployment);
    keycloak(&values, &mut deployment);
    deployment
}

fn value(given: &BTreeMap<String, String>, variable: &Variable) -> Result<Option<String>, String> {
    let name = variable.name;
    let direct = given.get(name).filter(|text| !text.is_empty()).cloned();
    let file = given.get(&format!("{name}_FILE")).filter(|_| variable.is_secret);
    match (direct, file) {
        (Some(_), Some(_)) => Err(format!("{name} is set twice, once by {name}_FILE")),
        (Some(text), None) => Ok(Some(text)),
        (None, None) => Ok(None),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim_end().to_owned())),
            Err(cause) => Err(format!("{name}_FILE: {path} cannot be read ({})", cause.kind())),
        },
    }
}

/// Values of required variables. If some are absent, the problems name them; if all variables of
/// the `group` are absent, there is none.
fn required<const N: usize>(
    values: &BTreeMap<&'static str, String>,
    group: &[&str],
    names: [&'static str; N],
    problems: &mut Vec<String>,
) -> Option<[String; N]> {
    let some = group.iter().find(|name| values.contains_key(**name))?;
    let absent: Vec<_> = names.iter().filter(|name| !values.contains_key(**name)).collect();
    problems.extend(absent.iter().map(|name| format!("{name} is missing, although {some} is set")));
    absent.is_empty().then(|| names.map(|name| values[name].clone()))
}

fn database(values: &BTreeMap<&'static str, String>, deployment: &mut Deployment) {
    let names = ["DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD"];
    let problems = &mut deployment.problems;
    let Some([host, name, user, password]) = required(values, DATABASE, names, problems) else { return };
    let ca = values.get("DB_SSLROOTCERT").map(String::as_str);
    let Some(direct) = server(values, "DB_HOST", "DB_PORT", &host, problems) else { return };
    let pooler = values.get("DB_POOLER_HOST");
    let pooler = pooler.map(|host| server(values, "DB_POOLER_HOST", "DB_POOLER_PORT", host, problems));
    let Some(pooled) = pooler.unwrap_or_else(|| Some(direct.clone())) else { return };
    let url = |server: &Url, role: &str, password: &str| address(server, role, password, &name, ca);
    let passwords = Passwords::derive(&password, &name);
    deployment.settings.extend([
        ("EAF_DATABASE_URL", url(&pooled, "eaf_app", &passwords.app)),
        ("EAF_DATABASE_DIRECT_URL", url(&direct, "eaf_app", &passwords.app)),
        ("EAF_DATABASE_PLATFORM_URL", url(&direct, "eaf_platform", &passwords.platform)),
        ("EAF_DATABASE_MIGRATE_URL", url(&direct, "eaf_migrate", &passwords.migrate)),
    ]);
    deployment.administrator = Some(Administrator { url: url(&direct, &user, &password), passwords });
}

/// Address of a server without user and database.
fn server(
    values: &BTreeMap<&'static str, String>,
    host_name: &str,
    port_name: &str,
    host: &str,
    problems: &mut Vec<String>,
) -> Option<Url> {
    let text = values.get(port_name).map_or("5432", String::as_str);
    let Some(port) = text.parse::<u16>().ok().filter(|port| *port > 0) else {
        // Kubernetes sets DB_PORT to such a text for a service that is named `db`.
        let hint = if text.starts_with("tcp://") { "; set `enableServiceLinks: false` in the pod" } else { "" };
        problems.push(format!("{port_name} must be a port from 1 to 65535, not `{text}`{hint}"));
        return None;
    };
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    let host = if is_bare_ipv6 { format!("[{host}]") } else { host.to_owned() };
    let url = Url::parse(&format!("postgres://{host}:{port}/")).ok();
    let url = url.filter(|url| url.path() == "/" && url.username().is_empty() && url.query().is_none());
    if url.is_none() {
        problems.push(format!("{host_name} must be a host name or an address, not `{host}`"));
    }
    url
}

/// Address of the database for one role. On another machine the server's certificate is verified.
fn address(server: &Url, role: &str, password: &str, database: &str, ca: Option<&str>) -> String {
    let mut url = server.clone();
    url.set_path(database);
    url.set_username(role).and_then(|()| url.set_password(Some(password))).expect("the address has a host");
    if db::transport(url.as_str()).is_ok_and(|transport| transport != Transport::Local) {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
        if let Some(ca) = ca {
            url.query_pairs_mut().append_pair("sslrootcert", ca);
        }
    }
    url.into()
}

fn keycloak(values: &BTreeMap<&'static str, String>, deployment: &mut Deployment) {
    let names = ["KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"];
    let Some([url, realm, client, secret]) = required(values, KEYCLOAK, names, &mut deployment.problems) else {
        return;
    };
    deployment.settings.extend([
        ("EAF_OIDC_ISSUER", format!("{}/realms/{realm}", url.trim_end_matches('/'))),
        ("EAF_OIDC_CLIENT_ID", client),
        ("EAF_OIDC_CLIENT_SECRET", secret),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Deployment {
        read(&variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const DB: [(&str, &str); 4] = [
        ("DB_HOST", "postgres.dcm.svc.cluster.local"),
        ("DB_NAME", "dcm"),
        ("DB_USER", "dcm"),
        ("DB_PASSWORD", "canary @:/?#"),
    ];

    #[test]
    fn one_password_gives_the_addresses_of_all_roles() {
        let deployment = of(&DB);
        assert_eq!(deployment.problems, [""; 0]);
        let passwords = Passwords::derive("canary @:/?#", "dcm");
        let expected = |role: &str, password: &str| {
            format!("postgres://{role}:{password}@postgres.dcm.svc.cluster.local:5432/dcm?sslmode=verify-full")
        };
        assert_eq!(
            deployment.settings,
            [
                ("EAF_DATABASE_URL", expected("eaf_app", &passwords.app)),
                ("EAF_DATABASE_DIRECT_URL", expected("eaf_app", &passwords.app)),
                ("EAF_DATABASE_PLATFORM_URL", expected("eaf_platform", &passwords.platform)),
                ("EAF_DATABASE_MIGRATE_URL", expected("eaf_migrate", &passwords.migrate)),
            ]
        );
        let administrator = deployment.administrator.expect("given");
        let password = administrator.url.trim_start_matches("postgres://dcm:").split('@').next().expect("a password");
        assert!(!password.contains([' ', ':', '/', '?', '#']), "{password}");
        assert_ne!(passwords.app, Passwords::derive("canary @:/?#", "other").app);
        assert_ne!(passwords.app, passwords.platform);
    }

    #[test]
    fn a_pooler_serves_reads_alone_and_a_ca_is_used_for_each_address() {
        let more = [("DB_POOLER_HOST", "pooler"), ("DB_SSLROOTCERT", "/ca/ca.crt"), ("DB_PORT", "6000")];
        let deployment = of(&[DB.as_slice(), &more].concat());
        let hosts: Vec<_> = deployment.settings.iter().map(|(_, url)| url.split(['@', '/']).nth(3)).collect();
        let direct = Some("postgres.dcm.svc.cluster.local:6000");
        assert_eq!(hosts, [Some("pooler:5432"), direct, direct, direct]);
        let ca = "?sslmode=verify-full&sslrootcert=%2Fca%2Fca.crt";
        assert!(deployment.settings.iter().all(|(_, url)| url.ends_with(ca)), "{:?}", deployment.settings);
    }

    #[test]
    fn keycloak_gives_the_issuer_and_the_client() {
        let given = [
            ("KEYCLOAK_URL", "https://auth.example.com/"),
            ("KEYCLOAK_REALM", "dcm"),
            ("KEYCLOAK_CLIENT_ID", "dcm-api"),
            ("KEYCLOAK_CLIENT_SECRET", "canary"),
        ];
        let expected = [
            ("EAF_OIDC_ISSUER", "https://auth.example.com/realms/dcm".to_owned()),
            ("EAF_OIDC_CLIENT_ID", "dcm-api".to_owned()),
            ("EAF_OIDC_CLIENT_SECRET", "canary".to_owned()),
        ];
        assert_eq!(of(&given).settings, expected);
    }

    #[test]
    fn an_incomplete_deployment_is_refused_with_the_missing_names() {
        assert!(of(&[("DB", "x"), ("KEYCLOAK_PORT", "tcp://10.0.0.1:80")]).problems.is_empty());
        let problems =
            of(&[("DB_HOST", "db"), ("DB_PASSWORD", "canary"), ("KEYCLOAK_REALM", "dcm")]).problems.join("\n");
        for name in ["DB_NAME", "DB_USER", "KEYCLOAK_URL", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"] {
            assert!(problems.contains(&format!("{name} is missing")), "{name}: {problems}");
        }
        assert!(!problems.contains("canary"), "{problems}");
        let with = |name, value| of(&[DB.as_slice(), &[(name, value)]].concat()).problems.join("\n");
        assert!(with("DB_PORT", "tcp://10.0.0.1:5432").contains("enableServiceLinks"));
        assert!(with("DB_HOST", "user@db/x?y").contains("DB_HOST must be a host name"));
        assert!(with("DB_PASSWORD_FILE", "/nowhere").contains("set twice"));
    }
}
