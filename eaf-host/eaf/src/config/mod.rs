//! Configuration of `eaf serve`: an optional TOML file, and `EAF_*` variables, which have priority.
//! The variables of a [deployment] are another form of some settings.
//!
//! To add a setting: 1. its [`Key`] and its field in the section's file; 2. read it in the
//! section's `read`; 3. `make reference` updates `deploy/configuration.md`. Unknown keys and
//! variables are errors. A secret is read from `<VARIABLE>` or from the file that `<VARIABLE>_FILE`
//! names. A dangerous switch has `DANGER` in its name.

pub mod database;
pub mod deployment;
pub mod egress;
pub mod http;
pub mod identity;
pub mod key;
pub mod master_key;
pub mod plugins;
pub mod quota;
pub mod reference;
pub mod retention;
pub mod sessions;
mod source;
pub mod telemetry;
pub mod workflows;

pub use source::{Secrets, Source};

use key::{Key, Values};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the configuration file {path} cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the configuration file {path} is not TOML: {problem}")]
    Syntax { path: PathBuf, problem: String },
    #[error("the configuration is not usable:\n  - {}", .0.join("\n  - "))]
    Unusable(Vec<String>),
}

/// Validated configuration of the host.
pub struct Config {
    /// Source, to read secrets again.
    pub source: Source,
    pub http: http::Http,
    pub database: database::Database,
    pub identity: identity::Identity,
    pub sessions: sessions::Sessions,
    pub master_key: master_key::MasterKey,
    /// Previous master key; `None` unless a rotation is in progress.
    pub previous_master_key: Option<master_key::MasterKey>,
    pub plugins: plugins::Plugins,
    pub egress: egress::Egress,
    pub quota: quota::Quota,
    pub retention: eaf_core::retention::Retention,
    pub workflows: workflows::Workflows,
    pub telemetry: telemetry::Telemetry,
}

/// Section of the settings: its heading in the reference, and its keys.
pub struct Section {
    pub title: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

pub const SECTIONS: &[Section] = &[
    http::SECTION,
    database::SECTION,
    identity::SECTION,
    sessions::SECTION,
    master_key::SECTION,
    plugins::SECTION,
    egress::SECTION,
    quota::SECTION,
    retention::SECTION,
    workflows::SECTION,
    telemetry::SECTION,
];

impl Config {
    /// Reads settings from the TOML file, if one is given, and from the variables, and validates
    /// them. [`Error::Unusable`] contains all problems, not only the first.
    pub fn load(file: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Result<Config, Error> {
        Source::new(file.map(Path::to_path_buf), variables).load()
    }

    fn from_source(source: &Source) -> Result<Config, Error> {
        let mut values = Values::default();
        if let Some(path) = &source.file {
            values.add_file(&parse_file(path)?);
        }
        values.add_variables(&source.variables);
        let deployment = deployment::read(&source.variables);
        values.add_deployment(&deployment);
        let config = Config::read(&mut values).map(|config| Config { source: source.clone(), ..config });
        config.filter(|_| values.problems().is_empty()).ok_or_else(|| Error::Unusable(values.into_problems()))
    }

    /// Reads all sections. `None`: `values` has the problems of each section.
    fn read(values: &mut Values) -> Option<Config> {
        // Each section is read before the first `?`, so that the problems of all are found.
        let http = http::read(values);
        let database = database::read(values);
        let identity = identity::read(values);
        let sessions = sessions::read(values);
        let master_keys = master_key::read(values);
        let plugins = plugins::read(values);
        let egress = egress::read(values);
        let quota = quota::read(values);
        let retention = retention::read(values);
        let workflows = workflows::read(values);
        let telemetry = telemetry::read(values);
        let (master_key, previous_master_key) = master_keys?;
        Some(Config {
            source: Source::default(),
            http: http?,
            database: database?,
            identity: identity?,
            sessions: sessions?,
            master_key,
            previous_master_key,
            plugins: plugins?,
            egress: egress?,
            quota: quota?,
            retention: retention?,
            workflows: workflows?,
            telemetry: telemetry?,
        })
    }
}

fn parse_file(path: &Path) -> Result<toml::Table, Error> {
    let text = std::fs::read_to_string(path).map_err(|cause| Error::Read { path: path.into(), cause })?;
    text.parse()
        .map_err(|cause: toml::de::Error| Error::Syntax { path: path.into(), problem: cause.message().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn minimal() -> Vec<(String, String)> {
        [
            ("EAF_PUBLIC_URL", "https://eaf.example"),
            ("EAF_DATABASE_URL", "postgres://eaf_app:s@db/eaf?sslmode=verify-full"),
            ("EAF_DATABASE_PLATFORM_URL", "postgres://eaf_platform:s@db/eaf?sslmode=verify-full"),
            ("EAF_OIDC_ISSUER", "https://id.example/realms/eaf"),
            ("EAF_OIDC_CLIENT_SECRET", "secret"),
            ("EAF_MASTER_KEY", KEY),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .to_vec()
    }

    fn refused(variables: Vec<(String, String)>) -> String {
        Config::load(None, variables.into_iter()).err().expect("a refusal").to_string()
    }

    fn with(name: &str, value: &str) -> Vec<(String, String)> {
        let mut variables = minimal();
        variables.retain(|(present, _)| present != name);
        variables.push((name.to_string(), value.to_string()));
        variables
    }

    fn file(text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("eaf-config-{}.toml", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).expect("a temporary file");
        path
    }

    #[test]
    fn settings_that_are_absent_have_their_defaults() {
        let config = Config::load(None, minimal().into_iter()).unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database.direct_url, config.database.app_url);
        assert_eq!(config.database.migrate_url, None);
        assert_eq!(config.master_key.bytes()[31], 31);
        assert_eq!((config.sessions.idle.whole_minutes(), config.sessions.absolute.whole_hours()), (60, 10));
        assert_eq!((config.identity.client_id.as_str(), config.http.web), ("eaf", None));
    }

    #[test]
    fn the_public_address_is_an_origin() {
        let public = |url| Config::load(None, with("EAF_PUBLIC_URL", url).into_iter()).map(|good| good.http.public_url);
        for good in ["https://eaf.example", "https://eaf.example/", "https://EAF.example:443"] {
            assert_eq!(public(good).unwrap_or_else(|message| panic!("{message}")), "https://eaf.example");
        }
        assert_eq!(
            public("http://localhost:8080").unwrap_or_else(|message| panic!("{message}")),
            "http://localhost:8080"
        );
        for bad in [
            "eaf.example",
            "ftp://eaf.example",
            "https://eaf.example/app",
            "https://a:b@eaf.example",
            "https://eaf.example/?a",
        ] {
            assert!(refused(with("EAF_PUBLIC_URL", bad)).contains("EAF_PUBLIC_URL"), "{bad}");
        }
    }

    #[test]
    fn limits_of_sessions_are_within_their_ranges() {
        for (name, value) in [
            ("EAF_SESSION_IDLE_MINUTES", "4"),
            ("EAF_SESSION_IDLE_MINUTES", "1441"),
            ("EAF_SESSION_HOURS", "0"),
            ("EAF_SESSION_HOURS", "x"),
        ] {
            assert!(refused(with(name, value)).contains(name), "{name} {value}");
        }
    }

    #[test]
    fn a_web_directory_without_the_application_is_refused_at_the_start() {
        assert!(refused(with("EAF_WEB_DIR", "/nowhere")).contains("EAF_WEB_DIR"));
    }

    #[test]
    fn a_variable_has_priority_over_the_file_and_the_default() {
        let path = file("[http]\nlisten = \"127.0.0.1:1\"\n[database]\nappend_connections = 9\n");
        let config = Config::load(Some(&path), with("EAF_LISTEN", "127.0.0.1:2").into_iter())
            .unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.http.listen.port(), 2);
        assert_eq!(config.database.append_connections, 9);
    }

    #[test]
    fn an_unknown_key_or_variable_is_an_error_with_a_suggestion() {
        let message = refused(with("EAF_OIDC_ISUER", "x"));
        assert!(message.contains("EAF_OIDC_ISUER") && message.contains("did you mean EAF_OIDC_ISSUER"), "{message}");
        let path = file("[http]\nlissten = \"127.0.0.1:1\"\n");
        let message = Config::load(Some(&path), minimal().into_iter()).err().expect("a refusal").to_string();
        assert!(message.contains("http.lissten"), "{message}");
    }

    #[test]
    fn listed_variables_of_other_programs_are_ignored() {
        let mut variables = with("EAF_SERVICE_HOST", "10.0.0.1");
        assert!(refused(variables.clone()).contains("EAF_SERVICE_HOST"));
        variables.push(("EAF_IGNORE".into(), "EAF_PORT, EAF_SERVICE_HOST".into()));
        assert!(Config::load(None, variables.clone().into_iter()).is_ok());
        variables.push(("EAF_SERVICE_PORT".into(), "80".into()));
        assert!(refused(variables).contains("EAF_SERVICE_PORT"));
    }

    #[test]
    fn all_missing_settings_are_reported_at_once() {
        let message = refused(Vec::new());
        for name in
            ["EAF_PUBLIC_URL", "EAF_DATABASE_URL", "EAF_OIDC_ISSUER", "EAF_OIDC_CLIENT_SECRET", "EAF_MASTER_KEY"]
        {
            assert!(message.contains(name), "{name} in {message}");
        }
    }

    #[test]
    fn a_secret_comes_from_a_file_or_a_variable_but_not_both() {
        let path = file(&format!("{KEY}\n"));
        let name = path.to_str().expect("a path of ASCII").to_string();
        let mut variables = minimal();
        variables.push(("EAF_MASTER_KEY_FILE".into(), name.clone()));
        assert!(refused(variables).contains("EAF_MASTER_KEY_FILE"));

        let mut variables = minimal();
        variables.retain(|(present, _)| present != "EAF_MASTER_KEY");
        variables.push(("EAF_MASTER_KEY_FILE".into(), name));
        let config = Config::load(None, variables.into_iter()).unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.master_key.bytes()[1], 1);
    }

    #[test]
    fn a_refused_secret_is_never_repeated() {
        let message = refused(with("EAF_MASTER_KEY", "canary-secret"));
        assert!(message.contains("EAF_MASTER_KEY") && !message.contains("canary"), "{message}");
        let message = refused(with("EAF_DATABASE_URL", "mysql://u:canary@db"));
        assert!(message.contains("EAF_DATABASE_URL") && !message.contains("canary"), "{message}");
    }

    #[test]
    fn the_variables_of_a_deployment_and_their_settings_exclude_each_other() {
        let deployment = [
            ("DB_HOST", "db"),
            ("DB_NAME", "dcm"),
            ("DB_USER", "dcm"),
            ("DB_PASSWORD", "canary"),
            ("KEYCLOAK_URL", "https://auth.example"),
            ("KEYCLOAK_REALM", "dcm"),
            ("KEYCLOAK_CLIENT_ID", "dcm-api"),
            ("KEYCLOAK_CLIENT_SECRET", "canary"),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string()));
        let message = refused(minimal().into_iter().chain(deployment.clone()).collect());
        for name in ["EAF_DATABASE_URL", "EAF_OIDC_ISSUER", "EAF_OIDC_CLIENT_SECRET"] {
            assert!(message.contains(&format!("{name} is set twice")), "{name} in {message}");
        }
        let own = minimal().into_iter().filter(|(name, _)| ["EAF_PUBLIC_URL", "EAF_MASTER_KEY"].contains(&&**name));
        let config = Config::load(None, own.chain(deployment)).unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.identity.issuer, "https://auth.example/realms/dcm");
        assert!(config.database.migrate_url.is_some());
    }

    #[test]
    fn a_plain_http_issuer_needs_the_dangerous_switch() {
        assert!(refused(with("EAF_OIDC_ISSUER", "http://id.example")).contains("EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER"));
        let mut variables = with("EAF_OIDC_ISSUER", "http://id.example");
        variables.push(("EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER".into(), "true".into()));
        assert!(Config::load(None, variables.into_iter()).is_ok());
    }

    #[test]
    fn an_invalid_egress_rule_is_refused_at_the_start() {
        let message = refused(with("EAF_EGRESS_ALLOW", "mail smtp.example:587, vsfere vcenter.example"));
        assert!(message.contains("EAF_EGRESS_ALLOW") && message.contains("`vsfere` is not one of"), "{message}");
        let path = file("[egress]\nallow = [\"mail smtp.example:587\", \"vsphere@acme 10.0.0.0/8\"]\n");
        let config = Config::load(Some(&path), minimal().into_iter()).unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.egress.rules.len(), 2);
    }

    #[test]
    fn a_remote_database_needs_verified_tls_or_the_dangerous_switch() {
        for name in
            ["EAF_DATABASE_URL", "EAF_DATABASE_DIRECT_URL", "EAF_DATABASE_PLATFORM_URL", "EAF_DATABASE_MIGRATE_URL"]
        {
            for open in ["postgres://u:canary@db/eaf", "postgres://u:canary@db/eaf?sslmode=require"] {
                let message = refused(with(name, open));
                assert!(message.contains(name) && message.contains("verify-full"), "{message}");
                assert!(message.contains("EAF_DANGER_ALLOW_UNVERIFIED_DATABASE_TLS"), "{message}");
                assert!(!message.contains("canary"), "{message}");
                let mut variables = with(name, open);
                variables.push(("EAF_DANGER_ALLOW_UNVERIFIED_DATABASE_TLS".into(), "true".into()));
                assert!(Config::load(None, variables.into_iter()).is_ok());
            }
            assert!(Config::load(None, with(name, "postgres://u:p@127.0.0.1/eaf").into_iter()).is_ok());
        }
    }

    #[test]
    fn a_remote_plain_http_address_needs_the_dangerous_switch() {
        for open in ["http://eaf.example", "http://localhost.evil.example", "http://10.0.0.7:8080"] {
            assert!(refused(with("EAF_PUBLIC_URL", open)).contains("EAF_DANGER_ALLOW_PLAIN_HTTP"), "{open}");
            let mut variables = with("EAF_PUBLIC_URL", open);
            variables.push(("EAF_DANGER_ALLOW_PLAIN_HTTP".into(), "true".into()));
            assert!(Config::load(None, variables.into_iter()).is_ok(), "{open}");
        }
        for local in ["http://localhost:8080", "http://acme.localhost", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(Config::load(None, with("EAF_PUBLIC_URL", local).into_iter()).is_ok(), "{local}");
        }
    }

    #[test]
    fn claims_are_configurable_and_unstable_subject_claims_are_refused() {
        let mut variables = with("EAF_OIDC_TENANT_CLAIM", "https://eaf.example/tenant");
        variables.push(("EAF_OIDC_SUBJECT_CLAIM".into(), "oid".into()));
        let config = Config::load(None, variables.into_iter()).unwrap_or_else(|message| panic!("{message}"));
        assert_eq!(config.identity.tenant_claim, "https://eaf.example/tenant");
        assert_eq!(config.identity.subject_claim, "oid");
        for claim in ["email", "preferred_username", "upn", "/identity/mail", "", "a b"] {
            assert!(refused(with("EAF_OIDC_SUBJECT_CLAIM", claim)).contains("EAF_OIDC_SUBJECT_CLAIM"), "{claim}");
        }
    }

    #[test]
    fn the_development_provider_cannot_be_switched_on() {
        for name in ["EAF_DEV_IDP", "EAF_DEV"] {
            assert!(refused(with(name, "true")).contains(name));
        }
        let keys = SECTIONS.iter().flat_map(|section| section.keys);
        assert!(keys.into_iter().all(|key| !key.name.contains("dev")));
    }
}
