//! Verification of a tenant's log, a function that other tests call.

use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use eaf_core::verify;

/// Verifies a tenant's log, asserts that there are no findings, and returns the number of events.
pub async fn verify(database: &Database, tenant: TenantId) -> u64 {
    let report = verify::verify(&database.core().await.db, tenant, |_| ()).await.unwrap();
    assert_eq!(report.findings, []);
    report.events
}
