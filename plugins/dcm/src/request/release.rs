//! End of a request that nothing follows: the name of its machine becomes free, or the machine that
//! was to be decommissioned stays.

use super::{Request, guarded, is_id, stream};
use crate::naming::{self, NameReleased};
use crate::vm::{self, event::VmDecommissionNotApproved};
use eaf_sdk::{Accepted, Boundary, Streams};

/// Adds the event that releases what the request held: its machine name, or a machine.
pub fn release(accepted: Accepted, id: &str, request: &Request) -> Accepted {
    let spec = request.spec();
    match spec.decommission {
        Some(machine) => {
            let kept = VmDecommissionNotApproved {
                vm_id: machine.vm_id.clone(),
                requester_id: machine.owner_id,
                request_id: id.into(),
            };
            accepted.event(vm::stream(&machine.vm_id), kept)
        }
        None => {
            let released = NameReleased { name: spec.vm_name.clone(), request_id: id.into() };
            accepted.event(naming::stream(&spec.vm_name), released)
        }
    }
}

/// Boundary of a command that may release what a request holds: the request's stream and, once this
/// is loaded, the stream of the name or the machine.
pub fn request_and_held(id: &str, loaded: &Streams) -> Boundary {
    let boundary = guarded(id);
    let request = is_id(id).then(|| loaded.fold::<Request>(&stream(id))).flatten();
    let Some(request) = request else { return boundary };
    let spec = request.spec();
    match spec.decommission {
        Some(machine) => boundary.guard(vm::stream(&machine.vm_id)),
        None => boundary.guard(naming::stream(&spec.vm_name)),
    }
}
