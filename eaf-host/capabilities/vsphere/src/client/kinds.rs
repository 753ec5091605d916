//! Kinds of vim25 faults and their hierarchy. A vCenter method may fail with any descendant of a
//! documented fault kind, and new releases add descendants. Faults are therefore compared with a
//! kind and all its descendants, its family.

use std::collections::HashMap;
use std::iter::successors;
use std::sync::LazyLock;

/// Hierarchy of the fault kinds, as lines of `parent: child child`. A parent may have several
/// lines. The file is generated from govmomi by the test below.
const KINDS: &str = include_str!("kinds.txt");

static PARENTS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let families = KINDS.lines().filter_map(|line| line.split_once(": "));
    families.flat_map(|(parent, children)| children.split(' ').map(move |child| (child, parent))).collect()
});

/// A fault kind and its ancestors, from `kind` up to `MethodFault`. An unknown kind has no
/// ancestors.
pub fn lineage(kind: &str) -> impl Iterator<Item = &str> {
    successors(Some(kind), |kind| PARENTS.get(kind).copied())
}

/// Whether the fault kind `kind` is `family` or a descendant of it.
pub fn is(kind: &str, family: &str) -> bool {
    lineage(kind).any(|ancestor| ancestor == family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn a_kind_belongs_to_its_own_and_its_ancestors_families() {
        let above: Vec<&str> = lineage("InvalidHostConnectionState").collect();
        assert_eq!(
            above,
            ["InvalidHostConnectionState", "InvalidHostState", "InvalidState", "VimFault", "MethodFault"]
        );
        assert!(is("PasswordExpired", "InvalidLogin") && !is("InvalidLogin", "PasswordExpired"));
        assert!(is("OfALaterRelease", "OfALaterRelease") && !is("OfALaterRelease", "MethodFault"));
    }

    /// Parent kind of each Go struct in govmomi's `source`. Go declares the parent as the struct's
    /// first, embedded member.
    fn embedded(source: &str) -> BTreeMap<&str, &str> {
        let mut parents = BTreeMap::new();
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let Some(kind) = line.strip_prefix("type ").and_then(|rest| rest.strip_suffix(" struct {")) else {
                continue;
            };
            let member = lines.by_ref().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
            if let Some(parent) = member.filter(|member| member.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
                parents.insert(kind, parent);
            }
        }
        parents
    }

    /// Compares the hierarchy of fault kinds with govmomi. It fails after an update of govmomi;
    /// then run `EAF_GOLDEN=write cargo test -p eaf-vsphere kinds`.
    #[test]
    fn the_hierarchy_equals_that_of_govmomi() {
        let host = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut go = Command::new("go");
        go.args(["list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi"])
            .current_dir(host.join("../../dev/vcsim"));
        let directory = String::from_utf8(go.output().expect("Go is installed").stdout).unwrap();
        let source = std::fs::read_to_string(Path::new(directory.trim()).join("vim25/types/types.go")).unwrap();
        let parents = embedded(&source);
        let mut families: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (kind, parent) in &parents {
            if successors(Some(*kind), |kind| parents.get(kind).copied()).skip(1).any(|above| above == "MethodFault") {
                families.entry(parent).or_default().insert(kind);
            }
        }
        let mut lines = Vec::new();
        for (parent, children) in families {
            let mut line = String::new();
            for child in children {
                if line.is_empty() || line.len() + child.len() >= 118 {
                    lines.push(std::mem::take(&mut line));
                    line = format!("{parent}:");
                }
                line = format!("{line} {child}");
            }
            lines.push(line);
        }
        let text: String = lines.into_iter().filter(|line| !line.is_empty()).map(|line| line + "\n").collect();
        if std::env::var("EAF_GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::write(host.join("src/client/kinds.txt"), &text).unwrap();
        } else {
            assert!(text == KINDS, "regenerate with: EAF_GOLDEN=write cargo test -p eaf-vsphere kinds");
        }
    }
}
