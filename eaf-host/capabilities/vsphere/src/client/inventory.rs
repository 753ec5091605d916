//! What there is below an object, with the paths by which it is found again. For people who choose: slow, and never
//! the base of a decision.

use super::properties::{self, Properties};
use super::{Error, MoRef, Session, path, view};
use std::collections::{HashMap, HashSet};

/// Objects per request.
const BATCH: usize = 100;
/// Folders above an object; vCenter's inventories are far flatter.
const MOST_LEVELS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    Datacenters,
    Folders,
    Pools,
    Datastores,
    Templates,
}

impl What {
    fn kinds(self) -> &'static [&'static str] {
        match self {
            What::Datacenters => &["Datacenter"],
            What::Folders => &["Folder"],
            What::Pools => &["ComputeResource", "ResourcePool"],
            What::Datastores => &["Datastore", "StoragePod"],
            What::Templates => &["VirtualMachine"],
        }
    }

    /// The folder of a datacenter that paths begin below. vCenter names it so in every language.
    fn top(self) -> Option<&'static str> {
        match self {
            What::Datacenters => None,
            What::Folders | What::Templates => Some("vm"),
            What::Pools => Some("host"),
            What::Datastores => Some("datastore"),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub object: MoRef,
    /// Plain names from below the datacenter's folder down.
    pub names: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// Objects that the user may see and not read, or not find the way to.
    pub unreadable: usize,
}

/// All of it anywhere below `container`.
pub async fn below(session: &Session, view_manager: &MoRef, container: &MoRef, what: What) -> Result<Listing, Error> {
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

/// What was read of the inventory; none: it may not be read.
#[derive(Default)]
struct Tree(HashMap<MoRef, Option<Node>>);

impl Tree {
    /// Reads names and parents; answers which of the objects are wanted, and of which that is not known.
    async fn read(
        &mut self,
        session: &Session,
        objects: Vec<MoRef>,
        what: What,
    ) -> Result<Vec<(Option<bool>, MoRef)>, Error> {
        let paths: &[&str] = match what {
            What::Templates => &["name", "parent", "config.template"],
            _ => &["name", "parent"],
        };
        let mut answered = Vec::new();
        for found in of_each_kind(session, objects, paths).await? {
            let node = node(&found);
            let is_wanted = match (what, &node) {
                (What::Templates, _) => found.flag("config.template").ok(),
                // The pool of a cluster or host as a whole is chosen as the cluster or host.
                (What::Pools, Some(node)) => {
                    Some(found.object.kind != "ResourcePool" || !node.parent.kind.ends_with("ComputeResource"))
                }
                _ => Some(true),
            };
            self.0.insert(found.object.clone(), node);
            answered.push((is_wanted, found.object));
        }
        Ok(answered)
    }

    /// Reads all that lies between these objects and the container.
    async fn climb(&mut self, session: &Session, from: &[MoRef], container: &MoRef) -> Result<(), Error> {
        let parent = |tree: &Self, object: &MoRef| Some(tree.0.get(object)?.as_ref()?.parent.clone());
        let mut level: HashSet<MoRef> = from.iter().filter_map(|object| parent(self, object)).collect();
        for _ in 0..MOST_LEVELS {
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

    /// From below the container down; none: the way to it may not be read.
    fn names(&self, object: &MoRef, container: &MoRef) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut at = object;
        while at != container {
            let node = self.0.get(at)?.as_ref().filter(|_| names.len() < MOST_LEVELS)?;
            names.push(node.name.clone());
            at = &node.parent;
        }
        names.reverse();
        Some(names)
    }
}

/// A machine of a vApp has no parent: it cannot be a template.
fn node(found: &Properties) -> Option<Node> {
    let name = found.text("name").ok().flatten()?;
    Some(Node { name: path::plain(name), parent: found.reference("parent").ok().flatten()? })
}

/// One retrieval is of one kind.
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
