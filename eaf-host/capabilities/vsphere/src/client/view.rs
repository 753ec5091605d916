//! Container views of vCenter, which list the objects of some kinds below another object, as far as
//! the user sees them.

use super::soap::{MoRef, Request};
use super::{Error, Session, properties};

const CREATE: &str = "CreateContainerView";

/// Lists the objects of these kinds, or of descendant kinds, below the object `container`.
pub async fn contents(
    session: &Session,
    view_manager: &MoRef,
    container: &MoRef,
    kinds: &[&str],
) -> Result<Vec<MoRef>, Error> {
    let kinds: String = kinds.iter().map(|kind| format!("<type>{kind}</type>")).collect();
    let arguments = format!("{}{kinds}<recursive>true</recursive>", container.element("container"));
    let answer = session.call(|_| Request::new(CREATE, view_manager, arguments.clone())).await?;
    let view =
        answer.child("returnval").and_then(MoRef::read).ok_or(Error::Incomplete { method: CREATE, missing: "view" })?;
    let found = properties::read_one(session, &view, &["view"]).await;
    // A view that is not destroyed stays in vCenter until the session ends; that is no failure.
    if let Err(error) = session.call(|_| Request::new("DestroyView", &view, String::new())).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "a view stays in vCenter until the session ends");
    }
    found?.map(|found| found.references("view")).transpose().map(Option::unwrap_or_default)
}
