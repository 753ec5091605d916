//! `PUT /api/host/members/{actor}`: sets roles, manager and cost centre of a member, all or
//! nothing.
//!
//! The roles are those of [`role_list`]; others that the member already has may stay. `If-Match`
//! refuses a change if another admin has changed these values meanwhile.

use super::{LINE, member_shown, role_list, trim};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::precondition;
use crate::problem::Problem;
use crate::schema;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::put;
use eaf_core::directory::{MAX_COST_CENTRE, Member, Profile, Reporting};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const PATH: &str = "/api/host/members/{actor}";

/// Limit of roles of one member.
const MAX_ROLES: usize = 50;

pub fn operation() -> Operation {
    let doc = Entry::new("host.member.put", "host", "Set roles, manager and cost centre of a member")
        .path("actor", "The member's id.")
        .body(body_schema(json!({ "type": "string" })));
    let doc = precondition::described_basis(doc, "`tag` of the member that the change was made on.")
        .refuses(&[Code::BasisInvalid, Code::ChangedMeanwhile])
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::NotFound,
            Code::NotACurrentMember,
            Code::LastAdmin,
            Code::ManagerCycle,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
        ]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Changed, from the member's next request on." });
    Operation {
        method: "put",
        path: PATH,
        access: Access::members("member.change"),
        route: put(change),
        doc: Doc::One(doc),
    }
}

fn body_schema(role: Value) -> Value {
    let manager =
        json!({ "type": ["string", "null"], "format": "uuid", "description": "A current member; null: none." });
    json!({
        "type": "object",
        "required": ["roles", "manager", "cost_centre"],
        "additionalProperties": false,
        "properties": {
            "roles": { "type": "array", "minItems": 1, "maxItems": MAX_ROLES, "uniqueItems": true, "items": role },
            "manager": manager,
            "cost_centre": {
                "type": "string", "maxLength": MAX_COST_CENTRE, "pattern": LINE, "description": "Empty: none.",
            },
        },
    })
}

async fn change(
    State(app): State<App>,
    mut who: TenantCaller,
    Path(actor): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let basis = precondition::basis(request.headers())?;
    let mut body = who.read_json(&app, request).await?;
    let tenant = who.caller.tenant;
    let member = member_shown::current(&app, tenant, &actor).await?;
    trim(&mut body, "cost_centre");
    let existing = json!({ "enum": existing_roles(&app, &who, &member) });
    schema::check(&body_schema(existing), &body, who.caller.locale)?;
    let roles = body["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let roles: Vec<String> = roles.map(str::to_owned).collect();
    let reporting = Reporting {
        manager: body["manager"].as_str().map(|manager| manager.parse()).transpose().map_err(|_| no_person())?,
        cost_centre: body["cost_centre"].as_str().unwrap_or_default().to_owned(),
    };
    let profile = Profile { roles, reporting };
    app.core.directory.change_member(&who.by(), tenant, member.actor, &profile, &basis).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_person() -> Problem {
    Problem::member("/manager", "person")
}

fn existing_roles(app: &App, who: &TenantCaller, member: &Member) -> BTreeSet<String> {
    role_list::existing(app, who).into_keys().chain(member.roles.iter().cloned()).collect()
}
