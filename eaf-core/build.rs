//! Makes cargo build the crate again when a file in `migrations/` is added or changed, because the
//! migrations are embedded in the crate.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
