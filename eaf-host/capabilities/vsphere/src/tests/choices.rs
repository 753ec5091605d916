//! Tests of the lists of choices, and of the check of a value that a person typed.

use super::admin::{Admin, WEB_01};
use super::*;
use eaf_capability::{ChoiceQuery, ChoiceSelection, Choices};
use eaf_core::actor::Locale;
use eaf_core::connection::Connection;
use eaf_test_support::fault_proxy::Rule;

const ACME: &str = "acme";

fn draft(bench: &Bench) -> Connection {
    let (config, secret) = bench.settings.0.lock().unwrap().clone();
    Connection { capability: "vsphere".into(), name: "main".into(), config, secret, set_at: None }
}

async fn listed(bench: &Bench, list: &str, search: &str, limit: usize) -> Result<Choices, Failure> {
    let scope = json!({ "templates": ["*"] });
    let query =
        ChoiceQuery { list, scope: &scope, selection: ChoiceSelection::Matching { search, limit }, locale: Locale::En };
    bench.provider.choices(TenantId::derive(ACME), &draft(bench), &query).await
}

async fn values(bench: &Bench, list: &str) -> Vec<String> {
    let found = listed(bench, list, "", 100).await.unwrap();
    assert_eq!((found.more, found.unreadable), (false, 0));
    found.items.into_iter().map(|choice| choice.value).collect()
}

async fn exact(bench: &Bench, template: &str) -> Result<Choices, Failure> {
    let scope = json!({ "templates": ["*"] });
    let query = ChoiceQuery {
        list: "template",
        scope: &scope,
        selection: ChoiceSelection::Exact(template),
        locale: Locale::En,
    };
    bench.provider.choices(TenantId::derive(ACME), &draft(bench), &query).await
}

/// Creates a second template with the name `debian-12`, in a folder whose name contains a `/`.
async fn nested_template(bench: &Bench) {
    let admin = Admin::of(bench);
    let templates = admin.object(&["DC1", "vm", "Templates"]).await;
    let folder = admin.run("CreateFolder", &templates, "<name>a%2fb</name>").await.unwrap();
    let source = admin.object(&WEB_01).await;
    let spec = "<spec><location></location><template>true</template><powerOn>false</powerOn></spec>";
    let arguments = format!("{}<name>debian-12</name>{spec}", folder.element("folder"));
    admin.run("CloneVM_Task", &source, &arguments).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_listed_under_the_path_that_resolves_to_it() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    nested_template(&bench).await;
    let found = values(&bench, "template").await;
    assert_eq!(found, ["Templates/a%2fb/debian-12", "Templates/debian-12"], "templates, and no machine");
    for template in &found {
        let one = exact(&bench, template).await.unwrap();
        assert!(one.unusable.is_none() && one.items[0].value == *template, "{one:?}");
        let facts = &one.items[0].facts;
        assert_eq!(one.items[0].name, "debian-12");
        assert!(facts["cpus"].is_u64() && facts["memory_mb"].is_u64() && facts["guest"].is_string(), "{facts:?}");
        assert!(facts["disk_bytes"].as_u64().unwrap() > 0, "{facts:?}");
        let description = &one.items[0].description;
        assert!(description.contains("CPU") && description.contains(" of disks"), "{description}");
    }
    let searched = listed(&bench, "template", "A/B debian", 100).await.unwrap();
    assert_eq!(searched.items.len(), 1, "as people write it");
    let first = listed(&bench, "template", "", 1).await.unwrap();
    assert!(first.more && first.items.len() == 1);
    assert_eq!(first.items[0].facts["cpus"], searched.items[0].facts["cpus"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_template_has_a_reason_but_not_with_vcenter_unavailable() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    for (template, code) in
        [("Templates/nobody", "template-missing"), ("EAF/acme/requests/web/web-01", "not-a-template")]
    {
        let found = exact(&bench, template).await.unwrap();
        assert!(found.items.is_empty());
        assert_eq!(found.unusable.expect("it is refused").code, code);
    }
    bench.settings.set("datacenter", "DC9");
    assert_eq!(exact(&bench, "Templates/debian-12").await.unwrap_err().code, "datacenter-missing");
    bench.settings.set("datacenter", "DC1");
    bench.proxy.cut();
    assert!(exact(&bench, "Templates/nobody").await.unwrap_err().class.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_listed_as_a_connection_names_them() {
    let bench = Bench::start(&["host-folder=Prod", "pod=Pod1"]).await;
    bench.clone_vm().await;
    assert_eq!(values(&bench, "datacenter").await, ["DC1"]);
    let folders = values(&bench, "folder").await;
    assert_eq!(folders, ["EAF", "EAF/acme", "EAF/acme/requests", "EAF/acme/requests/web", "Templates"]);
    let pools = values(&bench, "resource_pool").await;
    assert!(!pools.is_empty() && pools.iter().all(|pool| pool.starts_with("Prod/")), "{pools:?}");
    let datastores = listed(&bench, "datastore", "", 100).await.unwrap().items;
    let named: Vec<_> = datastores.iter().map(|choice| choice.value.as_str()).collect();
    assert!(named.contains(&"Pod1") && named.contains(&"Pod1/Pod1-a"), "{named:?}");
    assert!(datastores.iter().any(|choice| choice.facts["free_bytes"].is_u64()), "{datastores:?}");
    // If an admin chooses any of the listed values, the connection passes its test.
    for pool in pools {
        bench.settings.set("resource_pool", &pool);
        for datastore in &named {
            bench.settings.set("datastore", datastore);
            assert_eq!(
                bench.provider.check_draft(TenantId::derive(ACME), &draft(&bench), None).await.outcome(),
                Ok(())
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_objects_are_counted_and_hide_no_others() {
    let bench = Bench::start(&["templates=debian-12+rhel-9"]).await;
    let fault = json!({ "type": "NoPermission", "privilegeId": "System.Read" });
    let hidden = json!({ "kind": "missing", "vm": "rhel-9", "paths": ["config.template"], "fault": fault });
    bench.vcsim.behave(hidden).await;
    let found = listed(&bench, "template", "", 100).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!((found.items[0].name.as_str(), found.unreadable), ("debian-12", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_being_typed_does_not_read_the_inventory_again() {
    let bench = Bench::start(&[]).await;
    listed(&bench, "template", "d", 100).await.unwrap();
    for search in ["de", "deb", "debi"] {
        listed(&bench, "template", search, 100).await.unwrap();
    }
    assert_eq!(bench.vcsim.calls("CreateContainerView").await, 1);
    assert_eq!(bench.vcsim.calls("DestroyView").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_needs_no_places_and_reports_a_wrong_password() {
    let bench = Bench::start(&[]).await;
    let mut draft = draft(&bench);
    for member in ["datacenter", "folder"] {
        draft.config.as_object_mut().unwrap().remove(member);
    }
    let query = ChoiceQuery {
        list: "datacenter",
        scope: &Value::Null,
        selection: ChoiceSelection::Matching { search: "", limit: 10 },
        locale: Locale::En,
    };
    let found = bench.provider.choices(TenantId::derive(ACME), &draft, &query).await.unwrap();
    assert_eq!(found.items[0].value, "DC1");
    draft.secret.insert("password".into(), json!("not-the-right-one"));
    let refused = bench.provider.choices(TenantId::derive(ACME), &draft, &query).await.unwrap_err();
    assert_eq!(refused.code, "vcenter-login");
    assert!(!format!("{refused:?}").contains("not-the-right-one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_of_a_draft_does_not_affect_the_stored_connection() {
    let bench = Bench::start(&[]).await;
    let tenant = TenantId::derive(ACME);
    bench.clone_vm().await;
    let logins = bench.vcsim.calls("Login").await;
    let mut wrong = draft(&bench);
    wrong.config["folder"] = json!("EAF/nobody");
    let report = bench.provider.check_draft(tenant, &wrong, None).await;
    assert_eq!(report.outcome().unwrap_err().code, "folder-missing");
    wrong.secret.insert("password".into(), json!("not-the-right-one"));
    let report = bench.provider.check_draft(tenant, &wrong, None).await;
    assert_eq!(report.outcome().unwrap_err().code, "vcenter-login");
    bench.complete(&about("read-vm")).await.unwrap();
    // The only further login is the one that vCenter refused.
    assert_eq!(bench.vcsim.calls("Login").await, logins + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_outside_the_scope_are_not_offered_and_are_denied() {
    let bench = Bench::start(&["templates=debian-12+rhel-9"]).await;
    bench.clone_vm().await;
    nested_template(&bench).await;
    let ask = async |scope: &Value, selection| {
        let query = ChoiceQuery { list: "template", scope, selection, locale: Locale::En };
        bench.provider.choices(TenantId::derive(ACME), &draft(&bench), &query).await
    };
    let all = ChoiceSelection::Matching { search: "", limit: 1 };
    let folder = json!({ "templates": ["Templates/a%2fb"] });
    let found = ask(&folder, all).await.unwrap();
    assert_eq!((found.items.len(), found.more), (1, false), "{found:?}");
    assert_eq!(found.items[0].value, "Templates/a%2fb/debian-12");
    for (template, denied) in
        [("Templates/a%2fb/debian-12", false), ("Templates/debian-12", true), ("Templates/x", true)]
    {
        let one = ask(&folder, ChoiceSelection::Exact(template)).await.unwrap();
        assert_eq!(
            one.unusable.map(|failure| failure.code).as_deref(),
            denied.then_some("template-denied"),
            "{template}"
        );
    }
    let unreadable = ask(&json!({ "templates": "all" }), ChoiceSelection::Matching { search: "", limit: 9 }).await;
    assert_eq!(unreadable.unwrap_err().code, "template-denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_completes_without_its_caller_and_serves_all_callers() {
    let bench = Bench::start(&[]).await;
    let view = bench.proxy.rule(Rule::on("CreateContainerView").hold_answer().times(1));
    tokio::select! {
        found = listed(&bench, "template", "", 100) => panic!("{found:?}"),
        () = view.wait_for_hit() => {}
    }
    let (one, other, ()) =
        tokio::join!(listed(&bench, "template", "", 100), listed(&bench, "template", "debian", 100), async {
            view.release()
        });
    assert_eq!((one.unwrap().items.len(), other.unwrap().items.len()), (1, 1));
    assert_eq!(bench.vcsim.calls("CreateContainerView").await, 1);
    assert_eq!(bench.vcsim.calls("DestroyView").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_read_leaves_no_view_and_is_repeated_for_the_next_caller() {
    let bench = Bench::start(&[]).await;
    bench.proxy.rule(Rule::on("<pathSet>view</pathSet>").lose_answer());
    assert!(listed(&bench, "template", "", 100).await.unwrap_err().class.is_retryable());
    assert_eq!(bench.vcsim.calls("DestroyView").await, bench.vcsim.calls("CreateContainerView").await);
    bench.proxy.clear();
    assert_eq!(listed(&bench, "template", "", 100).await.unwrap().items.len(), 1);
}
