//! Panic text of a guest. A panic reaches the host as "unreachable executed"; the SDK's panic hook
//! writes the text to `EAF_PANIC_SLOT`: 4 bytes of length (little-endian), then UTF-8, 4 KiB in
//! all.
//!
//! The text may contain any data of the guest, so it is logged and never part of an answer.

use super::engine::Guard;
use wasmtime::{Store, Trap, WasmCoreDump};

const SLOT: &str = "EAF_PANIC_SLOT";
const SLOT_BYTES: usize = 4096;

/// Reads the panic text of a guest; none if the error is not a trap after a panic.
pub fn panic_text<T: 'static>(store: &mut Store<Guard<T>>, error: &wasmtime::Error) -> Option<String> {
    let dump = error.downcast_ref::<WasmCoreDump>()?;
    dump.instances().iter().find_map(|instance| {
        let slot = instance.get_global(&mut *store, SLOT)?.get(&mut *store).i32()? as u32 as usize;
        let memory = instance.get_memory(&mut *store, "memory")?;
        let bytes = memory.data(&*store).get(slot..slot.checked_add(SLOT_BYTES)?)?;
        read(bytes)
    })
}

fn read(slot: &[u8]) -> Option<String> {
    let (length, text) = slot.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let text = text.get(..length.min(text.len()))?;
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Describes a trap as one sentence, without data of the guest.
pub fn reason(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        // The root cause is a sentence of wasmtime or of the limiter of memory.
        None => error.root_cause().to_string(),
    }
}

/// Whether the epoch deadline ended the guest.
pub fn is_deadline(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_lies_about_its_length_is_cut_at_its_end() {
        let mut slot = vec![b'x'; SLOT_BYTES];
        slot[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&slot).unwrap().len(), SLOT_BYTES - 4);
    }

    #[test]
    fn an_empty_slot_says_nothing() {
        assert_eq!(read(&[0; SLOT_BYTES]), None);
    }
}
