//! `eaf dev env`: addresses and connection strings of the demo as shell variables.

use crate::dev::idp;
use crate::dev::ports::Ports;
use crate::dev::postgres::{DATABASE, url};
use crate::dev::services::{VCENTER_USER, certificates, vcenter_secret};
use crate::dev::state::{self, State};

/// Lines for `eval`. They hold passwords.
pub fn lines(state: &State) -> Result<String, state::Error> {
    let ports = state.ports()?;
    let govc = |tenant: &str, port: u16| -> Result<String, state::Error> {
        let password = state.password(vcenter_secret(tenant))?;
        Ok(format!("https://{VCENTER_USER}:{password}@localhost:{port}/sdk"))
    };
    let variables = [
        ("EAF_URL", web(&ports)),
        ("EAF_IDP_URL", idp::issuer_url(ports.idp)),
        ("EAF_INBOX_URL", inbox(&ports)),
        ("EAF_DATABASE_URL", url("eaf_app", &state.password("postgres-app")?, ports.postgres, DATABASE)),
        ("EAF_ADMIN_DATABASE_URL", url("postgres", &state.password("postgres")?, ports.postgres, DATABASE)),
        ("GOVC_URL", govc("acme", ports.vcenter_acme)?),
        ("GOVC_URL_GLOBEX", govc("globex", ports.vcenter_globex)?),
        ("GOVC_TLS_CA_CERTS", certificates(state).join("ca.pem").display().to_string()),
        // It keeps sessions by address and user; a new password would go unnoticed.
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
    fn without_a_run_it_says_what_to_do() {
        let told = State::existing("/nonexistent".into()).err().expect("refused").to_string();
        assert!(told.contains("make demo"), "{told}");
    }
}
