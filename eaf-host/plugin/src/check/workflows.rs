//! Checks of workflows: triggers are declared events that have the JSON members which the trigger
//! names, and the host can give the commands that a workflow names.

use super::schema::{self, Member};
use super::{Finding, choices, names};
use eaf_core::contract::{Description, EventType, Trigger, WorkflowType};

/// JSON members of the body of the `on_stall` command, which the host gives.
const STALL: [&str; 4] = ["key", "stalled", "code", "message"];
const FAILURE: [&str; 4] = ["key", "event", "code", "message"];

pub fn findings(description: &Description, has_component: bool) -> Vec<Finding> {
    let of_all = description.workflows.iter().flat_map(|workflow| of_workflow(description, workflow));
    of_all.chain(without_component(description, has_component)).collect()
}

fn of_workflow(description: &Description, workflow: &WorkflowType) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        workflow.triggers.iter().flat_map(|trigger| of_trigger(description, workflow, trigger)).collect();
    for (when, command, given) in
        [("on_stall", &workflow.on_stall, STALL), ("on_failure", &workflow.on_failure, FAILURE)]
    {
        let place = format!("workflow {}, {when}", workflow.name);
        found.extend(command.as_deref().and_then(|command| of_command(description, place, command, &given)));
    }
    found
}

fn of_trigger(description: &Description, workflow: &WorkflowType, trigger: &Trigger) -> Vec<Finding> {
    let place = format!("workflow {}, trigger on {}", workflow.name, trigger.event);
    let Some(event) = description.events.iter().find(|event| event.kind == trigger.event) else {
        return names::event(description, &trigger.event, place).into_iter().collect();
    };
    [("key", &trigger.key), ("subject", &trigger.subject)]
        .into_iter()
        .filter_map(|(which, pointer)| of_pointer(event, &place, which, pointer))
        .collect()
}

fn of_pointer(event: &EventType, place: &str, which: &str, pointer: &str) -> Option<Finding> {
    let what = match schema::member(&event.schema, pointer) {
        Member::Text => return None,
        Member::Missing => format!("`{which}` points to {pointer:?}, which the event does not have"),
        Member::NoText => format!("`{which}` points to {pointer:?}, which is not a text"),
    };
    let members: Vec<String> = schema::names(&event.schema).iter().map(|name| format!("/{name}")).collect();
    let fix = format!("Point to one of the event's members. {}", choices(members.iter().map(String::as_str)));
    Some(Finding::new(place, what, fix))
}

pub fn of_command(description: &Description, place: String, name: &str, given: &[&str]) -> Option<Finding> {
    let known = description.commands.iter().filter(|command| command.name == name);
    let Some(command) = known.max_by_key(|command| command.version) else {
        let known = choices(description.commands.iter().map(|command| command.name.as_str()));
        let fix = format!("List the command in Plugin::Commands, or name another. {known}");
        return Some(Finding::new(place, format!("the command `{name}` is not declared"), fix));
    };
    let wanting = schema::required(&command.schema).into_iter().filter(|member| !given.contains(member));
    let wanting: Vec<&str> = wanting.collect();
    if wanting.is_empty() {
        return None;
    }
    let what = format!("the command `{name}` needs {}, which the host does not give", wanting.join(", "));
    Some(Finding::new(place, what, format!("Make do with what it gives: {}.", given.join(", "))))
}

fn without_component(description: &Description, has_component: bool) -> Option<Finding> {
    let workflow = description.workflows.first().filter(|_| !has_component)?;
    let place = format!("workflow {}", workflow.name);
    let fix = "Add the component, or describe no workflows.";
    Some(Finding::new(place, "the package has no workflow.wasm that could run it", fix))
}
