//! Checks of `observe` in `plugin.toml`: the command that it names must accept the body that the
//! host sends, and the view that it names must exist.

use super::{Finding, choices, workflows};
use crate::manifest::{Observe, Request};
use eaf_core::contract::Description;

/// JSON members of the body of the `observe` command, which the host gives.
const GIVEN: [&str; 2] = ["key", "found"];

pub fn findings(description: &Description, requests: &[Request]) -> Vec<Finding> {
    let observed = requests.iter().filter_map(|request| Some((request, request.observe.as_ref()?)));
    observed.flat_map(|(request, observe)| of_request(description, request, observe)).collect()
}

fn of_request(description: &Description, request: &Request, observe: &Observe) -> Vec<Finding> {
    let place = format!("plugin.toml, request {} {}, observe", request.capability, request.grant);
    let mut found: Vec<Finding> =
        workflows::of_command(description, place.clone(), &observe.command, &GIVEN).into_iter().collect();
    if let Some(view) = &observe.view
        && !description.views.iter().any(|known| known.name == *view)
    {
        let known = choices(description.views.iter().map(|view| view.name.as_str()));
        let fix = format!("List the view in Plugin::Views, or name another. {known}");
        found.push(Finding::new(place, format!("the view `{view}` is not declared"), fix));
    }
    found
}
