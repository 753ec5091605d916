//! Events: facts that were decided, one struct each.

use crate::document::{EventType, Recorded};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub trait Event: Serialize + DeserializeOwned + JsonSchema {
    const TYPE: &'static str;
    const SCHEMA: u16 = 1;

    /// Turn data of an older schema version into the present shape. What was recorded never changes.
    fn upcast(_schema: u16, data: Value) -> Value {
        data
    }
}

/// All events of a plugin as one enum; made by [`events!`](crate::events).
pub trait EventSet: Sized {
    /// None for an event that is not in the set.
    fn decode(recorded: &Recorded) -> Option<Self>;
    fn describe() -> Vec<EventType>;
}

/// # Panics
/// When the data does not fit the type: the plugin cannot read its own history, which is a bug in `upcast`.
#[doc(hidden)]
pub fn decode<E: Event>(recorded: &Recorded) -> E {
    let data = E::upcast(recorded.schema, recorded.data.clone());
    serde_json::from_value(data).unwrap_or_else(|error| {
        panic!("event {} (schema {}) cannot be read: {}", recorded.kind, recorded.schema, harmless(&error))
    })
}

/// What serde says may quote the data; only the part that names a member is kept.
fn harmless(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") { text } else { "a member has another type".into() }
}

/// Declares the enum of a plugin's events: `events! { pub enum Event { Submitted, Approved } }`.
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($event:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        #[allow(clippy::large_enum_variant, reason = "one at a time, never in bulk")]
        $vis enum $name { $($event($event)),+ }

        impl $crate::EventSet for $name {
            fn decode(recorded: &$crate::Recorded) -> Option<Self> {
                $(if recorded.kind == <$event as $crate::Event>::TYPE {
                    return Some($name::$event($crate::event::decode(recorded)));
                })+
                None
            }

            fn describe() -> Vec<$crate::document::EventType> {
                vec![$($crate::component::event_type::<$event>()),+]
            }
        }
    };
}
