//! Tests of power and size changes of machines in unsuitable states.

use super::admin::{Admin, WEB_01};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_omitted_power_state_is_read_again() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let missing = json!({ "kind": "missing", "vm": "web-01", "paths": ["runtime.powerState"], "times": 1 });
    bench.vcsim.behave(missing).await;
    let failure = bench.provider.start(&about("power-off")).await.unwrap_err();
    assert_eq!(failure.class, Class::Transient, "{failure}");
    assert_eq!(bench.complete(&about("power-off")).await.unwrap()["power"], "off");
    assert_eq!(bench.vcsim.calls("PowerOffVM_Task").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_reported_and_the_task_continues_after_its_answer() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let question = json!({ "kind": "question", "vm": "web-01", "text": "Was the machine moved or copied?" });
    let behaviour = bench.vcsim.behave(question.clone()).await;
    let failure = bench.provider.start(&about("power-on")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-question"));
    assert!(failure.message.contains("moved or copied"), "{failure}");
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["question"], "Was the machine moved or copied?");
    bench.vcsim.unbehave(behaviour).await;

    // vCenter asks its question only while the power task is running.
    let stuck = bench.vcsim.behave(json!({ "kind": "task-stuck", "method": "PowerOnVM_Task" })).await;
    let Started::Pending { handle, .. } = bench.provider.start(&about("power-on")).await.unwrap() else {
        panic!("over at once")
    };
    let behaviour = bench.vcsim.behave(question).await;
    let failure = bench.provider.poll(&about("power-on"), &handle).await.unwrap_err();
    assert_eq!(failure.code, "vcenter-question");
    bench.vcsim.unbehave(behaviour).await;
    bench.vcsim.unbehave(stuck).await;
    assert_eq!(bench.complete(&about("power-on")).await.unwrap()["power"], "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_machine_is_not_powered_off() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let admin = Admin::of(&bench);
    admin.power(&admin.object(&WEB_01).await, "SuspendVM_Task").await;
    for (function, code) in [("power-off", "vm-suspended"), ("destroy", "vm-running")] {
        let failure = bench.complete(&about(function)).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Conflict, code));
    }
    assert_eq!(bench.vcsim.calls("PowerOffVM_Task").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_machine_does_not_shrink() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let smaller = call("reconfigure", json!({ "identity": "vm-1", "cpus": 2, "memory_mb": 4096 }));
    let failure = bench.complete(&smaller).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Conflict, "vm-running"));
    assert_eq!(bench.vcsim.calls("ReconfigVM_Task").await, 0);
    bench.complete(&about("power-off")).await.unwrap();
    assert_eq!(bench.complete(&smaller).await.unwrap()["memory_mb"], 4096);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_because_of_the_power_state_ends_the_call() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let fault = json!({ "type": "InvalidPowerState", "requestedState": "poweredOff", "existingState": "suspended" });
    for kind in ["call-fault", "task-fault"] {
        bench.vcsim.calm().await;
        bench.vcsim.behave(json!({ "kind": kind, "method": "PowerOnVM_Task", "fault": fault })).await;
        let failure = bench.complete(&about("power-on")).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Conflict, "vm-suspended"), "{kind}");
    }
    assert_eq!(bench.vcsim.calls("PowerOnVM_Task").await, 2, "nothing is repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn cpus_match_the_templates_cores_per_socket() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let values = json!({ "config.hardware.numCoresPerSocket": 2 });
    bench.vcsim.behave(json!({ "kind": "set", "vm": "debian-12", "values": values })).await;
    let mut clone = clone_of("web-01");
    clone.args["spec"]["cpus"] = json!(3);
    assert_eq!(bench.complete(&clone).await.unwrap()["cpus"], 3);
    let resize = call("reconfigure", json!({ "identity": "vm-1", "cpus": 5, "memory_mb": 8192 }));
    assert_eq!(bench.complete(&resize).await.unwrap()["cpus"], 5);
}
