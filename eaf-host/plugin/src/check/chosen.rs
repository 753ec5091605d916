//! Checks of command members whose value people choose from another system's list: the package must
//! request the grant that the member's mark names.

use super::{Finding, choices};
use crate::choices::{KEYWORD, Source, marks};
use crate::manifest::Request;
use eaf_core::contract::{CommandType, Description};
use serde::Deserialize;
use serde_json::Value;

pub fn findings(description: &Description, requests: &[Request]) -> Vec<Finding> {
    let of_command = |command: &CommandType| {
        let place = |name: &String| format!("command {}, member {name}", command.name);
        let findings = marks(&command.schema).filter_map(|(name, mark)| {
            let (what, fix) = finding(mark, requests)?;
            Some(Finding::new(place(name), what, fix))
        });
        findings.collect::<Vec<_>>()
    };
    description.commands.iter().flat_map(of_command).collect()
}

fn finding(mark: &Value, requests: &[Request]) -> Option<(String, String)> {
    let Ok(Source { capability, grant, .. }) = Source::deserialize(mark) else {
        let fix = "Name `capability`, `grant` and `of`, each a text.";
        return Some((format!("its {KEYWORD} cannot be read"), fix.into()));
    };
    if requests.iter().any(|request| request.capability == capability && request.grant == grant) {
        return None;
    }
    let there: Vec<String> = requests.iter().map(|one| format!("{}/{}", one.capability, one.grant)).collect();
    let fix = format!("Request it in plugin.toml. {}", choices(there.iter().map(String::as_str)));
    Some((format!("it is chosen over {capability}/{grant}, which the package does not request"), fix))
}
