//! Test that the actions of a view agree with `decide`: an action is allowed if and only if
//! `decide` accepts its command. Otherwise both give the same reason.

use super::stage::Stage;
use super::views::actions_of;
use crate::document::{Actor, CommandType, RejectionKind, RowActions, ViewType};
use crate::{Commands, Plugin, Views};
use serde_json::Value;

/// Compares the actions of every row of every view, for every actor, with `decide`. `complete` adds
/// the members of a command's body that a person enters. Returns the number of compared actions.
///
/// # Panics
/// At the first difference.
pub fn check<P: Plugin>(stage: &Stage<P>, actors: &[Actor], complete: impl Fn(&str, Value) -> Value) -> usize {
    let (mut views, mut commands): (Vec<ViewType>, Vec<CommandType>) = Default::default();
    P::Views::describe(&mut views);
    P::Commands::describe(&mut commands);
    let mut compared = 0;
    for view in &views {
        for (key, row) in stage.view_named(&view.name) {
            for actor in actors {
                let offered = actions_of::<P>(&view.name, &key, &row, stage.context(actor));
                compared += compare(stage, &commands, actor, &format!("{}/{key}", view.name), offered, &complete);
            }
        }
    }
    compared
}

fn compare<P: Plugin>(
    stage: &Stage<P>,
    commands: &[CommandType],
    actor: &Actor,
    place: &str,
    offered: RowActions,
    complete: &impl Fn(&str, Value) -> Value,
) -> usize {
    let count = offered.actions.len();
    for action in offered.actions {
        let known = commands.iter().find(|c| c.name == action.command);
        let known = known.unwrap_or_else(|| panic!("{place} offers `{}`, which does not exist", action.command));
        let body = complete(&action.command, Value::Object(action.body));
        let outcome = stage.dry_run(actor, &known.name, known.version, body);
        let refusal = outcome.rejection().filter(|r| action.allowed || r.kind != RejectionKind::Invalid);
        let refusal = refusal.map(|r| (r.code.as_str(), &r.params));
        let promised = action.why.as_ref().map(|w| (w.code.as_str(), &w.params));
        assert_eq!(refusal, promised, "{place}: `{}` for {}", action.command, actor.name);
    }
    count
}
