//! Where machines are made: what an admin may name, and what is said when it does not fit.

use super::admin::Admin;
use super::*;
use crate::capabilities::vsphere::client::soap::MoRef;

const ESX_01: &str = "esx-01.example.internal";

async fn check(bench: &Bench) -> Result<(), Failure> {
    bench.complete(&ensure_folder()).await?;
    bench.complete(&clone_of("web-01")).await.map(drop)
}

async fn host_folder(admin: &Admin) -> MoRef {
    admin.object(&["DC1", "host"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_in_a_folder_is_found() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    let folder = admin.run("CreateFolder", &host_folder(&admin).await, "<name>Prod</name>").await.unwrap();
    let cluster = admin.object(&["DC1", "host", "Cluster1"]).await;
    admin.run("MoveIntoFolder_Task", &folder, &cluster.element("list")).await;
    check(&bench).await.unwrap();
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
async fn with_several_clusters_one_has_to_be_named() {
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
async fn an_object_of_another_kind_is_named_with_its_kind() {
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
async fn a_template_whose_host_is_away_is_not_called_a_machine() {
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
