//! SDK for plugin authors.
//!
//! A plugin is a library and three small binaries. It consists of:
//! 1. events: one struct per event with [`Event`], listed by [`events!`];
//! 2. decisions: one file per command with [`Command`];
//! 3. views: one file per view with [`View`];
//! 4. durable functions: one file per workflow with [`Workflow`];
//! 5. a type that lists them with [`Plugin`] (and one with [`Flows`]), by types instead of function
//!    pointers: all that `Plugin` reaches is in the domain component, which must not import
//!    anything;
//! 6. settings of a tenant, if there are any: a struct with a default, see [`settings_schema`];
//! 7. `src/bin/{domain,workflow,describe}.rs`, each one macro of this crate.
//!
//! ```ignore
//! #![cfg_attr(target_family = "wasm", no_main)]
//! eaf_sdk::domain!(dcm::Dcm);
//! ```
//!
//! [`testing`] runs a plugin natively: given/when/then for decisions, views from events, a scripted
//! host for workflows.

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
pub mod command;
#[doc(hidden)]
pub mod component;
pub mod document;
pub mod event;
pub mod flow;
#[doc(hidden)]
pub mod host;
mod list;
pub mod people;
pub mod person;
pub mod personal;
mod plugin;
mod settings;
pub mod stream;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod view;
pub mod workflow;

pub use command::{Accepted, Command, Fields};
pub use document::{
    Action, Actor, ActorKind, Context, FieldError, Message, Principal, Recorded, Rejection, RejectionKind, RowActions,
};
pub use event::{Event, EventSet};
pub use list::{Commands, States, Views, Workflows};
pub use people::People;
pub use person::Person;
pub use personal::Personal;
pub use plugin::{Flows, Permission, Plugin};
pub use settings::{Settings, settings_schema};
pub use stream::{Boundary, State, Streams};
pub use view::{Column, ReadRule, Rows, Thing, Through, View};
pub use workflow::{Failure, Trigger, Workflow};

/// Exports the domain component of a plugin.
#[macro_export]
macro_rules! domain {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        mod component {
            use $crate::bindings::domain::exports::eaf::domain as exports;

            struct Component;

            impl exports::boundary::Guest for Component {
                fn boundary(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::boundary::<$plugin>(&input)
                }
            }
            impl exports::decide::Guest for Component {
                fn decide(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::decide::<$plugin>(&input)
                }
            }
            impl exports::fold::Guest for Component {
                fn fold(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::fold::<$plugin>(&input)
                }
            }
            impl exports::project::Guest for Component {
                fn keys(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::keys::<$plugin>(&input)
                }
                fn project(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::project::<$plugin>(&input)
                }
            }
            impl exports::actions::Guest for Component {
                fn actions(input: Vec<u8>) -> Vec<u8> {
                    $crate::component::actions::<$plugin>(&input)
                }
            }
            $crate::bindings::domain::export_domain!(Component with_types_in $crate::bindings::domain);
        }

        #[cfg(not(target_family = "wasm"))]
        fn main() {}
    };
}

/// Exports the workflow component of a plugin. The component contains only the imports that the
/// plugin's code uses.
#[macro_export]
macro_rules! workflow {
    ($flows:ty) => {
        #[cfg(target_family = "wasm")]
        mod component {
            use $crate::bindings::workflow::exports::eaf::workflow::run as exports;

            struct Component;

            impl exports::Guest for Component {
                fn run(workflow: String, input: Vec<u8>) -> Result<Vec<u8>, exports::Failure> {
                    $crate::component::run::<$flows>(&workflow, &input).map_err(Into::into)
                }
            }
            $crate::bindings::workflow::export_workflow!(Component with_types_in $crate::bindings::workflow);
        }

        #[cfg(not(target_family = "wasm"))]
        fn main() {}
    };
}

/// Exports the describe component of a plugin. The component runs when the package is built, and is
/// not shipped.
#[macro_export]
macro_rules! describe {
    ($plugin:ty, $flows:ty) => {
        #[cfg(target_family = "wasm")]
        mod component {
            struct Component;

            impl $crate::bindings::describe::exports::eaf::domain::describe::Guest for Component {
                fn describe() -> Vec<u8> {
                    $crate::component::describe::<$plugin, $flows>()
                }
            }
            $crate::bindings::describe::export_describe!(Component with_types_in $crate::bindings::describe);
        }

        #[cfg(not(target_family = "wasm"))]
        fn main() {}
    };
}
