//! Locks on a part of a tenant's directory, for rules that concern several people at once. Two
//! concurrent transactions that each check such a rule could together break the rule.

use super::Error;
use crate::db::TenantTx;

#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// Admins: a tenant always has at least one.
    Admins,
    /// Groups: their number is limited, and a group that is being added has no row to lock.
    Groups,
    /// Deputies: they form no cycle.
    Deputies,
    /// Reporting lines: they form no cycle.
    ReportingLines,
    /// Invitations: each address has at most one, which is used once.
    Invitations,
}

/// Lets one transaction at a time of the tenant change a part of the directory, until the
/// transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, part: Part) -> Result<(), Error> {
    let name = match part {
        Part::Admins => "admins",
        Part::Groups => "groups",
        Part::Deputies => "deputy",
        Part::ReportingLines => "reporting",
        Part::Invitations => "invitation",
    };
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.' || $2 || '/' || $1::text, 0))")
        .bind(tx.tenant())
        .bind(name)
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}
