//! Rows of a product's views, each with the reason why it waits and the actions on it.

mod answers;
pub mod item;
pub mod list;
mod named;
mod present;

use super::App;
use super::caller::TenantCaller;
use super::code::Code;
use super::problem::{FieldProblem, Problem};
use super::products::Product;
use eaf_core::contract::ViewType;
use eaf_core::event_store::Position;
use eaf_core::view::PackageView;
use eaf_core::{consumers, view};
use std::sync::Arc;
use std::time::Duration;

/// Time-out of a query with `?after`, which waits until the view contains the caller's own write.
const WAIT_TIMEOUT: Duration = Duration::from_secs(2);

/// View that a request reads, by its product and name.
struct ListQuery {
    product: Arc<Product>,
    name: String,
}

impl ListQuery {
    fn find(app: &App, plugin: &str, name: &str) -> Result<Self, Problem> {
        let unknown = || Problem::new(Code::NotFound);
        let product = app.products.get(plugin).ok_or_else(unknown)?;
        product.view(name).ok_or_else(unknown)?;
        Ok(ListQuery { product, name: name.to_owned() })
    }

    fn view(&self) -> &ViewType {
        self.product.view(&self.name).expect("the view was found in this package; descriptions do not change")
    }

    fn package_view(&self) -> PackageView<'_> {
        self.product.package_view(self.view())
    }

    async fn wait_for(&self, app: &App, who: &mut TenantCaller, after: Option<Position>) -> Result<(), Problem> {
        let Some(position) = after else { return Ok(()) };
        let (tenant, actor) = (who.caller.tenant, who.caller.actor);
        let slot = app.waits.acquire(tenant, actor);
        let _slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
        // Release the tenant's permit while waiting.
        who.permit = None;
        let waited = consumers::wait_for(
            &app.core.db,
            &app.core.feed,
            tenant,
            self.product.id(),
            self.view(),
            position,
            WAIT_TIMEOUT,
        )
        .await;
        who.permit = app.concurrency.acquire(tenant).await;
        waited.map_err(|cause| self.problem(cause))
    }

    fn problem(&self, cause: view::Error) -> Problem {
        use view::Error;
        match cause {
            Error::UnknownFilter { column } => Problem::parameter(&column, "unknown"),
            Error::FilterValue { column } => Problem::parameter(&column, "invalid"),
            Error::UnknownSort { .. } => Problem::parameter("sort", "unknown"),
            Error::Cursor => Problem::parameter("cursor", "invalid"),
            Error::Limit => Problem::new(Code::QueryInvalid)
                .errors(vec![FieldProblem::new("?limit", "maximum").with("limit", view::MAX_LIMIT)]),
            Error::Forbidden(_) => Problem::new(Code::PermissionMissing),
            Error::NotReached | Error::NotCreated(_) => Problem::new(Code::ViewBehind),
            Error::OtherEpoch => Problem::new(Code::OtherEpoch),
            Error::Db(cause) => cause.into(),
            cause => Problem::fault(Code::Internal, &cause),
        }
    }
}

fn position(text: &str) -> Result<Position, Problem> {
    text.parse().map_err(|_| Problem::parameter("after", "invalid"))
}
