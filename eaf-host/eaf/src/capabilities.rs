//! The capabilities of this binary. A crate that nothing names is not linked, and what it registers is lost.

use eaf_mail as _;
use eaf_vsphere as _;

#[cfg(test)]
mod tests {
    use eaf_capability::Registration;
    use eaf_capability::egress::purposes;

    #[test]
    fn what_is_linked_has_registered_itself() {
        let mut names: Vec<&str> = inventory::iter::<Registration>.into_iter().map(|one| one.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["mail", "vsphere"]);
        let purposes: Vec<&str> = purposes().iter().map(|purpose| purpose.name).collect();
        assert_eq!(purposes, ["mail", "mail-token", "vsphere"]);
    }
}
