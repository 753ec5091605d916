//! Rust bindings of the WIT world `describe`, for the component that describes a plugin.

wit_bindgen::generate!({
    path: "../wit",
    world: "eaf:plugin/describe@1.0.0",
    pub_export_macro: true,
    export_macro_name: "export_describe",
    default_bindings_module: "eaf_sdk::bindings::describe",
    generate_all,
});
