//! Invitations as documents, and the checks of their ids and bodies.

use super::{instant, record};
use crate::App;
use crate::code::Code;
use crate::host::member_shown::{person_document, person_schema};
use crate::invitation_mail;
use crate::messages;
use crate::problem::Problem;
use eaf_core::actor::Locale;
use eaf_core::directory::{Invitation, MAX_MAIL_ADDRESS};
use eaf_core::id::{ActorId, InvitationId};
use serde_json::{Value, json};
use std::collections::HashMap;

pub const PATH: &str = "/api/host/invitations";
pub const ITEM: &str = "/api/host/invitations/{id}";

/// Names of the people who invited, by actor id; `None`: the person was erased.
pub type Names = HashMap<ActorId, Option<String>>;

/// Document of an invitation. The link is for people to whom no mail can be sent.
pub fn document(app: &App, invitation: &Invitation, names: &Names, locale: Locale) -> Value {
    let inviter = names.get(&invitation.invited_by);
    let error_text = invitation.mail_error.as_deref().map(|error| messages::failure(error, locale));
    json!({
        "id": invitation.id,
        "email": invitation.address,
        "locale": invitation.locale,
        "roles": invitation.roles,
        "groups": invitation.groups,
        "invited_by": inviter.map(|name| person_document(invitation.invited_by, name.as_deref())),
        "created_at": instant(invitation.created_at),
        "expires_at": instant(invitation.expires_at),
        "expired": invitation.expires_at <= app.core.ambient.now(),
        "link": invitation_mail::link(app, invitation.id),
        "mail": {
            "sent_at": invitation.mailed_at.and_then(instant),
            "error": invitation.mail_error,
            "error_text": error_text,
        },
    })
}

pub fn schema() -> Value {
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let time = || json!({ "type": "string", "format": "date-time" });
    let text = || json!({ "type": ["string", "null"] });
    let mut inviter = person_schema();
    inviter["type"] = json!(["object", "null"]);
    inviter["description"] = "Null: an operator of the platform, or the command line.".into();
    let mail = record(json!({
        "sent_at": { "type": ["string", "null"], "format": "date-time" },
        "error": { "type": ["string", "null"], "description": "Code of the last failed attempt." },
        "error_text": text(),
    }));
    record(json!({
        "id": { "type": "string", "format": "uuid" },
        "email": { "type": "string" },
        "locale": { "enum": ["de", "en"] },
        "roles": texts(),
        "groups": texts(),
        "invited_by": inviter,
        "created_at": time(),
        "expires_at": time(),
        "expired": { "type": "boolean" },
        "link": { "type": "string", "description": "Opens the sign-in. It is no secret." },
        "mail": mail,
    }))
}

/// Schema of a mail address in a body. The form is checked by the directory.
pub fn address_schema() -> Value {
    json!({ "type": "string", "format": "idn-email", "minLength": 3, "maxLength": MAX_MAIL_ADDRESS })
}

pub fn locale(body: &Value) -> Locale {
    if body["locale"] == "de" { Locale::De } else { Locale::En }
}

/// Reads an id of the path. Another text names no invitation, so it is 404.
pub fn id(text: &str) -> Result<InvitationId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}
