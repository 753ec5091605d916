//! Who gives a command that changes something: it stands in the audit.

use super::serve::Configuration;
use crate::compose;
use crate::config::Config;
use eaf_core::Core;
use eaf_core::actor::Attribution;
use std::error::Error;

/// Settings, and as whom a command administers.
#[derive(clap::Args)]
pub struct Administration {
    /// The operator who gives this command, by the `sub` of their tokens. Absent: the audit names the operating
    /// system's user.
    #[arg(long = "as", value_name = "SUBJECT")]
    operator: Option<String>,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "there is no operator {0}; `eaf operator list` shows who is, `sub` is what the identity provider calls a person"
)]
pub struct NoOperator(pub String);

impl Administration {
    pub async fn core(&self) -> Result<(Config, Core), Box<dyn Error>> {
        let config = self.configuration.load()?;
        let mut core = compose::core(&config).await?;
        core.by = match &self.operator {
            Some(subject) => {
                let found = core.directory.find_operator(&config.identity.issuer, subject).await?;
                let actor = found.ok_or_else(|| NoOperator(subject.clone()))?.actor;
                // Tenants read this, who are not told an operator's name.
                Attribution { actor, origin: Some("operator".into()), ..core.by }
            }
            None => Attribution { origin: Some(os_user(|name| std::env::var(name).ok())), ..core.by },
        };
        Ok((config, core))
    }
}

/// Behind `sudo` the one who called it, too. Nobody else vouches for either.
fn os_user(variable: impl Fn(&str) -> Option<String>) -> String {
    let unknown = || "unknown".to_owned();
    let user = whoami::username().unwrap_or_else(|_| unknown());
    let user = match variable("SUDO_USER").filter(|before| *before != user) {
        Some(before) => format!("{before} as {user}"),
        None => user,
    };
    format!("os:{user}@{}", whoami::hostname().unwrap_or_else(|_| unknown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_used_sudo_is_named_too() {
        let alone = os_user(|_| None);
        assert!(alone.starts_with("os:") && alone.contains('@') && !alone.contains(" as "), "{alone}");
        let sudo = os_user(|name| (name == "SUDO_USER").then(|| "alice".to_owned()));
        assert_eq!(sudo, alone.replace("os:", "os:alice as "));
    }
}
