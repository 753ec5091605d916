//! Arguments of an administrative command that say which actor the audit names.

use super::serve::Configuration;
use crate::compose;
use crate::config::Config;
use eaf_core::Core;
use eaf_core::actor::Attribution;
use std::error::Error;

/// Arguments that all administrative commands share: the actor, and the source of the settings.
#[derive(clap::Args)]
pub struct Administration {
    /// Operator who gives this command, identified by the claim `sub` of their tokens. Absent: the
    /// audit names the operating system's user.
    #[arg(long = "as", value_name = "SUBJECT")]
    operator: Option<String>,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no operator {0}; `eaf operator list` shows them, named by the `sub` of the identity provider")]
pub struct NoOperator(pub String);

impl Administration {
    pub async fn core(&self) -> Result<(Config, Core), Box<dyn Error>> {
        let config = self.configuration.load()?;
        let core = compose::core(&config).await?;
        let by = match &self.operator {
            Some(subject) => {
                let found = core.directory.find_operator(&config.identity.issuer, subject).await?;
                let actor = found.ok_or_else(|| NoOperator(subject.clone()))?.actor;
                // Tenants read this origin and must not learn the operator's name.
                Attribution { actor, origin: Some("operator".into()), ..core.by.clone() }
            }
            None => Attribution { origin: Some(os_user(|name| std::env::var(name).ok())), ..core.by.clone() },
        };
        Ok((config, core.with_author(by)))
    }
}

/// Origin of a command for the audit, such as `os:alice as root@host-1`: the user who called
/// `sudo`, the operating system's user, and the machine. No name is verified.
fn os_user(variable: impl Fn(&str) -> Option<String>) -> String {
    let unknown = || "unknown".to_owned();
    let user = whoami::username().unwrap_or_else(|_| unknown());
    let user = match variable("SUDO_USER").filter(|caller| *caller != user) {
        Some(caller) => format!("{caller} as {user}"),
        None => user,
    };
    format!("os:{user}@{}", whoami::hostname().unwrap_or_else(|_| unknown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_of_sudo_is_named_too() {
        let alone = os_user(|_| None);
        assert!(alone.starts_with("os:") && alone.contains('@') && !alone.contains(" as "), "{alone}");
        let sudo = os_user(|name| (name == "SUDO_USER").then(|| "alice".to_owned()));
        assert_eq!(sudo, alone.replace("os:", "os:alice as "));
    }
}
