//! Tenant that an operator's request names, and the actor under which the tenant's audit records
//! the act.

use crate::App;
use crate::caller::Operator;
use crate::code::Code;
use crate::info::Info;
use crate::problem::{FieldProblem, Problem};
use eaf_core::actor::Attribution;
use eaf_core::directory::{self, Tenant};
use eaf_plugin::granting;

/// Finds the tenant by its slug.
pub async fn find(app: &App, slug: &str) -> Result<Tenant, Problem> {
    directory::tenant_by_slug(&app.core.db, slug).await?.ok_or_else(|| Problem::new(Code::NotFound))
}

/// Actor and origin for the tenant's audit, with the origin `operator` in place of the operator's
/// name.
pub fn by(operator: &Operator, info: &Info) -> Attribution {
    Attribution { actor: operator.actor, origin: Some("operator".into()), trace: info.trace.clone() }
}

/// Problem that answers a refused grant or a refused change of a product.
pub fn refused(cause: granting::Error) -> Problem {
    match cause {
        granting::Error::Missing { missing, .. } => {
            Problem::new(Code::GrantsMissing).with("missing", missing.join(", "))
        }
        granting::Error::NotRequested { .. } | granting::Error::NoPackage(_) => Problem::new(Code::NotFound),
        granting::Error::Reason => Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/reason", "format")]),
        granting::Error::Db(cause) => cause.into(),
        granting::Error::Grants(cause) => cause.into(),
        granting::Error::Product(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
