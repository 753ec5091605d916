//! Tests of DCM's package: its requests for capabilities, and one answer of its domain.

use super::package;
use eaf_core::actor::{Caller, TraceId};
use eaf_core::contract::{Command, Context, ContextActor, DecideInput, Decision};
use eaf_core::id::{ActorId, CommandId, TenantId};
use eaf_plugin::{fixtures, inspect::inspect, load};

#[tokio::test]
async fn dcms_package_declares_its_capabilities() {
    let file = std::env::temp_dir().join(format!("eaf-inspect-{}.eafpkg", std::process::id()));
    std::fs::write(&file, package().await).unwrap();
    let report = inspect(&file).unwrap();
    std::fs::remove_file(&file).unwrap();

    assert!(report.domain_imports.is_empty(), "{:?}", report.domain_imports);
    let interfaces: Vec<&str> = report.workflow_imports.iter().map(|import| import.interface.as_str()).collect();
    assert!(interfaces.contains(&"eaf:vsphere/lifecycle@1.0.0"), "{interfaces:?}");
    assert!(report.commands.contains(&"request-vm".to_owned()));
}

#[tokio::test]
async fn the_domain_of_dcm_answers() {
    let plugin = load::load(&fixtures::wasm(), &package().await, 1, &Default::default()).unwrap();
    let tenant = TenantId::derive("acme");
    let context = Context {
        now: 0,
        tenant,
        actor: ContextActor::of(&Caller::system(tenant, TraceId(String::new())), "dcm"),
        locale: "en".into(),
        settings: Default::default(),
        seed: String::new(),
        command_id: CommandId::derive(tenant, ActorId::SYSTEM, "key"),
        trace_id: String::new(),
    };
    let command = Command { name: "go".into(), version: 1, body: serde_json::Value::Null };
    let decision =
        plugin.domain.decide(DecideInput { command, context, streams: Vec::new(), people: Vec::new() }).await.unwrap();
    assert!(matches!(decision, Decision::Rejected(rejection) if rejection.code == "unknown-command"));
}
