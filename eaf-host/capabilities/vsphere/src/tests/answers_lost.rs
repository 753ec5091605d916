//! Tests that each effect in vCenter happens exactly once, even if a request or an answer is lost,
//! or the host or vCenter is killed.

use super::*;
use eaf_test_support::fault_proxy::Rule;

const EFFECTS: [&str; 6] =
    ["CreateFolder", "CloneVM_Task", "ReconfigVM_Task", "PowerOnVM_Task", "PowerOffVM_Task", "Destroy_Task"];

/// Creates, changes and removes a machine, and checks that exactly one machine exists in between.
async fn live(bench: &Bench) {
    bench.clone_vm().await;
    let resize = call("reconfigure", json!({ "identity": "vm-1", "cpus": 2, "memory_mb": 4096 }));
    assert_eq!(bench.complete(&resize).await.unwrap()["cpus"], 2);
    assert_eq!(bench.complete(&about("power-on")).await.unwrap()["power"], "on");
    let machines = bench.vcsim.machines();
    assert_eq!(machines.len(), 1, "{machines:?}");
    assert!(machines[0].powered_on);
    assert_eq!(machines[0].extra_config["eaf.key"], "run/clone");
    assert_eq!(bench.complete(&about("power-off")).await.unwrap()["power"], "off");
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    assert!(bench.vcsim.machines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_effect_of_a_lost_answer_is_found() {
    let bench = Bench::start(&["--clone-duration", "300ms"]).await;
    for effect in EFFECTS.into_iter().chain(["FindAllByUuid", "RetrievePropertiesEx", "<Login "]) {
        bench.proxy.clear();
        let lost = bench.proxy.rule(Rule::on(effect).lose_answer().times(1));
        if effect == "<Login " {
            // A new user name, because the test would otherwise use the session of an earlier
            // round.
            bench.settings.set("username", USER);
        }
        live(&bench).await;
        if effect != "<Login " && effect != "CreateFolder" {
            assert_eq!(lost.hits(), 1, "{effect} did not take place");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrived_is_repeated() {
    let bench = Bench::start(&[]).await;
    for effect in EFFECTS {
        bench.proxy.clear();
        let lost = bench.proxy.rule(Rule::on(effect).lose_request().times(2));
        live(&bench).await;
        assert!(effect == "CreateFolder" || lost.hits() == 2, "{effect} did not take place");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_created_once_if_the_answer_is_lost() {
    let bench = Bench::start(&[]).await;
    let lost = bench.proxy.rule(Rule::on("CreateFolder").lose_answer().times(2));
    let failure = bench.provider.start(&ensure_folder()).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownOutcome);
    bench.complete(&ensure_folder()).await.unwrap();
    assert_eq!(lost.hits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_with_a_lost_answer_is_awaited_and_not_repeated() {
    let bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clones = bench.proxy.rule(Rule::on("CloneVM_Task").lose_answer());
    let failure = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownOutcome);
    let repeated = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!(repeated.code, "clone-in-doubt");
    assert_eq!(bench.complete(&clone_of("web-01")).await.unwrap()["name"], "web-01");
    assert_eq!((clones.hits(), bench.vcsim.machines().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_after_the_start_of_a_clone_finds_its_machine() {
    let mut bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clones = bench.proxy.rule(Rule::on("CloneVM_Task"));
    assert!(matches!(bench.provider.start(&clone_of("web-01")).await.unwrap(), Started::Pending { .. }));
    // The host is killed before it stores the operation's handle.
    bench.restart_host();
    assert_eq!(bench.complete(&clone_of("web-01")).await.unwrap()["name"], "web-01");
    assert_eq!((clones.hits(), bench.vcsim.machines().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_that_ends_during_the_search_is_found() {
    let mut bench = Bench::start(&["--clone-duration", "500ms"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clones = bench.proxy.rule(Rule::on("CloneVM_Task"));
    assert!(matches!(bench.provider.start(&clone_of("web-01")).await.unwrap(), Started::Pending { .. }));
    // The host is killed before it records the clone's task.
    bench.records.change(|record| record.task = None);
    bench.restart_host();
    // The search for the machine finds nothing yet. The test delays the next request, which reads
    // the running tasks, until the clone has ended.
    let tasks = bench.proxy.rule(Rule::on("recentTask").hold_request().times(1));
    let looked = async {
        tasks.wait_for_hit().await;
        let until = Instant::now() + DEADLINE;
        while bench.vcsim.machines().is_empty() {
            assert!(Instant::now() < until, "the clone does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tasks.release();
    };
    let call = clone_of("web-01");
    let (started, ()) = tokio::join!(bench.provider.start(&call), looked);
    assert!(matches!(started, Ok(Started::Done(_))), "{started:?}");
    assert_eq!((clones.hits(), bench.vcsim.machines().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_prevents_a_second_clone_as_the_last_check() {
    let mut bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    // The first clone request is delayed. Meanwhile a second host, which does not know of that
    // request, clones the same machine.
    let delayed = bench.proxy.rule(Rule::on("CloneVM_Task").hold_request().times(1));
    let (first, second) = (provider(&bench.settings, &bench.records), provider(&bench.settings, &bench.records));
    let late = tokio::spawn(async move { first.start(&clone_of("web-01")).await });
    delayed.wait_for_hit().await;
    bench.provider = second;
    bench.complete(&clone_of("web-01")).await.unwrap();
    delayed.release();
    let Started::Pending { handle, .. } = late.await.unwrap().unwrap() else { panic!("the clone was accepted") };
    // The task of the first clone ends with the fault `DuplicateName`. The machine that has the
    // name is the one that the call requested.
    let until = Instant::now() + DEADLINE;
    let answer = loop {
        match bench.provider.poll(&clone_of("web-01"), &handle).await.unwrap() {
            Polled::Done(answer) => break answer,
            Polled::Ended(failure) => panic!("{failure:?}"),
            Polled::Running { .. } => assert!(Instant::now() < until, "does not end"),
        }
    };
    assert_eq!((&answer["name"], bench.vcsim.machines().len()), (&json!("web-01"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_vcenter_loses_the_task_but_not_the_machine() {
    let mut bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clone = clone_of("web-01");
    let Started::Pending { handle, .. } = bench.provider.start(&clone).await.unwrap() else { panic!("over at once") };
    bench.vcsim.kill_and_restart().await;
    // The clone itself was lost too: vCenter does not know the task, and there is no machine. The
    // poll reports this and starts no clone.
    let clones = bench.proxy.rule(Rule::on("CloneVM_Task"));
    let until = Instant::now() + DEADLINE;
    let lost = loop {
        match bench.provider.poll(&clone, &handle).await {
            Ok(Polled::Ended(failure)) => break failure,
            Err(failure) if failure.class == Class::Transient => assert!(Instant::now() < until, "{failure}"),
            polled => panic!("{polled:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((lost.class, clones.hits()), (Class::UnknownOutcome, 0));
    bench.complete(&clone).await.unwrap();
    assert_eq!(bench.vcsim.machines().len(), 1);
    bench.complete(&about("power-on")).await.unwrap();
    bench.vcsim.kill_and_restart().await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["power"], "on");
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_is_transient() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.proxy.cut();
    let failure = bench.provider.start(&about("power-on")).await.unwrap_err();
    assert_eq!(failure.code, "vcenter-unreachable");
    assert!(matches!(failure.class, Class::Transient), "{failure:?}");
    bench.proxy.restore();
    assert_eq!(bench.complete(&about("power-on")).await.unwrap()["power"], "on");
}

/// Behaviour of the vCenter simulator: a proxy answers the method `method` with the HTTP status
/// `status`, for the first `times` calls.
fn gateway(status: u16, method: &str, times: u32) -> Value {
    json!({ "kind": "http", "status": status, "method": method, "times": times, "content_type": "text/plain",
            "body": "no healthy upstream" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_without_an_answer_is_repeated_in_the_same_function() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    for (status, method) in [(502, "FindByInventoryPath"), (503, "RetrievePropertiesEx"), (504, "FindAllByUuid")] {
        bench.vcsim.behave(gateway(status, method, 2)).await;
        bench.attempt(&clone_of("web-01"), Instant::now() + DEADLINE).await.expect("the first attempt succeeds");
        bench.complete(&about("destroy")).await.unwrap();
    }
    bench.vcsim.behave(gateway(503, "FindByInventoryPath", 3)).await;
    let failure = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!(failure.code, "vcenter-unreachable", "a server that stays away is left in peace");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_without_an_answer_is_repeated_only_after_a_read() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    bench.vcsim.behave(gateway(503, "CloneVM_Task", 1)).await;
    let failure = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownOutcome);
    assert_eq!(bench.vcsim.calls("CloneVM_Task").await, 1);
}
