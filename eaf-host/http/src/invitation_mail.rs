//! Mail of an invitation, over the tenant's mail connection.
//!
//! The mail is sent in the background, because a mail server may delay each step by minutes, and
//! its outcome is stored with the invitation. A tenant without a mail connection sends none; the
//! admin then passes on the link, which is no secret: the sign-in needs the invited address.

use crate::App;
use eaf_capability::text::Locales;
use eaf_capability::text::format::instant;
use eaf_capability::text::mails::Templates;
use eaf_capability::{Class, Failure, HostCode, HostMail};
use eaf_core::actor::TraceId;
use eaf_core::directory::Invitation;
use eaf_core::id::{InvitationId, TenantId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const CAPABILITY: &str = "mail";
const TEMPLATE: &str = "invitation";
/// Time-out of the mail, above all time-outs of one SMTP session.
const SEND_TIMEOUT: Duration = Duration::from_secs(3_000);

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    let files = [
        ("de.subject.txt", include_str!("invitation_mail/de.subject.txt")),
        ("de.txt", include_str!("invitation_mail/de.txt")),
        ("de.html", include_str!("invitation_mail/de.html")),
        ("en.subject.txt", include_str!("invitation_mail/en.subject.txt")),
        ("en.txt", include_str!("invitation_mail/en.txt")),
        ("en.html", include_str!("invitation_mail/en.html")),
    ];
    let files: BTreeMap<_, _> =
        files.into_iter().map(|(name, text)| (format!("{TEMPLATE}/{name}"), text.into())).collect();
    let locales = Arc::new(Locales::load("", "").expect("no texts are whole"));
    Templates::load(&files, locales).expect("the invitation is whole; a test renders it")
});

/// Link of an invitation: the sign-in, which knows by the id which invitation is meant.
pub fn link(app: &App, id: InvitationId) -> String {
    format!("{}/auth/sign-in?invitation={id}", app.config.origin)
}

/// Sends the mail of an invitation in the background, and stores the outcome.
pub fn send(app: &App, tenant: TenantId, invitation: Invitation, trace: TraceId) {
    let app = app.clone();
    tokio::spawn(async move {
        let sent = tokio::time::timeout(SEND_TIMEOUT, offer(&app, tenant, &invitation, &trace)).await;
        let code = match sent {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure.code),
            Err(_) => Some(HostCode::NoAnswer.as_str().to_owned()),
        };
        tracing::info!(code, invitation = %invitation.id, "the mail of an invitation was offered");
        let stored = app.core.directory.record_invitation_mail(tenant, invitation.id, code.as_deref()).await;
        if let Err(error) = stored {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the outcome of an invitation's mail could not be stored");
        }
    });
}

/// Sends the mail over the tenant's first mail connection by name.
async fn offer(app: &App, tenant: TenantId, invitation: &Invitation, trace: &TraceId) -> Result<(), Failure> {
    let missing =
        || Failure::new(Class::Configuration, HostCode::ConnectionMissing, "The tenant has no mail connection.");
    let provider = app.providers.get(CAPABILITY).ok_or_else(missing)?;
    let connections = app.core.connections.list(tenant).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the mail connections could not be read");
        Failure::new(Class::Transient, HostCode::DirectoryUnreadable, "the host's own store could not be reached")
    })?;
    let connection = connections.iter().filter(|found| found.capability == CAPABILITY).map(|found| &found.name).min();
    let mail = HostMail {
        recipient: &invitation.address,
        locale: invitation.locale,
        id: app.core.ambient.uuid(),
        trace: &trace.0,
        templates: &TEMPLATES,
        template: TEMPLATE,
        facts: facts(&link(app, invitation.id), invitation),
    };
    provider.send_host_mail(tenant, connection.ok_or_else(missing)?, &mail).await
}

fn facts(link: &str, invitation: &Invitation) -> Map<String, Value> {
    let expires = instant(invitation.expires_at.unix_timestamp() * 1_000, invitation.locale).unwrap_or_default();
    Map::from_iter([
        ("sign_in".to_owned(), Value::from(link)),
        ("address".to_owned(), Value::from(invitation.address.as_str())),
        ("expires".to_owned(), Value::from(expires)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_capability::text::mails::HostFacts;
    use eaf_core::actor::Locale;
    use eaf_core::id::ActorId;
    use time::OffsetDateTime;
    use uuid::Uuid;

    fn rendered(locale: Locale, tenant_name: &str) -> eaf_capability::text::mails::Rendered {
        let invitation = Invitation {
            id: InvitationId(Uuid::nil()),
            address: "anna.berger@acme.example".into(),
            locale,
            roles: vec!["approver".into()],
            groups: vec![],
            invited_by: ActorId::SYSTEM,
            created_at: OffsetDateTime::UNIX_EPOCH,
            expires_at: OffsetDateTime::from_unix_timestamp(1_795_439_159).unwrap(),
            mailed_at: None,
            mail_error: None,
        };
        let link = format!("https://eaf.example/auth/sign-in?invitation={}", invitation.id);
        let host = HostFacts {
            recipient_name: "",
            tenant_name,
            trace_id: "4bf9",
            public_url: "https://eaf.example",
            reply_to: None,
        };
        TEMPLATES.render(TEMPLATE, locale, &facts(&link, &invitation), &host).unwrap()
    }

    #[test]
    fn the_mail_names_organisation_address_link_and_end() {
        let link = "https://eaf.example/auth/sign-in?invitation=00000000-0000-0000-0000-000000000000";
        for (locale, subject, end, opening) in [
            (
                Locale::De,
                "Einladung zu Acme & Söhne",
                "gilt einmal und bis 23.11.2026 13:05 UTC",
                "Sie sind eingeladen",
            ),
            (Locale::En, "Invitation to Acme & Söhne", "works once, until 2026-11-23 13:05 UTC", "you are invited"),
        ] {
            let mail = rendered(locale, "Acme & Söhne");
            assert_eq!(mail.subject, subject);
            for part in [link, end, opening, "anna.berger@acme.example"] {
                assert!(mail.text.contains(part), "{part} is missing in:\n{}", mail.text);
            }
            assert!(mail.html.contains("Acme &amp; Söhne") && mail.html.contains(end), "{}", mail.html);
            assert!(mail.html.contains("invitation=00000000"), "{}", mail.html);
        }
    }
}
