//! `PUT /api/host/groups/{group}`: adds a group, or renames it. Products refer to it by the key,
//! which never changes. `If-Match` refuses a change of another name than the one that was read, and
//! `If-None-Match: *` refuses to rename a group that another admin has added meanwhile.

use super::{LINE, trim};
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
use eaf_core::directory::MAX_GROUP_NAME;
use serde_json::{Value, json};

pub const PATH: &str = "/api/host/groups/{group}";

pub fn operation() -> Operation {
    let doc = Entry::new("host.group.put", "host", "Add or rename a group")
        .path("group", "The group's key: 1 to 40 lower-case letters, digits and hyphens.")
        .body(body_schema());
    let doc = precondition::described_basis(doc, "`tag` of the group that the change was made on.")
        .refuses(&[Code::BasisInvalid, Code::ChangedMeanwhile])
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::TooManyGroups,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
            Code::GroupKey,
        ]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Stored." });
    Operation { method: "put", path: PATH, access: Access::groups("group.put"), route: put(store), doc: Doc::One(doc) }
}

fn body_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "minLength": 1, "maxLength": MAX_GROUP_NAME, "pattern": LINE },
        },
    })
}

async fn store(
    State(app): State<App>,
    mut who: TenantCaller,
    Path(group): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let basis = precondition::basis(request.headers())?;
    let mut body = who.read_json(&app, request).await?;
    trim(&mut body, "name");
    schema::check(&body_schema(), &body, who.caller.locale)?;
    let name = body["name"].as_str().unwrap_or_default();
    app.core.directory.put_group(&who.by(), who.caller.tenant, &group, name, &basis).await?;
    Ok(StatusCode::NO_CONTENT)
}
