//! A view among the views of its package, through whose rows its own rows may be readable.

use super::{Error, row_members};
use crate::contract::{Column, ColumnType, Description, Through, ViewType};

/// View of a package, with all views of the package.
#[derive(Debug, Clone, Copy)]
pub struct PackageView<'a> {
    pub plugin: &'a str,
    pub view: &'a ViewType,
    /// Views of the package. Without them, a rule `through` permits no one.
    pub views: &'a [ViewType],
}

impl<'a> PackageView<'a> {
    pub fn new(plugin: &'a str, view: &'a ViewType, description: &'a Description) -> Self {
        PackageView { plugin, view, views: &description.views }
    }

    /// View without the others of its package: for the system, which reads all rows.
    pub fn alone(plugin: &'a str, view: &'a ViewType) -> Self {
        PackageView { plugin, view, views: &[] }
    }

    /// Names of the views through whose rows a caller may read this one. A change there may make
    /// rows readable.
    pub fn through(&self) -> impl Iterator<Item = &'a str> {
        self.view.read.iter().filter_map(|rule| rule.through.as_ref()).map(|through| through.view.as_str())
    }

    pub(super) fn find(&self, name: &str) -> Option<&'a ViewType> {
        self.views.iter().find(|view| view.name == name)
    }
}

/// Checks the rules `through` of a view against the other views of its package.
///
/// The other view may have no such rule itself: a chain would be a query within a query for each
/// row, and a cycle has no end.
pub fn check_through(view: &ViewType, views: &[ViewType]) -> Result<(), Error> {
    let mut rules = view.read.iter().filter_map(|rule| rule.through.as_ref());
    let why = rules.find_map(|through| error_in(view, views, through));
    why.map_or(Ok(()), |why| Err(Error::Definition { view: view.name.clone(), why }))
}

/// Describes the error in a rule `through`. `None`: the rule is valid.
fn error_in(view: &ViewType, views: &[ViewType], through: &Through) -> Option<String> {
    let Through { column, view: other, open_by } = through;
    if !has_filtered_text(view, column) {
        return Some(format!("a read rule names `{column}`, which is no text column with a filter"));
    }
    if *other == view.name {
        return Some(format!("a read rule goes through `{other}` itself"));
    }
    let Some(found) = views.iter().find(|known| known.name == *other) else {
        return Some(format!("a read rule goes through `{other}`, which is no view of the package"));
    };
    let is_chain = found.read.iter().any(|rule| rule.through.is_some());
    if is_chain {
        return Some(format!("a read rule goes through `{other}`, whose own rules go through another view"));
    }
    let open_by = open_by.as_ref()?;
    if !has_filtered_text(found, open_by) {
        return Some(format!("a read rule names `{open_by}` of `{other}`, which is no text column with a filter"));
    }
    let is_terminal = |known: &Column| known.name == row_members::TERMINAL && known.kind == ColumnType::Boolean;
    let has_end = found.columns.iter().any(is_terminal);
    (!has_end).then(|| format!("a read rule asks for open rows of `{other}`, which has no column `terminal`"))
}

/// Whether the view has this text column with a filter, so with an index.
fn has_filtered_text(view: &ViewType, column: &str) -> bool {
    view.columns.iter().any(|known| known.name == column && known.kind == ColumnType::Text && known.filter)
}
