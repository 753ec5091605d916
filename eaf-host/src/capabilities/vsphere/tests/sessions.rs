//! What a session knows of the server that it talks to.

use super::admin::Admin;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_tells_which_vcenter_answers() {
    let bench = Bench::start(&[]).await;
    let about = Admin::of(&bench).0.about().await.unwrap();
    assert_eq!(about.api_type, "VirtualCenter");
    assert!(about.api_version.starts_with("8."), "{about:?}");
    assert!(about.instance_uuid.is_some_and(|uuid| uuid.parse::<Uuid>().is_ok()));
}
