//! Tests of the placement of new machines: which settings are permitted, and the failures for
//! unsuitable settings.

use super::admin::Admin;
use super::*;
use crate::client::soap::MoRef;
use eaf_test_support::fault_proxy::Rule;

const ESX_01: &str = "esx-01.example.internal";

async fn check(bench: &Bench) -> Result<(), Failure> {
    bench.complete(&ensure_folder()).await?;
    bench.complete(&clone_of("web-01")).await.map(drop)
}

async fn host_folder(admin: &Admin) -> MoRef {
    admin.object(&["DC1", "host"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_in_a_folder_is_found_by_its_path() {
    let bench = Bench::start(&["host-folder=Prod"]).await;
    check(&bench).await.unwrap();
    bench.settings.set("resource_pool", "Prod/Cluster1");
    bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datastore_cluster_means_its_member_with_the_most_free_space() {
    let bench = Bench::start(&["pod=Pod1"]).await;
    bench.settings.set("datastore", "Pod1");
    check(&bench).await.unwrap();
    let admin = Admin::of(&bench);
    let machine = admin.object(&super::admin::WEB_01).await;
    let on = admin.references(&machine, "datastore").await;
    let members = admin.references(&admin.object(&["DC1", "datastore", "Pod1"]).await, "childEntity").await;
    assert!(on.iter().any(|datastore| members.contains(datastore)), "{on:?} {members:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_automatic_drs_gets_a_host() {
    let bench = Bench::start(&[]).await;
    bench.vcsim.behave(json!({ "kind": "no-drs" })).await;
    check(&bench).await.unwrap();
    assert_eq!(bench.vcsim.calls("CloneVM_Task").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_machine_is_awaited() {
    let bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    bench.vcsim.behave(json!({ "kind": "late-clone" })).await;
    bench.proxy.rule(Rule::on("CloneVM_Task").lose_answer().times(1));
    bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    let mut restarted = bench;
    restarted.restart_host();
    assert_eq!(restarted.complete(&clone_of("web-01")).await.unwrap()["name"], "web-01");
    assert_eq!((restarted.vcsim.calls("CloneVM_Task").await, restarted.vcsim.machines().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_an_answer_are_read() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    for n in 2..8 {
        admin.copy(&super::admin::WEB_01, &format!("web-0{n}")).await;
    }
    bench.vcsim.behave(json!({ "kind": "pages", "size": 2 })).await;
    let removed = bench.complete(&about("destroy")).await.unwrap();
    assert_eq!(removed["copies"].as_array().unwrap().len(), 6, "{removed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn escaped_names_are_created_and_found() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    for (n, name) in ["a%2fb", "50%", "50%25", "x/y", "back\\slash"].into_iter().enumerate() {
        let mut clone = clone_of(name);
        clone.args["identity"] = json!(format!("vm-{n}"));
        clone.idempotency_key = format!("run/{n}");
        assert_eq!(bench.complete(&clone).await.unwrap()["name"], name);
        // Without a recorded object id, the host finds the machine by its path.
        bench.records.creating();
        assert_eq!(bench.complete(&clone).await.unwrap()["name"], name);
    }
    assert_eq!(bench.vcsim.machines().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_may_be_named_and_the_machine_runs_there() {
    for host in [ESX_01, "esx-02.example.internal"] {
        let bench = Bench::start(&[]).await;
        bench.settings.set("resource_pool", &format!("Cluster1/{host}"));
        check(&bench).await.unwrap();
        let admin = Admin::of(&bench);
        let runs_on = admin.reference(&admin.object(&super::admin::WEB_01).await, "runtime.host").await;
        assert_eq!(admin.text(&runs_on.unwrap(), "name").await, host);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_clusters_the_setting_is_required() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    admin.run("CreateClusterEx", &host_folder(&admin).await, "<name>Cluster2</name><spec></spec>").await;
    let failure = check(&bench).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "pool-ambiguous"));
    assert!(failure.message.contains("Cluster1") && failure.message.contains("Cluster2"), "{failure}");
    bench.settings.set("resource_pool", "Cluster1");
    check(&bench).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_the_wrong_kind_is_reported_with_its_kind() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    admin.run("CreateFolder", &host_folder(&admin).await, "<name>Prod</name>").await;
    bench.settings.set("resource_pool", "Prod");
    let failure = check(&bench).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "pool-missing"));
    assert!(failure.message.contains("is a Folder, not a resource pool"), "{failure}");
    bench.settings.set("resource_pool", "Cluster9");
    let failure = check(&bench).await.unwrap_err();
    assert!(failure.message.contains("Clusters and hosts there: Cluster1"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_on_an_unavailable_host_is_not_called_a_machine() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let away = bench.vcsim.behave(json!({ "kind": "inaccessible", "vm": "debian-12" })).await;
    let failure = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vm-unreadable"));
    bench.vcsim.unbehave(away).await;
    bench.complete(&clone_of("web-01")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_being_patched_is_awaited() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let template = admin.object(&["DC1", "vm", "Templates", "debian-12"]).await;
    let pool = admin.reference(&admin.object(&["DC1", "host", "Cluster1"]).await, "resourcePool").await.unwrap();
    admin.run("MarkAsVirtualMachine", &template, &pool.element("pool")).await;
    let mut second = clone_of("web-02");
    second.args["identity"] = json!("vm-2");
    let failure = bench.provider.start(&second).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "not-a-template"));
    admin.run("MarkAsTemplate", &template, "").await;
    bench.complete(&second).await.unwrap();
}
