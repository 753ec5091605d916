//! `eaf dev env`: addresses and connection strings of the demo as shell variables.

use crate::ports::Ports;
use crate::postgres::{DATABASE, url};
use crate::services::{VCENTER_USER, Vcenter, certificates};
use crate::state::{self, State};
use crate::{host, idp, variables};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Lines such as `export EAF_URL='…'` for a shell's `eval`. They contain passwords, and all
/// settings that commands such as `eaf tenant add` need to use the demo's database.
pub fn lines(state: &State) -> Result<String, state::Error> {
    let ports = state.ports()?;
    let govc = |vcenter: Vcenter| -> Result<String, state::Error> {
        let (password, port) = (vcenter.password(state)?, vcenter.port(&ports));
        Ok(format!("https://{VCENTER_USER}:{password}@localhost:{port}/sdk"))
    };
    let database = |role: &str, secret: &str| -> Result<String, state::Error> {
        Ok(url(role, &state.password(secret)?, ports.postgres, DATABASE))
    };
    let variables = [
        ("EAF_URL", web(&ports)),
        ("EAF_IDP_URL", idp::issuer_url(ports.idp)),
        ("EAF_INBOX_URL", inbox(&ports)),
        ("EAF_DATABASE_URL", database("eaf_app", "postgres-app")?),
        ("EAF_DATABASE_PLATFORM_URL", database("eaf_platform", "postgres-platform")?),
        ("EAF_PUBLIC_URL", web(&ports)),
        ("EAF_OIDC_ISSUER", idp::issuer_url(ports.idp)),
        ("EAF_OIDC_CLIENT_SECRET", host::client_secret(state)?),
        ("EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER", "true".into()),
        ("EAF_MASTER_KEY", STANDARD.encode(state.secret("master-key")?)),
        ("EAF_ADMIN_DATABASE_URL", database("postgres", "postgres")?),
        (variables::IGNORE, variables::ignored()),
        ("GOVC_URL", govc(Vcenter::ACME)?),
        ("GOVC_URL_GLOBEX", govc(Vcenter::GLOBEX)?),
        ("GOVC_TLS_CA_CERTS", certificates(state).join("ca.pem").display().to_string()),
        // govc stores sessions by address and user and would continue a session after a change of
        // the password.
        ("GOVC_PERSIST_SESSION", "false".into()),
    ];
    Ok(variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect())
}

pub fn web(ports: &Ports) -> String {
    format!("http://localhost:{}", ports.web)
}

pub fn inbox(ports: &Ports) -> String {
    format!("http://localhost:{}", ports.inbox)
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf::config::Config;

    #[test]
    fn the_lines_are_for_a_shell() {
        let state = State::open(std::env::temp_dir().join(format!("eaf it's {}", uuid::Uuid::new_v4()))).expect("made");
        state.remember_ports(&Ports { web: 18080, ..Ports::DEFAULT }).expect("written");
        let script = format!("{}printf '%s|%s' \"$EAF_URL\" \"$GOVC_TLS_CA_CERTS\"", lines(&state).expect("lines"));
        let shell = std::process::Command::new("/bin/sh").args(["-euc", &script]).output().expect("a shell");
        let expected = format!("http://localhost:18080|{}", certificates(&state).join("ca.pem").display());
        assert_eq!(String::from_utf8_lossy(&shell.stdout), expected);
    }

    #[test]
    fn the_lines_configure_the_commands_of_an_operator() {
        let state = State::open(std::env::temp_dir().join(format!("eaf-env-{}", uuid::Uuid::new_v4()))).expect("made");
        state.remember_ports(&Ports::DEFAULT).expect("written");
        let lines = lines(&state).expect("lines");
        let variable = |line: &str| {
            let (name, value) = line.trim_start_matches("export ").split_once('=').expect("a variable");
            (name.to_owned(), value.trim_matches('\'').to_owned())
        };
        let others = ["EAF_PORT", "EAF_STATE_DIR"].map(|name| (name.to_owned(), "18080".to_owned()));
        let config =
            Config::load(None, lines.lines().map(variable).chain(others)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(*config.master_key.bytes(), state.secret("master-key").expect("made"));
        assert!(config.database.platform_url.contains("eaf_platform"));
    }

    #[test]
    fn without_a_run_the_error_has_a_remedy() {
        let error = State::existing("/nonexistent".into()).err().expect("refused").to_string();
        assert!(error.contains("make demo"), "{error}");
    }
}
