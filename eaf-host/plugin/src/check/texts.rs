//! Sentences for people: every code of a package has a text in its locales, and every mail is in
//! `mails/`.

use super::source::{Said, What};
use super::{Fault, choices, names};
use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_core::contract::Description;
use std::collections::BTreeSet;

/// Checks the titles of the commands that people may give; commands of the system are not shown.
pub fn titles(description: &Description, texts: &Locales) -> Vec<Fault> {
    let known: BTreeSet<&str> = texts.keys().collect();
    let of_people = description.commands.iter().filter(|command| command.permission.is_some());
    of_people
        .map(|command| (&command.name, format!("commands.{}", command.name)))
        .filter(|(_, key)| !known.contains(key.as_str()))
        .map(|(name, key)| missing(format!("command {name}"), &key))
        .collect()
}

pub fn said(said: &[Said], description: &Description, texts: &Locales, mails: &Templates) -> Vec<Fault> {
    let keys: BTreeSet<&str> = texts.keys().collect();
    let mails: BTreeSet<&str> = mails.names().collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for Said { what, place, .. } in said {
        if !told.insert(what) {
            continue;
        }
        found.extend(match what {
            What::Text(key) => (!keys.contains(key.as_str())).then(|| missing(place.clone(), key)),
            What::Mail(name) => (!mails.contains(name.as_str())).then(|| no_mail(place, name, &mails)),
            What::Permission(name) => names::permission(description, name, place.clone()),
        });
    }
    found
}

fn missing(place: String, key: &str) -> Fault {
    Fault::new(place, format!("there is no text `{key}`"), "Add it to locales/de.toml and locales/en.toml.")
}

fn no_mail(place: &str, name: &str, known: &BTreeSet<&str>) -> Fault {
    let files = "{de,en}.{subject.txt,txt,html}";
    let fix = format!("Add mails/{name}/{files}, or name another. {}", choices(known.iter().copied()));
    Fault::new(place, format!("there is no mail `{name}`"), fix)
}
