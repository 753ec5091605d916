//! Rust bindings of the WIT world `domain`, for the component with a plugin's rules.

wit_bindgen::generate!({
    path: "../wit",
    world: "eaf:plugin/domain@1.0.0",
    pub_export_macro: true,
    export_macro_name: "export_domain",
    default_bindings_module: "eaf_sdk::bindings::domain",
    generate_all,
});
