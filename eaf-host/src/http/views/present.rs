//! Rows as people read them: the columns, what the row waits for and who can act, and which commands the caller may give.

use crate::http::App;
use crate::http::code::Code;
use crate::http::people::People;
use crate::http::problem::Problem;
use crate::http::products::Product;
use eaf_core::actor::Caller;
use eaf_core::contract::{
    Action, ActionsInput, ColumnType, Context, ContextActor, DomainError, Message, RowActions, ViewType,
};
use eaf_core::id::CommandId;
use eaf_core::view::Row;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
    let input = ActionsInput {
        view: view.name.clone(),
        rows: rows.iter().map(|row| for_plugin(row, view)).collect(),
        context: context(app, product, caller),
    };
    let fault = |cause: DomainError| Problem::fault(Code::PackageFault, &cause);
    let mut answered = product.domain.actions(input).await.map_err(fault)?.items;
    if answered.len() != rows.len() {
        tracing::error!(plugin = product.id(), view = view.name, "the package answered for another number of rows");
        return Err(Problem::new(Code::PackageFault));
    }
    let mut people = People::new(app, product, caller.tenant);
    for RowActions { waiting_on, actions } in &mut answered {
        let reasons = actions.iter_mut().filter_map(|action| action.why.as_mut());
        for message in waiting_on.iter_mut().chain(reasons) {
            people.name_in(&mut message.params).await?;
        }
    }
    Ok(rows.into_iter().zip(answered).map(|(row, actions)| item(product, caller, row, actions)).collect())
}

fn item(product: &Product, caller: &Caller, row: Row, answered: RowActions) -> Value {
    let text = |section: &str, code: &str, params: &Map<String, Value>| {
        product.texts.render(section, code, params, caller.locale)
    };
    let mut item = Map::new();
    item.insert("key".into(), row.key.into());
    item.insert("position".into(), json!(row.position));
    let status = row.columns.get("status").map(|status| status.as_str().unwrap_or_default().to_owned());
    let terminal = row.columns.get("terminal").and_then(Value::as_bool).unwrap_or(false);
    item.extend(row.columns);
    if let Some(status) = status {
        item.insert("status_text".into(), text("status", &status, &Map::new()).into());
        item.insert("status".into(), status.into());
    }
    item.insert("terminal".into(), terminal.into());
    let waiting = answered.waiting_on.map(|waiting| (text("waiting", &waiting.code, &waiting.params), waiting));
    item.insert("waiting_on".into(), waiting.as_ref().map(|(sentence, _)| sentence.as_str()).into());
    item.insert("waiting".into(), waiting.map_or(Value::Null, |(sentence, reason)| waits(sentence, &reason)));
    let action = |action: Action| {
        json!({
            "command": action.command,
            "title": text("commands", &action.command, &Map::new()),
            "allowed": action.allowed,
            "why": action.why.map(|why| text("rejections", &why.code, &why.params)),
            "body": action.body,
        })
    };
    item.insert("actions".into(), answered.actions.into_iter().map(action).collect());
    Value::Object(item)
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

/// Instants are milliseconds on the plugin's side.
fn for_plugin(row: &Row, view: &ViewType) -> Map<String, Value> {
    let mut columns = row.columns.clone();
    for column in view.columns.iter().filter(|column| column.kind == ColumnType::Timestamp) {
        if let Some(value) = columns.get_mut(&column.name) {
            let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            *value = at.map(millis).into();
        }
    }
    columns.insert("key".into(), row.key.clone().into());
    columns
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

fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}
