//! Acceptance of an invitation at a sign-in: the ID token's verified mail address is the invited
//! one. Reasons: docs/adr/0009.

use crate::App;
use crate::info::Info;
use crate::problem::Problem;
use eaf_core::directory::{Acceptance, MailAddress, Newcomer};
use eaf_core::id::InvitationId;
use eaf_identity::sign_in::SignedIn;

/// Makes the person a member of the tenant that the token names, if an invitation fits. `link` is
/// the invitation whose link began the sign-in. Operators and tokens without a tenant have none.
pub async fn accept(
    app: &App,
    info: &Info,
    link: Option<InvitationId>,
    signed_in: &SignedIn,
) -> Result<Acceptance, Problem> {
    let (who, profile) = (&signed_in.who, &signed_in.profile);
    let Some(slug) = &who.tenant else { return Ok(Acceptance::NoInvitation) };
    let person = Newcomer {
        issuer: who.issuer.clone(),
        subject: who.subject.clone(),
        name: profile.name.clone(),
        address: MailAddress::parse(&profile.email).ok(),
        is_verified: profile.is_verified,
    };
    let acceptance = app.core.directory.accept_invitation(slug, link, &person, &info.trace).await?;
    tracing::info!(?acceptance, "a person who is no member signed in");
    Ok(acceptance)
}
