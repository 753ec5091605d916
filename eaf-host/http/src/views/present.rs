//! Rows as people read them: columns, what the row waits for and who can act, and the commands that
//! the caller may give.

use super::answers::{self, Input};
use super::named::{self, Names};
use crate::App;
use crate::code::Code;
use crate::messages;
use crate::people::People;
use crate::problem::Problem;
use crate::products::Product;
use eaf_core::actor::Caller;
use eaf_core::contract::{Action, Context, ContextActor, Message, RowActions, ViewType};
use eaf_core::id::CommandId;
use eaf_core::observation;
use eaf_core::setting;
use eaf_core::view::{Row, row_members};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Code in `waiting` of a row for which the package failed.
const ROW_FAULT: &str = "row-fault";

/// Document of a row in a response. It is serialized without an intermediate JSON value, because
/// lists consist mostly of rows.
pub struct ItemDocument {
    row: Row,
    status_text: Option<String>,
    waiting: Option<WaitingOn>,
    actions: Vec<ActionItem>,
    /// Time of the last observation of the row's managed resource. `None`: the host does not
    /// observe this view.
    observed_at: Option<Observed>,
    /// Names of people by actor id. `None`: the view declares no people.
    people: Option<Names>,
}

/// Time of an observation, as RFC 3339; `None`: never observed.
type Observed = Option<String>;

/// Reason why a row waits: text, since when, and the people who can act, if the package names them.
#[derive(Serialize)]
struct WaitingOn {
    code: String,
    text: String,
    since: Option<String>,
    people: Vec<String>,
}

/// Action on a row, as a response shows it.
#[derive(Serialize)]
struct ActionItem {
    permitted: bool,
    command: String,
    title: String,
    allowed: bool,
    why: Option<String>,
    body: Map<String, Value>,
}

impl Serialize for ItemDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry(row_members::KEY, &self.row.key)?;
        members.serialize_entry(row_members::POSITION, &self.row.position)?;
        for (name, value) in &self.row.columns {
            members.serialize_entry(name, value)?;
        }
        if let Some(text) = &self.status_text {
            members.serialize_entry(row_members::STATUS_TEXT, text)?;
        }
        members.serialize_entry(row_members::WAITING_ON, &self.waiting.as_ref().map(|waiting| &waiting.text))?;
        members.serialize_entry(row_members::WAITING, &self.waiting)?;
        members.serialize_entry(row_members::ACTIONS, &self.actions)?;
        if let Some(at) = &self.observed_at {
            members.serialize_entry(row_members::OBSERVED_AT, at)?;
        }
        if let Some(people) = &self.people {
            members.serialize_entry(row_members::PEOPLE, people)?;
        }
        members.end()
    }
}

pub async fn items(
    app: &App,
    product: &Product,
    view: &ViewType,
    caller: &Caller,
    rows: Vec<Row>,
) -> Result<Vec<ItemDocument>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let context = context(app, product, caller).await?;
    let presenter = Presenter { product, caller, permissions: context.actor.permissions.clone() };
    let mut answered = answers::ask(product, Input { view, rows: &rows, context }).await?;
    let mut people = People::new(app, product, caller.tenant);
    for RowActions { waiting_on, actions } in answered.iter_mut().flatten() {
        let reasons = actions.iter_mut().filter_map(|action| action.why.as_mut());
        for message in waiting_on.iter_mut().chain(reasons) {
            people.resolve(&mut message.params).await?;
        }
    }
    let observed = observed(app, product, view, caller, &rows).await?;
    let names = named::names(app, view, caller, &rows).await?;
    let mut items: Vec<ItemDocument> =
        rows.into_iter().zip(answered).map(|(row, answer)| presenter.item(row, answer)).collect();
    for (item, at) in items.iter_mut().zip(observed) {
        item.observed_at = Some(at);
    }
    for (item, names) in items.iter_mut().zip(names) {
        item.people = Some(names);
    }
    Ok(items)
}

/// Times of the last observations of the rows' managed resources; empty if the host does not
/// observe them.
async fn observed(
    app: &App,
    product: &Product,
    view: &ViewType,
    caller: &Caller,
    rows: &[Row],
) -> Result<Vec<Observed>, Problem> {
    let Some(capability) = product.observed_capability(&view.name) else { return Ok(Vec::new()) };
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let known = observation::observed_at(&app.core.db, caller.tenant, product.id(), capability, &keys).await;
    let known = known.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let at = |key: &&str| known.get(*key).and_then(|at| at.format(&Rfc3339).ok());
    Ok(keys.iter().map(at).collect())
}

/// Makes the documents of rows for one caller.
struct Presenter<'a> {
    product: &'a Product,
    caller: &'a Caller,
    /// Permissions of the caller in this package, without the package's prefix.
    permissions: Vec<String>,
}

impl Presenter<'_> {
    /// Document of a row. If the package failed for the row, the document has the columns, and the
    /// failure as the reason why the row waits.
    fn item(&self, mut row: Row, answered: Option<RowActions>) -> ItemDocument {
        let status_text = row.columns.get_mut(row_members::STATUS).map(|status| {
            let code = status.as_str().unwrap_or_default().to_owned();
            let text = self.text("status", &code, &Map::new());
            *status = code.into();
            text
        });
        let terminal = row.columns.get(row_members::TERMINAL).and_then(Value::as_bool).unwrap_or(false);
        row.columns.insert(row_members::TERMINAL.into(), terminal.into());
        let Some(RowActions { waiting_on, actions }) = answered else {
            let waiting = Some(self.fault());
            return ItemDocument { row, status_text, waiting, actions: Vec::new(), observed_at: None, people: None };
        };
        let waiting = waiting_on.map(|reason| {
            let text = self.text("waiting", &reason.code, &reason.params);
            waiting_document(text, reason)
        });
        let actions = actions.into_iter().map(|action| self.action(action)).collect();
        ItemDocument { row, status_text, waiting, actions, observed_at: None, people: None }
    }

    fn action(&self, action: Action) -> ActionItem {
        // The package sees only its own permissions, and each command has one.
        let permission = self.product.command(&action.command).and_then(|command| command.permission.as_ref());
        ActionItem {
            permitted: permission.is_some_and(|name| self.permissions.contains(name)),
            title: self.text("commands", &action.command, &Map::new()),
            command: action.command,
            allowed: action.allowed,
            why: action.why.map(|why| self.text("rejections", &why.code, &why.params)),
            body: action.body,
        }
    }

    fn fault(&self) -> WaitingOn {
        let params = Map::from_iter([("trace".to_owned(), self.caller.trace.0.clone().into())]);
        let text = messages::render("rows.fault", &params, self.caller.locale);
        waiting_document(text, Message { code: ROW_FAULT.into(), params: Map::new() })
    }

    fn text(&self, section: &str, code: &str, params: &Map<String, Value>) -> String {
        self.product.texts.render(section, code, params, self.caller.locale)
    }
}

fn waiting_document(text: String, reason: Message) -> WaitingOn {
    let since = reason.params.get("since").and_then(Value::as_i64);
    let since = since.and_then(|millis| OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok());
    let mut people = Vec::new();
    names(reason.params.get("people").unwrap_or(&Value::Null), &mut people);
    WaitingOn { since: since.and_then(|at| at.format(&Rfc3339).ok()), people, code: reason.code, text }
}

/// Adds the names of a resolved param, which has one list of names or several, each name once.
fn names(param: &Value, into: &mut Vec<String>) {
    match param {
        Value::String(name) if !into.contains(name) => into.push(name.clone()),
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

async fn context(app: &App, product: &Product, caller: &Caller) -> Result<Context, Problem> {
    Ok(Context {
        now: millis(app.core.ambient.now()),
        tenant: caller.tenant,
        actor: ContextActor::of(caller, product.id()),
        locale: caller.locale.as_str().into(),
        settings: settings(app, product, caller).await?,
        seed: app.core.ambient.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect(),
        command_id: CommandId(app.core.ambient.uuid()),
        trace_id: caller.trace.0.clone(),
    })
}

async fn settings(app: &App, product: &Product, caller: &Caller) -> Result<Map<String, Value>, Problem> {
    let Some(schema) = &product.domain.description().settings else { return Ok(Map::new()) };
    let mut tx = app.core.db.tenant(caller.tenant).await?;
    Ok(setting::effective(&mut tx, product.id(), Some(schema)).await?)
}

pub(super) fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn people_of_one_reference_or_of_several_are_listed_once_each() {
        let people = |param: Value| {
            let reason = Message { code: "approval".into(), params: Map::from_iter([("people".into(), param)]) };
            waiting_document(String::new(), reason).people
        };
        assert_eq!(people(json!(["Ada", "Ben"])), ["Ada", "Ben"]);
        assert_eq!(people(json!([["Ada", "Ben"], [], ["Ben", "Eva"]])), ["Ada", "Ben", "Eva"]);
        assert!(people(json!(null)).is_empty() && people(json!({ "name": "Ada" })).is_empty());
    }
}
