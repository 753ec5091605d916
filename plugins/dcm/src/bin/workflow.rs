#![cfg_attr(target_family = "wasm", no_main)]
eaf_sdk::workflow!(dcm::DcmFlows);
