//! `GET /api/{plugin}/views/{view}/{key}`: one row. A row of another tenant, one that the caller may not see and one that
//! does not exist are the same 404.

use super::present::{self, Item};
use super::{Asked, position};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_core::view;

pub fn operation() -> Operation {
    Operation {
        method: "get",
        path: "/api/{plugin}/views/{view}/{*key}",
        access: Access::View { act: "view.read" },
        route: get(item),
        doc: Doc::Rows,
    }
}

async fn item(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((plugin, name, key)): Path<(String, String, String)>,
    parameters: Parameters,
) -> Result<Json<Item>, Problem> {
    let asked = Asked::find(&app, &plugin, &name)?;
    let after = parameters.once(|name| name == "after")?.first();
    let after = after.map(|(_, value)| position(value)).transpose()?;
    asked.wait_for(&app, &mut who, after).await?;
    let row = view::get(&app.core.db, &who.caller, &plugin, asked.view(), &key).await;
    let row = row.map_err(|cause| asked.failed(cause))?.ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut items = present::items(&app, &asked.product, asked.view(), &who.caller, vec![row]).await?;
    items.pop().map(Json).ok_or_else(|| Problem::new(Code::Internal))
}
