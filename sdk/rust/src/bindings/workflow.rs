//! Rust bindings of the WIT world `workflow`, for the component with a plugin's durable functions.

wit_bindgen::generate!({
    path: "../wit",
    world: "eaf:plugin/workflow@1.0.0",
    pub_export_macro: true,
    export_macro_name: "export_workflow",
    default_bindings_module: "eaf_sdk::bindings::workflow",
    generate_all,
});

impl From<crate::Failure> for eaf::workflow::flow::Failure {
    fn from(f: crate::Failure) -> Self {
        Self { class: f.class, code: f.code, message: f.message, retry_after_ms: f.retry_after_ms }
    }
}

impl From<eaf::workflow::flow::Failure> for crate::Failure {
    fn from(f: eaf::workflow::flow::Failure) -> Self {
        Self { class: f.class, code: f.code, message: f.message, retry_after_ms: f.retry_after_ms }
    }
}
