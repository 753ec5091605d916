//! Rows as people read them: the columns, what the row waits for and who can act, and which commands the caller may give.

use super::answers::{self, Input};
use crate::http::App;
use crate::http::messages;
use crate::http::people::People;
use crate::http::problem::Problem;
use crate::http::products::Product;
use eaf_core::actor::Caller;
use eaf_core::contract::{Action, Context, ContextActor, Message, RowActions, ViewType};
use eaf_core::id::CommandId;
use eaf_core::view::{Row, member};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The code in `waiting` of a row that the package cannot take.
const ROW_FAULT: &str = "row-fault";

pub async fn items(
    app: &App,
    product: &Product,
    view: &ViewType,
    caller: &Caller,
    rows: Vec<Row>,
) -> Result<Vec<Value>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let input = Input { view, rows: &rows, context: context(app, product, caller) };
    let mut answered = answers::ask(product, input).await?;
    let mut people = People::new(app, product, caller.tenant);
    for RowActions { waiting_on, actions } in answered.iter_mut().flatten() {
        let reasons = actions.iter_mut().filter_map(|action| action.why.as_mut());
        for message in waiting_on.iter_mut().chain(reasons) {
            people.name_in(&mut message.params).await?;
        }
    }
    Ok(rows.into_iter().zip(answered).map(|(row, actions)| item(product, caller, row, actions)).collect())
}

/// Of a row that the package cannot take the columns are shown, and that this is all that can be said of it.
fn item(product: &Product, caller: &Caller, row: Row, answered: Option<RowActions>) -> Value {
    let text = |section: &str, code: &str, params: &Map<String, Value>| {
        product.texts.render(section, code, params, caller.locale)
    };
    let mut item = Map::new();
    item.insert(member::KEY.into(), row.key.into());
    item.insert(member::POSITION.into(), json!(row.position));
    let status = row.columns.get(member::STATUS).map(|status| status.as_str().unwrap_or_default().to_owned());
    let terminal = row.columns.get(member::TERMINAL).and_then(Value::as_bool).unwrap_or(false);
    item.extend(row.columns);
    if let Some(status) = status {
        item.insert(member::STATUS_TEXT.into(), text("status", &status, &Map::new()).into());
        item.insert(member::STATUS.into(), status.into());
    }
    item.insert(member::TERMINAL.into(), terminal.into());
    let waiting = match &answered {
        Some(answered) => {
            answered.waiting_on.clone().map(|reason| (text("waiting", &reason.code, &reason.params), reason))
        }
        None => Some(fault(caller)),
    };
    item.insert(member::WAITING_ON.into(), waiting.as_ref().map(|(sentence, _)| sentence.as_str()).into());
    item.insert(member::WAITING.into(), waiting.map_or(Value::Null, |(sentence, reason)| waits(sentence, &reason)));
    // The package sees only its own permissions, and each command has one.
    let permitted = |command: &str| {
        let permission = product.command(command).and_then(|command| command.permission.as_deref());
        permission.is_some_and(|name| caller.permissions.contains(&format!("{}.{name}", product.id())))
    };
    let action = |action: Action| {
        json!({
            "permitted": permitted(&action.command),
            "command": action.command,
            "title": text("commands", &action.command, &Map::new()),
            "allowed": action.allowed,
            "why": action.why.map(|why| text("rejections", &why.code, &why.params)),
            "body": action.body,
        })
    };
    item.insert(
        member::ACTIONS.into(),
        answered.into_iter().flat_map(|answered| answered.actions).map(action).collect(),
    );
    Value::Object(item)
}

fn fault(caller: &Caller) -> (String, Message) {
    let params = Map::from_iter([("trace".to_owned(), caller.trace.0.clone().into())]);
    let sentence = messages::render("rows.fault", &params, caller.locale);
    (sentence, Message { code: ROW_FAULT.into(), params: Map::new() })
}

/// The sentence with its parts: since when, and who can do something about it, where the package says so.
fn waits(sentence: String, reason: &Message) -> Value {
    let since = reason.params.get("since").and_then(Value::as_i64);
    let since = since.and_then(|millis| OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok());
    let people = reason.params.get("people").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    json!({
        "code": reason.code,
        "text": sentence,
        "since": since.and_then(|at| at.format(&Rfc3339).ok()),
        "people": people.iter().filter(|name| name.is_string()).collect::<Vec<_>>(),
    })
}

fn context(app: &App, product: &Product, caller: &Caller) -> Context {
    let prefix = format!("{}.", product.id());
    let own = |permission: &String| permission.strip_prefix(&prefix).map(str::to_owned);
    Context {
        now: millis(app.core.world.now()),
        tenant: caller.tenant,
        actor: ContextActor {
            id: caller.actor,
            kind: caller.kind,
            name: caller.name.clone(),
            roles: caller.roles.clone(),
            permissions: caller.permissions.iter().filter_map(own).collect(),
        },
        locale: caller.locale.as_str().into(),
        settings: Map::new(),
        seed: app.core.world.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect(),
        command_id: CommandId(app.core.world.uuid()),
        trace_id: caller.trace.0.clone(),
    }
}

pub(super) fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}
