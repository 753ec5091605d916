//! A view among the views of its package, through whose rows its own rows may be readable.

use super::Error;
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
    let Through { column, view: other } = through;
    let is_indexed = |known: &Column| known.name == *column && known.kind == ColumnType::Text && known.filter;
    if !view.columns.iter().any(is_indexed) {
        return Some(format!("a read rule names `{column}`, which is no text column with a filter"));
    }
    if *other == view.name {
        return Some(format!("a read rule goes through `{other}` itself"));
    }
    let Some(found) = views.iter().find(|known| known.name == *other) else {
        return Some(format!("a read rule goes through `{other}`, which is no view of the package"));
    };
    let is_chain = found.read.iter().any(|rule| rule.through.is_some());
    is_chain.then(|| format!("a read rule goes through `{other}`, whose own rules go through another view"))
}
