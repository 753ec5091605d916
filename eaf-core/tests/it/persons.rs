//! Tests of commands that name persons: the host accepts current members with the permission of the
//! mark, and refuses all others before the domain is asked.

use crate::command_bus::House;
use eaf_core::actor::Locale;
use eaf_core::command_bus::{Answer, Error};
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::ambient;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

async fn member(house: &House, tenant: TenantId, name: &str, roles: &[&str]) -> ActorId {
    let new = NewMember {
        issuer: "https://id.example.com".into(),
        subject: name.into(),
        name: name.into(),
        email: format!("{name}@example.com"),
        locale: Locale::De,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    house.core.directory.put_member(&house.core.by, tenant, new).await.unwrap()
}

#[tokio::test]
async fn a_person_in_a_command_is_a_current_member_with_the_permission() {
    let house = House::open().await;
    let (acme, directory) = (house.anna.tenant, &house.core.directory);
    let ben = member(&house, acme, "ben", &["approver"]).await;
    let rita = member(&house, acme, "rita", &["requester"]).await;
    let gone = member(&house, acme, "gone", &["approver"]).await;
    directory.remove_member(&house.core.by, acme, gone).await.unwrap();
    let globex = add_tenant(&house.core.db, &house.core.by, "globex", "Globex").await.unwrap();
    let foreign = member(&house, globex, "foreign", &["approver"]).await;
    let stranger = ActorId(ambient().uuid());

    let refused = [
        (json!({ "host": gone }), "/host", false),
        (json!({ "host": foreign }), "/host", false),
        (json!({ "host": stranger }), "/host", false),
        (json!({ "host": ActorId::SYSTEM }), "/host", false),
        (json!({ "host": "Ben" }), "/host", false),
        (json!({ "witnesses": [ben, gone] }), "/witnesses/1", false),
        (json!({ "witnesses": [ben, ben, rita] }), "/witnesses/2", true),
    ];
    for (n, (body, expected, lacks_permission)) in refused.into_iter().enumerate() {
        match house.give("sign", &format!("refused-{n}"), body.clone()).await {
            Err(Error::NoMember { pointer }) if !lacks_permission => assert_eq!(pointer, expected, "{body}"),
            Err(Error::NotPermitted { pointer, permission }) if lacks_permission => {
                assert_eq!((pointer.as_str(), permission.as_str()), (expected, "sign"));
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    assert_eq!(house.book.decided.load(Ordering::SeqCst), 0, "the domain was not asked");

    let accepted: [Value; 3] =
        [json!({ "host": rita, "witnesses": [ben] }), json!({ "host": null, "witnesses": [] }), json!({})];
    for (n, body) in accepted.into_iter().enumerate() {
        let answer = house.give("sign", &format!("accepted-{n}"), body.clone()).await;
        assert!(matches!(answer, Ok(Answer::Accepted { .. })), "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn a_retry_gets_its_answer_although_the_person_has_left_since() {
    let house = House::open().await;
    let ben = member(&house, house.anna.tenant, "ben", &["approver"]).await;
    house.give("sign", "k", json!({ "host": ben })).await.unwrap();
    house.core.directory.remove_member(&house.core.by, house.anna.tenant, ben).await.unwrap();
    let again = house.give("sign", "k", json!({ "host": ben })).await;
    assert!(matches!(again, Ok(Answer::Accepted { .. })), "{again:?}");
}
