//! `POST /api/host/connections/{capability}/{name}/draft/test` and `…/draft/trial`: tests a draft.
//! The state of the stored connection does not change.

use super::connection_test::{Act, acquire_permit, answer_schema, begin_draft};
use super::draft;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::routing::post;
use serde_json::{Value, json};

pub fn test_operation() -> Operation {
    let entry = Entry::new("host.connection.draft.test", "host", "Test a draft of a connection");
    let path = "/api/host/connections/{capability}/{name}/draft/test";
    Operation {
        method: "post",
        path,
        access: Access::connections(Act::Test.of_draft()),
        route: post(test),
        doc: described(entry).done(),
    }
}

pub fn effect_test_operation() -> Operation {
    let summary = "Test a draft of a connection with an effect, such as a mail to yourself";
    let entry = Entry::new("host.connection.draft.trial", "host", summary);
    let path = "/api/host/connections/{capability}/{name}/draft/trial";
    Operation {
        method: "post",
        path,
        access: Access::connections(Act::EffectTest.of_draft()),
        route: post(test_with_effect),
        doc: described(entry).done(),
    }
}

fn described(entry: Entry) -> Entry {
    entry
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name, which may be a new one.")
        .body(draft::schema(&json!({})))
        .answers(
            "200",
            "The result. A connection that does not work is reported with `ok: false`, not as an error.",
            answer_schema(),
        )
        .refuses(&draft::REFUSALS)
}

async fn test(
    State(app): State<App>,
    who: TenantCaller,
    Path(place): Path<(String, String)>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    begin(app, who, place, Act::Test, request).await
}

async fn test_with_effect(
    State(app): State<App>,
    who: TenantCaller,
    Path(place): Path<(String, String)>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    begin(app, who, place, Act::EffectTest, request).await
}

async fn begin(
    app: App,
    mut who: TenantCaller,
    (capability, name): (String, String),
    act: Act,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let draft = draft::read(&app, &mut who, (&capability, &name), request, draft::without_members).await?;
    let permit = acquire_permit(&app, &who)?;
    draft.record(&app, &who, act.of_draft()).await?;
    begin_draft(app, who, act, draft, permit).await
}
