//! `GET /api/{plugin}/views/{view}`: a page of rows, filtered and sorted by columns that the view
//! declares for that.

use super::present::{self, ItemDocument};
use super::{ListQuery, position};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::operation::{Doc, Operation};
use crate::parameters::{MAX_FILTER_CHARS, Parameters};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_core::contract::ViewType;
use eaf_core::event_store::Position;
use eaf_core::view::{self, Filter, Sort};
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 50;

pub fn operation() -> Operation {
    Operation {
        method: "get",
        path: "/api/{plugin}/views/{view}",
        access: Access::View { act: "view.list" },
        route: get(list),
        doc: Doc::Views,
    }
}

async fn list(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((plugin, name)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Page>, Problem> {
    let view_query = ListQuery::find(&app, &plugin, &name)?;
    let (query, after) = parse(view_query.view(), &parameters)?;
    view_query.wait_for(&app, &mut who, after).await?;
    let page = view::query(&app.core.db, &who.caller, view_query.package_view(), &query).await;
    let page = page.map_err(|cause| view_query.problem(cause))?;
    let items = present::items(&app, &view_query.product, view_query.view(), &who.caller, page.items).await?;
    Ok(Json(Page { items, next: page.next }))
}

#[derive(Serialize)]
struct Page {
    items: Vec<ItemDocument>,
    next: Option<String>,
}

fn parse(view: &ViewType, parameters: &Parameters) -> Result<(view::Query, Option<Position>), Problem> {
    let mut query = view::Query { filters: Vec::new(), search: None, sort: None, after: None, limit: DEFAULT_LIMIT };
    let mut after = None;
    let filters = || view.columns.iter().filter(|column| column.filter).chain(view.asked_columns());
    let column = |name: &str| filters().any(|column| column.name == name);
    for (name, value) in parameters.once(|name| view::PARAMETERS.contains(&name) || column(name))? {
        match name.as_str() {
            "sort" => query.sort = Some(Sort::parse(value)),
            "cursor" => query.after = Some(value.clone()),
            "limit" => query.limit = value.parse().map_err(|_| Problem::parameter("limit", "invalid"))?,
            "search" => query.search = Some(value.clone()),
            "after" => after = Some(position(value)?),
            column if value.chars().count() > MAX_FILTER_CHARS => return Err(Problem::parameter(column, "invalid")),
            column => query.filters.push(Filter::parse(column, value)),
        }
    }
    Ok((query, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Option<(view::Query, Option<Position>)> {
        let description = crate::tests::notes::description();
        parse(&description.views[0], &Parameters::parse(query)).ok()
    }

    #[test]
    fn reserved_parameters_are_not_columns() {
        let (query, after) = parsed("status=pending,failed&sort=-at&limit=7&after=1-9").expect("understood");
        assert_eq!(
            query.filters,
            [Filter { column: "status".into(), values: vec!["pending".into(), "failed".into()] }]
        );
        assert_eq!((query.sort, query.limit), (Some(Sort::parse("-at")), 7));
        assert_eq!(after, Some(Position { epoch: 1, pos: 9 }));
    }

    #[test]
    fn a_parameter_is_unique_and_valid() {
        let long = format!("title={}", "x".repeat(MAX_FILTER_CHARS + 1));
        assert!(parsed(&long).is_none() && parsed(&long[..long.len() - 1]).is_some());
        for bad in ["limit=1&limit=2", "status=a&status=b", "limit=many", "limit=-1", "after=7", "after=1-x"] {
            assert!(parsed(bad).is_none(), "{bad}");
        }
    }
}
