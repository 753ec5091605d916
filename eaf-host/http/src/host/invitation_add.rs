//! `POST /api/host/invitations`: invites a person by mail address. The person becomes a member at
//! the first sign-in with an account of this verified address.

use super::invitation::{Names, PATH, address_schema, document, locale, schema as answer_schema};
use super::role_list;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::invitation_mail;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::schema;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use eaf_core::directory::{Error, MailAddress, NewInvitation};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Limit of roles and of groups of one invitation.
const MAX_ITEMS: usize = 50;

pub fn operation() -> Operation {
    let doc = Entry::new("host.invitation.add", "host", "Invite a person by mail address")
        .body(body_schema(json!({ "type": "string" })))
        .answers("201", "The invitation. Its mail is sent in the background.", answer_schema())
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::AlreadyAMember,
            Code::AlreadyInvited,
            Code::TooManyInvitations,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
        ]);
    let access = Access::members("invitation.add");
    Operation { method: "post", path: PATH, access, route: post(invite), doc: doc.done() }
}

fn body_schema(role: Value) -> Value {
    let group = json!({ "type": "string", "pattern": "^[a-z0-9-]{1,40}$" });
    json!({
        "type": "object",
        "required": ["email", "locale", "roles"],
        "additionalProperties": false,
        "properties": {
            "email": address_schema(),
            "locale": { "enum": ["de", "en"], "description": "Language of the mail and of the member's pages." },
            "roles": { "type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "uniqueItems": true, "items": role },
            "groups": { "type": "array", "maxItems": MAX_ITEMS, "uniqueItems": true, "items": group },
        },
    })
}

async fn invite(
    State(app): State<App>,
    mut who: TenantCaller,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body = who.read_json(&app, request).await?;
    let tenant = who.caller.tenant;
    let roles: BTreeSet<String> = role_list::existing(&app, &who).into_keys().collect();
    schema::check(&body_schema(json!({ "enum": roles })), &body, who.caller.locale)?;
    let texts = |member: &str| -> Vec<String> {
        body[member].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let new = NewInvitation {
        address: MailAddress::parse(body["email"].as_str().unwrap_or_default())?,
        locale: locale(&body),
        roles: texts("roles"),
        groups: texts("groups"),
    };
    let invitation = app.core.directory.invite(&who.by(), tenant, &new).await.map_err(refused)?;
    let names = Names::from([(who.caller.actor, Some(who.caller.name.clone()))]);
    let answer = document(&app, &invitation, &names, who.caller.locale);
    invitation_mail::send(&app, tenant, invitation, who.caller.trace.clone());
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Problem that answers a refused invitation. An unknown group is a member of the body.
fn refused(cause: Error) -> Problem {
    match cause {
        Error::NoGroup => Problem::member("/groups", "enum"),
        cause => cause.into(),
    }
}
