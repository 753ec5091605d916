//! Lists of types, such as a plugin's commands, and the search of such a list by name. The lists
//! are types, not tables of function pointers, so that the linker can remove code that a component
//! does not use.

use crate::document::{CommandType, ViewType, WorkflowType};
use crate::{Command, State, View, Workflow, component};

/// A list of types: `list![A, B]` is `(A, (B, ()))`.
#[macro_export]
macro_rules! list {
    () => { () };
    ($head:ty $(, $tail:ty)* $(,)?) => { ($head, $crate::list![$($tail),*]) };
}

pub trait Commands {
    fn visit<V: CommandVisitor>(name: &str, visitor: V) -> Option<V::Output>;
    fn describe(into: &mut Vec<CommandType>);
}

#[doc(hidden)]
pub trait CommandVisitor {
    type Output;
    fn visit<C: Command>(self) -> Self::Output;
}

/// List of a plugin's state types. `visit` calls the visitor with the state type that has this
/// category of streams.
pub trait States {
    fn visit<V: StateVisitor>(category: &str, visitor: V) -> Option<V::Output>;
}

#[doc(hidden)]
pub trait StateVisitor {
    type Output;
    fn visit<S: State>(self) -> Self::Output;
}

impl States for () {
    fn visit<V: StateVisitor>(_: &str, _: V) -> Option<V::Output> {
        None
    }
}

impl<H: State, T: States> States for (H, T) {
    fn visit<V: StateVisitor>(category: &str, visitor: V) -> Option<V::Output> {
        if category == H::CATEGORY { Some(visitor.visit::<H>()) } else { T::visit(category, visitor) }
    }
}

pub trait Views {
    fn visit<V: ViewVisitor>(name: &str, visitor: V) -> Option<V::Output>;
    fn describe(into: &mut Vec<ViewType>);
}

#[doc(hidden)]
pub trait ViewVisitor {
    type Output;
    fn visit<W: View>(self) -> Self::Output;
}

pub trait Workflows {
    fn visit<V: WorkflowVisitor>(name: &str, visitor: V) -> Option<V::Output>;
    fn describe(into: &mut Vec<WorkflowType>);
}

#[doc(hidden)]
pub trait WorkflowVisitor {
    type Output;
    fn visit<W: Workflow>(self) -> Self::Output;
}

macro_rules! lists {
    ($($list:ident of $item:ident by $visitor:ident as $kind:ident through $describe:ident;)+) => {$(
        impl $list for () {
            fn visit<V: $visitor>(_: &str, _: V) -> Option<V::Output> {
                None
            }
            fn describe(_: &mut Vec<$kind>) {}
        }

        impl<H: $item, T: $list> $list for (H, T) {
            fn visit<V: $visitor>(name: &str, visitor: V) -> Option<V::Output> {
                if name == H::NAME { Some(visitor.visit::<H>()) } else { T::visit(name, visitor) }
            }
            fn describe(into: &mut Vec<$kind>) {
                into.push(component::$describe::<H>());
                T::describe(into);
            }
        }
    )+};
}

lists! {
    Commands of Command by CommandVisitor as CommandType through command_type;
    Views of View by ViewVisitor as ViewType through view_type;
    Workflows of Workflow by WorkflowVisitor as WorkflowType through workflow_type;
}
