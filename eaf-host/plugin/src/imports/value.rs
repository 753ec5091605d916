//! Conversion of values between WebAssembly components and JSON. A `list<u8>` is the UTF-8 text of
//! a JSON value.

use eaf_core::capability::Failure;
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;
use wasmtime::component::types::Type;

pub fn is_document(ty: &Type) -> bool {
    matches!(ty, Type::List(list) if list.ty() == Type::U8)
}

/// Converts the arguments of a call to one JSON object. A parameter name such as `memory-mb`
/// becomes `memory_mb`.
pub fn arguments<'a>(params: impl Iterator<Item = ((&'a str, Type), &'a Val)>) -> wasmtime::Result<Value> {
    let mut arguments = Map::new();
    for ((name, ty), value) in params {
        arguments.insert(snake_case(name), json(name, &ty, value)?);
    }
    Ok(Value::Object(arguments))
}

/// Converts an argument of the WIT type `ty` to JSON. Fails for a `list<u8>` that is not JSON,
/// which is a bug of the package and stops the run.
fn json(name: &str, ty: &Type, value: &Val) -> wasmtime::Result<Value> {
    Ok(match (ty, value) {
        (_, Val::Bool(value)) => Value::Bool(*value),
        (_, Val::U8(value)) => (*value).into(),
        (_, Val::U16(value)) => (*value).into(),
        (_, Val::U32(value)) => (*value).into(),
        (_, Val::U64(value)) => (*value).into(),
        (_, Val::S8(value)) => (*value).into(),
        (_, Val::S16(value)) => (*value).into(),
        (_, Val::S32(value)) => (*value).into(),
        (_, Val::S64(value)) => (*value).into(),
        (_, Val::Float32(value)) => Number::from_f64(f64::from(*value)).map_or(Value::Null, Value::Number),
        (_, Val::Float64(value)) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
        (_, Val::Char(value)) => Value::String(value.to_string()),
        (_, Val::String(text) | Val::Enum(text)) => Value::String(text.clone()),
        (Type::List(_), Val::List(bytes)) if is_document(ty) => parse(name, bytes)?,
        (Type::List(list), Val::List(items)) => {
            let ty = list.ty();
            Value::Array(items.iter().map(|item| json(name, &ty, item)).collect::<wasmtime::Result<_>>()?)
        }
        (Type::Tuple(tuple), Val::Tuple(items)) => {
            let items = tuple.types().zip(items).map(|(ty, item)| json(name, &ty, item));
            Value::Array(items.collect::<wasmtime::Result<_>>()?)
        }
        (Type::Record(record), Val::Record(values)) => {
            let fields = record
                .fields()
                .zip(values)
                .map(|(field, (_, value))| Ok((snake_case(field.name), json(field.name, &field.ty, value)?)));
            Value::Object(fields.collect::<wasmtime::Result<_>>()?)
        }
        (Type::Option(option), Val::Option(value)) => match value {
            Some(value) => json(name, &option.ty(), value)?,
            None => Value::Null,
        },
        (Type::Variant(variant), Val::Variant(case, payload)) => {
            let ty = variant.cases().find(|known| known.name == case).and_then(|known| known.ty);
            let payload = match (ty, payload) {
                (Some(ty), Some(payload)) => json(case, &ty, payload)?,
                _ => Value::Null,
            };
            Value::Object(Map::from_iter([(snake_case(case), payload)]))
        }
        _ => return Err(wasmtime::Error::msg(format!("{name} has a type that no argument of a capability may have"))),
    })
}

fn parse(name: &str, bytes: &[Val]) -> wasmtime::Result<Value> {
    let bytes: Vec<u8> =
        bytes.iter().filter_map(|byte| if let Val::U8(byte) = byte { Some(*byte) } else { None }).collect();
    serde_json::from_slice(&bytes).map_err(|error| wasmtime::Error::msg(format!("{name} is not JSON: {error}")))
}

pub fn document(value: &Value) -> Val {
    Val::List(value.to_string().into_bytes().into_iter().map(Val::U8).collect())
}

/// Converts a failure to the WIT record `failure` of `eaf:workflow/flow`.
pub fn failure(failure: Failure) -> Val {
    let retry_after = failure.retry_after_ms.map(|millis| Box::new(Val::U64(millis)));
    let members = [
        ("class", Val::String(failure.class.as_str().into())),
        ("code", Val::String(failure.code)),
        ("message", Val::String(failure.message)),
        ("retry-after-ms", Val::Option(retry_after)),
    ];
    Val::Record(members.map(|(name, value)| (name.to_owned(), value)).into())
}

fn snake_case(name: &str) -> String {
    name.replace('-', "_")
}
