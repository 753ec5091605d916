//! Names of things, such as machines and requests: to show what an audit row is about, and to
//! search the audit trail by name.
//!
//! Names are read from views. The package's description says which views have rows that stand for
//! things. Only rows that the caller may read are used, so a caller sees no name that is hidden
//! from them, and names of erased people are gone.

use super::App;
use super::code::Code;
use super::problem::Problem;
use super::products::Product;
use eaf_core::actor::{ActorKind, Caller};
use eaf_core::audit::trail::{Item, Things};
use eaf_core::connection;
use eaf_core::contract::{Thing, ViewType};
use eaf_core::db::TenantTx;
use eaf_core::view::{self, things};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of things that a search by name returns; a longer search text matches fewer
/// things.
pub const MAX_FOUND: usize = 100;
/// Maximum number of members of a command's body that are tried as keys of things.
const MAX_MEMBERS: usize = 40;
const MAX_KEY_BYTES: usize = 100;

/// Thing or connection that was found by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedObject {
    pub name: String,
    /// Name of the thing's stream, such as `dcm/vm/…`, or capability and name of the connection,
    /// such as `vsphere/vcenter`.
    pub object: String,
}

/// Finds the things of all products and the connections whose names contain a text. Also returns
/// the streams and runs of these things, to filter the audit trail by them.
pub async fn find_by_name(app: &App, caller: &Caller, text: &str) -> Result<(Things, Vec<NamedObject>), Problem> {
    let (mut all, mut found) = (Things::default(), BTreeSet::new());
    let mut tx = app.core.db.tenant(caller.tenant).await?;
    for product in app.products.all() {
        for (view, thing) in things_of(&product) {
            let named = things::find_by_name(&mut tx, caller, product.package_view(view), text, MAX_FOUND)
                .await
                .map_err(view_problem)?;
            for named in named {
                let name = named.name.to_lowercase();
                let by_name = thing.named.iter().map(|category| format!("{}/{category}/{name}", product.id()));
                all.streams.extend(by_name);
                all.streams.extend(streams(&product, &named.key));
                all.runs.push((product.id().to_owned(), named.key.clone()));
                let category = thing.streams.first().unwrap_or(&view.name);
                found.insert(NamedObject {
                    name: named.name,
                    object: format!("{}/{category}/{}", product.id(), named.key),
                });
            }
        }
    }
    drop(tx);
    let wanted = text.to_lowercase();
    for connection in app.core.connections.list(caller.tenant).await.map_err(connection_problem)? {
        let object = format!("{}/{}", connection.capability, connection.name);
        if object.to_lowercase().contains(&wanted) {
            found.insert(NamedObject { name: connection.name, object: object.clone() });
            all.objects.push(object);
        }
    }
    all.streams.sort();
    all.streams.dedup();
    Ok((all, found.into_iter().take(MAX_FOUND).collect()))
}

/// Streams that a thing's key may belong to: one for each category of things, because a machine and
/// the request for it share a key.
fn streams(product: &Product, key: &str) -> Vec<String> {
    let categories: BTreeSet<&String> = things_of(product).flat_map(|(_, thing)| &thing.streams).collect();
    categories.into_iter().map(|category| format!("{}/{category}/{key}", product.id())).collect()
}

/// Streams of the things of a plugin that have this key.
pub fn streams_of(app: &App, plugin: &str, key: &str) -> Vec<String> {
    app.products.get(plugin).map(|product| streams(&product, key)).unwrap_or_default()
}

fn things_of(product: &Product) -> impl Iterator<Item = (&ViewType, &Thing)> {
    let views = product.domain.description().views.iter();
    views.filter_map(|view| view.thing.as_ref().map(|thing| (view, thing)))
}

/// Names and values of the short texts in a command's body, some of which are keys of things.
pub fn named_in(body: &Value) -> Vec<(String, String)> {
    let members = body.as_object().into_iter().flatten();
    let texts = members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    texts.filter(|(_, text)| (1..=MAX_KEY_BYTES).contains(&text.len())).take(MAX_MEMBERS).collect()
}

/// Stream of the thing that a command is about. `None` unless the thing exists, so that callers
/// cannot put names of their own into the audit.
pub async fn about(
    app: &App,
    caller: &Caller,
    product: &Product,
    named: &[(String, String)],
) -> Result<Option<String>, Problem> {
    let keys: Vec<String> = named.iter().map(|(_, value)| value.clone()).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    // The names are read without row rules: only readers of the audit see the result, and it must
    // also name things that the caller may not see.
    let caller = &Caller { kind: ActorKind::System, ..caller.clone() };
    let mut best: Option<(bool, String)> = None;
    let mut tx = app.core.db.tenant(caller.tenant).await?;
    for (view, thing) in things_of(product) {
        let known = things::names(&mut tx, caller, product.package_view(view), &keys).await.map_err(view_problem)?;
        for (member, value) in named.iter().filter(|(_, value)| known.iter().any(|known| known.key == *value)) {
            let Some(category) = thing.streams.first() else { continue };
            // A member named like the category wins: `request` means the request, even if a machine
            // has the same key.
            let meant = thing.streams.contains(member);
            if best.as_ref().is_none_or(|(so_far, _)| meant && !so_far) {
                best = Some((meant, format!("{}/{category}/{value}", product.id())));
            }
        }
    }
    Ok(best.map(|(_, stream)| stream))
}

/// Names of the things that some audit rows concern.
#[derive(Debug, Default)]
pub struct Names {
    /// Names of things by plugin, category and key.
    by_stream: BTreeMap<(String, String, String), String>,
    /// Names of things by plugin and key, for audit rows of calls, which do not name the category.
    by_key: BTreeMap<(String, String), String>,
}

impl Names {
    pub async fn of(app: &App, caller: &Caller, items: &[Item]) -> Result<Names, Problem> {
        let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (plugin, _, key) in items.iter().filter_map(place) {
            keys.entry(plugin).or_default().insert(key);
        }
        let mut names = Names::default();
        let mut tx = app.core.db.tenant(caller.tenant).await?;
        for product in app.products.all() {
            let Some(keys) = keys.get(product.id()) else { continue };
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            names.read(&mut tx, caller, &product, &keys).await?;
        }
        Ok(names)
    }

    async fn read(
        &mut self,
        tx: &mut TenantTx,
        caller: &Caller,
        product: &Product,
        keys: &[String],
    ) -> Result<(), Problem> {
        for (view, thing) in things_of(product) {
            for named in things::names(tx, caller, product.package_view(view), keys).await.map_err(view_problem)? {
                let plugin = product.id().to_owned();
                for category in &thing.streams {
                    let place = (plugin.clone(), category.clone(), named.key.clone());
                    self.by_stream.insert(place, named.name.clone());
                }
                self.by_key.insert((plugin, named.key), named.name);
            }
        }
        Ok(())
    }

    /// Name of the thing that an audit row concerns; `None`: the row concerns no known thing.
    pub fn get(&self, item: &Item) -> Option<String> {
        let (plugin, category, key) = place(item)?;
        let by_key = || self.by_key.get(&(plugin.to_owned(), key.to_owned()));
        let known = match category {
            Some(category) => {
                let place = (plugin.to_owned(), category.to_owned(), key.to_owned());
                self.by_stream.get(&place).or_else(by_key)
            }
            None => by_key(),
        };
        // A key that is no UUID was chosen by people and serves as the name.
        known.cloned().or_else(|| uuid::Uuid::try_parse(key).is_err().then(|| key.to_owned()))
    }
}

/// Plugin, category and key of the thing that an audit row concerns; `None`: the row concerns no
/// thing.
fn place(item: &Item) -> Option<(&str, Option<&str>, &str)> {
    if let Some(key) = &item.run_key {
        return Some((item.plugin.as_deref()?, None, key));
    }
    let about = item.about.as_deref().unwrap_or(&item.object);
    let (plugin, rest) = about.split_once('/')?;
    let (category, key) = rest.split_once('/')?;
    (item.data.is_some() || item.about.is_some()).then_some((plugin, Some(category), key))
}

fn view_problem(cause: view::Error) -> Problem {
    match cause {
        view::Error::NotCreated(_) => Problem::new(Code::ViewBehind),
        view::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}

fn connection_problem(cause: connection::Error) -> Problem {
    match cause {
        connection::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
