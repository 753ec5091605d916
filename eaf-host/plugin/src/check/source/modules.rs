//! Rust modules of a crate that are compiled into its component. Modules of tests and of other
//! targets are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, File, Item, ItemMod, Lit, Meta, Token};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the source {0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("the source {0} cannot be parsed as Rust")]
    Parse(PathBuf, #[source] syn::Error),
}

pub struct Module {
    pub path: PathBuf,
    /// Syntax tree of the Rust module, without items of tests and of other targets.
    pub file: File,
}

/// Reads the Rust modules of a crate, as the compiler finds them from its root file. Files that a
/// macro includes are skipped.
pub fn of_crate(root: &Path, unread: &mut Vec<Error>) -> Vec<Module> {
    let mut found = Vec::new();
    let home = root.parent().map(Path::to_owned).unwrap_or_default();
    let mut open = vec![(root.to_owned(), home)];
    while let Some((path, below)) = open.pop() {
        let text = fs::read_to_string(&path).map_err(|cause| Error::Read(path.clone(), cause));
        let file = text.and_then(|text| syn::parse_file(&text).map_err(|cause| Error::Parse(path.clone(), cause)));
        let mut file = match file {
            Ok(file) => file,
            Err(error) => {
                unread.push(error);
                continue;
            }
        };
        keep(&mut file.items);
        elsewhere(&file.items, &below, &mut open);
        found.push(Module { path, file });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn keep(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_left_out));
    for item in items {
        if let Item::Mod(ItemMod { content: Some((_, inner)), .. }) = item {
            keep(inner);
        }
    }
}

/// Finds the files of Rust modules that are declared in another file. The file of `mod a;` is
/// `below/a.rs` or `below/a/mod.rs`; modules inside it are below `below/a`.
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
    list.path.is_ident("cfg") && list.parse_args::<Meta>().is_ok_and(|condition| holds(&condition) == Some(false))
}

/// Whether a `cfg` condition holds when a component is compiled. `None` if the target alone does
/// not decide it.
fn holds(condition: &Meta) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") || path.is_ident("unix") || path.is_ident("windows") => Some(false),
        Meta::NameValue(pair) => {
            let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = &pair.value else { return None };
            let of = |name: &str| pair.path.is_ident(name);
            (of("target_family") || of("target_arch")).then(|| value.value().starts_with("wasm"))
        }
        Meta::List(list) => {
            let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let inner: Vec<Option<bool>> = inner.iter().map(holds).collect();
            let has = |wanted: bool| inner.contains(&Some(wanted));
            let all = |wanted: bool| inner.iter().all(|one| *one == Some(wanted));
            match list.path.get_ident()?.to_string().as_str() {
                "not" => inner.first().copied().flatten().map(|held| !held),
                "all" if has(false) => Some(false),
                "all" if all(true) => Some(true),
                "any" if has(true) => Some(true),
                "any" if all(false) => Some(false),
                _ => None,
            }
        }
        Meta::Path(_) => None,
    }
}
