//! Checks of views: no column has a name that the database or the API reserves, read rules can
//! match, events are declared, and rows that wait for people can be found.

use super::{Finding, choices, names, workflows};
use eaf_core::contract::{Column, ColumnType, Description, ViewType};
use eaf_core::view::{self, row_members};

pub fn findings(description: &Description) -> Vec<Finding> {
    description.views.iter().flat_map(|view| of_view(description, view)).collect()
}

fn of_view(description: &Description, view: &ViewType) -> Vec<Finding> {
    let mut found: Vec<Finding> = view.columns.iter().filter_map(|column| reserved(view, column)).collect();
    found.extend(view.columns.iter().filter_map(|column| mistyped(view, column)));
    found.extend(view.columns.iter().filter_map(|column| unaskable(view, column)));
    found.extend(
        view.read.iter().filter_map(|rule| {
            names::permission(description, &rule.permission, format!("view {}, read rule", view.name))
        }),
    );
    found.extend(view.read.iter().filter_map(|rule| own(view, rule.own.as_deref()?)));
    found.extend(view.read.iter().filter_map(|rule| asked(view, rule.asked.as_deref()?)));
    found.extend(view.events.iter().filter_map(|kind| names::event(description, kind, format!("view {}", view.name))));
    found.extend(unread(view));
    found.extend(departure(description, view));
    found.extend(view.people.iter().filter_map(|pointer| person(view, pointer)));
    if found.is_empty() {
        found.extend(refused_by_the_core(description, view));
    }
    found
}

fn place(view: &ViewType, column: &str) -> String {
    format!("view {}, column {column}", view.name)
}

fn reserved(view: &ViewType, column: &Column) -> Option<Finding> {
    if !row_members::RESERVED.contains(&column.name.as_str()) {
        return None;
    }
    let what = "the host puts a member of this name into every row";
    let fix = format!("Name the column otherwise. Reserved are: {}.", row_members::RESERVED.join(", "));
    Some(Finding::new(place(view, &column.name), what, fix))
}

/// Finding about the column `status` or `terminal` of a view if its type is wrong. The host itself
/// reads these columns, so it requires a type. `None` for a correct type and for other columns.
fn mistyped(view: &ViewType, column: &Column) -> Option<Finding> {
    let (kind, word, what) = match column.name.as_str() {
        row_members::STATUS => (ColumnType::Text, "text", "the host reads its text as `status.<value>` of the locales"),
        row_members::TERMINAL => {
            (ColumnType::Boolean, "boolean", "the host reads from it whether the row is at its end")
        }
        _ => return None,
    };
    let fix = format!("Make it a {word} column, or name it otherwise.");
    (column.kind != kind).then(|| Finding::new(place(view, &column.name), what, fix))
}

fn unaskable(view: &ViewType, column: &Column) -> Option<Finding> {
    let is_filter = column.filter || view.asked_columns().any(|asked| asked.name == column.name);
    if !is_filter || !view::PARAMETERS.contains(&column.name.as_str()) {
        return None;
    }
    let what = "a filter by it is impossible, because the parameter of this name has another meaning";
    let fix = format!("Name the column otherwise, or drop .filter(). Taken are: {}.", view::PARAMETERS.join(", "));
    Some(Finding::new(place(view, &column.name), what, fix))
}

fn own(view: &ViewType, name: &str) -> Option<Finding> {
    let texts = of_type(view, ColumnType::Text);
    if texts.contains(&name) {
        return None;
    }
    let what = format!("`own` names `{name}`, which is no text column of this view");
    let fix = format!("Name the text column that holds the actor id. {}", choices(texts));
    Some(Finding::new(format!("view {}, read rule", view.name), what, fix))
}

fn asked(view: &ViewType, name: &str) -> Option<Finding> {
    let documents = of_type(view, ColumnType::Json);
    if documents.contains(&name) {
        return None;
    }
    let what = format!("`asked` names `{name}`, which is no json column of this view");
    let fix = format!("Name the json column that holds the reference to people. {}", choices(documents));
    Some(Finding::new(format!("view {}, read rule", view.name), what, fix))
}

fn of_type(view: &ViewType, kind: ColumnType) -> Vec<&str> {
    view.columns.iter().filter(|column| column.kind == kind).map(|column| column.name.as_str()).collect()
}

fn unread(view: &ViewType) -> Vec<Finding> {
    let place = || format!("view {}", view.name);
    let mut found = Vec::new();
    if view.read.is_empty() {
        found.push(Finding::new(place(), "it has no read rule", "Add a read rule."));
    }
    if view.events.is_empty() {
        found.push(Finding::new(place(), "no event fills it", "Name its events in EVENTS."));
    }
    found
}

/// Finding about a pointer to people's actor ids that leads to no column which can have them.
fn person(view: &ViewType, pointer: &str) -> Option<Finding> {
    let (column, inner) = match pointer.strip_prefix('/').map(|path| path.split_once('/')) {
        Some(Some((column, _))) => (column, true),
        Some(None) => (&pointer[1..], false),
        None => ("", false),
    };
    let kind = if inner { ColumnType::Json } else { ColumnType::Text };
    let known = of_type(view, kind);
    if known.contains(&column) {
        return None;
    }
    let word = if inner { "json" } else { "text" };
    let what = format!("the pointer `{pointer}` leads to no {word} column");
    Some(Finding::new(format!("view {}, people", view.name), what, choices(known)))
}

/// Findings about the command of `on_departure`, and about the columns by which the host finds the
/// rows that wait for people.
fn departure(description: &Description, view: &ViewType) -> Vec<Finding> {
    let Some(command) = &view.on_departure else { return Vec::new() };
    let place = format!("view {}, on_departure", view.name);
    let mut found: Vec<Finding> =
        workflows::of_command(description, place.clone(), command, &["key"]).into_iter().collect();
    for (name, kind, word) in
        [(row_members::TERMINAL, ColumnType::Boolean, "boolean"), (row_members::WAITING_FOR, ColumnType::Json, "json")]
    {
        if !of_type(view, kind).contains(&name) {
            let what = format!("the view has no {word} column `{name}`, by which the host finds its open rows");
            found.push(Finding::new(place.clone(), what, "Add the column, or drop `on_departure`."));
        }
    }
    found
}

fn refused_by_the_core(description: &Description, view: &ViewType) -> Option<Finding> {
    let checked = view::check(view).and_then(|()| view::check_through(view, &description.views));
    let fix = "Change the declaration of the column or of the read rule.";
    Some(Finding::new(format!("view {}", view.name), checked.err()?.to_string(), fix))
}
