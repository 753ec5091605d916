//! `POST /api/host/connections/{capability}/{name}/draft/choices`: lists the choices that the
//! system of a draft offers for one of the draft's settings. The operation logs in at that system
//! as a test does, and counts as a test in the limit of tests.

use super::connection_test;
use super::draft::{self, Draft};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::choices::{self, MAX_CHOICES};
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::routing::post;
use eaf_capability::{ChoiceQuery, ChoiceSelection, Choices, ConnectionType, DRAFT_SUFFIX, Failure};
use eaf_core::connection::Connection;
use serde_json::{Value, json};

const ACT: &str = "connection.draft-choices";

pub fn operation() -> Operation {
    let mut body = draft::schema(&members(json!({ "type": "string" })));
    body["required"] = json!(["config", "of"]);
    let doc =
        Entry::new("host.connection.draft.choices", "host", "Choices for the settings of a draft of a connection")
            .path("capability", "Such as `vsphere`.")
            .path("name", "The connection's name, which may be a new one.")
            .body(body)
            .answers(
                "200",
                "The first of the choices. A system that cannot be reached is reported in `failure`, not as an error.",
                choices::schema(),
            )
            .refuses(&draft::REFUSALS);
    let path = "/api/host/connections/{capability}/{name}/draft/choices";
    Operation { method: "post", path, access: Access::connections(ACT), route: post(list), doc: doc.done() }
}

fn members(of: Value) -> Value {
    json!({
        "of": of,
        "search": { "type": "string", "maxLength": 200, "description": "Words that the choice's path contains." },
    })
}

/// Makes non-routing fields optional, because a person chooses their values by this operation.
/// Settings that a login needs stay required. Returns the schemas of the body's further members.
fn shape(kind: &mut ConnectionType) -> Value {
    if let Some(required) = kind.config.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|member| !kind.non_routing_fields.iter().any(|name| member == name));
    }
    members(json!({ "enum": kind.choices }))
}

async fn list(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let draft = draft::read(&app, &mut who, (&capability, &name), request, shape).await?;
    let permit = connection_test::acquire_permit(&app, &who)?;
    draft.record(&app, &who, ACT).await?;
    // Release the tenant's permit: the other system may be slow.
    who.permit = None;
    let locale = who.caller.locale;
    // Runs to its end even if the caller disconnects, so that the outcome is recorded.
    let fetched = tokio::spawn(async move {
        let _permit = permit;
        let found = fetch(&who, &draft).await;
        let outcome = found.as_ref().err().map_or("ok", |failure| failure.code.as_str());
        who.record(&app, ACT, &draft.object(), outcome).await.map(|()| found)
    });
    let found = fetched.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
    Ok(Json(choices::document(found, locale)))
}

async fn fetch(who: &TenantCaller, draft: &Draft) -> Result<Choices, Failure> {
    let word = |member: &str| draft.body[member].as_str().unwrap_or_default();
    let query = ChoiceQuery {
        list: word("of"),
        scope: &Value::Null,
        selection: ChoiceSelection::Matching { search: word("search"), limit: MAX_CHOICES },
        locale: who.caller.locale,
    };
    let name = format!("{}{DRAFT_SUFFIX}", draft.connection.name);
    let connection = Connection { name, ..draft.connection.clone() };
    choices::ask(draft.provider.as_ref(), who.caller.tenant, &connection, &query).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection_type(config: Value) -> ConnectionType {
        ConnectionType { config, non_routing_fields: &["room"], choices: &["room"], ..ConnectionType::none() }
    }

    #[test]
    fn chosen_settings_are_optional_in_any_form_of_schema() {
        let mut kind = connection_type(json!({ "required": ["host", "room"] }));
        shape(&mut kind);
        assert_eq!(kind.config, json!({ "required": ["host"] }));
        for config in [json!(false), json!(true), json!({}), json!({ "required": "room" })] {
            let mut kind = connection_type(config.clone());
            shape(&mut kind);
            assert_eq!(kind.config, config);
        }
    }
}
