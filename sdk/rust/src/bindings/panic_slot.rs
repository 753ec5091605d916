//! Text of a panic, for the host. A component without imports cannot write anywhere, and a trap
//! alone says only "unreachable". Therefore the panic hook writes the text into the exported global
//! `EAF_PANIC_SLOT`, which the host reads from a core dump.
//!
//! Layout: length n as 4 bytes little-endian, at most 4,092; then n bytes of UTF-8. Length 0: no
//! text.

use std::cell::UnsafeCell;
use std::sync::Once;

const SIZE: usize = 4096;

#[repr(C, align(4))]
pub struct Slot(UnsafeCell<[u8; SIZE]>);

// Components are single-threaded, so that no other thread reaches the slot.
unsafe impl Sync for Slot {}

#[unsafe(no_mangle)]
#[used]
pub static EAF_PANIC_SLOT: Slot = Slot(UnsafeCell::new([0; SIZE]));

static INSTALL: Once = Once::new();

/// Installs the panic hook. Every function that a component exports calls this function first.
pub fn install() {
    INSTALL.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            let mut end = text.len().min(SIZE - 4);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            // No other code runs between the panic and the trap.
            let slot = unsafe { &mut *EAF_PANIC_SLOT.0.get() };
            slot[4..4 + end].copy_from_slice(&text.as_bytes()[..end]);
            slot[..4].copy_from_slice(&(end as u32).to_le_bytes());
        }));
    });
}
