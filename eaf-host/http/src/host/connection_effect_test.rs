//! `POST /api/host/connections/{capability}/{name}/trial`: tests a connection with an effect that
//! the caller sees, because a mail server reports some problems only for a mail.

use super::connection_test::{Act, answer_schema, begin};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::post;
use serde_json::Value;

pub fn operation() -> Operation {
    let doc =
        Entry::new("host.connection.trial", "host", "Test a connection with an effect, such as a mail to yourself")
            .path("capability", "Such as `mail`.")
            .path("name", "The connection's name.")
            .answers(
                "200",
                "The result. A connection that does not work is reported with `ok: false`, not as an error.",
                answer_schema(),
            )
            .refuses(&[Code::PermissionMissing, Code::NotFound, Code::TooManyTests]);
    let path = "/api/host/connections/{capability}/{name}/trial";
    Operation {
        method: "post",
        path,
        access: Access::connections(Act::EffectTest.name()),
        route: post(test_with_effect),
        doc: doc.done(),
    }
}

async fn test_with_effect(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    begin(app, who, Act::EffectTest, capability, name).await
}
