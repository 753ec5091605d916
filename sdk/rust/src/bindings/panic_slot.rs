//! A panic in a component without imports has nowhere to write to, and the host sees only "unreachable". The hook
//! leaves the text in this slot; the host finds the exported global `EAF_PANIC_SLOT` in a core dump and reads memory.
//!
//! Layout: 4 bytes little-endian length n, at most 4,092; then n bytes of UTF-8. A length of 0: no text.

use std::cell::UnsafeCell;
use std::sync::Once;

const SIZE: usize = 4096;

#[repr(C, align(4))]
pub struct Slot(UnsafeCell<[u8; SIZE]>);

// A component runs on one thread.
unsafe impl Sync for Slot {}

#[unsafe(no_mangle)]
#[used]
pub static EAF_PANIC_SLOT: Slot = Slot(UnsafeCell::new([0; SIZE]));

static INSTALL: Once = Once::new();

/// Called at the start of every export.
pub fn install() {
    INSTALL.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            let mut end = text.len().min(SIZE - 4);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            // Nothing else runs between here and the trap.
            let slot = unsafe { &mut *EAF_PANIC_SLOT.0.get() };
            slot[4..4 + end].copy_from_slice(&text.as_bytes()[..end]);
            slot[..4].copy_from_slice(&(end as u32).to_le_bytes());
        }));
    });
}
