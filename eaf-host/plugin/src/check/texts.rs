//! Checks of the texts that people read: each code of a package has a text in its locales, and each
//! mail has a template in `mails/`.

use super::source::{Referent, SourceReference};
use super::{Finding, choices, names};
use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_core::contract::Description;
use std::collections::BTreeSet;

/// Checks that each command that people may give has a title. Commands of the system need none,
/// because people do not see them.
pub fn titles(description: &Description, texts: &Locales) -> Vec<Finding> {
    let known: BTreeSet<&str> = texts.keys().collect();
    let of_people = description.commands.iter().filter(|command| command.permission.is_some());
    of_people
        .map(|command| (&command.name, format!("commands.{}", command.name)))
        .filter(|(_, key)| !known.contains(key.as_str()))
        .map(|(name, key)| missing(format!("command {name}"), &key))
        .collect()
}

pub fn references(
    references: &[SourceReference],
    description: &Description,
    texts: &Locales,
    mails: &Templates,
) -> Vec<Finding> {
    let keys: BTreeSet<&str> = texts.keys().collect();
    let mails: BTreeSet<&str> = mails.names().collect();
    let mut reported = BTreeSet::new();
    let mut found = Vec::new();
    for SourceReference { referent, place, .. } in references {
        if !reported.insert(referent) {
            continue;
        }
        found.extend(match referent {
            Referent::Text(key) => (!keys.contains(key.as_str())).then(|| missing(place.clone(), key)),
            Referent::Mail(name) => (!mails.contains(name.as_str())).then(|| no_mail(place, name, &mails)),
            Referent::Permission(name) => names::permission(description, name, place.clone()),
        });
    }
    found
}

pub fn missing(place: String, key: &str) -> Finding {
    Finding::new(place, format!("there is no text `{key}`"), "Add it to locales/de.toml and locales/en.toml.")
}

fn no_mail(place: &str, name: &str, known: &BTreeSet<&str>) -> Finding {
    let files = "{de,en}.{subject.txt,txt,html}";
    let fix = format!("Add mails/{name}/{files}, or name another. {}", choices(known.iter().copied()));
    Finding::new(place, format!("there is no mail `{name}`"), fix)
}
