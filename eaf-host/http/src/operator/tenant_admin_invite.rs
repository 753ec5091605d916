//! `POST /api/host/tenants/{tenant}/admin-invitations`: invites the first admin of a tenant that
//! has no admin, for example because the first invitation has expired. Later people are invited by
//! the tenant's admins. The answer has no personal data.

use super::BODY_ERRORS;
use super::tenant::{by, find};
use crate::App;
use crate::access::Access;
use crate::body::JsonBody;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::invitation::{address_schema, locale};
use crate::host::record;
use crate::info::Info;
use crate::invitation_mail;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::schema as json_schema;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json};
use eaf_core::directory::MailAddress;
use eaf_core::id::TenantId;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn operation() -> Operation {
    let link = json!({ "type": "string", "description": "Opens the sign-in. It is no secret." });
    let doc = Entry::new("host.tenant.invite-admin", "operator", "Invite the first admin of a tenant")
        .path("tenant", "The tenant's slug.")
        .body(body_schema())
        .answers("201", "The invitation.", record(json!({ "link": link })))
        .refuses(&BODY_ERRORS)
        .refuses(&[
            Code::NotAnOperator,
            Code::NotFound,
            Code::TenantHasAdmin,
            Code::AlreadyAMember,
            Code::AlreadyInvited,
            Code::TooManyInvitations,
        ]);
    let path = "/api/host/tenants/{tenant}/admin-invitations";
    Operation { method: "post", path, access: Access::Operator, route: post(invite), doc: doc.done() }
}

/// Schema of the person who becomes the first admin.
pub(super) fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["email", "locale"],
        "additionalProperties": false,
        "properties": {
            "email": address_schema(),
            "locale": { "enum": ["de", "en"], "description": "Language of the mail and of the admin's pages." },
        },
    })
}

async fn invite(
    State(app): State<App>,
    Extension(info): Extension<Arc<Info>>,
    operator: Operator,
    Path(slug): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    json_schema::check(&body_schema(), &body, info.locale())?;
    let address = MailAddress::parse(body["email"].as_str().unwrap_or_default())?;
    let tenant = find(&app, &slug).await?;
    let link = first_admin(&app, &info, &operator, tenant.id, address, &body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "link": link }))))
}

/// Invites the first admin, and returns the link of the invitation. A new tenant has no mail
/// connection, so the operator passes on the link.
pub(super) async fn first_admin(
    app: &App,
    info: &Info,
    operator: &Operator,
    tenant: TenantId,
    address: MailAddress,
    admin: &Value,
) -> Result<String, Problem> {
    let by = by(operator, info);
    let invitation = app.core.directory.invite_first_admin(&by, tenant, address, locale(admin)).await?;
    let link = invitation_mail::link(app, invitation.id);
    invitation_mail::send(app, tenant, invitation, info.trace.clone());
    Ok(link)
}
