//! Tests of the connection test: it reports one finding per setting and privilege, all in one run.

use super::*;
use eaf_capability::{Finding, Kind, Verdict};

async fn findings(bench: &Bench) -> Vec<Finding> {
    bench.provider.check(TenantId::derive("acme"), "main").await.findings().to_vec()
}

fn names(findings: &[Finding], verdict: fn(&Verdict) -> bool) -> Vec<&str> {
    findings.iter().filter(|finding| verdict(&finding.verdict)).map(|finding| finding.name.as_str()).collect()
}

fn bad(findings: &[Finding]) -> Vec<&str> {
    names(findings, |verdict| matches!(verdict, Verdict::Bad(_)))
}

fn untested(findings: &[Finding]) -> Vec<&str> {
    names(findings, |verdict| *verdict == Verdict::Untested)
}

fn line<'a>(findings: &'a [Finding], name: &str) -> (&'a str, Option<&'a Failure>) {
    let finding = findings.iter().find(|finding| finding.name == name).expect("every name has its line");
    match &finding.verdict {
        Verdict::Bad(failure) => (&finding.subject, Some(failure)),
        Verdict::Good | Verdict::Untested => (&finding.subject, None),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_needed_privilege_has_a_finding_for_its_object() {
    let bench = Bench::start(&[]).await;
    let found = findings(&bench).await;
    assert!(found.iter().all(|finding| finding.verdict == Verdict::Good), "{found:#?}");
    let settings = found.iter().filter(|finding| finding.kind == Kind::Setting).map(|finding| finding.name.as_str());
    assert_eq!(
        settings.collect::<Vec<_>>(),
        ["url", "username", "vcenter", "datacenter", "folder", "resource_pool", "templates"]
    );
    for (privilege, subject) in [
        ("VirtualMachine.Inventory.Delete", "EAF/acme"),
        ("VirtualMachine.Config.AdvancedConfig", "EAF/acme"),
        ("VirtualMachine.Provisioning.DeployTemplate", "debian-12"),
    ] {
        assert_eq!(line(&found, privilege).0, subject, "{privilege}");
    }
    for privilege in ["Resource.AssignVMToPool", "Datastore.AllocateSpace", "Network.Assign"] {
        assert!(!line(&found, privilege).0.is_empty(), "{privilege} names its object");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_privilege_is_a_finding_and_hides_no_other() {
    let bench = Bench::start(&[]).await;
    let lacking = ["Datastore.AllocateSpace", "VirtualMachine.Config.Settings", "VirtualMachine.Inventory.Delete"];
    let all = bench.vcsim.behave(json!({"kind": "privileges", "missing": lacking})).await;
    let found = findings(&bench).await;
    let mut red = bad(&found);
    red.sort_unstable();
    assert_eq!(red, lacking);
    assert!(untested(&found).is_empty());
    let (subject, failure) = line(&found, "VirtualMachine.Inventory.Delete");
    let failure = failure.expect("it is red");
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-permission"));
    assert_eq!(subject, "EAF/acme");
    assert!(failure.message.contains("VirtualMachine.Inventory.Delete") && failure.message.contains("EAF/acme"));

    bench.vcsim.unbehave(all).await;
    let one =
        json!({"kind": "privileges", "missing": ["VirtualMachine.Provisioning.DeployTemplate"], "on": "debian-12"});
    bench.vcsim.behave(one).await;
    assert_eq!(bad(&findings(&bench).await), ["VirtualMachine.Provisioning.DeployTemplate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_not_inherited_fails_the_check() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench
        .vcsim
        .behave(json!({"kind": "privileges", "missing": ["VirtualMachine.Interact.PowerOn"], "on": "requests"}))
        .await;
    let found = findings(&bench).await;
    assert_eq!(bad(&found), ["VirtualMachine.Interact.PowerOn"]);
    assert_eq!(line(&found, "VirtualMachine.Interact.PowerOn").0, "EAF/acme/requests", "the folder itself has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invisible_object_has_no_privileges() {
    let bench = Bench::start(&[]).await;
    let fault = json!({"type": "NoPermission", "privilegeId": "System.View"});
    let method = "FetchUserPrivilegeOnEntities";
    bench.vcsim.behave(json!({"kind": "call-fault", "method": method, "fault": fault, "times": 1})).await;
    let found = findings(&bench).await;
    assert_eq!(bad(&found).len(), 12, "all of the folder and none elsewhere: {found:#?}");
    assert_eq!(line(&found, "System.View").1.unwrap().code, "vcenter-permission");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_host_is_not_a_vcenter() {
    let bench = Bench::start(&[]).await;
    bench.vcsim.behave(json!({"kind": "about", "apiType": "HostAgent"})).await;
    let found = findings(&bench).await;
    assert_eq!(bad(&found), ["vcenter"]);
    let failure = line(&found, "vcenter").1.expect("it is red");
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "not-vcenter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_refused_login_the_rest_is_untested() {
    let bench = Bench::start(&[]).await;
    let all = findings(&bench).await.len();
    bench.settings.set_password("not-the-right-one");
    let found = findings(&bench).await;
    assert_eq!((bad(&found), found.len()), (vec!["username"], all));
    assert_eq!((line(&found, "url").1, untested(&found).len()), (None, all - 2), "the address is good");
    assert!(!format!("{found:?}").contains("not-the-right-one"));

    bench.proxy.cut();
    bench.settings.set_password(PASSWORD);
    let found = findings(&bench).await;
    assert_eq!((bad(&found), untested(&found).len()), (vec!["url"], all - 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_leaves_untested_only_what_depends_on_it() {
    let bench = Bench::start(&[]).await;
    bench.settings.set("folder", "EAF/nobody");
    bench.settings.set("datastore", "datastore9");
    let found = findings(&bench).await;
    assert_eq!(bad(&found), ["folder", "datastore"]);
    assert_eq!(line(&found, "datastore").1.unwrap().code, "datastore-missing");
    let untested = untested(&found);
    assert!(untested.contains(&"Folder.Create") && untested.contains(&"Datastore.AllocateSpace"), "{untested:?}");
    assert!(!untested.contains(&"Resource.AssignVMToPool") && !untested.contains(&"Network.Assign"), "{untested:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_visible_templates_fails_the_check() {
    let bench = Bench::start(&[]).await;
    let unreadable = json!({"kind": "missing", "type": "VirtualMachine", "paths": ["config.template"]});
    bench.vcsim.behave(unreadable).await;
    let found = findings(&bench).await;
    assert_eq!(bad(&found), ["templates"]);
    assert_eq!(line(&found, "templates").1.unwrap().code, "templates-missing");
    assert_eq!(
        untested(&found),
        ["Datastore.AllocateSpace", "Network.Assign", "VirtualMachine.Provisioning.DeployTemplate"]
    );
}
