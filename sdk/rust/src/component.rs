//! Functions that a plugin's components export to the host. Each takes and returns one JSON
//! document; the test harness calls the same functions.

use crate::document::*;
use crate::list::{CommandVisitor, StateVisitor, ViewVisitor, WorkflowVisitor};
use crate::stream::{category, empty_state, fold_to_json};
use crate::{
    Boundary, Command, Commands, Event, EventSet, Failure, Flows, Plugin, Rows, State, States, Streams, View, Views,
    Workflow, Workflows, command,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub fn boundary<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let BoundaryInput { command, context, loaded } = read(input);
    let name = command.name.clone();
    let visitor = BoundaryOf { body: command.body, ctx: &context, loaded: Streams::new(loaded) };
    let boundary = P::Commands::visit(&name, visitor).unwrap_or_default();
    write(&boundary.into_output())
}

pub fn decide<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let DecideInput { command, context, streams, people } = read(input);
    let name = command.name.clone();
    let visitor = Decide { command, ctx: &context, streams: &Streams::new(streams).with_people(people) };
    let decided = P::Commands::visit(&name, visitor)
        .unwrap_or_else(|| Err(Rejection::not_found("unknown-command").param("command", name)));
    write(&match decided {
        Ok(accepted) => Decision::Accepted(accepted),
        Err(rejection) => Decision::Rejected(rejection),
    })
}

pub fn fold<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let input: FoldInput = read(input);
    let state = P::States::visit(category(&input.stream), Fold(&input));
    write(&FoldOutput { state: state.unwrap_or_else(empty_state) })
}

pub fn keys<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let KeysInput { view, events } = read(input);
    let keys = P::Views::visit(&view, Keys { events: &events }).unwrap_or_else(|| panic!("no view `{view}`"));
    write(&KeysOutput { keys })
}

pub fn project<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let ProjectInput { view, events, rows } = read(input);
    let changes =
        P::Views::visit(&view, Project { events: &events, rows }).unwrap_or_else(|| panic!("no view `{view}`"));
    write(&ProjectOutput { changes })
}

pub fn actions<P: Plugin>(input: &[u8]) -> Vec<u8> {
    let ActionsInput { view, rows, context } = read(input);
    let items = P::Views::visit(&view, Actions { rows, ctx: &context }).unwrap_or_else(|| panic!("no view `{view}`"));
    write(&ActionsOutput { items })
}

pub fn run<F: Flows>(workflow: &str, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let RunInput { event } = read(input);
    let unknown = || Err(Failure::permanent("unknown-workflow", format!("no workflow `{workflow}`")));
    F::Workflows::visit(workflow, Run { recorded: &event }).unwrap_or_else(unknown).map(|value| write(&value))
}

pub fn describe<P: Plugin, F: Flows>() -> Vec<u8> {
    prepare();
    let mut description = Description {
        commands: Vec::new(),
        events: P::Events::describe(),
        views: Vec::new(),
        permissions: Vec::new(),
        workflows: Vec::new(),
        settings: P::settings(),
    };
    P::Commands::describe(&mut description.commands);
    P::Views::describe(&mut description.views);
    F::Workflows::describe(&mut description.workflows);
    for permission in P::PERMISSIONS {
        let roles = permission.roles.iter().map(ToString::to_string).collect();
        description.permissions.push(PermissionType { name: permission.name.into(), roles });
    }
    write(&description)
}

struct BoundaryOf<'a> {
    body: Value,
    ctx: &'a Context,
    loaded: Streams,
}

impl CommandVisitor for BoundaryOf<'_> {
    type Output = Boundary;

    fn visit<C: Command>(self) -> Boundary {
        // A malformed body is rejected by `decide`, for which no streams are needed.
        match serde_json::from_value::<C>(self.body) {
            Ok(command) if command::permitted::<C>(self.ctx).is_ok() => command.boundary(self.ctx, &self.loaded),
            _ => Boundary::none(),
        }
    }
}

struct Decide<'a> {
    command: crate::document::Command,
    ctx: &'a Context,
    streams: &'a Streams,
}

impl CommandVisitor for Decide<'_> {
    type Output = Result<Accepted, Rejection>;

    fn visit<C: Command>(self) -> Self::Output {
        command::permitted::<C>(self.ctx)?;
        if self.command.version != C::VERSION {
            let rejection = Rejection::invalid("command-version").param("version", self.command.version);
            return Err(rejection.param("known", C::VERSION));
        }
        // Errors of serde may quote personal data; the host has reported the details from the
        // schema.
        let body: C = serde_json::from_value(self.command.body).map_err(|_| Rejection::invalid("invalid-body"))?;
        body.decide(self.ctx, self.streams)
    }
}

struct Fold<'a>(&'a FoldInput);

impl StateVisitor for Fold<'_> {
    type Output = Value;

    fn visit<S: State>(self) -> Value {
        fold_to_json::<S>(&self.0.stream, self.0.snapshot.as_ref(), &self.0.events)
    }
}

struct Keys<'a> {
    events: &'a [Recorded],
}

impl ViewVisitor for Keys<'_> {
    type Output = Vec<String>;

    fn visit<V: View>(self) -> Vec<String> {
        let mut keys: Vec<String> = decoded::<V>(self.events).flat_map(|(e, r)| V::keys(&e, r)).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

struct Project<'a> {
    events: &'a [Recorded],
    rows: Map<String, Value>,
}

impl ViewVisitor for Project<'_> {
    type Output = Vec<RowChange>;

    fn visit<V: View>(mut self) -> Vec<RowChange> {
        let mut rows = Rows::new();
        for (event, recorded) in decoded::<V>(self.events) {
            for key in V::keys(&event, recorded) {
                let found = self.rows.remove(&key).map(row::<V>);
                rows.declare(key, found);
            }
            V::project(&event, recorded, &mut rows);
        }
        rows.into_changes()
            .map(|(key, row)| match row {
                Some(row) => RowChange::Upsert { key, row: columns(&row) },
                None => RowChange::Delete { key },
            })
            .collect()
    }
}

struct Actions<'a> {
    rows: Vec<Map<String, Value>>,
    ctx: &'a Context,
}

impl ViewVisitor for Actions<'_> {
    type Output = Vec<RowActions>;

    fn visit<V: View>(self) -> Vec<RowActions> {
        let one = |columns: Map<String, Value>| {
            let key = columns.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
            V::actions(&key, &row::<V>(Value::Object(columns)), self.ctx)
        };
        self.rows.into_iter().map(one).collect()
    }
}

struct Run<'a> {
    recorded: &'a Recorded,
}

impl WorkflowVisitor for Run<'_> {
    type Output = Result<Value, Failure>;

    fn visit<W: Workflow>(self) -> Self::Output {
        let Some(event) = W::Event::decode(self.recorded) else {
            return Err(Failure::permanent("unknown-event", format!("no event `{}`", self.recorded.kind)));
        };
        W::run(event, self.recorded)
    }
}

pub(crate) fn command_type<C: Command>() -> CommandType {
    let permission = C::PERMISSION.map(Into::into);
    CommandType { name: C::NAME.into(), version: C::VERSION, permission, schema: schema::<C>() }
}

pub fn event_type<E: Event>() -> EventType {
    EventType { kind: E::TYPE.into(), schema_version: E::SCHEMA, schema: schema::<E>() }
}

pub(crate) fn view_type<V: View>() -> ViewType {
    let column = |c: &crate::Column| ColumnType {
        name: c.name.into(),
        kind: c.kind.into(),
        filter: c.filter,
        sort: c.sort,
        search: c.search,
    };
    let rule = |r: &crate::ReadRule| ReadRuleType {
        permission: r.permission.into(),
        own: r.own.map(Into::into),
        asked: r.asked.map(Into::into),
        through: r.through.map(|through| ThroughType {
            column: through.column.into(),
            view: through.view.into(),
            open_by: through.open_by.map(Into::into),
        }),
    };
    ViewType {
        name: V::NAME.into(),
        version: V::VERSION,
        columns: V::COLUMNS.iter().map(column).collect(),
        read: V::READ.iter().map(rule).collect(),
        events: V::EVENTS.iter().map(ToString::to_string).collect(),
        thing: V::THING.map(|thing| ThingType {
            name: thing.name.into(),
            streams: thing.streams.iter().map(ToString::to_string).collect(),
            named: thing.named.iter().map(ToString::to_string).collect(),
        }),
        on_departure: V::ON_DEPARTURE.map(Into::into),
        people: V::PEOPLE.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn workflow_type<W: Workflow>() -> WorkflowType {
    let trigger =
        |t: &crate::Trigger| TriggerType { event: t.event.into(), key: t.key.into(), subject: t.subject.into() };
    WorkflowType {
        name: W::NAME.into(),
        version: W::VERSION,
        triggers: W::TRIGGERS.iter().map(trigger).collect(),
        on_stall: W::ON_STALL.map(Into::into),
        on_failure: W::ON_FAILURE.map(Into::into),
    }
}

/// JSON Schema of `T`, without `$ref`, so that readers of the schema need no resolver.
pub(crate) fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn decoded<V: View>(events: &[Recorded]) -> impl Iterator<Item = (V::Event, &Recorded)> {
    events.iter().filter_map(|recorded| V::Event::decode(recorded).map(|event| (event, recorded)))
}

fn row<V: View>(columns: Value) -> V::Row {
    serde_json::from_value(columns).unwrap_or_else(|_| panic!("a row of view `{}` does not fit its type", V::NAME))
}

fn columns<R: Serialize>(row: &R) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(columns)) => columns,
        _ => panic!("a row must be a struct with one member per column"),
    }
}

fn prepare() {
    #[cfg(target_family = "wasm")]
    crate::bindings::panic_slot::install();
}

fn read<T: DeserializeOwned>(input: &[u8]) -> T {
    prepare();
    serde_json::from_slice(input).unwrap_or_else(|_| panic!("the host sent something that is not the agreed document"))
}

fn write<T: Serialize>(output: &T) -> Vec<u8> {
    serde_json::to_vec(output).expect("documents are plain data")
}
