//! Test with concurrent requests for machines with the same name.

use eaf_system_tests::system::{System, wish};

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_requests_for_one_name_succeeds_the_others_are_rejected() {
    let system = System::start().await;
    let people = system.people().await;
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..20 {
        let person = if n % 2 == 0 { people.requester.clone() } else { people.approver.clone() };
        asking.spawn(
            async move { person.command("request-vm", wish(if n % 3 == 0 { "WEB-01" } else { "web-01" })).await },
        );
    }
    let answers = asking.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((won.len(), lost.len()), (1, 19), "{lost:?}");
    for answer in lost {
        let problem = answer.refused(409, "vm-name-taken");
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.to_lowercase().contains("web-01")),
            "{problem:#}"
        );
    }
    system.finish().await;
}
