//! Rows of the audit trail as sentences in the reader's language.
//!
//! A package has the sentences for its events (`audit.<event>` of its locales), the host those for
//! its own acts and calls. The sentences are filled with names of things and people and with the
//! event's members that are not personal. Sealed values stay sealed; names of people come from the
//! directory as it is now.

use super::settings;
use crate::App;
use crate::messages;
use crate::problem::Problem;
use crate::products::Product;
use crate::things::Names;
use eaf_capability::text::format;
use eaf_core::actor::{ActorKind, Caller, Locale};
use eaf_core::audit::trail::{Item, Source};
use eaf_core::id::ActorId;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Names of the members that a sealed value has; see `eaf_core::crypto::personal`.
const SEALED: [&str; 2] = ["$sealed", "$sealed-for-all"];

/// Names of people and things that the sentences of some rows need.
pub struct Words<'a> {
    app: &'a App,
    locale: Locale,
    people: HashMap<ActorId, Option<String>>,
    things: Names,
}

impl<'a> Words<'a> {
    pub async fn of(app: &'a App, caller: &Caller, items: &[Item]) -> Result<Words<'a>, Problem> {
        let mut actors: BTreeSet<ActorId> = items.iter().map(|item| item.actor).collect();
        for item in items {
            actors.extend(item.object.split('/').filter_map(|part| part.parse::<ActorId>().ok()));
            actors.extend(mentioned(item).flat_map(|(_, value)| ids(value)));
        }
        let actors: Vec<ActorId> = actors.into_iter().collect();
        let people = app.core.directory.names_of(caller.tenant, &actors).await?;
        let things = Names::of(app, caller, items).await?;
        Ok(Words { app, locale: caller.locale, people, things })
    }

    /// Name of the actor of a row. `None`: the person is erased, or the actor is no person.
    pub fn actor_name(&self, item: &Item) -> Option<&str> {
        self.people.get(&item.actor)?.as_deref()
    }

    /// Name of the thing or person that a row is about; `None`: neither is known.
    pub fn thing(&self, item: &Item) -> Option<String> {
        if let Some(group) = item.object.strip_prefix("group/").filter(|_| item.source == Source::Host) {
            return Some(group.to_owned());
        }
        if let Some(product) = self.product_with_settings(item) {
            return Some(product.name.clone());
        }
        let person = || {
            let id = item.object.strip_prefix("member/").or_else(|| item.object.strip_prefix("person/"))?;
            Some(self.person(id.parse().ok()?))
        };
        match item.source {
            Source::Host if item.act != "command.give" => person(),
            _ => self.things.get(item),
        }
    }

    pub fn sentence(&self, item: &Item) -> String {
        let sentence = match item.source {
            Source::Log => self.event(item),
            Source::Host if item.act == "command.give" => self.refusal(item),
            Source::Host | Source::Call => self.act(item),
        };
        match item.count {
            1 => sentence,
            count => format!("{sentence} {}", self.host("times", &params(json!({ "count": count })))),
        }
    }

    /// Text of a row's outcome. For a refused command or a failed call, the text is the reason.
    pub fn outcome(&self, item: &Item) -> String {
        let outcome = item.outcome.as_str();
        if let Some(text) = self.find(&format!("outcomes.{outcome}"), &Map::new()) {
            return text;
        }
        match item.source {
            Source::Host if item.act == "command.give" => self.reason(item),
            _ => messages::failure(outcome, self.locale),
        }
    }

    fn event(&self, item: &Item) -> String {
        let kind = item.act.split_once('.').map_or(item.act.as_str(), |(_, kind)| kind);
        let mut filled = self.plain_members(item);
        filled.append(&mut self.common(item));
        let own =
            self.product(item).and_then(|product| product.texts.find(&format!("audit.{kind}"), &filled, self.locale));
        own.unwrap_or_else(|| {
            filled.insert("act".into(), kind.replace('-', " ").into());
            self.host("event", &filled)
        })
    }

    /// Members of the event that are not sealed. They contain people as ids, which the sentence
    /// replaces by names.
    fn plain_members(&self, item: &Item) -> Map<String, Value> {
        let members = item.data.as_ref().and_then(Value::as_object).into_iter().flatten();
        members.filter(|(_, value)| !is_sealed(value)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn common(&self, item: &Item) -> Map<String, Value> {
        let people: Map<String, Value> = mentioned(item)
            .filter_map(|(name, value)| Some((name, value.as_str()?.parse::<ActorId>().ok()?)))
            .filter(|(_, actor)| self.people.contains_key(actor))
            .map(|(name, actor)| (name.clone(), self.person(actor).into()))
            .collect();
        params(json!({ "who": self.who(item), "thing": self.thing_or_object(item), "people": people }))
    }

    fn refusal(&self, item: &Item) -> String {
        let (plugin, command) = item.object.split_once('/').unwrap_or((&item.object, ""));
        let product = self.app.products.get(plugin);
        let title =
            product.and_then(|product| product.texts.find(&format!("commands.{command}"), &Map::new(), self.locale));
        let mut filled = self.common(item);
        filled.insert("title".into(), title.unwrap_or_else(|| command.to_owned()).into());
        filled.insert("thing".into(), self.things.get(item).into());
        if item.outcome == "denied" {
            return self.host("command-denied", &filled);
        }
        filled.insert("reason".into(), self.reason(item).into());
        self.host("command-refused", &filled)
    }

    /// Reason of a refusal: the package's short text for the code, or its rejection text if this
    /// text has no parameters, or the code.
    fn reason(&self, item: &Item) -> String {
        let code = item.outcome.as_str();
        let plugin = item.object.split('/').next().unwrap_or_default();
        let product = self.app.products.get(plugin);
        let texts = product.as_ref().map(|product| &product.texts);
        let own = texts.and_then(|texts| {
            let short = texts.find(&format!("reasons.{code}"), &Map::new(), self.locale);
            short.or_else(|| texts.plain(&format!("rejections.{code}"), self.locale))
        });
        own.unwrap_or_else(|| code.to_owned())
    }

    fn act(&self, item: &Item) -> String {
        let mut filled = self.common(item);
        filled.insert("changed".into(), self.changed(item).into());
        if item.outcome == "ok"
            && let Some(done) = self.find(&format!("done.{}", item.act), &filled)
        {
            return done;
        }
        let title = self.find(&format!("acts.{}", item.act), &filled).unwrap_or_else(|| item.act.clone());
        filled.insert("title".into(), title.into());
        filled.insert("reason".into(), self.outcome(item).into());
        let form = match (item.source, item.outcome.as_str()) {
            (Source::Call, "ok") => "call-done",
            (Source::Call, "pending") => "call-pending",
            (_, "denied") => "act-denied",
            (_, "ok") => "act-done",
            _ => "act-failed",
        };
        self.host(form, &filled)
    }

    pub fn source(&self, item: &Item) -> String {
        self.host(&format!("sources.{}", item.source.as_str()), &Map::new())
    }

    /// Names of the settings that an act changed.
    pub fn changed(&self, item: &Item) -> Vec<String> {
        let Some(change) = &item.change else { return Vec::new() };
        let (old, new) = (members(&change["old"]), members(&change["new"]));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let differs = |name: &&String| old.get(*name) != new.get(*name);
        names.into_iter().filter(differs).map(|name| self.setting(item, name)).collect()
    }

    /// Renders the host's text `audit.<key>` with these parameters.
    pub fn render(&self, key: &str, filled: Value) -> String {
        self.host(key, &params(filled))
    }

    /// Title of a member of an event, or of a setting.
    pub fn field(&self, item: &Item, name: &str) -> String {
        let own = self.product(item).filter(|_| item.source == Source::Log);
        let own = own.and_then(|product| product.texts.find(&format!("fields.{name}"), &Map::new(), self.locale));
        own.unwrap_or_else(|| self.setting(item, name))
    }

    /// Value of a member or setting as people read it: people by name, amounts as money. `None`:
    /// the value is null.
    pub fn value(&self, name: &str, value: &Value) -> Option<String> {
        let actor = value.as_str().and_then(|text| text.parse::<ActorId>().ok());
        if let Some(actor) = actor.filter(|actor| self.people.contains_key(actor)) {
            return Some(self.person(actor));
        }
        match value {
            Value::Null => None,
            Value::Bool(value) => Some(self.host(if *value { "yes" } else { "no" }, &Map::new())),
            Value::Number(number) => match number.as_i64().filter(|_| name.ends_with("_cents")) {
                Some(cents) => Some(format::money(cents, self.locale, ' ')),
                None => Some(number.to_string()),
            },
            Value::String(text) if name == "secret" && text == "set" => Some(self.host("secret-set", &Map::new())),
            Value::String(text) => Some(text.clone()),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().filter_map(|item| self.value("", item)).collect();
                Some(items.join(", "))
            }
            Value::Object(_) => Some(value.to_string()),
        }
    }

    /// Name of a setting: as the product or the form of the connection labels it, otherwise the
    /// host's text.
    fn setting(&self, item: &Item, name: &str) -> String {
        if let Some(product) = self.product_with_settings(item) {
            return settings::label(&product, name, self.locale);
        }
        let label = item.act.starts_with("connection.").then(|| self.label(item, name)).flatten();
        let named = label.or_else(|| self.find(&format!("settings.{name}"), &Map::new()));
        named.unwrap_or_else(|| name.replace('_', " "))
    }

    /// Label of a setting in the form of the connection that an act is about.
    fn label(&self, item: &Item, name: &str) -> Option<String> {
        let (capability, _) = item.object.split_once('/')?;
        let texts = self.app.providers.get(capability)?.connections().texts;
        texts.plain(&format!("fields.{name}.label"), self.locale)
    }

    pub fn who(&self, item: &Item) -> String {
        match (&item.origin, item.actor_kind) {
            (Some(origin), _) if origin == "operator" => self.host("operator", &Map::new()),
            (Some(origin), _) => self.host("command-line", &params(json!({ "origin": origin }))),
            (None, _) if self.people.contains_key(&item.actor) => capital(&self.person(item.actor)),
            (None, ActorKind::System) => self.host("system", &Map::new()),
            (None, ActorKind::Service) => self.host("service", &Map::new()),
            (None, ActorKind::Person) => self.host("unknown", &Map::new()),
        }
    }

    fn person(&self, actor: ActorId) -> String {
        let known = self.people.get(&actor).cloned().flatten();
        known.unwrap_or_else(|| self.host("erased", &Map::new()))
    }

    fn thing_or_object(&self, item: &Item) -> String {
        self.thing(item).unwrap_or_else(|| match item.source {
            // An id says nothing to people: name its category.
            Source::Log => item.object.split('/').nth(1).unwrap_or_default().to_owned(),
            _ => item.object.clone(),
        })
    }

    /// Product whose settings an act changed; `None`: the act is another one.
    fn product_with_settings(&self, item: &Item) -> Option<Arc<Product>> {
        let plugin = item.object.strip_prefix("settings/").filter(|_| item.source == Source::Host)?;
        self.app.products.get(plugin)
    }

    fn product(&self, item: &Item) -> Option<Arc<Product>> {
        self.app.products.get(item.plugin.as_deref()?)
    }

    fn find(&self, key: &str, filled: &Map<String, Value>) -> Option<String> {
        messages::find(&format!("audit.{key}"), filled, self.locale)
    }

    fn host(&self, key: &str, filled: &Map<String, Value>) -> String {
        messages::render(&format!("audit.{key}"), filled, self.locale)
    }
}

pub fn is_sealed(value: &Value) -> bool {
    value.as_object().is_some_and(|members| SEALED.iter().any(|mark| members.contains_key(*mark)))
}

/// Members of an event's data, and of the old and new state of an act.
fn mentioned(item: &Item) -> impl Iterator<Item = (&String, &Value)> {
    let change = item.change.iter().flat_map(|change| [&change["old"], &change["new"]]);
    item.data.iter().chain(change).filter_map(Value::as_object).flatten()
}

/// Actors of a text or of a list of texts.
fn ids(value: &Value) -> Vec<ActorId> {
    let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    texts.iter().filter_map(|text| text.as_str()?.parse().ok()).collect()
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn params(value: Value) -> Map<String, Value> {
    members(&value)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + characters.as_str()
}
