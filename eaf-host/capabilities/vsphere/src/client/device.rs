//! Devices of a virtual machine: disks and TPM.
//!
//! When vCenter removes a machine, it deletes the files of all disks that are attached to it, even
//! those of disks that another product or a person attached.

use super::properties;
use super::xml::Element;
use super::{Error, MoRef, Session};

const DEVICES: &str = "config.hardware.device";

/// Files of all attached disks, as `[datastore] directory/file.vmdk`; `None` if the machine does
/// not exist.
pub async fn files(session: &Session, machine: &MoRef) -> Result<Option<Vec<String>>, Error> {
    let Some(found) = properties::read_one(session, machine, &[DEVICES]).await? else { return Ok(None) };
    let devices = found.require(DEVICES)?;
    let disks = devices.children.iter().filter(|device| device.xsi_type() == Some("VirtualDisk"));
    let file = |disk: &Element| disk.child("backing")?.text_of("fileName").map(str::to_owned);
    Ok(Some(disks.filter_map(file).collect()))
}

/// Whether the machine has a virtual TPM.
pub async fn has_tpm(session: &Session, machine: &MoRef) -> Result<bool, Error> {
    let Some(found) = properties::read_one(session, machine, &[DEVICES]).await? else { return Ok(false) };
    Ok(found.get(DEVICES)?.is_some_and(|devices| devices.children.iter().any(|d| d.xsi_type() == Some("VirtualTPM"))))
}

/// Whether a disk's file is in the directory of the machine whose configuration file is `vmx`.
///
/// A machine's directory has the same name on each datastore. On a second datastore vCenter adds a
/// suffix such as `_1` if the name was taken. On the datastore of `vmx` itself, a directory with
/// such a suffix belongs to another machine.
pub fn is_own(vmx: &str, file: &str) -> bool {
    let (Some((datastore, own)), Some((other_datastore, other))) = (directory(vmx), directory(file)) else {
        return false;
    };
    let rest = other.strip_prefix(own);
    rest.is_some_and(|rest| rest.is_empty() || (datastore != other_datastore && is_number(rest)))
}

/// Whether a directory's suffix is an underscore and a number, such as `_1`.
fn is_number(suffix: &str) -> bool {
    suffix.strip_prefix('_').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Splits the file `[datastore] directory/file.vmdk` into `[datastore` (with the opening bracket)
/// and `directory`. `None` if the file has no directory.
fn directory(file: &str) -> Option<(&str, &str)> {
    let (datastore, path) = file.split_once("] ")?;
    path.rsplit_once('/').map(|(directory, _)| (datastore, directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_outside_the_machines_directory_is_foreign() {
        let vmx = "[ds1] web-01/web-01.vmx";
        for own in ["[ds1] web-01/web-01.vmdk", "[ds2] web-01/web-01_1.vmdk", "[ds2] web-01_1/web-01.vmdk"] {
            assert!(is_own(vmx, own), "{own}");
        }
        for foreign in [
            "[ds1] web-02/web-02.vmdk",
            "[ds1] web-01_1/web-01.vmdk",
            "[ds2] web-01_a/web-01.vmdk",
            "[ds1] fcd/1f.vmdk",
            "[ds1] web-01.vmdk",
            "",
            "[ds1] web-01/sub/a.vmdk",
        ] {
            assert!(!is_own(vmx, foreign), "{foreign}");
        }
        assert!(!is_own("", ""));
    }
}
