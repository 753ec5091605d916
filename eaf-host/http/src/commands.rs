//! `POST /api/{plugin}/commands/{command}`: gives a command, the only way to change a product's
//! state.
//!
//! Checks in this order, so that a refusal reveals no more than the caller may know:
//! authentication, existence, permission, idempotency key, JSON, schema, and then the command bus.

use super::App;
use super::access::Access;
use super::body::MAX_BODY_BYTES;
use super::caller::TenantCaller;
use super::code::Code;
use super::location;
use super::operation::{Doc, Operation};
use super::parameters::Parameters;
use super::people::People;
use super::precondition::{self, Precondition};
use super::problem::{FieldProblem, Problem};
use super::products::Product;
use super::schema::limits;
use super::things;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use eaf_core::actor::Locale;
use eaf_core::command_bus::{self, Answer};
use eaf_core::contract::{CommandType, DomainError, FieldError, Message, Rejection, RejectionKind};
use eaf_core::event_store::Position;
use eaf_core::id::CommandId;
use serde_json::{Value, json};

pub const KEY_HEADER: &str = "idempotency-key";
const MAX_KEY_LENGTH: usize = 200;
const POSITION: &str = "[0-9]{1,9}-[0-9]{1,18}";

pub fn operation() -> Operation {
    Operation {
        method: "post",
        path: "/api/{plugin}/commands/{command}",
        access: Access::Command { act: "command.give" },
        route: post(execute),
        doc: Doc::Commands,
    }
}

async fn execute(
    State(app): State<App>,
    mut who: TenantCaller,
    Path((plugin, name)): Path<(String, String)>,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    let product = app.products.get(&plugin).ok_or_else(|| Problem::new(Code::NotFound))?;
    let command = find_for_people(&product, &name).ok_or_else(|| Problem::new(Code::NotFound))?;
    let dry_run = dry_run(&parameters)?;
    let idempotency_key = idempotency_key(&app, request.headers())?;
    let precondition =
        precondition::of(request.headers(), |tag| tag.parse::<Position>().ok())?.map(|read| match read {
            Precondition::Matches(position) => command_bus::Precondition::UnchangedSince(position),
            Precondition::Absent => command_bus::Precondition::Absent,
        });
    let body = who.read_json(&app, request).await?;

    let invocation = Invocation {
        object: format!("{plugin}/{name}"),
        id: CommandId::derive(who.caller.tenant, who.caller.actor, &idempotency_key),
        dry_run,
    };
    let named_keys = things::named_in(&body);
    let request = command_bus::Request { name, body, idempotency_key, dry_run, precondition };
    match check_and_execute(&app, &who, &product, command, request).await? {
        Answer::Rejected(rejection) => Err(rejected(&app, &who, &product, &invocation, named_keys, rejection).await?),
        answer => accepted(&app, &who, &product, &invocation, answer).await,
    }
}

/// Executes the command if its body fits the schema. Otherwise returns the recorded answer to the
/// same idempotency key, if there is one, because a retry may follow an upgrade to another schema.
async fn check_and_execute(
    app: &App,
    who: &TenantCaller,
    product: &Product,
    command: &CommandType,
    mut request: command_bus::Request,
) -> Result<Answer, Problem> {
    let violations = violations(app, product, command, &mut request.body, who.caller.locale)?;
    let (core, domain) = (&app.core, product.domain.as_ref());
    if violations.is_empty() {
        return core.bus.execute(domain, &who.caller, request).await.map_err(bus_problem);
    }
    match core.bus.recorded_answer(domain, &who.caller, &request).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) | Err(command_bus::Error::KeyReused) => Err(Problem::new(Code::BodyInvalid)
            .errors(add_rule_violations(app, who, product, command, request, violations).await)),
        Err(cause) => Err(bus_problem(cause)),
    }
}

/// Adds violations of the package's rules, by members that fit the schema, to the violations of the
/// schema, so that a person can correct a form in one step.
async fn add_rule_violations(
    app: &App,
    who: &TenantCaller,
    product: &Product,
    CommandType { name, version, schema, .. }: &CommandType,
    mut request: command_bus::Request,
    mut violations: Vec<FieldProblem>,
) -> Vec<FieldProblem> {
    let (digest, key) = (product.domain.digest(), format!("{name}/{version}"));
    let Some(body) = app.schemas.substitute_violations(digest, &key, schema, &request.body, &violations) else {
        return violations;
    };
    (request.body, request.dry_run) = (body, true);
    let answer = app.core.bus.execute(product.domain.as_ref(), &who.caller, request).await;
    // A rejection of another kind may be caused by the values that replaced faulty members.
    if let Ok(Answer::Rejected(mut rejection)) = answer
        && matches!(rejection.kind, RejectionKind::Invalid | RejectionKind::Conflict)
        && People::new(app, product, who.caller.tenant).resolve_rejection(&mut rejection).await.is_ok()
    {
        let broken = field_problems(product, who.caller.locale, &rejection);
        let was_sent = |rule: &FieldProblem| violations.iter().all(|violation| violation.pointer != rule.pointer);
        violations.extend(broken.into_iter().filter(was_sent).collect::<Vec<_>>());
    }
    violations
}

fn field_problems(product: &Product, locale: Locale, rejection: &Rejection) -> Vec<FieldProblem> {
    let problem = |field: &FieldError| FieldProblem {
        pointer: field.pointer.clone(),
        code: field.code.clone(),
        message: Some(product.texts.render("rejections", &field.code, &field.params, locale)),
        params: field.params.clone(),
    };
    rejection.fields.iter().map(problem).collect()
}

/// Data of the given command that the response to it needs.
struct Invocation {
    /// Name of the command in the audit, such as `dcm/request-vm`.
    object: String,
    id: CommandId,
    dry_run: bool,
}

fn violations(
    app: &App,
    product: &Product,
    CommandType { name, version, schema, .. }: &CommandType,
    body: &mut Value,
    locale: Locale,
) -> Result<Vec<FieldProblem>, Problem> {
    let found = app.schemas.check(product.domain.digest(), &format!("{name}/{version}"), schema, body, locale);
    found.map_err(|cause| Problem::fault(Code::PackageFault, &cause))
}

/// Finds a command that people may give. A command without a permission is for the system alone.
/// `None`: people have no such command.
pub fn find_for_people<'a>(product: &'a Product, name: &str) -> Option<&'a CommandType> {
    product.command(name).filter(|command| command.permission.is_some())
}

fn dry_run(parameters: &Parameters) -> Result<bool, Problem> {
    let mut dry_run = false;
    for (name, value) in parameters.once(|name| name == "dry-run")? {
        dry_run = match value.as_str() {
            "" | "true" => true,
            "false" => false,
            _ => return Err(Problem::parameter(name, "invalid")),
        };
    }
    Ok(dry_run)
}

/// Idempotency key of the request: from its header, or a random one if the header is absent.
fn idempotency_key(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let Some(value) = values.next() else { return Ok(app.core.ambient.uuid().to_string()) };
    let invalid = || Problem::new(Code::IdempotencyKeyInvalid);
    let key = value.to_str().map_err(|_| invalid())?;
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if values.next().is_some() || key.is_empty() || key.len() > MAX_KEY_LENGTH || !visible {
        return Err(invalid());
    }
    Ok(key.to_owned())
}

async fn accepted(
    app: &App,
    who: &TenantCaller,
    product: &Product,
    invocation: &Invocation,
    answer: Answer,
) -> Result<Response, Problem> {
    let Answer::Accepted { command_id, position, subject, mut preview } = answer else {
        return Err(Problem::new(Code::Internal));
    };
    if let Some(preview) = &mut preview {
        People::new(app, product, who.caller.tenant).resolve(preview).await?;
    }
    let location = subject.as_ref().map(|subject| location::of_row(product.id(), subject));
    let mut body = json!({
        "command_id": command_id,
        "position": position,
        "subject": subject,
        "location": location,
        "dry_run": invocation.dry_run,
    });
    if invocation.dry_run {
        body["preview"] = preview.into();
        return Ok(Json(body).into_response());
    }
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Some(value) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// Problem that answers a rejected command. The rejection is recorded in the audit once per command
/// id, because a repetition of the command gets the same answer.
async fn rejected(
    app: &App,
    who: &TenantCaller,
    product: &Product,
    invocation: &Invocation,
    named_keys: Vec<(String, String)>,
    mut rejection: Rejection,
) -> Result<Problem, Problem> {
    if !invocation.dry_run {
        let about = things::about(app, &who.caller, product, &named_keys).await.unwrap_or_else(|problem| {
            tracing::warn!(
                code = problem.code(),
                invocation.object,
                "the stream of a refused command could not be recorded"
            );
            None
        });
        who.record_refusal(app, invocation.id.0, &invocation.object, &rejection.code, about.as_deref()).await?;
    }
    People::new(app, product, who.caller.tenant).resolve_rejection(&mut rejection).await?;
    let errors = field_problems(product, who.caller.locale, &rejection);
    let detail = product.texts.render("rejections", &rejection.code, &rejection.params, who.caller.locale);
    let reason = Message { code: rejection.code, params: rejection.params };
    Ok(Problem::rejected(rejection.kind, &reason, detail, errors))
}

fn bus_problem(cause: command_bus::Error) -> Problem {
    use command_bus::Error;
    match cause {
        Error::UnknownCommand { .. } => Problem::new(Code::NotFound),
        Error::Key => Problem::new(Code::IdempotencyKeyInvalid),
        Error::KeyReused => Problem::new(Code::IdempotencyKeyReused),
        Error::Changed { position } => {
            Problem::new(Code::ChangedMeanwhile).with("position", position.map(|position| position.to_string()))
        }
        Error::Precondition { .. } => Problem::new(Code::BasisInvalid),
        Error::Erased => Problem::new(Code::AnswerErased),
        Error::PersonErased => Problem::new(Code::PersonErased),
        Error::Reserved { pointer } => {
            let unknown = FieldProblem::new(format!("{pointer}/$sealed"), "unknown");
            Problem::new(Code::BodyInvalid).errors(vec![unknown])
        }
        Error::NoMember { pointer } => {
            Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new(pointer, "person")])
        }
        Error::NotPermitted { pointer, .. } => {
            Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new(pointer, "person-not-permitted")])
        }
        Error::Conflict { .. } => Problem::new(Code::Contention),
        Error::Overloaded { retry_after } => Problem::new(Code::Overloaded).retry_after(retry_after),
        Error::Generation => Problem::new(Code::PackageChanged),
        Error::TooLarge { .. }
        | Error::TooManyEvents { .. }
        | Error::TooMuchHistory { .. }
        | Error::TooManyBytes { .. } => Problem::fault(Code::DecisionTooLarge, &cause),
        Error::Db(cause) => cause.into(),
        Error::Settings(cause) => cause.into(),
        Error::UnknownEvent(ref unknown) => {
            tracing::error!(error = unknown as &dyn std::error::Error, "an event is newer than the package");
            Problem::new(Code::EventUnknown)
        }
        Error::Domain(cause) => domain_problem(&cause),
        Error::TooManyStreams { .. }
        | Error::TooManyPeople { .. }
        | Error::TooManyRounds { .. }
        | Error::StreamName { .. }
        | Error::OutsideBoundary { .. }
        | Error::UndeclaredEvent { .. }
        | Error::Personal(_)
        | Error::UndeclaredView { .. } => Problem::fault(Code::PackageFault, &cause),
        _ => Problem::fault(Code::Internal, &cause),
    }
}

/// Problem that answers a request whose domain component failed, or is suspended after repeated
/// failures.
pub fn domain_problem(cause: &DomainError) -> Problem {
    match cause {
        DomainError::Unavailable { retry_after, .. } => {
            tracing::warn!(error = cause as &dyn std::error::Error, "the request failed");
            Problem::new(Code::PackageUnavailable).retry_after(*retry_after)
        }
        cause => Problem::fault(Code::PackageFault, cause),
    }
}

/// OpenAPI entry of one command.
pub fn entry(product: &Product, command: &CommandType) -> serde_json::Value {
    use super::operation::Entry;
    let title = |locale| product.texts.find(&format!("commands.{}", command.name), &serde_json::Map::new(), locale);
    let summary = title(Locale::En).unwrap_or_else(|| command.name.clone());
    let id = format!("{}.{}", product.id(), command.name);
    let permission = command.permission.as_deref().unwrap_or_default();
    let entry = Entry::new(&id, product.id(), &summary)
        .query("dry-run", json!({ "type": "boolean" }), "Rehearses the command: decides it and records nothing.")
        .header(
            "Idempotency-Key",
            json!({ "type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]+$" }),
            "A repetition with the same key gets the first answer and changes nothing.",
        )
        .body(limits::add(&command.schema));
    let mut entry = precondition::described(entry, POSITION, "The `position` of the row that the command was made on.")
        .answers("202", "Accepted and recorded.", json!({ "$ref": "#/components/schemas/Accepted" }))
        .response_header("202", "Location", "The row of the command's subject.")
        .answers(
            "200",
            "With dry-run only: the command would be accepted.",
            json!({ "$ref": "#/components/schemas/Accepted" }),
        )
        .refuses(&[
            Code::MalformedJson,
            Code::IdempotencyKeyInvalid,
            Code::BasisInvalid,
            Code::QueryInvalid,
            Code::PermissionMissing,
            Code::NotFound,
            Code::IdempotencyKeyReused,
            Code::ChangedMeanwhile,
            Code::PersonErased,
            Code::Contention,
            Code::Overloaded,
            Code::BodyTooLarge,
            Code::BodyTooComplex,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
            Code::PackageChanged,
            Code::EventUnknown,
            Code::PackageUnavailable,
        ])
        .build();
    entry["description"] =
        format!("Needs the permission `{}.{permission}`. At most {} KiB.", product.id(), MAX_BODY_BYTES / 1024).into();
    entry
}
