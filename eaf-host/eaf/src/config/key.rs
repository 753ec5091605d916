//! Settings as text: their definitions, their sources (file and variables), and the problems of
//! invalid settings.

use super::deployment::Deployment;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Definition of a setting: its names, its default and its description.
pub struct Key {
    /// Name of the setting in the TOML file: `section.name`.
    pub name: &'static str,
    pub variable: &'static str,
    pub default: Default,
    pub kind: Kind,
    pub about: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Default {
    Required,
    /// The setting has no value by default; `about` says what that means.
    Absent,
    Is(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// Secret value: also read from `<variable>_FILE`, never from the TOML file, and never repeated
    /// in a message.
    Secret,
}

/// Name of the environment variable that contains the path of the TOML file.
const FILE: &str = "EAF_CONFIG";
/// Name of the variable that lists `EAF_…` variables of other programs, which are ignored.
pub const IGNORE: &str = "EAF_IGNORE";

/// Values of settings by key, with the problems found so far.
#[derive(std::default::Default)]
pub struct Values {
    text: BTreeMap<&'static str, (String, Origin)>,
    problems: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    File,
    Variable,
}

impl Values {
    pub fn add_file(&mut self, table: &toml::Table) {
        for (section, members) in table {
            let Some(members) = members.as_table() else {
                self.problems.push(format!("`{section}` in the file is not a section"));
                continue;
            };
            for (member, value) in members {
                let name = format!("{section}.{member}");
                match (all_keys().find(|key| key.name == name), plain_text(value)) {
                    (None, _) => self.problems.push(unknown(&name, all_keys().map(|key| key.name))),
                    (Some(key), _) if key.kind == Kind::Secret => {
                        self.problems.push(format!("{name} is a secret: use {} or {0}_FILE", key.variable));
                    }
                    (Some(_), None) => self.problems.push(format!("{name} is neither text, number, yes/no nor a list")),
                    (Some(key), Some(text)) => {
                        self.text.insert(key.name, (text, Origin::File));
                    }
                }
            }
        }
    }

    pub fn add_variables(&mut self, variables: &BTreeMap<String, String>) {
        let ignored = variables.get(IGNORE).map(String::as_str).unwrap_or_default();
        let is_ignored = |name: &str| ignored.split(',').any(|ignored| ignored.trim() == name);
        for (variable, value) in variables.iter().filter(|(name, _)| name.starts_with("EAF_")) {
            if let Some(key) = all_keys().find(|key| key.variable == variable) {
                self.set(key, value.clone(), variable);
                continue;
            }
            let secret = all_keys().find(|key| {
                key.kind == Kind::Secret && variable.strip_suffix("_FILE").is_some_and(|stem| stem == key.variable)
            });
            if let Some(key) = secret {
                match std::fs::read_to_string(value) {
                    Ok(text) => self.set(key, text.trim_end().to_string(), variable),
                    Err(cause) => self.problems.push(format!("{variable}: {value} cannot be read ({})", cause.kind())),
                }
                continue;
            }
            if ![FILE, IGNORE].contains(&variable.as_str()) && !is_ignored(variable) {
                self.problems.push(unknown(variable, all_keys().map(|key| key.variable)));
            }
        }
    }

    pub fn add_deployment(&mut self, deployment: &Deployment) {
        self.problems.extend(deployment.problems.iter().cloned());
        for (variable, value) in &deployment.settings {
            let source = if variable.starts_with("EAF_OIDC") { "KEYCLOAK_URL" } else { "DB_HOST" };
            let key = all_keys().find(|key| key.variable == *variable).expect("a setting has this variable");
            self.set(key, value.clone(), source);
        }
    }

    fn set(&mut self, key: &'static Key, value: String, variable: &str) {
        let previous = self.text.insert(key.name, (value, Origin::Variable));
        if previous.is_some_and(|(_, origin)| origin == Origin::Variable) {
            self.problems.push(format!("{} is set twice, once by {variable}", key.variable));
        }
    }

    /// Value of a setting, or else the setting's default. `None`: the setting has neither. A
    /// required setting without a value adds a problem.
    pub fn text(&mut self, key: &'static Key) -> Option<String> {
        if let Some((text, _)) = self.text.get(key.name) {
            return Some(text.clone());
        }
        match key.default {
            Default::Is(text) => Some(text.to_string()),
            Default::Absent => None,
            Default::Required => {
                let file = if key.kind == Kind::Secret { " (or its _FILE)" } else { "" };
                self.problems.push(format!("{}{file} is missing: {}", key.variable, key.about));
                None
            }
        }
    }

    pub fn parse<T: FromStr>(&mut self, key: &'static Key, expected: &str) -> Option<T> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                self.refuse(key, expected);
                None
            }
        }
    }

    /// Adds the problem that the value of a setting is not as expected, without the value if it is
    /// secret.
    pub fn refuse(&mut self, key: &'static Key, expected: &str) {
        let given = match (key.kind, self.text.get(key.name)) {
            (Kind::Plain, Some((text, _))) => format!(", not `{text}`"),
            _ => String::new(),
        };
        self.problems.push(format!("{} must be {expected}{given}", key.variable));
    }

    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    pub fn into_problems(self) -> Vec<String> {
        self.problems
    }
}

fn all_keys() -> impl Iterator<Item = &'static Key> {
    super::SECTIONS.iter().flat_map(|section| section.keys)
}

/// Whether a variable is that of a secret setting.
pub fn is_secret(variable: &str) -> bool {
    all_keys().any(|key| key.kind == Kind::Secret && key.variable == variable)
}

fn plain_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            items.iter().map(plain_text).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    }
}

fn unknown(name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let near = known.map(|candidate| (distance(name, candidate), candidate)).min();
    match near {
        Some((steps, candidate)) if steps <= 2 => format!("{name} is not a setting; did you mean {candidate}?"),
        _ => format!("{name} is not a setting; deploy/configuration.md lists them"),
    }
}

/// Levenshtein distance of two names, to suggest the name that was meant.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
