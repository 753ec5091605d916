//! Tests that a call changes only the machine of its identity, and that a machine counts as absent
//! only after a search of the folder.

use super::admin::{Admin, WEB_01};
use super::*;
use crate::client::device;
use crate::client::soap::MoRef;
use eaf_test_support::fault_proxy::Rule;

fn outcome(failure: &Failure) -> (Class, &str) {
    (failure.class, failure.code.as_str())
}

fn names(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> = bench.vcsim.machines().into_iter().map(|machine| machine.name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_the_marker_is_reported_and_not_changed() {
    for powered_on in [false, true] {
        let bench = Bench::start(&[]).await;
        bench.clone_vm().await;
        let admin = Admin::of(&bench);
        let original = admin.object(&WEB_01).await;
        let copy = admin.copy(&WEB_01, "web-01-backup").await;
        assert_eq!(admin.marker(&copy).await, admin.marker(&original).await, "the simulator copies settings");
        if powered_on {
            admin.power(&copy, "PowerOnVM_Task").await;
        }
        let expected = json!({ "absent": true, "copies": ["web-01-backup"] });
        for _ in 0..2 {
            assert_eq!(bench.complete(&about("destroy")).await.unwrap(), expected);
        }
        assert_eq!(names(&bench), ["web-01-backup"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_the_same_uuid_is_not_changed() {
    let bench = Bench::start(&[]).await;
    let ours = bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let copy = admin.copy(&WEB_01, "web-01-replica").await;
    let uuid = ours["instance_uuid"].as_str().unwrap();
    bench
        .vcsim
        .behave(json!({ "kind": "set", "vm": "web-01-replica", "values": { "config.instanceUuid": uuid } }))
        .await;
    assert_eq!(admin.text(&copy, "config.instanceUuid").await, uuid);
    // The machine of the identity is the last seen object, not the replica.
    assert_eq!(bench.complete(&about("power-on")).await.unwrap()["name"], "web-01");
    bench.complete(&about("power-off")).await.unwrap();
    let expected = json!({ "absent": true, "copies": ["web-01-replica"] });
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), expected);
    assert_eq!(names(&bench), ["web-01-replica"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_matching_machines_need_a_person_if_none_was_seen_before() {
    let bench = Bench::start(&[]).await;
    let ours = bench.clone_vm().await;
    Admin::of(&bench).copy(&WEB_01, "web-01-replica").await;
    let values = json!({ "config.instanceUuid": ours["instance_uuid"] });
    bench.vcsim.behave(json!({ "kind": "set", "vm": "web-01-replica", "values": values })).await;
    bench.records.clear();
    let failure = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!(outcome(&failure), (Class::Conflict, "duplicate-vm"));
    assert_eq!(names(&bench).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_became_a_template_is_reported_and_stays() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    admin.run("MarkAsTemplate", &admin.object(&WEB_01).await, "").await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["state"], "template");
    for function in ["destroy", "power-on", "power-off"] {
        let failure = bench.complete(&about(function)).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Conflict, "vm-is-template"), "{function}");
    }
    assert!(admin.is_there(&WEB_01).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_machine_does_not_count_as_absent() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let away = bench.vcsim.behave(json!({ "kind": "inaccessible", "vm": "web-01" })).await;
    let seen = bench.complete(&about("read-vm")).await.unwrap();
    assert_eq!(
        (&seen["state"], &seen["power"], &seen["cpus"]),
        (&json!("inaccessible"), &json!("unknown"), &Value::Null)
    );
    for function in ["destroy", "power-on", "power-off"] {
        let failure = bench.provider.start(&about(function)).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Transient, "vm-unreadable"), "{function}");
        assert!(failure.give_up_after_ms.is_some() && failure.message.contains("inaccessible"), "{failure:?}");
    }
    // The machine does not count as absent even if the record with its last seen object is lost.
    bench.records.clear();
    assert_eq!(bench.provider.start(&about("destroy")).await.unwrap_err().code, "vm-unreadable");
    assert_eq!(names(&bench), ["web-01"]);
    bench.vcsim.unbehave(away).await;
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    assert!(bench.vcsim.machines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphaned_machine_needs_a_person() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let values = json!({ "runtime.connectionState": "orphaned" });
    bench.vcsim.behave(json!({ "kind": "set", "vm": "web-01", "values": values })).await;
    let failure = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!(outcome(&failure), (Class::Conflict, "vm-orphaned"));
    assert_eq!(names(&bench), ["web-01"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unindexed_machine_is_found_by_its_last_seen_object() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.vcsim.behave(json!({ "kind": "hidden", "vm": "web-01" })).await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["name"], "web-01");
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    assert!(bench.vcsim.machines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unindexed_and_re_registered_machine_is_read_from_its_folder() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.records.change(|record| record.object.as_mut().unwrap().value = "vm-of-before".into());
    bench.vcsim.behave(json!({ "kind": "hidden", "vm": "web-01", "folder": false })).await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["name"], "web-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_objects_prove_nothing() {
    let denied = json!({ "type": "NoPermission", "privilegeId": "System.Read" });
    for missing in [
        json!({ "kind": "missing", "vm": "web-01", "paths": ["config.extraConfig"], "fault": denied }),
        json!({ "kind": "missing", "type": "Folder", "paths": ["childEntity"], "fault": denied }),
    ] {
        let bench = Bench::start(&[]).await;
        bench.clone_vm().await;
        if missing["type"] == "Folder" {
            bench.vcsim.behave(json!({ "kind": "hidden", "vm": "web-01" })).await;
            bench.vcsim.behave(json!({ "kind": "not-found", "vm": "web-01" })).await;
        }
        bench.vcsim.behave(missing.clone()).await;
        let failure = bench.complete(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Configuration, "vcenter-permission"), "{missing}");
        assert_eq!(names(&bench), ["web-01"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_unknown_content_does_not_count_as_empty() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.vcsim.behave(json!({ "kind": "hidden", "vm": "web-01" })).await;
    bench.vcsim.behave(json!({ "kind": "not-found", "vm": "web-01" })).await;
    bench.vcsim.behave(json!({ "kind": "missing", "type": "Folder", "paths": ["childEntity"] })).await;
    for stage in [Stage::Present, Stage::Planned, Stage::Removing] {
        bench.records.change(|record| record.stage = stage);
        let failure = bench.provider.start(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Transient, "vcenter-answer"), "{stage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_and_renamed_machine_is_still_ours() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let machine = admin.object(&WEB_01).await;
    let elsewhere = admin.object(&["DC1", "vm", "Templates"]).await;
    admin.run("MoveIntoFolder_Task", &elsewhere, &machine.element("list")).await;
    admin.run("Rename_Task", &machine, "<newName>moved-01</newName>").await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["name"], "moved-01");
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    assert!(!admin.is_there(&["DC1", "vm", "Templates", "moved-01"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_externally_removed_machine_needs_a_person_until_forgotten() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let there = bench.complete(&about("forget")).await.unwrap_err();
    assert_eq!(outcome(&there), (Class::Conflict, "vm-there"));
    admin.run("UnregisterVM", &admin.object(&WEB_01).await, "").await;
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap(), Value::Null);
    let failure = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!(outcome(&failure), (Class::Conflict, "vm-gone"));
    for _ in 0..2 {
        assert_eq!(bench.complete(&about("forget")).await.unwrap(), json!({ "forgotten": true, "copies": [] }));
    }
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_record_does_not_count_as_absent() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    // A machine that was removed from the inventory only may still run and use its address.
    admin.run("UnregisterVM", &admin.object(&WEB_01).await, "").await;
    bench.records.clear();
    for _ in 0..2 {
        let failure = bench.complete(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Conflict, "vm-gone"));
    }
    assert_eq!(bench.complete(&about("forget")).await.unwrap(), json!({ "forgotten": true, "copies": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_vcenter_at_the_address_does_not_have_the_machine() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    admin.run("UnregisterVM", &admin.object(&WEB_01).await, "").await;
    bench.records.change(|record| record.vcenter = "the one before".into());
    for function in ["destroy", "read-vm", "power-on"] {
        let failure = bench.complete(&about(function)).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Configuration, "other-vcenter"), "{function}");
    }
    // A person confirms that the other vCenter no longer exists.
    assert_eq!(bench.complete(&about("forget")).await.unwrap(), json!({ "forgotten": true, "copies": [] }));
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
}

/// Changes the machine's record to another vCenter, where an object had the same id.
fn move_record_elsewhere(bench: &Bench, stage: Stage) {
    bench.records.change(|record| (record.vcenter, record.stage) = ("the one before".into(), stage));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_may_be_in_two_vcenters_is_shown_and_not_changed() {
    for stage in [Stage::Present, Stage::Creating] {
        let bench = Bench::start(&[]).await;
        bench.clone_vm().await;
        move_record_elsewhere(&bench, stage);
        assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["name"], "web-01");
        for call in [about("destroy"), about("power-on"), about("destroy"), clone_of("web-01")] {
            let failure = bench.complete(&call).await.unwrap_err();
            assert_eq!(outcome(&failure), (Class::Conflict, "other-vcenter"), "{stage:?} {}", call.function);
        }
        let calls = (bench.vcsim.calls("Destroy_Task").await, bench.vcsim.calls("PowerOnVM_Task").await);
        assert_eq!(calls, (0, 0));
        let expected = json!({ "forgotten": true, "copies": ["web-01"] });
        assert_eq!(bench.complete(&about("forget")).await.unwrap(), expected);
        assert_eq!(names(&bench), ["web-01"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_removal_in_another_vcenter_a_replica_is_not_changed() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    move_record_elsewhere(&bench, Stage::Removing);
    for _ in 0..2 {
        let failure = bench.complete(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Configuration, "other-vcenter"), "its end is not known");
    }
    move_record_elsewhere(&bench, Stage::Removed);
    for _ in 0..2 {
        let expected = json!({ "absent": true, "copies": ["web-01"] });
        assert_eq!(bench.complete(&about("destroy")).await.unwrap(), expected);
    }
    assert_eq!((bench.vcsim.calls("Destroy_Task").await, names(&bench)), (0, vec!["web-01".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_the_same_id_in_another_vcenter_is_another_task() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let Started::Pending { mut handle, .. } = bench.provider.start(&clone_of("web-01")).await.unwrap() else {
        panic!("over at once")
    };
    handle["vcenter"] = json!("the one before");
    let Ok(Polled::Ended(failure)) = bench.provider.poll(&clone_of("web-01"), &handle).await else {
        panic!("the task of another vCenter was believed")
    };
    assert_eq!(failure.class, Class::UnknownOutcome);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_with_a_lost_answer_is_recognised() {
    for refusal in ["TaskInProgress", "ManagedObjectNotFound"] {
        let bench = Bench::start(&[]).await;
        bench.clone_vm().await;
        let slow = json!({ "kind": "task-stuck", "method": "Destroy_Task", "for": "1s" });
        bench.vcsim.behave(slow).await;
        bench.proxy.rule(Rule::on("Destroy_Task").lose_answer().times(1));
        bench.provider.start(&about("destroy")).await.unwrap_err();
        // The removal is repeated while the first removal is still running.
        let fault = json!({ "kind": "call-fault", "method": "Destroy_Task", "fault": { "type": refusal }, "times": 1 });
        bench.vcsim.behave(fault).await;
        bench.provider.start(&about("destroy")).await.unwrap_err();
        assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent(), "{refusal}");
        assert!(bench.vcsim.machines().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_second_removal_does_not_hide_our_first_one() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let slow = json!({ "kind": "task-stuck", "method": "Destroy_Task", "for": "1500ms", "times": 1 });
    bench.vcsim.behave(slow).await;
    bench.proxy.rule(Rule::on("Destroy_Task").lose_answer().times(1));
    bench.provider.start(&about("destroy")).await.unwrap_err();
    let fault = json!({ "type": "TaskInProgress" });
    bench.vcsim.behave(json!({ "kind": "task-fault", "method": "Destroy_Task", "fault": fault, "times": 1 })).await;
    let second = bench.attempt(&about("destroy"), Instant::now() + DEADLINE).await;
    assert!(second.is_err_and(|failure| failure.code == "vcenter-busy"));
    assert_eq!(bench.records.stage(), Stage::Removing);
    assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_object_in_place_of_a_removed_one_needs_a_person() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.records.change(|record| {
        record.stage = Stage::Removing;
        record.object = Some(MoRef::new("VirtualMachine", "vm-of-before"));
    });
    let failure = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!(outcome(&failure), (Class::Conflict, "duplicate-vm"));
    assert_eq!(names(&bench), ["web-01"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_configuration_decides_nothing() {
    for path in ["config.template", "config.hardware.numCPU", "config.files.vmPathName"] {
        let bench = Bench::start(&[]).await;
        bench.clone_vm().await;
        bench.vcsim.behave(json!({ "kind": "missing", "vm": "web-01", "paths": [path], "times": 1 })).await;
        let failure = bench.provider.start(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Transient, "vm-unreadable"), "{path}");
        assert_eq!(bench.vcsim.calls("Destroy_Task").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_waits_for_a_clone_that_may_create_the_machine() {
    for answer_lost in [true, false] {
        let mut bench = Bench::start(&["--clone-duration", "1500ms"]).await;
        bench.complete(&ensure_folder()).await.unwrap();
        if answer_lost {
            bench.proxy.rule(Rule::on("CloneVM_Task").lose_answer().times(1));
        }
        let started = bench.provider.start(&clone_of("web-01")).await;
        assert_eq!(started.is_err(), answer_lost);
        bench.restart_host();
        let waiting = bench.provider.start(&about("destroy")).await.unwrap_err();
        assert_eq!(outcome(&waiting), (Class::Transient, "clone-in-doubt"));
        assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
        assert_eq!(bench.vcsim.calls("Destroy_Task").await, 1, "the clone had ended and its machine was removed");
        assert!(bench.vcsim.machines().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_foreign_disk_is_not_removed() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let other = admin.copy(&WEB_01, "web-02").await;
    let disk = device::files(&admin.0, &other).await.unwrap().unwrap().remove(0);
    let attach = format!(
        "<spec><deviceChange><operation>add</operation><device xsi:type=\"VirtualDisk\"><key>-1</key>\
         <backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\"><fileName>{disk}</fileName>\
         <diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>7</unitNumber>\
         <capacityInKB>1024</capacityInKB></device></deviceChange></spec>"
    );
    admin.run("ReconfigVM_Task", &admin.object(&WEB_01).await, &attach).await;
    let failure = bench.complete(&about("destroy")).await.unwrap_err();
    assert_eq!(outcome(&failure), (Class::Conflict, "foreign-disk"));
    assert!(failure.message.contains(&disk), "{failure}");
    assert_eq!(names(&bench), ["web-01", "web-02"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_its_marker_is_neither_changed_nor_absent() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let values = json!({ "config.extraConfig": { "eaf.marker": "" } });
    bench.vcsim.behave(json!({ "kind": "set", "vm": "web-01", "values": values })).await;
    for function in ["destroy", "power-on"] {
        let failure = bench.complete(&about(function)).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Conflict, "vm-unmarked"), "{function}");
    }
    assert_eq!(names(&bench), ["web-01"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_clone_does_not_bind_the_record_to_its_vcenter() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let fault = json!({ "type": "InvalidArgument", "invalidProperty": "configSpec.numCPUs" });
    for kind in ["call-fault", "task-fault"] {
        let refusing = bench.vcsim.behave(json!({ "kind": kind, "method": "CloneVM_Task", "fault": fault })).await;
        let failure = bench.complete(&clone_of("web-01")).await.unwrap_err();
        assert_eq!(failure.class, Class::Configuration, "{kind}: {failure}");
        bench.vcsim.unbehave(refusing).await;
        // The connection now leads to the right vCenter.
        bench.records.change(|record| record.vcenter = "the wrong one".into());
        assert_eq!(bench.complete(&about("destroy")).await.unwrap(), absent());
    }
    bench.complete(&clone_of("web-01")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_does_not_replace_a_seen_machine() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let copy = admin.copy(&WEB_01, "web-01-backup").await;
    let uuid = admin.text(&copy, "config.instanceUuid").await;
    admin.run("Destroy_Task", &admin.object(&WEB_01).await, "").await;
    admin.run("Rename_Task", &copy, "<newName>web-01</newName>").await;
    for _ in 0..2 {
        let failure = bench.complete(&clone_of("web-01")).await.unwrap_err();
        assert_eq!(outcome(&failure), (Class::Conflict, "foreign-vm"));
    }
    assert_eq!(admin.text(&copy, "config.instanceUuid").await, uuid);
    assert_eq!(bench.vcsim.calls("CloneVM_Task").await, 2, "ours and the admin's");
    // A machine that was seen before does not count as absent merely because a new clone was
    // planned.
    assert_eq!(bench.complete(&about("destroy")).await.unwrap_err().code, "vm-gone");
    // The machine does not count as absent either while the outcome of a new clone is unknown.
    bench.records.change(|record| record.stage = Stage::Creating);
    assert_eq!(bench.complete(&clone_of("web-01")).await.unwrap_err().code, "foreign-vm");
    assert_eq!(admin.text(&copy, "config.instanceUuid").await, uuid);
}
