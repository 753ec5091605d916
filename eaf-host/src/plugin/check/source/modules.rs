//! The modules of a crate that belong to its component: not those for tests, nor those for other targets.

use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, File, Item, ItemMod};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the source {0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("the source {0} is not Rust as this host understands it")]
    Parse(PathBuf, #[source] syn::Error),
}

pub struct Module {
    pub path: PathBuf,
    /// Without what is left out.
    pub file: File,
}

/// What the compiler has found, this finds; what it has not (a file that some macro includes) is passed over.
pub fn of_crate(root: &Path) -> Result<Vec<Module>, Error> {
    let mut found = Vec::new();
    let home = root.parent().map(Path::to_owned).unwrap_or_default();
    let mut open = vec![(root.to_owned(), home)];
    while let Some((path, below)) = open.pop() {
        let text = fs::read_to_string(&path).map_err(|cause| Error::Read(path.clone(), cause))?;
        let mut file = syn::parse_file(&text).map_err(|cause| Error::Parse(path.clone(), cause))?;
        keep(&mut file.items);
        elsewhere(&file.items, &below, &mut open);
        found.push(Module { path, file });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn keep(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_left_out));
    for item in items {
        if let Item::Mod(ItemMod { content: Some((_, inner)), .. }) = item {
            keep(inner);
        }
    }
}

/// `mod a;` is `below/a.rs` or `below/a/mod.rs`; its own modules are below `below/a`.
fn elsewhere(items: &[Item], below: &Path, open: &mut Vec<(PathBuf, PathBuf)>) {
    for item in items {
        let Item::Mod(module) = item else { continue };
        let inside = below.join(module.ident.to_string());
        match &module.content {
            Some((_, items)) => elsewhere(items, &inside, open),
            None => {
                let files = [inside.with_extension("rs"), inside.join("mod.rs")];
                open.extend(files.into_iter().find(|file| file.is_file()).map(|file| (file, inside)));
            }
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

fn is_left_out(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition: String = list.tokens.to_string().split_whitespace().collect();
    list.path.is_ident("cfg") && ["test", "not(target_family=\"wasm\")"].contains(&condition.as_str())
}
