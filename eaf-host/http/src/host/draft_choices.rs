//! `POST /api/host/connections/{capability}/{name}/draft/choices`: what there is in the other system to choose from, with
//! what is typed so far. It logs in there as a test does, and counts as one.

use super::connection_test;
use super::draft::{self, Draft};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::choices::{self, MOST};
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::routing::post;
use eaf_capability::{Asked, Choices, ConnectionType, DRAFT, Failure, Wanted};
use eaf_core::connection::Connection;
use serde_json::{Value, json};

const ACT: &str = "connection.draft-choices";

pub fn operation() -> Operation {
    let mut body = draft::schema(&members(json!({ "type": "string" })));
    body["required"] = json!(["config", "of"]);
    let doc = Entry::new("host.connection.draft.choices", "host", "What a connection that is not stored could name")
        .path("capability", "Such as `vsphere`.")
        .path("name", "The connection's name; there may be none of this name yet.")
        .body(body)
        .answers(
            "200",
            "The first of them. A system that cannot be asked is an answer, not an error.",
            choices::schema(),
        )
        .refuses(&draft::REFUSALS);
    let path = "/api/host/connections/{capability}/{name}/draft/choices";
    Operation { method: "post", path, access: Access::connections(ACT), route: post(list), doc: doc.done() }
}

fn members(of: Value) -> Value {
    json!({
        "of": of,
        "search": { "type": "string", "maxLength": 200, "description": "Words that the path has." },
    })
}

/// What is chosen may be missing still: only what a login needs has to be there.
fn shape(kind: &mut ConnectionType) -> Value {
    if let Some(required) = kind.config.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|member| !kind.harmless.iter().any(|name| member == name));
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
    let running = connection_test::running(&app, &who)?;
    draft.record(&app, &who, ACT).await?;
    // Requests of colleagues do not wait for another system.
    who.work = None;
    let locale = who.caller.locale;
    // It ends without its caller, and its end is on record too.
    let asked = tokio::spawn(async move {
        let _until_it_ends = running;
        let found = ask(&who, &draft).await;
        let outcome = found.as_ref().err().map_or("ok", |failure| failure.code.as_str());
        who.record(&app, ACT, &draft.object(), outcome).await.map(|()| found)
    });
    let found = asked.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
    Ok(Json(choices::answer(found, locale)))
}

async fn ask(who: &TenantCaller, draft: &Draft) -> Result<Choices, Failure> {
    let word = |member: &str| draft.body[member].as_str().unwrap_or_default();
    let asked =
        Asked { of: word("of"), scope: &Value::Null, wanted: Wanted::Like { search: word("search"), limit: MOST } };
    let name = format!("{}{DRAFT}", draft.connection.name);
    let connection = Connection { name, ..draft.connection.clone() };
    choices::ask(draft.provider.as_ref(), who.caller.tenant, &connection, &asked).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: Value) -> ConnectionType {
        ConnectionType { config, harmless: &["room"], choices: &["room"], ..ConnectionType::none() }
    }

    #[test]
    fn what_is_chosen_may_be_missing_whatever_the_settings_are_described_with() {
        let mut kind = of(json!({ "required": ["host", "room"] }));
        shape(&mut kind);
        assert_eq!(kind.config, json!({ "required": ["host"] }));
        for config in [json!(false), json!(true), json!({}), json!({ "required": "room" })] {
            let mut kind = of(config.clone());
            shape(&mut kind);
            assert_eq!(kind.config, config);
        }
    }
}
