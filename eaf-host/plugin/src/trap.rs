//! Panic text of a guest. Of a panic itself, the host sees only the trap "unreachable executed".
//! The SDK's panic hook therefore writes the text into the guest's memory at `EAF_PANIC_SLOT`: 4
//! bytes of length (little-endian), then UTF-8, at most 4 KiB together.
//!
//! The text may contain any data of the guest. It is logged and never becomes part of an answer.

use super::engine::Guard;
use wasmtime::{Store, Trap, WasmCoreDump};

const SLOT: &str = "EAF_PANIC_SLOT";
const SLOT_BYTES: usize = 4096;

/// Reads the panic text of a guest that was stopped by `error`; `None` if the guest did not panic.
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

/// Describes in one sentence why a guest trapped. The sentence contains no data of the guest.
pub fn reason(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        // The root cause is a sentence of wasmtime or of its memory limit.
        None => error.root_cause().to_string(),
    }
}

/// Whether the guest was ended because it computed too long, which its epoch deadline detects.
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
