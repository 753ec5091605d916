//! Is a mail connection usable? The server answers, encrypts as it should, and lets us log in.

use super::config::{Config, Tls};
use super::smtp::{ENCRYPTION, Session};
use crate::capabilities::{Report, Verdict};

pub async fn check(config: &Config) -> Report {
    let mut report = Report::default();
    let (address, encryption, mut session) = match Session::connect(config).await {
        Ok(session) => (Verdict::Good, Verdict::Good, Some(session)),
        Err(failure) if ENCRYPTION.contains(&failure.code.as_str()) => (Verdict::Good, Verdict::Bad(failure), None),
        Err(failure) => (Verdict::Bad(failure), Verdict::Untested, None),
    };
    report.setting("host", format!("{}:{}", config.host, config.port), address);
    if config.tls != Tls::None {
        report.setting("tls", "", encryption);
    }
    if let Some(login) = &config.login {
        let verdict = match &mut session {
            Some(session) => Verdict::from(&session.log_in(config).await),
            None => Verdict::Untested,
        };
        report.setting("username", &login.username, verdict);
    }
    if let Some(session) = session {
        session.close().await;
    }
    report
}
