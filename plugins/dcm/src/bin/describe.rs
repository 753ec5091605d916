#![cfg_attr(target_family = "wasm", no_main)]
eaf_sdk::describe!(dcm::Dcm, dcm::DcmFlows);
