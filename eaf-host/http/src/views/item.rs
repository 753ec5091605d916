//! `GET /api/{plugin}/views/{view}/{key}`: one row. The response is 404 for a row of another
//! tenant, for a row that the caller may not read, and for a row that does not exist.

use super::present::{self, ItemDocument};
use super::{ListQuery, position};
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
) -> Result<Json<ItemDocument>, Problem> {
    let query = ListQuery::find(&app, &plugin, &name)?;
    let after = parameters.once(|name| name == "after")?.first();
    let after = after.map(|(_, value)| position(value)).transpose()?;
    query.wait_for(&app, &mut who, after).await?;
    let row = view::get(&app.core.db, &who.caller, query.package_view(), &key).await;
    let row = row.map_err(|cause| query.problem(cause))?.ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut items = present::items(&app, &query.product, query.view(), &who.caller, vec![row]).await?;
    items.pop().map(Json).ok_or_else(|| Problem::new(Code::Internal))
}
