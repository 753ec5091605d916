//! Names of the people whose actor ids a row contains, at the places that its view declares.

use crate::App;
use crate::problem::Problem;
use eaf_core::actor::Caller;
use eaf_core::contract::ViewType;
use eaf_core::id::ActorId;
use eaf_core::view::Row;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Step of a pointer that means each element of a list and each member of an object.
const EACH: &str = "*";

/// Names by actor id, in the form of a row's member `people`; null: the person was erased.
pub type Names = Map<String, Value>;

/// Names of the people in each row. Empty for a view that declares none.
pub async fn names(app: &App, view: &ViewType, caller: &Caller, rows: &[Row]) -> Result<Vec<Names>, Problem> {
    if view.people.is_empty() {
        return Ok(Vec::new());
    }
    let of_rows: Vec<BTreeSet<ActorId>> = rows.iter().map(|row| actors(&view.people, &row.columns)).collect();
    let all: BTreeSet<ActorId> = of_rows.iter().flatten().copied().collect();
    let known = match all.is_empty() {
        true => HashMap::new(),
        false => app.core.directory.names_of(caller.tenant, &Vec::from_iter(all)).await?,
    };
    let name = |actor: ActorId| Some((actor.to_string(), known.get(&actor)?.clone().into()));
    Ok(of_rows.into_iter().map(|actors| actors.into_iter().filter_map(name).collect()).collect())
}

/// Actor ids at these pointers. What is no id is ignored.
fn actors(pointers: &[String], columns: &Map<String, Value>) -> BTreeSet<ActorId> {
    let mut found = BTreeSet::new();
    for pointer in pointers {
        let mut steps = pointer.split('/').skip(1);
        if let Some(value) = steps.next().and_then(|column| columns.get(column)) {
            let steps: Vec<&str> = steps.collect();
            collect(value, &steps, &mut found);
        }
    }
    found
}

fn collect(value: &Value, steps: &[&str], found: &mut BTreeSet<ActorId>) {
    let Some((step, rest)) = steps.split_first() else {
        found.extend(value.as_str().and_then(|text| text.parse::<ActorId>().ok()));
        return;
    };
    match value {
        Value::Array(elements) if *step == EACH => elements.iter().for_each(|one| collect(one, rest, found)),
        Value::Object(members) if *step == EACH => members.values().for_each(|one| collect(one, rest, found)),
        Value::Object(members) => members.get(*step).into_iter().for_each(|one| collect(one, rest, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_lead_to_ids_in_texts_lists_and_objects() {
        let id = |n: u8| format!("0198c0de-0000-7000-8000-0000000000{n:02}");
        let columns = json!({
            "author": id(1), "status": id(9), "title": "not an id", "empty": null,
            "decisions": [{ "by": id(2), "for": null }, { "by": id(3), "for": id(4) }, "odd"],
            "stages": { "a": { "asked": [[{ "actor": id(5) }, { "group": "finance" }]] }, "b": {} },
        });
        let pointers = [
            "/author",
            "/title",
            "/empty",
            "/missing",
            "/decisions/*/by",
            "/decisions/*/for",
            "/stages/*/asked/*/*/actor",
        ];
        let found = actors(&pointers.map(String::from), columns.as_object().expect("an object"));
        let expected: BTreeSet<ActorId> = (1..=5).map(|n| id(n).parse().expect("an id")).collect();
        assert_eq!(found, expected);
    }
}
