//! Listing of all inventory objects of one type below another object, each with its path. It serves
//! only the choices of people, because a listing is slow.

use super::properties::{self, Properties};
use super::{Error, MoRef, Session, path, view};
use std::collections::{HashMap, HashSet};

/// Maximum number of inventory objects whose properties one request reads.
const BATCH: usize = 100;
/// Maximum depth of nested folders; inventories of vCenter are far flatter.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InventoryType {
    Datacenters,
    Folders,
    Pools,
    Datastores,
    Templates,
}

impl InventoryType {
    fn kinds(self) -> &'static [&'static str] {
        match self {
            InventoryType::Datacenters => &["Datacenter"],
            InventoryType::Folders => &["Folder"],
            InventoryType::Pools => &["ComputeResource", "ResourcePool"],
            InventoryType::Datastores => &["Datastore", "StoragePod"],
            InventoryType::Templates => &["VirtualMachine"],
        }
    }

    /// Folder of a datacenter at which the paths of objects of this inventory type begin. vCenter
    /// gives it the same name in every language. `None` for datacenters, whose paths begin at the
    /// root folder.
    fn top(self) -> Option<&'static str> {
        match self {
            InventoryType::Datacenters => None,
            InventoryType::Folders | InventoryType::Templates => Some("vm"),
            InventoryType::Pools => Some("host"),
            InventoryType::Datastores => Some("datastore"),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub object: MoRef,
    /// Plain names on the path to the object, beginning below the folder of its type, such as the
    /// datacenter's `vm` folder.
    pub names: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// Number of objects that the user sees but whose properties or path vCenter cannot read.
    pub unreadable: usize,
}

/// Lists all objects of the inventory type `what` below the object `container`.
pub async fn below(
    session: &Session,
    view_manager: &MoRef,
    container: &MoRef,
    what: InventoryType,
) -> Result<Listing, Error> {
    let objects = view::contents(session, view_manager, container, what.kinds()).await?;
    let mut tree = Tree::default();
    let mut listing = Listing::default();
    let mut wanted = Vec::new();
    for (is_wanted, object) in tree.read(session, objects, what).await? {
        match is_wanted {
            Some(true) => wanted.push(object),
            Some(false) => {}
            None => listing.unreadable += 1,
        }
    }
    tree.climb(session, &wanted, container).await?;
    for object in wanted {
        match tree.names(&object, container) {
            Some(mut names) => {
                let top = what.top();
                if top.is_none_or(|top| names.first().is_some_and(|first| first == top)) {
                    names.drain(..usize::from(top.is_some()));
                    listing.entries.extend((!names.is_empty()).then_some(Entry { object, names }));
                }
            }
            None => listing.unreadable += 1,
        }
    }
    Ok(listing)
}

struct Node {
    name: String,
    parent: MoRef,
}

/// Inventory objects that were read, each with name and parent; `None` for an object that vCenter
/// cannot read.
#[derive(Default)]
struct Tree(HashMap<MoRef, Option<Node>>);

impl Tree {
    /// Reads names and parents of objects. Returns each object with `Some(true)` if it belongs in
    /// the list, `Some(false)` if it does not, and `None` if vCenter cannot read it.
    async fn read(
        &mut self,
        session: &Session,
        objects: Vec<MoRef>,
        what: InventoryType,
    ) -> Result<Vec<(Option<bool>, MoRef)>, Error> {
        let paths: &[&str] = match what {
            InventoryType::Templates => &["name", "parent", "config.template"],
            _ => &["name", "parent"],
        };
        let mut answered = Vec::new();
        for found in of_each_kind(session, objects, paths).await? {
            let node = node(&found);
            let is_wanted = match (what, &node) {
                (InventoryType::Templates, _) => found.flag("config.template").ok(),
                // The root pool of a cluster or host does not belong in the list, because people
                // choose the cluster or host instead.
                (InventoryType::Pools, Some(node)) => {
                    Some(found.object.kind != "ResourcePool" || !node.parent.kind.ends_with("ComputeResource"))
                }
                _ => Some(true),
            };
            self.0.insert(found.object.clone(), node);
            answered.push((is_wanted, found.object));
        }
        Ok(answered)
    }

    /// Reads all ancestors of the objects `from`, level by level, up to `container`.
    async fn climb(&mut self, session: &Session, from: &[MoRef], container: &MoRef) -> Result<(), Error> {
        let parent = |tree: &Self, object: &MoRef| Some(tree.0.get(object)?.as_ref()?.parent.clone());
        let mut level: HashSet<MoRef> = from.iter().filter_map(|object| parent(self, object)).collect();
        for _ in 0..MAX_DEPTH {
            let unread: Vec<MoRef> =
                level.iter().filter(|object| *object != container && !self.0.contains_key(*object)).cloned().collect();
            for found in of_each_kind(session, unread.clone(), &["name", "parent"]).await? {
                let node = node(&found);
                self.0.insert(found.object, node);
            }
            for absent in unread {
                self.0.entry(absent).or_default();
            }
            level = level.iter().filter(|object| *object != container).filter_map(|o| parent(self, o)).collect();
            if level.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Names on the path from `container` down to the object; `None` if vCenter cannot read a part
    /// of the path.
    fn names(&self, object: &MoRef, container: &MoRef) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut at = object;
        while at != container {
            let node = self.0.get(at)?.as_ref().filter(|_| names.len() < MAX_DEPTH)?;
            names.push(node.name.clone());
            at = &node.parent;
        }
        names.reverse();
        Some(names)
    }
}

/// Name and parent of an inventory object; `None` if one of them is missing. A machine in a vApp
/// has no parent; such a machine cannot be a template.
fn node(found: &Properties) -> Option<Node> {
    let name = found.text("name").ok().flatten()?;
    Some(Node { name: path::plain(name), parent: found.reference("parent").ok().flatten()? })
}

/// Reads properties of objects of several kinds. Each kind needs requests of its own.
pub async fn of_each_kind(session: &Session, objects: Vec<MoRef>, paths: &[&str]) -> Result<Vec<Properties>, Error> {
    let mut kinds: HashMap<String, Vec<MoRef>> = HashMap::new();
    for object in objects {
        kinds.entry(object.kind.clone()).or_default().push(object);
    }
    let mut found = Vec::new();
    for some in kinds.values().flat_map(|objects| objects.chunks(BATCH)) {
        found.extend(properties::read_present(session, some, paths).await?);
    }
    Ok(found)
}
