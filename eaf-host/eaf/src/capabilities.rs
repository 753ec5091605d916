//! References to the crates of this binary's capabilities. Without a reference, a crate is not
//! linked, and the registration of its capability would be missing.

use eaf_mail as _;
use eaf_vsphere as _;

#[cfg(test)]
mod tests {
    use eaf_capability::Registration;
    use eaf_capability::egress::purposes;

    #[test]
    fn all_linked_capabilities_are_registered() {
        let mut names: Vec<&str> = inventory::iter::<Registration>.into_iter().map(|one| one.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["mail", "vsphere"]);
        let purposes: Vec<&str> = purposes().iter().map(|purpose| purpose.name).collect();
        assert_eq!(purposes, ["mail", "mail-token", "vsphere"]);
    }
}
